"""What keeps a local worker apart from the user's files and the network, where the system can.

`bwrap` (bubblewrap): namespaces of its own, a root that holds the system's libraries, the
interpreter and the environment, all read-only, and nothing of the user; no network, no
capabilities.

`unshare` (util-linux): no network, processes and shared memory of its own, no capabilities; but the
user's files are as they are.

Neither bounds memory and processes as firmly as a container does.
Therefore the local backend does not count as a sandbox, confined or not.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from skmig.environments.exchange import RunFolder
from skmig.errors import EnvironmentFailedError, UsageError

Confinement = Literal["bwrap", "unshare", "none"]
VARIABLE = "SKMIG_CONFINE"
_USER = "10001"  # as in the images
_ROOM = Path("/skmig")
_TMP = Path("/tmp")  # noqa: S108 - the sandbox's own
_TMP_SIZE = str(512 << 20)
_SHM_SIZE = str(64 << 20)
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
_SETTINGS: tuple[str, ...] = (
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "alternatives",
    "localtime",
)
_SETTINGS += ("os-release", "debian_version", "lsb-release", "redhat-release")  # for the record
_SHARE = 0.75  # of the machine's memory
_PROBE = 20.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """How to start a worker, and where it then finds what is its."""

    wrapper: tuple[str, ...]
    agent: Path
    files: Path
    home: Path
    private: tuple[Path, ...] = ()  # what else is its alone, and can be emptied


def chosen() -> Confinement:
    """The confinement of local workers: the best there is, or the one that SKMIG_CONFINE names.

    Raises UsageError for another name, EnvironmentFailedError where what is named does not work.
    """
    asked = os.environ.get(VARIABLE) or "auto"
    if asked not in ("auto", *get_args(Confinement)):
        raise UsageError(
            f"{VARIABLE} is `{asked}`, which is no confinement",
            hint=f"choose one of: auto, {', '.join(get_args(Confinement))}",
        )
    if asked == "auto":
        return available()
    if asked != "none" and (why := _fails(asked)):
        raise EnvironmentFailedError(
            f"local environments cannot be confined by `{asked}`, as {VARIABLE} demands",
            causes=(why,),
            hint=f"install bubblewrap, allow user namespaces, or `unset {VARIABLE}`",
        )
    return cast("Confinement", asked)


def available() -> Confinement:
    """The best confinement that works on this machine."""
    return next((how for how in ("bwrap", "unshare") if not _fails(how)), "none")


def memory() -> int:
    """Bytes that a confined worker's jobs may have together, where nobody says: most of them."""
    return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * _SHARE)


def place(
    how: Confinement, python: Path, agent: Path, folder: RunFolder, variables: Mapping[str, str]
) -> Place:
    """How a worker is started by `python` so that it is confined."""
    if how != "bwrap":
        wrapper = _unshare() if how == "unshare" else ()
        return Place(wrapper=wrapper, agent=agent, files=folder.files, home=folder.home)
    files, there = _ROOM / "files", _ROOM / agent.name
    extra = variables.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    binds = [*_needed(python), *(Path(path) for path in extra if path)]
    # an environment that lies in /tmp is not the jobs' to write in, or to be cleared away
    tmp = _ROOM / "tmp" if any(path.is_relative_to(_TMP) for path in binds) else _TMP
    wrapper = (
        *_bwrap(binds, tmp),
        *("--bind", str(folder.files), str(files), "--ro-bind", str(agent), str(there)),
        *("--remount-ro", "/", "--chdir", str(tmp), "--"),
    )
    shared = Path("/dev/shm")  # noqa: S108 - the sandbox's own, as /tmp is
    return Place(wrapper=wrapper, agent=there, files=files, home=tmp, private=(shared,))


def _bwrap(binds: list[Path], tmp: Path = _TMP) -> tuple[str, ...]:
    """The command up to what a worker adds; the rights of its user are those of nobody."""
    command = ["bwrap", "--unshare-all", "--unshare-user", *_without_more()]
    command += ["--uid", _USER, "--gid", _USER, "--cap-drop", "ALL", "--hostname", "skmig"]
    # --as-pid-1: the worker is the first process, as in a container; see docker.py
    command += ["--die-with-parent", "--new-session", "--as-pid-1"]
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            command += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            command += ["--ro-bind", name, name]
    for name in _SETTINGS:
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    # Read-only: its settings of the kernel are open to root's files, and we may be root.
    command += ["--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"]
    command += ["--size", _SHM_SIZE, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]  # noqa: S108
    command += ["--size", _TMP_SIZE, "--tmpfs", str(tmp)]
    if tmp != _TMP:
        command += ["--tmpfs", str(_TMP)]
    for path in dict.fromkeys(binds):
        command += ["--ro-bind", str(path), str(path)]
    if tmp != _TMP:
        command += ["--remount-ro", str(_TMP)]
    return tuple(command)


@functools.cache
def _without_more() -> tuple[str, ...]:
    """Forbid user namespaces inside, where bubblewrap (0.8) knows how."""
    probe = ["bwrap", "--unshare-user", "--disable-userns", "--ro-bind", "/", "/", "true"]
    return () if _said(probe) else ("--disable-userns",)


def _unshare() -> tuple[str, ...]:
    return (
        *("unshare", "--user", f"--map-user={_USER}", f"--map-group={_USER}", "--net", "--ipc"),
        *("--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
    )


def _needed(python: Path) -> Iterator[Path]:
    """The folders without which an interpreter of a virtual environment does not start."""
    environment = python.parent.parent
    yield environment
    home = Path(sys.prefix)
    for line in (environment / "pyvenv.cfg").read_text().splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home":
            home = Path(value.strip()).parent
    # uv names its interpreters by links to folders
    for path in (home, home.resolve(), python.resolve().parent.parent):
        if path in (Path("/"), Path.home()) or path.is_relative_to("/usr"):
            continue
        yield path


@functools.cache
def _fails(how: str) -> str:
    """Why a confinement does not work on this machine; "" where it does."""
    if sys.platform != "linux":
        return "only Linux has it"
    if shutil.which(how) is None:
        return f"there is no `{how}`"
    if how == "unshare":
        return _said([*_unshare(), "true"])
    return _said([*_bwrap([]), "--remount-ro", "/", "--", "true"])


def _said(command: list[str]) -> str:
    """What a command says that fails; "" for one that works."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PROBE, check=False, cwd="/"
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    return done.stderr.strip() or f"it ended with code {done.returncode}"
