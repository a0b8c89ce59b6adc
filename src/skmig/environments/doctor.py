"""What `skmig doctor` looks at: is there what a migration needs, and if not, what to do?"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from skmig.environments import engine, images, interpreters, locks
from skmig.environments.base import EnvironmentSpec
from skmig.environments.recipes import recipe
from skmig.errors import EngineError, SkmigError
from skmig.versions import releases

State = Literal["ok", "warn", "fail"]

_GB = 1_000_000_000
# One image takes about half a gigabyte, all of them about thirteen (measured).
_SPACE_FOR_ONE = 2 * _GB
_SPACE_FOR_ALL = 15 * _GB


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the doctor: what was looked at, how it is, and what to do about it."""

    name: str
    state: State
    text: str
    todo: str = ""
    details: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "state": self.state,
            "text": self.text,
            "todo": self.todo,
            "details": list(self.details),
        }


def examine() -> list[Check]:
    """Look at everything.  No check raises: what goes wrong is its finding.

    No engine alone is a warning, because local environments do without; a failure means that
    neither can be had, or that a disk is full.
    """
    local = [_uv(), *_local()]
    usable = all(check.state != "fail" for check in local)
    return [*_engine(usable), *local]


def is_well(checks: list[Check]) -> bool:
    """Can models be migrated on this machine?"""
    return all(check.state != "fail" for check in checks)


def _engine(local_usable: bool) -> list[Check]:
    try:
        client = engine.connect()
    except EngineError as error:
        state: State = "warn" if local_usable else "fail"
        return [Check(name="engine", state=state, text=error.message, todo=error.hint)]
    try:
        return _engine_checks(client)
    except (SkmigError, *engine.ENGINE_EXCEPTIONS) as error:
        failed = engine.failed(error, "asking it how it is")
        return [Check(name="engine", state="fail", text=failed.message, todo=failed.hint)]
    finally:
        client.close()


def _engine_checks(client: Any) -> list[Check]:
    info = client.info()
    name = f"{info['OperatingSystem']}, engine {info['ServerVersion']} at `{engine.address()}`"
    resources = f"{info['NCPU']} CPUs, {info['MemTotal'] / _GB:.0f} GB of memory"
    checks = [Check(name="engine", state="ok", text=f"{name}; {info['Architecture']}, {resources}")]
    # A remote engine's folder is not on this machine, and nothing can be said of its disk.
    root = Path(info.get("DockerRootDir") or "/nowhere")
    if root.is_dir():
        checks.append(_disk("engine's disk", root, "docker system df"))
    return [*checks, _images(client)]


def _images(client: Any) -> Check:
    there, stale = [], []
    for row in releases():
        wanted = recipe(EnvironmentSpec(release=row.version))
        reference = images.image_name(wanted.tag)
        if images.find(client, wanted, reference) is not None:
            there.append(row.version)
        elif client.api.images(name=reference, quiet=True):
            stale.append(row.version)
    text = f"{len(there)} of {len(releases())} releases"
    text += f", {len(stale)} more of an older lock: {', '.join(stale)}" if stale else ""
    complete = len(there) == len(releases())
    return Check(
        name="images",
        state="warn" if stale else "ok",
        text=text,
        todo=""
        if complete
        else "missing ones are made when needed, or `skmig build-images --missing`",
        details=tuple(there),
    )


def _uv() -> Check:
    try:
        path = locks.find_uv()
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Check(
            name="uv",
            state="fail",
            text=f"uv does not run ({error}); local environments are made with it",
            todo="`python -m pip install --force-reinstall uv`",
        )
    return Check(name="uv", state="ok", text=f"{done.stdout.strip()} at `{path}`")


def _local() -> list[Check]:
    try:
        # not at the top: it needs what only POSIX systems have
        from skmig.environments import cache, virtual
    except ImportError:
        text = "local environments need a POSIX system"
        return [Check(name="local", state="fail", text=text, todo="use a container engine")]
    there = [row.version for row in releases() if virtual.has(EnvironmentSpec(release=row.version))]
    folder = cache.folder()
    existing = next(path for path in (folder, *folder.parents) if path.is_dir())
    return [
        _disk("disk", existing, f"du -sh {folder}"),
        _pythons(),
        _confinement(),
        Check(
            name="local environments",
            state="ok",
            text=f"{len(there)} of {len(releases())} releases in `{folder}`",
            details=tuple(there),
        ),
    ]


def _confinement() -> Check:
    """What keeps local environments apart from the user's files and the network."""
    try:
        # not at the top, as above
        from skmig.environments import confine

        how = confine.chosen()
    except SkmigError as error:
        return Check(name="confinement", state="fail", text=error.message, todo=error.hint)
    text = {
        "bwrap": "local environments see no network and none of your files (bubblewrap)",
        "unshare": "local environments see no network, but your files (user namespaces)",
        "none": "local environments can do what you can do",
    }[how]
    return Check(
        name="confinement",
        state="ok" if how == "bwrap" else "warn",
        text=text,
        todo="" if how == "bwrap" else "install bubblewrap (`apt install bubblewrap`), on Linux",
    )


def _pythons() -> Check:
    wanted = list(dict.fromkeys(row.python for row in releases()))
    try:
        found = {version: interpreters.find(version) for version in wanted}
    except OSError as error:
        return Check(name="pythons", state="fail", text=f"cannot be searched for: {error}")
    missing = [version for version, path in found.items() if path is None]
    here = [version for version in wanted if version not in missing]
    text = f"{', '.join(here) or 'none'} on this machine"
    text += f"; not {', '.join(missing)}" if missing else ""
    return Check(
        name="pythons",
        state="warn" if missing else "ok",
        text=text,
        todo="for local environments: `uv python install` (from 3.8 on), `pyenv install`; images"
        " bring their own"
        if missing
        else "",
        details=tuple(f"{version} {path}" for version, path in found.items() if path),
    )


def _disk(name: str, folder: Path, look: str) -> Check:
    free = shutil.disk_usage(folder).free
    text = f"{free / _GB:.1f} GB free at `{folder}`"
    if free < _SPACE_FOR_ONE:
        todo = f"free some: one environment takes up to {_SPACE_FOR_ONE / _GB:.0f} GB (`{look}`)"
        return Check(name=name, state="fail", text=text, todo=todo)
    if free < _SPACE_FOR_ALL:
        todo = f"enough for some; all releases take {_SPACE_FOR_ALL / _GB:.0f} GB (`{look}`)"
        return Check(name=name, state="warn", text=text, todo=todo)
    return Check(name=name, state="ok", text=text)
