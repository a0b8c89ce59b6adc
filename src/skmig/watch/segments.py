"""The files of a log: SQLite databases in one folder, each written by one process.

So writers never wait for each other, and what one of them leaves behind when it is killed is whole:
a batch is one transaction.  A segment ends by its size or its age, and is deleted by its age or
when all together are too large.

A segment has the tables `meta` (key, value), `columns` (number, name, role), `rows` (time, c0, c1,
…) and, for people, the view `log`, which has the names of the columns.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from skmig.errors import UnreadableError
from skmig.watch.rows import Column, Value

SUFFIX = ".sqlite"
FORMAT = "skmig prediction log 1"
WIDEST = 1990  # columns: what SQLite takes, less those of our own
_READ = 5000  # rows that are in memory at once


class Segment:
    """One file that this process appends to."""

    def __init__(self, folder: Path, columns: Sequence[Column], meta: Mapping[str, str]) -> None:
        """Raises ValueError for more columns than SQLite takes, OSError, sqlite3.Error."""
        if len(columns) > WIDEST:
            raise ValueError(
                f"{len(columns)} columns are more than the {WIDEST} that a log keeps: "
                "log some of them, with columns=[…]"
            )
        folder.mkdir(parents=True, exist_ok=True)
        self.columns = tuple(columns)
        self.born = time.time()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.born))
        self.path = folder / f"{stamp}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
        self._meta = {"format": FORMAT, **meta}
        self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._made = False

    @property
    def size(self) -> int:
        return _size(self.path)

    def write(self, times: Sequence[float], values: Sequence[Sequence[Value]]) -> None:
        """Append rows, all or none; `values` are by column.  Raises sqlite3.Error, OSError."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            if not self._made:
                self._make()
            marks = ", ".join("?" * (1 + len(self.columns)))
            self._db.executemany(
                f"INSERT INTO rows VALUES ({marks})",  # noqa: S608 - question marks
                zip(times, *values, strict=True),
            )
            self._db.execute("COMMIT")
            self._made = True
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    def _make(self) -> None:
        """The tables are made with the first rows: a file without any holds nothing."""
        run = self._db.execute
        run("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
        run("CREATE TABLE columns (number INTEGER PRIMARY KEY, name TEXT, role TEXT)")
        self._db.executemany("INSERT INTO meta VALUES (?, ?)", self._meta.items())
        self._db.executemany(
            "INSERT INTO columns VALUES (?, ?, ?)",
            [(i, item.name, item.role) for i, item in enumerate(self.columns)],
        )
        # to SQLite `Age` and `age` are one name, hence numbers
        run(f"CREATE TABLE rows (time REAL{''.join(f', c{i}' for i in range(len(self.columns)))})")
        names = ", ".join(f"c{i} AS {_quoted(item.name)}" for i, item in enumerate(self.columns))
        run(
            "CREATE VIEW log AS SELECT datetime(time, 'unixepoch') AS logged_at"  # noqa: S608
            f"{', ' if names else ''}{names} FROM rows"
        )

    def close(self) -> None:
        """One whole file, without the journal beside it."""
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.execute("PRAGMA journal_mode=DELETE")
        self._db.close()
        if not self._made:
            self.path.unlink(missing_ok=True)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\0", "") + '"'


def expire(folder: Path, now: float, keep_seconds: float, keep_bytes: int, closed: float) -> None:
    """Delete what is older than `keep_seconds`, then the oldest until `keep_bytes` remain.

    Only what nobody has written to for `closed` seconds: a segment that lives is not the oldest.
    """
    found = [(path, last_written(path), _size(path)) for path in files(folder)]
    total = sum(size for _, _, size in found)
    for path, written, size in found:
        if now - written < closed or (now - written < keep_seconds and total <= keep_bytes):
            continue
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                path.with_name(path.name + suffix).unlink()
        total -= size


def files(folder: Path) -> list[Path]:
    """The segments of a log, the oldest first."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.is_file())


def _size(path: Path) -> int:
    total = 0
    for name in (path.name, f"{path.name}-wal"):
        with contextlib.suppress(OSError):
            total += path.with_name(name).stat().st_size
    return total


def last_written(path: Path) -> float:
    """When it was last written to; 0 of one that is gone."""
    latest = 0.0
    for name in (path.name, f"{path.name}-wal"):
        with contextlib.suppress(OSError):
            latest = max(latest, path.with_name(name).stat().st_mtime)
    return latest


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some rows of one segment, in the order that they were logged."""

    columns: tuple[Column, ...]
    times: tuple[float, ...]
    values: tuple[tuple[Value, ...], ...]  # by column


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One segment, to be read while it may be written to."""

    path: Path
    columns: tuple[Column, ...]
    meta: Mapping[str, str]

    def newest(self) -> float | None:
        """The time of the latest row."""
        with _opened(self.path) as db:
            found = db.execute("SELECT max(time) FROM rows").fetchone()[0]
        return None if found is None else float(found)

    def parts(self, since: float, until: float) -> Iterator[Part]:
        """The rows of `since` <= time < `until`, some at a time.  Raises UnreadableError."""
        with _opened(self.path) as db:
            rows = db.execute("SELECT * FROM rows WHERE time >= ? AND time < ?", (since, until))
            while some := rows.fetchmany(_READ):
                times, *values = zip(*some, strict=True)
                yield Part(columns=self.columns, times=times, values=tuple(values))


def reader(path: Path) -> Reader | None:
    """One segment; None for one that is gone, or to which nothing was ever written.

    Raises UnreadableError for a file that is damaged, or none.
    """
    if not path.exists() or not _size(path):
        return None
    with _opened(path) as db:
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
        if not tables:
            return None
        if not {"meta", "columns", "rows"} <= tables:
            raise _damaged(path, "it is a database of something else")
        meta = dict(db.execute("SELECT key, value FROM meta"))
        columns = db.execute("SELECT name, role FROM columns ORDER BY number").fetchall()
    if meta.get("format") != FORMAT:
        raise _damaged(path, f"its format is `{meta.get('format')}`")
    return Reader(path=path, meta=meta, columns=tuple(Column(*item) for item in columns))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with contextlib.closing(_connected(path)) as db:
            yield db
    except (sqlite3.Error, UnicodeDecodeError) as exc:
        raise _damaged(path, str(exc)) from exc


def _connected(path: Path) -> sqlite3.Connection:
    place = f"file:{quote(str(path.absolute()))}?mode=ro"
    db = sqlite3.connect(place, uri=True, timeout=30)
    try:
        db.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        db.close()
        if path.with_name(f"{path.name}-wal").exists():
            raise
        # in a folder that is not ours to write to, there can be no memory shared with a writer
        db = sqlite3.connect(f"{place}&immutable=1", uri=True)
    return db


def _damaged(path: Path, cause: str) -> UnreadableError:
    return UnreadableError(
        f"`{path}` is no segment of a prediction log, or it is damaged",
        causes=(cause,),
        hint="move the file out of the log's folder; the other segments are whole",
    )
