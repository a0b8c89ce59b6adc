"""One run of a fleet: what is missing or changed is done, what is done is looked at only."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from skmig import pipeline
from skmig.environments.base import Progress, SilentProgress
from skmig.fleet import todo, work
from skmig.fleet.config import Fleet
from skmig.fleet.entry import Entry, Task
from skmig.fleet.ledger import Ledger

_ROUND = 1.0  # seconds between two looks at what another process works on

# takes tasks as it can do them, gives what became of each, in any order
Engine = Callable[[Iterable[Task], Progress], Iterator[work.Done]]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run gives: an entry for each model, in their order, and what named none."""

    entries: tuple[Entry, ...]
    empty: tuple[str, ...]
    seconds: float


def run(
    fleet: Fleet,
    *,
    retry_failed: bool = False,
    force: bool = False,
    progress: Progress | None = None,
    engine: Engine | None = None,
) -> Run:
    """Do what is to be done of a fleet; `engine` does the work (default: this machine).

    Raises UnreadableError (no model, no ledger), OutputError, and what the engine raises; what is
    wrong with one model is in its entry.
    """
    started = time.monotonic()
    progress = progress or SilentProgress()
    models, empty = todo.wanted(fleet)
    with Ledger(fleet.ledger) as ledger:
        one = _Running(ledger, todo.Todo(ledger, models, force=force, retry=retry_failed), progress)
        one.all(models, engine or functools.partial(_chosen, fleet))
    return Run(
        entries=tuple(one.entries[item.result, item.found.place] for item in models),
        empty=tuple(empty),
        seconds=time.monotonic() - started,
    )


class _Running:
    def __init__(self, ledger: Ledger, to_do: todo.Todo, progress: Progress) -> None:
        self.ledger = ledger
        self.todo = to_do
        self.progress = progress
        self.entries: dict[tuple[str, str], Entry] = {}
        self.elsewhere: list[todo.Wanted] = []

    def all(self, models: list[todo.Wanted], engine: Engine) -> None:
        self.elsewhere = models
        for turn in itertools.count():
            waiting, self.elsewhere = self.elsewhere, []
            if turn:
                self.progress.step(f"waiting for {len(waiting)} models that another run works on")
                time.sleep(_ROUND)
                self.todo.looking = todo.Looking(waiting)
            for task, entry in engine(self.claimed(waiting), self.progress):
                self.finished(task, entry, len(models))
            if not self.elsewhere:
                return

    def claimed(self, models: list[todo.Wanted]) -> Iterator[Task]:
        """The tasks that are ours, each claimed when it is asked for."""
        for item in models:
            looked = self.todo.look(item)
            if isinstance(looked, Entry):
                self.entries[item.result, item.found.place] = looked
                continue
            task = self.ledger.claim(*looked)
            if task is None:
                self.elsewhere.append(item)
            else:
                yield task

    def finished(self, task: Task, entry: Entry, count: int) -> None:
        kept = ""
        if entry.error is None:
            kept = todo.stamps(todo.outputs(entry), todo.Looking([], self.todo.looking.uri))
        self.ledger.finish(task, entry, kept)
        self.entries[task.result, task.place] = entry
        self.progress.step(f"{len(self.entries)} of {count} models")


def _chosen(fleet: Fleet, tasks: Iterable[Task], progress: Progress) -> Iterator[work.Done]:
    """The engine that a fleet names, begun when there is something to do."""
    tasks = iter(tasks)
    first = next(tasks, None)
    if first is None:
        return
    tasks = itertools.chain([first], tasks)
    if fleet.engine == "here":
        yield from here(tasks, progress)
    else:
        from skmig.fleet import cluster  # not at the top: it is an extra

        ours: list[Task] = []
        with cluster.engine(fleet.scheduler, fleet.jobs) as dask:
            yield from dask(_without_mlflow(tasks, ours), progress)
        yield from here(ours, progress)


def _without_mlflow(tasks: Iterable[Task], others: list[Task]) -> Iterator[Task]:
    """A version is registered by one process: those tasks are kept for this machine."""
    for task in tasks:
        if task.mlflow is None:
            yield task
        else:
            others.append(task)


def here(tasks: Iterable[Task], progress: Progress) -> Iterator[work.Done]:
    """This machine: one workshop for all tasks in a row that want the same of it."""
    for limits, alike in itertools.groupby(tasks, key=lambda task: task.limits):
        with pipeline.workshop(limits, progress) as shop:
            yield from work.perform(alike, shop)
