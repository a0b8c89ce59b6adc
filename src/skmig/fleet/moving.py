"""The work on a model of MLflow: its whole folder is moved, to a new version or to a folder."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from skmig import api, pipeline, record, several, storage
from skmig.environments.base import SilentProgress
from skmig.errors import DataError, SkmigError, UnreadableError
from skmig.fleet import entry
from skmig.fleet.entry import Entry, Task
from skmig.fleet.registered import Registered, name_of, opened
from skmig.registry import (
    ModelFolder,
    Tracking,
    Version,
    planned,
    registering,
    rows,
    writing,
)


class Moving:
    """One task of a model of MLflow."""

    def __init__(self, task: Task, room: Path) -> None:
        assert task.mlflow is not None
        self.task = task
        self.room = room
        self.wanted = task.mlflow
        self.notes: list[str] = []
        self._rows: tuple[Path, str] | None = None
        self._again = False

    def asked(self) -> several.Asked:
        task, inside, draft = self.task, self.room / "in", self.room / "out"
        if not self._again:
            self.room.mkdir(exist_ok=True)
            tracking = Tracking(self.wanted.tracking_uri)
            self.folder, self.version = opened(task.place, inside, tracking)
            self.settings, notes = planned(
                self.folder, task.settings, model_code=self.wanted.model_code
            )
            self.notes += notes
            writing.copy_rest(self.folder, draft)
            if self.settings.data is None:
                (self.room / "rows").mkdir()
                self._rows = rows.of(self.folder, self.room / "rows")
        folder, settings = self.folder, self.settings
        self.model = Path(folder.model)
        if settings.format is not None:
            suffix = ".skops" if settings.format == "skops" else ".pkl"
            self.model = self.model.with_suffix(suffix)
        result = draft / self.model
        result.parent.mkdir(parents=True, exist_ok=True)
        if self._rows is not None:
            settings = replace(settings, data=self._rows[0])
        request = pipeline.Request(
            artifact=folder.file,
            result=result,
            record=record.beside(result),
            report=self._page(),
            settings=replace(settings, force=True),
        )
        pipeline.check_outputs(request)
        return folder.file, request

    def _page(self) -> Path | None:
        if storage.is_uri(self.task.report):
            return self.room / "page.html"
        return Path(self.task.report) if self.task.report else None

    def other(self, outcome: several.Outcome) -> bool:
        """A model that refuses the rows of its own folder is compared on those made from it."""
        if self._rows is None or not isinstance(outcome.error, DataError):
            return False
        self.notes.append(f"its {self._rows[1]} was not used: {outcome.error.message}")
        self._rows, self._again = None, True
        return True

    def finish(self, done: pipeline.Migration, **more: Any) -> Entry:
        draft, manifest = self.room / "out", done.manifest
        if self._rows is not None:
            self.notes.append(f"compared on the rows of its {self._rows[1]}, too")
        self.notes += writing.write(self.folder, draft, self.model.as_posix(), manifest)
        digests = manifest.result.sha256, record.sha256(done.record)
        places: tuple[str, str]
        if done.report is not None and storage.is_uri(self.task.report):
            storage.store(done.report, self.task.report, record.sha256(done.report))
        if self.wanted.registers:
            version = self._registered(draft, done)
            places = (version.address, version.address)
        else:
            folder = Path(self.task.result).parent
            with writing.placed(folder, force=True) as place:
                shutil.copytree(draft, place, dirs_exist_ok=True)
            written = done.record.relative_to(draft)
            places = (str(folder / self.model), str(folder / written))
        return self._entry(manifest, digests, places, **more)

    def _registered(self, draft: Path, done: pipeline.Migration) -> Version:
        tracking, silent = Tracking(self.wanted.tracking_uri), SilentProgress()
        name, origin = name_of(self.task.place, self.wanted), self.task.place
        made = registering.register(tracking, name, draft, done, origin, self.version, silent)
        written = done.record.relative_to(draft)
        registering.verify(tracking, made, draft, written, self.settings, silent)
        if self.wanted.alias is not None:
            made = tracking.set_alias(made, self.wanted.alias)
        return made

    def _entry(
        self,
        manifest: record.Manifest,
        digests: tuple[str, str],
        places: tuple[str, str],
        **more: Any,
    ) -> Entry:
        found = entry.migrated(self.task, manifest, digests, notes=self.notes, **more)
        return replace(found, result=places[0], record=places[1])

    # ------------------------------------------------------------------ who died after it
    def there(self) -> Entry | None:
        try:
            return self._version_there() if self.wanted.registers else self._folder_there()
        except SkmigError:
            return None  # it is made anew
        finally:
            shutil.rmtree(self.room, ignore_errors=True)

    def _version_there(self) -> Entry | None:
        """A version that was registered, and may not have been seen again, nor got its alias."""
        version = Registered(self.wanted.tracking_uri).version(self.task.result)
        if version is None or version.address == self.task.former:
            return None
        tracking = Tracking(self.wanted.tracking_uri)
        self.room.mkdir()
        folder, _version = opened(version.address, self.room, tracking)
        manifest, digests = self._whole(folder)
        settings = self.task.settings
        answer = api.verify(
            folder.path, backend=settings.backend, code=settings.code, trust=settings.trust
        )
        if not answer.ok:
            return None
        if self.wanted.alias is not None:
            tracking.set_alias(version, self.wanted.alias)
        places = (version.address, version.address)
        return self._entry(manifest, digests, places, finished=manifest.created)

    def _folder_there(self) -> Entry | None:
        place = Path(self.task.result)
        if not place.is_file() or record.sha256(place) == self.task.former:
            return None
        folder = ModelFolder.read(place.parent)
        manifest, digests = self._whole(folder)
        places = (str(folder.file), str(record.beside(folder.file)))
        return self._entry(manifest, digests, places, finished=manifest.created)

    def _whole(self, folder: ModelFolder) -> tuple[record.Manifest, tuple[str, str]]:
        """What a folder says that was made of this model.  Raises UnreadableError."""
        bundle = record.beside(folder.file)
        manifest = record.read(bundle).manifest
        digests = record.sha256(folder.file), record.sha256(bundle)
        if (manifest.source.sha256, manifest.result.sha256) != (self.task.content, digests[0]):
            raise UnreadableError(
                f"`{folder.path}` is not what was made of `{self.task.place}`",
                hint="it is made anew",
            )
        return manifest, digests
