"""Decompositions, Gaussian processes and partial least squares across releases."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters import shapes
from skmig.adapters.forms import text
from skmig.adapters.ops import Refusal, Step, rename
from skmig.payload import Obj


# ------------------------------------------------------------------ scikit-learn 0.23.0
def scale_up(obj: Obj, step: Step) -> None:
    if "_y_train_mean" in obj.state and "_y_train_std" not in obj.state:
        obj.state["_y_train_std"] = 1


def scale_down(obj: Obj, step: Step) -> None:
    """`std * K(x)·alpha + mean` is `K'(x)·(alpha / std) + mean` with the kernel K' = std² K."""
    std = obj.state.pop("_y_train_std", None)
    if std is None or np.all(np.asarray(std) == 1):
        return
    scale = np.asarray(std, dtype=float)
    if scale.size != 1:
        raise Refusal("each output was divided by its own standard deviation")
    factor = float(scale.reshape(-1)[0])
    kernel = Obj(
        "sklearn.gaussian_process.Product",
        {
            "k1": Obj(
                "sklearn.gaussian_process.ConstantKernel",
                {"constant_value": factor**2, "constant_value_bounds": "fixed"},
            ),
            "k2": obj.state["kernel_"],
        },
    )
    obj.state["kernel_"] = kernel
    obj.state["alpha_"] = obj.state["alpha_"] / factor
    obj.state["L_"] = obj.state["L_"] * factor
    obj.state["y_train_"] = obj.state["y_train_"] * factor
    if isinstance(obj.state.get("_K_inv"), np.ndarray):
        obj.state["_K_inv"] = obj.state["_K_inv"] / factor**2
    step.note(obj, "a refit will not divide the target by its standard deviation")


# ------------------------------------------------------------------ scikit-learn 0.24.0
def rotations_up(obj: Obj, step: Step) -> None:
    """For one target 0.23 wrote 1 instead of `y_weights · pinv(y_loadingsᵀ · y_weights)`."""
    rotations = obj.state.get("y_rotations_")
    if isinstance(rotations, np.ndarray) and rotations.ndim == 1:
        weights, loadings = obj.state["y_weights_"], obj.state["y_loadings_"]
        obj.state["y_rotations_"] = weights @ np.linalg.pinv(loadings.T @ weights)


def rotations_down(obj: Obj, step: Step) -> None:
    rotations = obj.state.get("y_rotations_")
    if isinstance(rotations, np.ndarray) and rotations.shape[0] == 1:
        obj.state["y_rotations_"] = np.ones(1)


def coder_up(obj: Obj, step: Step) -> None:
    if "components_" in obj.state:
        obj.state["dictionary"] = obj.state.pop("components_")
    obj.state.pop("n_components", None)


def coder_down(obj: Obj, step: Step) -> None:
    if "dictionary" in obj.state:
        obj.state["components_"] = obj.state.pop("dictionary")
        obj.state["n_components"] = shapes.rows(obj.state["components_"])


# ------------------------------------------------------------------ scikit-learn 1.0
def factorization_up(obj: Obj, step: Step) -> None:
    if obj.state.get("alpha") == 0.0:
        obj.state["alpha"] = "deprecated"
        if text(obj.state.get("regularization"), "both"):
            obj.state["regularization"] = "deprecated"
    if "components_" in obj.state:
        loss = obj.state.get("beta_loss")
        known = {"frobenius": 2, "kullback-leibler": 1, "itakura-saito": 0}
        obj.state["_beta_loss"] = known.get(loss, loss) if isinstance(loss, str) else loss
        obj.state["_n_components"] = shapes.rows(obj.state["components_"])
        for name in REGULARIZATION:
            obj.state.setdefault(name, 0.0)


def factorization_down(obj: Obj, step: Step) -> None:
    """`transform` reads the weight of W alone, which was not scaled by the features."""
    state = obj.state
    for name in ("_beta_loss", "_n_components", *REGULARIZATION):
        state.pop(name, None)
    weight, other = state.get("alpha_W") or 0.0, state.get("alpha_H")
    other = weight if other in (None, "same") else other
    features = shapes.columns(state.get("components_"))
    if (weight or other) and features:
        state["alpha"] = weight * features
        state["regularization"] = "both" if other else "transformation"
        step.note(obj, f"`alpha_H={state.get('alpha_H')!r}`: a refit weighs both factors alike")
    for name, value in (("alpha", 0.0), ("regularization", "both")):
        if text(state.get(name), "deprecated"):
            state[name] = value


# ------------------------------------------------------------------ scikit-learn 1.2.0
def weights_up(obj: Obj, step: Step) -> None:
    """alpha_W is alpha without the number of features (decomposition/_nmf.py: transform)."""
    state = obj.state
    alpha, kind = state.pop("alpha", "deprecated"), state.pop("regularization", "deprecated")
    for name in REGULARIZATION:
        state.pop(name, None)
    if text(alpha, "deprecated") or not alpha or state.get("alpha_W"):
        return
    if state.get("alpha_H", "same") != "same":
        return
    features = shapes.columns(state.get("components_"))
    if features and text(kind, "both", "transformation", "deprecated"):
        state["alpha_W"] = alpha / features
        state["alpha_H"] = 0.0 if kind == "transformation" else "same"
    step.note(obj, f"`alpha={alpha!r}`: a refit weighs the factors by alpha_W and alpha_H")


def weights_down(obj: Obj, step: Step) -> None:
    obj.state.setdefault("alpha", "deprecated")
    obj.state.setdefault("regularization", "deprecated")
    if "components_" in obj.state:
        for name in REGULARIZATION:
            obj.state.setdefault(name, 0.0)


# ------------------------------------------------------------------ scikit-learn 0.24.0
def regularization_up(obj: Obj, step: Step) -> None:
    """What the older release always did is the default."""
    obj.state.setdefault("regularization", "both")


def regularization_down(obj: Obj, step: Step) -> None:
    """`transform` of the older release always weighs W by alpha."""
    kind = obj.state.pop("regularization", "both")
    if not text(kind, "both"):
        if not text(kind, "transformation"):
            obj.state["alpha"] = 0.0
        step.note(obj, f"`regularization={kind!r}`: a refit weighs both factors alike")


def doubles(value: Any) -> Any:
    """The coordinate descent of before 0.24 takes no single precision."""
    return np.asarray(value, dtype=np.float64)


def as_it_is(value: Any) -> Any:
    return value


REGULARIZATION = ("_l1_reg_W", "_l1_reg_H", "_l2_reg_W", "_l2_reg_H")


# ------------------------------------------------------------------ scikit-learn 1.1.0
def pls_up(obj: Obj, step: Step) -> None:
    state = obj.state
    if "coef_" in state:
        state["_coef_"] = np.ascontiguousarray(state.pop("coef_").T)
        state["intercept_"] = state["_y_mean"]
        if obj.tag.endswith(".PLSRegression"):
            state["x_scores_"], state["y_scores_"] = state["_x_scores"], state["_y_scores"]


def pls_down(obj: Obj, step: Step) -> None:
    state = obj.state
    for name in ("intercept_", "x_scores_", "y_scores_", "_coef_warning"):
        state.pop(name, None)
    if "_coef_" in state:
        state["coef_"] = np.ascontiguousarray(state.pop("_coef_").T)


def whitening_up(obj: Obj, step: Step) -> None:
    """`whiten=True` meant what is now 'arbitrary-variance'."""
    state = obj.state
    if state.get("whiten") is True:
        state["whiten"] = "arbitrary-variance"
    if "components_" in state:
        state["_whiten"] = state["whiten"]


def whitening_down(obj: Obj, step: Step) -> None:
    state = obj.state
    state.pop("_whiten", None)
    if text(state.get("whiten"), "unit-variance"):
        step.note(obj, "a refit does not scale the sources to unit variance")
    if isinstance(state.get("whiten"), str):
        state["whiten"] = True


def ones(value: Any) -> Any:
    return np.ones(1) if isinstance(value, int) and value == 1 else value


def one(value: Any) -> Any:
    return 1 if isinstance(value, np.ndarray) and value.shape == (1,) and value[0] == 1 else value


def dictionary_up(obj: Obj, step: Step) -> None:
    rename(obj, "inner_stats_", "_inner_stats")
    rename(obj, "random_state_", "_random_state")
    rename(obj, "iter_offset_", "n_steps_")
    if "components_" in obj.state:
        obj.state.setdefault("_n_components", shapes.rows(obj.state["components_"]))
        obj.state.setdefault("_batch_size", obj.state.get("batch_size"))
        method = obj.state.get("fit_algorithm")
        obj.state.setdefault("_fit_algorithm", f"lasso_{method}")


def dictionary_down(obj: Obj, step: Step) -> None:
    for name in ("_n_components", "_batch_size", "_fit_algorithm", *AVERAGES):
        obj.state.pop(name, None)
    rename(obj, "_inner_stats", "inner_stats_")
    rename(obj, "_random_state", "random_state_")
    rename(obj, "n_steps_", "iter_offset_")
    for name, value in (("batch_size", "warn"), ("n_iter", "deprecated")):
        if text(obj.state.get(name), value):
            obj.state[name] = {"batch_size": 3, "n_iter": 1000}[name]


AVERAGES = ("_ewa_cost", "_ewa_cost_min", "_no_improvement")
