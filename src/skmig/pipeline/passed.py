"""What passes between the stages: each takes and gives a frozen dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig import inputs, inspection, record
from skmig.adapters import carried, chain
from skmig.capture import Capture
from skmig.environments.base import EnvironmentSpec
from skmig.parity import Naive, Parity, Sketches
from skmig.plan import Plan, Settings
from skmig.record import Manifest


@dataclass(frozen=True, kw_only=True)
class Request:
    """One artifact and where its result and record shall be, and the report if one is wanted."""

    artifact: Path
    result: Path
    record: Path
    settings: Settings
    report: Path | None = None

    @property
    def outputs(self) -> tuple[Path, ...]:
        places = (self.result, self.record)
        return places if self.report is None else (*places, self.report)


@dataclass(frozen=True, kw_only=True)
class Planned:
    request: Request
    facts: inspection.Facts
    plan: Plan
    capture: Capture | None = None


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A payload and all that the target's half of a migration needs to know of it."""

    request: Request
    bundle: Path
    source: record.FileFact
    environment: record.EnvironmentFact
    coverage: dict[str, Any]
    target: EnvironmentSpec
    format: str
    compress: tuple[str, int] | None = None
    allow: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    encoding: str | None = None
    reader: str | None = None
    findings: tuple[str, ...] = ()
    sidecars: tuple[Path, ...] = ()
    source_spec: EnvironmentSpec | None = None
    rows: inputs.Inputs | None = None
    digests: Mapping[Path, str] = dataclasses.field(default_factory=dict)  # of what is read
    capture: Capture | None = None


@dataclass(frozen=True, kw_only=True)
class Adapted:
    exported: Exported
    bundle: Path
    adapted: chain.Adapted
    before: Any  # the graph that was adapted
    expected: Any  # what the source answers
    rounding: Any


@dataclass(frozen=True, kw_only=True)
class Restored:
    adapted: Adapted
    result: Path
    actual: Any  # what it answers
    environment: record.EnvironmentFact
    failures: dict[str, list[str]]
    state: carried.State


@dataclass(frozen=True, kw_only=True)
class Compared:
    restored: Restored
    parity: Parity
    sketches: Sketches
    data: Parity | None = None
    data_sketches: Sketches = dataclasses.field(default_factory=Sketches)
    naive: Naive | None = None

    @property
    def whole(self) -> Parity:
        """What was found on the probes and on the user's data together."""
        more = () if self.data is None else self.data.methods
        return dataclasses.replace(self.parity, methods=self.parity.methods + more)


@dataclass(frozen=True, kw_only=True)
class Migration:
    """What `migrate` gives: the verdict, where the files are, and the whole manifest."""

    artifact: Path
    result: Path
    record: Path
    manifest: Manifest
    report: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """What was written."""
        places = (self.result, self.record)
        return places if self.report is None else (*places, self.report)

    @property
    def summary(self) -> str:
        return self.manifest.summary

    def as_json(self) -> dict[str, Any]:
        return {
            "artifact": str(self.artifact),
            "result": str(self.result),
            "record": str(self.record),
            "report": None if self.report is None else str(self.report),
            "manifest": self.manifest.as_json(),
        }
