"""Which scikit-learn a project pins, from the lock files that it has.

Read are `uv.lock`, `poetry.lock`, `pdm.lock`, `pylock.toml`, `Pipfile.lock`, requirements files
(with what they include), `environment.yml`, and `pyproject.toml`.  Lock files come first: where one
says a version, ranges elsewhere say nothing more.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from skmig.errors import UnreadableError

NAME = "scikit-learn"


@dataclass(frozen=True, kw_only=True)
class Pin:
    """What one place asks for; `place` is `requirements.txt:3`.  `version` where it is exactly
    one."""

    place: str
    specifier: SpecifierSet
    version: str | None

    def allows(self, release: str) -> bool:
        return self.specifier.contains(release, prereleases=True)


def find(folder: Path) -> tuple[Pin, ...]:
    """What the files in a folder pin: those of lock files; where there are none, the ranges.

    Raises UnreadableError for a file that cannot be read.
    """
    found = [pin for path in _files(folder) for pin in read(path, folder)]
    exact = tuple(pin for pin in found if pin.version is not None)
    return exact or tuple(found)


def _files(folder: Path) -> Iterator[Path]:
    names = [name for name in _READERS if "*" not in name]
    patterns = [name for name in _READERS if "*" in name]
    for name in names:
        if (folder / name).is_file():
            yield folder / name
    for pattern in patterns:
        yield from sorted(path for path in folder.glob(pattern) if path.is_file())


def read(path: Path, folder: Path = Path()) -> list[Pin]:
    """What one file pins.  Raises UnreadableError for one that is damaged or of no known kind."""
    reader = _reader(path)
    if reader is None:
        raise UnreadableError(
            f"`{path}` is no lock file of a known kind",
            hint=f"known are {', '.join(_READERS)}",
        )
    try:
        return list(dict.fromkeys(reader(path, _shown(path, folder))))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise UnreadableError(
            f"`{path}` cannot be read", causes=(str(exc),), hint="repair it, or write it again"
        ) from exc


def is_lock(path: Path) -> bool:
    """Is it a file of a kind that can pin?  By its name."""
    return _reader(path) is not None


def _reader(path: Path) -> Callable[[Path, str], Iterator[Pin]] | None:
    return next((how for name, how in _READERS.items() if path.match(name)), None)


def _shown(path: Path, folder: Path) -> str:
    try:
        return str(path.resolve().relative_to(folder.resolve()))
    except ValueError:
        return str(path)


def _exact(version: str, place: str) -> Pin:
    plain = version.strip().removeprefix("==")
    Version(plain)
    return Pin(place=place, specifier=SpecifierSet(f"=={plain}"), version=plain)


def _ranged(specifier: str, place: str) -> Pin | None:
    try:
        found = SpecifierSet(specifier)
    except InvalidSpecifier:
        return None
    only = next(iter(found)) if len(found) == 1 else None
    exact = only is not None and only.operator in ("==", "===") and "*" not in only.version
    return Pin(place=place, specifier=found, version=only.version if only and exact else None)


def _required(text: str, place: str) -> Pin | None:
    """A requirement in PEP 508's words; None where it is of something else, or of no version."""
    try:
        item = Requirement(text)
    except InvalidRequirement:
        return None
    if canonicalize_name(item.name) != NAME or not item.specifier:
        return None
    return _ranged(str(item.specifier), place)


# ------------------------------------------------------------------ one function a kind of file
def _packages(path: Path, place: str) -> Iterator[Pin]:
    """uv.lock, poetry.lock, pdm.lock: `[[package]]`; pylock.toml: `[[packages]]`."""
    said = tomllib.loads(path.read_text("utf-8"))
    for item in [*said.get("package", ()), *said.get("packages", ())]:
        if canonicalize_name(item["name"]) == NAME and "version" in item:
            yield _exact(item["version"], place)


def _pipfile(path: Path, place: str) -> Iterator[Pin]:
    said = json.loads(path.read_text("utf-8"))
    for section in ("default", "develop"):
        for name, item in said.get(section, {}).items():
            if canonicalize_name(name) == NAME and "version" in item:
                yield _exact(item["version"], place)


def _requirements(path: Path, place: str, seen: frozenset[Path] = frozenset()) -> Iterator[Pin]:
    if path.resolve() in seen:
        return
    lines = path.read_text("utf-8-sig").splitlines()
    number = 0
    while number < len(lines):
        first, text = number + 1, lines[number]
        while text.rstrip().endswith("\\") and number + 1 < len(lines):
            number += 1
            text = text.rstrip()[:-1] + " " + lines[number]
        number += 1
        text = re.sub(r"(^|\s)#.*$", "", text).strip()
        other = re.match(r"(?:-r|-c|--requirement|--constraint)[\s=]+(\S+)", text)
        if other:
            inner = path.parent / other[1]
            shown = str(Path(place).parent / other[1])
            if "://" not in other[1]:
                yield from _requirements(inner, shown, seen | {path.resolve()})
            continue
        pin = _required(re.split(r"\s--\w", text)[0], f"{place}:{first}")
        if pin is not None:
            yield pin


def _conda(path: Path, place: str) -> Iterator[Pin]:
    """`- scikit-learn=1.6.1` is one release of conda's, and `- scikit-learn==1.6.1` one of both."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        found = re.match(
            r"""\s*-\s*["']?(?:[\w.-]+::)?(scikit[-_.]learn)\s*([^#"']*)""", line, re.IGNORECASE
        )
        if found is None:
            continue
        text = found[2].strip()
        single = re.fullmatch(r"=?=\s*([\w.!+]+)(?:=\S+)?|([\d][\w.!+]*)(?:\s+\S+)?", text)
        version = (single[1] or single[2]) if single else None
        if version is not None:
            # one `=` and two numbers are any release of these: 1.6 is not 1.6.0 to conda
            loose = not text.startswith("==") and version.count(".") < 2
            pin = _ranged(f"=={version}.*" if loose else f"=={version}", f"{place}:{number}")
        else:
            pin = _ranged(text, f"{place}:{number}") if text else None
        if pin is not None:
            yield pin


def _project(path: Path, place: str) -> Iterator[Pin]:
    said = tomllib.loads(path.read_text("utf-8"))
    project = said.get("project", {})
    groups = [
        project.get("dependencies", ()),
        *project.get("optional-dependencies", {}).values(),
        *said.get("dependency-groups", {}).values(),
    ]
    for item in (item for group in groups for item in group if isinstance(item, str)):
        pin = _required(item, place)
        if pin is not None:
            yield pin
    poetry = said.get("tool", {}).get("poetry", {})
    parts = [poetry.get("dependencies", {})]
    parts += [group.get("dependencies", {}) for group in poetry.get("group", {}).values()]
    for name, item in (pair for part in parts for pair in part.items()):
        text = item.get("version") if isinstance(item, dict) else item
        if canonicalize_name(name) == NAME and isinstance(text, str):
            pin = _poetry(text, place)
            if pin is not None:
                yield pin


def _poetry(text: str, place: str) -> Pin | None:
    """Poetry's own words: `1.6.1` is that, `^1.6` and `~1.6` are ranges."""
    try:
        if text.startswith(("^", "~")) and not text.startswith("~="):
            low = Version(text[1:])
            keep = 1 if text[0] == "^" and low.major else 2
            top = [*low.release[:keep]]
            top += [0] * (keep - len(top))
            top[-1] += 1
            return _ranged(f">={low},<{'.'.join(map(str, top))}", place)
        return _exact(text, place)
    except InvalidVersion:
        return _ranged(text, place)


_READERS: dict[str, Callable[[Path, str], Iterator[Pin]]] = {
    "uv.lock": _packages,
    "poetry.lock": _packages,
    "pdm.lock": _packages,
    "pylock.toml": _packages,
    "Pipfile.lock": _pipfile,
    "environment.yml": _conda,
    "environment.yaml": _conda,
    "pyproject.toml": _project,
    "requirements*.lock": _requirements,
    "requirements*.txt": _requirements,
    "constraints*.txt": _requirements,
}
