"""The user's own data (`--data`) as a neutral value that the agent can build in any release.

A table with a header becomes a frame, numbers without names an array, lines of text documents.
Files are parsed here and not by pandas, so that the same file means the same on every machine.
"""

from __future__ import annotations

import csv
import json
import math
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skmig.errors import DataError
from skmig.payload import New

_FORMATS = "csv, tsv, npy, npz, jsonl, parquet and txt (one document per line)"


def read_data(path: Path, *, dicts: bool = False) -> Any:
    """Read a data file into a neutral value: an array, a frame, a sparse matrix, or a list.

    `dicts`: keep the objects of a `.jsonl` file as dicts, for a DictVectorizer.
    Raises DataError, which names the file, what is wrong with it and what to do.
    """
    readers: dict[str, Callable[[Path], Any]] = {
        ".csv": lambda p: _csv(p, ","),
        ".tsv": lambda p: _csv(p, "\t"),
        ".npy": _npy,
        ".npz": _npz,
        ".jsonl": lambda p: _jsonl(p, dicts),
        ".ndjson": lambda p: _jsonl(p, dicts),
        ".parquet": _parquet,
        ".txt": _txt,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            f"`{path}` is of a kind that cannot be read as data", hint=f"Known are {_FORMATS}."
        )
    try:
        value = reader(path)
    except DataError:
        raise
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, csv.Error) as exc:
        raise DataError(f"`{path}` cannot be read: {exc}", hint=f"Known are {_FORMATS}.") from exc
    if row_count(value) == 0:
        raise DataError(f"`{path}` holds no rows", hint="Give at least one row of input.")
    return value


def frame(columns: dict[str, np.ndarray[Any, Any]]) -> New:
    """A neutral DataFrame of named columns."""
    names = np.empty(len(columns), dtype=object)
    names[:] = list(columns)
    count = len(next(iter(columns.values()), ()))
    return New(
        "pandas.DataFrame",
        {
            "columns": New("pandas.Index", {"values": names, "name": None}),
            "index": New("pandas.RangeIndex", {"start": 0, "stop": count, "step": 1, "name": None}),
            "values": list(columns.values()),
        },
    )


def is_frame(value: Any) -> bool:
    return isinstance(value, New) and value.tag == "pandas.DataFrame"


def row_count(value: Any) -> int:
    """The number of rows of a neutral input."""
    if is_frame(value):
        index = value.args["index"]
        return int(index.args["stop"])
    if isinstance(value, New):
        return int(value.args["shape"][0])
    return len(value)


# ------------------------------------------------------------------ readers
def _csv(path: Path, delimiter: str) -> Any:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file, delimiter=delimiter) if row]
    if not rows:
        return []
    width = len(rows[0])
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise DataError(
                f"`{path}`: row {number} has {len(row)} fields, the first row has {width}",
                hint="Every row needs the same number of fields; quote those that hold commas.",
            )
    if all(_number(cell) is not None for cell in rows[0]):
        return np.array([[_cell(cell, path) for cell in row] for row in rows], dtype=np.float64)
    header, body = rows[0], rows[1:]
    _unique(path, header)
    return frame({name: _column([row[j] for row in body]) for j, name in enumerate(header)})


def _unique(path: Path, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise DataError(
            f"`{path}` has more than one column {', '.join(f'`{name}`' for name in twice)}",
            hint="Give every column a name of its own.",
        )


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _cell(cell: str, path: Path) -> float:
    if not cell.strip():
        return math.nan
    value = _number(cell)
    if value is None:
        raise DataError(
            f"`{path}`: `{cell}` is not a number, and the first row names no columns",
            hint="Add a header row, so that columns may hold text.",
        )
    return value


def _column(cells: list[str]) -> np.ndarray[Any, Any]:
    """A column with the narrowest type that holds every cell; an empty cell is missing."""
    given = [cell for cell in cells if cell.strip()]
    missing = len(given) < len(cells)
    if given and all(cell.strip().lower() in ("true", "false") for cell in given) and not missing:
        return np.array([cell.strip().lower() == "true" for cell in cells])
    if given and all(_number(cell) is not None for cell in given):
        if not missing and all(_integer(cell) for cell in given):
            return np.array([int(cell) for cell in cells], dtype=np.int64)
        return np.array([float(cell) if cell.strip() else math.nan for cell in cells])
    column = np.empty(len(cells), dtype=object)
    column[:] = [cell if cell.strip() else math.nan for cell in cells]
    return column


def _integer(cell: str) -> bool:
    text = cell.strip().lstrip("+-")
    return text.isascii() and text.isdigit() and len(text) < 19


def _npy(path: Path) -> Any:
    return _array(np.load(path, allow_pickle=False), path)


def _array(array: np.ndarray[Any, Any], path: Path) -> Any:
    if array.dtype.names is not None:
        return frame({name: np.ascontiguousarray(array[name]) for name in array.dtype.names})
    if array.ndim not in (1, 2):
        raise DataError(
            f"`{path}` holds an array of shape {array.shape}", hint="One row per input is needed."
        )
    if array.ndim == 1 and array.dtype.kind in "US":
        return [str(item) for item in array]
    return array


def _npz(path: Path) -> Any:
    with np.load(path, allow_pickle=False) as file:
        names = set(file.files)
        if {"format", "shape", "data"} <= names:
            return _sparse({name: file[name] for name in names}, path)
        chosen = [name for name in ("X", "data", "arr_0") if name in names]
        if not chosen and len(names) != 1:
            raise DataError(
                f"`{path}` holds {', '.join(sorted(names)) or 'nothing'}: which is the input?",
                hint="Save the input alone, or under the name `X`.",
            )
        return _array(file[chosen[0] if chosen else names.pop()], path)


def _sparse(parts: dict[str, np.ndarray[Any, Any]], path: Path) -> New:
    """What `scipy.sparse.save_npz` writes."""
    raw = parts["format"].item()
    kind = raw.decode() if isinstance(raw, bytes) else str(raw)
    shape = tuple(int(n) for n in parts["shape"])
    wanted = ("row", "col") if kind == "coo" else ("indices", "indptr")
    if kind not in ("csr", "csc", "coo") or not all(name in parts for name in wanted):
        raise DataError(
            f"`{path}` holds a sparse matrix of format `{kind}`",
            hint="Save it with `scipy.sparse.save_npz(path, X.tocsr())`.",
        )
    args: dict[str, Any] = {"data": parts["data"], "shape": shape}
    args.update((name, parts[name]) for name in wanted)
    return New(f"scipy.sparse.{kind}_matrix", args)


def _jsonl(path: Path, dicts: bool) -> Any:
    rows = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                rows.append(json.loads(line))
            except ValueError as exc:
                raise DataError(
                    f"`{path}`: line {number} is not JSON: {exc}", hint="One JSON value per line."
                ) from exc
    kinds = {type(row) for row in rows}
    if len(kinds) > 1:
        raise DataError(
            f"`{path}` mixes {', '.join(sorted(kind.__name__ for kind in kinds))}",
            hint="Every line needs the same kind of value: an object, a list or a text.",
        )
    if kinds == {dict} and not dicts:
        names = list(dict.fromkeys(name for row in rows for name in row))
        return frame({name: _items([row.get(name) for row in rows]) for name in names})
    if kinds == {list} and all(
        isinstance(item, int | float | None) and not isinstance(item, bool)
        for row in rows
        for item in row
    ):
        if len({len(row) for row in rows}) > 1:
            raise DataError(f"`{path}`: lines of different length", hint="One row per line.")
        return np.array([[math.nan if x is None else x for x in row] for row in rows], dtype=float)
    return rows


def _items(items: list[Any]) -> np.ndarray[Any, Any]:
    """A column of JSON values."""
    if all(isinstance(item, bool) for item in items):
        return np.array(items, dtype=bool)
    if all(isinstance(item, int) and not isinstance(item, bool) for item in items):
        return np.array(items, dtype=np.int64)
    if all(isinstance(item, int | float | None) and not isinstance(item, bool) for item in items):
        return np.array([math.nan if item is None else item for item in items], dtype=np.float64)
    column = np.empty(len(items), dtype=object)
    column[:] = [math.nan if item is None else item for item in items]
    return column


def _parquet(path: Path) -> Any:
    try:
        from pyarrow import parquet
    except ImportError as exc:
        raise DataError(
            "reading parquet needs pyarrow, which is not installed",
            hint="Run `pip install 'skmig[parquet]'`, or give the data as csv.",
        ) from exc
    table = parquet.read_table(path)
    return frame({name: _items(table.column(name).to_pylist()) for name in table.column_names})


def _txt(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


# ------------------------------------------------------------------ columns
def check_columns(
    value: Any,
    *,
    names: Sequence[str] | None = None,
    count: int | None = None,
    numeric: Sequence[str] = (),
) -> None:
    """Do the columns of the data fit the model?

    `names` and `count` are what the model was fitted on, `numeric` the columns that it needs as
    numbers.  Raises DataError for a missing, extra, reordered or mistyped column.
    """
    if not is_frame(value):
        width = value.shape[1] if getattr(value, "ndim", 0) == 2 else None
        if isinstance(value, New):
            width = int(value.args["shape"][1])
        if count is not None and width is not None and width != count:
            raise DataError(
                f"the data has {width} columns, the model was fitted on {count}",
                hint="Give the columns that the model was fitted on, without the target.",
            )
        return
    given = [str(name) for name in value.args["columns"].args["values"]]
    if names is None and count is not None and len(given) != count:
        raise DataError(
            f"the data has {len(given)} columns, the model was fitted on {count}",
            hint="Give the columns that the model was fitted on, without the target.",
        )
    if names is not None:
        _check_names(given, list(names))
    for name, column in zip(given, value.args["values"], strict=True):
        if name in numeric and column.dtype == object:
            text = next(item for item in column if isinstance(item, str))
            raise DataError(
                f"column `{name}` holds text (`{text}`), the model needs numbers",
                hint=f"Correct `{name}` in the data.",
            )


def _check_names(given: list[str], wanted: list[str]) -> None:
    order = f"The model was fitted on: {', '.join(wanted)}."
    missing = [name for name in wanted if name not in given]
    extra = [name for name in given if name not in wanted]
    if missing or extra:
        said = [
            f"{what} {', '.join(f'`{name}`' for name in found)}"
            for what, found in (("lacks column", missing), ("has the extra column", extra))
            if found
        ]
        raise DataError(f"the data {' and '.join(said)}", hint=order)
    if given != wanted:
        raise DataError("the columns of the data are in another order than the model's", hint=order)
