"""Where a store lies: a few operations on named files, of which `create` is the one that counts."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from skmig.errors import OutputError


class Storage(Protocol):
    """Named files; names are relative, with `/`.

    `create` writes a file that is not there, whole or not at all, and raises FileExistsError where
    it is: of several at once, one succeeds.  Reading raises FileNotFoundError.
    """

    where: str

    def create(self, name: str, data: bytes) -> None: ...

    def replace(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all, over one that is there or not."""

    def put(self, name: str, source: Path) -> None:
        """Copy a file into the store; one of that name has the same content."""

    def read(self, names: list[str]) -> list[bytes]: ...

    def names(self, folder: str) -> list[str]:
        """The files directly in a folder, sorted; none where there is no folder."""

    def digest(self, name: str) -> str:
        """The sha256 of a file."""

    def local(self, digests: dict[str, str]) -> list[Path]:
        """Files by name and sha256, on this machine and in one folder; fetched if need be."""


class FolderStorage:
    """A store in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.where = str(folder)

    def create(self, name: str, data: bytes) -> None:
        path = self.folder / name
        with self._draft(path) as draft:
            draft.write_bytes(data)
            _settle(draft)
            try:
                os.link(draft, path)  # which fails where there is one
            except FileExistsError:
                raise
            except OSError:
                self._create_without_links(draft, path)

    def _create_without_links(self, draft: Path, path: Path) -> None:
        """For file systems that know no links: one at a time, by a lock that dies with us."""
        import fcntl

        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if path.exists():
                raise FileExistsError(str(path))
            draft.replace(path)

    def replace(self, name: str, data: bytes) -> None:
        path = self.folder / name
        with self._draft(path) as draft:
            draft.write_bytes(data)
            _settle(draft)
            draft.replace(path)

    def put(self, name: str, source: Path) -> None:
        path = self.folder / name
        with self._draft(path) as draft:
            shutil.copyfile(source, draft)
            _settle(draft)
            draft.replace(path)

    @contextlib.contextmanager
    def _draft(self, path: Path) -> Iterator[Path]:
        """A name in the folder of a file, for what it shall hold."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
            os.close(handle)
            try:
                yield Path(name)
            finally:
                Path(name).unlink(missing_ok=True)
        except FileExistsError:
            raise
        except OSError as exc:
            raise OutputError(
                f"`{path}` cannot be written: {exc.strerror or exc}",
                hint="is there space, and permission?",
            ) from exc

    def read(self, names: list[str]) -> list[bytes]:
        return [(self.folder / name).read_bytes() for name in names]

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(
                item.name
                for item in (self.folder / folder).iterdir()
                if not item.name.startswith(".")
            )
        except (FileNotFoundError, NotADirectoryError):
            return []

    def digest(self, name: str) -> str:
        with (self.folder / name).open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()

    def local(self, digests: dict[str, str]) -> list[Path]:
        return [self.folder / name for name in digests]


def _settle(path: Path) -> None:
    """On the disk, and readable as any new file would be (a temporary file is its owner's only)."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
