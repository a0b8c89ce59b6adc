"""Which release wrote an artifact: what it records, and what its names allow."""

from __future__ import annotations

from dataclasses import dataclass

from skmig import versions
from skmig.errors import UnsupportedError
from skmig.inspection import table
from skmig.inspection.facts import Node
from skmig.inspection.stubs import Global

_BEFORE_0_18 = "before 0.18 scikit-learn recorded none"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The answer; the fields are those of Facts."""

    recorded: dict[str, tuple[str, ...]]
    release: str | None
    reason: str
    possible: tuple[str, ...]
    notes: tuple[str, ...]


def origin(nodes: list[Node], names: list[Global]) -> Origin:
    """The release of the file, from the versions in the states and the modules of the classes."""
    recorded: dict[str, list[str]] = {}
    for node in nodes:
        if node.version is not None:
            recorded.setdefault(node.version, []).append(node.path)
    paths = {key: tuple(recorded[key]) for key in sorted(recorded, key=_order)}
    fitting = possible(names)
    if len(paths) > 1:
        parts = ", ".join(f"{key} ({_where(where)})" for key, where in paths.items())
        reason = f"parts of several releases are in it: {parts}"
        return Origin(recorded=paths, release=None, reason=reason, possible=fitting, notes=())
    if paths:
        ((version, where),) = paths.items()
        release = _row(version)
        notes = []
        if fitting and release in versions.line() and release not in fitting:
            notes.append(
                f"it records {version}, but names modules of {fitting[0]} to {fitting[-1]}"
            )
        return Origin(
            recorded=paths,
            release=release,
            reason=f"recorded in {_where(where)}",
            possible=(release,),
            notes=tuple(notes),
        )
    if not any(_is_sklearn(item) for item in names):
        reason = "nothing of scikit-learn is in it"
    elif not fitting:
        reason = "none is recorded, and no known release has all that it names"
    else:
        reason = f"none is recorded ({_BEFORE_0_18}); its names fit {fitting[0]} to {fitting[-1]}"
    return Origin(recorded={}, release=None, reason=reason, possible=fitting, notes=())


def possible(names: list[Global]) -> tuple[str, ...]:
    """The releases that define every scikit-learn name of the file, oldest first."""
    left: frozenset[str] | None = None
    for item in names:
        if not _is_sklearn(item):
            continue
        having = table.releases_with(item.module, item.name)
        if having:  # names outside the table (vendored joblib, data sets) tell nothing
            left = having if left is None else left & having
    return tuple(release for release in versions.line() if left and release in left)


def _is_sklearn(item: Global) -> bool:
    return item.module.partition(".")[0] == "sklearn"


def _row(version: str) -> str:
    """The table's spelling of a release; as recorded if the table has no such row."""
    try:
        return versions.release(version).version
    except UnsupportedError:
        return version


def _order(version: str) -> tuple[int, str]:
    row = _row(version)
    line = versions.line()
    return (line.index(row) if row in line else len(line), version)


def _where(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"`{paths[0]}`{more}"
