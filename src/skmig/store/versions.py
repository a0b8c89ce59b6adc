"""A version: one model and its record, with what an auditor asks about it."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig import capture, record
from skmig.errors import UnreadableError, UsageError
from skmig.store.storage import Storage

SCHEMA_VERSION = 1
_ENVIRONMENT = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_NAME = re.compile(r"\d{4}\.\d{2}\.\d{2}(\.\d+)?\.[a-z][a-z0-9_-]{0,39}")


def checked_environment(name: str) -> str:
    """Raises UsageError for what cannot be the name of an environment."""
    if not _ENVIRONMENT.fullmatch(name):
        raise UsageError(
            f"`{name}` is not the name of an environment",
            hint="small letters, digits, - and _ that begin with a letter, such as prod",
        )
    return name


@dataclass(frozen=True, kw_only=True)
class Version:
    """The manifest of one version; `storage` is where it lies.

    `deployed_by` and `commit` are of who added it; `rollback_target` is the version that was
    active in its environment then.  `framework` are the packages that it needs, by name.
    """

    version: str
    environment: str
    created: str
    deployed_by: str
    commit: str
    model: record.FileFact
    record: record.FileFact
    framework: dict[str, str]
    python: str
    training_date: str | None
    data_snapshot: str | None
    preprocessing_version: str | None
    metrics: dict[str, Any]
    metadata: dict[str, Any]
    migrated_from: dict[str, Any] | None
    rollback_target: str | None
    schema_version: int = SCHEMA_VERSION
    storage: Storage = dataclasses.field(repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        fields = [field.name for field in dataclasses.fields(self) if field.name != "storage"]
        found = {name: getattr(self, name) for name in fields}
        return {**found, **{n: dataclasses.asdict(found[n]) for n in ("model", "record")}}

    def as_bytes(self) -> bytes:
        return json.dumps(self.as_json(), indent=1, sort_keys=True, allow_nan=False).encode()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.as_bytes()).hexdigest()

    @property
    def files(self) -> list[str]:
        """The names of the model and its record in the store."""
        return [f"{self.folder}/{fact.name}" for fact in (self.model, self.record)]

    @property
    def digests(self) -> list[str]:
        """The sha256 of each of `files`."""
        return [self.model.sha256, self.record.sha256]

    @property
    def folder(self) -> str:
        """Where they lie in the store."""
        return folder_of(self.model.sha256, self.record.sha256)

    def check(self) -> None:
        """Are the files those that were added?  Raises UnreadableError."""
        for name, fact in zip(self.files, (self.model, self.record), strict=True):
            try:
                same = self.storage.digest(name) == fact.sha256
                said = f"its digest is not that of the version: {fact.sha256[:16]}…"
            except FileNotFoundError:
                same, said = False, "it is not there"
            if not same:
                raise UnreadableError(
                    f"`{fact.name}` of version {self.version} is not what was added: {said}",
                    causes=(f"{self.storage.where}/{name}",),
                    hint="choose another version; this one was damaged or tampered with",
                )

    def local(self) -> Path:
        """The model on this machine, its record beside it.  Raises UnreadableError."""
        wanted = dict(zip(self.files, self.digests, strict=True))
        places = self.storage.local(wanted)
        for place, digest in zip(places, wanted.values(), strict=True):
            if not place.is_file() or record.sha256(place) != digest:
                raise UnreadableError(
                    f"`{place}` is not what was added as version {self.version}",
                    hint="go back to another version: skmig store rollback",
                )
        return places[0]


def folder_of(model: str, its_record: str) -> str:
    """The folder of a model and its record, by their digests."""
    both = hashlib.sha256(f"{model}\n{its_record}".encode()).hexdigest()
    return f"models/{both[:32]}"


def read(storage: Storage, name: str) -> Version:
    """A version by its name.  Raises UsageError (none of that name) and UnreadableError."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"`{name}` is not the name of a version",
            hint="such as 2026.11.21.prod: skmig store list",
        )
    try:
        (data,) = storage.read([f"versions/{name}.json"])
    except FileNotFoundError as exc:
        raise UsageError(
            f"there is no version `{name}` in `{storage.where}`", hint="see: skmig store list"
        ) from exc
    try:
        said = json.loads(data)
        facts = {key: record.FileFact(**said[key]) for key in ("model", "record")}
        found = Version(**{**said, **facts}, storage=storage)
        if found.version != name or found.schema_version != SCHEMA_VERSION:
            raise ValueError(f"it says that it is {found.version}")
    except (ValueError, KeyError, TypeError) as exc:
        raise UnreadableError(
            f"the manifest of version {name} is damaged",
            causes=(str(exc),),
            hint="restore it from a backup of the store",
        ) from exc
    return found


def describe(storage: Storage, path: Path, environment: str, given: dict[str, Any]) -> Version:
    """The manifest of what shall be added, without its name.  `given`: what the user says beside
    the record; None where nothing is said.

    Raises UnreadableError for a model without a record, or whose record is of another file.
    """
    place = record.record_of(path)
    if path == place or not path.is_file():
        raise UnreadableError(f"there is no model `{path}`", hint="name the model, not its record")
    if not place.is_file():
        raise UnreadableError(
            f"there is no record `{place.name}` beside `{path.name}`",
            hint=f"write one: skmig capture {path} --data FILE",
        )
    migrated = None
    if record.is_capture(place):
        found = capture.read(place)
        artifact, said = found.artifact, found.said
        packages, python = found.packages, str(said["environment"]["python"])
    else:
        manifest = (read := record.read(place)).manifest
        artifact, said = manifest.result, read.capture() or {}
        packages = manifest.target_environment.packages
        python = manifest.target_environment.python
        migrated = {
            **dataclasses.asdict(manifest.source),
            "release": manifest.source_environment.release,
            "verdict": manifest.verdict,
        }
    if record.sha256(path) != artifact.sha256:
        raise UnreadableError(
            f"`{path.name}` is not the file that its record is of: its digest differs",
            hint="restore the model, or write its record again",
        )
    known = ("training_date", "data_snapshot", "preprocessing_version", "metrics", "metadata")
    said = {key: said.get(key) for key in known}
    said |= {key: value for key, value in given.items() if value is not None}
    main = ("scikit-learn", "numpy", "scipy", "pandas", "joblib", "xgboost", "lightgbm", "catboost")
    return Version(
        version="",
        environment=environment,
        created=record.now(),
        deployed_by=record.who(),
        commit=record.commit(path.resolve().parent),
        model=record.FileFact.of(path),
        record=record.FileFact.of(place),
        framework={name: packages[name] for name in main if name in packages},
        python=python,
        training_date=said["training_date"],
        data_snapshot=said["data_snapshot"],
        preprocessing_version=said["preprocessing_version"],
        metrics=said["metrics"] or {},
        metadata=said["metadata"] or {},
        migrated_from=migrated,
        rollback_target=None,
        storage=storage,
    )


def claim(storage: Storage, version: Version) -> Version:
    """Give a version the next free name of its day: each is created once."""
    today = datetime.datetime.now(datetime.UTC).strftime("%Y.%m.%d")
    taken = storage.names("versions")
    number = 1
    while True:
        middle = "" if number == 1 else f".{number}"
        named = dataclasses.replace(version, version=f"{today}{middle}.{version.environment}")
        number += 1
        if f"{named.version}.json" in taken:
            continue
        try:
            storage.create(f"versions/{named.version}.json", named.as_bytes())
        except FileExistsError:
            continue
        return named
