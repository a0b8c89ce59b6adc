"""The tracking server and its registry, through MLflow's own client (the extra `mlflow`)."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from skmig.errors import EnvironmentFailedError, SkmigError, UnreadableError, UsageError
from skmig.tracking.address import Address

_URI = "MLFLOW_TRACKING_URI"
# MLflow asks a server that is not there seven times, over minutes; what the user has set stays
_PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
_MISSING = "RESOURCE_DOES_NOT_EXIST"
_DENIED = {"PERMISSION_DENIED", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED"}
_MANY = 1000


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a registered model.  `run` made it; empty where none is known."""

    name: str
    version: str
    run: str = ""
    tags: Mapping[str, str] | None = None
    aliases: tuple[str, ...] = ()
    stamp: str = ""  # another where a version of this number was registered anew

    @property
    def address(self) -> str:
        return f"models:/{self.name}/{self.version}"


class Tracking:
    """One tracking server.

    Raises UsageError where MLflow is not installed, or no server is named.
    """

    def __init__(self, uri: str | None = None) -> None:
        for name, value in _PATIENCE.items():
            os.environ.setdefault(name, value)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import mlflow
                from mlflow import MlflowClient, artifacts
                from mlflow.exceptions import MlflowException
        except ImportError as error:
            raise UsageError(
                "models of MLflow's registry need its client, which is not installed",
                causes=(str(error),),
                hint="pip install 'skmig[mlflow]'",
            ) from error
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        if uri is None and not os.environ.get(_URI):
            raise UsageError(
                "no tracking server is named",
                hint=f"set {_URI}, or say --tracking-uri http://HOST:PORT",
            )
        self.error: type[Exception] = MlflowException
        self.artifacts = artifacts
        with self.asking("connect"):
            if uri is not None:
                mlflow.set_tracking_uri(uri)
            self.uri = str(mlflow.get_tracking_uri())
            self.client = MlflowClient()

    # ------------------------------------------------------------------ reading
    def resolve(self, address: Address) -> Version | None:
        """The version that an address means now; None for what is in no registry.

        Raises UnreadableError where there is no such model, version or alias.
        """
        if not address.name:
            return None
        with self.asking(f"find `{address.text}`", missing=_absent(address)):
            if address.alias:
                found = self.client.get_model_version_by_alias(address.name, address.alias)
            elif address.version == "latest":
                found = self._latest(address)
            else:
                found = self.client.get_model_version(address.name, address.version)
        return _version(found)

    def _latest(self, address: Address) -> Any:
        self.client.get_registered_model(address.name)
        found = self.search(address.name)
        if not found:
            raise UnreadableError(
                f"the registered model `{address.name}` has no version",
                hint="register one, or name another model",
            )
        return max(found, key=lambda item: int(item.version))

    def search(self, name: str, tag: tuple[str, str] | None = None) -> list[Any]:
        """The versions of a registered model, or those with a tag, as MLflow gives them.

        To be used within `asking`.
        """
        wanted = "name='{}'".format(name.replace("'", "\\'"))
        if tag is not None:
            wanted += f" and tags.`{tag[0]}` = '{tag[1]}'"
        found: list[Any] = []
        token = None
        while True:
            page = self.client.search_model_versions(wanted, max_results=_MANY, page_token=token)
            found += page
            token = page.token
            if not token:
                return found

    def versions(self, name: str) -> list[Version]:
        """All versions of a registered model; none where there is no such model."""
        with self.asking(f"list the versions of `{name}`"):
            return [_version(found) for found in self.search(name)]

    def models(self, pattern: str = "*", query: str | None = None) -> list[Version]:
        """The newest version of every registered model whose name fits, in the order of names.

        `query`: a filter of MLflow's own for registered models.
        """
        wanted = re.compile(re.escape(pattern).replace(r"\*", ".*"))
        names: list[str] = []
        token = None
        with self.asking("list the registered models"):
            while True:
                page = self.client.search_registered_models(
                    query, max_results=_MANY, page_token=token
                )
                names += [item.name for item in page if wanted.fullmatch(item.name)]
                token = page.token
                if not token:
                    break
            newest = [max(found, key=_number) for name in names if (found := self.search(name))]
        return sorted((_version(item) for item in newest), key=lambda item: item.name)

    def fetch(self, address: Address, version: Version | None, folder: Path) -> Path:
        """Download a model folder into the folder; gives where it is."""
        text = address.text if version is None else version.address
        folder.mkdir(parents=True, exist_ok=True)
        with self.asking(f"fetch `{text}`", missing=_absent(address)):
            found = self.artifacts.download_artifacts(artifact_uri=text, dst_path=str(folder))
        return Path(found)

    # ------------------------------------------------------------------ writing
    def register(
        self,
        name: str,
        folder: Path,
        *,
        tags: Mapping[str, str],
        description: str,
        beside: str = "",
    ) -> Version:
        """Upload a model folder with a run of its own, as a new version.

        `beside`: a run in whose experiment that run shall be.  What could not be registered
        leaves no run behind.
        """
        with self.asking(f"register a version of `{name}`"):
            self.make_model(name)
            experiment = self._experiment(beside)
            run = self.client.create_run(
                experiment,
                run_name=f"skmig {name}",
                tags={"mlflow.source.name": "skmig", **tags},
            ).info
            try:
                self.client.log_artifacts(run.run_id, str(folder), "model")
                made = self.client.create_model_version(
                    name,
                    source=f"{run.artifact_uri.rstrip('/')}/model",
                    run_id=run.run_id,
                    tags=dict(tags),
                    description=description,
                )
            except BaseException:
                with contextlib.suppress(Exception):
                    self.client.set_terminated(run.run_id, "FAILED")
                    self.client.delete_run(run.run_id)
                raise
            self.client.set_terminated(run.run_id)
        return _version(made)

    def make_model(self, name: str) -> None:
        """Let there be a registered model of that name; to be used within `asking`."""
        try:
            self.client.get_registered_model(name)
        except self.error as error:
            if getattr(error, "error_code", "") != _MISSING:
                raise
            with contextlib.suppress(self.error):  # another may make it at the same time
                self.client.create_registered_model(name)
            self.client.get_registered_model(name)

    def _experiment(self, run: str) -> str:
        if run:
            with contextlib.suppress(self.error):  # the run may have been deleted since
                return str(self.client.get_run(run).info.experiment_id)
        return "0"

    def set_alias(self, version: Version, alias: str) -> Version:
        """Let an alias mean a version from now on."""
        with self.asking(f"set the alias `{alias}` of `{version.name}`"):
            self.client.set_registered_model_alias(version.name, alias, version.version)
        return replace(version, aliases=(*version.aliases, alias))

    @contextlib.contextmanager
    def asking(self, what: str, missing: UnreadableError | None = None) -> Iterator[None]:
        """Whatever MLflow raises is an error of ours, with its own words as the cause."""
        try:
            # its client prints addresses of runs on stdout
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                yield
        except SkmigError:
            raise
        except Exception as error:  # its client lets errors of requests, urllib3, stores through
            code = str(getattr(error, "error_code", ""))
            words = " ".join(str(error).split())[:400]
            if missing is not None and (
                code in (_MISSING, "INVALID_PARAMETER_VALUE") or _is_missing(error)
            ):
                raise UnreadableError(
                    missing.message, causes=(words,), hint=missing.hint
                ) from error
            where = getattr(self, "uri", "the tracking server")
            if code in _DENIED or re.search(r"\b(401|403)\b", words):
                raise EnvironmentFailedError(
                    f"`{where}` does not let you {what}",
                    causes=(words,),
                    hint="are MLFLOW_TRACKING_USERNAME, _PASSWORD or _TOKEN right, and may you?",
                ) from error
            raise EnvironmentFailedError(
                f"`{where}` failed to {what}",
                causes=(f"{type(error).__name__}: {words}",),
                hint="is the server up, and are its address and that of its artifacts right?",
            ) from error


def _number(found: Any) -> int:
    return int(found.version)


def _version(found: Any) -> Version:
    return Version(
        name=found.name,
        version=str(found.version),
        run=found.run_id or "",
        tags=dict(found.tags or {}),
        aliases=tuple(found.aliases or ()),
        stamp=f"{found.creation_timestamp} {found.source}",
    )


def _is_missing(error: Exception) -> bool:
    return isinstance(error, FileNotFoundError) or "404" in str(error)[:200]


def _absent(address: Address) -> UnreadableError:
    if address.alias:
        text = f"there is no registered model `{address.name}` with the alias `{address.alias}`"
    elif address.version and address.version != "latest":
        text = f"there is no version {address.version} of a registered model `{address.name}`"
    elif address.name:
        text = f"there is no registered model `{address.name}`"
    else:
        text = f"there is no model `{address.text}`"
    return UnreadableError(text, hint="check the name in MLflow, and MLFLOW_TRACKING_URI")
