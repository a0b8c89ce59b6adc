"""Where a store lies: a few operations on named files, of which `create` is the one that counts."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from skmig import record
from skmig.errors import OutputError, UnreadableError

if TYPE_CHECKING:
    from skmig.store.versions import Version


class Storage(Protocol):
    """Named files; names are relative, with `/`.

    `create` writes a file that is not there, whole or not at all, and raises FileExistsError where
    it is: of several at once, one succeeds.  Reading raises FileNotFoundError.
    """

    where: str

    def create(self, name: str, data: bytes) -> None: ...

    def replace(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all, over one that is there or not."""

    def put(self, said: Version, files: list[Path]) -> None:
        """Copy a model and its record to where `said`, their manifest, has them.

        What arrived there is by digest what is said; else UnreadableError or StorageError.
        """

    def read(self, names: list[str]) -> list[bytes]: ...

    def names(self, folder: str) -> list[str]:
        """The files directly in a folder, sorted; none where there is no folder."""

    def digest(self, name: str) -> str:
        """The sha256 of a file."""

    def holds(self, name: str, digest: str) -> bool:
        """Is a file there, and by its sha256 the right one?"""
        try:
            return self.digest(name) == digest
        except FileNotFoundError:
            return False

    def local(self, digests: dict[str, str]) -> list[Path]:
        """Files by name and sha256, on this machine and in one folder; fetched if need be."""

    def stray(self, environment: str, version: str) -> str | None:  # noqa: ARG002
        """What those who look without skmig take for active, where it is not this version."""
        return None


class FolderStorage(Storage):
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

    def put(self, said: Version, files: list[Path]) -> None:
        for name, digest, source in zip(said.files, said.digests, files, strict=True):
            path = self.folder / name
            with self._draft(path) as draft:
                shutil.copyfile(source, draft)
                _settle(draft)
                if record.sha256(draft) != digest:
                    raise changed(source)
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


def changed(source: Path) -> UnreadableError:
    """What to raise where a file is not any more what was looked at before."""
    return UnreadableError(
        f"`{source.name}` changed while it was added", hint="run the same command again"
    )


def cached(where: str, digests: dict[str, str], fetch: Callable[[str, Path], object]) -> list[Path]:
    """What `fetch` gets, in the cache; what is damaged there is fetched again."""
    from skmig.environments import cache

    key = hashlib.sha256("\n".join([where, *digests]).encode()).hexdigest()[:32]
    folder = cache.folder() / "store" / key
    folder.mkdir(parents=True, exist_ok=True)
    places = []
    for name, digest in digests.items():
        place = folder / name.rpartition("/")[2]
        if not place.is_file() or record.sha256(place) != digest:
            draft = place.with_name(f".{place.name}.{os.getpid()}.part")
            fetch(name, draft)
            draft.replace(place)
        places.append(place)
    return places


def _settle(path: Path) -> None:
    """On the disk, and readable as any new file would be (a temporary file is its owner's only)."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
