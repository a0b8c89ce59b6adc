"""Looking at files of any place, fetching and storing them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from skmig.errors import StorageError, UnreadableError, UsageError
from skmig.storage.places import is_uri

_BLOCK = 1 << 20
# what a store says of a file and changes with its content, the surest first
_STAMPS: tuple[str, ...] = (
    "ETag",
    "etag",
    "md5Hash",
    "content_md5",
    "generation",
    "mtime",
    "LastModified",
)
_STAMPS += ("last_modified", "updated", "created")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A file: `stamp` changes when its content does; empty where nothing tells."""

    place: str
    size: int
    stamp: str


def look(place: str) -> Stored | None:
    """What is known of a file without reading it; None where there is none."""
    if not is_uri(place):
        return _look_here(Path(place))
    files, path = opened(place)
    try:
        found = files.info(path)
    except FileNotFoundError:
        return None
    except Exception as error:
        raise failed(place, error) from error
    return _stored(place, found) if found["type"] == "file" else None


def listing(place: str) -> Iterator[Stored]:
    """The files below a URI, or those that a URI with wildcards names, sorted."""
    files, path = opened(place)
    try:
        if any(sign in path for sign in "*?["):
            found = files.glob(path, detail=True)
        elif not place.endswith("/") and files.isfile(path):
            found = {path: files.info(path)}
        else:
            found = files.find(path, detail=True)
    except FileNotFoundError:
        return
    except Exception as error:
        raise failed(place, error) from error
    scheme = place.partition("://")[0]
    for inner, facts in sorted(found.items()):
        if facts["type"] == "file":
            yield _stored(f"{scheme}://{inner.lstrip('/')}", facts)


def digest(place: str) -> str:
    """The sha256 of a file, read in parts.  Raises UnreadableError where there is none."""
    if not is_uri(place):
        try:
            with Path(place).open("rb") as handle:
                return hashlib.file_digest(handle, "sha256").hexdigest()
        except OSError as error:
            raise _unreadable(place, error) from error
    found = hashlib.sha256()
    for block in _blocks(place):
        found.update(block)
    return found.hexdigest()


def fetch(place: str, target: Path) -> str:
    """Copy a file of a store to this machine, in parts; gives its sha256."""
    found = hashlib.sha256()
    with target.open("wb") as handle:
        for block in _blocks(place):
            found.update(block)
            handle.write(block)
    return found.hexdigest()


def store(source: Path, place: str, sha256: str) -> None:
    """Put a file of this machine to a place; it is there whole or not at all.

    What arrived is read again.  Raises StorageError.
    """
    files, path = opened(place)
    try:
        # an object of s3, gs and az is there when its upload ends; elsewhere a name of its own
        # keeps what is half written from being taken for the whole
        draft = path if _whole(files) else f"{path}.{uuid.uuid4().hex}.part"
        if draft != path:
            with contextlib.suppress(FileExistsError):
                files.makedirs(path.rpartition("/")[0], exist_ok=True)
        with source.open("rb") as reader, files.open(draft, "wb") as writer:
            shutil.copyfileobj(reader, writer, _BLOCK)
        if draft != path:
            files.mv(draft, path)
    except Exception as error:
        raise failed(place, error) from error
    if digest(place) != sha256:
        with contextlib.suppress(Exception):
            files.rm_file(path)
        raise StorageError(
            f"what was stored as `{place}` is not what was sent",
            hint="run the same command again; the store is not to be trusted if it happens twice",
        )


def remove(place: str) -> None:
    """Delete a file of a store, if it is there."""
    files, path = opened(place)
    try:
        files.rm_file(path)
    except FileNotFoundError:
        return
    except Exception as error:
        raise failed(place, error) from error


def _blocks(place: str) -> Iterator[bytes]:
    files, path = opened(place)
    try:
        handle: BinaryIO
        with files.open(path, "rb", block_size=8 * _BLOCK) as handle:
            while block := handle.read(_BLOCK):
                yield block
    except FileNotFoundError as error:
        raise _unreadable(place, error) from error
    except Exception as error:
        raise failed(place, error) from error


def _look_here(path: Path) -> Stored | None:
    try:
        found = path.stat()
    except OSError:
        return None
    if not path.is_file():
        return None
    stamp = f"{found.st_size}-{found.st_mtime_ns}-{found.st_ino}"
    return Stored(place=str(path), size=found.st_size, stamp=stamp)


def _stored(place: str, facts: dict[str, Any]) -> Stored:
    size = int(facts.get("size") or 0)
    stamp = next((str(facts[name]) for name in _STAMPS if facts.get(name)), "")
    return Stored(place=place, size=size, stamp=f"{size}-{stamp}" if stamp else "")


def _whole(files: Any) -> bool:
    protocols = (files.protocol,) if isinstance(files.protocol, str) else files.protocol
    return bool({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"}.intersection(protocols))


def opened(place: str) -> tuple[Any, str]:
    """The file system of a URI, and the path in it.  Raises UsageError where there can be none."""
    scheme = place.partition("://")[0]
    try:
        import fsspec
    except ImportError as error:
        raise UsageError(
            f"`{place}` is in a store, and what reads stores is not installed",
            hint="pip install 'skmig[storage]'",
        ) from error
    try:
        # a listing that was kept would not show what another process has written since
        files, path = fsspec.core.url_to_fs(place, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise UsageError(
            f"`{place}`: there is no store `{scheme}://`, or what reads it is not installed",
            causes=(str(error),),
            hint="pip install 'skmig[storage]', which brings s3://, gs:// and az://",
        ) from error
    except Exception as error:
        raise failed(place, error) from error
    return files, path


def _unreadable(place: str, error: Exception) -> UnreadableError:
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    return UnreadableError(f"`{place}` cannot be read: {reason}", hint="check the path")


def failed(place: str, error: Exception) -> StorageError:
    """What to raise where a store did not do what it was asked."""
    hint = "are the store's address and your credentials in the environment, as for its own tools?"
    return StorageError(
        f"the store of `{place}` does not do what it was asked",
        causes=(f"{type(error).__name__}: {error}"[:300],),
        hint=hint,
    )
