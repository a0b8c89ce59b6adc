"""A store in MLflow's registry: `models:/churn`.

    experiment `skmig store churn`   found by its name; its one run is a ledger (skmig.tracking):
      parameters                     environments/…/00000001.json, and the digests of manifests
      artifacts                      models/<digest>-<nonce>/: a model, its record, what MLflow asks
    registered model `churn`         a version for each of ours, with its manifest as a tag;
      aliases                        what is active in each environment

So the history is kept by what MLflow writes once only.  Aliases and tags can be overwritten by
anybody: they are made to follow the history, and a manifest is held against its digest.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import tempfile
import uuid
from pathlib import Path
from typing import Any

from skmig import record
from skmig.environments import exchange
from skmig.errors import UnreadableError, UsageError
from skmig.store import flavor
from skmig.store.storage import Storage, cached, changed
from skmig.store.versions import Version, folder_of
from skmig.tracking import Ledger

_VERSION, _MANIFEST = "skmig.store.version", "skmig.store.manifest"
_MARK = "store.json"
# "latest" and "v3" mean versions in MLflow, and cannot be aliases
_NO_ALIAS = re.compile(r"latest|v\d+")


class RegistryStorage(Storage):
    """A store in the registered model of a name, on the tracking server that is named.

    Raises UsageError where MLflow is not installed, or no server is named that can keep a store.
    """

    def __init__(self, name: str, tracking_uri: str | None = None) -> None:
        self.where = f"models:/{name}"
        self._name = name
        self._ledger = Ledger(f"skmig store {name}", tracking_uri)
        self._tracking = self._ledger.tracking
        self._seen: dict[str, str] = {}  # what was written once need not be asked for again

    def create(self, name: str, data: bytes) -> None:
        folder, _, rest = name.partition("/")
        if name == _MARK:
            self._ledger.make()
        elif folder == "versions":
            _checked(_stem(name).rpartition(".")[2])
            self._create_version(name, data.decode())
        else:
            _checked(rest.partition("/")[0])
            self._ledger.create(name, data.decode())

    def _create_version(self, name: str, manifest: str) -> None:
        said, version = json.loads(manifest), _stem(name)
        model, its_record = said["model"], said["record"]
        source = self._ledger.address(self._entry(folder_of(model["sha256"], its_record["sha256"])))
        # the name first, which can be given once; who is ended in between leaves a gap
        self._ledger.create(name, f"{_digest(manifest)} {uuid.uuid4().hex}")
        tags = {
            _VERSION: version,
            _MANIFEST: manifest,
            "skmig.sha256": model["sha256"],
            "skmig.record_sha256": its_record["sha256"],
        }
        with self._tracking.asking(f"register a version of `{self._name}`"):
            self._tracking.make_model(self._name)
            self._tracking.client.create_model_version(
                self._name,
                source=source,
                run_id=self._ledger.run,
                tags=tags,
                description=f"{model['name']}, added as {version} by skmig",
            )

    def replace(self, name: str, data: bytes) -> None:
        """The alias of an environment, and which deployment it is of."""
        environment, version = name.split("/")[1], json.loads(data)["version"]
        try:
            number = self._registered(version).version
        except FileNotFoundError as exc:
            raise UnreadableError(
                f"version {version} of `{self.where}` was deleted in MLflow",
                hint=f"promote another: skmig store promote VERSION --env {environment}",
            ) from exc
        with self._tracking.asking(f"set the alias `{environment}` of `{self._name}`"):
            client = self._tracking.client
            client.set_registered_model_alias(self._name, environment, number)
            client.set_registered_model_tag(self._name, _tag(environment), data.decode())

    def put(self, said: Version, files: list[Path]) -> None:
        if said.folder not in self._entries():
            # whole under a name of its own: nobody sees half of it, or writes into it again
            fresh = f"{said.folder}-{uuid.uuid4().hex[:12]}"
            with exchange.scratch() as room:
                self._ledger.upload(fresh, [*files, *flavor.written(room, files, said)])
            with contextlib.suppress(FileExistsError):  # another has added the same meanwhile
                self._ledger.create(said.folder, fresh)
        for name, digest, file in zip(said.files, said.digests, files, strict=True):
            if not self.holds(name, digest):
                self._ledger.upload(self._entry(said.folder), [file])
                if not self.holds(name, digest):
                    raise changed(file)

    def read(self, names: list[str]) -> list[bytes]:
        return [self._read(name) for name in names]

    def _read(self, name: str) -> bytes:
        if name == _MARK:
            self._ledger.find()
            return b'{"skmig_store": 1}'
        if name.startswith("versions/"):
            version = _stem(name)
            manifest: str = self._registered(version).tags[_MANIFEST]
            if _digest(manifest) != self._entry(name).partition(" ")[0]:
                raise UnreadableError(
                    f"the manifest of version {version} is not what was added",
                    causes=(f"the tag `{_MANIFEST}` in `{self.where}`",),
                    hint="choose another version; this one was tampered with",
                )
            return manifest.encode()
        if name.endswith("/active.json"):
            model = self._model()
            said = None if model is None else model.tags.get(_tag(name.split("/")[1]))
            if said is None:
                raise FileNotFoundError(name)
            return str(said).encode()
        return self._entry(name).encode()

    def names(self, folder: str) -> list[str]:
        try:
            entries = self._entries()
        except FileNotFoundError:
            return []
        below = {name[len(folder) + 1 :] for name in entries if name.startswith(f"{folder}/")}
        found = sorted({name.partition("/")[0] for name in below})
        if folder == "versions":
            with self._tracking.asking(f"list the versions of `{self._name}`"):
                all_ = self._tracking.search(self._name)
            there = {f"{item.tags.get(_VERSION)}.json" for item in all_}
            return [name for name in found if name in there]
        return found

    def digest(self, name: str) -> str:
        with exchange.scratch() as room:
            return record.sha256(self._ledger.download(self._path(name), room))

    def local(self, digests: dict[str, str]) -> list[Path]:
        def fetch(name: str, target: Path) -> None:
            with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as room:
                self._ledger.download(self._path(name), Path(room)).replace(target)

        return cached(f"{self._tracking.uri} {self.where}", digests, fetch)

    def stray(self, environment: str, version: str) -> str | None:
        model = self._model()
        number = None if model is None else model.aliases.get(environment)
        if number is None:
            return "nothing"
        if str(number) == str(self._registered(version).version):
            return None
        return f"version {number} of MLflow"

    # ------------------------------------------------------------------ what is where
    def _entries(self) -> dict[str, str]:
        self._seen = self._ledger.entries()
        return self._seen

    def _entry(self, name: str) -> str:
        if name not in self._seen and name not in self._entries():
            raise FileNotFoundError(name)
        return self._seen[name]

    def _path(self, name: str) -> str:
        folder, _, file = name.rpartition("/")
        return f"{self._entry(folder)}/{file}"

    def _model(self) -> Any:
        """The registered model; None where there is none (yet)."""
        try:
            with self._tracking.asking(f"read `{self._name}`", missing=UnreadableError("")):
                return self._tracking.client.get_registered_model(self._name)
        except UnreadableError:
            return None

    def _registered(self, version: str) -> Any:
        """The version of MLflow with that name.  Raises FileNotFoundError.

        Several have it where one was registered again, as by a request that was sent twice, or
        where somebody wrote the tag: the first that has the right manifest counts.
        """
        with self._tracking.asking(f"find version {version} of `{self._name}`"):
            found = self._tracking.search(self._name, tag=(_VERSION, version))
        found = sorted((item for item in found if _MANIFEST in item.tags), key=_number)
        if not found:
            raise FileNotFoundError(version)
        digest = self._entry(f"versions/{version}.json").partition(" ")[0]
        right = [item for item in found if _digest(item.tags[_MANIFEST]) == digest]
        return (right or found)[0]


def _checked(environment: str) -> None:
    if _NO_ALIAS.fullmatch(environment):
        raise UsageError(
            f"`{environment}` cannot be an environment in MLflow, where it means a version",
            hint="choose another name, such as prod",
        )


def _stem(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".json")


def _tag(environment: str) -> str:
    return f"skmig.store.active.{environment}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _number(found: Any) -> int:
    return int(found.version)
