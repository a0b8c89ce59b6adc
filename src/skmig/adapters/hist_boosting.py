"""Histogram gradient boosting across releases: early stopping, losses, nodes, baselines."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters.ops import Refusal, Step, same
from skmig.payload import New, Obj


# ------------------------------------------------------------------ scikit-learn 0.23.0
def early_stopping_up(obj: Obj, step: Step) -> None:
    """Before, `n_iter_no_change=None` (or 0) said that there is no early stopping."""
    patience = obj.state.get("n_iter_no_change")
    if "early_stopping" in obj.state or "n_iter_no_change" not in obj.state:
        return
    obj.state["early_stopping"] = bool(patience)
    if not patience:
        obj.state["n_iter_no_change"] = 10
        if obj.state.get("scoring") is None:
            obj.state["scoring"] = "loss"


def early_stopping_down(obj: Obj, step: Step) -> None:
    stopping = obj.state.pop("early_stopping", None)
    if stopping is None:
        return
    if stopping == "auto":
        stopping = bool(obj.state.get("do_early_stopping_", False))
        step.note(obj, f"`early_stopping='auto'` was {stopping} for the training data")
    if not stopping:
        obj.state["n_iter_no_change"] = None
        if same(obj.state.get("scoring"), "loss"):
            obj.state["scoring"] = None


def loss_up(obj: Obj, step: Step) -> None:
    loss = obj.state.get("loss_")
    if isinstance(loss, New):
        constant = loss.tag.endswith((".LeastSquares", ".LeastAbsoluteDeviation"))
        loss.args.setdefault("hessians_are_constant", constant)


def loss_down(obj: Obj, step: Step) -> None:
    loss = obj.state.get("loss_")
    if not isinstance(loss, New):
        return
    if loss.tag.endswith(".Poisson"):
        raise Refusal(f"the Poisson loss does not exist before scikit-learn {step.newer}")
    loss.args.pop("hessians_are_constant", None)
    obj.state.pop("_fitted_with_sw", None)


# ------------------------------------------------------------------ scikit-learn 0.24.0
OLD_NODE = (
    ("value", "<f8"),
    ("count", "<u4"),
    ("feature_idx", "<u4"),
    ("threshold", "<f8"),
    ("missing_go_to_left", "u1"),
    ("left", "<u4"),
    ("right", "<u4"),
    ("gain", "<f8"),
    ("depth", "<u4"),
    ("is_leaf", "u1"),
    ("bin_threshold", "u1"),
)


NEW_NODE = (
    *(("num_threshold", kind) if name == "threshold" else (name, kind) for name, kind in OLD_NODE),
    ("is_categorical", "u1"),
    ("bitset_idx", "<u4"),
)


BITSETS = ("binned_left_cat_bitsets", "raw_left_cat_bitsets")


def nodes_as(given: np.ndarray, layout: tuple[tuple[str, str], ...]) -> np.ndarray:
    result = np.zeros(given.shape, dtype=list(layout))
    names = {"threshold": "num_threshold", "num_threshold": "threshold"}
    known = given.dtype.names or ()
    for name, _ in layout:
        source = name if name in known else names.get(name)
        if source in known:
            result[name] = given[source]
    return result


def predictor_up(obj: Obj, step: Step) -> None:
    obj.state["nodes"] = nodes_as(obj.state["nodes"], NEW_NODE)
    for name in BITSETS:
        obj.state.setdefault(name, np.zeros((0, 8), dtype=np.uint32))


def predictor_down(obj: Obj, step: Step) -> None:
    nodes = obj.state["nodes"]
    if nodes["is_categorical"].any():
        raise Refusal("a tree splits on categories, which came with scikit-learn " + step.newer)
    obj.state["nodes"] = nodes_as(nodes, OLD_NODE)
    for name in BITSETS:
        obj.state.pop(name, None)


def mapper_up(obj: Obj, step: Step) -> None:
    obj.state.setdefault("is_categorical", None)
    obj.state.setdefault("known_categories", None)
    if "bin_thresholds_" in obj.state:
        width = len(obj.state["bin_thresholds_"])
        obj.state.setdefault("is_categorical_", np.zeros(width, dtype=np.uint8))


def mapper_down(obj: Obj, step: Step) -> None:
    flags = obj.state.get("is_categorical_")
    if flags is not None and np.any(flags):
        raise Refusal("a feature is categorical, which came with scikit-learn " + step.newer)
    for name in ("is_categorical", "known_categories", "is_categorical_"):
        obj.state.pop(name, None)


def no_categories(value: Any) -> bool:
    """True for None and for a mask or a list that names no feature."""
    chosen = np.asarray([] if value is None else value)
    return not chosen.any() if chosen.dtype == bool else chosen.size == 0


# ------------------------------------------------------------------ scikit-learn 1.0
def threads_up(obj: Obj, step: Step) -> None:
    loss = obj.state.get("_loss")
    if isinstance(loss, New) and loss.tag.startswith("sklearn.ensemble."):
        loss.args.setdefault("n_threads", 1)


def threads_down(obj: Obj, step: Step) -> None:
    loss = obj.state.get("_loss")
    if isinstance(loss, New):
        loss.args.pop("n_threads", None)


# ------------------------------------------------------------------ scikit-learn 1.1.0
MODERN = {
    "LeastSquares": "HalfSquaredError",
    "LeastAbsoluteDeviation": "AbsoluteError",
    "Poisson": "HalfPoissonLoss",
    "BinaryCrossEntropy": "HalfBinomialLoss",
    "CategoricalCrossEntropy": "HalfMultinomialLoss",
}


FORMER = {new: old for old, new in MODERN.items()}


def boosting_up(obj: Obj, step: Step) -> None:
    state = obj.state
    loss = state.get("_loss")
    if isinstance(loss, New) and loss.tag.startswith("sklearn.ensemble."):
        name = MODERN[loss.tag.rsplit(".", 1)[1]]
        args: dict[str, Any] = {
            "constant_hessian": bool(loss.args.get("hessians_are_constant", False))
        }
        if name == "HalfMultinomialLoss":
            args["n_classes"] = int(state["n_trees_per_iteration_"])
        state["_loss"] = New(f"sklearn._loss.{name}", args)
    baseline = state.get("_baseline_prediction")
    if baseline is not None:
        state["_baseline_prediction"] = np.asarray(baseline).reshape(1, -1)


def boosting_down(obj: Obj, step: Step) -> None:
    state = obj.state
    loss = state.get("_loss")
    if isinstance(loss, New) and loss.tag.startswith("sklearn._loss."):
        name = loss.tag.rsplit(".", 1)[1]
        if name == "PinballLoss":
            # both leave the raw prediction as it is; they differ only while trees grow
            step.note(obj, f"a refit in {step.older} minimises the absolute error, not a quantile")
            name, state["loss"] = "AbsoluteError", "absolute_error"
        if name == "HalfGammaLoss":
            # both take the exponential of the sum of leaves
            step.note(obj, f"a refit in {step.older} minimises the Poisson deviance, not gamma's")
            name, state["loss"] = "HalfPoissonLoss", "poisson"
        if name not in FORMER:
            raise Refusal(f"the loss {name} does not exist before scikit-learn {step.newer}")
        constant = bool(loss.args.get("constant_hessian", False))
        state["_loss"] = New(
            f"sklearn.ensemble.{FORMER[name]}",
            {"hessians_are_constant": constant, "n_threads": 1},
        )
    baseline = state.get("_baseline_prediction")
    if isinstance(baseline, np.ndarray):
        state["_baseline_prediction"] = (
            baseline[0, 0] if baseline.size == 1 else baseline.reshape(-1, 1)
        )
