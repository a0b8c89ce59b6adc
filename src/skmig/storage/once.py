"""Small files that are written once, in stores that can promise it."""

from __future__ import annotations

from skmig.errors import UsageError
from skmig.storage.stores import failed, opened

# whose `mode="create"` asks the server to write only where nothing is (s3fs 2024.12: If-None-Match;
# gcsfs 2024.12: ifGenerationMatch); others look first and write then
_CREATES_ONCE = ("s3", "s3a", "gs", "gcs")


def check_creates_once(place: str) -> None:
    """Raises UsageError for a store where two at once could create the same file."""
    protocol = place.partition("://")[0]
    if protocol not in _CREATES_ONCE:
        raise UsageError(
            f"a store cannot be at `{protocol}://`: it is not known to create a file only once",
            hint="use a folder, s3:// or gs://",
        )
    opened(place)


def create(place: str, data: bytes) -> None:
    """Write a file that is not there.  Raises FileExistsError: of several at once, one succeeds."""
    files, path = opened(place)
    try:
        files.pipe_file(path, data, mode="create")
    except FileExistsError:
        raise
    except Exception as error:
        if "precondition" in str(error).lower() or "conditional" in str(error).lower():
            raise FileExistsError(place) from error
        raise failed(place, error) from error


def replace(place: str, data: bytes) -> None:
    """Write a file over one that is there or not; an object store writes it whole or not at all."""
    files, path = opened(place)
    try:
        files.pipe_file(path, data)
    except Exception as error:
        raise failed(place, error) from error


def read(folder: str, names: list[str]) -> list[bytes]:
    """Files below a folder, at once.  Raises FileNotFoundError."""
    if not names:
        return []
    files, root = opened(folder)
    paths = [f"{root.rstrip('/')}/{name}" for name in names]
    try:
        found = files.cat(paths)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise failed(folder, error) from error
    return [found[path] for path in paths] if isinstance(found, dict) else [found]


def names(folder: str) -> list[str]:
    """What is directly in a folder, sorted; none where there is no folder."""
    files, path = opened(folder)
    try:
        found = files.ls(path, detail=False, refresh=True)
    except FileNotFoundError:
        return []
    except Exception as error:
        raise failed(folder, error) from error
    return sorted(item.rstrip("/").rpartition("/")[2] for item in found)
