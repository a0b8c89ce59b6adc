"""Do model files match the scikit-learn that a project locks?  From the files alone."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from packaging.version import InvalidVersion, Version

from skmig import inspection, pins
from skmig.errors import SkmigError, UnreadableError, UsageError
from skmig.pins import Pin

SUFFIXES = frozenset({".pkl", ".pickle", ".joblib", ".sav", ".skops"})
_LFS = b"version https://git-lfs"
Verdict = Literal["matches", "other", "unknown", "no model", "unreadable"]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One file.  `verdict`: it matches, is of an `other` release, of an `unknown` one, is `no
    model` of scikit-learn, or `unreadable`; `text` says why, `command` what to run."""

    path: Path
    verdict: Verdict
    release: str | None = None
    text: str = ""
    command: str = ""
    error: SkmigError | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "path": str(self.path),
            "verdict": self.verdict,
            "release": self.release,
            "text": self.text,
            "command": self.command,
            "error": None if self.error is None else self.error.as_json(),
        }


def pinned(locks: Iterable[Path], folder: Path) -> tuple[Pin, ...]:
    """What the lock files say: those that are named, else those in the folder.

    Raises UsageError where none says anything, or where two say different things.
    """
    named = tuple(locks)
    for path in named:
        if not path.is_file():
            raise UsageError(f"there is no `{path}`", hint="check the path given with --lock")
    found = tuple(pin for path in named for pin in pins.read(path, folder))
    if not named:
        found = pins.find(folder)
    if not found:
        where = ", ".join(f"`{path}`" for path in named) or f"the lock files of `{folder}`"
        raise UsageError(
            f"scikit-learn is not pinned in {where}",
            hint="name the file that says what production installs, such as --lock "
            "deploy/requirements.txt",
        )
    versions = {_plain(pin.version): pin for pin in found if pin.version is not None}
    if len(versions) > 1:
        said = "; ".join(f"{pin.place} pins {pin.version}" for pin in versions.values())
        raise UsageError(
            f"more than one scikit-learn is pinned: {said}",
            hint="name the file that production is installed from with --lock",
        )
    return found


def expand(paths: Iterable[Path]) -> list[Path]:
    """Files as named, folders as the model files in them; a lock file stands for all that is
    committed here, since it decides about all.  Raises UnreadableError."""
    named = list(paths)
    locks = [path for path in named if pins.is_lock(path)]
    found: list[Path] = _committed() if locks else []
    for path in named:
        if path in locks:
            continue
        if path.is_dir():
            found += sorted(
                item
                for item in path.rglob("*")
                if item.suffix.lower() in SUFFIXES and item.is_file() and not _hidden(item, path)
            )
        elif path.is_file():
            found.append(path)
        else:
            raise UnreadableError(f"there is no file `{path}`", hint="check the path")
    return list(dict.fromkeys(found))


def _committed() -> list[Path]:
    """The model files that git knows below this folder; all where it knows of none."""
    try:
        done = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return expand([Path()])
    names = (Path(os.fsdecode(item)) for item in done.stdout.split(b"\0") if item)
    return [path for path in names if path.suffix.lower() in SUFFIXES and path.is_file()]


def _hidden(item: Path, folder: Path) -> bool:
    parts = item.relative_to(folder).parts
    return any(part.startswith(".") or part in ("venv", "site-packages") for part in parts)


def check(paths: Iterable[Path], found: tuple[Pin, ...]) -> Iterator[Checked]:
    """Each file, held against what is pinned.  Nothing of it runs."""
    for path in paths:
        try:
            yield _check(path, found)
        except SkmigError as error:
            yield Checked(path=path, verdict="unreadable", text=error.message, error=error)


def _check(path: Path, found: tuple[Pin, ...]) -> Checked:
    with path.open("rb") as handle:
        if handle.read(len(_LFS)) == _LFS:
            text = "it is a pointer of Git LFS: run `git lfs pull` to have it checked"
            return Checked(path=path, verdict="unknown", text=text)
    facts = inspection.inspect(path)
    releases = list(facts.sklearn_versions)
    if not releases and not any(node.kind != "foreign" for node in facts.estimators):
        return Checked(path=path, verdict="no model", text="it holds nothing of scikit-learn")
    first = next((pin for pin in found if pin.version is not None), found[0])
    wanted = first.version or str(first.specifier)
    if not releases and facts.release is None:
        fitting = [item for item in facts.possible_releases if first.allows(item)]
        if fitting or not facts.possible_releases:
            text = f"it does not say its release ({facts.release_reason})"
            return Checked(path=path, verdict="unknown", text=text)
        releases = [f"{facts.possible_releases[0]} to {facts.possible_releases[-1]}"]
    releases = releases or [str(facts.release)]
    strange = [item for item in releases if not _allows(first, item)]
    if not strange:
        note = "" if first.version else f"{first.place} allows {wanted}, and locks no release"
        return Checked(path=path, verdict="matches", release=releases[0], text=note)
    words = "pins" if first.version else "wants"
    target = first.version or "RELEASE"
    command = shlex.join(["skmig", "migrate", str(path), "--to", target])
    return Checked(
        path=path,
        verdict="other",
        release=strange[0],
        text=f"it is of scikit-learn {' and '.join(strange)}, and {first.place} {words} {wanted}",
        command=command,
    )


def _allows(pin: Pin, release: str) -> bool:
    try:
        return pin.allows(str(Version(release)))
    except InvalidVersion:
        return False


def _plain(version: str) -> Any:
    try:
        return Version(version)
    except InvalidVersion:
        return version
