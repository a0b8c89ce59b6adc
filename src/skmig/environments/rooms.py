"""Several migrations at once in one worker: a room for each one's files, and jobs in batches.

A forked child costs several times what a small model does.  The jobs of a wave of migrations are
therefore given to one child together, if they cannot harm each other: those of artifacts in which
every name is known, and those of the target, which only builds from payloads.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skmig.agent.inline import MOST
from skmig.environments.base import Reply, Worker
from skmig.environments.files import checked
from skmig.errors import SkmigError

if TYPE_CHECKING:
    from skmig.environments.client import AgentWorker


class Room:
    """A worker as one of several migrations sees it: its files lie in a folder of their own."""

    def __init__(self, worker: AgentWorker, name: str, wave: Wave | None, stale: set[str]) -> None:
        self.hello = worker.hello
        self._worker = worker
        self._name = name
        self._wave = wave
        # in a wave, a copy would wait for the job of another wave
        inline = worker.inline or wave is not None
        self._going: dict[str, bytes] | None = {} if inline else None
        self._came: dict[str, bytes] = {}
        self._given = worker.given.setdefault(name, set())
        self._stale = stale

    @property
    def closed(self) -> bool:
        return self._worker.closed

    def put(self, name: str, source: Path | bytes) -> None:
        self._came.pop(name, None)
        self._given.add(checked(name))
        if self._going is not None:
            small = isinstance(source, bytes) or source.is_file()
            size = len(source) if isinstance(source, bytes) else source.stat().st_size
            if small and size <= MOST:
                data = source if isinstance(source, bytes) else source.read_bytes()
                self._going[name] = data
                return
        self._worker.put(name, source, self._name)

    def get(self, name: str, target: Path) -> None:
        if name in self._came:
            target.write_bytes(self._came[name])
        else:
            self._worker.get(name, target, self._name)

    def call(self, job: str, /, **args: Any) -> Reply:
        files = self._going
        if files is not None:
            self._going = {}
            files = {f"{self._name}/{name}": data for name, data in files.items()}
        stale = [f"{self._name}/{name}" for name in sorted(self._stale - self._given)]
        self._stale = set()
        asked = Asked(job=job, args=args, room=self._name, files=files, stale=stale)
        if self._wave is None:
            reply = self._worker.run(job, args, self._name, files=files, stale=stale)
        else:
            reply = self._wave.call(self._worker, asked)
        for path, data in reply.files.items():
            room, _, name = path.rpartition("/")
            if room == self._name:
                self._came[name] = data
        return reply

    def room(self, name: str, wave: Wave | None, *, new: bool = False) -> Worker:
        return self._worker.room(name, wave, new=new)

    def close(self) -> None:
        """The worker is closed by who started it."""


@dataclass(kw_only=True)
class Asked:
    """A job of one member of a wave; `files` go with it, by path in the exchange.

    `stale`: the paths of what somebody else left there.
    """

    job: str
    args: Mapping[str, Any]
    room: str
    files: Mapping[str, bytes] | None = None
    stale: Sequence[str] = ()
    reply: Reply | BaseException | None = None

    def outcome(self) -> Reply:
        if isinstance(self.reply, BaseException):
            raise self.reply
        assert self.reply is not None
        return self.reply


class Wave:
    """Migrations in threads of their own that go the same way at the same time.

    A job waits until every other migration of the wave waits for an answer too, or has left; those
    that wait for the same worker then run in one child.  `members` is how many there are; each is
    known by its room, and may ask both of its workers at once, in threads of its own.

    Between their jobs the members work one after the other: all at once they would be slower, as
    threads of one interpreter.
    """

    def __init__(self, members: int) -> None:
        self._members = members
        self._unanswered: Counter[str] = Counter()  # jobs, by the room of who waits for them
        self._waiting: dict[AgentWorker, list[Asked]] = {}
        self._changed = threading.Condition()
        self._turn = threading.Lock()
        self._holder = ""  # the room that has the turn
        self._taking: set[str] = set()  # rooms that wait for it
        self._calling: Counter[str] = Counter()  # threads in `call`, by room

    @contextlib.contextmanager
    def member(self, room: str) -> Iterator[None]:
        """One migration's time in the wave; at its end it is done, or goes on by itself."""
        self._take(room)
        try:
            yield
        finally:
            with self._changed:
                self._give(room)
                self._members -= 1
                self._changed.notify_all()

    def _take(self, room: str) -> None:
        self._turn.acquire()
        with self._changed:
            self._holder = room
            self._taking.discard(room)
            if self._calling[room]:  # another thread of it asks already, and takes it afterwards
                self._give(room)

    def _give(self, room: str) -> None:
        if self._holder == room:
            self._holder = ""
            self._turn.release()

    def call(self, worker: AgentWorker, mine: Asked) -> Reply:
        """`worker.call` of one member, perhaps together with others."""
        with self._out(mine.room):
            return self._call(worker, mine)

    @contextlib.contextmanager
    def _out(self, room: str) -> Iterator[None]:
        """Leave the turn to the others, as long as a thread of this room waits for an answer."""
        with self._changed:
            self._calling[room] += 1
            self._give(room)
        try:
            yield
        finally:
            with self._changed:
                self._calling[room] -= 1
                last = not (self._calling[room] or self._holder == room or room in self._taking)
                if last:
                    self._taking.add(room)
            if last:
                self._take(room)

    def _call(self, worker: AgentWorker, mine: Asked) -> Reply:
        with self._changed:
            self._waiting.setdefault(worker, []).append(mine)
            self._unanswered[mine.room] += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: mine.reply is not None or self._is_first(worker, mine))
            batch = [] if mine.reply is not None else self._waiting.pop(worker)
        if batch:
            try:
                _ask(worker, batch)
            except BaseException as error:
                for one in batch:
                    one.reply = one.reply or error
            finally:
                with self._changed:
                    self._unanswered -= Counter(one.room for one in batch)
                    self._changed.notify_all()
        return mine.outcome()

    def _is_first(self, worker: AgentWorker, mine: Asked) -> bool:
        all_wait = len(self._unanswered) >= self._members
        return all_wait and self._waiting.get(worker, [None])[0] is mine


def _ask(worker: AgentWorker, batch: list[Asked]) -> None:
    """Set the reply of each.

    Only jobs of one kind share a child: what one has loaded would be seen in the bytes that another
    dumps (instances of a class share the names of their attributes, and a pickle says once what is
    one object).
    """
    for job in dict.fromkeys(one.job for one in batch):
        _together(worker, [one for one in batch if one.job == job])


def _together(worker: AgentWorker, batch: list[Asked]) -> None:
    if len(batch) == 1:
        batch[0].reply = _alone(worker, batch[0])
        return
    jobs = [{"job": one.job, "args": one.args, "room": one.room} for one in batch]
    files = {path: data for one in batch for path, data in (one.files or {}).items()}
    stale = [path for one in batch for path in one.stale]
    started = time.monotonic()
    try:
        whole = worker.run("several", {"jobs": jobs}, files=files, stale=stale, jobs=len(jobs))
    except SkmigError:
        # one of them ended the child: each says for itself what became of it
        for one in batch:
            one.reply = _alone(worker, one)
        return
    seconds = (time.monotonic() - started) / len(batch)
    for one, answer in zip(batch, whole.result["answers"], strict=True):
        try:
            one.reply = worker.settle(one.job, answer, seconds, whole.files)
        except SkmigError as error:
            one.reply = error


def _alone(worker: AgentWorker, one: Asked) -> Reply | SkmigError:
    try:
        return worker.run(one.job, one.args, one.room, files=one.files, stale=one.stale)
    except SkmigError as error:
        return error
