"""The same work on a Dask cluster: what a worker does.

A worker process has one workshop, whose environments stay warm from batch to batch.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from skmig import pipeline, storage
from skmig.environments import exchange
from skmig.environments.base import SilentProgress
from skmig.errors import EnvironmentFailedError
from skmig.fleet import entry, work
from skmig.fleet.entry import Entry, Task
from skmig.plan import Settings

LARGEST = 64 << 20  # bytes that are sent back for a model, where there is no shared folder

_turn = threading.Lock()  # one batch at a time in a process
_shops: dict[Settings, pipeline.Workshop] = {}
_open = contextlib.ExitStack()
atexit.register(_open.close)


@dataclass(frozen=True)
class Answer:
    """What became of one task, as plain data.

    `files` is what has to be written at the client: content by place.
    """

    entry: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)


def perform(tasks: list[Task], token: str) -> list[Answer]:
    """Do a batch of tasks that want the same workshop, in their order.

    `token` is the name of a file that lies in each folder of the client that results go to: where
    it is not seen, there is no shared folder, and results are sent back.
    """
    with _turn, exchange.scratch() as room:
        shop = _shop(tasks[0])
        apart = [_apart(task, token, room / str(i)) for i, task in enumerate(tasks)]
        found = {done.key: item for done, item in work.perform(apart, shop, _worker())}
        return [
            _answer(task, other, found[other.key]) for task, other in zip(tasks, apart, strict=True)
        ]


def _shop(task: Task) -> pipeline.Workshop:
    limits = task.limits
    if limits not in _shops:
        _shops[limits] = _open.enter_context(pipeline.workshop(limits, SilentProgress()))
    return _shops[limits]


def _worker() -> str:
    from distributed import get_worker

    return str(get_worker().name)


def _apart(task: Task, token: str, folder: Path) -> Task:
    """The task with its outputs in `folder`, where those of the client are not to be seen."""
    if storage.is_uri(task.result) or (Path(task.result).parent / token).exists():
        return task
    folder.mkdir()
    places: dict[str, Any] = {
        name: str(folder / storage.name(place))
        for name, place in (
            ("result", task.result),
            ("record", task.record),
            ("report", task.report),
        )
        if place and not storage.is_uri(place)
    }
    return replace(task, former="", **places)


def _answer(task: Task, other: Task, found: Entry) -> Answer:
    if other is task or found.state != "migrated":
        said = replace(found, result=task.result, record=task.record, report=task.report)
        return Answer(said.as_json())
    pairs = {
        place: Path(made)
        for place, made in (
            (task.result, other.result),
            (task.record, other.record),
            (task.report, other.report),
        )
        if place != made
    }
    size = sum(made.stat().st_size for made in pairs.values())
    if size > LARGEST:
        error = EnvironmentFailedError(
            f"the result of `{task.place}` is too large to be sent: {size >> 20} MB",
            hint="give an `output` that workers reach too: a shared folder, or a URI",
        )
        return Answer(entry.failed(task, error, finished=found.finished).as_json())
    said = replace(found, result=task.result, record=task.record, report=task.report)
    return Answer(said.as_json(), {place: made.read_bytes() for place, made in pairs.items()})
