"""Training settings of which only newer releases know some value.

No answer depends on them, but a constructor or `fit` that does not know the value refuses it: a
refit gets what comes nearest, and the record says so.
"""

from __future__ import annotations

from typing import Any

from skmig.adapters.ops import Rewritten, Step, same
from skmig.payload import Obj


def since_here(classes: tuple[str, ...], name: str, nearest: dict[Any, Any], why: str) -> Rewritten:
    """`name` has new values in this release; `nearest` says which older one stands for each."""

    def up(obj: Obj, step: Step) -> None:
        """Every older value is known."""

    def down(obj: Obj, step: Step) -> None:
        given = obj.state.get(name)
        if not isinstance(given, str):
            return
        for value, other in nearest.items():
            if same(given, value):
                obj.state[name] = other
                step.note(obj, f"a refit takes {name}={other!r}: {step.older} has no {value!r}")

    return Rewritten(classes=classes, to_new=up, to_old=down, names=(name,), why=why)
