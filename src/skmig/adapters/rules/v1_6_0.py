"""scikit-learn 1.6.0: AdaBoost without SAMME.R; SGD with the common losses.

- AdaBoostClassifier evaluates every model by the SAMME formula (ensemble/_weight_boosting.py:
  decision_function): a SAMME.R model has no expression here.
- SGDClassifier's logistic loss is `sklearn._loss`'s (linear_model/_stochastic_gradient.py).
- LogisticRegression(solver="newton-cholesky") is multinomial with more than two classes
  (linear_model/_logistic.py: _check_multi_class); before, "auto" meant one-vs-rest for it.
- MLP always keeps `_best_coefs` (neural_network/_multilayer_perceptron.py: _initialize).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skmig.adapters import columns, encoders, requests
from skmig.adapters.forms import (
    function,
    is_obj,
    larger_side,
    n_classes,
    never,
    saw_missing,
    swap,
    text,
    tree_of,
)
from skmig.adapters.ops import (
    DERIVED,
    Accepted,
    Added,
    Born,
    Changed,
    Explained,
    Moved,
    Refusal,
    Removed,
    Renamed,
    Retyped,
    Rewritten,
    Step,
    always,
    fitted,
    has,
    rules,
)
from skmig.payload import New, Obj

SINCE = "1.6.0"

TREES = (
    "sklearn.tree.DecisionTreeClassifier",
    "sklearn.tree.DecisionTreeRegressor",
    "sklearn.tree.ExtraTreeClassifier",
    "sklearn.tree.ExtraTreeRegressor",
)
NEIGHBORS = tuple(
    "sklearn.neighbors." + name
    for name in (
        "KNeighborsClassifier",
        "KNeighborsRegressor",
        "KNeighborsTransformer",
        "LocalOutlierFactor",
        "NearestNeighbors",
        "RadiusNeighborsClassifier",
        "RadiusNeighborsRegressor",
        "RadiusNeighborsTransformer",
    )
)
ADABOOST = ("sklearn.ensemble.AdaBoostClassifier",)
CHECK_ARRAY = function("sklearn.utils.check_array")
FROZEN = "sklearn.frozen.FrozenEstimator"
LOGISTIC = (
    "sklearn.linear_model.LogisticRegression",
    "sklearn.linear_model.LogisticRegressionCV",
)
SGD = (
    "sklearn.linear_model.SGDClassifier",
    "sklearn.linear_model.SGDOneClassSVM",
    "sklearn.linear_model.Perceptron",
    "sklearn.linear_model.PassiveAggressiveClassifier",
)
SGD_LOSSES = {
    "sklearn.linear_model.Log": "sklearn._loss.CyHalfBinomialLoss",
    "sklearn.linear_model.SquaredLoss": "sklearn._loss.CyHalfSquaredError",
    "sklearn.linear_model.Huber": "sklearn._loss.CyHuberLoss",
}


def _algorithm_up(obj: Obj, step: Step) -> None:
    algorithm = obj.state.get("algorithm")
    if text(algorithm, "SAMME.R"):
        if fitted(obj):
            raise Refusal(
                f"algorithm='SAMME.R' was removed in scikit-learn {step.newer}, which evaluates "
                "every AdaBoostClassifier by the SAMME formula: labels and scores would differ"
            )
        step.note(obj, "algorithm='SAMME.R' is gone: a fit uses SAMME")
    obj.state["algorithm"] = "deprecated"


def _algorithm_down(obj: Obj, step: Step) -> None:
    obj.state["algorithm"] = "SAMME"


def _loss_up(obj: Obj, step: Step) -> None:
    loss = obj.state.get("_loss_function_")
    if isinstance(loss, New) and loss.tag in SGD_LOSSES:
        obj.state["_loss_function_"] = New(SGD_LOSSES[loss.tag], dict(loss.args))


def _loss_down(obj: Obj, step: Step) -> None:
    loss = obj.state.get("_loss_function_")
    for old, new in SGD_LOSSES.items():
        if isinstance(loss, New) and loss.tag == new:
            obj.state["_loss_function_"] = New(old, {"args": tuple(loss.args.get("args", ()))})


def _one_vs_rest(obj: Obj) -> bool:
    return text(obj.state.get("solver"), "newton-cholesky") and n_classes(obj) > 2


def _multi_class_up(obj: Obj, step: Step) -> None:
    if _one_vs_rest(obj) and text(obj.state.get("multi_class"), "auto", "deprecated"):
        obj.state["multi_class"] = "ovr"


def _multi_class_down(obj: Obj, step: Step) -> None:
    if _one_vs_rest(obj) and text(obj.state.get("multi_class"), "auto", "deprecated"):
        obj.state.update(multi_class="multinomial", solver="lbfgs")
        step.note(
            obj,
            f"a refit takes solver='lbfgs': with 'newton-cholesky' {step.older} fits no "
            "multinomial model",
        )


def _renamed_keyword(old: str, new: str) -> Callable[[Obj, Step], None]:
    """For a FunctionTransformer over `check_array`: histogram boosting's preprocessor has one."""

    def rename(obj: Obj, step: Step) -> None:
        func = obj.state.get("func")
        if isinstance(func, New) and func.tag == "functools.partial":
            if func.args["func"] == CHECK_ARRAY:
                func.args["keywords"] = _swap_key(func.args["keywords"], old, new)
        elif func == CHECK_ARRAY and obj.state.get("kw_args"):
            obj.state["kw_args"] = _swap_key(obj.state["kw_args"], old, new)

    return rename


def _swap_key(mapping: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {(new if key == old else key): value for key, value in mapping.items()}


def _flat_up(obj: Obj, step: Step) -> None:
    coef = obj.state.get("coef_")
    if isinstance(coef, np.ndarray) and coef.ndim == 2 and coef.shape[0] == 1:
        obj.state["coef_"] = coef.ravel()


def _flat_down(obj: Obj, step: Step) -> None:
    coef = obj.state.get("coef_")
    if isinstance(coef, np.ndarray) and coef.ndim == 1:
        obj.state["coef_"] = coef.reshape(1, -1)


def _random_up(obj: Obj, step: Step) -> None:
    tree = tree_of(obj)
    if tree is not None and text(obj.state.get("splitter"), "random"):
        tree.state["nodes"] = larger_side(tree.state["nodes"])


def _random_down(obj: Obj, step: Step) -> None:
    tree = tree_of(obj)
    if tree is not None and text(obj.state.get("splitter"), "random") and saw_missing(tree):
        step.loss(obj, f"the tree learnt from missing values, which {step.older} rejects")


def _missing_neighbors_down(obj: Obj, step: Step) -> None:
    data = obj.state.get("_fit_X")
    if isinstance(data, np.ndarray) and data.dtype.kind == "f" and np.isnan(data).any():
        step.loss(obj, f"the training data hold missing values, which {step.older} rejects")


def _self_training_up(obj: Obj, step: Step) -> None:
    base = obj.state.get("base_estimator")
    if not text(base, "deprecated"):
        obj.state["estimator"] = base
    obj.state["base_estimator"] = "deprecated"


def _self_training_down(obj: Obj, step: Step) -> None:
    estimator = obj.state.pop("estimator", None)
    if estimator is not None:
        obj.state["base_estimator"] = estimator


def _empty_features(obj: Obj) -> np.ndarray:
    statistics = obj.state["initial_imputer_"].state["statistics_"]
    return np.array([item != item for item in statistics], dtype=bool)


def _best_up(obj: Obj, step: Step) -> None:
    if "coefs_" in obj.state and "_best_coefs" not in obj.state:
        # copies: `partial_fit` updates `coefs_` in place
        obj.state["_best_coefs"] = [np.array(item) for item in obj.state["coefs_"]]
        obj.state["_best_intercepts"] = [np.array(item) for item in obj.state["intercepts_"]]


def _best_down(obj: Obj, step: Step) -> None:
    if not obj.state.get("early_stopping"):
        obj.state.pop("_best_coefs", None)
        obj.state.pop("_best_intercepts", None)


def _keep(obj: Obj, step: Step) -> None:
    """Every value of the older release is one of the newer."""


def _names_up(obj: Obj, step: Step) -> None:
    """What is neither True nor False was read as one of the two."""
    value = obj.state.get("verbose_feature_names_out", True)
    if not isinstance(value, bool | np.bool_):
        obj.state["verbose_feature_names_out"] = not isinstance(value, str) or value != ""


def _names_down(obj: Obj, step: Step) -> None:
    value = obj.state.get("verbose_feature_names_out", True)
    if not isinstance(value, bool | np.bool_):
        step.loss(
            obj,
            f"`verbose_feature_names_out={value!r}` names the output of get_feature_names_out, "
            f"and {step.older} knows only True and False",
        )
        obj.state["verbose_feature_names_out"] = True


def _groups_down(obj: Obj, step: Step) -> None:
    if obj.state.get("shuffle"):
        step.note(obj, f"GroupKFold(shuffle=True): {step.older} does not shuffle groups")
    obj.state.update(shuffle=False, random_state=None)


def _ensemble_down(obj: Obj, step: Step) -> None:
    if text(obj.state.get("ensemble"), "auto"):
        obj.state["ensemble"] = not is_obj(obj.state.get("estimator"), FROZEN)


RULES = rules(
    SINCE,
    [
        Accepted(
            classes=(
                "sklearn.ensemble.ExtraTreesClassifier",
                "sklearn.ensemble.ExtraTreesRegressor",
                "sklearn.tree.ExtraTreeClassifier",
                "sklearn.tree.ExtraTreeRegressor",
            ),
            what="missing values",
            error="ValueError: Input",
            why="tree/_classes.py: __sklearn_tags__, allow_nan",
        ),
        Rewritten(
            classes=ADABOOST,
            names=("algorithm",),
            to_new=_algorithm_up,
            to_old=_algorithm_down,
            why="ensemble/_weight_boosting.py: decision_function; changelog 1.6.0 #29997",
        ),
        Rewritten(
            classes=SGD,
            names=("_loss_function_",),
            to_new=_loss_up,
            to_old=_loss_down,
            why="linear_model/_stochastic_gradient.py: loss_functions",
        ),
        Rewritten(
            classes=TREES,
            names=("tree_",),
            to_new=_random_up,
            to_old=_random_down,
            why="tree/_splitter.pyx: random splits know missing values; before, the flag was left "
            "to chance",
        ),
        Rewritten(
            classes=NEIGHBORS,
            names=("_fit_X",),
            to_new=_keep,
            to_old=_missing_neighbors_down,
            why="neighbors/_base.py: __sklearn_tags__, allow_nan",
        ),
        Rewritten(
            classes=LOGISTIC,
            names=("multi_class",),
            to_new=_multi_class_up,
            to_old=_multi_class_down,
            why="linear_model/_logistic.py: predict_proba; changelog 1.6.0 #28840",
        ),
        Rewritten(
            classes=(
                "sklearn.neural_network.MLPClassifier",
                "sklearn.neural_network.MLPRegressor",
            ),
            names=("_best_coefs", "_best_intercepts"),
            to_new=_best_up,
            to_old=_best_down,
            why="neural_network/_multilayer_perceptron.py: _initialize",
        ),
        Removed(
            classes=(
                "sklearn.cluster.AgglomerativeClustering",
                "sklearn.cluster.FeatureAgglomeration",
            ),
            name="_metric",
            restore=lambda obj: obj.state.get("metric") or "euclidean",
            neutral=DERIVED,
            when=has("labels_"),
            why="cluster/_agglomerative.py: fit",
        ),
        Retyped(
            classes=(
                "sklearn.cluster.AgglomerativeClustering",
                "sklearn.cluster.FeatureAgglomeration",
            ),
            name="metric",
            to_new=swap({None: "euclidean"}),
            to_old=swap({}),
            why="cluster/_agglomerative.py: None meant euclidean",
        ),
        Retyped(
            classes=(
                "sklearn.ensemble.HistGradientBoostingClassifier",
                "sklearn.ensemble.HistGradientBoostingRegressor",
            ),
            name="categorical_features",
            to_new=swap({"warn": None}),
            to_old=swap({}),
            why="ensemble/_hist_gradient_boosting/gradient_boosting.py: 'warn' meant None",
        ),
        Rewritten(
            classes=("sklearn.preprocessing.FunctionTransformer",),
            names=("func", "kw_args"),
            to_new=_renamed_keyword("force_all_finite", "ensure_all_finite"),
            to_old=_renamed_keyword("ensure_all_finite", "force_all_finite"),
            why="utils/validation.py: check_array",
        ),
        Rewritten(
            classes=(
                "sklearn.linear_model.RidgeClassifier",
                "sklearn.linear_model.RidgeClassifierCV",
            ),
            names=("coef_",),
            to_new=_flat_up,
            to_old=_flat_down,
            why="linear_model/_ridge.py: one target has a flat coef_; decision_function reshapes",
        ),
        Rewritten(
            classes=("sklearn.model_selection.GroupKFold",),
            names=("random_state", "shuffle"),
            to_new=_keep,
            to_old=_groups_down,
            why="model_selection/_split.py: GroupKFold shuffles; before, its base held False",
        ),
        Retyped(
            classes=("sklearn.preprocessing.OneHotEncoder",),
            name="handle_unknown",
            to_new=swap({}),
            to_old=swap({"warn": "infrequent_if_exist"}),
            why="preprocessing/_encoders.py: the same output, with a warning",
        ),
        Changed(
            classes=("sklearn.preprocessing.OneHotEncoder",),
            method="transform",
            when=encoders.warns_of_infrequent,
            why="preprocessing/_encoders.py: 'warn' gives zeros, not the infrequent group",
        ),
        Rewritten(
            classes=(columns.COLUMN_TRANSFORMER,),
            names=("verbose_feature_names_out",),
            to_new=_names_up,
            to_old=_names_down,
            why="compose/_column_transformer.py: _add_prefix_for_feature_names_out",
        ),
        Rewritten(
            classes=("sklearn.calibration.CalibratedClassifierCV",),
            names=("ensemble",),
            to_new=_keep,
            to_old=_ensemble_down,
            why="calibration.py: fit",
        ),
        Moved(
            old="sklearn.model_selection._CurveScorer",
            new="sklearn.metrics._CurveScorer",
            why="metrics/_scorer.py",
        ),
        Added(
            classes=requests.SCORERS,
            name="_deprecation_msg",
            value=None,
            neutral=(None,),
            when=always,
            why="metrics/_scorer.py: _BaseScorer.__init__",
        ),
        Rewritten(
            classes=("sklearn.semi_supervised.SelfTrainingClassifier",),
            names=("base_estimator", "estimator"),
            to_new=_self_training_up,
            to_old=_self_training_down,
            why="semi_supervised/_self_training.py: base_estimator renamed to estimator",
        ),
        Renamed(
            classes=("sklearn.semi_supervised.SelfTrainingClassifier",),
            old="base_estimator_",
            new="estimator_",
            why="semi_supervised/_self_training.py: fit",
        ),
        Added(
            classes=("sklearn.neighbors.NearestCentroid",),
            name="class_prior_",
            value=lambda obj: np.full(n_classes(obj), 1.0 / n_classes(obj)),
            neutral=lambda prior: np.allclose(prior, 1.0 / len(prior)),
            why="neighbors/_nearest_centroid.py: predict; priors were equal before",
        ),
        Added(
            classes=("sklearn.neighbors.NearestCentroid",),
            name="deviations_",
            value=None,
            neutral=DERIVED,
            when=never,
            why="neighbors/_nearest_centroid.py: only the new methods read it; needs the data",
        ),
        Added(
            classes=("sklearn.neighbors.NearestCentroid",),
            name="within_class_std_dev_",
            value=None,
            neutral=DERIVED,
            when=never,
            why="neighbors/_nearest_centroid.py: only the new methods read it; needs the data",
        ),
        Added(
            classes=("sklearn.impute.IterativeImputer",),
            name="_is_empty_feature",
            value=_empty_features,
            neutral=DERIVED,
            when=has("initial_imputer_"),
            why="impute/_iterative.py: _initial_imputation",
        ),
        Explained(
            classes=("sklearn.linear_model.Ridge",),
            names=("coef_",),
            why="linear_model/_ridge.py: a row of one target still predicts a column",
        ),
        Explained(
            classes=("sklearn.model_selection.TunedThresholdClassifierCV",),
            names=("_curve_scorer",),
            why="metrics/_scorer.py: the class moved",
        ),
        Born(classes=(FROZEN,), why="changelog 1.6.0: new class"),
    ],
)
