"""Rows as neutral values that the agent can build in any release, and parts of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skmig.payload import New

Array = np.ndarray[Any, Any]


def frame(columns: Mapping[str, Array]) -> New:
    """A neutral DataFrame of named columns."""
    names = np.empty(len(columns), dtype=object)
    names[:] = list(columns)
    return table(New("pandas.Index", {"values": names, "name": None}), list(columns.values()))


def table(columns: Any, values: list[Any]) -> New:
    """A neutral DataFrame of a neutral index of columns and their values."""
    first = values[0] if values else ()
    count = len(first.args[BY_ROW[first.tag]]) if isinstance(first, New) else len(first)
    index = New("pandas.RangeIndex", {"start": 0, "stop": count, "step": 1, "name": None})
    return New("pandas.DataFrame", {"columns": columns, "index": index, "values": values})


def is_frame(value: Any) -> bool:
    return isinstance(value, New) and value.tag == "pandas.DataFrame"


def row_count(value: Any) -> int:
    """The number of rows of a neutral input."""
    if is_frame(value):
        return int(value.args["index"].args["stop"])
    if isinstance(value, New):
        return int(value.args["shape"][0])
    return len(value)


def width(value: Any) -> int | None:
    """The number of columns of a neutral input; None where it has none."""
    if is_frame(value):
        return len(value.args["values"])
    if isinstance(value, New):
        return int(value.args["shape"][1])
    return int(value.shape[1]) if getattr(value, "ndim", 0) == 2 else None


def take(value: Any, rows: Array) -> Any:
    """Some rows of a neutral input, in ascending order."""
    if is_frame(value):
        parts = [_some(column, rows) for column in value.args["values"]]
        return table(value.args["columns"], parts)
    if isinstance(value, New):
        return neutral_matrix(matrix(value)[rows], value.tag)
    if isinstance(value, np.ndarray):
        return value[rows]
    return [value[row] for row in rows]


def joined(parts: Sequence[Any]) -> Any:
    """Several parts of one input as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    if is_frame(first):
        columns = zip(*(part.args["values"] for part in parts), strict=True)
        return table(first.args["columns"], [_glued(column) for column in columns])
    if isinstance(first, New):
        from scipy import sparse

        return neutral_matrix(sparse.vstack([matrix(part) for part in parts]), first.tag)
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    return [item for part in parts for item in part]


# columns of pandas that are no arrays of numpy: which of their parts has one item a row
BY_ROW = {
    "pandas.Categorical": "codes",
    "pandas.array": "items",
    "pandas.periods": "items",
    "pandas.zoned": "utc",
}


def _some(column: Any, rows: Array) -> Any:
    if not isinstance(column, New):
        return column[rows]
    part = BY_ROW[column.tag]
    return New(column.tag, {**column.args, part: take(column.args[part], rows)})


def _glued(columns: Sequence[Any]) -> Any:
    """One column of the same in several parts."""
    first = columns[0]
    if not isinstance(first, New):
        return np.concatenate(columns)
    part = BY_ROW[first.tag]
    whole = joined([column.args[part] for column in columns])
    return New(first.tag, {**first.args, part: whole})


def matrix(value: New) -> Any:
    """A neutral sparse matrix as one whose rows can be taken."""
    from scipy import sparse

    args, shape = value.args, value.args["shape"]
    if value.tag.endswith(".coo_matrix"):
        return sparse.coo_matrix((args["data"], (args["row"], args["col"])), shape=shape).tocsr()
    make = getattr(sparse, value.tag.rsplit(".", 1)[1])
    return make((args["data"], args["indices"], args["indptr"]), shape=shape)


def neutral_matrix(found: Any, tag: str) -> New:
    """A sparse matrix of scipy as a neutral one of the class `tag`."""
    kind = tag.rpartition(".")[2].partition("_")[0]
    found = found.asformat(kind)
    args: dict[str, Any] = {"data": found.data, "shape": tuple(int(n) for n in found.shape)}
    names = ("row", "col") if kind == "coo" else ("indices", "indptr")
    return New(tag, args | {name: getattr(found, name) for name in names})


def objects(items: Sequence[Any]) -> Array:
    """A column of objects; what is None or an empty text is missing."""
    column = np.empty(len(items), dtype=object)
    column[:] = [math.nan if item is None else item for item in items]
    return column
