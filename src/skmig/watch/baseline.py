"""What rows were like before: those of training in a record, or those of a log."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from skmig.agent.neutral import New
from skmig.dataset import values
from skmig.errors import UnreadableError
from skmig.watch.profile import Profile
from skmig.watch.records import Known
from skmig.watch.rows import Batch, Column, Value

Profiles = dict[Column, Profile]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Baseline:
    """Profiles by column.  `words` say whose rows they are; `categories` which values a column may
    have at all, where that is known (a categorical of pandas)."""

    words: str
    rows: int
    profiles: Profiles
    categories: Mapping[str, frozenset[Any]]
    positions: bool = False  # the columns have no names of their own


def from_record(known: Known) -> Baseline | None:
    """The rows of training in a record; None where it has none.  Raises UnreadableError."""
    if known.rows is None:
        return None
    probes, answers = (known.document(name) for name in known.rows)
    try:
        place = next(iter(probes))
        found = probes[place]["input"]
        inputs, categories = _plain_input(found)
        rows = inputs.shape[0] if hasattr(inputs, "shape") else len(inputs)
        columns = _batch(inputs, None, None, rows).columns(known.names)
        methods = answers[place]["methods"]
        columns |= _answers(methods, rows)
        profiles = {column: Profile() for column in columns}
        for column, items in columns.items():
            profiles[column].add(items)
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as exc:
        raise UnreadableError(
            f"the rows in the record `{known.path.name}` cannot be read",
            causes=(f"{type(exc).__name__}: {exc}",),
            hint="capture the model again, or compare with earlier rows of the log: --against 7d",
        ) from exc
    return Baseline(
        words=f"the {rows} rows of training in {known.path.name}",
        rows=rows,
        profiles=profiles,
        categories=categories,
        positions=known.names is None and not values.is_frame(found),
    )


def _batch(inputs: Any, predictions: Any, probabilities: Any, rows: int) -> Batch:
    return Batch(
        times=(0.0,) * rows,
        count=rows,
        inputs=inputs,
        predictions=predictions,
        probabilities=probabilities,
        labels=None,
    )


def _plain_input(found: Any) -> tuple[Any, dict[str, frozenset[Any]]]:
    """A neutral input as the log takes one, and the categories of its columns."""
    if isinstance(found, New) and not values.is_frame(found):
        return values.matrix(found), {}
    if not values.is_frame(found):
        return found, {}
    columns, categories = {}, {}
    for name, column in zip(_index(found.args["columns"]), found.args["values"], strict=True):
        columns[str(name)], allowed = _plain_column(column)
        if allowed is not None:
            categories[str(name)] = allowed
    names = list(columns)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return rows, categories


def _index(found: Any) -> list[Any]:
    """The values of a neutral index."""
    if "values" in found.args:
        return _plain_column(found.args["values"])[0]
    return list(range(*(found.args[name] for name in ("start", "stop", "step"))))


def _plain_column(column: Any) -> tuple[list[Any], frozenset[Any] | None]:
    if isinstance(column, np.ndarray):
        if column.dtype.kind in "mM":
            return [None if str(item) == "NaT" else str(item) for item in column], None
        return column.tolist(), None
    if column.tag == "pandas.Categorical":
        known = _index(column.args["categories"])
        items = [None if code < 0 else known[code] for code in column.args["codes"].tolist()]
        return items, frozenset(known)
    if "items" in column.args:
        return list(column.args["items"]), None
    if column.tag == "pandas.zoned":
        return _plain_column(column.args["utc"])
    raise ValueError(f"a column of {column.tag} has no plain values")


def _answers(methods: Mapping[str, Any], rows: int) -> dict[Column, list[Value]]:
    """What the model said to these rows, by column; an answer to some of them only is none."""
    said = {
        name: np.asarray(entry["value"])
        for name, entry in methods.items()
        if name in ("predict", "predict_proba")
        and isinstance(entry.get("value"), np.ndarray)
        and len(entry["value"]) == rows
    }
    batch = dataclasses.replace(
        _batch(None, said.get("predict"), said.get("predict_proba"), rows), labels=_labels(said)
    )
    return batch.columns(None)


def _labels(said: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The labels of probabilities, where the predictions name as many as there are columns."""
    if {"predict", "predict_proba"} <= said.keys() and said["predict"].ndim == 1:
        labels = np.unique(
            said["predict"].astype(str) if said["predict"].dtype.kind == "O" else said["predict"]
        )
        if said["predict_proba"].ndim == 2 and len(labels) == said["predict_proba"].shape[1]:
            return tuple(str(item) for item in labels.tolist())
    return None


def matched(baseline: Baseline, names: Iterator[str] | list[str]) -> dict[str, str]:
    """The baseline's name of each of the log's input columns, where they are the same by position.

    A log of arrays names its columns `x0`, `x1`, …, and so does a record; one of the two may know
    the names nevertheless.
    """
    own = [column.name for column in baseline.profiles if column.role == "input"]
    found = list(names)
    if len(own) != len(found) or set(own) == set(found):
        return {}
    unnamed = [f"x{i}" for i in range(len(own))]
    if found == unnamed or own == unnamed:
        return dict(zip(found, own, strict=True))
    return {}
