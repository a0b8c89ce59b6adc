"""Sparse matrices of the neutral graph, by what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skmig.payload import New

MAX_CELLS = 4_000_000  # of a matrix that is looked at whole
_COMPRESSED = ("csr", "csc")


def is_sparse(value: Any) -> bool:
    """True for a matrix or an array of scipy.sparse."""
    return isinstance(value, New) and value.tag.startswith("scipy.sparse.")


@dataclass(frozen=True)
class Entries:
    """Sorted positions (row * columns + column) and values that are not zero; stored zeros."""

    keys: np.ndarray[Any, Any]
    data: np.ndarray[Any, Any]
    zeros: int


def entries(matrix: New) -> Entries | None:
    """What a sparse matrix holds; None for a form that is not known."""
    kind = matrix.tag.rsplit(".", 1)[1].split("_")[0]
    args = matrix.args
    if kind == "coo":
        rows, columns = np.asarray(args["row"]), np.asarray(args["col"])
    elif kind in _COMPRESSED:
        outer = np.repeat(np.arange(len(args["indptr"]) - 1), np.diff(args["indptr"]))
        inner = np.asarray(args["indices"])
        rows, columns = (outer, inner) if kind == "csr" else (inner, outer)
    else:
        return None
    data = np.asarray(args["data"])
    keys = rows.astype(np.int64) * max(int(args["shape"][1]), 1) + columns.astype(np.int64)
    keys, inverse = np.unique(keys, return_inverse=True)
    total = np.zeros(len(keys), dtype=data.dtype)
    np.add.at(total, inverse.ravel(), data)  # what is stored twice counts together
    kept = total != 0
    return Entries(keys[kept], total[kept], int((~kept).sum()))


def together(one: Entries, two: Entries) -> tuple[np.ndarray[Any, Any], ...]:
    """Every position at which either holds something, and what each holds there."""
    keys, inverse = np.unique(np.concatenate([one.keys, two.keys]), return_inverse=True)
    inverse = inverse.ravel()
    first = np.zeros(len(keys), dtype=one.data.dtype)
    second = np.zeros(len(keys), dtype=two.data.dtype)
    first[inverse[: len(one.keys)]] = one.data
    second[inverse[len(one.keys) :]] = two.data
    return keys, first, second


def dense(matrix: New) -> np.ndarray[Any, Any] | None:
    """The whole matrix; None where it is of an unknown kind, or large."""
    shape = tuple(int(n) for n in matrix.args.get("shape", ()))
    known = entries(matrix)
    if known is None or len(shape) != 2 or shape[0] * shape[1] > MAX_CELLS:
        return None
    result = np.zeros(shape[0] * shape[1], dtype=known.data.dtype)
    result[known.keys] = known.data
    return result.reshape(shape)


def compressed(array: np.ndarray[Any, Any]) -> New:
    """A matrix of rows (csr) that holds what `array` holds."""
    rows, columns = np.nonzero(array)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(array)))])
    return New(
        "scipy.sparse.csr_matrix",
        {
            "data": array[rows, columns],
            "indices": columns,
            "indptr": indptr,
            "shape": array.shape,
        },
    )
