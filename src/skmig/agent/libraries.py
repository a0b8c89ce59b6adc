"""What an object of another library lacks when it is built by a newer or older release of it."""

import inspect
import warnings

import numpy as np


def complete(kind, state):
    """Give the state of an estimator what the installed release of its library wants beside it."""
    if not callable(getattr(kind, "get_params", None)):
        return
    adjust = _LIBRARIES.get(kind.__module__.split(".")[0])
    fresh = _fresh(kind)
    if adjust is not None:
        adjust(fresh, state)
    for name, item in fresh.items():
        state.setdefault(name, item)


def _fresh(kind):
    """The attributes of a new object, or at least the defaults of its constructor."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return dict(vars(kind()))
    except Exception:  # it has settings without a default, or wants something of its machine
        pass
    try:
        parameters = inspect.signature(kind.__init__).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {item.name: item.default for item in parameters if item.default is not item.empty}


def _category_encoders(fresh, state):
    """2.5 gave the names of columns to the attributes that scikit-learn has for them.

    (`feature_names` to `feature_names_out_`, `drop_cols` to `invariant_cols`; CHANGELOG.md.)
    """
    new = "invariant_cols" in fresh
    names = state.pop("feature_names", None)
    names = state.pop("feature_names_out_", names)
    if isinstance(fresh.get("smoothing"), float) and isinstance(state.get("smoothing"), int):
        state["smoothing"] = float(state["smoothing"])  # its constructor does, and clone looks
    dropped = state.pop("drop_cols", None)
    dropped = state.pop("invariant_cols", dropped)
    if dropped is not None:
        state["invariant_cols" if new else "drop_cols"] = dropped
    if names is None:
        return
    if not new:
        state["feature_names"] = list(names)
        return
    state["feature_names_out_"] = np.array(list(names), dtype=object)
    state.setdefault("use_default_cols", False)  # `cols` was filled when it was fitted
    state.setdefault("lab_encoder_", None)
    if state.get("_dim") is not None:
        state.setdefault("n_features_in_", state["_dim"])


_LIBRARIES = {"category_encoders": _category_encoders}
