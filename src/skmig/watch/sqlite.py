"""A segment of a log as an SQLite database: a batch is one transaction.

It has the tables `meta` (key, value), `columns` (number, name, role), `rows` (time, c0, c1,
…) and, for people, the view `log`, which has the names of the columns.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from skmig.errors import UnreadableError
from skmig.watch.rows import FORMAT, Column, Part, Value

SUFFIX = ".sqlite"
WIDEST = 1990  # columns: what SQLite takes, less those of our own
_READ = 5000  # rows that are in memory at once


def check() -> None:
    """Python brings what it needs."""


class Segment:
    """One file that this process appends to."""

    def __init__(self, path: Path, columns: Sequence[Column], meta: Mapping[str, str]) -> None:
        """Raises ValueError for more columns than SQLite takes, OSError, sqlite3.Error."""
        if len(columns) > WIDEST:
            raise ValueError(
                f"{len(columns)} columns are more than the {WIDEST} that a log keeps: "
                "log some of them, with columns=[…]"
            )
        self.path = path
        self.columns = tuple(columns)
        self.born = time.time()
        self._meta = {"format": FORMAT, **meta}
        self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._made = False

    @property
    def size(self) -> int:
        return _size(self.path)

    @property
    def gone(self) -> bool:
        return not self.path.exists()

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


def files(folder: Path) -> list[Path]:
    """The segments of this format in a folder."""
    return [path for path in folder.glob(f"*{SUFFIX}") if path.is_file()]


def pieces(path: Path) -> list[Path]:
    """The files of a segment."""
    return [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")]


def _size(path: Path) -> int:
    total = 0
    for item in pieces(path)[:2]:
        with contextlib.suppress(OSError):
            total += item.stat().st_size
    return total


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
