"""What is written once and for all on a tracking server: a run whose parameters are the entries.

Of what MLflow offers, two writes can succeed for one of many at once only: giving an experiment a
name (which is unique), and logging a parameter of a run (which has one value for ever; the key is
the primary key of its table, and the API neither changes nor deletes it).  Tags and aliases are
overwritten by whoever comes last.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from skmig.errors import EnvironmentFailedError, UnreadableError, UsageError
from skmig.tracking.server import Tracking

_RUN = "skmig.ledger"
_ROOM = 6000  # characters of a parameter: MLflow 2.8 and newer


class Ledger:
    """The run of the experiment `name`: entries that are created once, and files.

    Raises UsageError where MLflow is not installed, no server is named, or only a folder.
    """

    def __init__(self, name: str, tracking_uri: str | None = None) -> None:
        uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI", "")
        # without a server or a database MLflow writes files: it looks first, and writes then
        if uri and urlsplit(uri).scheme in ("", "file"):
            raise UsageError(
                f"`{uri}` is a folder of MLflow, where two at once overwrite each other",
                hint="a tracking server with a database is needed: set MLFLOW_TRACKING_URI",
            )
        self.tracking = Tracking(tracking_uri)
        self._name = name
        self._run = self._files = ""

    @property
    def run(self) -> str:
        """The run's id.  Raises FileNotFoundError where there is none yet."""
        if not self._run:
            self.find()
        return self._run

    def find(self) -> None:
        """Raises FileNotFoundError where there is none yet."""
        with self.tracking.asking(f"find the experiment `{self._name}`"):
            found = self.tracking.client.get_experiment_by_name(self._name)
        if found is None:
            raise FileNotFoundError(self._name)
        if found.lifecycle_stage != "active":
            raise UnreadableError(
                f"the experiment `{self._name}` was deleted in MLflow",
                hint=f"mlflow experiments restore --experiment-id {found.experiment_id}",
            )
        if not found.tags.get(_RUN):
            raise UnreadableError(
                f"the experiment `{self._name}` is not one that skmig made",
                hint="rename it in MLflow",
            )
        self._run = found.tags[_RUN]

    def make(self) -> None:
        """Let there be one.  Raises FileExistsError where another was first."""
        client = self.tracking.client
        with self.tracking.asking(f"make the experiment `{self._name}`"):
            # whole under another name first: the name is what makes it the one
            draft = client.create_experiment(f"{self._name} {uuid.uuid4().hex}")
            ours = False
            try:
                ours = self._named(draft)
            finally:
                if not ours:
                    with contextlib.suppress(self.tracking.error):
                        client.delete_experiment(draft)
        if not ours:
            raise FileExistsError(self._name)

    def _named(self, draft: str) -> bool:
        """Fill a new experiment and give it the name, or see that another has it."""
        client, failed = self.tracking.client, None
        if not self._has_room(draft):
            raise EnvironmentFailedError(
                f"`{self.tracking.uri}` keeps no parameters of {_ROOM} characters",
                hint="use a tracking server of MLflow 2.8 or newer",
            )
        run = client.create_run(draft, run_name=self._name).info.run_id
        client.set_terminated(run)  # nothing runs; parameters may be logged all the same
        client.set_experiment_tag(draft, _RUN, run)
        try:
            client.rename_experiment(draft, self._name)
        except self.tracking.error as error:
            failed = error  # the name is taken; or it is ours, and the answer got lost
        found = client.get_experiment_by_name(self._name)
        if found is None and failed is not None:
            raise failed
        return found is not None and found.experiment_id == draft

    def _has_room(self, experiment: str) -> bool:
        """Does the server keep long parameters?  Older ones refuse them, or cut them silently."""
        client, value = self.tracking.client, "x" * _ROOM
        run = client.create_run(experiment).info.run_id
        try:
            client.log_param(run, "room", value)
        except self.tracking.error as error:
            if getattr(error, "error_code", "") != "INVALID_PARAMETER_VALUE":
                raise
            return False
        kept = client.get_run(run).data.params["room"] == value
        client.delete_run(run)
        return bool(kept)

    def entries(self) -> dict[str, str]:
        """All of them, as they are now."""
        run = self.run
        gone = UnreadableError(
            f"the run of the experiment `{self._name}` is not there any more",
            hint="restore the server's database from a backup",
        )
        with self.tracking.asking(f"read `{self._name}`", missing=gone):
            return dict(self.tracking.client.get_run(run).data.params)

    def create(self, key: str, value: str) -> None:
        """Add an entry.  Raises FileExistsError where that key has another value."""
        if len(value) > _ROOM:
            raise UnreadableError(
                f"`{key}` has more than {_ROOM} characters, which MLflow does not keep",
                hint="shorten what is said in it",
            )
        run = self.run
        taken = False
        with self.tracking.asking(f"write `{key}`"):
            try:
                self.tracking.client.log_param(run, key, value)
            except self.tracking.error:
                # another value is there, or it is ours and the answer got lost, or it failed
                found = self.tracking.client.get_run(run).data.params.get(key)
                if found is None:
                    raise
                taken = found != value
        if taken:
            raise FileExistsError(key)

    # ------------------------------------------------------------------ files
    def address(self, path: str) -> str:
        """Where MLflow finds one of its files, or a folder of them."""
        if not self._files:
            run = self.run
            with self.tracking.asking(f"read `{self._name}`"):
                self._files = self.tracking.client.get_run(run).info.artifact_uri.rstrip("/")
        return f"{self._files}/{path}"

    def upload(self, folder: str, files: list[Path]) -> None:
        run = self.run
        with self.tracking.asking(f"store files of `{self._name}`"):
            for file in files:
                self.tracking.client.log_artifact(run, str(file), folder)

    def download(self, path: str, room: Path) -> Path:
        """One file, into a folder.  Raises FileNotFoundError."""
        # not by the run: newer clients would ask older servers for what these do not know
        folder, address = self.address(path.rpartition("/")[0]), self.address(path)
        with self.tracking.asking(f"fetch `{path}`"):
            artifacts = self.tracking.artifacts
            found = artifacts.list_artifacts(artifact_uri=folder)
            if any(Path(item.path).name == Path(path).name for item in found if not item.is_dir):
                return Path(artifacts.download_artifacts(artifact_uri=address, dst_path=str(room)))
        raise FileNotFoundError(path)
