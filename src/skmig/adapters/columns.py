"""ColumnTransformer across releases: fitted 'passthrough' and the columns of the remainder."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters.forms import is_obj, text
from skmig.adapters.ops import Step
from skmig.payload import Obj

COLUMN_TRANSFORMER = "sklearn.compose.ColumnTransformer"
REMAINDER_LIST = "sklearn.compose._RemainderColsList"
FUNCTION_TRANSFORMER = "sklearn.preprocessing.FunctionTransformer"


# ------------------------------------------------------------------ 'passthrough'
def plain_output(obj: Obj, name: str) -> None:
    """A transformer inside `obj` gives arrays, whatever the configuration says."""
    inner = obj.state.get(name)
    if is_obj(inner):
        inner.state.setdefault("_sklearn_output_config", {"transform": "default"})


def identity(obj: Obj, name: str, step: Step, release: str) -> Obj:
    """The fitted FunctionTransformer that stands for 'passthrough' (_column_transformer.py)."""
    given = step.parameters(FUNCTION_TRANSFORMER, release)
    state: dict[str, Any] = {"func": None, "inverse_func": None, "validate": False}
    state.update(given or {})
    state.update(accept_sparse=True, check_inverse=False, feature_names_out="one-to-one")
    state.setdefault("kw_args", None)
    state.setdefault("inv_kw_args", None)
    config = obj.state.get("_sklearn_output_config") or {"transform": "default"}
    state["_sklearn_output_config"] = {"transform": config.get("transform", "default")}
    places = obj.state.get("_transformer_to_input_indices", {}).get(name)
    if places is not None:
        state["n_features_in_"] = len(places)
        names = obj.state.get("feature_names_in_")
        if names is not None and len(places):
            state["feature_names_in_"] = names[list(places)]
    return Obj(FUNCTION_TRANSFORMER, state)


def asked_for(obj: Obj) -> dict[str, Any]:
    """What the user gave for each name: a transformer, 'drop' or 'passthrough'."""
    given = {name: transformer for name, transformer, _ in obj.state["transformers"]}
    given["remainder"] = obj.state.get("remainder")
    return given


def objects_for_passthrough(obj: Obj, step: Step) -> None:
    """1.4.0: `transformers_` holds a FunctionTransformer where the user said 'passthrough'."""
    if "transformers_" not in obj.state:
        return
    kept = obj.state.pop("_name_to_fitted_passthrough", None) or {}
    result = []
    for name, transformer, columns in obj.state["transformers_"]:
        if text(transformer, "passthrough") and not is_empty(columns):
            transformer = kept.get(name) or identity(obj, name, step, step.newer)
        result.append((name, transformer, columns))
    obj.state["transformers_"] = result


def strings_for_passthrough(obj: Obj, step: Step) -> None:
    """Before 1.4.0: the word stays in `transformers_`, the object stands beside it."""
    if "transformers_" not in obj.state:
        return
    given = asked_for(obj)
    kept, result = {}, []
    for name, transformer, columns in obj.state["transformers_"]:
        if text(given.get(name), "passthrough"):
            if is_obj(transformer, FUNCTION_TRANSFORMER):
                kept[name] = transformer
            elif text(transformer, "passthrough"):
                kept[name] = identity(obj, name, step, step.older)
            transformer = "passthrough"
        result.append((name, transformer, columns))
    obj.state["transformers_"] = result
    obj.state["_name_to_fitted_passthrough"] = kept


def is_empty(columns: Any) -> bool:
    """Whether a selection of columns selects none (_column_transformer.py)."""
    if isinstance(columns, np.ndarray) and columns.dtype == bool:
        return not columns.any()
    if is_obj(columns, REMAINDER_LIST):
        columns = columns.state["data"]
    if isinstance(columns, list) and columns and all(isinstance(item, bool) for item in columns):
        return not any(columns)
    return isinstance(columns, list | tuple | np.ndarray) and len(columns) == 0


# ------------------------------------------------------------------ the remainder's columns
def positions(obj: Obj, columns: Any) -> Any:
    """The remainder's columns as positions, however the newer release keeps them."""
    if is_obj(columns, REMAINDER_LIST):
        columns = columns.state["data"]
    known = obj.state.get("_transformer_to_input_indices", {}).get("remainder")
    if known is not None:
        return [int(item) for item in known]
    if not isinstance(columns, list) or not columns:
        return columns
    if all(isinstance(item, bool | np.bool_) for item in columns):
        return [i for i, item in enumerate(columns) if item]
    if all(isinstance(item, str) for item in columns):
        names = list(obj.state["feature_names_in_"])
        return [names.index(item) for item in columns]
    return columns


def native(obj: Obj, columns: Any) -> Any:
    """The remainder's columns as 1.7.0 keeps them: in the form of the other transformers'."""
    wanted = columns.state.get("future_dtype") if is_obj(columns, REMAINDER_LIST) else None
    plain = positions(obj, columns)
    names = obj.state.get("feature_names_in_")
    if wanted == "str" and names is not None:
        return [names[i] for i in plain]
    if wanted == "bool":
        return [i in plain for i in range(obj.state["n_features_in_"])]
    return plain


def each_remainder(obj: Obj, change: Any) -> None:
    """Apply `change(obj, columns)` to both places that hold the remainder's columns."""
    rest = obj.state.get("_remainder")
    if isinstance(rest, tuple) and len(rest) == 3:
        obj.state["_remainder"] = (rest[0], rest[1], change(obj, rest[2]))
    fitted = obj.state.get("transformers_")
    if fitted and fitted[-1][0] == "remainder":
        name, transformer, columns = fitted[-1]
        obj.state["transformers_"] = [*fitted[:-1], (name, transformer, change(obj, columns))]
