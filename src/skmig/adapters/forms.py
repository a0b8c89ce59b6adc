"""Forms of fitted state that rules share: decision trees, structured arrays, small values.

Pure functions over the neutral graph.  Arrays are shared with the input of a run, so nothing here
writes in place: what changes is a new array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeGuard

import numpy as np

from skmig.adapters.ops import same
from skmig.payload import Name, New, Obj

TREE = "sklearn.tree.Tree"
NO_CHILD = -1


# ------------------------------------------------------------------ values
def swap(table: dict[Any, Any]) -> Callable[[Any], Any]:
    """A function that replaces some values and gives every other one back as it is."""

    def replace(value: Any) -> Any:
        if isinstance(value, str) or value is None or isinstance(value, bool | int | float):
            for old, new in table.items():
                if type(old) is type(value) and same(old, value):
                    return new
        return value

    return replace


def text(value: Any, *options: str) -> bool:
    """True for a string that is one of `options` (arrays and objects are never)."""
    return isinstance(value, str) and value in options


def never(obj: Obj) -> bool:
    """For an attribute that the older state does not tell: it is only dropped going down."""
    return False


def is_obj(value: Any, *tags: str) -> TypeGuard[Obj]:
    """True for an object of one of `tags`, or for any object where none is given."""
    return isinstance(value, Obj) and (not tags or value.tag in tags)


def classes_of(obj: Any) -> Any:
    """The classes that a fitted classifier knows, itself or by what decides in it; None of none."""
    if not isinstance(obj, Obj):
        return None
    state = obj.state
    if state.get("classes_") is not None:
        return state["classes_"]
    steps = state.get("steps")
    inner = steps[-1][1] if steps else state.get("best_estimator_", state.get("_label_binarizer"))
    return classes_of(inner)


def n_classes(obj: Obj) -> int:
    """How many classes a fitted classifier knows; 0 before `fit`."""
    classes = obj.state.get("classes_")
    return len(classes) if classes is not None else 0


def function(tag: str) -> Name:
    """A function by public name."""
    return Name("function", tag)


# ------------------------------------------------------------------ structured arrays
def _fields(records: np.ndarray) -> dict[str, np.dtype[Any]]:
    """The fields of a structured array with their types, in order."""
    dtype: Any = records.dtype
    return {name: dtype.fields[name][0] for name in dtype.names}


def _as_fields(records: np.ndarray, fields: dict[str, Any]) -> np.ndarray:
    """A copy of a structured array with these fields; one that it has not is zero."""
    result = np.zeros(records.shape, dtype=list(fields.items()))
    for name in fields.keys() & _fields(records).keys():
        result[name] = records[name]
    return result


def with_field(records: np.ndarray, name: str, dtype: str) -> np.ndarray:
    """A copy of a structured array with one more field at its end, full of zeros."""
    return _as_fields(records, {**_fields(records), name: dtype})


def without_field(records: np.ndarray, name: str) -> np.ndarray:
    """A copy of a structured array without one of its fields."""
    return _as_fields(records, {k: v for k, v in _fields(records).items() if k != name})


def with_type(records: np.ndarray, name: str, dtype: str) -> np.ndarray:
    """A copy of a structured array, one field of which has another type."""
    return _as_fields(records, {**_fields(records), name: dtype})


# ------------------------------------------------------------------ decision trees
def tree_of(obj: Any) -> Obj | None:
    """The compiled tree of a fitted tree estimator."""
    tree = obj.state.get("tree_") if isinstance(obj, Obj) else None
    return tree if isinstance(tree, Obj) and tree.tag == TREE else None


def members(obj: Obj, name: str = "estimators_") -> Iterator[Obj]:
    """The sub-estimators of an ensemble, from a list or an array of any shape."""
    found = obj.state.get(name)
    items = found.flat if isinstance(found, np.ndarray) else (found or ())
    return (item for item in items if isinstance(item, Obj))


def is_leaf(nodes: np.ndarray) -> np.ndarray:
    """Which nodes have no children."""
    leaf: np.ndarray = nodes["left_child"] == NO_CHILD
    return leaf


def depths(nodes: np.ndarray) -> np.ndarray:
    """Depth of every node, the root's being 1 (`Tree.compute_node_depths`)."""
    result = np.ones(len(nodes), dtype=np.int64)
    for parent in np.flatnonzero(~is_leaf(nodes)):  # a parent stands before its children
        for side in ("left_child", "right_child"):
            result[nodes[side][parent]] = result[parent] + 1
    return result


def split_on_missing(tree: Obj) -> bool:
    """Whether a split separates missing values from all others (an infinite threshold)."""
    nodes = tree.state["nodes"]
    inner = ~is_leaf(nodes)
    return bool(np.isinf(nodes["threshold"][inner]).any())


def saw_missing(tree: Obj) -> bool:
    """Whether the best splits were chosen among samples with missing values.

    Without any, a split sends missing values to its larger side (tree/_splitter.pyx).
    """
    nodes = tree.state["nodes"]
    inner = np.flatnonzero(~is_leaf(nodes))
    size = nodes["n_node_samples"]
    larger = size[nodes["left_child"][inner]] > size[nodes["right_child"][inner]]
    return bool((nodes["missing_go_to_left"][inner].astype(bool) != larger).any())


def larger_side(nodes: np.ndarray) -> np.ndarray:
    """A copy of nodes that send missing values to the larger side of every split."""
    result = nodes.copy()
    inner = np.flatnonzero(~is_leaf(nodes))
    size = nodes["n_node_samples"]
    result["missing_go_to_left"][inner] = (
        size[nodes["left_child"][inner]] > size[nodes["right_child"][inner]]
    )
    return result


def new_values(tree: Obj, values: np.ndarray) -> None:
    """Give a tree other node values of the same shape."""
    tree.state["values"] = np.ascontiguousarray(values, dtype=np.float64)


def fractions(values: np.ndarray) -> np.ndarray:
    """Weighted class counts of nodes as fractions, divided as `predict_proba` divided them."""
    total = values.sum(axis=2, keepdims=True)
    total[total == 0.0] = 1.0
    result: np.ndarray = values / total
    return result


def counts(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Class fractions of nodes as weighted counts.

    A product that is a whole number but for rounding is made one: dividing it by the node's total
    again then gives the same fraction, to the last bit.
    """
    result = values * np.asarray(weights, dtype=np.float64)[:, None, None]
    whole = np.rint(result)
    close = np.abs(result - whole) <= 4 * np.finfo(np.float64).eps * np.abs(whole)
    return np.where(close, whole, result)


# ------------------------------------------------------------------ values made by constructors
def diagonal(values: np.ndarray) -> New:
    """A sparse diagonal matrix as `scipy.sparse.diags(..., format="csr")` makes it."""
    size = len(values)
    args = {
        "data": values,
        "indices": np.arange(size, dtype=np.int32),
        "indptr": np.arange(size + 1, dtype=np.int32),
        "shape": (size, size),
    }
    return New("scipy.sparse.csr_matrix", args)


def generator(seed: int) -> New:
    """A `numpy.random.Generator` as `default_rng(seed)` makes it."""
    state = np.random.default_rng(seed).bit_generator.state
    return New("numpy.random.Generator", {"state": state})
