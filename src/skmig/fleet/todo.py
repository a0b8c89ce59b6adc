"""What there is to do: the models of a fleet, where their outputs go, and what is done already."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from skmig import api, record, storage
from skmig.environments import exchange
from skmig.errors import OutputExistsError, SkmigError, UnreadableError, UsageError
from skmig.fleet import entry, keys, registered
from skmig.fleet.config import Fleet, Group, of_mlflow
from skmig.fleet.entry import Entry, Task
from skmig.fleet.ledger import Ledger
from skmig.fleet.source import Found
from skmig.fleet.sources import digest, source_of


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A model of a fleet and the places of its outputs; `error` says why it cannot be done."""

    found: Found
    group: Group
    result: str
    record: str
    report: str
    error: SkmigError | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        return tuple(place for place in (self.result, self.record, self.report) if place)


def wanted(fleet: Fleet) -> tuple[list[Wanted], list[str]]:
    """All models, each once, and what was named and holds none.

    Raises UnreadableError where there is no model at all.
    """
    models: list[Wanted] = []
    empty: list[str] = []
    seen: set[tuple[str, str]] = set()
    taken: set[str] = set()
    for group in fleet.groups:
        for named in group.models:
            before = len(models)
            for found in source_of(named).models(named, group):
                if (found.place, group.settings.target) in seen:
                    continue
                seen.add((found.place, group.settings.target))
                models.append(_placed(found, group, taken))
            if len(models) == before:
                empty.append(named)
    if not models:
        named = ", ".join(f"`{item}`" for item in empty)
        raise UnreadableError(
            f"there is no model in {named}",
            hint="check `models` in skmig.toml" if fleet.file else "check the path",
        )
    return models, empty


def _placed(found: Found, group: Group, taken: set[str]) -> Wanted:
    """Where the outputs of a model go; no two write to one place."""
    if of_mlflow(found.place):
        return _alone(_of_mlflow(found, group), taken)
    result = Path(storage.name(found.place))
    result = api.result_name(result, group.settings, Path())
    folder = group.output or storage.parent(found.place)
    below = found.folder if group.output else ""
    bundle = record.beside(result)
    if storage.join(folder, below, bundle.name) in taken:
        bundle = record.beside(result, whole=True)
    report = ""
    if group.report:
        report = storage.join(group.report, found.folder, f"{bundle.stem}.html")
    made = Wanted(
        found=found,
        group=group,
        result=storage.join(folder, below, result.name),
        record=storage.join(folder, below, bundle.name),
        report=report,
    )
    return _alone(made, taken)


def _of_mlflow(found: Found, group: Group) -> Wanted:
    result, stem = registered.places(found, group)
    report = storage.join(group.report, f"{stem}.html") if group.report else ""
    return Wanted(found=found, group=group, result=result, record=result, report=report)


def _alone(made: Wanted, taken: set[str]) -> Wanted:
    twice = taken.intersection(made.outputs)
    taken.update(made.outputs)
    if not twice:
        return made
    error = UsageError(
        f"`{min(twice)}` would be written for `{made.found.place}` and for another model",
        hint="give one of them a table of its own in skmig.toml, with another `output`",
    )
    return replace(made, error=error)


class Looking:
    """What lies at places now; of a store, one listing says it for all below a folder."""

    def __init__(self, models: list[Wanted], uri: str | None = None) -> None:
        """`uri` is that of the tracking server, which is one for all of a fleet."""
        self.uri = models[0].group.mlflow.tracking_uri if models else uri
        self._registry: registered.Registered | None = None
        roots = {
            root
            for item in models
            for root in (item.group.output, item.group.report)
            if root and storage.is_uri(root)
        }
        self._roots = tuple(f"{root.rstrip('/')}/" for root in roots)
        self._listed = {
            item.place: item.stamp for root in self._roots for item in storage.listing(root)
        }

    def stamp(self, place: str) -> str | None:
        """None where there is nothing."""
        if of_mlflow(place):
            return self.registry.stamp(place)
        if place.startswith(self._roots) if self._roots else False:
            return self._listed.get(place)
        found = storage.look(place)
        return None if found is None else found.stamp

    @property
    def registry(self) -> registered.Registered:
        if self._registry is None:
            self._registry = registered.Registered(self.uri)
        return self._registry

    def shown(self, place: str) -> str:
        """What lies at a place that is not empty, as people read it."""
        if not of_mlflow(place):
            return place
        version = self.registry.version(place)
        return place if version is None else version.address

    def digest(self, place: str) -> str:
        """What tells it from what may lie there later."""
        return self.shown(place) if of_mlflow(place) else storage.digest(place)


def stamps(places: tuple[str, ...], looking: Looking) -> str:
    """The stamps of outputs as one text; empty where one is missing, or has none."""
    found = []
    for place in places:
        stamp = looking.stamp(place)
        if not stamp:
            return ""
        found.append(stamp)
    return " ".join(found)


def outputs(task: Task | Entry) -> tuple[str, ...]:
    return tuple(place for place in (task.result, task.record, task.report) if place)


class Todo:
    """Says of each wanted model whether it is done, and makes the task where it is not."""

    def __init__(self, ledger: Ledger, models: list[Wanted], *, force: bool, retry: bool) -> None:
        self.ledger = ledger
        self.force = force
        self.retry = retry
        self.looking = Looking(models)
        self._keys: dict[int, str] = {}

    def look(self, item: Wanted) -> Entry | tuple[Task, Entry | None]:
        """The entry of what is done or cannot be done, or the task and what it was before.

        Raises nothing: what is wrong with one model is its entry.
        """
        task = Task(
            place=item.found.place,
            release="",
            content="",
            settings=item.group.settings,
            settings_key="",
            result=item.result,
            record=item.record,
            report=item.report,
            mlflow=item.group.mlflow if of_mlflow(item.found.place) else None,
        )
        try:
            if item.error is not None:
                raise item.error
            content, release = self.content(item.found, item.group)
            task = replace(
                task, content=content, release=release, settings_key=self.key(item.group)
            )
            kept = self.ledger.entry(task)
            if kept is not None and self.holds(*kept):
                return kept[0]
            there = self.there(item)
            if there and not (self.force or self.ledger.knows(item.result)):
                hint = "choose another output, or replace it with --force"
                if of_mlflow(there):
                    hint = "keep that one, or register another version with --force"
                there = self.looking.shown(there)
                text = f"`{there}` is there already, and the ledger does not know it"
                raise OutputExistsError(text, hint=hint)
            former = ""
            if self.looking.stamp(item.record) is not None:
                former = self.looking.digest(item.record)
            return replace(task, former=former), None if kept is None else kept[0]
        except SkmigError as error:
            return entry.failed(task, error, finished=record.now())

    def holds(self, kept: Entry, stamped: str) -> bool:
        """Is what the ledger says still so?"""
        if kept.state != "migrated":
            return not self.retry
        now = stamps(outputs(kept), self.looking)
        if now and now == stamped:
            return True
        if any(self.looking.stamp(place) is None for place in outputs(kept)):
            return False
        if of_mlflow(kept.result):
            return False  # its tags are others than they were
        digests = storage.digest(kept.result), storage.digest(kept.record)
        return digests == (kept.result_sha256, kept.record_sha256)

    def content(self, found: Found, group: Group) -> tuple[str, str]:
        if found.content:
            return found.content, found.release
        known = self.ledger.content(found.place, found.stamp)
        if known is not None:
            return known
        with exchange.scratch() as room:
            source = source_of(found.place)
            brought = source.fetch(found.place, room, group.settings, group.mlflow)
            content, release = digest(brought.file)
        self.ledger.keep_content(found.place, found.stamp, content, release)
        return content, release

    def key(self, group: Group) -> str:
        if id(group) not in self._keys:
            key = keys.settings_key(group.settings, self._file_digest)
            self._keys[id(group)] = f"{key}+model-code" if group.mlflow.model_code else key
        return self._keys[id(group)]

    def there(self, item: Wanted) -> str:
        """The first output that is there already."""
        found = (place for place in item.outputs if self.looking.stamp(place) is not None)
        return next(found, "")

    def _file_digest(self, path: Path) -> str:
        seen = storage.look(str(path))
        stamp = "" if seen is None else seen.stamp
        known = self.ledger.content(str(path), stamp)
        if known is not None:
            return known[0]
        found = storage.digest(str(path))
        self.ledger.keep_content(str(path), stamp, found, "")
        return found
