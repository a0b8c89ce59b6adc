"""State of the releases before 0.22 that several of their rules share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skmig.adapters.ops import Retyped, Step, same
from skmig.adapters.shapes import FORESTS, n_features
from skmig.payload import New, Obj


def tags(text: str) -> tuple[str, ...]:
    """Public tags from names below `sklearn`, separated by blanks."""
    return tuple("sklearn." + name for name in text.split())


def plain(value: Any) -> bool:
    """True for the values that a constructor's default can be."""
    return value is None or isinstance(value, bool | int | float | str)


def meaning(
    names: dict[str, tuple[str, ...]],
    *,
    up: dict[Any, Any] | None = None,
    down: dict[Any, Any] | None = None,
    why: str,
) -> list[Retyped]:
    """A parameter whose default was a word ("warn", "auto_deprecated") or None for a time.

    `names`: parameter -> classes.  `up` and `down`: what the old default meant, in a value that
    the other release takes; every other value stays.
    """

    def replace(table: dict[Any, Any]) -> Callable[[Any], Any]:
        def function(value: Any) -> Any:
            if not plain(value):
                return value
            return next((new for old, new in table.items() if same(old, value)), value)

        return function

    return [
        Retyped(
            classes=classes,
            name=name,
            to_new=replace(up or {}),
            to_old=replace(down or {}),
            why=why,
        )
        for name, classes in names.items()
    ]


def forest_parameter(
    name: str, before: str, why: str, classes: tuple[str, ...] = FORESTS
) -> Retyped:
    """A parameter of trees that forests pass on: its name stands in `estimator_params`."""

    def to_new(value: Any) -> Any:
        if not isinstance(value, tuple) or name in value:
            return value
        place = value.index(before) if before in value else len(value)
        return (*value[:place], name, *value[place:])

    def to_old(value: Any) -> Any:
        return tuple(v for v in value if v != name) if isinstance(value, tuple) else value

    return Retyped(classes=classes, name="estimator_params", to_new=to_new, to_old=to_old, why=why)


def epochs(state: dict[str, Any]) -> tuple[int, Any]:
    """The number of epochs and the tolerance that SGD uses (0.19.1: _validate_params)."""
    n_iter, max_iter, tol = (state.get(name) for name in ("n_iter", "max_iter", "tol"))
    if n_iter is not None:
        return n_iter, None
    if max_iter is None and tol is None:
        return 5, None
    return (1000 if max_iter is None else max_iter), tol


def drop_unfitted(obj: Obj, names: tuple[str, ...]) -> None:
    """Take away attributes that `__init__` set to None and `fit` never filled."""
    if obj.state.get(names[0]) is None:
        for name in names:
            if obj.state.get(name) is None:
                obj.state.pop(name, None)


def empty(value: Any) -> bool:
    """True for an array without elements."""
    return isinstance(value, np.ndarray) and value.size == 0


def seeded(obj: Obj) -> New:
    """A random state as `check_random_state(random_state)` makes it; a fixed one for None."""
    given = obj.state.get("random_state")
    if isinstance(given, New):
        return given
    seed = given if isinstance(given, int | np.integer) else 0
    name, key, position, has_gauss, gauss = np.random.RandomState(seed).get_state()
    inner = {"key": key, "pos": int(position)}
    state = {"bit_generator": str(name), "state": inner, "has_gauss": has_gauss, "gauss": gauss}
    return New("numpy.random.RandomState", {"state": state})


# ------------------------------------------------------------------ ColumnTransformer
def n_columns(obj: Obj) -> int:
    """How many columns it was fitted on: those named by its transformers, and the remainder."""
    used: set[Any] = set()
    rest = obj.state["_remainder"][2] or []
    parts = [item[1] for item in obj.state["transformers_"]]
    given = obj.state.get("_columns") or [item[2] for item in obj.state["transformers"]]
    for columns, part in zip(given, parts, strict=False):
        if isinstance(columns, np.ndarray | list) and len(columns):
            first = columns[0]
            if isinstance(first, bool | np.bool_):
                return len(columns)
            used.update(np.asarray(columns, dtype=object).tolist())
        elif isinstance(columns, New) and columns.tag == "builtins.slice":
            start, stop, step = (columns.args[name] for name in ("start", "stop", "step"))
            if isinstance(stop, int) and stop >= 0:
                used.update(range(start or 0, stop, step or 1))
            elif stop is None and not isinstance(start, str) and isinstance(part, Obj):
                # up to the last one: what the transformer was fitted on says how many
                width = n_features(part) or 0
                used.update((start or 0) + i * (step or 1) for i in range(width))
        elif isinstance(columns, str | int):
            used.add(columns)
    if any(isinstance(item, int | np.integer) and item < 0 for item in used):
        # counted from the end, and found among the rest again
        used = {item for item in used if item >= 0}
        return max(int(i) + 1 for i in (*used, *rest))
    return max([len(used) + len(rest), *(int(i) + 1 for i in rest)])


def learn_columns(obj: Obj, step: Step) -> None:
    """Add the number of columns where it is not known; names cannot be known."""
    if "transformers_" in obj.state and "_n_features" not in obj.state:
        obj.state["_n_features"] = n_columns(obj)


def keep_columns(obj: Obj, step: Step) -> None:
    """0.21.1 and 0.21.2 do not read what the releases on both sides know."""
