"""Codec for scikit-learn's decision trees: compiled objects, and many of them.

The target makes its own through their class and `__setstate__`.  Compiled code follows the indices
of a tree without looking, so each is checked, of many small trees together, before anything can
ask a tree: see `waiting` in `skmig.agent.build`.
"""

from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from skmig.agent.errors import JobError
from skmig.agent.names import find
from skmig.agent.neutral import Obj

TAG = "sklearn.tree.Tree"
TOGETHER = 1 << 12  # nodes that are checked at once, unless one tree has more
_NO_CHILD = -1
_MISSING = "missing_go_to_left"
_WORD = np.dtype("<u8")
_NOISE: Dict[int, Tuple[np.ndarray, Optional[int], bool, np.dtype]] = {}
_NODE_DTYPE: List[np.dtype] = []


def _tree(walker, value, path):
    _, (n_features, n_classes, n_outputs), state = value.__reduce__()
    fields = {
        "n_features": int(n_features),
        "n_classes": np.asarray(n_classes),
        "n_outputs": int(n_outputs),
        "max_depth": int(state["max_depth"]),
        "node_count": int(state["node_count"]),
        "nodes": _without_noise(np.asarray(state["nodes"])),
        "values": np.asarray(state["values"]),
    }
    return Obj(TAG, fields)


def _without_noise(nodes):
    """Nodes whose bytes without a meaning are zero; a copy only if they are not.

    These are the bytes between the fields and, in leaves, where missing values go: 1.3.0 and 1.3.1
    never wrote them, best-first growth writes them still, and nothing reads them.
    """
    dtype = nodes.dtype
    if id(dtype) not in _NOISE:
        _NOISE[id(dtype)] = _places(dtype)
    padding, flag, together, _ = _NOISE[id(dtype)]
    if not together or not nodes.flags.c_contiguous or not nodes.size:
        if flag is None and not len(padding):
            return nodes
    else:
        # what has no meaning is the end of a node, behind the flag: one look at the last words
        last = nodes.view(_WORD)[dtype.itemsize // 8 - 1 :: dtype.itemsize // 8]
        most = np.maximum.reduce(last)
        if most < 256 and not np.count_nonzero(last[nodes["left_child"] == _NO_CHILD]):
            return nodes
    result = np.array(nodes)
    result.view(np.uint8).reshape(-1, dtype.itemsize)[:, padding] = 0
    if flag is not None:
        result[_MISSING][result["left_child"] == _NO_CHILD] = 0
    return result


def _places(dtype):
    """Where the padding is, where the flag, does a last word hold just these; and the dtype."""
    used = np.zeros(dtype.itemsize, dtype=bool)
    for field, start in (dtype.fields[name][:2] for name in dtype.names):
        used[start : start + field.itemsize] = True
    padding = np.flatnonzero(~used)
    flag = dtype.fields[_MISSING][1] if _MISSING in dtype.names else None
    last = list(range(dtype.itemsize - 8, dtype.itemsize))
    together = dtype.itemsize % 8 == 0 and [flag] + padding.tolist() == last
    return padding, flag, together, dtype  # which must stay alive for its id()


def node_dtype():
    """The dtype of a tree's nodes in this release, from a tree of this release."""
    if not _NODE_DTYPE:
        from sklearn.tree import DecisionTreeClassifier

        tree = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1]).tree_
        _NODE_DTYPE.append(tree.__getstate__()["nodes"].dtype)
    return _NODE_DTYPE[0]


def _make_tree(builder, value, path):
    state = value.state
    nodes = _of_this_release(state["nodes"])
    n_classes = np.ascontiguousarray(state["n_classes"], dtype=np.intp)
    values = np.ascontiguousarray(state["values"], dtype=np.float64)
    counts = (state["node_count"], state["n_outputs"], state["n_features"], state["max_depth"])
    if set(map(type, counts)) != {int}:
        raise TypeError("counts %r" % (counts,))
    count, n_outputs, n_features, max_depth = counts
    if nodes.shape != (count,) or count < 1:
        raise ValueError("%r nodes for node_count %r" % (nodes.shape, count))
    of_each = n_classes.tolist()
    if n_classes.ndim != 1 or len(of_each) != n_outputs or min(of_each) < 1:
        raise ValueError("n_classes %r for %r outputs" % (of_each, n_outputs))
    if values.shape != (count, n_outputs, max(of_each)):
        raise ValueError("values of shape %r" % (values.shape,))
    builder.put_off(nodes, (n_features, max_depth), path)
    tree = find(TAG)(n_features, n_classes, n_outputs)
    tree.__setstate__(
        {"max_depth": max_depth, "node_count": count, "nodes": nodes, "values": values}
    )
    return tree


def _of_this_release(given):
    """The nodes in the layout of this release.  Raises ValueError where they have other fields."""
    dtype = node_dtype()
    if given.dtype == dtype:
        return given
    missing = set(dtype.names) - set(given.dtype.names)
    extra = set(given.dtype.names) - set(dtype.names)
    if missing or extra:
        raise ValueError(
            "tree nodes lack %s and have %s beyond this release's"
            % (sorted(missing) or "nothing", sorted(extra) or "nothing")
        )
    nodes = np.zeros(given.shape, dtype=dtype)
    for name in dtype.names:
        nodes[name] = given[name]
    return nodes


def check(waiting: List[Tuple[Any, Any, str]]) -> None:
    """Check trees, given as (nodes, (features, depth), path).

    Raises JobError, which names the tree.
    """
    try:
        _check([nodes for nodes, _, _ in waiting], [facts for _, facts, _ in waiting])
    except (ValueError, OverflowError) as exc:
        if len(waiting) == 1:
            raise JobError("build", waiting[0][2], exc)
        for one in waiting:
            check([one])
        raise


def _check(trees, facts):
    """Each index must be in range, and each tree a tree."""
    counts = np.array(list(map(len, trees)), dtype=np.intp)
    n_features, max_depth = np.array(facts, dtype=np.intp).T
    left, right, feature = (
        np.concatenate([nodes[name] for nodes in trees])
        for name in ("left_child", "right_child", "feature")
    )
    starts = np.cumsum(counts) - counts
    is_inner = left != _NO_CHILD
    if not np.array_equal(is_inner, right != _NO_CHILD):
        raise ValueError("a node with one child")
    inner = np.flatnonzero(is_inner)

    def each(of_tree):
        """What is of a tree, for each of its inner nodes."""
        if len(trees) == 1:
            return of_tree
        return np.repeat(of_tree, np.add.reduceat(is_inner, starts, dtype=np.intp))

    feature = feature[inner]
    if (feature < 0).any() or (feature >= each(n_features)).any():
        raise ValueError("a feature that is out of range")
    first, beyond = each(starts), each(starts + counts)
    above = np.full(len(left), -1, dtype=np.intp)
    for child in (left[inner], right[inner]):
        child += first
        # children stand behind their parent, so that no walk can turn in a circle
        if (child <= inner).any() or (child >= beyond).any():
            raise ValueError("a child that is out of range")
        above[child] = inner
    above[starts] = starts
    if 2 * len(inner) != len(left) - len(trees) or above.min() < 0:
        raise ValueError("a node that is the child of none or of several")
    # `decision_path` writes into as many places as the tree is deep
    depth = np.maximum.reduceat(_depth(above), starts)
    wrong = (depth > max_depth) | (max_depth > counts)
    if wrong.any():
        raise ValueError("max_depth %r" % (max_depth[wrong].tolist()[0],))


def _depth(above):
    """How deep each node is, from its parent (a root's is itself): 1, 2, 4, … steps up at once."""
    depth = (above != np.arange(len(above))).astype(np.intp)
    while True:
        higher = depth[above]
        if not higher.any():
            return depth
        depth += higher
        above = above[above]


ENCODERS = {("sklearn", "Tree"): _tree}
DECODERS = {TAG: _make_tree}
