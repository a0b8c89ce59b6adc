"""`skmig plan`: what a run would do, from the files alone; nothing is started."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from skmig import inspection, plan
from skmig.environments import choose, exchange
from skmig.environments.base import Backend, EnvironmentSpec, Progress
from skmig.errors import RefusedError, SkmigError
from skmig.fleet import entry, todo
from skmig.fleet.config import Fleet, of_mlflow
from skmig.fleet.entry import Entry, shown
from skmig.fleet.ledger import Ledger
from skmig.fleet.sources import source_of

# Processor seconds.  Of a model and a start: `python -m bench.migrations many` (31 ms a model on a
# quiet machine).  Of a megabyte: random forests of 5 to 345 MB, the most that a model can be, since
# rows are searched for each leaf: 6 s for 5 MB, 10 for 25, 4 for 69 and 13 for 345, where there are
# more leaves than there may be rows, and the search is short.
_MODEL = 0.035
_SEARCH, _MOST_SEARCH = 0.4, 9.0
_MEGABYTE = 0.015
_START = 0.6  # an environment that is there, until its first answer
_MAKE = {"local": 8.0, "docker": 15.0}  # one that is not, without what the network takes
_BUSY = 1.6  # of two cores: waves keep both busy, the first and the last of them one


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What would happen to one model.

    `would`: "migrate", "nothing" (it is done), "refuse" or "fail".
    """

    place: str
    source: str
    target: str
    classes: tuple[str, ...]
    size: int
    would: str
    why: tuple[str, ...]
    error: SkmigError | None = None

    @property
    def row(self) -> tuple[str, ...]:
        said = "; ".join((self.would, *self.why[:1]))
        classes = ", ".join(self.classes[:3]) + (" …" if len(self.classes) > 3 else "")
        return shown(self.place), self.source, self.target, classes, said

    def as_json(self) -> dict[str, Any]:
        said = vars(self) | {"classes": list(self.classes), "why": list(self.why)}
        return said | {"error": None if self.error is None else self.error.as_json()}


@dataclass(frozen=True, kw_only=True)
class Needed:
    """An environment that a run would start, for how many models, and whether it is there."""

    spec: EnvironmentSpec
    backend: str
    models: int
    there: bool

    @property
    def row(self) -> tuple[str, ...]:
        name = " + ".join((self.spec.release, *self.spec.requirements))
        return name, str(self.models), "yes" if self.there else "no: it is made"

    def as_json(self) -> dict[str, Any]:
        return {
            "release": self.spec.release,
            "requirements": list(self.spec.requirements),
            "backend": self.backend,
            "models": self.models,
            "there": self.there,
        }


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a run would do.  `seconds` is an estimate, for one machine of two cores."""

    models: tuple[Foreseen, ...]
    environments: tuple[Needed, ...]
    empty: tuple[str, ...]
    seconds: float

    @property
    def exit_code(self) -> int:
        return max((item.error.code for item in self.models if item.error), default=0)

    @property
    def sentences(self) -> tuple[str, ...]:
        counts = Counter(item.would for item in self.models)
        words = {
            "migrate": "to be migrated",
            "nothing": "done already",
            "refuse": "certainly refused",
            "fail": "that cannot be read or told",
        }
        said = ", ".join(f"{counts[name]} {text}" for name, text in words.items() if counts[name])
        missing = [item for item in self.environments if not item.there]
        first = f"{len(self.models)} models: {said}"
        if not counts["migrate"]:
            return (first,)
        second = f"about {_duration(self.seconds)} on one machine of two cores"
        if missing:
            second += f", with {len(missing)} environments that are made first"
        return first, second

    def as_json(self) -> dict[str, Any]:
        return {
            "models": [item.as_json() for item in self.models],
            "environments": [item.as_json() for item in self.environments],
            "seconds": round(self.seconds, 1),
            "summary": "; ".join(self.sentences),
        }


def look(fleet: Fleet, progress: Progress) -> Outlook:
    """Inspect every model of a fleet.  Raises what `run` raises before it begins."""
    models, empty = todo.wanted(fleet)
    ledger = fleet.ledger if fleet.ledger is not None and fleet.ledger.is_file() else None
    wanted: Counter[tuple[str, EnvironmentSpec]] = Counter()
    seen: list[Foreseen] = []
    with Ledger(ledger) as opened:
        to_do = todo.Todo(opened, models, force=False, retry=False)
        for item in models:
            foreseen, specs = _foreseen(item, to_do)
            seen.append(foreseen)
            wanted.update((item.group.settings.backend, spec) for spec in specs)
            progress.step(f"{len(seen)} of {len(models)} models")
    environments = _needed(wanted, progress)
    registering = sum(
        one.would == "migrate" and of_mlflow(one.place) and item.group.mlflow.registers
        for one, item in zip(seen, models, strict=True)
    )
    return Outlook(
        models=tuple(seen),
        environments=environments,
        empty=tuple(empty),
        seconds=_seconds(seen, environments, registering),
    )


def _foreseen(item: todo.Wanted, to_do: todo.Todo) -> tuple[Foreseen, tuple[EnvironmentSpec, ...]]:
    settings = item.group.settings
    found = Foreseen(
        place=item.found.place,
        source="",
        target=settings.target,
        classes=(),
        size=0,
        would="fail",
        why=(),
    )
    path = Path()
    looked = None
    if item.found.content:  # of one that is done the original need not be there any more
        looked = to_do.look(item)
        if isinstance(looked, Entry) and looked.error is None:
            return replace(
                found, source=item.found.release, would="nothing", why=(_done(looked),)
            ), ()
    try:
        with exchange.scratch() as room:
            fetch = source_of(item.found.place).fetch
            brought = fetch(item.found.place, room, settings, item.group.mlflow)
            path, settings = brought.file, brought.settings
            facts = inspection.inspect(path)
        classes = dict.fromkeys(node.name.rpartition(".")[2] for node in facts.estimators)
        found = replace(found, classes=tuple(classes), size=facts.size)
        made = plan.make(facts, settings)
    except SkmigError as error:
        error = entry.renamed(error, path, item.found.place)
        return replace(found, why=(error.message,), error=error), ()
    found = replace(found, source=made.source.release)
    if made.refusals:
        why = tuple(f"{one.path}: {one.text}" for one in made.refusals)
        source, target = made.source.release, made.target.release
        text = f"scikit-learn {target} cannot express this model of {source}"
        refused = RefusedError(text, reasons=why, hint="choose another target")
        return replace(found, would="refuse", why=why, error=refused), ()
    looked = looked or to_do.look(item)
    if isinstance(looked, Entry):
        if looked.error is None:
            return replace(found, would="nothing", why=(_done(looked),)), ()
        kind = "refuse" if looked.exit_code == 1 else "fail"
        return replace(found, would=kind, why=(looked.summary,), error=_error(looked)), ()
    why = (*made.notes, *brought.notes)
    return replace(found, would="migrate", why=why), (made.source, made.target)


def _done(kept: Entry) -> str:
    return f"done: {kept.verdict}"


def _error(kept: Entry) -> SkmigError:
    """What the ledger keeps of an error, as one."""
    said = kept.error or {}

    class KeptError(SkmigError):
        code = kept.exit_code

        @property
        def kind(self) -> str:
            return str(said["kind"])

    return KeptError(said["message"], hint=said["hint"], causes=tuple(said["causes"]))


def _needed(wanted: Counter[tuple[str, EnvironmentSpec]], progress: Progress) -> tuple[Needed, ...]:
    backends: dict[str, Backend] = {}
    found = []
    for (name, spec), count in wanted.items():
        if name not in backends:
            backends[name] = choose.backend(name, progress)
        backend = backends[name]
        found.append(Needed(spec=spec, backend=backend.name, models=count, there=backend.has(spec)))
    return tuple(found)


def _seconds(seen: Sequence[Foreseen], environments: Sequence[Needed], registering: int) -> float:
    """Without what stores and the network take.

    `registering`: versions of MLflow, each of which is verified in an environment of its own.
    """
    todo_now = [item for item in seen if item.would == "migrate"]
    sizes = [item.size / 1e6 for item in todo_now]
    work = sum(_MODEL + min(_SEARCH * size, _MOST_SEARCH) + _MEGABYTE * size for size in sizes)
    made = sum(_MAKE.get(item.backend, 0.0) for item in environments if not item.there)
    return (work + made + _START * (len(environments) + registering)) / _BUSY


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
