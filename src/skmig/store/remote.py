"""A store in a bucket, through fsspec (the extra `storage`)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from skmig import record
from skmig.errors import EnvironmentFailedError, OutputError, UsageError

# whose `mode="create"` asks the server to write only where nothing is (s3fs 2024.12: If-None-Match;
# gcsfs 2024.12: ifGenerationMatch); others look first and write then, which loses deployments
_CREATES_ONCE = ("s3", "s3a", "gs", "gcs")


class RemoteStorage:
    """A store below an address such as `s3://bucket/models`.

    Raises UsageError for an address where no store can be.
    """

    def __init__(self, address: str) -> None:
        try:
            import fsspec
        except ImportError as exc:
            raise UsageError(
                f"`{address}` needs fsspec", hint="pip install 'skmig[storage]'"
            ) from exc
        protocol = address.partition("://")[0]
        if protocol not in _CREATES_ONCE:
            raise UsageError(
                f"a store cannot be at `{protocol}://`: it is not known to create a file only once",
                hint="use a folder, s3:// or gs://",
            )
        try:
            found: tuple[Any, str] = fsspec.core.url_to_fs(address, use_listings_cache=False)
        except (ImportError, ValueError) as exc:
            raise UsageError(
                f"`{address}` cannot be opened: {exc}", hint="pip install 'skmig[storage]'"
            ) from exc
        self._fs, self._root = found
        self.where = address.rstrip("/")

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def create(self, name: str, data: bytes) -> None:
        try:
            self._fs.pipe_file(self._path(name), data, mode="create")
        except FileExistsError:
            raise
        except OSError as exc:
            if "precondition" in str(exc).lower() or "conditional" in str(exc).lower():
                raise FileExistsError(name) from exc
            raise self._failed(name, exc) from exc

    def replace(self, name: str, data: bytes) -> None:
        try:
            self._fs.pipe_file(self._path(name), data)
        except OSError as exc:
            raise self._failed(name, exc) from exc

    def put(self, name: str, source: Path) -> None:
        try:
            self._fs.put_file(str(source), self._path(name))
        except OSError as exc:
            raise self._failed(name, exc) from exc

    def read(self, names: list[str]) -> list[bytes]:
        if not names:
            return []
        paths = [self._path(name) for name in names]
        found = self._asked(self._fs.cat, paths)
        return [found[path] for path in paths] if isinstance(found, dict) else [found]

    def names(self, folder: str) -> list[str]:
        try:
            found = self._asked(self._fs.ls, self._path(folder), detail=False, refresh=True)
        except FileNotFoundError:
            return []
        return sorted(path.rstrip("/").rpartition("/")[2] for path in found)

    def digest(self, name: str) -> str:
        found = hashlib.sha256()
        with self._asked(self._fs.open, self._path(name), "rb") as handle:
            while block := handle.read(1 << 22):
                found.update(block)
        return found.hexdigest()

    def local(self, digests: dict[str, str]) -> list[Path]:
        """Fetched into the cache, where what is damaged is fetched again."""
        key = hashlib.sha256("\n".join([self.where, *digests]).encode()).hexdigest()[:32]
        folder = _cache() / "store" / key
        folder.mkdir(parents=True, exist_ok=True)
        places = []
        for name, digest in digests.items():
            place = folder / name.rpartition("/")[2]
            if not place.is_file() or record.sha256(place) != digest:
                draft = place.with_name(f".{place.name}.{os.getpid()}.part")
                self._asked(self._fs.get_file, self._path(name), str(draft))
                draft.replace(place)
            places.append(place)
        return places

    def _asked(self, ask: Callable[..., Any], *args: Any, **options: Any) -> Any:
        try:
            return ask(*args, **options)
        except FileNotFoundError:
            raise
        except OSError as exc:
            raise EnvironmentFailedError(
                f"the store `{self.where}` does not answer: {exc}",
                hint="are the address and the credentials right?",
            ) from exc

    def _failed(self, name: str, exc: Exception) -> OutputError:
        return OutputError(
            f"`{self.where}/{name}` cannot be written: {exc}",
            hint="does the bucket exist, and may it be written to?",
        )


def _cache() -> Path:
    from skmig.environments import cache

    return cache.folder()
