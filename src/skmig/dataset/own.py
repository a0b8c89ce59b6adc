"""The user's own rows that the record of training day kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from skmig.dataset.dataset import Source
from skmig.dataset.values import BY_ROW, columns_of, frame, is_frame, row_count, take
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
    names = tuple(columns_of(value)) if is_frame(value) else None
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
        return list(value.args["values"])
    if not is_frame(value):
        return value
    names = value.args["columns"].args["values"]
    if isinstance(names, New):  # text of pandas 3
        names = names.args["items"]
    for column in value.args["values"]:
        if isinstance(column, New) and column.tag not in BY_ROW:
            raise KeyError(f"columns of {column.tag}")
    if len({*names}) != len(names):
        raise KeyError("columns of the same name")
    return frame(dict(zip(names, value.args["values"], strict=True)))
