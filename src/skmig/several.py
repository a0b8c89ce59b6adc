"""Several migrations at a time: while one waits for an environment, others are worked on.

How many is bounded, and how large they are together, so that the memory of a run does not grow with
the number of its models.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from skmig import pipeline
from skmig.errors import EnvironmentFailedError, SkmigError

AT_ONCE = 48  # enough that each of two workers has a batch to do while the other's is worked on
BYTES = 1 << 24  # of artifacts; a larger one goes alone


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One artifact of several: a migration, or the error that it met."""

    artifact: Path
    migration: pipeline.Migration | None = None
    error: SkmigError | None = None


@dataclass(frozen=True, kw_only=True)
class _Running:
    artifact: Path
    request: pipeline.Request | SkmigError
    size: int
    outcome: Future[Outcome]


def migrate(
    requests: Iterable[tuple[Path, pipeline.Request | SkmigError]], shop: pipeline.Workshop
) -> Iterator[Outcome]:
    """The outcome of each request, in their order."""
    running: deque[_Running] = deque()
    rooms: queue.SimpleQueue[str] = queue.SimpleQueue()
    for number in range(AT_ONCE):
        rooms.put(f"room{number}")

    def task(artifact: Path, request: pipeline.Request | SkmigError) -> Outcome:
        room = rooms.get()
        try:
            return _one(artifact, request, shop, room)
        finally:
            rooms.put(room)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="skmig-migrate") as pool:
        try:
            for artifact, request in requests:
                size = artifact.stat().st_size if artifact.is_file() else 0
                while running and (
                    len(running) >= AT_ONCE or size + sum(one.size for one in running) > BYTES
                ):
                    yield _first(running, shop)
                outcome = pool.submit(task, artifact, request)
                running.append(
                    _Running(artifact=artifact, request=request, size=size, outcome=outcome)
                )
            while running:
                yield _first(running, shop)
        finally:
            if running:  # interrupted: what waits for a worker is woken by its end
                pool.shutdown(wait=False, cancel_futures=True)
                shop.close_workers()


def _first(running: deque[_Running], shop: pipeline.Workshop) -> Outcome:
    first = running.popleft()
    outcome = first.outcome.result()
    if isinstance(outcome.error, EnvironmentFailedError):
        # perhaps another model ended the worker under it: once more, with nothing beside it
        wait([one.outcome for one in running])
        return _one(first.artifact, first.request, shop, "again", alone=True)
    return outcome


def _one(
    artifact: Path,
    request: pipeline.Request | SkmigError,
    shop: pipeline.Workshop,
    room: str,
    *,
    alone: bool = False,
) -> Outcome:
    try:
        if isinstance(request, SkmigError):
            raise request
        planned = pipeline.prepare(request)
        # what may run code of its own has a process of its own
        alone = alone or not planned.facts.clean or bool(request.settings.modules)
        alone = alone or bool(planned.facts.third_party) or bool(request.settings.code)
        return Outcome(
            artifact=artifact,
            migration=pipeline.migrate(planned, shop.at(room, alone=alone)),
        )
    except SkmigError as error:
        return Outcome(artifact=artifact, error=error)
