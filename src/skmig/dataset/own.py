"""The user's own rows that the record of training day kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from skmig.dataset.dataset import Source
from skmig.dataset.values import BY_ROW, is_frame, row_count, table, take
from skmig.errors import DataError
from skmig.payload import Bundle, New, WireError


def rows_of_training(path: Path) -> Source:
    """The rows in a record of training day.  Raises DataError where there are none."""
    try:
        with Bundle(str(path)) as bundle:
            probes = bundle.document("own-probes")
        value = _plain(next(iter(probes.values()))["input"])
    except (WireError, OSError, StopIteration, KeyError, TypeError, AttributeError) as exc:
        raise DataError(
            f"`{path.name}` holds no rows of training day that can be asked in parts: {exc}",
            hint="give a file of rows with --data",
        ) from exc
    count = row_count(value)
    names = tuple(_items(value.args["columns"].args["values"])) if is_frame(value) else None
    if names is not None and not all(isinstance(name, str) for name in names):
        names = None
    return Source(
        rows=count,
        names=names,
        blocks=lambda size: (
            take(value, np.arange(start, min(start + size, count)))
            for start in range(0, count, size)
        ),
    )


def _plain(value: Any) -> Any:
    """A table without its index, a series as a list."""
    if isinstance(value, New) and value.tag == "pandas.Series":
        return _items(value.args["values"])
    if not is_frame(value):
        return value
    for column in value.args["values"]:
        if isinstance(column, New) and column.tag not in BY_ROW:
            raise KeyError(f"columns of {column.tag}")
    return table(value.args["columns"], value.args["values"])


def _items(values: Any) -> list[Any]:
    """An array of numpy or a neutral one of pandas (as which pandas 3 keeps text) as a list."""
    return list(values.args[BY_ROW[values.tag]] if isinstance(values, New) else values)
