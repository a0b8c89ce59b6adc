"""Moves a graph over the line of releases, one boundary at a time, by the rules of each."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skmig import versions
from skmig.adapters import census, grids, moves
from skmig.adapters.moves import Move
from skmig.adapters.ops import Born, Gone, Op, Refusal, RuleSet, same
from skmig.adapters.rules import LINE
from skmig.adapters.shapes import SEARCHES
from skmig.payload import New, Obj

# defaults by which a release announces that another one will come, or that a parameter will go
SENTINELS = ("warn", "deprecated")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One thing said about one node while it was moved."""

    path: str
    tag: str
    boundary: str
    text: str
    method: str = ""


@dataclass(frozen=True, kw_only=True)
class Adapted:
    """A graph in the target's terms, and everything that was said on the way.

    `refusals` is what the target cannot express; when it is not empty the graph must not be used.
    `losses` concern outputs and are refusals unless they were allowed; `notes` concern a refit.
    `made` are the arrays that operations put into objects, each with the operation's name.
    `moved` is what the state of the objects became, boundary by boundary.
    """

    graph: Any
    applied: tuple[str, ...]
    refusals: tuple[Statement, ...]
    losses: tuple[Statement, ...]
    notes: tuple[Statement, ...]
    changes: tuple[Statement, ...]
    substitutions: tuple[Statement, ...] = ()
    made: tuple[tuple[Any, str], ...] = ()
    moved: tuple[Move, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """From one release to its neighbour on the line."""

    older: str
    newer: str
    up: bool
    rules: RuleSet | None

    @property
    def name(self) -> str:
        there = (self.older, self.newer) if self.up else (self.newer, self.older)
        return " → ".join(there)


def boundaries(source: str, target: str) -> list[Boundary]:
    """The boundaries between two releases, in the order of travel."""
    start, end = versions.position(source), versions.position(target)
    names = versions.line()
    known = {ruleset.since: ruleset for ruleset in LINE}
    up = start <= end
    span = range(start, end) if up else range(start - 1, end - 1, -1)
    return [
        Boundary(older=names[i], newer=names[i + 1], up=up, rules=known.get(names[i + 1]))
        for i in span
    ]


def adapt(graph: Any, source: str, target: str, *, substitution: bool = False) -> Adapted:
    """Move `graph` from release `source` to release `target`.

    The input is not changed; arrays are shared with the result.  `substitution`: an object may
    become one of another class that answers the same, where its own cannot say it any more.
    """
    run = _Run(copy_graph(graph), target=target, substitution=substitution)
    for boundary in boundaries(source, target):
        run.cross(boundary)
    return Adapted(
        graph=run.graph,
        applied=tuple(run.applied),
        refusals=tuple(run.refusals),
        losses=tuple(run.losses),
        notes=tuple(run.notes),
        changes=tuple(run.changes),
        substitutions=tuple(run.substitutions),
        made=tuple((array, by) for made, by in run.made if (array := made()) is not None),
        moved=tuple(run.moved),
    )


@dataclass
class _Run:
    graph: Any
    target: str
    substitution: bool = False
    substitutions: list[Statement] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    refusals: list[Statement] = field(default_factory=list)
    losses: list[Statement] = field(default_factory=list)
    notes: list[Statement] = field(default_factory=list)
    changes: list[Statement] = field(default_factory=list)
    moved: list[Move] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)  # id() of objects that stay behind
    crossing: Boundary | None = None
    paths: dict[int, str] = field(default_factory=dict)
    # what the next operation replaces is not kept alive
    made: list[tuple[weakref.ref[Any], str]] = field(default_factory=list)
    present: dict[str, list[Obj]] | None = None  # by tag; None once a rule may have changed that

    # what an operation sees (the protocol `Step`)
    @property
    def older(self) -> str:
        assert self.crossing is not None
        return self.crossing.older

    @property
    def newer(self) -> str:
        assert self.crossing is not None
        return self.crossing.newer

    def parameters(self, tag: str, release: str) -> dict[str, Any] | None:
        return census.parameters(release, tag)

    def loss(self, obj: Obj, text: str) -> None:
        self.losses.append(self._say(obj, text))

    def note(self, obj: Obj, text: str) -> None:
        self.notes.append(self._say(obj, text))

    def changed(self, obj: Obj, method: str, text: str) -> None:
        self.changes.append(self._say(obj, text, method))

    def substitute(self, obj: Obj, text: str, *, without: str = "") -> bool:
        if self.substitution:
            self.substitutions.append(self._say(obj, text, without))
        else:
            why = f"{text} only with --allow-substitution"
            self.refusals.append(self._say(obj, why))
        return self.substitution

    def _say(self, obj: Obj, text: str, method: str = "") -> Statement:
        assert self.crossing is not None
        path = self.paths.get(id(obj), "model")
        return Statement(
            path=path, tag=obj.tag, boundary=self.crossing.name, text=text, method=method
        )

    def cross(self, boundary: Boundary) -> None:
        self.crossing = boundary
        tried = [
            entry
            for tag in SEARCHES
            for obj in self._index().get(tag, ())
            for entry in grids.entries(obj)
        ]
        present = self._index()
        rules = boundary.rules
        ops = rules.about(present) if rules is not None else []
        if ops or any(_settings_differ(boundary, tag) for tag in present):
            before = moves.snapshot(present)
            for op in ops if boundary.up else reversed(ops):
                self._apply(op, boundary, present)
            explained = rules.explained if rules is not None else {}
            for tag, objs in self._index().items():
                if _settings_differ(boundary, tag):
                    for obj in objs:
                        self._parameters(obj, boundary, explained.get(tag, frozenset()))
            self.moved += moves.between(before, self._index(), boundary)
        self._respell(tried, boundary)

    def _respell(self, tried: list[grids.Entry], boundary: Boundary) -> None:
        """What a new search would try."""
        ends = (boundary.older, boundary.newer)
        here, there = ends if boundary.up else ends[::-1]
        ops = boundary.rules.ops if boundary.rules is not None else ()
        for entry in tried:
            said = grids.respell(entry, ops, here, there, up=boundary.up)
            if said:
                self.note(entry.search, said)

    def _index(self) -> dict[str, list[Obj]]:
        """All objects by tag, with their paths."""
        if self.present is not None:
            return self.present
        present: dict[str, list[Obj]] = {}
        self.paths = {}
        for path, obj in objects(self.graph, without=self.refused):
            self.paths[id(obj)] = path
            present.setdefault(obj.tag, []).append(obj)
        self.present = present
        return present

    def _apply(self, op: Op, boundary: Boundary, present: dict[str, list[Obj]]) -> None:
        cross: Callable[[Obj, Any], None] = op.up if boundary.up else op.down
        touched = 0
        for tag in op.classes:
            for obj in present.get(tag, ()):
                if id(obj) in self.refused:
                    continue
                touched += 1
                before = {id(array) for array in _near(obj)}
                try:
                    cross(obj, self)
                except Refusal as refusal:
                    self.refusals.append(self._say(obj, str(refusal)))
                    # no later rule knows what it would look like there
                    self.refused.add(id(obj))
                by = f"{boundary.newer}: {describe(op)}"
                self.made += [
                    (weakref.ref(array), by) for array in _near(obj) if id(array) not in before
                ]
        if touched:
            self.present = None
            self.applied.append(f"{boundary.newer}: {describe(op)} ({touched})")

    def _parameters(self, obj: Obj, boundary: Boundary, explained: frozenset[str]) -> None:
        """Training settings that came or went: no operation speaks for them."""
        here, there = (
            (boundary.older, boundary.newer) if boundary.up else (boundary.newer, boundary.older)
        )
        ours, theirs = census.parameters(here, obj.tag), census.parameters(there, obj.tag)
        if ours is None or theirs is None or not (ours.keys() & obj.state.keys()):
            return
        for name, default in theirs.items():
            if name not in ours and name not in obj.state and name not in explained:
                obj.state[name] = copy_graph(default)
        for name, default in ours.items():
            if name in explained or name not in obj.state:
                continue
            if name in theirs:
                # a default that only announced a change means nothing on the other side
                if _announces(default) and same(obj.state[name], default):
                    obj.state[name] = copy_graph(theirs[name])
            else:
                value = obj.state.pop(name)
                if not _neutral(value, default):
                    self.note(obj, f"training setting `{name}={value!r}` does not exist in {there}")


def _neutral(value: Any, default: Any) -> bool:
    return same(value, default) or _announces(value)


def _announces(value: Any) -> bool:
    return isinstance(value, str) and value in SENTINELS


def _settings_differ(boundary: Boundary, tag: str) -> bool:
    """May an object of the class have a parameter that the other side lacks, or must spell?"""
    older, newer = (census.parameters(name, tag) for name in (boundary.older, boundary.newer))
    if older is None or newer is None:
        return False
    if older.keys() != newer.keys():
        return True
    return any(_announces(value) for value in (*older.values(), *newer.values()))


def describe(op: Op) -> str:
    """One operation in one line, for the record."""
    names = ", ".join(sorted(op.explains()))
    return f"{type(op).__name__} {names}".strip()


def objects(
    graph: Any, path: str = "model", without: Iterable[int] = ()
) -> Iterator[tuple[str, Obj]]:
    """Every `Obj` of a graph once, with the path of its first place, parents before children.

    `without`: id() of objects to leave out, with what is in them.
    """
    seen: set[int] = set(without)
    stack: list[tuple[str, Any]] = [(path, graph)]
    while stack:
        where, value = stack.pop()
        if value is None or isinstance(value, str | int | float | bytes):
            continue
        if id(value) in seen:
            continue
        if isinstance(value, Obj):
            seen.add(id(value))
            yield where, value
            stack.extend((f"{where}.{k}", v) for k, v in reversed(list(value.state.items())))
        elif isinstance(value, New):
            seen.add(id(value))
            stack.extend((f"{where}.{k}", v) for k, v in reversed(list(value.args.items())))
        elif isinstance(value, dict):
            seen.add(id(value))
            stack.extend((f"{where}[{k!r}]", v) for k, v in reversed(list(value.items())))
        elif isinstance(value, list | tuple | set | frozenset):
            seen.add(id(value))
            items = list(value)
            if not all(isinstance(item, int | float | str) for item in items):
                stack.extend((f"{where}[{i}]", v) for i, v in reversed(list(enumerate(items))))
        elif isinstance(value, np.ndarray) and value.dtype.hasobject:
            seen.add(id(value))
            stack.extend((f"{where}[{i}]", v) for i, v in reversed(list(enumerate(value.flat))))


def copy_graph(graph: Any) -> Any:
    """A copy of all containers and objects of a graph; plain arrays are shared."""
    known: dict[int, Any] = {}

    def copy(value: Any) -> Any:
        if isinstance(value, Obj | New | list | dict | np.ndarray) and id(value) in known:
            return known[id(value)]
        if isinstance(value, Obj):
            obj = known[id(value)] = Obj(value.tag)
            obj.state = {name: copy(item) for name, item in value.state.items()}
            return obj
        if isinstance(value, New):
            new = known[id(value)] = New(value.tag)
            new.args = {name: copy(item) for name, item in value.args.items()}
            return new
        if isinstance(value, list):
            items: list[Any] = []
            known[id(value)] = items
            items.extend(copy(item) for item in value)
            return items
        if isinstance(value, dict):
            mapping: dict[Any, Any] = {}
            known[id(value)] = mapping
            mapping.update((key, copy(item)) for key, item in value.items())
            return mapping
        if isinstance(value, tuple):
            return tuple(copy(item) for item in value)
        if isinstance(value, np.ndarray) and value.dtype.hasobject:
            array = known[id(value)] = np.empty(value.shape, dtype=object)
            for i, item in enumerate(value.flat):
                array.flat[i] = copy(item)
            return array
        return value

    return copy(graph)


def foreseen_refusals(way: list[Boundary], tags: dict[str, str]) -> tuple[Statement, ...]:
    """Which objects (path -> tag) certainly cannot cross, told from their classes alone."""
    found: list[Statement] = []
    for boundary in way:
        for op in boundary.rules.ops if boundary.rules else ():
            if isinstance(op, Gone if boundary.up else Born):
                found.extend(
                    Statement(
                        path=path, tag=tag, boundary=boundary.name, text=_why_not(op, tag, boundary)
                    )
                    for path, tag in tags.items()
                    if tag in op.classes
                )
    return tuple(found)


def _why_not(op: Op, tag: str, boundary: Boundary) -> str:
    run = _Run(None, boundary.newer if boundary.up else boundary.older)
    run.crossing = boundary
    try:
        (op.up if boundary.up else op.down)(Obj(tag), run)
    except Refusal as refusal:
        return str(refusal)
    raise AssertionError(f"{op!r} did not refuse")


def foreseen_rules(way: list[Boundary], tags: set[str]) -> tuple[str, ...]:
    """The operations that objects of these classes meet, in order."""
    return tuple(
        f"{boundary.newer}: {describe(op)}"
        for boundary in way
        if boundary.rules is not None
        for op in boundary.rules.ops
        if tags & set(op.classes)
    )


def _near(obj: Obj) -> Iterator[np.ndarray[Any, Any]]:
    """The arrays among the attributes of an object, and in what stands there directly."""
    for value in obj.state.values():
        parts: Iterable[Any] = (value,)
        if isinstance(value, Obj):
            parts = value.state.values()
        elif isinstance(value, New):
            parts = value.args.values()
        elif isinstance(value, list | tuple):
            parts = value
        for item in parts:
            if isinstance(item, np.ndarray):
                yield item


def arrays(graph: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Every plain array of a graph once."""
    seen: set[int] = set()
    stack = [graph]
    while stack:
        value = stack.pop()
        if isinstance(value, np.ndarray) and not value.dtype.hasobject:
            if id(value) not in seen:
                seen.add(id(value))
                yield value
            continue
        if not isinstance(value, Obj | New | dict | list | tuple | np.ndarray) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Obj):
            stack.extend(value.state.values())
        elif isinstance(value, New):
            stack.extend(value.args.values())
        elif isinstance(value, dict):
            stack.extend(value.values())
        else:
            stack.extend(value.flat if isinstance(value, np.ndarray) else value)
