"""The work on tasks: fetch, migrate, store.  Knows no ledger; runs here and on other machines."""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from skmig import pipeline, record, several, storage
from skmig.errors import SkmigError, UnreadableError
from skmig.fleet import entry
from skmig.fleet.entry import Entry, Task
from skmig.fleet.sources import source_of

Done = tuple[Task, Entry]


def perform(tasks: Iterable[Task], shop: pipeline.Workshop, worker: str = "") -> Iterator[Done]:
    """Do tasks, several at a time; a task that is done already, by who died after it, is not again.

    Whoever calls has claimed them: what lies at their places is replaced.
    """
    pending: deque[tuple[Task, Path]] = deque()
    adopted: deque[Done] = deque()
    with tempfile.TemporaryDirectory(prefix="skmig-fleet-") as name:

        def asked() -> Iterator[several.Asked]:
            for number, task in enumerate(tasks):
                room = Path(name, str(number))
                there = _there(task, room)
                if there is not None:
                    adopted.append((task, there))
                    continue
                pending.append((task, room))
                try:
                    yield _request(task, room)
                except SkmigError as error:
                    yield Path(task.place), error

        for outcome in several.migrate(asked(), shop):
            while adopted:
                yield adopted.popleft()
            task, room = pending.popleft()
            yield task, _entry(task, outcome, worker)
            shutil.rmtree(room, ignore_errors=True)
        yield from adopted


def _request(task: Task, room: Path) -> several.Asked:
    inside, out = room / "in", room / "out"
    inside.mkdir(parents=True)
    out.mkdir()
    artifact = source_of(task.place).fetch(task.place, inside)
    result, bundle, report = (
        out / storage.name(place) if storage.is_uri(place) else Path(place) if place else None
        for place in (task.result, task.record, task.report)
    )
    assert result is not None
    assert bundle is not None
    request = pipeline.Request(
        artifact=artifact,
        result=result,
        record=bundle,
        report=report,
        settings=replace(task.settings, force=True),
    )
    pipeline.check_outputs(request)
    return artifact, request


def _entry(task: Task, outcome: several.Outcome, worker: str) -> Entry:
    more = {"seconds": round(outcome.seconds, 3), "worker": worker, "finished": record.now()}
    done = outcome.migration
    try:
        if done is None:
            assert outcome.error is not None
            raise entry.renamed(outcome.error, outcome.artifact, task.place)
        if done.manifest.source.sha256 != task.content.partition("+")[0]:
            raise UnreadableError(
                f"`{task.place}` was changed while it was migrated", hint="run the same again"
            )
        digests = done.manifest.result.sha256, record.sha256(done.record)
        _deliver(task, done, digests)
    except SkmigError as error:
        return entry.failed(task, error, **more)
    return entry.migrated(task, done.manifest, digests, **more)


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
