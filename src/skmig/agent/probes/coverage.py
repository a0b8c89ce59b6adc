"""What an input really reaches inside a model: leaves, categories, terms.  It is measured."""

import numpy as np

from skmig.agent.predict import count_rows, has, some
from skmig.agent.probes import columns, trees
from skmig.agent.probes.edges import near_thresholds
from skmig.agent.probes.features import fitted, inner
from skmig.agent.probes.wanted import is_a

MAX_VISITS = 20000000
MAX_BRANCH_ROWS = 512


def measure(estimator, data):
    """{"rows": n, "leaves": [reached, total], "thresholds": […], "categories": […], "terms": […],
    "edges": […], "branches": […]}, what applies."""
    found = {"rows": count_rows(data)}
    try:
        _measure(estimator, data, found, 0)
    except Exception as exc:
        found["notes"] = ["coverage was not measured further: %s: %s" % (type(exc).__name__, exc)]
    found.pop("ids", None)
    return found


def leaf_ids(estimator, data):
    """Which leaf each row reaches in each tree, as an array (rows, trees) of one numbering, and
    how many leaves there are; None where there is no tree or too many."""
    found = {"ids": []}
    try:
        _measure(estimator, data, found, 0)
    except Exception:
        return None
    count = count_rows(data)
    if not found["ids"] or any(len(ids) != count for ids in found["ids"]):
        return None
    table, start = np.empty((count, len(found["ids"])), dtype=np.int64), 0
    for j, ids in enumerate(found["ids"]):
        table[:, j] = ids + start
        start += 1 << 32
    return table, found["leaves"][1]


def _add(found, key, reached, total):
    old = found.get(key, [0, 0])
    found[key] = [old[0] + int(reached), old[1] + int(total)]


def _add_branch(found, part, data):
    """Does a part that others stand beside answer more than one thing?"""
    if "ids" in found:
        return
    data = some(data, MAX_BRANCH_ROWS)
    answer = part.transform(data) if has(part, "transform") else part.predict(data)
    if hasattr(answer, "tocsr"):
        answer = answer.tocsr()
        differs = (answer != answer[np.zeros(answer.shape[0], dtype=int)]).nnz > 0
    else:
        answer = np.asarray(answer)
        differs = len(answer) > 0 and bool((answer != answer[:1]).any())
    _add(found, "branches", differs, 1)


def _add_leaves(found, ids, total):
    reached = np.zeros(int(ids.max()) + 1 if len(ids) else 0, dtype=bool)
    reached[ids] = True
    _add(found, "leaves", reached.sum(), total)
    if "ids" in found:
        found["ids"].append(ids)


def _measure(estimator, data, found, depth):
    if depth > 8 or estimator is None or isinstance(estimator, str):
        return
    if hasattr(estimator, "steps") and is_a(estimator, "Pipeline"):
        for i, (_, step) in enumerate(estimator.steps):
            if step is None or isinstance(step, str):
                continue
            _measure(step, data, found, depth + 1)
            if i < len(estimator.steps) - 1:
                data = step.transform(data)
        return
    if fitted(estimator, "transformers_") is not None:
        names, count, _ = columns.frame_of(estimator)
        for _, step, spec in estimator.transformers_:
            places, vector = columns.resolve(spec, names, count)
            if isinstance(step, str) or not places:
                continue
            wanted = places[0] if vector else places
            part = data.iloc[:, wanted] if hasattr(data, "iloc") else data[:, wanted]
            _add_branch(found, step, part)
            _measure(step, part, found, depth + 1)
        return
    if is_a(estimator, "FeatureUnion"):
        for _, step in estimator.transformer_list:
            if step is not None and not isinstance(step, str):
                _add_branch(found, step, data)
                _measure(step, data, found, depth + 1)
        return
    edges = fitted(estimator, "bin_edges_")
    if edges is not None and "ids" not in found:
        rows = np.asarray(data, dtype=float)
        for j, column in enumerate(edges[: rows.shape[1]]):
            known = set(np.asarray(column, dtype=float)[1:-1].tolist())
            _add(found, "edges", len(known & set(rows[:, j].tolist())), len(known))
    if hasattr(estimator, "build_analyzer") or is_a(estimator, "DictVectorizer"):
        if fitted(estimator, "vocabulary_"):
            counts = estimator.transform(data)
            seen = np.asarray((abs(counts) > 0).sum(axis=0)).ravel() > 0
            _add(found, "terms", seen.sum(), len(seen))
        return
    categories = fitted(estimator, "categories_")
    if isinstance(categories, list) and hasattr(estimator, "transform"):
        array = np.asarray(data, dtype=object)
        for j, column in enumerate(categories[: array.shape[1]]):
            known = {item for item in np.asarray(column).tolist() if item == item}
            _add(found, "categories", len(known & set(array[:, j].tolist())), len(known))
        return
    if trees.parts_of(estimator):
        _measure_trees(estimator, data, found)
        return
    subsets = getattr(estimator, "estimators_features_", None)
    if is_a(estimator, "ClassifierChain", "RegressorChain", "RFE", "RFECV"):
        return
    several = is_a(
        estimator, "VotingClassifier", "VotingRegressor", "StackingClassifier", "StackingRegressor"
    )
    for i, member in enumerate(inner(estimator)):
        if several:
            _add_branch(found, member, data)
        part = data if subsets is None else np.asarray(data)[:, subsets[i]]
        _measure(member, part, found, depth + 1)


def _measure_trees(estimator, data, found):
    before = getattr(estimator, "_preprocessor", None)
    if before is not None:
        data = before.transform(data)
    data = data.toarray() if hasattr(data, "toarray") else np.asarray(data)
    parts = trees.parts_of(estimator)
    rows = some(data, max(MAX_VISITS // len(parts), 64))
    single = np.ascontiguousarray(rows, dtype=np.float32)
    double = np.ascontiguousarray(rows, dtype=np.float64)
    for part, features, histogram in parts:
        if histogram:
            _measure_histogram(estimator, part, double, found)
            continue
        own = single if features is None else np.ascontiguousarray(single[:, features])
        total = int((np.array(part.children_left) < 0).sum())
        _add_leaves(found, part.apply(own), total)
        if "ids" not in found:
            _measure_thresholds(trees.splits(part), own.astype(np.float64), found)


def _measure_thresholds(splits, rows, found):
    """How many thresholds have rows that arrive there on both sides, one float apart."""
    near = near_thresholds(splits, rows)
    left, _, _, _, above, _ = splits
    # a split of the missing from all others has no other side
    split = (left >= 0) & (np.abs(above) <= trees.LARGEST)
    _add(found, "thresholds", (near.all(axis=0) & split).sum(), split.sum())


def _measure_histogram(estimator, part, rows, found):
    """Compiled predictors give values, not leaves: the walk is done here, all rows at once."""
    nodes = part.nodes
    names = nodes.dtype.names
    threshold = nodes["num_threshold" if "num_threshold" in names else "threshold"]
    leaf = nodes["is_leaf"].astype(bool)
    here = np.zeros(len(rows), dtype=int)
    known = trees.known_categories(estimator)
    near = np.zeros((2, len(nodes)), dtype=bool)
    with np.errstate(all="ignore"):
        above = np.nextafter(threshold, np.inf)
    while not leaf[here].all():
        active = np.flatnonzero(~leaf[here])
        node = here[active]
        value = rows[active, nodes["feature_idx"][node].astype(int)]
        with np.errstate(invalid="ignore"):
            left = value <= threshold[node]
        near[0, node[value == threshold[node]]] = True
        near[1, node[value == above[node]]] = True
        if "is_categorical" in names and nodes["is_categorical"][node].any():
            for k in np.flatnonzero(nodes["is_categorical"][node]):
                codes = known.get(int(nodes["feature_idx"][node[k]]), ())
                if value[k] in codes:
                    bits = part.raw_left_cat_bitsets[nodes["bitset_idx"][node[k]]]
                    code = int(value[k])
                    left[k] = bool(int(bits[code // 32]) >> (code % 32) & 1)
                else:
                    left[k] = bool(nodes["missing_go_to_left"][node[k]])
        if "missing_go_to_left" in names:
            missing = np.isnan(value)
            left[missing] = nodes["missing_go_to_left"][node[missing]].astype(bool)
        here[active] = np.where(left, nodes["left"][node], nodes["right"][node])
    _add_leaves(found, here, leaf.sum())
    if "ids" not in found:
        split = ~leaf & np.isfinite(threshold)
        if "is_categorical" in names:
            split &= ~nodes["is_categorical"].astype(bool)
        _add(found, "thresholds", (near.all(axis=0) & split).sum(), split.sum())
