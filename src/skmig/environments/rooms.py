"""Several migrations at once in one worker: a room for each one's files, and jobs in batches.

A forked child costs several times what a small model does.  Jobs that wait for a worker while it
is busy are therefore given to one child together, if they cannot harm each other: those of
artifacts in which every name is known, and those of the target, which only builds from payloads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skmig.environments.base import Reply, Worker
from skmig.errors import SkmigError

if TYPE_CHECKING:
    from skmig.environments.client import AgentWorker

BATCH = 16  # jobs in one child, so that none of them waits long and its memory stays small
COMPANY = 0.02  # seconds that a job waits for others to share its child


class Room:
    """A worker as one of several migrations sees it: its files lie in a folder of their own."""

    def __init__(
        self, worker: AgentWorker, name: str, run: Callable[[str, Mapping[str, Any]], Reply]
    ) -> None:
        self.hello = worker.hello
        self._worker = worker
        self._name = name
        self._run = run

    def put(self, name: str, source: Path | bytes) -> None:
        self._worker.put(name, source, self._name)

    def get(self, name: str, target: Path) -> None:
        self._worker.get(name, target, self._name)

    def call(self, job: str, /, **args: Any) -> Reply:
        return self._run(job, args)

    def room(self, name: str, *, alone: bool) -> Worker:
        return self._worker.room(name, alone=alone)

    def close(self) -> None:
        """The worker is closed by who started it."""


@dataclass
class _Waiting:
    job: str
    args: Mapping[str, Any]
    room: str
    reply: Reply | BaseException | None = None

    def outcome(self) -> Reply:
        if isinstance(self.reply, BaseException):
            raise self.reply
        assert self.reply is not None
        return self.reply


class Batches:
    """Gives the jobs of several threads to one worker, all that wait at a time."""

    def __init__(self, worker: AgentWorker) -> None:
        self._worker = worker
        self._waiting: list[_Waiting] = []
        self._turn = threading.Lock()

    def call(self, job: str, args: Mapping[str, Any], room: str) -> Reply:
        mine = _Waiting(job, args, room)
        self._waiting.append(mine)
        # whose turn it is asks for all that wait; the others find their answers when they wake up
        with self._turn:
            while mine.reply is None:
                if len(self._waiting) < BATCH:
                    time.sleep(COMPANY)
                batch, self._waiting[:BATCH] = self._waiting[:BATCH], []
                try:
                    self._ask(batch)
                except BaseException as error:
                    for one in batch:
                        one.reply = one.reply or error
                    raise
        return mine.outcome()

    def _ask(self, batch: list[_Waiting]) -> None:
        if len(batch) == 1:
            batch[0].reply = self._alone(batch[0])
            return
        jobs = [{"job": one.job, "args": one.args, "room": one.room} for one in batch]
        started = time.monotonic()
        try:
            answers = self._worker.run("several", {"jobs": jobs}, jobs=len(jobs)).result["answers"]
        except SkmigError:
            # one of them ended the child: each says for itself what became of it
            for one in batch:
                one.reply = self._alone(one)
            return
        seconds = (time.monotonic() - started) / len(batch)
        for one, answer in zip(batch, answers, strict=True):
            if answer["ok"]:
                one.reply = Reply(result=answer["result"], seconds=seconds)
            else:
                one.reply = self._worker.failed(one.job, answer["error"])

    def _alone(self, one: _Waiting) -> Reply | SkmigError:
        try:
            return self._worker.run(one.job, one.args, one.room)
        except SkmigError as error:
            return error
