"""Inputs and predictions as named columns: the same names in a log and in a record.

An input column keeps its name; where it has none it is `x0`, `x1`, …; documents are the column
`document`.  Predictions are `prediction` (`prediction[0]`, … of several outputs), probabilities
`probability[LABEL]`.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Role = Literal["input", "prediction", "probability"]
Value = int | float | str | None  # None: missing
DOCUMENT = "document"
FORMAT = "skmig prediction log 1"  # what each segment of a log says of itself


@dataclass(frozen=True)
class Column:
    """Where a value stands in a row."""

    name: str
    role: Role = "input"


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some rows of one segment of a log, in the order that they were logged."""

    columns: tuple[Column, ...]
    times: tuple[float, ...]
    values: tuple[tuple[Value, ...], ...]  # by column


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What was logged by one call (or by several that are alike), and not yet looked at.

    `times` is one of each row.
    """

    times: tuple[float, ...]
    count: int
    inputs: Any
    predictions: Any
    probabilities: Any
    labels: tuple[str, ...] | None

    def columns(self, names: Sequence[str] | None) -> dict[Column, list[Value]]:
        """The values by column; `names` are those of columns that have none themselves.

        Raises ValueError for what has other than `count` rows.
        """
        found = {Column(name): values for name, values in _inputs(self.inputs, names)}
        found |= {
            Column(name, "prediction"): values
            for name, values in _outputs("prediction", self.predictions, None)
        }
        found |= {
            Column(name, "probability"): values
            for name, values in _outputs("probability", self.probabilities, self.labels)
        }
        for column, values in found.items():
            if len(values) != self.count:
                raise ValueError(
                    f"`{column.name}` has {len(values)} values for {self.count} predictions"
                )
        return found


def taken(
    inputs: Any, predictions: Any, probabilities: Any, labels: Iterable[Any] | None, time: float
) -> Batch:
    """A batch of what the caller may change afterwards.  Raises TypeError for what has no rows."""
    first = next((item for item in (inputs, predictions, probabilities) if item is not None), None)
    if first is None:
        raise TypeError("there is nothing to log")
    count = int(first.shape[0]) if hasattr(first, "shape") else len(first)
    return Batch(
        times=(time,) * count,
        count=count,
        inputs=_copy(inputs),
        predictions=_copy(predictions),
        probabilities=_copy(probabilities),
        labels=None if labels is None else tuple(str(_plain(item)) for item in labels),
    )


def joined(batches: Iterable[Batch]) -> list[Batch]:
    """Batches that follow each other and are alike as one: a row alone costs much more."""
    runs: list[list[Batch]] = []
    last: Any = None
    for batch in batches:
        said = map(_form, (batch.predictions, batch.probabilities))
        form = (_form(batch.inputs, rows=True), *said, batch.labels)
        if runs and form == last:
            runs[-1].append(batch)
        else:
            runs.append([batch])
        last = form
    return [run[0] if len(run) == 1 else _as_one(run) for run in runs]


def _form(value: Any, rows: bool = False) -> Any:
    """What two values have in common that may stand below each other.

    A list is one of `rows`, or what the model says of several outputs, which is left alone.
    """
    if value is None:
        return None
    if isinstance(value, np.ndarray) and value.ndim:
        return (value.dtype, value.shape[1:])
    if hasattr(value, "iloc") and hasattr(value, "columns"):
        return (tuple(value.columns), tuple(value.dtypes))
    if rows and isinstance(value, list) and value:
        first = value[0]
        return (type(first), None if isinstance(first, str | Mapping) else len(first))
    return object()  # which equals nothing else


def _as_one(run: list[Batch]) -> Batch:
    def below(values: list[Any]) -> Any:
        if values[0] is None:
            return None
        if isinstance(values[0], np.ndarray):
            return np.concatenate(values)
        if isinstance(values[0], list):
            return [item for value in values for item in value]
        import pandas as pd

        return pd.concat(values, ignore_index=True)

    return Batch(
        times=tuple(time for batch in run for time in batch.times),
        count=sum(batch.count for batch in run),
        inputs=below([batch.inputs for batch in run]),
        predictions=below([batch.predictions for batch in run]),
        probabilities=below([batch.probabilities for batch in run]),
        labels=run[0].labels,
    )


def _copy(value: Any) -> Any:
    if value is None or isinstance(value, str | bytes):
        return value
    return value.copy() if hasattr(value, "copy") else list(value)


def _inputs(data: Any, names: Sequence[str] | None) -> Iterator[tuple[str, list[Value]]]:
    if data is None:
        return
    if hasattr(data, "iloc") and hasattr(data, "columns"):  # a DataFrame
        for i in range(data.shape[1]):
            yield str(data.columns[i]), _series(data.iloc[:, i])
        return
    if hasattr(data, "tocsr"):
        data = data.toarray()
    if hasattr(data, "iloc"):  # a Series: one document a row
        data = data.tolist()
    if not isinstance(data, np.ndarray):
        rows = list(data)
        if all(isinstance(item, Mapping) for item in rows):
            keys = dict.fromkeys(key for item in rows for key in item)
            for key in keys:
                yield str(key), [_plain(item.get(key)) for item in rows]
            return
        if all(isinstance(item, str) for item in rows):
            yield DOCUMENT, rows
            return
        # not as one array: numpy would make text of the numbers beside it
        data = np.empty((len(rows), len(rows[0]) if rows else 0), dtype=object)
        for i, item in enumerate(rows):
            data[i] = item
    if data.ndim == 1:
        yield DOCUMENT if data.dtype.kind in "OUS" else "x0", _values(data)
        return
    if data.ndim != 2:
        raise ValueError(f"the input has {data.ndim} dimensions, and rows have two")
    width = data.shape[1]
    own = names if names is not None and len(names) == width else unnamed(width)
    for i, name in enumerate(own):
        yield name, _values(data[:, i])


def unnamed(width: int) -> list[str]:
    """The names of columns that have none."""
    return [f"x{i}" for i in range(width)]


def _outputs(
    name: str, data: Any, labels: tuple[str, ...] | None
) -> Iterator[tuple[str, list[Value]]]:
    if data is None:
        return
    if isinstance(data, list) and data and isinstance(data[0], np.ndarray) and data[0].ndim == 2:
        for i, part in enumerate(data):  # probabilities of several outputs
            yield from _outputs(f"{name}[{i}]", part, None)
        return
    array = np.asarray(data)
    if array.ndim == 1:
        yield name, _values(array)
        return
    array = array.reshape(len(array), -1)
    if labels is None or len(labels) != array.shape[1]:
        labels = tuple(str(i) for i in range(array.shape[1]))
    for i, label in enumerate(labels):
        yield f"{name}[{label}]", _values(array[:, i])


def _series(series: Any) -> list[Value]:
    found = series.to_numpy()
    return _values(found) if isinstance(found, np.ndarray) else [_plain(item) for item in found]


def _values(array: np.ndarray[Any, Any]) -> list[Value]:
    if array.dtype.kind == "f":
        if np.isnan(array).any():
            return [None if item != item else item for item in array.tolist()]
        return array.tolist()  # type: ignore[no-any-return]
    if array.dtype.kind in "iu" and array.dtype != np.uint64:
        return array.tolist()  # type: ignore[no-any-return]
    if array.dtype.kind in "mM":
        return [None if text == "NaT" else text for text in array.astype(str).tolist()]
    return [_plain(item) for item in array.tolist()]


def _plain(value: Any) -> Value:
    """A value as a log keeps it: a number, a text or None."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if -(1 << 63) <= value < 1 << 63 else float(value)
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
