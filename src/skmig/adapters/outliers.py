"""IsolationForest and LocalOutlierFactor before 0.22: thresholds, offsets and the default 0.1.

Until 0.19 a sample is an outlier where `decision_function <= threshold_`; 0.20 and 0.21 say
`< threshold_` (behaviour="old") or `< 0` after taking `offset_` away (behaviour="new"), 0.22 only
the last (ensemble/iforest.py: predict, decision_function).  Comparisons of floats are moved
exactly: to the next float, and for the offset to the first float that the sum takes over it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters.ops import Step
from skmig.payload import Obj

LEGACY = 0.1  # what contamination="legacy" means
HALF = 0.5  # the score of a sample that is neither normal nor not


def above(value: Any) -> np.float64:
    """`x <= value` is `x < above(value)`."""
    return np.float64(np.nextafter(value, np.inf))


def below(value: Any) -> np.float64:
    """`x < value` is `x <= below(value)`."""
    return np.float64(np.nextafter(value, -np.inf))


def offset_of(threshold: Any) -> np.float64:
    """The offset for which `score < offset` is `score + 0.5 < threshold`, rounding included."""
    low, high = np.float64(threshold - HALF - 1e-12), np.float64(threshold - HALF + 1e-12)
    while np.nextafter(low, np.inf) < high:
        middle = low + (high - low) / 2
        if middle + HALF < threshold:
            low = middle
        else:
            high = middle
    return high


def contamination_up(obj: Obj) -> None:
    """`_contamination` is the number that is used."""
    given = obj.state.get("contamination")
    if any(name in obj.state for name in ("threshold_", "offset_")):
        obj.state["_contamination"] = LEGACY if given == "legacy" else given


def number_only(obj: Obj, step: Step) -> None:
    """Before 0.20 contamination is a number."""
    given = obj.state.get("contamination")
    if isinstance(given, str):
        obj.state["contamination"] = LEGACY
        if given != "legacy":
            step.note(obj, f"`contamination={given!r}` does not exist in {step.older}: {LEGACY}")


# ------------------------------------------------------------------ 0.19 ↔ 0.20
def forest_to_offset(obj: Obj, step: Step) -> None:
    """behaviour="old" is what 0.19 does, but for samples on the threshold."""
    contamination_up(obj)
    obj.state.setdefault("behaviour", "old")
    if "threshold_" in obj.state:
        obj.state["_threshold_"] = above(obj.state.pop("threshold_"))
        obj.state["offset_"] = -HALF


def forest_to_threshold(obj: Obj, step: Step) -> None:
    state = obj.state
    behaviour = state.pop("behaviour", "old")
    state.pop("_contamination", None)
    number_only(obj, step)
    if "offset_" not in state:
        return
    offset = state.pop("offset_")
    threshold = state.pop("_threshold_", None)
    if behaviour == "old" and threshold is not None:
        state["threshold_"] = below(threshold)
        return
    state["threshold_"] = below(offset + HALF)
    step.changed(
        obj,
        "decision_function",
        f"{step.older} has no `offset_`: 0.5 stands in its place (ensemble/iforest.py)",
    )


def local_to_offset(obj: Obj, step: Step) -> None:
    contamination_up(obj)
    obj.state.setdefault("novelty", False)
    if "threshold_" in obj.state:
        obj.state["offset_"] = above(obj.state.pop("threshold_"))


def local_to_threshold(obj: Obj, step: Step) -> None:
    obj.state.pop("_contamination", None)
    if obj.state.pop("novelty", False):
        step.loss(obj, f"`novelty=True`: {step.older} has no public `predict` for new data")
    number_only(obj, step)
    if "offset_" in obj.state:
        obj.state["threshold_"] = below(obj.state.pop("offset_"))


# ------------------------------------------------------------------ 0.21 ↔ 0.22
def forest_modern_up(obj: Obj, step: Step) -> None:
    """One offset for all: the decision function of behaviour="old" moves by a constant."""
    state = obj.state
    old = state.get("behaviour") == "old"
    state["behaviour"] = "deprecated"
    if state.get("contamination") == "legacy":
        state["contamination"] = LEGACY
    state.pop("_contamination", None)
    threshold = state.pop("_threshold_", None)
    if old and threshold is not None:
        state["offset_"] = offset_of(threshold)
        step.changed(
            obj,
            "decision_function",
            "what's new 0.22: behaviour='old' is gone, 0 is the threshold (ensemble/_iforest.py)",
        )


def forest_modern_down(obj: Obj, step: Step) -> None:
    state = obj.state
    if state.get("behaviour") in ("deprecated", "old"):
        state["behaviour"] = "new"
    if "offset_" in state:
        state["_contamination"] = state.get("contamination")


def local_modern_up(obj: Obj, step: Step) -> None:
    obj.state.pop("_contamination", None)
    if obj.state.get("contamination") == "legacy":
        obj.state["contamination"] = LEGACY


def local_modern_down(obj: Obj, step: Step) -> None:
    contamination_up(obj)
