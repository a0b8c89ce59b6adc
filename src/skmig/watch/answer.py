"""What `skmig watch` is asked, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skmig.parity import MethodParity
from skmig.watch.drift import Finding, Thresholds


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to watch.

    `log` is the folder of a prediction log, `window` the last seconds of it that are judged;
    `baseline` another record to take rows of training from, `against` the seconds of the log before
    the window to take instead.  `probes`: replay those of the record with the interpreter `python`
    (None: this one); `packages` is a `pip freeze` of what is to be there, instead of the record's.
    """

    log: Path | None = None
    window: float = 3600.0
    baseline: Path | None = None
    against: float | None = None
    limits: Thresholds = field(default_factory=Thresholds)
    probes: bool = False
    python: Path | None = None
    packages: Path | None = None
    code: tuple[Path, ...] = ()
    trust: tuple[str, ...] = ()
    timeout: float = 600.0


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What the log says.  `judged`: there were enough rows; `newest` is the latest row's time."""

    rows: int
    window: float
    baseline: str
    judged: bool
    newest: float | None
    findings: tuple[Finding, ...] = ()

    @property
    def drifted(self) -> tuple[Finding, ...]:
        return tuple(item for item in self.findings if item.drift)

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "window": self.window,
            "baseline": self.baseline,
            "judged": self.judged,
            "newest": self.newest,
            "findings": [item.as_json() for item in self.findings],
        }


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What the probes say.  `packages` are those that the model needs and that are others now,
    one sentence each; `others` the same of all else; `failure` why the model could not be asked."""

    python: str
    packages: tuple[str, ...]
    others: tuple[str, ...]
    methods: tuple[MethodParity, ...]
    failure: str = ""

    @property
    def different(self) -> tuple[MethodParity, ...]:
        return tuple(item for item in self.methods if not item.ok)

    @property
    def ok(self) -> bool:
        return not (self.packages or self.different or self.failure)

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "python": self.python,
            "packages": list(self.packages),
            "others": list(self.others),
            "methods": [item.as_json() for item in self.methods],
            "failure": self.failure,
        }


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The answer: `ok`, one sentence, and what was found."""

    model: Path
    record: Path
    summary: str
    notes: tuple[str, ...]
    log: Rows | None
    probes: Replay | None
    at: float

    @property
    def ok(self) -> bool:
        return not (self.log and self.log.drifted) and (self.probes is None or self.probes.ok)

    def as_json(self) -> dict[str, Any]:
        return {
            "model": str(self.model),
            "record": str(self.record),
            "ok": self.ok,
            "at": self.at,
            "summary": self.summary,
            "notes": list(self.notes),
            "log": None if self.log is None else self.log.as_json(),
            "probes": None if self.probes is None else self.probes.as_json(),
        }
