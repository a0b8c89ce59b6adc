"""preprocessing.Imputer (until 0.21) and impute.SimpleImputer (since 0.20).

Both fill a column with the statistic of its known values (preprocessing/imputation.py: transform,
impute/_base.py: transform).
"""

from __future__ import annotations

import numpy as np

from skmig.adapters.ops import Refusal, Step
from skmig.payload import Obj

IMPUTER = "sklearn.preprocessing.Imputer"
SIMPLE = "sklearn.impute.SimpleImputer"


def unchanged(obj: Obj, step: Step) -> None:
    """The older release has both classes."""


def to_simple(obj: Obj, step: Step) -> None:
    """An Imputer as the SimpleImputer that fills the same values into the same places."""
    state = obj.state
    if state.pop("axis", 0) != 0:
        raise Refusal("Imputer(axis=1) fills rows: SimpleImputer cannot")
    if state.get("missing_values") == "NaN":
        state["missing_values"] = np.nan
    state.update(fill_value=None, add_indicator=False)
    if "statistics_" in state:
        state["indicator_"] = None
    obj.tag = SIMPLE
    step.note(obj, f"Imputer is SimpleImputer in {step.newer}")


def to_imputer(obj: Obj, step: Step) -> None:
    """A SimpleImputer of numbers as an Imputer; the older release has no other."""
    state = obj.state
    strategy, missing = state.get("strategy"), state.get("missing_values")
    if strategy == "constant":
        raise Refusal(f"SimpleImputer(strategy='constant') does not exist before {step.newer}")
    statistics = state.get("statistics_")
    if isinstance(statistics, np.ndarray) and statistics.dtype.kind not in "iuf":
        raise Refusal(f"an imputer of other values than numbers does not exist before {step.newer}")
    if isinstance(missing, float) and np.isnan(missing):
        state["missing_values"] = "NaN"
    elif not isinstance(missing, int) or isinstance(missing, bool):
        raise Refusal(f"Imputer(missing_values={missing!r}): only integers and NaN exist before")
    for name in ("fill_value", "add_indicator", "indicator_"):
        state.pop(name, None)
    state["axis"] = 0
    obj.tag = IMPUTER
    step.note(obj, f"SimpleImputer is Imputer in {step.older}")
