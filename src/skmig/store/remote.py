"""A store in a bucket, through fsspec (the extra `storage`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from skmig.errors import EnvironmentFailedError, OutputError, UsageError
from skmig.store.storage import Storage, cached
from skmig.store.versions import Version

# whose `mode="create"` asks the server to write only where nothing is (s3fs 2024.12: If-None-Match;
# gcsfs 2024.12: ifGenerationMatch); others look first and write then, which loses deployments
_CREATES_ONCE = ("s3", "s3a", "gs", "gcs")


class RemoteStorage(Storage):
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

    def put(self, said: Version, files: list[Path]) -> None:
        for source in files:
            name = f"{said.folder}/{source.name}"
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
        def fetch(name: str, target: Path) -> None:
            self._asked(self._fs.get_file, self._path(name), str(target))

        return cached(self.where, digests, fetch)

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
