"""`skmig build-images` as skmig.toml says: the releases whose environments a fleet needs."""

from __future__ import annotations

from collections import defaultdict

from skmig import inspection, plan, versions
from skmig.environments import exchange
from skmig.errors import SkmigError
from skmig.fleet import todo
from skmig.fleet.config import Fleet
from skmig.fleet.sources import source_of


def releases(fleet: Fleet) -> tuple[dict[tuple[str, ...], list[str]], list[str]]:
    """By what is added to them, the releases, oldest first; and the models that tell none.

    Environments of locks of the user's own are made when they are wanted.
    """
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    untold: list[str] = []
    models, _empty = todo.wanted(fleet)
    for item in models:
        try:
            with exchange.scratch() as room:
                source, group = source_of(item.found.place), item.group
                there = source.fetch(item.found.place, room, group.settings, group.mlflow)
                made = plan.make(inspection.inspect(there.file), there.settings)
        except SkmigError:
            untold.append(item.found.place)
            continue
        for spec in (made.source, made.target):
            if spec.lock is None:
                found[spec.requirements].add(spec.release)
    order = {version: number for number, version in enumerate(versions.line())}
    return {added: sorted(names, key=order.__getitem__) for added, names in found.items()}, untold
