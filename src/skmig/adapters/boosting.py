"""Gradient boosting across releases: losses by their old and new classes, constant raw shifts.

Until 1.3 the losses of GradientBoosting were classes of `ensemble/_gb_losses.py`; since 1.4 they
are those of `sklearn._loss`.  The initial raw prediction of the classifiers is a link function of
`init_`'s probabilities, and both the link (1.4.0) and the clipping of probabilities (1.8.0)
changed.  Where `init_` gives the same probabilities for every sample the difference is a constant
for each class, and a constant is exactly expressible: it is added to every leaf of the first stage.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters.forms import is_leaf, is_obj, new_values, tree_of
from skmig.adapters.ops import Refusal, Step
from skmig.payload import New, Obj

CLASSIFIER = "sklearn.ensemble.GradientBoostingClassifier"
REGRESSOR = "sklearn.ensemble.GradientBoostingRegressor"
DUMMY = "sklearn.dummy.DummyClassifier"
RAW_METHODS = ("decision_function", "staged_decision_function")
SINGLE = float(np.finfo(np.float32).eps)
DOUBLE = float(np.finfo(np.float64).eps)


# ------------------------------------------------------------------ losses
def modern_loss(loss: Any) -> Any:
    """A loss of `_gb_losses` as the class of `sklearn._loss` that means the same."""
    if not isinstance(loss, New) or not loss.tag.startswith("sklearn.ensemble."):
        return loss
    args = loss.args
    name = loss.tag.rsplit(".", 1)[1]
    # GradientBoosting always hands sample weights to its loss: no hessian is constant
    weighted: dict[str, Any] = {"constant_hessian": False}
    if name == "BinomialDeviance":
        return New("sklearn._loss.HalfBinomialLoss")
    if name == "MultinomialDeviance":
        return New("sklearn._loss.HalfMultinomialLoss", {"n_classes": int(args["K"])})
    if name == "ExponentialLoss":
        return New("sklearn._loss.ExponentialLoss")
    if name == "LeastSquaresError":
        return New("sklearn._loss.HalfSquaredError", weighted)
    if name == "LeastAbsoluteError":
        return New("sklearn._loss.AbsoluteError", weighted)
    if name == "QuantileLossFunction":
        return New("sklearn._loss.PinballLoss", {**weighted, "quantile": args["alpha"]})
    if name == "HuberLossFunction":
        delta = {} if args.get("gamma") is None else {"delta": float(args["gamma"])}
        return New("sklearn._loss.HuberLoss", {**weighted, "quantile": args["alpha"], **delta})
    raise Refusal(f"the loss `{loss.tag}` has no counterpart")


def former_loss(loss: Any) -> Any:
    """A loss of `sklearn._loss` as the class of `_gb_losses` that means the same."""
    if not isinstance(loss, New) or not loss.tag.startswith("sklearn._loss."):
        return loss
    args = loss.args
    name = loss.tag.rsplit(".", 1)[1]
    if name == "HalfBinomialLoss":
        return New("sklearn.ensemble.BinomialDeviance", {"K": 1})
    if name == "HalfMultinomialLoss":
        return New("sklearn.ensemble.MultinomialDeviance", {"K": int(args["n_classes"])})
    if name == "ExponentialLoss":
        return New("sklearn.ensemble.ExponentialLoss", {"K": 1})
    if name == "HalfSquaredError":
        return New("sklearn.ensemble.LeastSquaresError", {"K": 1})
    if name == "AbsoluteError":
        return New("sklearn.ensemble.LeastAbsoluteError", {"K": 1})
    if name == "PinballLoss":
        alpha = float(args["quantile"])
        state = {"K": 1, "alpha": alpha, "percentile": alpha * 100}
        return New("sklearn.ensemble.QuantileLossFunction", state)
    if name == "HuberLoss":
        return New(
            "sklearn.ensemble.HuberLossFunction",
            {"K": 1, "alpha": float(args["quantile"]), "gamma": args.get("delta")},
        )
    raise Refusal(f"the loss `{loss.tag}` has no counterpart")


# ------------------------------------------------------------------ initial raw predictions
def constant_probabilities(init: Any) -> np.ndarray | None:
    """The probabilities that `init_` gives to every sample; None if they depend on the sample."""
    if not is_obj(init, DUMMY) or "class_prior_" not in init.state:
        return None
    prior = np.asarray(init.state["class_prior_"], dtype=np.float64)
    strategy = init.state.get("_strategy", init.state.get("strategy"))
    if strategy == "prior":
        return prior
    if strategy == "most_frequent":
        one_hot = np.zeros(len(prior))
        one_hot[int(prior.argmax())] = 1.0
        return one_hot
    if strategy == "uniform":
        return np.full(len(prior), 1.0 / len(prior))
    if strategy == "constant":
        chosen = np.asarray(init.state["classes_"]) == np.ravel(init.state["constant"])
        return np.asarray(chosen, dtype=np.float64)
    return None


def raw_initial(proba: np.ndarray, loss: str, eps: float, *, centred: bool) -> np.ndarray:
    """The raw prediction that a release makes of `init_`'s probabilities, one number per tree."""
    clipped = np.clip(proba, eps, 1 - eps)
    if len(proba) > 2:
        raw: np.ndarray = np.log(clipped)
        return raw - np.full(len(raw), raw.mean()) if centred else raw
    positive = clipped[1:2]
    logit: np.ndarray = np.log(positive / (1 - positive))
    return logit / 2 if loss.endswith(".ExponentialLoss") else logit


def shift_first_stage(obj: Obj, shift: np.ndarray) -> None:
    """Add a constant for each class to the raw prediction, by the leaves of the first stage."""
    rate = float(obj.state["learning_rate"])
    for member, constant in zip(obj.state["estimators_"][0], shift, strict=True):
        tree = tree_of(member)
        if tree is None or constant == 0.0:
            continue
        values = np.asarray(tree.state["values"])
        leaf = is_leaf(tree.state["nodes"])[:, None, None]
        new_values(tree, np.where(leaf, values + constant / rate, values))


def carry_raw(obj: Obj, step: Step, before: tuple[float, bool], after: tuple[float, bool]) -> None:
    """Keep the raw prediction of a classifier whose release changes how `init_` enters it.

    `before` and `after`: (clipping, centred) of the release that is left and the one entered.
    """
    init = obj.state.get("init_")
    if init is None or "estimators_" not in obj.state or isinstance(init, str):
        return  # not fitted, or init="zero": nothing enters
    proba = constant_probabilities(init)
    loss = obj.state.get("_loss")
    tag = loss.tag if isinstance(loss, New) else ""
    if proba is None or float(obj.state["learning_rate"]) == 0.0:
        centring = before[1] != after[1] and len(obj.state["classes_"]) > 2
        clipping = before[0] != after[0]
        methods = (*RAW_METHODS, "predict_proba", "predict_log_proba", "staged_predict_proba")
        for method in methods if clipping else RAW_METHODS if centring else ():
            step.changed(obj, method, f"{step.newer} derives the raw prediction of `init_` anew")
        return
    old = raw_initial(proba, tag, before[0], centred=before[1])
    new = raw_initial(proba, tag, after[0], centred=after[1])
    shift = old - new
    if np.abs(shift).max() > 0.0:
        shift_first_stage(obj, shift)
