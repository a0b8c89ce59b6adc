"""The deployments of one environment: append-only, each holding the digest of the one before it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from skmig.errors import UnreadableError
from skmig.store.storage import Storage


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One deployment.  `rollback_target` is the version to go back to; `previous` the digest of the
    entry before it, `manifest` that of the version.
    """

    number: int
    environment: str
    action: str
    version: str
    model: str
    manifest: str
    rollback_target: str | None
    by: str
    at: str
    commit: str
    previous: str
    id: str = ""

    def as_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def as_bytes(self) -> bytes:
        return json.dumps(self.as_json(), indent=1, sort_keys=True).encode()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.as_bytes()).hexdigest()


class History:
    """The deployments of one environment of a store."""

    def __init__(self, storage: Storage, environment: str) -> None:
        self.storage = storage
        self.environment = environment
        self._seen: tuple[Entry, ...] = ()
        self._folder = f"environments/{environment}/history"
        self._pointer = f"environments/{environment}/active.json"

    def entries(self) -> list[Entry]:
        """All of them, oldest first.

        Raises UnreadableError where one is missing, was changed, or was taken away.
        """
        # before the list, or a deployment in between would seem to be missing from it
        pointed = self._pointed()
        names = self.storage.names(self._folder)
        if names != [_name(number + 1) for number in range(len(names))]:
            raise self._tampered("a number is missing, or stands for something else")
        found = list(self._seen)  # only what came since is read again
        if len(names) < len(found):
            raise self._tampered("entries were taken away")
        previous = found[-1].sha256 if found else ""
        new = names[len(found) :]
        for name, data in zip(new, self._read(new), strict=True):
            try:
                entry = Entry(**json.loads(data))
            except (ValueError, TypeError) as exc:
                raise self._tampered(f"{name} cannot be read") from exc
            whole = entry.as_bytes() == data and _name(entry.number) == name
            if not whole or entry.previous != previous or entry.environment != self.environment:
                raise self._tampered(f"{name} was changed, or what stands before it")
            previous = entry.sha256
            found.append(entry)
        if pointed is not None:
            number, digest = pointed
            if not 1 <= number <= len(found) or found[number - 1].sha256 != digest:
                raise self._tampered(f"{_name(number)} is not what it was when it was active")
        self._seen = tuple(found)
        return found

    def append(self, make: Callable[[list[Entry]], Entry | None]) -> Entry | None:
        """Append what `make` gives for the entries there are, which it may be asked for again.

        None: nothing is to be appended.
        """
        while True:
            entries = self.entries()
            entry = make(entries)
            if entry is None:
                return None
            entry = dataclasses.replace(
                entry,
                number=len(entries) + 1,
                environment=self.environment,
                previous=entries[-1].sha256 if entries else "",
                id=uuid.uuid4().hex,
            )
            name = f"{self._folder}/{_name(entry.number)}"
            try:
                self.storage.create(name, entry.as_bytes())
            except FileExistsError:
                # another was first, or it was us and the answer got lost
                if self.storage.read([name]) != [entry.as_bytes()]:
                    continue
            self._point_to(entry)
            return entry

    def repair(self) -> Entry:
        """Let the pointer follow the history, where a process was ended between the two.

        Gives the last entry; there must be one.
        """
        last = self.entries()[-1]
        behind = self._pointed() != (last.number, last.sha256)
        if behind or self.storage.stray(self.environment, last.version) is not None:
            self._point_to(last)
        return last

    def _point_to(self, entry: Entry) -> None:
        # whoever writes looks again, so that the last one to write has written the last entry
        while True:
            said = {**entry.as_json(), "sha256": entry.sha256}
            data = json.dumps(said, indent=1, sort_keys=True).encode()
            self.storage.replace(self._pointer, data)
            names = self.storage.names(self._folder)
            if names[-1] == _name(entry.number):
                return
            (last,) = self._read(names[-1:])
            entry = Entry(**json.loads(last))

    def _pointed(self) -> tuple[int, str] | None:
        try:
            (data,) = self.storage.read([self._pointer])
            said = json.loads(data)
            return int(said["number"]), str(said["sha256"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as exc:
            raise self._tampered("active.json cannot be read") from exc

    def _read(self, names: list[str]) -> list[bytes]:
        return self.storage.read([f"{self._folder}/{name}" for name in names])

    def _tampered(self, why: str) -> UnreadableError:
        return UnreadableError(
            f"the history of `{self.environment}` in `{self.storage.where}` is not as it was "
            f"written: {why}",
            hint="restore it from a backup of the store",
        )


def _name(number: int) -> str:
    return f"{number:08}.json"
