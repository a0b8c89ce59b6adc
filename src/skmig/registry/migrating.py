"""One MLflow model, from its address or folder to a folder or a new version."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from skmig import api, inspection, record, versions
from skmig.environments import exchange
from skmig.environments.base import Progress
from skmig.errors import DataError, UnsupportedError, UsageError
from skmig.pipeline import Migration
from skmig.plan import Settings
from skmig.registry import registering, rows, writing
from skmig.registry.folder import ModelFolder
from skmig.tracking import Address, Tracking, Version, is_address


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked for beside the settings.

    `output` is the folder to write; `register`: a new version of the model that the address names,
    or of `register_as`; `alias` shall mean that version; `model_code`: the code in the folder is
    given to the environments, as with --code.
    """

    output: Path | None = None
    report: Path | None = None
    tracking_uri: str | None = None
    register: bool = False
    register_as: str | None = None
    alias: str | None = None
    model_code: bool = False

    @property
    def registers(self) -> bool:
        return self.register or self.register_as is not None


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What was done: the folder that was written, the version that was registered, or both."""

    source: str
    migration: Migration
    folder: Path | None
    version: Version | None = None
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "folder": None if self.folder is None else str(self.folder),
            "registered": None if self.version is None else self.version.address,
            "aliases": [] if self.version is None else list(self.version.aliases),
            "tags": {} if self.version is None else dict(self.version.tags or {}),
            "notes": list(self.notes),
        }


@contextlib.contextmanager
def fetched(source: str, tracking: Tracking | None) -> Iterator[tuple[ModelFolder, Version | None]]:
    """The folder of a model, which is downloaded for the time of the block if it has an address.

    The version is the one that the address means.  Raises UnreadableError.
    """
    if not is_address(source):
        yield ModelFolder.read(Path(source)), None
        return
    assert tracking is not None
    address = Address.parse(source)
    version = tracking.resolve(address)
    with exchange.scratch() as room:
        yield ModelFolder.read(tracking.fetch(address, version, room)), version


def migrate(source: str, settings: Settings, wanted: Wanted, progress: Progress) -> Moved:
    """Move the model; what is registered was verified once more as it came back from the server.

    `settings` were checked.  Raises the errors of `skmig.errors`; nothing is written or registered
    unless parity holds.
    """
    name = _registered_name(source, wanted)
    tracking = None
    if is_address(source) or name is not None:
        tracking = Tracking(wanted.tracking_uri)
    place = _place(source, settings, wanted)
    if place is not None:
        writing.check_free(place, settings.force)
    if wanted.report is not None:
        record.check_place((wanted.report,), settings.force)
    with contextlib.ExitStack() as stack:
        if is_address(source):
            progress.step(f"fetching {source}")
        folder, version = stack.enter_context(fetched(source, tracking))
        settings, notes = planned(folder, settings, model_code=wanted.model_code)
        draft = stack.enter_context(_draft(place, settings.force))
        migration, more = _migrate(folder, draft, settings, progress)
        made = None
        if name is not None:
            assert tracking is not None
            origin = source if version is None else version.address
            made = registering.register(tracking, name, draft, migration, origin, version, progress)
            written = migration.record.relative_to(draft)
            registering.verify(tracking, made, draft, written, settings, progress)
            if wanted.alias is not None:
                made = tracking.set_alias(made, wanted.alias)
        if wanted.report is not None:
            page = record.read(migration.record)
            api.write_report(page, wanted.report, force=settings.force)
    if place is not None:
        migration = replace(
            migration,
            result=place / migration.result.relative_to(draft),
            record=place / migration.record.relative_to(draft),
        )
    migration = replace(migration, artifact=Path(source), report=wanted.report)
    return Moved(
        source=source, migration=migration, folder=place, version=made, notes=(*notes, *more)
    )


def _registered_name(source: str, wanted: Wanted) -> str | None:
    """Which registered model gets a version; None for none.  Raises UsageError."""
    if wanted.alias is not None and not wanted.registers:
        raise UsageError("--alias is about a version that is registered", hint="add --register")
    if not wanted.registers:
        return None
    if wanted.register_as is not None:
        return wanted.register_as
    name = Address.parse(source).name if is_address(source) else ""
    if not name:
        raise UsageError(
            f"`{source}` is no registered model that could get a new version",
            hint="name one: --register-as NAME",
        )
    return name


def _place(source: str, settings: Settings, wanted: Wanted) -> Path | None:
    """The folder to write; None where the result is registered and no folder was asked for."""
    if wanted.output is not None:
        place, origin = wanted.output.resolve(), Path(source).resolve()
        if not is_address(source) and (
            place.is_relative_to(origin) or origin.is_relative_to(place)
        ):
            raise UsageError(
                f"`{wanted.output}` and the original `{source}` would be in one another",
                hint="choose another --output: the original is never changed",
            )
        return wanted.output
    if is_address(source):
        if wanted.registers:
            return None
        return Path(f"{Address.parse(source).stem}-{settings.target}")
    folder = Path(source).absolute()
    return None if wanted.registers else folder.with_name(f"{folder.name}-{settings.target}")


@contextlib.contextmanager
def _draft(place: Path | None, force: bool) -> Iterator[Path]:
    if place is not None:
        with writing.placed(place, force=force) as draft:
            yield draft
        return
    with exchange.scratch() as room:
        yield room


def planned(
    folder: ModelFolder, settings: Settings, *, model_code: bool
) -> tuple[Settings, list[str]]:
    """The settings with what the folder says of its model; and notes."""
    notes = []
    facts = inspection.inspect(folder.file)
    if settings.source is None and facts.release is None and folder.release is not None:
        with contextlib.suppress(UnsupportedError):
            release = versions.release(folder.release).version
            settings = replace(settings, source=release)
            notes.append(f"that scikit-learn {release} wrote it is what the MLflow folder says")
    elif facts.release is not None and folder.release not in (None, facts.release):
        notes.append(
            f"the MLflow folder says scikit-learn {folder.release}, the model itself "
            f"{facts.release}, which is believed"
        )
    if settings.format is None and facts.container.startswith("joblib"):
        settings = replace(settings, format="pickle")  # which is what MLflow reads
    elif settings.format == "joblib":
        raise UsageError(
            "MLflow reads no joblib files", hint="choose --format pickle or --format skops"
        )
    if folder.code is not None:
        if model_code:
            settings = replace(settings, code=(*settings.code, folder.path / folder.code))
        else:
            notes.append(
                f"the folder brings code of its own, `{folder.code}`, which was not used: "
                "--model-code gives it to the environments"
            )
    named = [str(item.get("name")) for item in folder.inputs or () if "name" in item]
    fitted = next((node.features for node in facts.estimators if node.features), None)
    if named and fitted and sorted(named) != sorted(fitted):
        notes.append(
            "the signature names other columns than the model was fitted on: "
            + ", ".join(sorted(set(named) ^ set(fitted)))[:200]
        )
    return settings, notes


def _migrate(
    folder: ModelFolder, draft: Path, settings: Settings, progress: Progress
) -> tuple[Migration, tuple[str, ...]]:
    """Write the whole result folder into `draft`."""
    writing.copy_rest(folder, draft)
    model = Path(folder.model)
    if settings.format is not None:
        model = model.with_suffix(".skops" if settings.format == "skops" else ".pkl")
    (draft / model).parent.mkdir(parents=True, exist_ok=True)
    with exchange.scratch() as room:
        given = None if settings.data is not None else rows.of(folder, room)
        migration, notes = _with_rows(folder.file, draft / model, settings, given, progress)
    more = writing.write(folder, draft, model.as_posix(), migration.manifest)
    return migration, (*notes, *more)


def _with_rows(
    artifact: Path,
    result: Path,
    settings: Settings,
    given: tuple[Path, str] | None,
    progress: Progress,
) -> tuple[Migration, list[str]]:
    """Migrate, comparing on the rows that the folder brings where the model takes them."""
    own = replace(settings, force=True)  # the draft is ours
    notes = []
    if given is not None:
        data, what = given
        try:
            done = api.migrate(
                artifact, settings=replace(own, data=data), output=result, progress=progress
            )
            return done, [f"compared on the rows of its {what}, too"]
        except DataError as error:
            notes.append(f"its {what} was not used: {error.message}")
    return api.migrate(artifact, settings=own, output=result, progress=progress), notes
