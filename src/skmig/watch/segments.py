"""The files of a log: segments in one folder, each written by one process.

So writers never wait for each other, and what one of them leaves behind when it is killed is whole.
A segment ends by its size or its age, and is deleted by its age or when all together are too large.
There are two formats (`sqlite`, `parquet`), which may lie in one folder.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Protocol

from skmig.errors import UnreadableError, UsageError
from skmig.watch import parquet, sqlite
from skmig.watch.rows import Column, Part, Value

FORMATS: Mapping[str, ModuleType] = {"sqlite": sqlite, "parquet": parquet}
PATTERNS = tuple(f"*{module.SUFFIX}" for module in FORMATS.values())


class Segment(Protocol):
    """A segment that this process appends to."""

    columns: tuple[Column, ...]
    born: float

    @property
    def size(self) -> int:
        """In bytes."""

    @property
    def gone(self) -> bool:
        """Did somebody delete it, so that what is written to it would be lost?"""

    def write(self, times: Sequence[float], values: Sequence[Sequence[Value]]) -> None:
        """Append rows, all or none; `values` are by column."""

    def close(self) -> None:
        """Nothing more will be written."""


class Reader(Protocol):
    """One segment, to be read while it may be written to."""

    @property
    def columns(self) -> tuple[Column, ...]: ...

    @property
    def meta(self) -> Mapping[str, str]: ...

    def newest(self) -> float | None:
        """The time of the latest row."""

    def parts(self, since: float, until: float) -> Iterator[Part]:
        """The rows of `since` <= time < `until`, some at a time.  Raises UnreadableError."""


def check(form: str) -> None:
    """Raises UsageError for what is no format, or one whose library is not installed."""
    if form not in FORMATS:
        raise UsageError(
            f"`{form}` is no format of a log", hint=f"choose {' or '.join(map(repr, FORMATS))}"
        )
    FORMATS[form].check()


def begin(form: str, folder: Path, columns: Sequence[Column], meta: Mapping[str, str]) -> Segment:
    """A new segment.  Raises ValueError for more columns than it takes, OSError, and others."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    module = FORMATS[form]
    name = f"{stamp}-{os.getpid()}-{secrets.token_hex(4)}{module.SUFFIX}"
    found: Segment = module.Segment(folder / name, columns, meta)
    return found


def files(folder: Path) -> list[Path]:
    """The segments of a log, the oldest first."""
    return sorted(path for module in FORMATS.values() for path in module.files(folder))


def reader(path: Path) -> Reader | None:
    """One segment; None for one that is gone, or to which nothing was ever written.

    Raises UnreadableError for a file that is damaged, or none; UsageError where the library that
    reads it is not installed.
    """
    module = _module(path)
    module.check()
    found: Reader | None = module.reader(path)
    return found


def size(path: Path) -> int:
    """Of all files of a segment, in bytes."""
    total = 0
    for item in _pieces(path):
        with contextlib.suppress(OSError):
            total += item.stat().st_size
    return total


def last_written(path: Path) -> float:
    """When it was last written to; 0 of one that is gone."""
    latest = 0.0
    for item in _pieces(path):
        with contextlib.suppress(OSError):
            latest = max(latest, item.stat().st_mtime)
    return latest


def expire(folder: Path, now: float, keep_seconds: float, keep_bytes: int, closed: float) -> None:
    """Delete what is older than `keep_seconds`, then the oldest until `keep_bytes` remain.

    Only what nobody has written to for `closed` seconds: a segment that lives is not the oldest.
    """
    found = [(path, last_written(path), size(path)) for path in files(folder)]
    total = sum(size for _, _, size in found)
    for path, written, bytes_ in found:
        if now - written < closed or (now - written < keep_seconds and total <= keep_bytes):
            continue
        for item in _pieces(path):
            with contextlib.suppress(OSError):
                item.unlink()
        total -= bytes_


def _pieces(path: Path) -> list[Path]:
    found: list[Path] = _module(path).pieces(path)
    return found


def _module(path: Path) -> ModuleType:
    for module in FORMATS.values():
        if path.suffix == module.SUFFIX:
            return module
    raise UnreadableError(
        f"`{path}` is no segment of a prediction log",
        hint=f"segments are called {' or '.join(PATTERNS)}",
    )
