"""Archives in which files travel into a container and out of it."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

from skmig.environments.files import walk


class IteratorFile(io.RawIOBase):
    """A readable stream over an iterator of bytes."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._pending = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        out = bytearray()
        while size < 0 or len(out) < size:
            if not self._pending:
                self._pending = next(self._chunks, b"")
                if not self._pending:
                    break
            wanted = len(self._pending) if size < 0 else size - len(out)
            out += self._pending[:wanted]
            self._pending = self._pending[wanted:]
        return bytes(out)


def add_bytes(archive: tarfile.TarFile, name: str, content: bytes, *, owner: int) -> None:
    """Add a file with this content."""
    member = _member(name, owner, len(content))
    archive.addfile(member, io.BytesIO(content))


def add_folder(archive: tarfile.TarFile, name: str, *, owner: int, mode: int = 0o700) -> None:
    """Add an empty folder; one that is there stays as full as it is."""
    member = _member(name, owner, 0)
    member.type, member.mode = tarfile.DIRTYPE, mode
    archive.addfile(member)


def add_path(archive: tarfile.TarFile, name: str, path: Path, *, owner: int) -> None:
    """Add a file, or a folder with all its files, as `name`; links become what they name."""
    if not path.is_dir():
        with path.open("rb") as handle:
            archive.addfile(_member(name, owner, path.stat().st_size), handle)
        return
    made: set[str] = set()
    for file, inner in walk(path):
        for parent in reversed(inner.parents):
            folder = f"{name}/{parent.as_posix()}".removesuffix("/.")
            if folder not in made:
                made.add(folder)
                add_folder(archive, folder, owner=owner, mode=0o755)
        with file.open("rb") as handle:
            member = _member(f"{name}/{inner.as_posix()}", owner, file.stat().st_size)
            archive.addfile(member, handle)


def _member(name: str, owner: int, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.uid = member.gid = owner
    member.size = size
    return member


def single_file(stream: IteratorFile, target: Path, most: int) -> None:
    """Write the one file of an archive, of `most` bytes, to `target`.

    What comes out of a container is not trusted: links and the like are refused, and so are names
    and sizes that could not be.  Raises tarfile.TarError.
    """
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        member = archive.next()
        source = archive.extractfile(member) if member is not None and member.isreg() else None
        if member is None or source is None:
            raise tarfile.TarError("it is not a regular file")
        if member.size > most:
            raise tarfile.TarError(f"it has {member.size} bytes, more than {most}")
        with target.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
