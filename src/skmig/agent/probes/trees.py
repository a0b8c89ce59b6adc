"""Rows that reach the leaves of trees: of single ones, forests, boosting, histogram boosting.

A tree of scikit-learn sends a row to the left where float32(x) <= threshold.  The path to a leaf
is an interval per feature, so a value of the interval leads there exactly.  In an ensemble one
row goes through every tree: it is steered through one tree after the other, inside the intervals
that the trees before have left, towards the leaves that no row has reached yet.
"""

import numpy as np

from skmig.agent.probes.block import MATRIX, Block
from skmig.agent.probes.edges import Fill, rows_at_edges
from skmig.agent.probes.gaps import gaps_are_meant

MAX_CODE = 254  # of a category: more are refused
MAX_NODES, MAX_STEPS = 1000000, 3000000
# where a tree has more leaves than there may be rows, all that is steered is steered in vain
FEW_NODES, FEW_STEPS, FEW_WAYS = 100000, 200000, 10000
LARGEST = _F32 = float(np.finfo(np.float32).max)
_F64 = float(np.finfo(np.float64).max)


class Flat(object):
    """One tree as plain lists.  `below[n]` is the largest value that goes left at node n, and
    `above[n]` the smallest that goes right; for a categorical split `sets[n]` goes left."""

    __slots__ = (
        "above",
        "below",
        "feature",
        "left",
        "missing",
        "open",
        "parent",
        "right",
        "sets",
        "values",
    )

    def __init__(self, left, right, feature, below, above, missing, sets, values):
        self.left, self.right = left.tolist(), right.tolist()
        self.feature, self.below, self.above = feature.tolist(), below.tolist(), above.tolist()
        self.missing = missing
        self.sets = sets
        self.values = values
        count = len(self.left)
        self.parent = [-1] * count
        self.open = [1 if child < 0 else 0 for child in self.left]
        for node in range(count - 1, -1, -1):  # children stand behind their parents
            if self.left[node] >= 0:
                self.parent[self.left[node]] = self.parent[self.right[node]] = node
                self.open[node] = self.open[self.left[node]] + self.open[self.right[node]]

    def cover(self, leaf):
        """Note that a row reached `leaf`; False where one had before."""
        if not self.open[leaf]:
            return False
        while leaf >= 0:
            self.open[leaf] -= 1
            leaf = self.parent[leaf]
        return True


def splits(tree):
    """What a compiled decision tree asks, as arrays by node: left and right child, feature, the
    largest value that goes left, the smallest that goes right, whether a missing one goes left
    (None: no node says so)."""
    left, right = np.array(tree.children_left), np.array(tree.children_right)
    threshold = np.array(tree.threshold, dtype=np.float64)
    with np.errstate(all="ignore"):
        below = threshold.astype(np.float32)
        high = below.astype(np.float64) > threshold
        below[high] = np.nextafter(below[high], np.float32(-np.inf))
        above = np.nextafter(below, np.float32(np.inf))
    feature = np.where(left < 0, 0, np.array(tree.feature))
    missing = None
    if hasattr(tree, "missing_go_to_left"):
        missing = np.array(tree.missing_go_to_left).astype(bool)
    below = np.minimum(below.astype(np.float64), _F32)
    return left, right, feature, below, above.astype(np.float64), missing


def flat(tree, features=None):
    """A compiled decision tree as a Flat one; `features`: which columns it reads."""
    left, right, feature, below, above, missing = splits(tree)
    if features is not None:
        feature = np.asarray(features)[feature]
    missing = None if missing is None else missing.tolist()
    return Flat(left, right, feature, below, above, missing, {}, _shares(np.array(tree.value)))


def _shares(values):
    """What each node says: numbers, or the shares of the classes where it counts them."""
    if values.shape[2] > 1:
        with np.errstate(all="ignore"):
            values = values / values.sum(axis=2, keepdims=True)
    return values.reshape(len(values), -1)


def _from_histogram(predictor, known):
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    names = nodes.dtype.names
    threshold = nodes["num_threshold" if "num_threshold" in names else "threshold"]
    left = np.where(leaf, -1, nodes["left"].astype(np.int64))
    right = np.where(leaf, -1, nodes["right"].astype(np.int64))
    missing, sets = None, {}
    if "missing_go_to_left" in names:
        missing = nodes["missing_go_to_left"].astype(bool).tolist()
    if "is_categorical" in names:
        for node in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf):
            bits = predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]]
            universe = known.get(int(nodes["feature_idx"][node]), frozenset())
            sets[int(node)] = frozenset(
                c for c in universe if bits[int(c) // 32] >> np.uint32(int(c) % 32) & 1
            )
    below = np.minimum(np.array(threshold, dtype=np.float64), _F64)
    with np.errstate(all="ignore"):
        above = np.nextafter(np.array(threshold, dtype=np.float64), np.inf)
    feature = nodes["feature_idx"].astype(np.int64)
    values = np.array(nodes["value"]).reshape(len(nodes), 1)
    return Flat(left, right, feature, below, above, missing, sets, values)


def known_categories(estimator):
    """{feature: category codes} of a histogram gradient boosting model."""
    flags = getattr(estimator, "is_categorical_", None)
    mapper = getattr(estimator, "_bin_mapper", None)
    if flags is None or mapper is None:
        return {}
    flags = np.asarray(getattr(mapper, "is_categorical_", flags))
    return {
        int(f): frozenset(float(c) for c in mapper.bin_thresholds_[f] if c == c)
        for f in np.flatnonzero(flags)
    }


def parts_of(estimator):
    """The trees of an estimator as (tree or predictor, features, is histogram), or None."""
    state = getattr(estimator, "__dict__", {})
    if _is_tree(state.get("tree_")):
        return [(state["tree_"], None, False)]
    if state.get("_predictors"):
        return [(tree, None, True) for stage in state["_predictors"] for tree in stage]
    members = state.get("estimators_")
    if members is None or len(members) == 0:
        return None
    members = [m for m in np.asarray(members, dtype=object).ravel() if m is not None]
    if not all(_is_tree(getattr(member, "tree_", None)) for member in members):
        return None
    columns = state.get("estimators_features_")
    columns = [None] * len(members) if columns is None else columns
    first = getattr(state.get("init_"), "tree_", None)  # where gradient boosting begins
    parts = [(first, None, False)] if _is_tree(first) else []
    return parts + [(member.tree_, features, False) for member, features in zip(members, columns)]


def _is_tree(value):
    """A decision tree; others call their KD tree the same."""
    return hasattr(value, "children_left")


def leaf_rows(estimator, parts, n_features, ctx):
    """A block of rows for the trees of `estimator`, each reaching leaves that none had before."""
    sizes = [len(p.nodes) if hist else p.node_count for p, _, hist in parts]
    in_vain = len(parts) > 1 and max(sizes) // 2 > ctx.limit
    most = FEW_NODES if in_vain else MAX_NODES
    if sum(sizes) > most:
        step = sum(sizes) // most + 1
        parts = parts[::step]
    known = known_categories(estimator)
    trees = [
        _from_histogram(part, known) if hist else flat(part, features)
        for part, features, hist in parts
    ]
    bound = _F64 if parts[0][2] else _F32
    exact = np.float64 if parts[0][2] else np.float32
    pool = _pool(trees, n_features, known)
    holes = any(tree.missing is not None for tree in trees) and gaps_are_meant(estimator)
    fill = Fill(n_features, bound, exact, known, pool, ctx.rng)
    ways = FEW_WAYS if in_vain else None
    if ctx.gaps:
        rows = rows_at_edges(trees, fill, ctx.limit, "only", ways)
        return Block(MATRIX, np.array(rows, dtype=np.float64).reshape(len(rows), n_features))
    rows = _steered(trees, fill, holes, ctx.limit, FEW_STEPS if in_vain else MAX_STEPS)
    rest = ctx.limit - len(rows)
    if rest > 0:
        rows.extend(rows_at_edges(trees, fill, rest - min(rest // 8, 512), holes, ways))
        rest = ctx.limit - len(rows)
    if rest > 0:
        rows.extend(_around_thresholds(pool, known, rest, ctx.rng))
    return Block(MATRIX, np.array(rows, dtype=np.float64).reshape(len(rows), n_features))


def _pool(trees, n_features, known):
    """The values on both sides of every threshold, per feature, sorted."""
    values = [set() for _ in range(n_features)]
    for tree in trees:
        for node, child in enumerate(tree.left):
            if child >= 0 and node not in tree.sets:
                for value in (tree.below[node], tree.above[node]):
                    if abs(value) < _F32:
                        values[tree.feature[node]].add(value)
    for feature, codes in known.items():
        values[feature].update(codes)
    return [np.array(sorted(column)) for column in values]


def _around_thresholds(pool, known, limit, rng):
    """Rows that together hold every value of the pool, as far as `limit` goes."""
    longest = max([len(column) for column in pool] + [0])
    count = min(longest + 32, limit)
    rows = np.empty((count, len(pool)))
    for j, column in enumerate(pool):
        if not len(column):
            rows[:, j] = rng.normal(size=count)
            continue
        order = rng.permutation(len(column))
        rows[:, j] = column[np.resize(order, count)]
        if j in known:
            # codes are whole; one that is unknown is taken for a missing value
            rows[-1, j] = min(column[-1] + 1, MAX_CODE) if len(column) else 0.0
        elif len(column) > 1:
            # some rows far from every threshold
            spread = column[-1] - column[0] or 1.0
            last = rows[-min(32, count) :, j]
            last[:] = rng.uniform(column[0] - spread, column[-1] + spread, size=len(last))
    return list(rows)


def _steered(trees, fill, holes, limit, most):
    rows, steps, stuck = [], 0, set()
    while len(rows) < limit and steps < most:
        left = [t for t in range(len(trees)) if trees[t].open[0] and t not in stuck]
        if not left:
            break
        # the tree with most to do first: it is free to choose
        left.sort(key=lambda t: -trees[t].open[0])
        box, fresh = {}, 0
        for place, t in enumerate(left):
            leaf, depth = _descend(trees[t], box, fill, holes)
            steps += depth + 1
            new = trees[t].cover(leaf)
            fresh += new
            if place == 0 and not new:
                stuck.add(t)  # what is left in this tree no value can reach
        if fresh:
            rows.append(fill.row(box))
    return rows


def _descend(tree, box, fill, holes):
    """Walk to a leaf inside `box`, towards leaves that are open, and narrow the box to the way.

    A box holds per feature (low, high, may it be missing), or (codes, None, may it be missing).
    """
    node, depth = 0, 0
    while tree.left[node] >= 0:
        depth += 1
        feature = tree.feature[node]
        left, right = tree.left[node], tree.right[node]
        low, high, hole = box.get(feature) or fill.free(feature, holes)
        hole_left = hole and (tree.missing is None or tree.missing[node])
        options = {}
        if high is None:
            chosen = tree.sets.get(node, frozenset())
            parts = ((left, low & chosen, None, hole_left), (right, low - chosen, None, hole))
        else:
            parts = (
                (left, low, min(high, tree.below[node]), hole_left),
                (right, max(low, tree.above[node]), high, hole),
            )
        for child, first, last, missing in parts:
            missing = missing and (child == left or not hole_left)
            if missing or (first if last is None else first <= last):
                options[child] = (first, last, missing)
        best = max(tree.open[child] for child in options)
        choice = [child for child in sorted(options) if tree.open[child] == best]
        node = choice[0] if len(choice) == 1 else choice[fill.rng.randint(len(choice))]
        box[feature] = options[node]
    return node, depth
