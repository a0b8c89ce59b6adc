"""A store and what can be done with it."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from skmig import record
from skmig.errors import RefusedError, UnreadableError, UsageError
from skmig.store import versions
from skmig.store.history import Entry, History
from skmig.store.storage import FolderStorage, Storage
from skmig.store.versions import Version

_MARK = "store.json"


def open_store(
    place: str | os.PathLike[str], *, create: bool = True, tracking_uri: str | None = None
) -> Store:
    """The store in a folder, at an address such as `s3://bucket/models`, or in MLflow's registry.

    `create`: one is made where there is none; else that raises UnreadableError.  `tracking_uri`:
    of MLflow, for a place such as `models:/churn`; else MLFLOW_TRACKING_URI says it.
    """
    text = os.fspath(place)
    storage: Storage
    if text.startswith("models:"):
        from skmig.store.registry import RegistryStorage
        from skmig.tracking import registered_model

        storage = RegistryStorage(registered_model(text), tracking_uri)
    elif tracking_uri is not None:
        raise UsageError(
            "a tracking URI is about a store in MLflow's registry",
            hint="name one, such as --store models:/churn",
        )
    elif "://" in text:
        from skmig.store.remote import RemoteStorage

        storage = RemoteStorage(text)
    else:
        storage = FolderStorage(Path(text))
    try:
        (data,) = storage.read([_MARK])
        if json.loads(data) != {"skmig_store": 1}:
            raise UnreadableError(
                f"`{text}` is a store of another kind", hint="a newer skmig may know it"
            )
    except FileNotFoundError:
        if not create:
            raise UnreadableError(
                f"there is no store `{text}`",
                hint=f"skmig store add MODEL --env ENV --store {text}",
            ) from None
        if storage.names(""):
            raise UsageError(
                f"`{text}` is no store, and not empty", hint="name a new folder for the store"
            ) from None
        try:
            storage.create(_MARK, json.dumps({"skmig_store": 1}).encode())
        except FileExistsError:
            pass  # another process made it
    except (ValueError, NotADirectoryError) as exc:
        raise UnreadableError(f"`{text}` is no store", hint="name the folder of a store") from exc
    return Store(storage)


class Store:
    """Versions of models, and the deployments of each environment."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def add(
        self,
        model: str | os.PathLike[str],
        env: str,
        *,
        training_date: str | None = None,
        data_snapshot: str | None = None,
        preprocessing_version: str | None = None,
        metrics: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> Version:
        """Add a model and its record as a version, which is active nowhere yet.

        What is given here is said instead of what the record says of training day.  Raises
        UnreadableError (no record, or one of another file).
        """
        given = {
            "training_date": training_date,
            "data_snapshot": data_snapshot,
            "preprocessing_version": preprocessing_version,
            "metrics": metrics,
            "metadata": metadata,
        }
        versions.checked_environment(env)
        path = Path(model)
        said = versions.describe(self.storage, path, env, given)
        entries = History(self.storage, env).entries()
        said = dataclasses.replace(said, rollback_target=entries[-1].version if entries else None)
        # first what it is, then the name: who is ended in between leaves files that nobody names
        self.storage.put(said, [path, record.record_of(path)])
        return versions.claim(self.storage, said)

    def versions(self, env: str | None = None) -> list[Version]:
        """All versions, or those of an environment, in the order of their names."""
        names = [name.removesuffix(".json") for name in self.storage.names("versions")]
        found = [versions.read(self.storage, name) for name in names]
        return sorted((item for item in found if env in (None, item.environment)), key=_order)

    def version(self, name: str) -> Version:
        """A version by its name.  Raises UsageError where there is none."""
        return versions.read(self.storage, name)

    def promote(self, version: str, env: str) -> Entry:
        """Make a version the active one of an environment.

        One that is active already stays so, and nothing is written.  Raises UnreadableError where
        its files are not those that were added.
        """
        versions.checked_environment(env)
        found = self.version(version)
        found.check()

        def make(entries: list[Entry]) -> Entry | None:
            if entries and entries[-1].version == version:
                return None
            return _entry("promote", found, entries[-1].version if entries else None)

        history = History(self.storage, env)
        return history.append(make) or history.repair()

    def rollback(self, env: str, to: str | None = None) -> Entry:
        """Go back to the version before the active one, or to one that was active before.

        Raises RefusedError where there is nothing to go back to; UnreadableError where the files of
        the target are not those that were added.
        """
        history = History(self.storage, versions.checked_environment(env))

        def make(entries: list[Entry]) -> Entry:
            if not entries:
                raise self._nothing(env)
            target = to or entries[-1].rollback_target
            if target is None:
                raise RefusedError(
                    f"there is nothing before {entries[-1].version} in `{env}`",
                    hint="promote another version: skmig store promote VERSION --env " + env,
                )
            if target == entries[-1].version:
                raise UsageError(
                    f"{target} is the active version of `{env}`",
                    hint=f"skmig store history --env {env}",
                )
            former = [entry for entry in entries if entry.version == target]
            if not former:
                raise RefusedError(
                    f"{target} was never active in `{env}`",
                    hint=f"promote it: skmig store promote {target} --env {env}",
                )
            found = self.version(target)
            if found.sha256 != former[-1].manifest:
                raise UnreadableError(
                    f"the manifest of version {target} is not what it was when it was active",
                    hint="choose another version with --to",
                )
            found.check()
            return _entry("rollback", found, former[-1].rollback_target)

        made = history.append(make)
        assert made is not None
        return made

    def history(self, env: str) -> list[Entry]:
        """The deployments of an environment, oldest first.  Raises UnreadableError (tampering)."""
        return History(self.storage, versions.checked_environment(env)).entries()

    def active(self, env: str) -> Version:
        """The active version of an environment.

        Raises UsageError where none is, UnreadableError where history or version were changed.
        """
        entries = self.history(env)
        if not entries:
            raise self._nothing(env)
        try:
            found = self.version(entries[-1].version)
        except UsageError as exc:
            raise UnreadableError(
                f"{entries[-1].version} is active in `{env}` and is not there any more",
                hint=f"go back to another: skmig store rollback --env {env}",
            ) from exc
        if found.sha256 != entries[-1].manifest:
            raise UnreadableError(
                f"the manifest of version {found.version} is not what it was when it was promoted",
                hint=f"go back to another: skmig store rollback --env {env}",
            )
        return found

    def stray(self, env: str, active: Version) -> str | None:
        """A sentence, where MLflow's alias means another version than the active one.

        So it is where somebody moved it, or a process was ended before it did.
        """
        other = self.storage.stray(env, active.version)
        if other is None:
            return None
        return (
            f"the alias `{env}` of `{self.storage.where}` means {other}, and {active.version} is "
            f"active; to let it follow: skmig store promote {active.version} --env {env}"
        )

    def environments(self) -> list[str]:
        """The environments in which something was deployed."""
        return self.storage.names("environments")

    def _nothing(self, env: str) -> UsageError:
        return UsageError(
            f"nothing is active in `{env}` of `{self.storage.where}`",
            hint=f"promote a version: skmig store promote VERSION --env {env}",
        )


def _entry(action: str, version: Version, target: str | None) -> Entry:
    return Entry(
        number=0,
        environment="",
        action=action,
        version=version.version,
        model=version.model.sha256,
        manifest=version.sha256,
        rollback_target=target,
        by=record.who(),
        at=record.now(),
        commit=record.commit(Path.cwd()),
        previous="",
    )


def _order(version: Version) -> tuple[Any, ...]:
    parts = version.version.split(".")
    return (*parts[:3], int(parts[3]) if len(parts) == 5 else 1, parts[-1])
