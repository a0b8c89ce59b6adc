"""What the record beside a model says that watching needs, whichever record it is.

A record of `skmig.save` and `skmig capture` has rows of training and the answers to them; that of a
migration has neither, unless the record of the original lies beside it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig import record
from skmig.errors import UnreadableError
from skmig.payload import Bundle, WireError

_HINT = "restore the record from where it was stored, or capture the model again"


@dataclass(frozen=True, kw_only=True)
class Known:
    """One record.

    `model` is where the artifact lies; `origin` the artifact that it was made from (itself, unless
    it was migrated); `packages` and `python` what it was recorded with; `names` those of its
    columns; `questions` the pairs of documents with probes and answers to them; `rows` those of
    them that are rows of training; `manifest` that of a migration.
    """

    path: Path
    model: Path
    artifact: record.FileFact
    origin: record.FileFact
    format: str
    release: str
    python: str
    packages: Mapping[str, str]
    names: tuple[str, ...] | None
    questions: tuple[tuple[str, str, str], ...]
    rows: tuple[str, str] | None
    manifest: record.Manifest | None = None

    def document(self, name: str) -> Any:
        """One of its documents.  Raises UnreadableError."""
        try:
            with Bundle(str(self.path)) as bundle:
                return bundle.document(name)
        except (WireError, OSError) as exc:
            raise UnreadableError(
                f"the record `{self.path.name}` is damaged", causes=(str(exc),), hint=_HINT
            ) from exc


def read(path: Path) -> Known:
    """The record at `path`, or of the model at `path`.

    Raises UnreadableError for one that is missing, damaged or was changed.
    """
    place = record.record_of(path)
    if not place.is_file():
        missing = "there is no model" if not path.exists() else "there is no record of"
        raise UnreadableError(
            f"{missing} `{path}`",
            hint="name a record, or a model beside which one lies: `skmig.save`, `skmig capture` "
            "and `skmig migrate` write them",
        )
    known = _captured(place) if record.is_capture(place) else _migrated(place)
    if path == place:
        return known
    # the model may have got another name since
    return Known(**{**vars(known), "model": path})


def _captured(place: Path) -> Known:
    try:
        with Bundle(str(place)) as bundle:
            said = bundle.json(record.CAPTURE)
            found = record.member_digests(bundle.archive)
        found.pop(record.CAPTURE)
        if found != said["members"]:
            raise WireError("its members are not what it says of them")
        artifact = record.FileFact(**said["artifact"])
        environment, schema = said["environment"], said["schema"]
        columns = None if schema is None else schema.get("columns")
        own = bool(said["rows"]["own"])
        asked = [("probes", "expected", "rounding")]
        if own:
            asked.append(("own-probes", "own-expected", "own-rounding"))
        return Known(
            path=place,
            model=place.with_name(artifact.name),
            artifact=artifact,
            origin=artifact,
            format=said["format"],
            release=str(said["release"]),
            python=str(environment["python"]),
            packages=dict(environment["packages"]),
            names=None if columns is None else tuple(str(item["name"]) for item in columns),
            questions=tuple(asked),
            rows=("own-probes", "own-expected") if own else None,
        )
    except (WireError, OSError, KeyError, TypeError, ValueError, AttributeError) as exc:
        raise UnreadableError(
            f"the record `{place.name}` is damaged, or was changed",
            causes=(str(exc),),
            hint=_HINT,
        ) from exc


def _migrated(place: Path) -> Known:
    read = record.read(place)
    manifest = read.manifest
    fact = manifest.target_environment
    return Known(
        path=place,
        model=read.result,
        artifact=manifest.result,
        origin=manifest.source,
        format=manifest.format,
        release=fact.release,
        python=fact.python,
        packages=fact.packages,
        names=None,
        questions=(("probes", "expected", "rounding"),),
        rows=None,  # the user's own are nobody else's: they are not in a record of a migration
        manifest=manifest,
    )


def of_origin(known: Known) -> Known | None:
    """The record of training of what a model was migrated from, where it lies beside it."""
    if known.manifest is None:
        return None
    place = record.record_of(known.path.with_name(known.origin.name))
    if place == known.path or not place.is_file() or not record.is_capture(place):
        return None
    found = _captured(place)
    return found if found.artifact.sha256 == known.origin.sha256 else None
