"""The first prediction of GradientBoosting before and from 0.21.1 (`init_`).

Until 0.20 `init_` is one of six private estimators, and what its `predict` returns *is* the raw
prediction (ensemble/gradient_boosting.py: LogOddsEstimator, PriorProbabilityEstimator, ...).  From
0.21.1 on it is a DummyClassifier or DummyRegressor, and the loss makes a raw prediction of it
(ensemble/_gb_losses.py: get_init_raw_predictions).  Of more than two classes the older release
added the probabilities themselves, the newer one adds their logarithms: a constant for each class,
which the leaves of the first stage take.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters.boosting import (
    SINGLE,
    constant_probabilities,
    raw_initial,
    shift_first_stage,
)
from skmig.adapters.forms import is_obj
from skmig.adapters.ops import Refusal, Step
from skmig.payload import New, Obj

_ENSEMBLE = "sklearn.ensemble."
ZERO = _ENSEMBLE + "ZeroEstimator"
DUMMY_REGRESSOR = "sklearn.dummy.DummyRegressor"
TINY = 1e-12  # what a logarithm of a probability and back may lose


def to_dummy(obj: Obj, step: Step) -> None:
    """0.20 → 0.21."""
    if "init" in obj.state:
        obj.state["init"] = _setting_up(obj.state["init"])
    init = obj.state.get("init_")
    if not isinstance(init, Obj):
        return
    name = init.tag.removeprefix(_ENSEMBLE)
    if name == "ZeroEstimator":
        obj.state["init_"] = "zero"
    elif name == "MeanEstimator":
        obj.state["init_"] = _regressor(init.state["mean"], "mean", None)
    elif name == "QuantileEstimator":
        obj.state["init_"] = _regressor(init.state["quantile"], "quantile", init.state["alpha"])
    elif name in ("LogOddsEstimator", "ScaledLogOddsEstimator"):
        prior = float(init.state["prior"])
        odds = 2 * prior if name == "ScaledLogOddsEstimator" else prior
        positive = 1 / (1 + np.exp(-odds))
        _replace(obj, np.array([1 - positive, positive]), np.array([prior]))
    elif name == "PriorProbabilityEstimator":
        priors = np.asarray(init.state["priors"], dtype=np.float64)
        _replace(obj, priors, priors)
    elif not obj.tag.endswith("Regressor"):
        raise Refusal(
            f"`init_` is a `{init.tag}`: {step.newer} asks it for probabilities, {step.older} for "
            "raw predictions"
        )


def from_dummy(obj: Obj, step: Step) -> None:
    """0.21 → 0.20."""
    if "init" in obj.state:
        obj.state["init"] = _setting_down(obj, step)
    init = obj.state.get("init_")
    if isinstance(init, str):
        n_trees = np.asarray(obj.state["estimators_"]).shape[1]
        obj.state["init_"] = Obj(ZERO, {"n_classes": int(n_trees)})
        return
    if init is None:
        return
    if is_obj(init, DUMMY_REGRESSOR) and "constant_" in init.state:
        value = np.float64(np.asarray(init.state["constant_"]).ravel()[0])
        if init.state.get("strategy") == "quantile":
            state = {"alpha": init.state["quantile"], "quantile": value}
            obj.state["init_"] = Obj(_ENSEMBLE + "QuantileEstimator", state)
        else:
            obj.state["init_"] = Obj(_ENSEMBLE + "MeanEstimator", {"mean": value})
        return
    proba = constant_probabilities(init)
    if proba is None:
        raise Refusal(
            f"`init_` is a `{init.tag}`: {step.older} takes what its `predict` returns for the raw "
            "prediction"
        )
    raw = raw_initial(proba, _loss(obj), SINGLE, centred=False)
    if len(proba) > 2:
        obj.state["init_"] = Obj(_ENSEMBLE + "PriorProbabilityEstimator", {"priors": proba})
        shift_first_stage(obj, raw - proba)
        return
    scaled = "Scaled" if _loss(obj).endswith(".ExponentialLoss") else ""
    state = {"prior": np.float64(raw[0])}
    obj.state["init_"] = Obj(f"{_ENSEMBLE}{scaled}LogOddsEstimator", state)


def _setting_up(init: Any) -> Any:
    """The parameter `init`, which a later fit clones."""
    if not is_obj(init) or not init.tag.startswith(_ENSEMBLE):
        return init
    name = init.tag.removeprefix(_ENSEMBLE)
    if name == "ZeroEstimator":
        return "zero"
    if name in ("LogOddsEstimator", "ScaledLogOddsEstimator", "PriorProbabilityEstimator"):
        return None  # what the losses take by themselves
    if name in ("MeanEstimator", "QuantileEstimator"):
        quantile = init.state.get("alpha")
        strategy = "mean" if name == "MeanEstimator" else "quantile"
        state = {"strategy": strategy, "constant": None, "quantile": quantile}
        return Obj(DUMMY_REGRESSOR, state)
    return init


def _setting_down(obj: Obj, step: Step) -> Any:
    """What a later fit would have to give in a column, as a DummyRegressor does not."""
    init = obj.state["init"]
    if not is_obj(init, DUMMY_REGRESSOR):
        return init
    strategy, quantile = init.state.get("strategy"), init.state.get("quantile")
    if strategy == "mean":
        return Obj(_ENSEMBLE + "MeanEstimator", {})
    if strategy in ("median", "quantile"):
        alpha = 0.5 if strategy == "median" else quantile
        return Obj(_ENSEMBLE + "QuantileEstimator", {"alpha": alpha})
    step.note(obj, f"a refit in {step.older} cannot begin with a DummyRegressor({strategy!r})")
    return None


def _replace(obj: Obj, proba: np.ndarray, raw: np.ndarray) -> None:
    """Give `obj` a DummyClassifier for `init_`, and keep the raw prediction as it was."""
    obj.state["init_"] = _classifier(proba)
    shift = raw - raw_initial(proba, _loss(obj), SINGLE, centred=False)
    if np.abs(shift).max() > TINY * max(1.0, np.abs(raw).max()):
        shift_first_stage(obj, shift)


def _loss(obj: Obj) -> str:
    loss = obj.state.get("loss_")
    return loss.tag if isinstance(loss, New) else ""


def _classifier(proba: np.ndarray) -> Obj:
    """A DummyClassifier(strategy="prior") of 0.21.1, fitted on the numbers of the classes."""
    state: dict[str, Any] = {
        "strategy": "prior",
        "random_state": None,
        "constant": None,
        "sparse_output_": False,
        "output_2d_": False,
        "n_outputs_": 1,
        "classes_": np.arange(len(proba)),
        "n_classes_": len(proba),
        "class_prior_": proba,
    }
    return Obj("sklearn.dummy.DummyClassifier", state)


def _regressor(value: Any, strategy: str, quantile: float | None) -> Obj:
    """A DummyRegressor of 0.21.1 that predicts `value`."""
    state: dict[str, Any] = {
        "strategy": strategy,
        "constant": None,
        "quantile": quantile,
        "output_2d_": False,
        "n_outputs_": 1,
        "constant_": np.array([[value]], dtype=np.float64),
    }
    return Obj(DUMMY_REGRESSOR, state)
