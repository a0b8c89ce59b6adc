"""OneHotEncoder before 0.22: integers in ranges ("legacy mode") and categories.

Until 0.19 an encoder knew ranges `0 … n_values_[i] - 1` and, with n_values="auto", which of them
occurred (`active_features_`).  0.20 and 0.21 have both forms side by side, 0.22 only categories
(preprocessing/_encoders.py: _legacy_transform, _transform_new).
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from skmig.adapters.ops import Refusal, Step
from skmig.payload import Obj

ONE_HOT_ENCODER = "sklearn.preprocessing.OneHotEncoder"
EMBEDDING = "sklearn.ensemble.RandomTreesEmbedding"
RANGES = ("active_features_", "feature_indices_", "n_values_")


def is_auto(value: Any) -> bool:
    """True for n_values="auto" (it may be an array)."""
    return isinstance(value, str) and value == "auto"


def by_occurrence(obj: Obj) -> bool:
    """True for n_values="auto": `active_features_` says which numbers occurred."""
    used = obj.state.get("_n_values")
    return is_auto(obj.state.get("n_values") if used is None else used)


def all_columns(value: Any) -> bool:
    """True where every column is categorical."""
    return value is None or (isinstance(value, str) and value == "all")


def occurring(obj: Obj) -> list[np.ndarray]:
    """The categories of each column, from the private attributes of legacy mode."""
    state = obj.state
    ranges = [np.arange(size, dtype=np.int64) for size in state["_n_values_"]]
    if not by_occurrence(obj):
        return ranges
    starts = np.asarray(state["_feature_indices_"])
    active = np.asarray(state["_active_features_"])
    return [
        active[(active >= start) & (active < end)] - start
        for start, end in itertools.pairwise(starts)
    ]


def has_gaps(obj: Obj) -> bool:
    """Whether a number below the largest never occurred: legacy mode gives zeros for it."""
    if _CLOSED in obj.state:
        return False
    sizes = [len(column) for column in occurring(obj)]
    return sizes != [int(size) for size in obj.state["_n_values_"]]


_CLOSED = "(only known values)"


def close(obj: Obj, step: Step) -> None:
    """Mark the encoder of a RandomTreesEmbedding: it never meets an unknown value."""
    encoder = obj.state.get("one_hot_encoder_")
    if isinstance(encoder, Obj):
        encoder.state[_CLOSED] = True


def reopen(obj: Obj, step: Step) -> None:
    """Take the mark away."""
    encoder = obj.state.get("one_hot_encoder_")
    if isinstance(encoder, Obj):
        encoder.state.pop(_CLOSED, None)


# ------------------------------------------------------------------ 0.19 ↔ 0.20
def legacy_up(obj: Obj, step: Step) -> None:
    """An encoder of ranges goes on as one in legacy mode: same transform."""
    state = obj.state
    given = state.get("categorical_features")
    if all_columns(given):
        state["categorical_features"] = None
    state.setdefault("categories", None)
    if "feature_indices_" not in state:
        if is_auto(state.get("n_values")):
            state["n_values"] = None
        return
    for name in RANGES:
        if name in state:
            state["_" + name] = state.pop(name)
    state["_legacy_mode"] = True
    state["_categories"] = None
    state["_categorical_features"] = "all" if given is None else given
    state["categories_"] = occurring(obj)


def used_up(obj: Obj, step: Step) -> None:
    """0.20.1 keeps `n_values` as it was given and what it uses beside it."""
    if "categories_" in obj.state:
        obj.state["_n_values"] = obj.state.get("n_values")


def used_down(obj: Obj, step: Step) -> None:
    """0.20.0 wrote "auto" over the parameter and reads it."""
    used = obj.state.pop("_n_values", None)
    if obj.state.get("_legacy_mode") and obj.state.get("n_values") is None:
        obj.state["n_values"] = used


def auto_up(obj: Obj, step: Step) -> None:
    """0.20.3 says "auto" outside legacy mode, too."""
    if "_n_values" in obj.state and obj.state["_n_values"] is None:
        obj.state["_n_values"] = "auto"


def auto_down(obj: Obj, step: Step) -> None:
    """Before 0.20.3 only legacy mode said "auto"."""
    if "_n_values" in obj.state and not obj.state.get("_legacy_mode"):
        obj.state["_n_values"] = obj.state.get("n_values")


def legacy_down(obj: Obj, step: Step) -> None:
    """Categories that are whole numbers from 0 on are ranges; others are not expressible."""
    state = obj.state
    fitted = "categories_" in state
    if fitted and not state.get("_legacy_mode", False):
        to_ranges(obj, step)
    categories = state.pop("categories_", None)
    given = state.pop("categories", None)
    if categories is None and given is not None and not is_auto(given):
        step.note(obj, f"`categories={given!r}` does not exist in {step.older}")
    for name in RANGES:
        if "_" + name in state:
            state[name] = state.pop("_" + name)
    for name in ("_legacy_mode", "_categories", "_categorical_features", "_n_values"):
        state.pop(name, None)
    if state.get("n_values") is None:
        state["n_values"] = "auto"
    if state.get("categorical_features") is None:
        state["categorical_features"] = "all"


def to_ranges(obj: Obj, step: Step) -> None:
    """Write categories as ranges of legacy mode."""
    state = obj.state
    columns = [np.asarray(column) for column in state["categories_"]]
    for i, column in enumerate(columns):
        if column.dtype.kind not in "iuf" or (column.astype(np.int64) != column).any():
            raise Refusal(f"the categories of column {i} are not integers: {step.older} needs them")
        if len(column) == 0 or column[0] < 0 or (np.diff(column) <= 0).any():
            raise Refusal(
                f"the categories of column {i} do not go up from 0: {step.older} needs it"
            )
    sizes = np.array([int(column[-1]) + 1 for column in columns])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    state["n_values"] = "auto"
    state["_n_values_"] = sizes
    state["_feature_indices_"] = starts
    state["_active_features_"] = np.concatenate(
        [column.astype(np.int64) + start for column, start in zip(columns, starts, strict=False)]
    )
    if state.get("handle_unknown") == "error" and has_gaps(obj):
        step.loss(obj, f"{step.older} gives zeros for unknown numbers below the largest category")


# ------------------------------------------------------------------ 0.21 ↔ 0.22
def modern_up(obj: Obj, step: Step) -> None:
    """Legacy mode ends: its categories, where they mean the same."""
    state = obj.state
    legacy = state.pop("_legacy_mode", False)
    chosen = state.pop("_categorical_features", state.get("categorical_features"))
    if legacy and "categories_" in state:
        if not all_columns(chosen):
            raise Refusal(
                f"`categorical_features={chosen!r}` does not exist from {step.newer} on: it would "
                "be a ColumnTransformer"
            )
        state["categories_"] = occurring(obj)
        state["drop_idx_"] = None
        if not by_occurrence(obj):
            state["categories"] = state["categories_"]
        elif state.get("handle_unknown") == "error" and has_gaps(obj):
            step.loss(
                obj,
                f"{step.newer} has no legacy mode: an unknown number below the largest category "
                "gives an error, not zeros",
            )
    if state.get("categories", "") is None:
        state["categories"] = "auto"
    for name in (*("_" + name for name in RANGES), "_n_values", "_categories"):
        state.pop(name, None)
    for name in ("n_values", "categorical_features"):
        state.pop(name, None)


def modern_down(obj: Obj, step: Step) -> None:
    """Categories stay categories: 0.20 and 0.21 know them beside legacy mode."""
    state = obj.state
    state.setdefault("n_values", None)
    state.setdefault("categorical_features", None)
    if "categories_" in state:
        state["_legacy_mode"] = False
        state["_categorical_features"] = "all"
        state["_categories"] = state.get("categories")
        state["_n_values"] = "auto"


# ------------------------------------------------------------------ 1.6 and 1.7
def warns_of_infrequent(obj: Obj) -> bool:
    """handle_unknown="warn" with grouped categories: for a time unknown ones were zeros."""
    groups = obj.state.get("_infrequent_indices") or ()
    asked = obj.state.get("handle_unknown")
    return asked == "warn" and any(group is not None for group in groups)


# ------------------------------------------------------------------ KBinsDiscretizer
def bins_up(obj: Obj, step: Step) -> None:
    """0.20.1 fits the encoder of the bins, 0.20.0 did when it first transformed."""
    encoder, n_bins = obj.state.get("_encoder"), obj.state.get("n_bins_")
    if not isinstance(encoder, Obj) or n_bins is None or "categories_" in encoder.state:
        return
    known = [np.arange(size) for size in n_bins]
    encoder.state.update(
        categories=known,
        categories_=known,
        _categories=known,
        _categorical_features="all",
        _legacy_mode=False,
        _n_values=None,
    )


def bins_down(obj: Obj, step: Step) -> None:
    """0.20.0 uses a fitted encoder as well."""
