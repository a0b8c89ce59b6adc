"""One row in a line: JSON lines, and documents."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from skmig.dataset.dataset import Source
from skmig.dataset.values import Array, frame, objects
from skmig.errors import DataError

_LARGEST = 1 << 63


def txt(path: Path) -> Source:
    """Documents, one in a line."""

    def documents(size: int) -> Iterator[list[str]]:
        with path.open(encoding="utf-8") as file:
            while block := [line.rstrip("\n") for line in islice(file, size)]:
                yield block

    return Source(rows=sum(map(len, documents(4096))), blocks=documents)


@dataclass
class Items:
    """What the values of a column of JSON have been so far."""

    count: int = 0
    truths: int = 0
    integers: int = 0
    floats: int = 0
    missing: int = 0
    text: tuple[int, str] | None = None

    def look(self, item: Any, row: int) -> None:
        self.count += 1
        if item is None:
            self.missing += 1
        elif isinstance(item, bool):
            self.truths += 1
        elif isinstance(item, int) and -_LARGEST <= item < _LARGEST:
            self.integers += 1
        elif isinstance(item, int | float):
            self.floats += 1
        elif self.text is None:
            self.text = (row, str(item))

    def convert(self, items: Sequence[Any]) -> Array:
        """Items in the narrowest type that holds every item of the column."""
        if self.truths == self.count:
            return np.array(items, dtype=bool)
        if self.integers == self.count:
            return np.array(items, dtype=np.int64)
        if self.integers + self.floats + self.missing == self.count:
            return np.array([math.nan if item is None else item for item in items], dtype=float)
        return objects(items)


def jsonl(path: Path, dicts: bool) -> Source:
    """Objects, lists or texts, one in a line; null is missing.

    Raises DataError for a line that is not JSON, for lines of several kinds and of several lengths.
    """
    kinds: dict[str, int] = {}
    lengths: dict[int, int] = {}
    columns: dict[str, Items] = {}
    numbers = True
    count = 0
    for number, value in _values(path):
        count += 1
        kinds.setdefault(type(value).__name__, number)
        if isinstance(value, dict) and not dicts:
            for name, item in value.items():
                columns.setdefault(name, Items()).look(item, number)
        elif isinstance(value, list):
            lengths.setdefault(len(value), number)
            numbers = numbers and all(_is_number(item) for item in value)
    if len(kinds) > 1:
        where = ", ".join(f"{kind} (line {line})" for kind, line in sorted(kinds.items()))
        raise DataError(
            f"`{path}` mixes {where}",
            hint="Every line needs the same kind of value: an object, a list or a text.",
        )
    if kinds.keys() == {"list"} and numbers:
        if len(lengths) > 1:
            (one, _), (other, line) = sorted(lengths.items(), key=lambda item: item[1])[:2]
            raise DataError(
                f"`{path}`: line {line} has {other} values, the first has {one}",
                hint="Every line needs the same number of values.",
            )
        return Source(rows=count, blocks=lambda n: map(_rows, _blocks(path, n)))
    if not columns:
        return Source(rows=count, blocks=lambda n: _blocks(path, n))
    for column in columns.values():
        # a line without it
        column.missing += count - column.count
        column.count = count

    def frames(size: int) -> Iterator[Any]:
        for block in _blocks(path, size):
            found = {name: [row.get(name) for row in block] for name in columns}
            yield frame({name: columns[name].convert(items) for name, items in found.items()})

    texts = {name: column.text for name, column in columns.items() if column.text is not None}
    return Source(rows=count, blocks=frames, names=tuple(columns), texts=texts)


def _values(path: Path) -> Iterator[tuple[int, Any]]:
    """The value of each line that is not empty, with its number."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                yield number, json.loads(line)
            except ValueError as exc:
                raise DataError(
                    f"`{path}`: line {number} is not JSON: {exc}", hint="One JSON value per line."
                ) from exc


def _blocks(path: Path, size: int) -> Iterator[list[Any]]:
    values = (value for _, value in _values(path))
    while block := list(islice(values, size)):
        yield block


def _rows(block: list[list[Any]]) -> Array:
    return np.array([[math.nan if x is None else x for x in row] for row in block], dtype=float)


def _is_number(item: Any) -> bool:
    return item is None or (isinstance(item, int | float) and not isinstance(item, bool))
