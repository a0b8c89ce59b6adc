"""Finds a CPython of a given version on this machine."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from skmig.environments.base import Progress
from skmig.environments.indexes import redact
from skmig.environments.locks import find_uv
from skmig.errors import EnvironmentFailedError

# uv has no CPython builds that are older.
_OLDEST_OF_UV = (3, 8)


def find(version: str) -> Path | None:
    """An interpreter `X.Y`: in uv's own store, on PATH, or in pyenv's folder; None without one."""
    return _by_uv(version) or _by_pyenv(version)


def find_or_install(version: str, progress: Progress) -> Path:
    """An interpreter `X.Y`; one that is missing is installed into uv's own store, where it can be.

    Raises EnvironmentFailedError, whose hint says how to get one.
    """
    found = find(version)
    if found is not None:
        return found
    causes: tuple[str, ...] = ()
    if _tuple(version) >= _OLDEST_OF_UV:
        progress.step(f"installing Python {version} with uv")
        done = _uv("python", "install", "--quiet", version)
        found = find(version)
        if done.returncode == 0 and found is not None:
            return found
        causes = tuple(redact(done.stderr).strip().splitlines()[-3:])
        hint = f"install it (`uv python install {version}`, or your system's packages)"
    else:
        hint = f"install it with `pyenv install {version}`"
    raise EnvironmentFailedError(
        f"no Python {version} is on this machine: not on PATH, in uv's store or in pyenv's folder",
        hint=f"{hint}, or start a container engine and use `--backend docker`",
        causes=causes,
    )


def _by_uv(version: str) -> Path | None:
    done = _uv("python", "find", "--no-project", "--system", "--no-python-downloads", version)
    path = Path(done.stdout.strip())
    return path if done.returncode == 0 and path.is_file() else None


def _by_pyenv(version: str) -> Path | None:
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    if not root.is_dir():
        return None
    found = [
        folder
        for folder in root.iterdir()
        if re.fullmatch(rf"{re.escape(version)}\.\d+", folder.name)
        and (folder / "bin" / "python").exists()
    ]
    newest = max(found, key=lambda folder: _tuple(folder.name), default=None)
    return newest / "bin" / "python" if newest else None


def _uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    # pyenv's shims answer to every name, and fail for versions that are not switched on
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    path = os.pathsep.join(folder for folder in folders if Path(folder).name != "shims")
    return subprocess.run(
        [find_uv(), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )


def _tuple(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
