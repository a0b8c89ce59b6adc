"""Steps of composed estimators that are left out: how each release spells them.

A Pipeline says 'passthrough' since 0.21, a VotingClassifier 'drop' since 0.21 and a FeatureUnion
'drop' since 0.20; before, all of them say None (pipeline.py, ensemble/voting_classifier.py).
"""

from __future__ import annotations

from typing import Any

from skmig.adapters.forms import text
from skmig.adapters.ops import Step
from skmig.payload import New, Obj

_LISTS = ("steps", "transformer_list", "estimators")


def understood(obj: Obj, step: Step) -> None:
    """The newer release understands None as well."""


def as_none(obj: Obj, step: Step) -> None:
    """Write None for 'passthrough' and 'drop'."""
    for name in _LISTS:
        parts = obj.state.get(name)
        if isinstance(parts, list):
            obj.state[name] = [(part[0], _spelled(part[1]), *part[2:]) for part in parts]
    named = obj.state.get("named_estimators_")
    if isinstance(named, New):  # a Bunch
        items = named.args["items"]
        named.args["items"] = {name: _spelled(part) for name, part in items.items()}


def _spelled(part: Any) -> Any:
    return None if text(part, "passthrough", "drop") else part


def without_none(obj: Obj, step: Step) -> None:
    """VotingClassifier of 0.18 knows no None: what is left out is not there at all."""
    voters, weights = obj.state.get("estimators"), obj.state.get("weights")
    if not isinstance(voters, list) or all(part is not None for _, part in voters):
        return
    if weights is not None:
        kept = zip(weights, voters, strict=True)
        obj.state["weights"] = [weight for weight, (_, part) in kept if part is not None]
    gone = [name for name, part in voters if part is None]
    obj.state["estimators"] = [voter for voter in voters if voter[1] is not None]
    step.note(obj, f"the estimators that are left out ({', '.join(gone)}) are not named any more")
