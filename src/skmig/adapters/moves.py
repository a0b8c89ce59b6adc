"""What crossing a boundary did to the state of the objects: seen, not told by the rules.

A rule may name an attribute and leave it as it was; this holds the states before and after against
each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from skmig.adapters.ops import Renamed, RuleSet, same
from skmig.payload import New, Obj


@dataclass(frozen=True, kw_only=True)
class Move:
    """What happened to `objects` objects of one class at one boundary.

    `tag` is their class before, `became` after, where that is another one; `made` are objects that
    were not there before, and `left` those that did not go on: of both only the class is told.
    """

    boundary: str
    tag: str
    objects: int
    became: str = ""
    made: bool = False
    left: bool = False
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    rewritten: tuple[str, ...] = ()


class Crossing(Protocol):
    """The boundary that was crossed."""

    @property
    def name(self) -> str: ...

    @property
    def up(self) -> bool: ...

    @property
    def rules(self) -> RuleSet | None: ...


Present = Mapping[str, Iterable[Obj]]
# by id(), which stays the object's own as long as it is kept here
Snapshot = dict[int, tuple[Obj, str, dict[str, "_Was"]]]


def snapshot(present: Present) -> Snapshot:
    """The objects (by class) as they are now."""
    return {
        id(obj): (obj, obj.tag, {name: _Was(value) for name, value in obj.state.items()})
        for objs in present.values()
        for obj in objs
    }


class _Was:
    """A value of a state as it was; a container may be changed in its place."""

    __slots__ = ("items", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.items = _items(value)

    def is_now(self, value: Any) -> bool:
        if value is not self.value:
            return _equal(self.value, value)
        return self.items is None or all(
            one is other or _equal(one, other)
            for one, other in itertools.zip_longest(self.items, _items(value) or ())
        )


def _items(value: Any) -> tuple[Any, ...] | None:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict | New):
        entries = value.args if isinstance(value, New) else value
        return (*entries.keys(), *entries.values())
    return None


def between(before: Snapshot, present: Present, crossing: Crossing) -> list[Move]:
    """What is otherwise now; objects of one class with the same fate are one Move."""
    renames = _renames(crossing)
    counts: dict[tuple[Any, ...], int] = {}
    now = {id(obj): obj for objs in present.values() for obj in objs}
    for key, obj in now.items():
        fate: tuple[Any, ...]
        if key not in before:
            fate = (obj.tag, "", True, False, (), (), (), ())
        else:
            _obj, tag, state = before[key]
            changes = _changes(state, obj.state, renames.get(tag, ()))
            became = obj.tag if obj.tag != tag else ""
            if not became and not any(changes):
                continue
            fate = (tag, became, False, False, *changes)
        counts[fate] = counts.get(fate, 0) + 1
    for key, (_obj, tag, _state) in before.items():
        if key not in now:
            fate = (tag, "", False, True, (), (), (), ())
            counts[fate] = counts.get(fate, 0) + 1
    return [
        Move(
            boundary=crossing.name,
            tag=tag,
            objects=count,
            became=became,
            made=made,
            left=left,
            added=added,
            dropped=dropped,
            renamed=renamed,
            rewritten=rewritten,
        )
        for (tag, became, made, left, added, dropped, renamed, rewritten), count in counts.items()
    ]


def _renames(crossing: Crossing) -> dict[str, tuple[tuple[str, str], ...]]:
    """(former, present) names by class, in the direction of travel."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for op in crossing.rules.ops if crossing.rules is not None else ():
        if isinstance(op, Renamed):
            pair = (op.old, op.new) if crossing.up else (op.new, op.old)
            for tag in op.classes:
                found[tag] = (*found.get(tag, ()), pair)
    return found


def _changes(
    before: dict[str, _Was], after: dict[str, Any], renames: tuple[tuple[str, str], ...]
) -> tuple[tuple[Any, ...], ...]:
    """Added, dropped, renamed and rewritten names."""
    added, dropped = after.keys() - before.keys(), before.keys() - after.keys()
    renamed = tuple(pair for pair in renames if pair[0] in dropped and pair[1] in added)
    added -= {new for _old, new in renamed}
    dropped -= {old for old, _new in renamed}
    rewritten = (
        name for name in before.keys() & after.keys() if not before[name].is_now(after[name])
    )
    return tuple(sorted(added)), tuple(sorted(dropped)), renamed, tuple(sorted(rewritten))


def _equal(one: Any, other: Any) -> bool:
    """Plain values and arrays by what they hold, everything else by what it is."""
    plain = bool | int | float | complex | str | bytes | None | np.generic | np.ndarray
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and one.dtype.hasobject:
        return False
    return isinstance(one, plain) and isinstance(other, plain) and same(one, other)
