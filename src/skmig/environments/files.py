"""Which files go into an exchange, and under which names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from skmig.errors import UsageError

# Of a folder given with `--code`: what is no code and may be large.
IGNORED = frozenset(
    {"__pycache__", ".git", ".hg", ".venv", "venv", ".tox", ".nox", ".mypy_cache", ".ruff_cache"}
    | {".pytest_cache", "node_modules", ".ipynb_checkpoints"}
)


def walk(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Every file of a folder with its place in it; links to folders are not followed."""
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in IGNORED)
        for name in sorted(files):
            path = Path(top, name)
            if path.is_file():
                yield path, path.relative_to(folder)


def checked(name: str) -> str:
    """`name` if it can be the name of a file in an exchange; UsageError otherwise."""
    if not name or name in (".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise UsageError(
            f"`{name}` cannot be the name of a file in an exchange",
            hint="use a plain file name, without folders",
        )
    return name
