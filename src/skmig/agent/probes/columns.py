"""Columns: encoders of categories, and the column transformer that hands them out."""

import numpy as np

from skmig.agent.probes.block import MATRIX, TEXT, Block, combine, merge
from skmig.agent.probes.features import count_features, fitted, names_of


def category_rows(estimator, ctx):
    """Rows that hold every category of every column."""
    categories = fitted(estimator, "categories_")
    if categories is None:
        return _legacy_rows(estimator, ctx)
    columns, known = [], {}
    for j, column in enumerate(categories):
        # a missing category is probed apart: not every release takes it
        items = [item for item in np.asarray(column).tolist() if item is not None and item == item]
        kind = np.asarray(column).dtype.kind
        columns.append(np.asarray(items, dtype=float) if kind == "f" and items else items or [0.0])
        known[j] = items
    return _with(combine(columns, ctx.limit, ctx.rng), known)


def _with(block, known):
    block.categories = known
    return block


def _legacy_rows(estimator, ctx):
    """The encoder of integers, before 0.20."""
    sizes = fitted(estimator, "n_values_")
    sizes = fitted(estimator, "_n_values_") if sizes is None else sizes
    active = fitted(estimator, "active_features_")
    starts = fitted(estimator, "feature_indices_")
    if sizes is None:
        return None
    columns = []
    for j, size in enumerate(np.asarray(sizes).ravel()):
        values = np.arange(int(size))
        if active is not None and starts is not None:
            values = values[np.isin(values + starts[j], active)] if hasattr(np, "isin") else values
        columns.append([int(value) for value in values] or [0])
    return combine(columns, ctx.limit, ctx.rng)


def fillings(imputer, ctx):
    """Rows for an imputer of texts: what it fills in, another text, and a gap; else None."""
    known = fitted(imputer, "statistics_")
    known = [] if known is None else np.asarray(known).tolist()
    if not any(isinstance(value, str) for value in known):
        return None
    gap = imputer.missing_values
    values = [
        [value, "another" if isinstance(value, str) else value, gap, value] for value in known
    ]
    return combine(values, ctx.limit, ctx.rng)


def nearest_categories(estimator, rows):
    """The inverse of a one-hot encoding of wanted numbers: the largest of each group wins."""
    categories = fitted(estimator, "categories_")
    if categories is None:
        return None
    widths = [len(column) for column in categories]
    if sum(widths) != rows.shape[1] or fitted(estimator, "drop_idx_") is not None:
        return None
    result = np.empty((len(rows), len(widths)), dtype=object)
    start = 0
    for j, column in enumerate(categories):
        items = np.asarray(column).tolist()
        best = np.argmax(rows[:, start : start + widths[j]], axis=1)
        for i, place in enumerate(best):
            result[i, j] = items[place]
        start += widths[j]
    known = {
        j: [item for item in np.asarray(column).tolist() if item is not None and item == item]
        for j, column in enumerate(categories)
    }
    return Block(MATRIX, result, categories=known)


# ------------------------------------------------------------------ ColumnTransformer
def resolve(spec, names, count):
    """The positions of a column specification, and whether it is one column as a vector."""
    if isinstance(spec, str):
        return [names.index(spec)], True
    if isinstance(spec, (int, np.integer)) and not isinstance(spec, (bool, np.bool_)):
        return [int(spec) % count], True
    if isinstance(spec, slice):
        start, stop = spec.start, spec.stop
        if isinstance(start, str):
            start = names.index(start)
        if isinstance(stop, str):
            stop = names.index(stop) + 1  # slices of labels include their end
        return list(range(count))[slice(start, stop, spec.step)], False
    items = list(getattr(spec, "data", spec)) if not isinstance(spec, np.ndarray) else list(spec)
    if items and all(isinstance(item, (bool, np.bool_)) for item in items):
        return [j for j, wanted in enumerate(items) if wanted], False
    return [names.index(i) if isinstance(i, str) else int(i) % count for i in items], False


def frame_of(transformer):
    """(names or None, number of columns, must it be a frame?) of a ColumnTransformer's input."""
    names = names_of(transformer)
    specs = [spec for _, _, spec in transformer.transformers_]
    texts, highest, labelled = [], -1, False
    for spec in specs:
        if isinstance(spec, slice):
            ends = [spec.start, spec.stop]
        elif isinstance(spec, (str, int, np.integer)):
            ends = [spec]
        else:
            ends = list(getattr(spec, "data", spec))
        for item in ends:
            if isinstance(item, str):
                labelled = True
                if item not in texts:
                    texts.append(item)
            elif isinstance(item, (int, np.integer)) and not isinstance(item, (bool, np.bool_)):
                highest = max(highest, int(item) if item >= 0 else 0)
        if ends and isinstance(ends[0], (bool, np.bool_)):
            highest = max(highest, len(ends) - 1)
    count = count_features(transformer) or (len(names) if names is not None else 0)
    if names is None and labelled:
        count = count or max(len(texts), highest + 1)
        names = texts + ["column_%d" % j for j in range(len(texts), count)]
    if names is not None:
        count = max(count, len(names))
    return names, count or highest + 1, labelled


def column_rows(transformer, wanted, ctx):
    """Rows for a ColumnTransformer.

    `wanted(estimator, rows of its output or None)` is asked for the block of each part.
    """
    names, count, labelled = frame_of(transformer)
    parts = []
    for _, step, spec in transformer.transformers_:
        places, vector = resolve(spec, names, count)
        if places and not (isinstance(step, str) and step == "drop"):
            parts.append((step, places, vector))
    values, known, notes = [None] * count, {}, []
    for step, places, vector in parts:
        block = None if isinstance(step, str) else wanted(step, len(places), ctx)
        if block is None:
            if not isinstance(step, str):
                notes.append("no probes for `%s`" % type(step).__name__)
            continue
        notes.extend(block.notes)
        if block.kind != MATRIX or vector:
            rows = block.rows[:, 0] if block.kind == MATRIX else block.rows
            values[places[0]] = _longer(values[places[0]], list(rows))
            continue
        for j, place in enumerate(places[: block.rows.shape[1]]):
            values[place] = _longer(values[place], block.rows[:, j].tolist())
            if j in block.categories and place not in known:
                known[place] = block.categories[j]
    rows = _side_by_side(values, parts, ctx)
    framed = labelled or fitted(transformer, "feature_names_in_") is not None
    return Block(MATRIX, rows, known, names if framed else None, notes, framed)


def _longer(old, new):
    """A column that several parts read: the values of the one with categories, or more of them."""
    if old is None:
        return new
    texts = [isinstance(items[0], str) for items in (old, new) if len(items)]
    if len(texts) == 2 and texts[0] != texts[1]:
        return old if texts[0] else new
    return old + new


def _side_by_side(values, parts, ctx):
    """Columns of different lengths as one array: those of one part keep their rows together."""
    count = min(max([len(column) for column in values if column is not None] + [24]), ctx.limit)
    rows = np.empty((count, len(values)), dtype=object)
    done = set()
    groups = [list(places) for _, places, _ in parts]
    groups.append(list(range(len(values))))
    for group in groups:
        group = [j for j in group if j not in done]
        done.update(group)
        size = max([len(values[j]) for j in group if values[j] is not None] + [0])
        order = np.arange(size)
        if size:
            # the rows of each part in an order of its own, so that they meet by chance
            order = np.concatenate([ctx.rng.permutation(size) for _ in range(-(-count // size))])[
                :count
            ]
        for j in group:
            column = values[j]
            if column is None or not len(column):
                rows[:, j] = ctx.rng.normal(size=count)
                continue
            for i in range(count):
                rows[i, j] = column[order[i] % len(column)]
    return rows


def output_widths(transformer, block_input):
    """How many output columns each part has, as (step, places, vector, first, last)."""
    names, count, _ = frame_of(transformer)
    slices = fitted(transformer, "output_indices_")
    result, start = [], 0
    for label, step, spec in transformer.transformers_:
        places, vector = resolve(spec, names, count)
        if slices is not None and label in slices:
            first, last = slices[label].start or 0, slices[label].stop or 0
        elif isinstance(step, str) or not places:
            width = len(places) if isinstance(step, str) and step == "passthrough" else 0
            first, last = start, start + width
        else:
            if hasattr(block_input, "iloc"):
                part = block_input.iloc[:4, places[0] if vector else places]
            else:
                part = block_input[:4, places[0]] if vector else block_input[:4][:, places]
            width = step.transform(part).shape[1]
            first, last = start, start + width
        start = max(start, last)
        result.append((step, places, vector, first, last))
    return result


def pulled_rows(transformer, rows, own, block_input, pull, ctx):
    """Wanted output rows of a ColumnTransformer as rows of its input: each part its own columns.

    `pull(step, rows, n_features, ctx)` inverts one part, or gives None.
    """
    _, count, _ = frame_of(transformer)
    result = np.empty((len(rows), count), dtype=object)
    order = np.resize(ctx.rng.permutation(len(own)), len(rows))
    result[:, :] = own.rows[order]
    used = False
    for step, places, vector, first, last in output_widths(transformer, block_input):
        if last > rows.shape[1] or last == first:
            continue
        part = rows[:, first:last]
        if isinstance(step, str):
            block = Block(MATRIX, part)
        else:
            block = pull(step, part, len(places), ctx)
        if block is None or len(block) != len(rows):
            continue
        if block.kind == TEXT or vector:
            column = block.rows[:, 0] if block.kind == MATRIX else block.rows
            for i, item in enumerate(column):
                result[i, places[0]] = item
        elif block.kind == MATRIX and block.rows.shape[1] == len(places):
            for j, place in enumerate(places):
                result[:, place] = block.rows[:, j]
        used = True
    if not used:
        return own
    found = Block(MATRIX, result, own.categories, own.names, own.notes, own.frame)
    return merge([found, own])
