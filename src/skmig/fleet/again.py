"""`skmig verify` as skmig.toml says: the results of a fleet, wherever they lie."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from skmig import api, record, storage
from skmig.environments import exchange
from skmig.environments.base import Progress
from skmig.errors import SkmigError, UnreadableError
from skmig.fleet import registered, todo
from skmig.fleet.config import Fleet, Group, of_mlflow
from skmig.fleet.ledger import Ledger
from skmig.fleet.todo import Wanted
from skmig.plan import Settings
from skmig.registry import ModelFolder
from skmig.verification import Options, Verification, failed

_FETCHED = 64  # pairs of a store that lie on this machine at a time


def verify(
    fleet: Fleet, settings: Settings, options: Options, here: Path | bool, jobs: int, say: Progress
) -> Iterator[Verification]:
    """Verify what was migrated, in the order of the models; goes on after errors.

    What the ledger says was made and is not there any more is an error.  Of `settings` count
    `backend` (auto: as the file says), `timeout` and `memory`; `options` trust and code are added
    to those of the file.

    Raises UnreadableError where nothing is migrated.
    """
    models, _empty = todo.wanted(fleet)
    chosen = _made(fleet, models)
    if not chosen:
        raise UnreadableError(
            f"nothing that `{fleet.file}` names is migrated",
            hint="run `skmig migrate` first",
        )
    for _number, alike in itertools.groupby(chosen, key=lambda item: id(item.group)):
        items = list(alike)
        group = items[0].group
        own = replace(
            settings,
            backend=group.settings.backend if settings.backend == "auto" else settings.backend,
            memory=settings.memory or group.settings.memory,
        )
        asked = _options(group, options)
        far = any(storage.is_uri(it.result) or of_mlflow(it.result) for it in items)
        at_once = _FETCHED if far else len(items)
        for start in range(0, len(items), at_once):
            part = items[start : start + at_once]
            yield from _verify(part, own, asked, here, jobs, say)


def _made(fleet: Fleet, models: Sequence[Wanted]) -> list[Wanted]:
    """The models whose record is there, or should be."""
    ledger = fleet.ledger if fleet.ledger is not None and fleet.ledger.is_file() else None
    looking = todo.Looking(list(models))
    with Ledger(ledger) as opened:
        made = opened.made()
    return [
        item for item in models if item.result in made or looking.stamp(item.record) is not None
    ]


def _options(group: Group, options: Options) -> Options:
    return replace(
        options,
        code=group.settings.code + options.code,
        trust=group.settings.trust + options.trust,
    )


def _verify(
    items: Sequence[Wanted],
    settings: Settings,
    options: Options,
    here: Path | bool,
    jobs: int,
    progress: Progress,
) -> Iterator[Verification]:
    looking = todo.Looking(list(items))
    with exchange.scratch() as room:
        places: list[Path] = []
        gone: dict[int, SkmigError] = {}
        for number, item in enumerate(items):
            try:
                places.append(_fetched(item, room / str(number), looking))
            except SkmigError as error:
                gone[number] = error
        answers: Iterator[Verification] = iter(())
        if places:
            answers = api.verify_all(
                places, options=options, settings=settings, here=here, jobs=jobs, progress=progress
            )
        for number, item in enumerate(items):
            answer = failed(Path(), gone[number]) if number in gone else next(answers)
            bundle, result = looking.shown(item.record), looking.shown(item.result)
            yield replace(answer, record=bundle, result=result)


def _fetched(item: Wanted, folder: Path, looking: todo.Looking) -> Path:
    """The record on this machine, with its result beside it."""
    if of_mlflow(item.record):
        version = looking.registry.version(item.record)
        if version is None:
            raise UnreadableError(
                f"the version that was made of `{item.found.place}` is gone",
                hint="run `skmig migrate` to register it again",
            )
        tracking = looking.registry.tracking
        return record.beside(registered.opened(version.address, folder, tracking)[0].file)
    if of_mlflow(item.found.place):
        return record.beside(ModelFolder.read(Path(item.record).parent).file)
    if not storage.is_uri(item.record):
        return Path(item.record)
    folder.mkdir()
    place = folder / storage.name(item.record)
    storage.fetch(item.record, place)
    if storage.look(item.result) is not None:
        storage.fetch(item.result, folder / storage.name(item.result))
    return place
