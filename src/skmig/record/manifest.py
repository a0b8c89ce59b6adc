"""The manifest: what an auditor needs to know about one migration, as plain data."""

from __future__ import annotations

import datetime
import getpass
import hashlib
import json
import os
import re
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

SCHEMA_VERSION = 1
UNPROVEN = "unproven"  # the verdict where there was nothing that could be compared


@dataclass(frozen=True, kw_only=True)
class FileFact:
    """One file: its name (never a path: records travel), digest and size in bytes.

    Raises ValueError for anything else: it is read from records of strangers.
    """

    name: str
    sha256: str
    size: int

    def __post_init__(self) -> None:
        if self.name in ("", ".", "..") or PurePosixPath(self.name).name != self.name:
            raise ValueError(f"`{self.name}` is not the name of a file")
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError(f"`{self.sha256}` is not the digest of a file")
        if type(self.size) is not int or self.size < 0:
            raise ValueError(f"`{self.size}` is not the size of a file")

    @classmethod
    def of(cls, path: Path, name: str | None = None) -> FileFact:
        return cls(name=name or path.name, sha256=sha256(path), size=path.stat().st_size)


@dataclass(frozen=True, kw_only=True)
class EnvironmentFact:
    """One environment as it was: the release, how it was made, every package as frozen."""

    release: str
    backend: str
    python: str
    platform: str
    packages: dict[str, str]
    lock: str
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Everything that is said about one migration; `manifest.json` of the record.

    `members` are the digests of the other members of the record, `seal` that of all the rest of
    the manifest.  `rollback` is what to go back to: the original, by digest.  `state` is what
    became of the model's state (`adapters.carried.State`), `parity` what was found on the probes
    (`parity.Parity`), `data` what was found on the user's own rows beside it, `naive` what loading
    the original as it is would have done (`parity.Naive`; empty when nobody asked).
    """

    skmig: str
    created: str
    user: str
    commit: str
    source: FileFact
    result: FileFact
    rollback: FileFact
    format: str
    source_environment: EnvironmentFact
    target_environment: EnvironmentFact
    rules: tuple[str, ...]
    moved: tuple[dict[str, Any], ...]
    losses: tuple[str, ...]
    substitutions: tuple[str, ...]
    notes: tuple[str, ...]
    changes: tuple[str, ...]
    documented: tuple[dict[str, Any], ...]
    coverage: dict[str, Any]
    state: dict[str, Any]
    options: dict[str, Any]
    parity: dict[str, Any]
    verdict: str
    summary: str
    naive: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] | None = None
    members: dict[str, str] = field(default_factory=dict)
    seal: str = ""
    schema_version: int = SCHEMA_VERSION

    def as_json(self) -> dict[str, Any]:
        # all but these is plain already, and copying it takes longer than writing it
        said = dict(vars(self))
        for name in ("source", "result", "rollback"):
            said[name] = vars(said[name])
        for name in ("source_environment", "target_environment"):
            said[name] = dict(vars(said[name]))
        return said

    def sealed(self) -> Manifest:
        """The same with the digest that belongs to it: tells a changed manifest from a whole one.

        It is no signature: who wants to deceive can compute it again.
        """
        said = json.dumps(replace(self, seal="").as_json(), sort_keys=True)
        return replace(self, seal=hashlib.sha256(said.encode()).hexdigest())

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Manifest:
        """Raises KeyError or TypeError when something is missing or not as expected."""
        if value["schema_version"] != SCHEMA_VERSION:
            raise TypeError(f"schema version {value['schema_version']}, expected {SCHEMA_VERSION}")
        files = {name: FileFact(**value[name]) for name in ("source", "result", "rollback")}
        environments = {
            name: EnvironmentFact(
                **{**value[name], "requirements": tuple(value[name]["requirements"])}
            )
            for name in ("source_environment", "target_environment")
        }
        lists = {
            name: tuple(value[name])
            for name in (
                "rules",
                "moved",
                "losses",
                "substitutions",
                "notes",
                "changes",
                "documented",
            )
        }
        return cls(**{**value, **files, **environments, **lists})


def summary(source: FileFact, before: EnvironmentFact, after: EnvironmentFact, found: str) -> str:
    """The sentence that a manifest says of itself; `found` is that of the comparison."""
    return f"{source.name} moved from scikit-learn {before.release} to {after.release}: {found}"


def sha256(path: Path) -> str:
    """The digest of a file, as hexadecimal text."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def now() -> str:
    """The time as UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0).isoformat()


def who() -> str:
    """The account that runs this; empty where none is known (a bare uid in a container)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def commit(folder: Path) -> str:
    """The commit of the checkout that the artifact lies in, or what CI says; else empty."""
    for name in ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION"):
        if os.environ.get(name):
            return os.environ[name]
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
