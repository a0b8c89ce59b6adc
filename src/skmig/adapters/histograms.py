"""HistGradientBoosting between 0.21 and 0.22: a bin and a direction for missing values.

0.21 rejects missing values, so for its trees the direction has no meaning.  Predictions compare
numbers, not bins; the mapper only matters to a warm start.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters.early import seeded
from skmig.adapters.ops import Step
from skmig.payload import New, Obj

MAPPER = "sklearn.ensemble._BinMapper"
PREDICTOR = "sklearn.ensemble.TreePredictor"
FIELD = "missing_go_to_left"
MOST = 255  # bins beside that of the missing values


def fewer_bins(value: Any) -> Any:
    """One of 256 bins is taken."""
    return min(value, MOST) if isinstance(value, int) else value


def same_bins(value: Any) -> Any:
    """Every number of bins of the newer release is one of the older."""
    return value


def mapper_up(obj: Obj, step: Step) -> None:
    state = obj.state
    state["n_bins"] = fewer_bins(state.pop("max_bins")) + 1
    if "actual_n_bins_" in state:
        state["n_bins_non_missing_"] = state.pop("actual_n_bins_")
        state["missing_values_bin_idx_"] = state["n_bins"] - 1
    state["random_state"] = seed(state.get("random_state"))


def mapper_down(obj: Obj, step: Step) -> None:
    state = obj.state
    state["max_bins"] = state.pop("n_bins") - 1
    if "n_bins_non_missing_" in state:
        state["actual_n_bins_"] = state.pop("n_bins_non_missing_")
    state.pop("missing_values_bin_idx_", None)
    state["random_state"] = seeded(obj)


def loss_up(obj: Obj, step: Step) -> None:
    """The losses of the older release are there."""


def loss_down(obj: Obj, step: Step) -> None:
    """A sum of leaves is the prediction, whichever of the two made the trees."""
    if obj.state.get("loss") != "least_absolute_deviation":
        return
    obj.state["loss"] = "least_squares"
    if isinstance(obj.state.get("loss_"), New):
        obj.state["loss_"] = New("sklearn.ensemble.LeastSquares")
    step.note(obj, f"a refit in {step.older} minimises squared errors, not absolute ones")


def seed(given: Any) -> np.uint64:
    """`_random_seed` as `fit` draws it from an integer seed; that of 0 for every other."""
    number = given if isinstance(given, int | np.integer) else 0
    drawn = np.random.RandomState(number).randint(np.iinfo(np.uint32).max, dtype="u8")
    return np.uint64(drawn)


def seed_up(obj: Obj, step: Step) -> None:
    if "_predictors" not in obj.state:
        return
    obj.state["_random_seed"] = seed(obj.state.get("random_state"))
    mapper = obj.state.get("bin_mapper_")
    if isinstance(mapper, Obj):
        mapper.state["random_state"] = obj.state["_random_seed"]


def seed_down(obj: Obj, step: Step) -> None:
    obj.state.pop("_random_seed", None)
    mapper = obj.state.get("bin_mapper_")
    if isinstance(mapper, Obj):
        mapper.state["random_state"] = seeded(obj)


def predictor_up(obj: Obj, step: Step) -> None:
    nodes = obj.state["nodes"]
    if FIELD not in nodes.dtype.names:
        fields = [(name, nodes.dtype.fields[name][0]) for name in nodes.dtype.names]
        place = nodes.dtype.names.index("threshold") + 1
        obj.state["nodes"] = _fields(nodes, [*fields[:place], (FIELD, "u1"), *fields[place:]])


def predictor_down(obj: Obj, step: Step) -> None:
    nodes = obj.state["nodes"]
    if np.isinf(nodes["threshold"][nodes["is_leaf"] == 0]).any():
        step.loss(obj, f"the tree splits on missing values, which {step.older} rejects")
    fields = [(name, nodes.dtype.fields[name][0]) for name in nodes.dtype.names if name != FIELD]
    obj.state["nodes"] = _fields(nodes, fields)


def _fields(nodes: np.ndarray, fields: list[Any]) -> np.ndarray:
    result = np.zeros(nodes.shape, dtype=fields)
    for name in result.dtype.names or ():
        if name in (nodes.dtype.names or ()):
            result[name] = nodes[name]
    return result
