"""The record of training day, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig import record
from skmig.errors import UnreadableError
from skmig.payload import Bundle, WireError

_HINT = "restore the record from where it was stored, or capture the model again"
OWN = ("own-probes", "own-expected", "own-rounding")


@dataclass(frozen=True, kw_only=True)
class Capture:
    """What a record of training day says; `said` is its whole `capture.json`."""

    path: Path
    said: Mapping[str, Any]

    @property
    def artifact(self) -> record.FileFact:
        return record.FileFact(**self.said["artifact"])

    @property
    def model(self) -> Path:
        """Where the model lies, unless it got another name since."""
        return self.path.with_name(self.artifact.name)

    @property
    def release(self) -> str:
        """The release of scikit-learn that the model was trained with."""
        return str(self.said["release"])

    @property
    def packages(self) -> dict[str, str]:
        """Name -> version of all that was installed."""
        return dict(self.said["environment"]["packages"])

    @property
    def schema(self) -> dict[str, Any] | None:
        """What the rows are like that the model was trained on (`skmig.agent.schema`)."""
        found: dict[str, Any] | None = self.said["schema"]
        return found

    @property
    def has_rows(self) -> bool:
        return bool(self.said["rows"]["own"])

    def document(self, name: str) -> Any:
        """One of its documents.  Raises UnreadableError."""
        try:
            with Bundle(str(self.path)) as bundle:
                return bundle.document(name)
        except (WireError, OSError) as exc:
            raise UnreadableError(
                f"the record `{self.path.name}` is damaged", causes=(str(exc),), hint=_HINT
            ) from exc


def read(path: Path) -> Capture:
    """Read a record of training day and check every byte of it.

    Raises UnreadableError for a file that is none, is damaged or was changed.
    """
    if not path.is_file():
        raise UnreadableError(
            f"there is no record `{path}`", hint="`skmig capture` and `skmig.save` write one"
        )
    try:
        with Bundle(str(path)) as bundle:
            said = bundle.json(record.CAPTURE)
            found = record.member_digests(bundle.archive)
            names = bundle.archive.namelist()
        from skmig.agent.capture import SCHEMA_VERSION  # most models have none, and it is large

        if said["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"its schema version is {said['schema_version']}")
        members = said["members"]
        capture = Capture(path=path, said=said)
        if not isinstance(said["rows"]["own"], int):
            raise ValueError("it does not say how many rows are the user's own")
        _ = capture.artifact, capture.release, capture.packages, capture.schema
    except (WireError, OSError, KeyError, TypeError, ValueError, AttributeError) as exc:
        raise UnreadableError(
            f"`{path.name}` is not a record of training day", causes=(str(exc),), hint=_HINT
        ) from exc
    found.pop(record.CAPTURE)
    if found != members or len(set(names)) != len(names) or not record.ends_well(path):
        raise UnreadableError(f"the record `{path.name}` was changed", hint=_HINT)
    return capture


def beside(artifact: Path) -> Capture | None:
    """The record of training day that lies beside a model; None where none does.

    Raises UnreadableError for one that was changed, or that is of another model.
    """
    place = record.record_of(artifact)
    if place == artifact or not record.is_capture(place):
        return None
    found = read(place)
    if record.sha256(artifact) != found.artifact.sha256:
        again = f"skmig capture {artifact} --force"
        raise UnreadableError(
            f"`{artifact.name}` is not the model that the record `{place.name}` beside it is of: "
            "their digests differ",
            causes=(f"the record is of `{found.artifact.name}`, {found.said['created']}",),
            hint=f"if it was trained again, capture it again: {again}; else restore the model, or "
            "move the record away",
        )
    return found
