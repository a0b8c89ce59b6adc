"""A file of rows: what is known of it, and its rows in parts of bounded size."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from skmig.dataset.values import Array, joined, row_count, take, width
from skmig.errors import DataError

_FORMATS = "csv, tsv, npy, npz, jsonl, parquet and txt (one document per line)"
_ERRORS = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, csv.Error, OverflowError)


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a reader of one format gives: `blocks(n)` reads the file from its start, `n` rows at a
    time.

    `names` are those of the columns, None where there are none; `texts`: the columns that hold
    text, with the row (of the file, the first is 1) and the cell that says so.
    """

    rows: int
    blocks: Callable[[int], Iterator[Any]]
    names: tuple[str, ...] | None = None
    texts: Mapping[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Some rows as a neutral value, and their numbers in the file (the first is 0)."""

    numbers: Array
    value: Any


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A file of rows, of which only a part is in memory at any time."""

    path: Path
    rows: int
    names: tuple[str, ...] | None
    width: int | None
    texts: Mapping[str, tuple[int, str]]
    status: tuple[int, int]
    blocks: Callable[[int], Iterator[Any]]

    def chunks(self, size: int, sample: int | None = None) -> Iterator[Chunk]:
        """All rows, `size` at a time; or at most `sample` of them, evenly chosen.

        Raises DataError where the file cannot be read any more, or was changed meanwhile.
        """
        chosen = None
        if sample is not None and sample < self.rows:
            chosen = np.unique(np.linspace(0, self.rows - 1, sample).astype(np.int64))
        parts: list[Any] = []
        numbers: list[Array] = []
        for start, block in self._numbered(size):
            here = np.arange(row_count(block))
            if chosen is not None:
                first, last = np.searchsorted(chosen, [start, start + len(here)])
                here = chosen[first:last] - start
                block = take(block, here)
            if not len(here):
                continue
            parts.append(block)
            numbers.append(here + start)
            if sum(map(len, numbers)) < size:
                continue
            whole, known = joined(parts), np.concatenate(numbers)
            if len(known) == size:
                parts, numbers = [], []
                yield Chunk(numbers=known, value=whole)
            else:
                rest = np.arange(size, len(known))
                parts, numbers = [take(whole, rest)], [known[size:]]
                yield Chunk(numbers=known[:size], value=take(whole, np.arange(size)))
        if parts:
            yield Chunk(numbers=np.concatenate(numbers), value=joined(parts))

    def whole(self) -> Any:
        """All rows at once."""
        return next(self.chunks(self.rows)).value

    def _numbered(self, size: int) -> Iterator[tuple[int, Any]]:
        start = 0
        blocks = self.blocks(size)
        while True:
            try:
                block = next(blocks)
            except StopIteration:
                break
            except _ERRORS as exc:
                raise _unreadable(self.path, exc) from exc
            yield start, block
            start += row_count(block)
        if start != self.rows or _status(self.path) != self.status:
            raise DataError(
                f"`{self.path}` was changed while it was read",
                hint="Compare again when nothing writes to it any more.",
            )


def open_dataset(path: Path, folder: Path, *, dicts: bool = False) -> Dataset:
    """Look through a data file: its format, its number of rows, the types of its columns.

    `folder` may be made for what has to be unpacked; it must stay for as long as rows are read.
    `dicts`: keep the objects of a `.jsonl` file as dicts, for a DictVectorizer.
    Raises DataError, which names the file, what is wrong with it and what to do.
    """
    from skmig.dataset import arrays, lines, own, parquet, table

    readers: dict[str, Callable[[Path], Source]] = {
        ".csv": lambda p: table.read(p, ","),
        ".tsv": lambda p: table.read(p, "\t"),
        ".npy": arrays.npy,
        ".npz": lambda p: arrays.npz(p, folder),
        ".jsonl": lambda p: lines.jsonl(p, dicts),
        ".ndjson": lambda p: lines.jsonl(p, dicts),
        ".parquet": parquet.read,
        ".skmig": own.rows_of_training,
        ".txt": lines.txt,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            f"`{path}` is of a kind that cannot be read as data", hint=f"Known are {_FORMATS}."
        )
    try:
        status = _status(path)
        source = reader(path)
        if not source.rows:
            raise DataError(f"`{path}` holds no rows", hint="Give at least one row of input.")
        first = next(source.blocks(1))
    except DataError:
        raise
    except _ERRORS as exc:
        raise _unreadable(path, exc) from exc
    return Dataset(
        path=path,
        rows=source.rows,
        names=source.names,
        width=width(first),
        texts=source.texts,
        status=status,
        blocks=source.blocks,
    )


def _status(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _unreadable(path: Path, exc: Exception) -> DataError:
    said = f"it is not JSON: {exc}" if isinstance(exc, json.JSONDecodeError) else str(exc)
    return DataError(f"`{path}` cannot be read: {said}", hint=f"Known are {_FORMATS}.")


def unique(path: Path, names: tuple[str, ...]) -> None:
    """Raises DataError for names that stand twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"`{path}` has more than one column {', '.join(f'`{name}`' for name in twice)}",
            hint="Give every column a name of its own.",
        )
