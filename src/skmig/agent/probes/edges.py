"""Rows on both sides of every threshold of trees, that get as far as the node that has it.

Only a row that arrives at a node can tell whether its threshold is what it was.  One row stands at
as many thresholds as fit together: their ways are intervals, and intervals are intersected.
"""

from bisect import bisect_left, bisect_right

import numpy as np

TRIES, LOOKS = 6, 64  # edges that are tried for each feature of a row, and looked at
AGAIN = 3  # rows for an edge where the leaves on both sides say the same


class Fill(object):
    """How a row is made from intervals.  `bound` is the largest number that the trees read, `exact`
    the type in which they read it, `known` the categories and `pool` the thresholds by feature."""

    def __init__(self, n_features, bound, exact, known, pool, rng):
        self.n_features = n_features
        self.bound = bound
        self.exact = exact
        self.known = known
        self.pool = pool
        self.rng = rng

    def free(self, feature, holes):
        """The interval of a feature of which nothing is asked."""
        if feature in self.known:
            return self.known[feature], None, holes
        return -self.bound, self.bound, holes

    def row(self, box):
        """A row of values inside a box: {feature: (low, high, may it be missing)}, or (codes,
        None, …) for categories."""
        row = np.empty(self.n_features)
        for j in range(self.n_features):
            if j not in box:
                pool = self.pool[j]
                row[j] = pool[self.rng.randint(len(pool))] if len(pool) else self.rng.normal()
                continue
            low, high, _ = box[j]
            if high is None:
                row[j] = sorted(low)[self.rng.randint(len(low))] if low else np.nan
            else:
                row[j] = self.inside(j, low, high) if low <= high else np.nan
        return row

    def inside(self, feature, low, high):
        """A value of the interval: mostly one that stands at a threshold."""
        rng = self.rng
        if low == high:
            return low
        pool = self.pool[feature]
        first, last = np.searchsorted(pool, low), np.searchsorted(pool, high, side="right")
        if first < last and rng.randint(8):
            return pool[rng.randint(first, last)]
        if low <= -self.bound and high >= self.bound:
            return rng.normal()
        if low <= -self.bound:
            value = high - (abs(high) + 1.0) * rng.uniform()
        elif high >= self.bound:
            value = low + (abs(low) + 1.0) * rng.uniform()
        else:
            value = low + (high - low) * rng.uniform(0.25, 0.75)
        return min(max(float(self.exact(value)), low), high)


def rows_at_edges(trees, fill, limit, holes, most=None):
    """Rows that together stand on both sides of every threshold, have every category at every
    node that asks for it and, with `holes`, a missing value at every node; as far as `limit` goes.
    `holes` may be "only": then nothing but the missing values is wanted.  `most`: ways to nodes
    that are looked at before the search is given up.
    """
    waiting = _Waiting(trees, fill, holes)
    rows = []
    while len(rows) < limit and (most is None or waiting.looked < most):
        box, met = waiting.next()
        if not met:
            break
        row = fill.row(box)
        rows.append(row)
        for number in met:
            t, node, _ = waiting.edges[number]
            if not _tells(trees[t], node, row):
                waiting.again(number)
    return rows


class _Waiting(object):
    """The edges at which no row stands yet."""

    def __init__(self, trees, fill, holes):
        self.trees, self.fill, self.holes = trees, fill, holes
        self.edges = _edges(trees, fill, holes)
        self.order = fill.rng.permutation(len(self.edges)).tolist()
        self.open = [True] * len(self.edges)
        self.tries = {}
        self.looked = 0
        self.values = [[] for _ in range(fill.n_features)]
        for number, (t, node, value) in enumerate(self.edges):
            if value is not None:
                self.values[trees[t].feature[node]].append((value, number))
        for column in self.values:
            column.sort()

    def next(self):
        """The box of rows at an edge and at as many others as fit, and the numbers of these."""
        box = None
        while self.order and box is None:
            first = self.order.pop()
            if self.open[first]:
                self.open[first] = False
                self.looked += 1
                box = _way(self.trees, self.edges[first], self.fill, self.holes)
        if box is None:
            return {}, []
        met = [first]
        for j in self.fill.rng.permutation(self.fill.n_features).tolist():
            number, merged = self.fitting(j, box)
            if merged is not None:
                self.open[number] = False
                met.append(number)
                box = merged
        return box, met

    def fitting(self, feature, box):
        """An open edge of a feature that fits into a box, and the box that is left of it."""
        low, high, _ = box.get(feature) or self.fill.free(feature, False)
        column = self.values[feature]
        if high is None:
            first, last = 0, len(column)
        else:
            first, last = (
                bisect_left(column, (low, -1)),
                bisect_right(column, (high, len(self.open))),
            )
        if first >= last:
            return None, None
        start, tries = self.fill.rng.randint(first, last), 0
        for step in range(min(last - first, LOOKS)):
            number = column[first + (start - first + step) % (last - first)][1]
            if not self.open[number]:
                continue
            self.looked += 1
            merged = _merged(box, _way(self.trees, self.edges[number], self.fill, self.holes))
            if merged is not None:
                return number, merged
            tries += 1
            if tries == TRIES:
                break
        return None, None

    def again(self, number):
        """Another row for an edge whose first row cannot tell the two sides apart."""
        tries = self.tries.get(number, 0)
        if tries < AGAIN:
            self.tries[number] = tries + 1
            self.open[number] = True
            self.order.insert(0, number)


def near_thresholds(splits, rows):
    """For each node whether a row arrives there with the largest value that goes left, and with
    the smallest that goes right: booleans of shape (2, nodes).  `splits`: see `trees.splits`."""
    left, right, feature, below, above, missing = splits
    missing = np.ones(len(left), bool) if missing is None else missing
    near = np.zeros((2, len(left)), dtype=bool)
    here = np.zeros(len(rows), dtype=int)
    active = np.arange(len(rows))
    while True:
        active = active[left[here[active]] >= 0]
        if not len(active):
            return near
        node = here[active]
        value = rows[active, feature[node]]
        near[0, node[value == below[node]]] = True
        near[1, node[value == above[node]]] = True
        with np.errstate(invalid="ignore"):
            goes = np.where(np.isnan(value), missing[node], value <= below[node])
        here[active] = np.where(goes, left[node], right[node])


def _edges(trees, fill, holes):
    """(tree, node, value at the node): the values beside its threshold, each category, missing."""
    edges = []
    for t, tree in enumerate(trees):
        for node, child in enumerate(tree.left):
            if child < 0:
                continue
            if holes == "only":
                if tree.missing is not None:
                    edges.append((t, node, None))
                continue
            if node in tree.sets:
                edges.extend((t, node, c) for c in sorted(fill.known[tree.feature[node]]))
            else:
                sides = (tree.below[node], tree.above[node])
                edges.extend((t, node, side) for side in sides if abs(side) < fill.bound)
            if holes:
                edges.append((t, node, None))
    return edges


def _way(trees, edge, fill, holes):
    """The box of the rows that arrive at an edge; None where there are none."""
    tree, (_, node, value) = trees[edge[0]], edge
    asked = tree.feature[node]
    if value is None:
        box = {asked: (1.0, 0.0, True)}
    elif asked in fill.known:
        box = {asked: (frozenset((value,)), None, False)}
    else:
        box = {asked: (value, value, False)}
    while tree.parent[node] >= 0:
        child, node = node, tree.parent[node]
        feature, left = tree.feature[node], tree.left[node] == child
        if value is None and feature == asked:
            if bool(tree.missing is None or tree.missing[node]) != left:
                return None
            continue
        if node in tree.sets:
            codes = tree.sets[node] if left else fill.known[feature] - tree.sets[node]
            step = (codes, None, False)
        elif left:
            step = (-fill.bound, tree.below[node], False)
        else:
            step = (tree.above[node], fill.bound, False)
        box = _merged(box, {feature: step})
        if box is None:
            return None
    return box


def _merged(box, other):
    """The intersection of two boxes; None for an empty one."""
    if other is None:
        return None
    result = dict(box)
    for feature, (low, high, hole) in other.items():
        if feature in result:
            first, last, empty = result[feature]
            if empty or hole:
                if not (empty and hole):
                    return None
                continue
            if (high is None) != (last is None):
                return None
            if high is None:
                low = low & first
                if not low:
                    return None
            else:
                low, high = max(low, first), min(high, last)
                if low > high:
                    return None
        result[feature] = (low, high, hole)
    return result


def _tells(tree, node, row):
    """Would the row get another answer from the node's other child?"""
    one, other = (_leaf(tree, child, row) for child in (tree.left[node], tree.right[node]))
    return not np.array_equal(tree.values[one], tree.values[other])


def _leaf(tree, node, row):
    while tree.left[node] >= 0:
        value = row[tree.feature[node]]
        if value != value:
            left = tree.missing is None or tree.missing[node]
        elif node in tree.sets:
            left = value in tree.sets[node]
        else:
            left = value <= tree.below[node]
        node = tree.left[node] if left else tree.right[node]
    return node
