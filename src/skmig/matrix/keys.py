"""What a result depends on, as digests: whatever changes one of these makes it run again."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib
import pkgutil
import shutil
import uuid
from pathlib import Path

import skmig.matrix
from skmig import adapters, parity, versions
from skmig.adapters import chain, rules
from skmig.environments import choose
from skmig.environments.base import EnvironmentSpec
from skmig.environments.bundle_agent import agent_pyz


def digest(*parts: str) -> str:
    """One digest of several texts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def made_by(zoo: Path) -> str:
    """The digest of the agent and of the specimens."""
    files = sorted((zoo / "specimens").rglob("*.py"))
    agent = hashlib.sha256(agent_pyz()).hexdigest()
    return digest(agent, *(_file(path) for path in files))


@functools.cache
def lock(release: str) -> str:
    """The digest of what is installed in the environment of `release`."""
    return choose.lock_digest(EnvironmentSpec(release=release))


def pair(made: str, source: str, target: str, pattern: str) -> str:
    """The key of one pair's result.

    `made`: what `made_by` says.  Of the rules only those between the two releases count, with what
    they import; of the censuses, those of the releases on the way.
    """
    way = chain.boundaries(source, target)
    modules = {path for step in way for path in _rule_files().get(step.newer, ())}
    releases = {name for step in way for name in (step.older, step.newer)}
    here = Path(skmig.matrix.__file__).parent
    files = [
        *(here / name for name in ("engine.py", "keys.py")),
        *Path(parity.__file__).parent.glob("*.py"),
        *(Path(adapters.__file__).parent / name for name in ("chain.py", "ops.py", "census.py")),
        *modules,
        *(versions.release(name).folder / "census.json" for name in releases),
    ]
    texts = sorted(f"{path.name} {_file(path)}" for path in files if path.is_file())
    return digest(made, lock(source), lock(target), source, target, pattern, *texts)


@functools.cache
def _rule_files() -> dict[str, frozenset[Path]]:
    """Release -> its rule module and all of the adapters that this imports."""
    found = {}
    for item in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        module = importlib.import_module(item.name)
        if module.__file__ is not None:
            found[module.RULES.since] = frozenset(_imports(Path(module.__file__)))
    return found


@functools.cache
def _imports(path: Path) -> frozenset[Path]:
    """A module of the adapters with all modules of the adapters that it needs."""
    folder = Path(adapters.__file__).parent
    needed, waiting = {path}, [path]
    while waiting:
        for node in ast.walk(ast.parse(waiting.pop().read_text("utf-8"))):
            if not isinstance(node, ast.ImportFrom) or node.module is None:
                continue
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                if not name.startswith(f"{adapters.__name__}."):
                    continue
                parts = name.removeprefix(f"{adapters.__name__}.").split(".")
                found = folder.joinpath(*parts).with_suffix(".py")
                if found.is_file() and found not in needed:
                    needed.add(found)
                    waiting.append(found)
    return frozenset(needed)


def _file(path: Path) -> str:
    """The digest of a file; read once for as long as it is not written again."""
    status = path.stat()
    return _content(path, status.st_mtime_ns, status.st_size)


@functools.cache
def _content(path: Path, _changed: int, _size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _beside(path)
    unfinished.write_text(text, "utf-8")
    unfinished.replace(path)


def place(source: Path, target: Path) -> None:
    """Move a file, which may be on another disk, to its place: whole or not at all."""
    unfinished = _beside(target)
    shutil.move(source, unfinished)
    unfinished.replace(target)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}")
