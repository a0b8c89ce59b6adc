"""Where models come from: each kind of source lists its models, and brings one to this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from skmig import api, record, storage
from skmig.errors import UnreadableError
from skmig.fleet.config import Group
from skmig.fleet.registered import Registry
from skmig.fleet.source import Brought, Found, Source
from skmig.inspection import inspect
from skmig.plan import Settings
from skmig.registry import Wanted

_WILD = re.compile(r"[*?\[]")
# the arrays of old joblib, which lie beside the pickle: model.pkl_01.npy.z
_SIDECAR = re.compile(r"_\d+\.npy(\.z)?")


class Stores:
    """Object stores by URI: a file, everything below a prefix, or a pattern."""

    def takes(self, named: str) -> bool:
        return storage.is_uri(named)

    def models(self, named: str, group: Group) -> Iterator[Found]:  # noqa: ARG002
        wild = _WILD.search(named)
        one = not wild and not named.endswith("/") and storage.look(named) is not None
        base = storage.parent(named if one else named[: wild.start()] if wild else f"{named}/x")
        files = list(storage.listing(named))
        places = {item.place for item in files}
        for item in files:
            if not one and not _is_model(item.place, places, sure=wild is not None):
                continue
            folder = storage.below(item.place, base)
            yield Found(place=item.place, folder=folder, stamp=item.stamp)

    def fetch(
        self,
        place: str,
        room: Path,
        settings: Settings,
        wanted: Wanted,  # noqa: ARG002
    ) -> Brought:
        target = room / storage.name(place)
        storage.fetch(place, target)
        beside = list(storage.listing(f"{storage.parent(place)}/{storage.name(place)}_*"))
        for item in beside:
            if _SIDECAR.fullmatch(item.place.removeprefix(place)):
                storage.fetch(item.place, room / storage.name(item.place))
        return Brought(file=target, settings=settings)


class Files:
    """Paths of this machine: a file, a folder, or a pattern."""

    def takes(self, named: str) -> bool:  # noqa: ARG002
        return True

    def models(self, named: str, group: Group) -> Iterator[Found]:  # noqa: ARG002
        path = Path(named)
        if path.is_dir():
            try:
                chosen, _passed = api.expand([path])
            except UnreadableError:  # there is none
                return
            for item in chosen:
                yield self._found(item.path, item.folder.as_posix())
        elif path.is_file():
            yield self._found(path, "")
        elif _WILD.search(named):
            yield from self._matching(path)

    def fetch(
        self,
        place: str,
        room: Path,  # noqa: ARG002
        settings: Settings,
        wanted: Wanted,  # noqa: ARG002
    ) -> Brought:
        return Brought(file=Path(place), settings=settings)

    def _matching(self, pattern: Path) -> Iterator[Found]:
        parts = pattern.parts
        fixed = next(number for number, part in enumerate(parts) if _WILD.search(part))
        base = Path(*parts[:fixed])
        files = sorted(item for item in base.glob(str(Path(*parts[fixed:]))) if item.is_file())
        for item in files:
            if not (
                item.name.startswith(".") or item.suffix == record.SUFFIX or api.is_result(item)
            ):
                yield self._found(item, item.parent.relative_to(base).as_posix())

    def _found(self, path: Path, folder: str) -> Found:
        seen = storage.look(str(path))
        return Found(
            place=str(path),
            folder="" if folder == "." else folder,
            stamp="" if seen is None else seen.stamp,
        )


# the first that takes a place has it
SOURCES: tuple[Source, ...] = (Registry(), Stores(), Files())


def source_of(named: str) -> Source:
    return next(source for source in SOURCES if source.takes(named))


def digest(path: Path) -> tuple[str, str]:
    """What a model's content is, with the files that belong to it; and the release that wrote it.

    Empty for a release that is not recorded, and for what cannot be read: that is said later.
    """
    try:
        facts = inspect(path)
        release, sidecars = facts.release or "", facts.sidecars
    except UnreadableError:
        release, sidecars = "", ()
    own = storage.digest(str(path))
    more = [f"{item.name}:{storage.digest(str(item))}" for item in sidecars]
    return "+".join((own, *more)), release


def _is_model(place: str, places: set[str], *, sure: bool) -> bool:
    """Does a file of a store look like a model?  (`sure`: a pattern named it.)"""
    name = storage.name(place)
    suffix = storage.suffix(place).lower()
    if name.startswith(".") or suffix == record.SUFFIX:
        return False
    stem = place.removesuffix(storage.suffix(place))
    if {f"{place}{record.SUFFIX}", f"{stem}{record.SUFFIX}"} & places:
        return False  # the result of a migration, beside its record
    return sure or suffix in api.ARTIFACT_SUFFIXES
