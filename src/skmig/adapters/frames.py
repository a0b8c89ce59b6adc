"""ColumnTransformer and the names of columns, from 0.23 to the names of every estimator in 1.0."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters import shapes
from skmig.adapters.forms import is_obj, text
from skmig.adapters.ops import Refusal, Step
from skmig.adapters.outputs import frame_names, give_names, n_outputs, places
from skmig.payload import New, Obj


# ------------------------------------------------------------------ scikit-learn 0.23.0
def names_columns(spec: Any) -> bool:
    """Whether a column specification of a ColumnTransformer is by name."""
    if isinstance(spec, str):
        return True
    if isinstance(spec, New) and spec.tag == "builtins.slice":
        return isinstance(spec.args["start"], str) or isinstance(spec.args["stop"], str)
    if isinstance(spec, New) and "values" in spec.args:
        spec = spec.args["values"]
    if isinstance(spec, list | tuple) or (isinstance(spec, np.ndarray) and spec.ndim == 1):
        return len(spec) > 0 and all(isinstance(item, str) for item in spec)
    return False


def by_name_up(obj: Obj, step: Step) -> None:
    if "_columns" in obj.state and "_has_str_cols" not in obj.state:
        obj.state["_has_str_cols"] = any(names_columns(spec) for spec in obj.state["_columns"])


def by_name_down(obj: Obj, step: Step) -> None:
    if obj.state.pop("_has_str_cols", True) is False:
        # 0.22 took the presence of the names for a selection by name
        obj.state.pop("_df_columns", None)


# ------------------------------------------------------------------ scikit-learn 1.0
def columns_up(obj: Obj, step: Step) -> None:
    """`_validate_column_callables`, `_record_output_indices` and the names of the DataFrame."""
    state = obj.state
    names = frame_names(obj)
    for name in ("_df_columns", "_feature_names_in", "_has_str_cols"):
        state.pop(name, None)
    if "_columns" not in state:
        return
    width = shapes.n_features(obj) or 0
    known: dict[str, list[int] | None] = {
        name: places(spec, names, width)
        for (name, _, _), spec in zip(state["transformers"], state["_columns"], strict=True)
    }
    rest = state["_remainder"]
    remaining = list(rest[2] or [])
    if all(isinstance(item, str) for item in remaining) and remaining:
        remaining = places(remaining, names, width) or remaining
    state["_remainder"] = (rest[0], rest[1], remaining)
    known["remainder"] = remaining
    if None in known.values():
        raise Refusal("columns are given by name, and the names of the DataFrame are not kept")
    state["_transformer_to_input_indices"] = known
    if names is not None and all(isinstance(name, str) for name in names):
        given = np.array(names, dtype=object)
        state["feature_names_in_"] = given
        for name, transformer, spec in state.get("transformers_", ()):
            if not isinstance(spec, str) and known.get(name):
                give_names(transformer, given[known[name]])
    output_places(obj, known)


def output_places(obj: Obj, known: dict[str, list[int] | None]) -> None:
    found: dict[str, New] = {}
    start = 0
    for name, transformer, _ in obj.state.get("transformers_", ()):
        chosen = known.get(name) or []
        if not chosen or text(transformer, "drop"):
            continue
        width = n_outputs(transformer, len(chosen))
        if width is None:
            return  # only this public attribute needs it, and it cannot be told
        found[name] = slice_of(start, start + width)
        start += width
    for name in (*(item[0] for item in obj.state["transformers"]), "remainder"):
        found.setdefault(name, slice_of(0, 0))
    obj.state["output_indices_"] = found


def slice_of(start: int, stop: int) -> New:
    return New("builtins.slice", {"start": start, "stop": stop, "step": None})


def columns_down(obj: Obj, step: Step) -> None:
    state = obj.state
    names = state.get("feature_names_in_")
    state.pop("output_indices_", None)
    if state.pop("_transformer_to_input_indices", None) is None:
        return
    state["_feature_names_in"] = None if names is None else np.array(names, dtype=object)
    if names is not None:
        values = np.array(names, dtype=object)
        state["_df_columns"] = New("pandas.Index", {"values": values, "name": None})
    state["_has_str_cols"] = any(names_columns(spec) for spec in state["_columns"])
    rest = state["_remainder"]
    state["_remainder"] = (rest[0], rest[1], rest[2] or None)


def search_names(obj: Obj) -> Any:
    best = obj.state.get("best_estimator_")
    while is_obj(best, "sklearn.pipeline.Pipeline"):
        best = best.state["steps"][0][1]
    return best.state.get("feature_names_in_") if isinstance(best, Obj) else None


def search_up(obj: Obj, step: Step) -> None:
    names = search_names(obj)
    if names is not None:
        obj.state.setdefault("feature_names_in_", names)
