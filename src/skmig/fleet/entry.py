"""What became of one model of a fleet: the small document that the ledger keeps."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from skmig.errors import DifferentError, RefusedError, SkmigError
from skmig.plan import Settings
from skmig.record import FACTS, Manifest
from skmig.registry import Wanted

# of a manifest: what two runs on two machines may say differently of one migration
# (the facts of an export, which its environment says, hold the platform too)
_PASSING = ("created", "user", "commit", "seal", "members")


@dataclass(frozen=True, kw_only=True)
class Task:
    """One model, and what is wanted of it.

    `content` and `settings_key` are digests, `former` that of the record that stands in the way
    and may be replaced; empty where nothing may be.  `mlflow` is what is wanted of one of MLflow's.
    """

    place: str
    release: str
    content: str
    settings: Settings
    settings_key: str
    result: str
    record: str
    report: str = ""
    former: str = ""
    mlflow: Wanted | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.content, self.settings_key, self.result

    @property
    def limits(self) -> Settings:
        """What of its settings a workshop has."""
        return Settings(
            target="",
            backend=self.settings.backend,
            timeout=self.settings.timeout,
            memory=self.settings.memory,
        )


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What became of a task.

    `state`: "migrated", "refused", "different" or "error".  `essence` is the digest of all that a
    record says but when, by whom and on which platform it was made: the same for every run.
    `notes` are those of a model of MLflow.  `fresh`: this run did it, and did not find it done.
    """

    place: str
    result: str
    record: str
    report: str
    content: str
    settings: str
    state: str
    source: str = ""
    target: str = ""
    verdict: str = ""
    summary: str = ""
    losses: int = 0
    worst: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    seconds: float = 0.0
    result_sha256: str = ""
    record_sha256: str = ""
    essence: str = ""
    finished: str = ""
    worker: str = ""
    notes: list[str] = field(default_factory=list)
    fresh: bool = True

    @property
    def exit_code(self) -> int:
        return 0 if self.error is None else int(self.error["exit_code"])

    @property
    def lasting(self) -> bool:
        """Would it be the same tomorrow?  Not what failed for its environment or its command."""
        return self.exit_code in (0, 1, 3, 4, 6)

    @property
    def row(self) -> tuple[str, str, str]:
        """For the table: model, verdict, result or reason."""
        if self.error is None:
            return shown(self.place), self.verdict, shown(self.result)
        return (
            shown(self.place),
            self.error["kind"],
            "; ".join((self.summary, *self.error["causes"][:1])),
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Entry:
        """Raises TypeError where it is another version's."""
        return cls(**value)


def migrated(task: Task, manifest: Manifest, digests: tuple[str, str], **more: Any) -> Entry:
    """The entry of a task that was done; `digests` are those of result and record."""
    return Entry(
        **_common(task),
        state="migrated",
        source=manifest.source_environment.release,
        verdict=manifest.verdict,
        summary=manifest.summary,
        losses=len(manifest.losses),
        worst=worst(manifest),
        result_sha256=digests[0],
        record_sha256=digests[1],
        essence=essence(manifest),
        **more,
    )


def failed(task: Task, error: SkmigError, **more: Any) -> Entry:
    state = "error"
    if isinstance(error, RefusedError):
        state = "different" if isinstance(error, DifferentError) else "refused"
    said = error.as_json()
    return Entry(
        **_common(task), state=state, source=task.release, summary=error.message, error=said, **more
    )


def _common(task: Task) -> dict[str, Any]:
    return {
        "place": task.place,
        "result": task.result,
        "record": task.record,
        "report": task.report,
        "content": task.content,
        "settings": task.settings_key,
        "target": task.settings.target,
    }


def essence(manifest: Manifest) -> str:
    """The digest of what every run of the same migration says."""
    said = {key: value for key, value in manifest.as_json().items() if key not in _PASSING}
    for name in ("source_environment", "target_environment"):
        said[name] = {**said[name], "platform": ""}
    members = sorted(item for item in manifest.members.items() if item[0] != FACTS)
    text = json.dumps([said, members], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def worst(manifest: Manifest) -> dict[str, Any]:
    """The method whose answers differ most; empty where none does."""
    methods = list(manifest.parity["methods"])
    if manifest.data is not None:
        methods += manifest.data["parity"]["methods"]
    differing = [item for item in methods if item["max_abs"] or item["max_ulp"]]
    if not differing:
        return {}
    most = max(differing, key=lambda item: (float(item["max_rel"] or 0), float(item["max_abs"])))
    numbers = {name: _finite(most[name]) for name in ("max_abs", "max_rel", "max_ulp")}
    return {"method": f"{most['path']}.{most['method']}", "verdict": most["verdict"], **numbers}


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(float(value)) else None


def shown(place: str) -> str:
    """A place as people read it: a path below the working directory without what is above it."""
    folder = f"{Path.cwd()}{os.sep}"
    return place.removeprefix(folder)


def renamed(error: SkmigError, copy: Path, place: str) -> SkmigError:
    """The error with the model's place where it speaks of a copy of it."""
    if str(copy) != place:
        error.message = error.message.replace(str(copy), place)
    return error
