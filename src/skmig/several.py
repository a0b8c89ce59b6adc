"""Several migrations at a time, in waves: while one waits for an environment, another is worked on.

How many there are at a time is bounded, and how large they are together, so that the memory of a
run does not grow with the number of its models.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from skmig import pipeline
from skmig.environments.rooms import Wave
from skmig.errors import EnvironmentFailedError, SkmigError

WAVE = 32  # migrations: more would save few forks, and each waits for the others
WAVES = 2  # while one waits for an environment, the other is worked on
BYTES = 1 << 23  # of the artifacts of a wave; a larger one goes alone

Asked = tuple[Path, pipeline.Request | SkmigError]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One artifact of several: a migration, or the error that it met.

    `seconds`: from its beginning to its end, with what it waited for others of its wave.
    """

    artifact: Path
    seconds: float = 0.0
    migration: pipeline.Migration | None = None
    error: SkmigError | None = None


def migrate(requests: Iterable[Asked], shop: pipeline.Workshop) -> Iterator[Outcome]:
    """The outcome of each request, in their order."""
    rooms = itertools.cycle([f"wave{number}" for number in range(WAVES)])
    running: deque[list[tuple[Asked, Future[Outcome]]]] = deque()
    with ThreadPoolExecutor(WAVES * WAVE, thread_name_prefix="skmig-migrate") as pool:
        try:
            for asked in _waves(requests):
                if len(running) == WAVES:
                    yield from _outcomes(running, shop)
                wave, name = Wave(len(asked)), next(rooms)
                running.append(
                    [
                        (one, pool.submit(_one, one, shop, f"{name}-{number}", wave))
                        for number, one in enumerate(asked)
                    ]
                )
            while running:
                yield from _outcomes(running, shop)
        finally:
            if running:  # interrupted: who waits for a worker is woken by its end
                pool.shutdown(wait=False, cancel_futures=True)
                shop.close_workers()


def _waves(requests: Iterable[Asked]) -> Iterator[list[Asked]]:
    wave: list[Asked] = []
    size = 0
    for asked in requests:
        artifact = asked[0]
        more = artifact.stat().st_size if artifact.is_file() else 0
        if wave and (len(wave) == WAVE or size + more > BYTES):
            yield wave
            wave, size = [], 0
        wave.append(asked)
        size += more
    if wave:
        yield wave


def _outcomes(
    running: deque[list[tuple[Asked, Future[Outcome]]]], shop: pipeline.Workshop
) -> Iterator[Outcome]:
    """Those of the wave that began first."""
    for asked, future in running[0]:
        outcome = future.result()
        if isinstance(outcome.error, EnvironmentFailedError):
            # perhaps another model ended the worker under it: once more, with nothing beside it
            wait([other for wave in running for _, other in wave])
            outcome = _one(asked, shop, "again", None)
        yield outcome
    running.popleft()


def _one(asked: Asked, shop: pipeline.Workshop, room: str, wave: Wave | None) -> Outcome:
    artifact, request = asked
    started = time.monotonic()
    try:
        with contextlib.ExitStack() as stack:
            if wave is not None:
                stack.enter_context(wave.member(room))
            if isinstance(request, SkmigError):
                raise request
            planned = pipeline.prepare(request)
            if not _harmless(planned):
                stack.close()
                wave = None
            migration = pipeline.migrate(planned, shop.at(room, wave))
        seconds = time.monotonic() - started
        return Outcome(artifact=artifact, migration=migration, seconds=seconds)
    except SkmigError as error:
        return Outcome(artifact=artifact, error=error, seconds=time.monotonic() - started)


def _harmless(planned: pipeline.Planned) -> bool:
    """Is every name in it known, so that it can share a process with others?"""
    settings = planned.request.settings
    return planned.facts.clean and not (
        planned.facts.third_party or settings.modules or settings.code
    )
