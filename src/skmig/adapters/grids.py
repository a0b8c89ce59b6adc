"""What searches try: names and values of parameters, in the spelling of the other release.

`param_grid={"clf__loss": ["hinge", "log"]}` speaks of the parameter `loss` of what stands under
`clf`: what a rule says of that parameter holds for each value that a new fit would try.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from skmig.adapters import census
from skmig.adapters.forms import is_obj
from skmig.adapters.ops import Op, Refusal, Renamed, Retyped, Successor
from skmig.payload import Obj

_PARTS = ("steps", "transformer_list", "estimators", "transformers")
# one parameter under two names for a time, which rules move as the values that they are
_ALIASES = {"base_estimator": "estimator", "estimator": "base_estimator"}


@dataclass(frozen=True)
class Entry:
    """One key of a grid: the estimators that it leads through, with their classes so far."""

    search: Obj
    grid: dict[Any, Any]
    key: str
    way: tuple[tuple[Obj, str, str], ...]


def entries(search: Obj) -> Iterator[Entry]:
    """The keys of a search's grids that lead to a parameter of an estimator at hand."""
    for name in ("param_grid", "param_distributions"):
        found = search.state.get(name)
        for grid in found if isinstance(found, list | tuple) else (found,):
            if not isinstance(grid, dict):
                continue
            for key in grid:
                way = _way(search.state.get("estimator"), key)
                if way:
                    yield Entry(search, grid, key, way)


def _way(estimator: Any, key: Any) -> tuple[tuple[Obj, str, str], ...]:
    found: list[tuple[Obj, str, str]] = []
    for part in str(key).split("__"):
        if not is_obj(estimator):
            return ()
        found.append((estimator, estimator.tag, part))
        estimator = _inside(estimator, part)
    return tuple(found)


def _inside(obj: Obj, part: str) -> Any:
    for name in _PARTS:
        items = obj.state.get(name)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, tuple | list) and item and item[0] == part:
                return item[1]
    return obj.state.get(part)


def respell(entry: Entry, ops: tuple[Op, ...], here: str, there: str, *, up: bool) -> str:
    """Write one entry as `there` spells it; gives what is said where it has no such parameter."""
    names = [_name(*step, ops, here, there) for step in entry.way]
    if None in names:
        del entry.grid[entry.key]
        return f"a new search does not try `{entry.key}`, which does not exist in {there}"
    _, tag, part = entry.way[-1]
    values = entry.grid[entry.key]
    for op in ops:
        if isinstance(op, Retyped) and tag in op.classes and op.name == part:
            change = op.to_new if up else op.to_old
            if type(values) in (list, tuple):
                values = type(values)(_changed(change, value) for value in values)
    items = [
        ("__".join(map(str, names)), values) if key == entry.key else (key, value)
        for key, value in entry.grid.items()
    ]
    entry.grid.clear()
    entry.grid.update(items)
    return ""


def _changed(change: Any, value: Any) -> Any:
    try:
        return change(value)
    except Refusal:  # the fitted model may be another one, and a new fit will say so
        return value


def _name(obj: Obj, tag: str, part: str, ops: tuple[Op, ...], here: str, there: str) -> str | None:
    """What a parameter is called there; None where there is none."""
    ours, theirs = census.parameters(here, tag), census.parameters(there, obj.tag)
    if ours is None or theirs is None or part not in ours:
        return part  # the name of a step, or of something that no census knows
    other = _ALIASES.get(part)
    if other in theirs and is_obj(obj.state.get(other)) and not is_obj(obj.state.get(part)):
        return other
    if part in theirs:
        return part
    for op in ops:
        if isinstance(op, Renamed | Successor) and tag in op.classes and part in (op.old, op.new):
            return op.new if part == op.old else op.old
    return None
