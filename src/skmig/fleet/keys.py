"""The digest of all that decides what a migration gives, beside the model itself."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from skmig.plan import Settings
from skmig.version import __version__

# what says where and how long something runs decides nothing
_PASSING = frozenset({"backend", "timeout", "memory", "force"})
_FILES = frozenset({"data", "code", "source_lock", "target_lock"})
_SORTED = frozenset(
    {"accept", "trust", "requirements", "source_requirements", "target_requirements"}
)


def settings_key(settings: Settings, digest: Callable[[Path], str]) -> str:
    """The digest of the settings that matter, of the files they name, and of skmig's own rules."""
    said: dict[str, Any] = {"skmig": __version__, "rules": rules()}
    for name, value in vars(settings).items():
        if name in _PASSING:
            continue
        if name in _FILES:
            paths = value if isinstance(value, tuple) else () if value is None else (value,)
            said[name] = [f"{path.name}:{_tree(path, digest)}" for path in paths]
        else:
            said[name] = sorted(value) if name in _SORTED else value
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _tree(path: Path, digest: Callable[[Path], str]) -> str:
    """The digest of a file, or of all files below a folder with their names."""
    if not path.is_dir():
        return digest(path)
    found = hashlib.sha256()
    for item in sorted(path.rglob("*")):
        if item.is_file() and "__pycache__" not in item.parts:
            found.update(f"{item.relative_to(path).as_posix()}:{digest(item)}\n".encode())
    return found.hexdigest()


@functools.cache
def rules() -> str:
    """The digest of the code that moves, builds and asks models: a fix of it makes them anew."""
    root = Path(__file__).parents[1]
    found = hashlib.sha256()
    for folder in ("adapters", "agent", "parity"):
        for path in sorted((root / folder).rglob("*.py")):
            found.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return found.hexdigest()
