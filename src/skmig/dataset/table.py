"""Tables of text: csv and tsv."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from skmig.dataset.dataset import Source, unique
from skmig.dataset.values import Array, frame, objects
from skmig.errors import DataError

_BLOCK = 8192  # rows that are looked at together
_TRUTHS = {"true": True, "false": False}


@dataclass
class Column:
    """What the cells of a column have been so far; an empty cell is missing."""

    given: int = 0
    missing: int = 0
    truths: int = 0
    numbers: int = 0
    integers: int = 0
    text: tuple[int, str] | None = None

    def look(self, cells: Sequence[str], start: int) -> None:
        """Look at cells, the first of which is in row `start`."""
        if _plain(cells):
            self.given += len(cells)
            self.numbers += len(cells)
            if self.integers == self.numbers - len(cells):
                self.integers += sum(map(_integer, cells))
            return
        for row, cell in enumerate(cells, start):
            bare = cell.strip()
            if not bare:
                self.missing += 1
                continue
            self.given += 1
            if _number(bare) is not None:
                self.numbers += 1
                self.integers += _integer(bare)
            elif bare.lower() in _TRUTHS:
                self.truths += 1
            if self.text is None and _number(bare) is None:
                self.text = (row, cell)

    def convert(self, cells: Sequence[str]) -> Array:
        """Cells in the narrowest type that holds every cell of the column."""
        whole = self.given and not self.missing
        if whole and self.truths == self.given:
            return np.array([_TRUTHS[cell.strip().lower()] for cell in cells])
        if self.given and self.numbers == self.given:
            if whole and self.integers == self.given:
                return np.array(list(map(int, cells)), dtype=np.int64)
            return _floats(cells)
        return objects([cell if cell.strip() else None for cell in cells])

    @property
    def is_text(self) -> bool:
        return bool(self.given) and self.given not in (self.numbers, self.truths)


def read(path: Path, delimiter: str) -> Source:
    """Look through a table.  The first row names the columns, unless it holds numbers.

    Raises DataError for rows of different length, two columns of one name, and text without names.
    """
    rows = _rows(path, delimiter)
    first = next(rows, None)
    if first is None:
        return Source(rows=0, blocks=lambda _size: iter(()))
    headed = any(_number(cell) is None for cell in first)
    if headed:
        unique(path, tuple(first))
    else:
        rows = _rows(path, delimiter)
    columns = [Column() for _ in first]
    start = 2 if headed else 1
    count = 0
    for block in _blocks(path, rows, len(first), start, _BLOCK):
        for column, cells in zip(columns, zip(*block, strict=True), strict=True):
            column.look(cells, start + count)
        count += len(block)
    names = tuple(first) if headed else None
    if names is None:
        _only_numbers(path, columns)

    def blocks(size: int) -> Iterator[object]:
        body = islice(_rows(path, delimiter), 1 if headed else 0, None)
        for block in _blocks(path, body, len(first), start, size):
            cells = list(zip(*block, strict=True))
            if names is None:
                yield np.stack([_floats(column) for column in cells], axis=1)
            else:
                parts = zip(names, columns, cells, strict=True)
                yield frame({name: column.convert(part) for name, column, part in parts})

    texts = {
        name: column.text
        for name, column in zip(names or (), columns, strict=names is not None)
        if column.is_text and column.text is not None
    }
    return Source(rows=count, blocks=blocks, names=names, texts=texts)


def _rows(path: Path, delimiter: str) -> Iterator[list[str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        yield from filter(None, csv.reader(file, delimiter=delimiter))


def _blocks(
    path: Path, rows: Iterator[list[str]], width: int, start: int, size: int
) -> Iterator[list[list[str]]]:
    """Rows, `size` at a time, all of one width; `start` is the number of the first."""
    while block := list(islice(rows, size)):
        if set(map(len, block)) != {width}:
            place = next(i for i, row in enumerate(block) if len(row) != width)
            raise DataError(
                f"`{path}`: row {start + place} has {len(block[place])} fields, the first row has "
                f"{width}",
                hint="Every row needs the same number of fields; quote those that hold commas.",
            )
        start += len(block)
        yield block


def _only_numbers(path: Path, columns: list[Column]) -> None:
    found = [column.text for column in columns if column.text is not None]
    if found:
        row, cell = min(found)
        raise DataError(
            f"`{path}`: `{cell}` in row {row} is not a number, and the first row names no columns",
            hint="Add a header row, so that columns may hold text.",
        )


# ------------------------------------------------------------------ cells
def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)  # Python reads 1_000 as a number
    except ValueError:
        return None


def _integer(cell: str) -> bool:
    text = cell.strip().lstrip("+-")
    return text.isascii() and text.isdigit() and len(text) < 19


def _plain(cells: Sequence[str]) -> bool:
    """Are all of the cells numbers?"""
    try:
        list(map(float, cells))
    except ValueError:
        return False
    return "_" not in "".join(cells)


def _floats(cells: Sequence[str]) -> Array:
    try:
        return np.array(list(map(float, cells)))
    except ValueError:
        return np.array([float(cell) if cell.strip() else math.nan for cell in cells])
