"""A store in a bucket (the extra `storage`)."""

from __future__ import annotations

from pathlib import Path

from skmig import storage
from skmig.store.storage import Storage, cached
from skmig.store.versions import Version


class RemoteStorage(Storage):
    """A store below an address such as `s3://bucket/models`.

    Raises UsageError for an address where no store can be.
    """

    def __init__(self, address: str) -> None:
        storage.check_creates_once(address)
        self.where = address.rstrip("/")

    def _place(self, name: str) -> str:
        return f"{self.where}/{name}".rstrip("/")

    def create(self, name: str, data: bytes) -> None:
        storage.create(self._place(name), data)

    def replace(self, name: str, data: bytes) -> None:
        storage.replace(self._place(name), data)

    def put(self, said: Version, files: list[Path]) -> None:
        for name, digest, source in zip(said.files, said.digests, files, strict=True):
            if not self.holds(name, digest):  # another version may have the same
                storage.store(source, self._place(name), digest)

    def read(self, names: list[str]) -> list[bytes]:
        return storage.read(self.where, names)

    def names(self, folder: str) -> list[str]:
        return storage.names(self._place(folder))

    def digest(self, name: str) -> str:
        if storage.look(self._place(name)) is None:
            raise FileNotFoundError(name)
        return storage.digest(self._place(name))

    def local(self, digests: dict[str, str]) -> list[Path]:
        return cached(self.where, digests, lambda name, to: storage.fetch(self._place(name), to))
