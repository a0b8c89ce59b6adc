"""`skmig.PredictionLog`: what a served model was asked and what it said, appended to a log.

Made for the serving path: `add` copies its arguments and returns.  A thread of this process turns
them into rows and writes them, many in one transaction.  What goes wrong is counted and said once
(`logging`, logger `skmig.log`), and never raised unless asked for.
"""

from __future__ import annotations

import collections
import contextlib
import logging
import multiprocessing.util
import os
import threading
import time as clock
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from skmig.errors import OutputError, UsageError
from skmig.watch import segments
from skmig.watch.rows import Batch, Column, Value, joined, taken

_LOGGER = logging.getLogger("skmig.log")
_LOGS: weakref.WeakSet[PredictionLog] = weakref.WeakSet()
_INHERITED: list[Any] = []  # connections of a parent, which a child may neither use nor close


class PredictionLog:
    """An append-only log of inputs and predictions: a folder of SQLite or Parquet files.

    path            the folder; several processes may log to the same
    format          "sqlite", or "parquet" (with pyarrow), where each batch is a file until the
                    segment ends
    record          the model or its record: `skmig watch` then knows whose rows these are
    columns         the names of the columns of arrays and lists, or, with `only`, of those to keep
    only            keep no other input columns than `columns` (personal data, very wide inputs)
    batch, every    rows are written when `batch` wait, or after `every` seconds
    pending         most rows that wait in memory; more are dropped, and counted
    wait            seconds that `add` waits for room before it drops; 0: never
    segment_bytes, segment_seconds   when a file is full; a new one is begun
    keep_bytes, keep_days            when old files are deleted
    strict          raise in `add` what went wrong, there or in the thread since

    A process that is killed loses what waits: at most `pending` rows, in quiet times those of the
    last `every` seconds.  A machine that loses its power may lose the last transactions too.
    Safe to use from several threads, and in children of a fork, each of which writes its own file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        format: str = "sqlite",  # noqa: A002 - what it is called
        record: str | os.PathLike[str] | None = None,
        columns: Sequence[str] | None = None,
        only: bool = False,
        batch: int = 1000,
        every: float = 5.0,
        pending: int = 50_000,
        wait: float = 0.0,
        segment_bytes: int = 64 << 20,
        segment_seconds: float = 3600.0,
        keep_bytes: int = 4 << 30,
        keep_days: float = 30.0,
        strict: bool = False,
    ) -> None:
        if only and not columns:
            raise UsageError(
                "only=True keeps the named columns, and none are named",
                hint='name them, such as columns=["age", "income"]',
            )
        segments.check(format)
        self._format = format
        self.path = Path(path)
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"`{path}` is a file, and a log is a folder", hint="name a folder")
        self._meta = {"pid": "", "model": ""}
        if record is not None:
            from skmig.watch import records

            known = records.read(Path(record))
            self._meta["model"] = known.artifact.sha256
            columns = columns or known.names
        self._columns = None if columns is None else [str(name) for name in columns]
        self._only = frozenset(self._columns or ()) if only else None
        self._batch, self._every = max(1, batch), every
        self._pending, self._wait = max(1, pending), wait
        self._segment_bytes, self._segment_seconds = segment_bytes, segment_seconds
        self._keep_bytes, self._keep_seconds = keep_bytes, keep_days * 86400
        self._strict = strict
        self._said: set[str] = set()
        self._segment: segments.Segment | None = None
        self._begin()
        _LOGS.add(self)

    def _begin(self) -> None:
        """Nothing waits and nobody writes: at first, and in a child after a fork."""
        self.written = 0  # rows that are in the log
        self.dropped = 0  # rows that are not, and never will be
        self.errors = 0  # what went wrong, calls and writes
        self.error: Exception | None = None  # the last of it
        self._changed = threading.Condition()
        self._waiting: collections.deque[Batch] = collections.deque()
        self._rows = 0  # that wait or are being written
        self._flushing = 0
        self._thread: threading.Thread | None = None
        self._closed = False
        if self._segment is not None:
            _INHERITED.append(self._segment)
            self._segment = None

    # ------------------------------------------------------------------ the serving path
    def add(
        self,
        inputs: Any,
        predictions: Any = None,
        *,
        probabilities: Any = None,
        labels: Iterable[Any] | None = None,
        time: float | None = None,
    ) -> None:
        """Log rows: what the model was asked, and what it said to each.

        `inputs`: array (n, columns), DataFrame, sparse matrix, list of rows, of dicts or of texts;
        `predictions`: what `predict` gave; `probabilities`: (n, classes), with their `labels`
        (`model.classes_`); `time`: seconds since 1970, default now.
        """
        count = 0
        try:
            batch = taken(
                inputs, predictions, probabilities, labels, clock.time() if time is None else time
            )
            count = batch.count
            if count:
                self._put(batch)
        except Exception as exc:
            self._failed(exc, count)
            if self._strict:
                raise
        if self._strict and self.error is not None:
            error, self.error = self.error, None
            raise OutputError(
                f"the predictions cannot be logged to `{self.path}`: {error}",
                hint="free some disk space, or log to another folder",
            ) from error

    def _put(self, batch: Batch) -> None:
        with self._changed:
            if self._closed:
                raise ValueError("the log is closed")
            if self._thread is None:
                self._start()
            room = self._changed.wait_for(
                lambda: not self._rows or self._rows + batch.count <= self._pending,
                timeout=self._wait,
            )
            if not room:
                raise BufferError(
                    f"rows come faster than they can be written: {self._rows} wait already"
                )
            self._waiting.append(batch)
            self._rows += batch.count
            if self._rows >= self._batch:
                self._changed.notify_all()

    def _failed(self, exc: Exception, rows: int) -> None:
        self.errors += 1
        self.dropped += rows
        self.error = exc
        text = f"{type(exc).__name__}: {exc}"
        kind = type(exc).__name__ if isinstance(exc, BufferError) else text
        if kind not in self._said and len(self._said) < 100:
            self._said.add(kind)
            _LOGGER.warning("predictions are not logged to %s: %s", self.path, text)

    def flush(self, timeout: float | None = 30.0) -> bool:
        """Wait until all that was added is written, or dropped; False where that took too long."""
        with self._changed:
            if self._thread is None:
                return True
            self._flushing += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: not self._rows, timeout=timeout)
            finally:
                self._flushing -= 1

    def close(self, timeout: float | None = 30.0) -> None:
        """Write what waits and end the file.  Runs at the end of a process by itself."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify_all()
        if thread is not None:
            thread.join(timeout)

    def __enter__(self) -> PredictionLog:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # ------------------------------------------------------------------ the thread
    def _start(self) -> None:
        self._thread = threading.Thread(target=self._write_all, name="skmig-log", daemon=True)
        self._thread.start()
        # at the end of the main process, and of a child of multiprocessing, which has no atexit
        closing = weakref.WeakMethod(self.close)
        multiprocessing.util.Finalize(None, _close, args=(closing,), exitpriority=100)

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closed or self._flushing or self._rows >= self._batch,
                    timeout=self._every,
                )
                some, count = list(self._waiting), self._rows
                self._waiting.clear()
                closed = self._closed
            left = count  # rows of which nothing is known yet
            try:
                batches, columns = self._turned(some)
                left = sum(batch.count for batch in batches)
                if batches:
                    self._write(batches, columns)
            except Exception as exc:  # the disk is full, the folder is gone
                self._failed(exc, left)
                self._end()
            with contextlib.suppress(Exception):
                self._rotate()
            with self._changed:
                self._rows -= count
                self._changed.notify_all()
                if closed and not self._waiting:
                    self._end()
                    return

    def _turned(self, some: list[Batch]) -> tuple[list[Batch], list[dict[Column, list[Value]]]]:
        """Batches as columns; what cannot be turned is dropped alone."""
        batches: list[Batch] = []
        turned: list[dict[Column, list[Value]]] = []
        for batch in joined(some):
            try:
                found = batch.columns(self._columns)
            except Exception as exc:
                self._failed(exc, batch.count)
                continue
            if self._only is not None:
                found = {
                    column: values
                    for column, values in found.items()
                    if column.role != "input" or column.name in self._only
                }
            batches.append(batch)
            turned.append(found)
        return batches, turned

    def _write(self, batches: list[Batch], turned: list[dict[Column, list[Value]]]) -> None:
        wanted = dict.fromkeys(column for found in turned for column in found)
        segment = self._segment
        if segment is not None and segment.gone:
            self._end()
        elif segment is not None and not wanted.keys() <= set(segment.columns):
            wanted = dict.fromkeys([*segment.columns, *wanted])
            self._end()
        if self._segment is None:
            closed = 2 * self._segment_seconds + 60
            segments.expire(self.path, clock.time(), self._keep_seconds, self._keep_bytes, closed)
            meta = {**self._meta, "pid": str(os.getpid())}
            self._segment = segments.begin(self._format, self.path, list(wanted), meta)
        columns = self._segment.columns
        times = [time for batch in batches for time in batch.times]
        values: list[list[Value]] = [[] for _ in columns]
        for batch, found in zip(batches, turned, strict=True):
            missing: list[Value] = [None] * batch.count
            for column, place in zip(columns, values, strict=True):
                place += found.get(column, missing)
        self._segment.write(times, values)
        self.written += len(times)

    def _rotate(self) -> None:
        now, segment = clock.time(), self._segment
        if segment is None:
            return
        old = now - segment.born > self._segment_seconds or now < segment.born - 60
        if old or segment.size > self._segment_bytes:
            self._end()

    def _end(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            with contextlib.suppress(Exception):
                segment.close()


def _close(method: weakref.WeakMethod[Any]) -> None:
    close = method()
    if close is not None:
        close()


def _after_fork() -> None:
    for log in list(_LOGS):
        log._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
