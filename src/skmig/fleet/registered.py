"""Models of MLflow's registry: where they are, and which versions were made of them.

A result that becomes a version has no place before it is registered.  What stands for it is
`models:/NAME?of=ORIGIN&for=RELEASE`: the newest version of that model that skmig made of that
origin in that release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from skmig import storage
from skmig.errors import UnreadableError, UsageError
from skmig.fleet.config import QUERY, Group, of_mlflow
from skmig.fleet.source import Brought, Found
from skmig.inspection.mlflow import DESCRIPTION
from skmig.plan import Settings
from skmig.registry import Address, ModelFolder, Tracking, Version, Wanted, planned

_AWAITED = re.compile(r"models:/(?P<name>.+?)\?of=(?P<origin>.+)&for=(?P<target>[^&]+)")


class Registry:
    """Registered models by address, by a pattern of names, or by a filter of MLflow's."""

    def takes(self, named: str) -> bool:
        return of_mlflow(named)

    def models(self, named: str, group: Group) -> Iterator[Found]:
        """Raises UsageError for what is no address, EnvironmentFailedError for no server."""
        tracking = Tracking(group.mlflow.tracking_uri)
        for place, version in _versions(tracking, named):
            yield _found(place, version, group.settings.target)

    def fetch(self, place: str, room: Path, settings: Settings, wanted: Wanted) -> Brought:
        tracking = Tracking(wanted.tracking_uri)
        folder, _version = opened(place, room, tracking)
        settings, notes = planned(folder, settings, model_code=wanted.model_code)
        return Brought(file=folder.file, settings=settings, notes=tuple(notes))


def opened(place: str, room: Path, tracking: Tracking) -> tuple[ModelFolder, Version | None]:
    """The folder of a model, fetched into `room`.  Raises UnreadableError."""
    address = Address.parse(place)
    version = tracking.resolve(address)
    return ModelFolder.read(tracking.fetch(address, version, room)), version


def _versions(tracking: Tracking, named: str) -> Iterator[tuple[str, Version | None]]:
    """What is named now; nothing where there is none."""
    if named.startswith(QUERY):
        query = named.removeprefix(QUERY).strip()
        yield from ((item.address, item) for item in tracking.models(query=query))
        return
    pattern, _, alias = named.partition(":")[2].strip("/").partition("@")
    if "*" not in pattern or not named.startswith("models:"):
        address = Address.parse(named)
        try:
            version = tracking.resolve(address)
        except UnreadableError:
            return
        yield address.text if version is None else version.address, version
        return
    for item in tracking.models(pattern.removesuffix("/latest")):
        if not alias:
            yield item.address, item
            continue
        try:
            version = tracking.resolve(Address.parse(f"models:/{item.name}@{alias}"))
        except UnreadableError:  # nothing has this alias
            continue
        assert version is not None
        yield version.address, version


def _found(place: str, version: Version | None, target: str) -> Found:
    """A version that skmig made for this target stands for what it was made of."""
    if version is None:
        return Found(place=place)
    tags = version.tags or {}
    origin = tags.get("skmig.source_version", "")
    if origin and tags.get("skmig.target_release") == target:
        return Found(
            place=origin,
            content=tags.get("skmig.source_sha256", ""),
            release=tags.get("skmig.source_release", ""),
        )
    return Found(place=place, stamp=version.stamp)


# ------------------------------------------------------------------ results
def places(found: Found, group: Group) -> tuple[str, str]:
    """Where the result goes, and the name of what is written about it: a version, or a folder.

    Raises UsageError.
    """
    address, target = Address.parse(found.place), group.settings.target
    stem = f"{address.stem}-{target}"
    if group.mlflow.registers:
        name = name_of(found.place, group.mlflow)
        if not name:
            raise UsageError(
                f"`{found.place}` is no registered model that could get a new version",
                hint='give it a table of its own in skmig.toml, with `output = "FOLDER"` and'
                " without `register`",
            )
        return f"models:/{name}?of={found.place}&for={target}", stem
    if group.mlflow.alias is not None:
        raise UsageError(
            "`alias` is about a version that is registered", hint="add `register = true`"
        )
    if not group.output or storage.is_uri(group.output):
        raise UsageError(
            f"the result of `{found.place}` is a folder, and has no place on this machine",
            hint='say `register = true` for a new version, or `output = "FOLDER"`',
        )
    return storage.join(group.output, stem, DESCRIPTION), stem


def name_of(place: str, wanted: Wanted) -> str:
    """Which registered model gets the version; empty where none is named."""
    return wanted.register_as or Address.parse(place).name


class Registered:
    """What lies in the registry now; the versions of a model are asked for once."""

    def __init__(self, uri: str | None) -> None:
        self.tracking = Tracking(uri)
        self._known: dict[str, list[Version]] = {}

    def version(self, place: str) -> Version | None:
        """The version that an address names, or that is awaited; None where there is none."""
        wanted = _AWAITED.fullmatch(place)
        if wanted is None:
            found = [item for item in self._of(Address.parse(place).name) if item.address == place]
        else:
            found = [
                item
                for item in self._of(wanted["name"])
                if (item.tags or {}).get("skmig.source_version") == wanted["origin"]
                and (item.tags or {}).get("skmig.target_release") == wanted["target"]
            ]
        return max(found, key=lambda item: int(item.version), default=None)

    def stamp(self, place: str) -> str | None:
        """None where there is nothing."""
        found = self.version(place)
        if found is None:
            return None
        tags = found.tags or {}
        digests = (tags.get(f"skmig.{name}", "") for name in ("sha256", "record_sha256"))
        return " ".join((found.address, found.stamp, *digests))

    def _of(self, name: str) -> list[Version]:
        if name not in self._known:
            try:
                self._known[name] = self.tracking.versions(name)
            except UnreadableError:
                self._known[name] = []
        return self._known[name]
