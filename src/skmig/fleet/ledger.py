"""The ledger: what was done, in one SQLite file that several processes may use at a time.

A row is a model's content, the settings that matter and the place of the result.  Who works on a
row has it leased: a process that died loses its leases, at once on the machine it ran on.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from skmig import alive
from skmig.errors import OutputError, SkmigError, UnreadableError
from skmig.fleet.entry import Entry, Task

VERSION = 1
_APPLICATION = 0x736B6D67  # "skmg", so that another program's file is not taken for a ledger
LEASE = 120.0  # seconds, renewed four times as often
_PATIENCE = 60.0  # seconds that a process waits for another's transaction

_TABLES = """
CREATE TABLE models (
  content TEXT NOT NULL, settings TEXT NOT NULL, result TEXT NOT NULL, place TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'done')),
  owner TEXT NOT NULL, lease REAL NOT NULL, former TEXT NOT NULL,
  entry TEXT, stamps TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (content, settings, result)
) WITHOUT ROWID;
CREATE INDEX results ON models (result);
CREATE INDEX owners ON models (owner) WHERE state = 'running';
CREATE TABLE seen (
  place TEXT PRIMARY KEY, stamp TEXT NOT NULL, content TEXT NOT NULL, release TEXT NOT NULL
) WITHOUT ROWID;
"""


class Ledger:
    """An open ledger.  `path` None: one that is forgotten at the end."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        pid = os.getpid()
        self.owner = f"{socket.gethostname()}:{pid}:{alive.began(pid)}:{uuid.uuid4()}"
        self._stop = threading.Event()
        self._beating: threading.Thread | None = None
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _cannot_write(path, str(error)) from error
        self._connection = self._open()
        try:
            with self._guarded():
                self._check()
        except SkmigError:
            self._connection.close()
            raise

    def __enter__(self) -> Ledger:
        if self.path is not None:
            self._beating = threading.Thread(target=self._beat, daemon=True, name="skmig-lease")
            self._beating.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        """What was not finished is free for the next who comes."""
        self._stop.set()
        if self._beating is not None:
            self._beating.join()
        with contextlib.suppress(SkmigError), self._guarded(), self._writing():
            self._connection.execute(
                "UPDATE models SET lease = 0, owner = '' WHERE owner = ? AND state = 'running'",
                (self.owner,),
            )
        self._connection.close()

    # ------------------------------------------------------------------ content
    def content(self, place: str, stamp: str) -> tuple[str, str] | None:
        """Content and release of a file that was read before and did not change since."""
        if not stamp:
            return None
        with self._guarded():
            row = self._connection.execute(
                "SELECT content, release FROM seen WHERE place = ? AND stamp = ?", (place, stamp)
            ).fetchone()
        return None if row is None else (row[0], row[1])

    def keep_content(self, place: str, stamp: str, content: str, release: str) -> None:
        if stamp:
            with self._guarded(), self._writing():
                self._connection.execute(
                    "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)",
                    (place, stamp, content, release),
                )

    # ------------------------------------------------------------------ rows
    def entry(self, task: Task) -> tuple[Entry, str] | None:
        """What became of a task, and the stamps that its outputs then had."""
        with self._guarded():
            row = self._connection.execute(
                "SELECT entry, stamps FROM models WHERE content = ? AND settings = ?"
                " AND result = ? AND state = 'done'",
                task.key,
            ).fetchone()
        return None if row is None else (_entry(row[0]), row[1])

    def entries(self) -> Iterator[Entry]:
        """All that was done, by the place of the model."""
        with self._guarded():
            rows = self._connection.execute(
                "SELECT entry FROM models WHERE state = 'done' ORDER BY place, result, settings"
            ).fetchall()
        for row in rows:
            yield _entry(row[0])

    def made(self) -> set[str]:
        """The places of all results that were made."""
        with self._guarded():
            rows = self._connection.execute(
                "SELECT result FROM models WHERE json_extract(entry, '$.state') = 'migrated'"
            ).fetchall()
        return {row[0] for row in rows}

    def knows(self, result: str) -> bool:
        """Was something made at this place, or begun?  Then it may be made anew."""
        with self._guarded():
            found = self._connection.execute(
                "SELECT 1 FROM models WHERE result = ? AND (state = 'running' OR"
                " json_extract(entry, '$.state') = 'migrated') LIMIT 1",
                (result,),
            ).fetchone()
        return found is not None

    def claim(self, task: Task, seen: Entry | None) -> Task | None:
        """Take a task; None where another process works on it, or on its place.

        `seen` is what `entry` said: where it is not so any more, another process was faster.
        The task that is given is that of the one who began it, where that one died.
        """
        now = time.time()
        with self._guarded(), self._writing():
            rows = self._connection.execute(
                "SELECT content, settings, owner, lease FROM models"
                " WHERE result = ? AND state = 'running'",
                (task.result,),
            ).fetchall()
            if any(_alive(owner, lease, now) for _c, _s, owner, lease in rows):
                return None
            row = self._connection.execute(
                "SELECT state, former, entry FROM models WHERE content = ? AND settings = ?"
                " AND result = ?",
                task.key,
            ).fetchone()
            if row is not None and row[0] == "running":
                task = replace(task, former=row[1])
            elif row is not None and (seen is None or _entry(row[2]) != seen):
                return None
            self._connection.execute(
                "INSERT OR REPLACE INTO models (content, settings, result, place, state, owner,"
                " lease, former) VALUES (?, ?, ?, ?, 'running', ?, ?, ?)",
                (*task.key, task.place, self.owner, now + LEASE, task.former),
            )
        return task

    def finish(self, task: Task, entry: Entry, stamps: str) -> None:
        """Keep what became of a task; one that is no lasting answer is not kept."""
        with self._guarded(), self._writing():
            if entry.lasting:
                self._connection.execute(
                    "UPDATE models SET state = 'done', owner = '', lease = 0, entry = ?,"
                    " stamps = ? WHERE content = ? AND settings = ? AND result = ?",
                    (_text(entry), stamps, *task.key),
                )
            else:
                self._connection.execute(
                    "UPDATE models SET owner = '', lease = 0 WHERE content = ? AND settings = ?"
                    " AND result = ?",
                    task.key,
                )

    def renew(self, task: Task, stamps: str) -> None:
        """The outputs have other stamps, and are what they were."""
        with self._guarded(), self._writing():
            self._connection.execute(
                "UPDATE models SET stamps = ? WHERE content = ? AND settings = ? AND result = ?",
                (stamps, *task.key),
            )

    # ------------------------------------------------------------------ the file
    def _open(self) -> sqlite3.Connection:
        try:
            return sqlite3.connect(self.path or ":memory:", timeout=_PATIENCE, isolation_level=None)
        except sqlite3.Error as error:
            raise _cannot_write(self.path, str(error)) from error

    def _check(self) -> None:
        """Raises UnreadableError for what is no ledger, or a newer one."""
        connection = self._connection
        with self._writing():
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if not tables:
                for statement in _TABLES.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            elif application != _APPLICATION:
                raise UnreadableError(
                    f"`{self.path}` is a database of another program, no ledger",
                    hint="name another file with `ledger` in skmig.toml",
                )
            elif version != VERSION:
                raise UnreadableError(
                    f"the ledger `{self.path}` has version {version}, and this skmig writes"
                    f" version {VERSION}",
                    hint="use the skmig that wrote it, or name another file with `ledger`",
                )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise _cannot_write(self.path, str(error)) from error
        except sqlite3.DatabaseError as error:
            raise UnreadableError(
                f"the ledger `{self.path}` cannot be read: {error}",
                hint="move it away: the next run makes a new one, and wants --force for what is"
                " already there",
            ) from error

    def _beat(self) -> None:
        """Renew the leases, on a connection of its own thread."""
        connection = self._open()
        try:
            while not self._stop.wait(LEASE / 4):
                with contextlib.suppress(sqlite3.Error):
                    connection.execute(
                        "UPDATE models SET lease = ? WHERE owner = ? AND state = 'running'",
                        (time.time() + LEASE, self.owner),
                    )
        finally:
            connection.close()


def _text(entry: Entry) -> str:
    said = entry.as_json()
    del said["fresh"]
    return json.dumps(said, allow_nan=False)


def _entry(text: str) -> Entry:
    return Entry.from_json({**json.loads(text), "fresh": False})


def _alive(owner: str, lease: float, now: float) -> bool:
    """Does the owner of a lease still work?  Of this machine's processes it can be seen."""
    if not owner or lease < now:
        return False
    host, pid, started, _ = owner.split(":", 3)
    return host != socket.gethostname() or alive.began(int(pid)) == started


def _cannot_write(path: Path | None, why: str) -> OutputError:
    return OutputError(
        f"the ledger `{path}` cannot be written: {why}",
        hint="is its folder writable?  `ledger` in skmig.toml (or --ledger) names another file",
    )
