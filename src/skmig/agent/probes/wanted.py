"""Which rows are wanted at the input of an estimator, asked recursively.

A pipeline asks its last step for the rows that are interesting there, and pulls them back through
the steps before it: by their inverse where there is one, else by what each step knows itself.
"""

import numpy as np

from skmig.agent.probes import columns, numbers, text, trees
from skmig.agent.probes.block import DICTS, MATRIX, Block, combine, merge, thin
from skmig.agent.probes.features import count_features, fitted, inner, names_of

MAX_PARTS = 12


def is_a(estimator, *names):
    """Is the estimator of a class, or of a subclass of one, with one of these names?"""
    return any(base.__name__ in names for base in type(estimator).__mro__)


def wanted(estimator, count, ctx):
    """A block of rows for `estimator`, or None.  `count`: the number of its columns if known."""
    if estimator is None or isinstance(estimator, str):
        return None
    block = _dispatch(estimator, count, ctx)
    if block is not None and block.kind == MATRIX and block.names is None:
        names = names_of(estimator)
        if names is not None and len(names) == block.rows.shape[1]:
            block.names, block.frame = names, True
    return thin(block, ctx.limit + 64)


def _dispatch(estimator, count, ctx):
    if hasattr(estimator, "steps") and is_a(estimator, "Pipeline"):
        return _pipeline(estimator, count, ctx)
    if fitted(estimator, "transformers_") is not None:
        return columns.column_rows(estimator, wanted, ctx)
    if is_a(estimator, "FeatureUnion"):
        parts = [step for _, step in estimator.transformer_list if not isinstance(step, str)]
        return merge([wanted(part, count, ctx.share(len(parts))) for part in parts])
    special = _special(estimator, ctx)
    if special is not None:
        return special
    block = _trees(estimator, count, ctx)
    if block is not None:
        return block
    members = [part for part in inner(estimator) if not is_a(part, "_ConstantPredictor")]
    if members:
        return _members(estimator, members, count, ctx)
    return numbers.numeric_rows(estimator, ctx) or _blind(estimator, count, ctx)


def _special(estimator, ctx):
    """Estimators that read something else than numbers."""
    if hasattr(estimator, "build_analyzer"):
        if getattr(estimator, "input", "content") != "content":
            return None
        return text.documents(estimator, ctx)
    if is_a(estimator, "DictVectorizer"):
        return text.dictionaries(estimator, ctx)
    if is_a(estimator, "FeatureHasher"):
        return text.hashables(estimator, ctx)
    if is_a(estimator, "LabelEncoder", "LabelBinarizer", "MultiLabelBinarizer"):
        return text.labels(estimator, ctx)
    if is_a(estimator, "OneHotEncoder", "OrdinalEncoder", "TargetEncoder"):
        return columns.category_rows(estimator, ctx)
    if is_a(estimator, "SimpleImputer"):
        return columns.fillings(estimator, ctx)
    if is_a(estimator, "CategoricalNB"):
        sizes = [np.shape(table)[1] for table in estimator.feature_log_prob_]
        return combine([list(range(size)) for size in sizes], ctx.limit, ctx.rng)
    if is_a(estimator, "IsotonicRegression"):
        return _isotonic(estimator, ctx)
    return None


def _isotonic(estimator, ctx):
    known = fitted(estimator, "X_thresholds_")
    known = fitted(estimator, "_necessary_X_") if known is None else known
    known = getattr(fitted(estimator, "f_"), "x", None) if known is None else known
    if known is None:
        known = np.array([fitted(estimator, "X_min_"), fitted(estimator, "X_max_")], dtype=float)
    known = np.asarray(known, dtype=float)[: ctx.limit]
    between = (known[1:] + known[:-1]) / 2 if len(known) > 1 else known
    span = float(known.max() - known.min()) or 1.0
    outside = np.array([known.min() - span, known.max() + span])
    return Block("labels", np.concatenate([known, between, outside]))


def _trees(estimator, count, ctx):
    parts = trees.parts_of(estimator)
    if not parts:
        return None
    widths = [part.n_features for part, features, hist in parts if not hist and features is None]
    count = count_features(estimator) or count or max(widths + [0])
    if not count:
        return None
    block = trees.leaf_rows(estimator, parts, count, ctx)
    # string categories are encoded before the trees, and the columns reordered
    before = getattr(estimator, "_preprocessor", None)
    if before is not None:
        return pull(before, block.rows, count, ctx) or columns.column_rows(before, wanted, ctx)
    return block


def _members(estimator, members, count, ctx):
    if len(members) > MAX_PARTS:
        chosen = np.unique(np.linspace(0, len(members) - 1, MAX_PARTS).astype(int))
        members = [members[i] for i in chosen]
    own = count_features(estimator) or count
    subsets = getattr(estimator, "estimators_features_", None)
    blocks = []
    for i, member in enumerate(members):
        block = wanted(member, None if subsets is not None else own, ctx.share(len(members)))
        if block is None:
            continue
        if block.kind == MATRIX and own and block.rows.shape[1] != own:
            block = _widened(block, own, None if subsets is None else subsets[i], ctx)
        if block is not None:
            blocks.append(block)
    if is_a(estimator, "RFE", "RFECV") and blocks and fitted(estimator, "support_") is not None:
        mask = np.asarray(estimator.support_)
        fill = ctx.rng.normal(size=(len(blocks[0]), len(mask)))
        narrow = blocks[0].rows[:, : int(mask.sum())].astype(float)
        if narrow.shape[1] == mask.sum():
            fill[:, mask] = narrow
            return Block(MATRIX, fill)
    return merge(blocks) or numbers.numeric_rows(estimator, ctx)


def _widened(block, own, places, ctx):
    """Rows of a member that reads some columns, or more than all (chains), as rows of all."""
    width = block.rows.shape[1]
    if places is None:
        return Block(MATRIX, block.rows[:, :own]) if width > own else None
    rows = ctx.rng.normal(size=(len(block), own))
    rows[:, np.asarray(places)[:width]] = block.rows.astype(float)
    return Block(MATRIX, rows)


def _blind(estimator, count, ctx):
    """Random rows: only the number of columns is known."""
    if not count:
        return None
    rows = ctx.rng.normal(size=(min(ctx.limit, 64), count)) * 2.0
    note = "random rows: `%s` says nothing about its input" % type(estimator).__name__
    return Block(MATRIX, rows, notes=[note])


# ------------------------------------------------------------------ pipelines, backwards
def _live(steps):
    """The steps that do something."""
    return [step for _, step in steps if step is not None and not isinstance(step, str)]


def _pipeline(pipeline, count, ctx):
    steps = _live(pipeline.steps)
    if not steps:
        return _blind(pipeline, count, ctx)
    widths = [count_features(step) for step in steps]
    last = wanted(steps[-1], widths[-1], ctx)
    block = last
    for step, width in reversed(list(zip(steps[:-1], widths[:-1]))):
        own = wanted(step, width or count, ctx.share(2))
        back = None
        if block is not None and block.kind == MATRIX:
            back = pull(step, block.rows, width or count, ctx, own)
            if back is not None and back.kind == MATRIX and back.rows.dtype == object:
                back.categories = back.categories or block.categories
                # an imputer of texts knows its fill value only: its numbers are no use
                own = None if own is None or own.rows.dtype != object else own
        if own is None and back is None and block is not None and block.kind == MATRIX:
            back = block  # a step without a state of its own: the same columns, as far as known
        block = merge([back, own])
    if block is not None and last is not None:
        block.notes.extend(note for note in last.notes if note not in block.notes)
    return block


def pull(step, rows, count, ctx, own=None):
    """Wanted rows at the output of a transformer as a block at its input, or None."""
    try:
        block = _pull(step, rows, count, ctx, own)
    except Exception:
        return None
    if block is None or not len(block):
        return None
    if block.kind == MATRIX and block.rows.dtype != object:
        finite = np.isfinite(block.rows).all(axis=1) | np.isnan(rows[: len(block)]).any(axis=1)
        if count and block.rows.shape[1] != count:
            return None
        if not finite.all():
            block.rows = np.where(np.isinf(block.rows), 0.0, block.rows)
    return block


def _pull(step, rows, count, ctx, own):
    if fitted(step, "statistics_") is not None or is_a(step, "KNNImputer", "IterativeImputer"):
        return Block(MATRIX, rows[:, :count]) if count and rows.shape[1] >= count else None
    if rows.dtype == object:
        return Block(MATRIX, rows) if is_a(step, "FunctionTransformer") else None
    if hasattr(step, "steps") and is_a(step, "Pipeline"):
        block = Block(MATRIX, rows)
        for part in reversed(_live(step.steps)):
            block = pull(part, block.rows, count_features(part) or count, ctx)
            if block is None or block.kind != MATRIX:
                break
        return block
    if fitted(step, "transformers_") is not None:
        own = own or columns.column_rows(step, wanted, ctx)
        live = to_input(own)
        return columns.pulled_rows(step, rows, own, live, pull, ctx)
    if is_a(step, "FeatureUnion"):
        return _pull_union(step, rows, count, ctx, own)
    if hasattr(step, "build_analyzer") and hasattr(step, "inverse_transform"):
        return text.join_terms(step, step.inverse_transform(_strongest(rows)))
    if is_a(step, "TfidfTransformer", "FunctionTransformer", "Normalizer"):
        return Block(MATRIX, rows)
    if is_a(step, "DictVectorizer"):
        return Block(DICTS, [dict(row) for row in step.inverse_transform(rows)])
    if is_a(step, "OneHotEncoder") and fitted(step, "categories_") is not None:
        return columns.nearest_categories(step, rows)
    if is_a(step, "OrdinalEncoder"):
        sizes = np.array([len(column) for column in step.categories_])
        places = np.clip(np.round(np.nan_to_num(rows)), 0, sizes - 1).astype(int)
        known = [np.asarray(column).tolist() for column in step.categories_]
        result = np.empty(places.shape, dtype=object)
        for i, j in np.ndindex(*places.shape):
            result[i, j] = known[j][places[i, j]]
        return Block(MATRIX, result, categories=dict(enumerate(known)))
    if not hasattr(step, "inverse_transform"):
        return None
    live = rows if not is_a(step, "KBinsDiscretizer") else np.clip(np.round(rows), 0, None)
    back = step.inverse_transform(live.copy())
    back = back.toarray() if hasattr(back, "toarray") else np.asarray(back)
    return Block(MATRIX, back.astype(float)) if back.ndim == 2 else None


def _strongest(rows, limit=512, terms=64):
    """Only the largest entries of each row: a document of half the vocabulary says little."""
    rows = np.where(rows[:limit] > 0, rows[:limit], 0.0)
    if rows.shape[1] > terms:
        smallest = np.sort(rows, axis=1)[:, -terms][:, np.newaxis]
        rows = np.where(rows >= smallest, rows, 0.0)
    return rows


def _pull_union(union, rows, count, ctx, own):
    """A row can be wanted by one part of a union only: each part gets its share of rows."""
    own = own or wanted(union, count, ctx)
    sample = to_input(own)
    blocks, start = [], 0
    for _, part in union.transformer_list:
        if part is None or isinstance(part, str):
            continue
        first = sample[:2] if not hasattr(sample, "iloc") else sample.iloc[:2]
        width = part.transform(first).shape[1]
        blocks.append(pull(part, rows[:, start : start + width], count, ctx))
        start += width
    return merge(blocks)


def to_input(block):
    """The live input of a block: an array, a frame, or a list."""
    if block.kind != MATRIX:
        return block.rows
    if block.names is not None and block.frame:
        frame = _frame(block)
        if frame is not None:
            return frame
    if block.rows.dtype != object:
        return block.rows
    try:
        return block.rows.astype(float)
    except (TypeError, ValueError):
        return block.rows


def _frame(block):
    try:
        import pandas
    except ImportError:
        return None
    series = []
    for j, name in enumerate(block.names):
        column = _typed(block.rows[:, j])
        series.append(pandas.Series(column, name=name, dtype=column.dtype))
    return pandas.concat(series, axis=1) if series else None


def _typed(column):
    """A column with the narrowest dtype that holds it: bool, int, float, object."""
    if column.dtype != object:
        return column
    items = column.tolist()
    if all(isinstance(item, (bool, np.bool_)) for item in items):
        return np.array(items, dtype=bool)
    if all(isinstance(item, (int, np.integer)) and not isinstance(item, bool) for item in items):
        return np.array(items, dtype=np.int64)
    if all(isinstance(item, (int, float, np.number)) for item in items):
        return np.array(items, dtype=float)
    return column
