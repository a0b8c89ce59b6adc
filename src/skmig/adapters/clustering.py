"""Clusterings across releases: effective settings, steps of mini-batches, names of metrics."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters.forms import swap, text
from skmig.adapters.ops import Step
from skmig.payload import Obj


# ------------------------------------------------------------------ scikit-learn 0.23.2
def algorithm(obj: Obj) -> Any:
    """`auto` means elkan; one cluster is always done by the full algorithm."""
    if obj.state.get("n_clusters") == 1:
        return "full"
    given = obj.state.get("algorithm", "auto")
    return "elkan" if given == "auto" else given


def n_init(obj: Obj) -> Any:
    """Given centers are tried once."""
    given = obj.state.get("init")
    return 1 if isinstance(given, np.ndarray | list) else obj.state.get("n_init")


def init_size(obj: Obj) -> Any:
    """`MiniBatchKMeans._check_params`; `init_size_` is what fit used, partial_fit keeps none."""
    given = obj.state.get("init_size_", obj.state.get("init_size"))
    if given is not None:
        return given
    batches = 3 * int(obj.state.get("batch_size", 100))
    return max(batches, int(obj.state.get("n_clusters", 8)))


# ------------------------------------------------------------------ scikit-learn 1.0
def mini_batch_up(obj: Obj, step: Step) -> None:
    """Before, `n_iter_` counted batches; the moving averages of the last fit are gone."""
    state = obj.state
    if "cluster_centers_" not in state:
        return
    state.setdefault("_batch_size", state.get("batch_size"))
    state.setdefault("_n_since_last_reassign", 0)
    if "n_iter_" in state:
        state.setdefault("n_steps_", int(state["n_iter_"]))
        for name, value in MINI_BATCH_START.items():
            state.setdefault(name, value)


def mini_batch_down(obj: Obj, step: Step) -> None:
    for name in ("_batch_size", "_n_since_last_reassign", *MINI_BATCH_START):
        obj.state.pop(name, None)
    steps = obj.state.pop("n_steps_", None)
    if steps is not None and "n_iter_" in obj.state:
        obj.state["n_iter_"] = int(steps)


MINI_BATCH_START = {"_ewa_inertia": None, "_ewa_inertia_min": None, "_no_improvement": 0}


# ------------------------------------------------------------------ scikit-learn 1.1.0
def algorithm_up(obj: Obj, step: Step) -> None:
    """`auto` and `full` are deprecated: Lloyd's is the algorithm that one had meant by `full`."""
    state = obj.state
    state["algorithm"] = swap({"auto": "lloyd", "full": "lloyd"})(state.get("algorithm"))
    if "_algorithm" in state:
        state["_algorithm"] = "lloyd" if state.get("n_clusters") == 1 else state["algorithm"]


def algorithm_down(obj: Obj, step: Step) -> None:
    for name in ("algorithm", "_algorithm"):
        if text(obj.state.get(name), "lloyd"):
            obj.state[name] = "full"


# ------------------------------------------------------------------ scikit-learn 1.2.0
def affinity_up(obj: Obj, step: Step) -> None:
    given = obj.state.get("affinity", "euclidean")
    obj.state["metric"] = None if text(given, "euclidean") else given
    obj.state["affinity"] = "deprecated"
    if "labels_" in obj.state:
        obj.state["_metric"] = given


def affinity_down(obj: Obj, step: Step) -> None:
    effective = obj.state.pop("_metric", None)
    given = obj.state.pop("metric", None)
    if text(obj.state.get("affinity"), "deprecated"):
        obj.state["affinity"] = given if given is not None else (effective or "euclidean")


def starts_down(obj: Obj, step: Step) -> None:
    """'auto' is one start with k-means++ and otherwise the number that was the default."""
    default = 10 if obj.tag.endswith(".KMeans") else 3
    value = obj.state.get("n_init")
    if text(value, "warn"):
        obj.state["n_init"] = default
    elif text(value, "auto"):
        obj.state["n_init"] = 1 if text(obj.state.get("init"), "k-means++") else default
