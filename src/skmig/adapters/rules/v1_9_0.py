"""scikit-learn 1.9.0: `probability` and boosting's `criterion` are deprecated.

- SVC keeps `_effective_probability`; `probability=False` is spelled "deprecated" (svm/_base.py).
- GradientBoosting's `criterion` has no effect, and "friedman_mse" is an old name of
  "squared_error" for regression trees (ensemble/_gb.py, tree/_classes.py).
- Searches keep the splitter that they used (model_selection/_search.py: _checked_cv_orig).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters import metrics
from skmig.adapters.forms import is_obj, never, swap, text
from skmig.adapters.ops import (
    DERIVED,
    Added,
    Changed,
    Explained,
    Removed,
    Retyped,
    Rewritten,
    Step,
    has,
    rules,
)
from skmig.adapters.shapes import NEIGHBORS
from skmig.payload import Obj

SINCE = "1.9.0"

SUPPORT_VECTORS = tuple(
    "sklearn.svm." + name for name in ("SVC", "NuSVC", "SVR", "NuSVR", "OneClassSVM")
)
BOOSTING = (
    "sklearn.ensemble.GradientBoostingClassifier",
    "sklearn.ensemble.GradientBoostingRegressor",
)
REGRESSION_TREES = (
    "sklearn.tree.DecisionTreeRegressor",
    "sklearn.tree.ExtraTreeRegressor",
    "sklearn.ensemble.RandomForestRegressor",
    "sklearn.ensemble.ExtraTreesRegressor",
)
FORESTS = tuple(
    "sklearn.ensemble." + name
    for name in (
        "RandomForestClassifier",
        "RandomForestRegressor",
        "ExtraTreesClassifier",
        "ExtraTreesRegressor",
        "RandomTreesEmbedding",
    )
)
SEARCHES = (
    "sklearn.model_selection.GridSearchCV",
    "sklearn.model_selection.RandomizedSearchCV",
)
PATHS = tuple(
    "sklearn.linear_model." + name
    for name in ("ElasticNetCV", "LassoCV", "MultiTaskElasticNetCV", "MultiTaskLassoCV")
)


def _effective_up(obj: Obj, step: Step) -> None:
    if "support_" in obj.state:
        obj.state["_effective_probability"] = bool(obj.state.get("probability", False))
    if obj.tag.endswith("SVC") and obj.state.get("probability") is False:
        obj.state["probability"] = "deprecated"


def _effective_down(obj: Obj, step: Step) -> None:
    obj.state.pop("_effective_probability", None)
    if isinstance(obj.state.get("probability"), str):
        obj.state["probability"] = False


def _alphas_up(obj: Obj, step: Step) -> None:
    obj.state.pop("_alphas", None)
    count = obj.state.pop("n_alphas", "deprecated")
    if obj.state.get("alphas") is None or isinstance(obj.state["alphas"], str):
        obj.state["alphas"] = count if isinstance(count, int) else 100


def _alphas_down(obj: Obj, step: Step) -> None:
    obj.state["n_alphas"] = "deprecated"
    if "alphas_" in obj.state:
        obj.state["_alphas"] = obj.state["alphas"]


def _centred_up(obj: Obj, step: Step) -> None:
    """The newer release subtracts the offset; of zero, it answers as the older one did."""
    like = obj.state.get("X_offset_", obj.state.get("coef_"))  # until 0.23 ARD kept none
    if like is not None:
        obj.state["X_offset_"] = np.zeros_like(like)


def _centred_down(obj: Obj, step: Step) -> None:
    offset = obj.state.get("X_offset_")
    if offset is not None and np.any(offset):
        step.changed(
            obj,
            "predict(return_std)",
            f"linear_model/_bayes.py of {step.older} does not centre X for the standard deviation",
        )


def _last_step(obj: Any) -> Any:
    """The estimator at the end of a pipeline, or the estimator itself."""
    while is_obj(obj, "sklearn.pipeline.Pipeline"):
        obj = obj.state["steps"][-1][1]
    return obj


def _splitter(obj: Obj) -> Any:
    """What `check_cv` made of `cv` (model_selection/_split.py)."""
    cv = obj.state.get("cv")
    if not (cv is None or isinstance(cv, int)):
        return cv
    last = _last_step(obj.state.get("best_estimator_", obj.state.get("estimator")))
    classifies = is_obj(last) and ("classes_" in last.state or last.tag.endswith("Classifier"))
    kind = "StratifiedKFold" if classifies else "KFold"
    state = {"n_splits": obj.state["n_splits_"], "shuffle": False, "random_state": None}
    return Obj("sklearn.model_selection." + kind, state)


def _cancels(obj: Obj) -> bool:
    """Is a transformed feature so large, and so constant, that its deviations are rounding?"""
    scaler = obj.state.get("_scaler")
    if not is_obj(scaler) or text(obj.state.get("method"), "box-cox"):
        return False
    mean, scale = (np.abs(np.asarray(scaler.state[name])) for name in ("mean_", "scale_"))
    return bool((mean > 1e6 * scale).any())


RULES = rules(
    SINCE,
    [
        Changed(
            classes=("sklearn.preprocessing.PowerTransformer",),
            method="transform",
            when=_cancels,
            why="preprocessing/_data.py: transform takes scipy's formula of the same function",
        ),
        Rewritten(
            classes=SUPPORT_VECTORS,
            names=("_effective_probability", "probability"),
            to_new=_effective_up,
            to_old=_effective_down,
            why="svm/_base.py: fit, _check_proba",
        ),
        Retyped(
            classes=BOOSTING,
            name="criterion",
            to_new=swap({"friedman_mse": "deprecated", "squared_error": "deprecated"}),
            to_old=swap({"deprecated": "friedman_mse"}),
            why="ensemble/_gb.py: no effect",
        ),
        Retyped(
            classes=REGRESSION_TREES,
            name="criterion",
            to_new=swap({"friedman_mse": "squared_error"}),
            to_old=swap({}),
            why="tree/_classes.py: an old name of squared_error",
        ),
        Added(
            classes=FORESTS,
            name="_sample_weight",
            value=None,
            neutral=DERIVED,
            when=has("estimators_"),
            why="ensemble/_forest.py: fit; read only by estimators_samples_",
        ),
        Rewritten(
            classes=NEIGHBORS,
            names=("metric", "effective_metric_"),
            to_new=metrics.brute_up,
            to_old=metrics.brute_down,
            why="metrics/pairwise.py: _VALID_METRICS",
        ),
        Added(
            classes=SEARCHES,
            name="_checked_cv_orig",
            value=_splitter,
            neutral=DERIVED,
            when=has("n_splits_"),
            why="model_selection/_search.py: fit",
        ),
        Removed(
            classes=("sklearn.manifold.MDS",),
            name="_n_init",
            restore=lambda obj: obj.state.get("n_init", 1),
            neutral=DERIVED,
            why="manifold/_mds.py: fit",
        ),
        Rewritten(
            classes=PATHS,
            names=("alphas", "n_alphas", "_alphas"),
            to_new=_alphas_up,
            to_old=_alphas_down,
            why="linear_model/_coordinate_descent.py: n_alphas removed",
        ),
        Added(
            classes=("sklearn.compose.ColumnTransformer",),
            name="_transformers_feature_names_out",
            value=None,
            neutral=DERIVED,
            when=never,  # made by transform, when its output is a data frame
            why="compose/_column_transformer.py: _hstack",
        ),
        Rewritten(
            classes=("sklearn.linear_model.ARDRegression", "sklearn.linear_model.BayesianRidge"),
            names=("X_offset_",),
            to_new=_centred_up,
            to_old=_centred_down,
            why="linear_model/_bayes.py: predict, X - self.X_offset_",
        ),
        Retyped(
            classes=("sklearn.linear_model.LogisticRegressionCV",),
            name="scoring",
            to_new=swap({}),
            to_old=swap({"warn": None}),
            why="linear_model/_logistic.py: 'warn' means None",
        ),
        Explained(
            classes=("sklearn.linear_model.LogisticRegression",),
            names=("coef_", "intercept_"),
            why="linear_model/_logistic.py: data of single precision give such coefficients",
        ),
        Explained(
            classes=("sklearn.linear_model.LogisticRegressionCV",),
            names=("l1_ratio_",),
            why="linear_model/_logistic.py: nan instead of None where it was not searched",
        ),
        Explained(
            classes=("sklearn.linear_model.LinearRegression",),
            names=("rank_",),
            why="linear_model/_base.py: a scalar's type",
        ),
    ],
)
