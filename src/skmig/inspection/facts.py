"""What `inspect` gives: everything that can be known of an artifact without running it."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Severity = Literal["dangerous", "unknown", "odd"]
NodeKind = Literal["estimator", "part", "foreign"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """An object in the artifact that is scikit-learn's or another library's.

    `path` is where it stands (`model.steps[1][1]`), `name` its class as pickled, `tag` its public
    tag, `version` the release that it records, `kind` "estimator", "part" (a tree, a loss, a
    metric) or "foreign" (not scikit-learn's).  `features` are the names of the columns that it was
    fitted on and `width` their number, where it records them (and there are not very many).
    """

    path: str
    name: str
    tag: str
    kind: NodeKind
    version: str | None = None
    features: tuple[str, ...] | None = None
    width: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedGlobal:
    """A name that unpickling imports; `position` is where it stands first in the pickle's bytes."""

    name: str
    position: int
    count: int
    called: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something outside the allowlist.  `name` is what `--trust` takes.

    `position` counts bytes of the (decompressed) pickle.  `path` is where it stands in the object,
    where that can be told; "(dropped)…" in what the pickle makes and throws away.

    `severity`: "dangerous" (known to run code or to touch files), "unknown" (code of a third
    party or of the user), "odd" (the file is not built as a pickle of a model is).
    """

    name: str
    severity: Severity
    position: int
    text: str
    path: str | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of an artifact.

    container        "joblib/zlib", "pickle/none", ...
    protocol         the pickle protocol, 0 to 5
    python           2 or 3: which Python wrote it
    sklearn_versions recorded version -> paths of the objects that record it
    release          the one release that wrote it; None if none or several are recorded
    release_reason   how `release` is known, or why it is not
    possible_releases releases, oldest first, that have all that it names of scikit-learn
    numpy_major      1 or 2; None if nothing tells
    joblib_form      "0.9 or older", "0.10 to 1.1", "1.2 or newer" by how its arrays lie in the file
    third_party      top-level module -> the names that are imported from it
    main_names       names imported from `__main__`: the script that trained the model
    functions        functions that are mentioned as values (a scorer, `func` of a transformer)
    estimators       objects of scikit-learn and of third parties, in the order they are met
    summary          one line: what the object is
    sidecars         files beside it that belong to it
    notes            contradictions and other things worth knowing
    """

    path: Path
    size: int
    container: str
    protocol: int
    python: int | None
    sklearn_versions: Mapping[str, tuple[str, ...]]
    release: str | None
    release_reason: str
    possible_releases: tuple[str, ...]
    numpy_major: int | None
    joblib_form: str | None
    third_party: Mapping[str, tuple[str, ...]]
    main_names: tuple[str, ...]
    functions: tuple[str, ...]
    estimators: tuple[Node, ...]
    summary: str
    globals: tuple[NamedGlobal, ...]
    findings: tuple[Finding, ...]
    sidecars: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @functools.cached_property
    def sha256(self) -> str:
        """Of the file; computed when it is first asked for, because large files take a while."""
        with self.path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()

    @property
    def clean(self) -> bool:
        """Is everything in it on the allowlist?"""
        return not self.findings

    @property
    def pandas(self) -> bool:
        """Does it hold objects of pandas?"""
        return "pandas" in self.third_party

    def untrusted(self, trusted: Iterable[str]) -> tuple[Finding, ...]:
        """The findings whose name, or whose module or package, is not among `trusted`."""
        names = tuple(trusted)
        return tuple(
            item
            for item in self.findings
            if not any(item.name == name or item.name.startswith(name + ".") for name in names)
        )

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, without `schema_version`."""
        return {
            "path": str(self.path),
            "size": self.size,
            "sha256": self.sha256,
            "container": self.container,
            "protocol": self.protocol,
            "python": self.python,
            "summary": self.summary,
            "release": self.release,
            "release_reason": self.release_reason,
            "possible_releases": list(self.possible_releases),
            "sklearn_versions": {key: list(paths) for key, paths in self.sklearn_versions.items()},
            "numpy_major": self.numpy_major,
            "joblib_form": self.joblib_form,
            "pandas": self.pandas,
            "third_party": {key: list(names) for key, names in self.third_party.items()},
            "main_names": list(self.main_names),
            "functions": list(self.functions),
            "estimators": [_plain(node) for node in self.estimators],
            "globals": [_plain(item) for item in self.globals],
            "findings": [_plain(item) for item in self.findings],
            "clean": self.clean,
            "sidecars": [path.name for path in self.sidecars],
            "notes": list(self.notes),
        }


def _plain(item: Node | NamedGlobal | Finding) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__slots__}
