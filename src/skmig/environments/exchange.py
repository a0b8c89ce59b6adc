"""The private folder of a local run, and the sweep of those that were left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from skmig import alive
from skmig.agent import tidy
from skmig.environments.base import Limits
from skmig.environments.cleanup import Finalizer
from skmig.environments.files import walk
from skmig.errors import EnvironmentFailedError

_PREFIX = "skmig-run-"
_OWNER = "owner"  # locked by the process that the folder belongs to
_UNFINISHED = 600.0  # seconds after which a folder without owner was left by a crash


class RunFolder:
    """The private folder of one local worker: `files` is its exchange, `home` its home."""

    inline = False

    def __init__(self, most: int = Limits().disk) -> None:
        """`most`: bytes of one file that is copied out."""
        self._most = most
        try:
            self.path = Path(tempfile.mkdtemp(prefix=_prefix()))
            self.files = self.path / "files"
            self.home = self.path / "home"
            self.files.mkdir()
            self.home.mkdir()
            owner = os.open(self.path / "new", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (self.path / "new").rename(self.path / _OWNER)
        except OSError as error:
            raise _failed("no temporary folder can be made", error) from error
        self._finalizer = Finalizer(self, _delete, self.path, owner)

    def put(self, room: str, name: str, source: Path | bytes) -> None:
        target = self.files / room / name
        # Made where no job is, then moved: what a job left under the name could be a link.
        new = self.path / "coming"
        try:
            target.parent.mkdir(exist_ok=True)
            if isinstance(source, bytes):
                new.write_bytes(source)
            elif source.is_dir():
                for path, inner in walk(source):
                    (new / inner).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, new / inner)
            else:
                shutil.copyfile(source, new)
            if target.is_dir() and not target.is_symlink():
                tidy.discard(str(target))
            elif new.is_dir():
                target.unlink(missing_ok=True)
            new.replace(target)
        except OSError as error:
            raise _failed(f"`{name}` cannot be copied into the exchange", error) from error

    def get(self, room: str, name: str, target: Path) -> None:
        try:
            # a job could have left a link to a file of ours
            number = os.open(self.files / room / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(number, "rb") as source:
                status = os.fstat(number)
                # a second name could be that of a file of ours, too
                if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
                    raise OSError("it is not a regular file of its own")
                if status.st_size > self._most:
                    raise OSError(f"it has {status.st_size} bytes, more than {self._most}")
                with target.open("wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
        except OSError as error:
            raise _failed(f"`{name}` cannot be copied out of the exchange", error) from error

    def close(self) -> None:
        self._finalizer()


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder, deleted at the end: by the next run, where this one was killed."""
    folder = RunFolder()
    try:
        yield folder.files
    finally:
        folder.close()


def sweep() -> None:
    """Delete the folders of processes that died without cleaning up."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
                continue
            try:
                owner = os.open(folder / _OWNER, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                if _of_the_dead(folder.name) or time.time() - status.st_mtime > _UNFINISHED:
                    _discard(folder)
                continue
            try:
                fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _discard(folder)
            finally:
                os.close(owner)


def _prefix() -> str:
    """Of this process's folders: who is killed before there is an owner is known by the name."""
    pid = os.getpid()
    return f"{_PREFIX}{alive.place()[:8]}-{pid}-{alive.began(pid)}-"


def _of_the_dead(name: str) -> bool:
    """Does the name of a folder say that its process is no more?"""
    parts = name.removeprefix(_PREFIX).split("-")
    if len(parts) != 4 or parts[0] != alive.place()[:8] or not parts[1].isdecimal():
        return False
    return alive.began(int(parts[1])) != parts[2]


def _delete(folder: Path, owner: int) -> None:
    _discard(folder)
    os.close(owner)


def _discard(folder: Path) -> None:
    """Delete a folder as far as that goes: what a job left in it can be deeper than a stack.

    Its owner goes last: a folder without one is taken for new by the next run's sweep, and who
    deletes it may be killed meanwhile.
    """
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name != _OWNER:
                tidy.discard(str(path))
        tidy.discard(str(folder))


def _failed(what: str, error: OSError) -> EnvironmentFailedError:
    return EnvironmentFailedError(
        what,
        causes=(f"{error.strerror or error}",),
        hint=f"is there space and permission in `{tempfile.gettempdir()}`?  TMPDIR names another",
    )
