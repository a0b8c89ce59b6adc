"""The work on tasks: fetch, migrate, store.  Knows no ledger; runs here and on other machines."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from skmig import pipeline, record, several, storage
from skmig.environments import exchange
from skmig.errors import SkmigError, UnreadableError
from skmig.fleet import entry, moving
from skmig.fleet.entry import Entry, Task
from skmig.fleet.sources import source_of
from skmig.registry import Wanted

Done = tuple[Task, Entry]


class Job(Protocol):
    """One task on its way."""

    task: Task
    room: Path

    def there(self) -> Entry | None:
        """What the one who claimed this task before us had made when he died; None if nothing."""

    def asked(self) -> several.Asked:
        """The migration.  Raises SkmigError."""

    def other(self, outcome: several.Outcome) -> bool:
        """Shall it be asked once more, in another way?"""

    def finish(self, done: pipeline.Migration, **more: Any) -> Entry:
        """Deliver what was made.  Raises SkmigError."""


def perform(tasks: Iterable[Task], shop: pipeline.Workshop, worker: str = "") -> Iterator[Done]:
    """Do tasks, several at a time; a task that is done already, by who died after it, is not again.

    Whoever calls has claimed them: what lies at their places is replaced.
    """
    adopted: deque[Done] = deque()
    with exchange.scratch() as rooms:

        def jobs() -> Iterator[Job]:
            for number, task in enumerate(tasks):
                room = rooms / str(number)
                job = _Files(task, room) if task.mlflow is None else moving.Moving(task, room)
                there = job.there()
                if there is None:
                    yield job
                else:
                    adopted.append((task, there))

        again: list[Job] = []
        for job, outcome in _outcomes(jobs(), shop):
            while adopted:
                yield adopted.popleft()
            if job.other(outcome):
                again.append(job)
            else:
                yield job.task, _entry(job, outcome, worker)
        for job, outcome in _outcomes(iter(again), shop):
            yield job.task, _entry(job, outcome, worker)
        yield from adopted


def _outcomes(
    jobs: Iterator[Job], shop: pipeline.Workshop
) -> Iterator[tuple[Job, several.Outcome]]:
    pending: deque[Job] = deque()

    def asked() -> Iterator[several.Asked]:
        for job in jobs:
            pending.append(job)
            try:
                yield job.asked()
            except SkmigError as error:
                yield Path(job.task.place), error

    for outcome in several.migrate(asked(), shop):
        yield pending.popleft(), outcome


def _entry(job: Job, outcome: several.Outcome, worker: str) -> Entry:
    task, done = job.task, outcome.migration
    more = {"seconds": round(outcome.seconds, 3), "worker": worker, "finished": record.now()}
    try:
        if done is None:
            assert outcome.error is not None
            raise entry.renamed(outcome.error, outcome.artifact, task.place)
        if done.manifest.source.sha256 != task.content.partition("+")[0]:
            raise UnreadableError(
                f"`{task.place}` was changed while it was migrated", hint="run the same again"
            )
        return job.finish(done, **more)
    except SkmigError as error:
        return entry.failed(task, error, **more)
    finally:
        shutil.rmtree(job.room, ignore_errors=True)


class _Files:
    """A task whose model and results are files, here or in a store."""

    def __init__(self, task: Task, room: Path) -> None:
        self.task = task
        self.room = room

    def there(self) -> Entry | None:
        return _there(self.task, self.room)

    def asked(self) -> several.Asked:
        task = self.task
        inside, out = self.room / "in", self.room / "out"
        inside.mkdir(parents=True)
        out.mkdir()
        brought = source_of(task.place).fetch(task.place, inside, task.settings, Wanted())
        result, bundle, report = (
            out / storage.name(place) if storage.is_uri(place) else Path(place) if place else None
            for place in (task.result, task.record, task.report)
        )
        assert result is not None
        assert bundle is not None
        request = pipeline.Request(
            artifact=brought.file,
            result=result,
            record=bundle,
            report=report,
            settings=replace(task.settings, force=True),
        )
        pipeline.check_outputs(request)
        return brought.file, request

    def other(self, outcome: several.Outcome) -> bool:  # noqa: ARG002
        return False

    def finish(self, done: pipeline.Migration, **more: Any) -> Entry:
        digests = done.manifest.result.sha256, record.sha256(done.record)
        _deliver(self.task, done, digests)
        return entry.migrated(self.task, done.manifest, digests, **more)


def _deliver(task: Task, done: pipeline.Migration, digests: tuple[str, str]) -> None:
    """To a store goes the result last: who sees it finds its record."""
    if done.report is not None and storage.is_uri(task.report):
        storage.store(done.report, task.report, record.sha256(done.report))
    if storage.is_uri(task.result):
        storage.store(done.record, task.record, digests[1])
        storage.store(done.result, task.result, digests[0])


def _there(task: Task, room: Path) -> Entry | None:
    """What the one who claimed this task before us had written when he died; None if nothing."""
    if storage.look(task.result) is None or storage.look(task.record) is None:
        return None
    if task.report and storage.look(task.report) is None:
        return None
    try:
        digests = storage.digest(task.result), storage.digest(task.record)
        if digests[1] == task.former:
            return None
        place = Path(task.record)
        if storage.is_uri(task.record):
            room.mkdir()
            place = room / storage.name(task.record)
            storage.fetch(task.record, place)
        manifest = record.read(place).manifest
    except SkmigError:
        return None  # it is made anew
    whole = (manifest.source.sha256, manifest.result.sha256)
    if whole != (task.content.partition("+")[0], digests[0]):
        return None
    return entry.migrated(task, manifest, digests, finished=manifest.created)
