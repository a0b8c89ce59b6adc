"""scikit-learn 1.8.0: LogisticRegression without `multi_class`; finer clipping in boosting.

- `multi_class` is gone: two classes are a sigmoid, more are a softmax, whatever the model was
  (linear_model/_logistic.py: predict_proba).  A one-vs-rest model of several classes and a
  multinomial model of two have no expression as a LogisticRegression.
- `penalty` is deprecated for `l1_ratio` and `C` (linear_model/_logistic.py: fit).
- GradientBoostingClassifier clips the probabilities of `init_` at the precision of a double
  (ensemble/_gb.py: _init_raw_predictions).
- SimpleImputer keeps constants as objects, and drops empty features with them too
  (impute/_base.py: transform).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters import boosting, encoders, requests
from skmig.adapters.forms import is_obj, members, n_classes, swap, text, tree_of
from skmig.adapters.ops import (
    DERIVED,
    Added,
    Born,
    Changed,
    Explained,
    Parameter,
    Removed,
    Retyped,
    Rewritten,
    Step,
    always,
    has,
    rules,
)
from skmig.adapters.shapes import tags
from skmig.payload import Obj

SINCE = "1.8.0"

LOGISTIC = "sklearn.linear_model.LogisticRegression"
LOGISTIC_CV = "sklearn.linear_model.LogisticRegressionCV"
TASKS = ("Classifier", "Regressor")
LEFT = "missing_go_to_left"
FROZEN = "sklearn.frozen.FrozenEstimator"
SGD = tuple(
    "sklearn.linear_model." + name
    for name in ("Perceptron", "SGDClassifier", "SGDOneClassSVM", "SGDRegressor")
)
PASSIVE_AGGRESSIVE = (
    "sklearn.linear_model.PassiveAggressiveClassifier",
    "sklearn.linear_model.PassiveAggressiveRegressor",
)
TREES = (
    *("sklearn.tree." + kind + "Tree" + task for kind in ("Decision", "Extra") for task in TASKS),
    *(
        "sklearn.ensemble." + kind + task
        for kind in ("RandomForest", "ExtraTrees")
        for task in TASKS
    ),
)
BAGGING = ("sklearn.ensemble.BaggingClassifier", "sklearn.ensemble.BaggingRegressor")
RIDGE = ("sklearn.linear_model.RidgeClassifier", "sklearn.linear_model.RidgeClassifierCV")


# ------------------------------------------------------------------ logistic regression
def _multi_class_up(obj: Obj, step: Step) -> None:
    kind = obj.state.pop("multi_class", "deprecated")
    classes = n_classes(obj)
    if classes == 0 and text(kind, "ovr", "multinomial"):
        step.note(obj, f"multi_class={kind!r} is gone: a fit takes the number of classes instead")
    one_vs_rest = text(kind, "ovr", "warn") or (
        text(kind, "auto", "deprecated") and text(obj.state.get("solver"), "liblinear")
    )
    if classes > 2 and one_vs_rest:
        said = (
            f"this is a one-vs-rest model of {classes} classes; LogisticRegression of "
            f"{step.newer} is always multinomial, and its probabilities would differ "
            "(predict and decision_function would not)"
        )
        if obj.tag == LOGISTIC_CV:
            step.loss(obj, said)
        elif step.substitute(
            obj,
            f"{said}: a OneVsRestClassifier answers the same, without predict_log_proba,",
            without="predict_log_proba",
        ):
            _one_vs_rest(obj)
    if classes == 2 and text(kind, "multinomial"):
        step.loss(
            obj,
            "a multinomial model of two classes has the probabilities softmax([-d, d]); "
            f"LogisticRegression of {step.newer} gives sigmoid(d) for the same "
            "decision_function (predict would not differ)",
        )


def _one_vs_rest(obj: Obj) -> None:
    """The same model as a OneVsRestClassifier of binary ones (multiclass.py: predict_proba)."""
    state = obj.state
    learnt = ("classes_", "coef_", "intercept_", "n_iter_", "n_features_in_", "feature_names_in_")
    settings = {name: value for name, value in state.items() if name not in learnt}
    members = []
    for i in range(len(state["classes_"])):
        member = dict(settings)
        member["n_features_in_"] = state["n_features_in_"]
        member["classes_"] = np.array([0, 1])
        member["coef_"] = state["coef_"][i : i + 1]
        # without an intercept there is one zero for all classes
        intercept = np.broadcast_to(state["intercept_"], len(state["classes_"]))
        member["intercept_"] = np.array(intercept[i : i + 1])
        iterations = np.atleast_1d(state["n_iter_"])
        member["n_iter_"] = iterations[min(i, len(iterations) - 1) :][:1]
        members.append(Obj(LOGISTIC, member))
    obj.tag = "sklearn.multiclass.OneVsRestClassifier"
    binarizer = {
        "neg_label": 0,
        "pos_label": 1,
        "sparse_output": True,
        "y_type_": "multiclass",
        "sparse_input_": False,
        "classes_": state["classes_"],
    }
    obj.state = {
        "estimator": Obj(LOGISTIC, dict(settings)),
        "n_jobs": None,
        "verbose": 0,
        "label_binarizer_": Obj("sklearn.preprocessing.LabelBinarizer", binarizer),
        "classes_": state["classes_"],
        "estimators_": members,
        "n_features_in_": state["n_features_in_"],
    }
    if "feature_names_in_" in state:
        obj.state["feature_names_in_"] = state["feature_names_in_"]


def _multi_class_down(obj: Obj, step: Step) -> None:
    """ "deprecated" means just what the newer release does (two: sigmoid, more: softmax)."""
    obj.state["multi_class"] = "deprecated"


def _penalty_up(obj: Obj, step: Step) -> None:
    penalty = obj.state.get("penalty")
    if text(penalty, "deprecated"):
        return
    if penalty is None:
        obj.state["C"] = float("inf")
    if not text(penalty, "elasticnet"):
        obj.state["l1_ratio"] = 1.0 if text(penalty, "l1") else 0.0
    obj.state["penalty"] = "deprecated"
    obj.state["n_jobs"] = None  # no effect any more, and a warning when it is set


def _penalty_down(obj: Obj, step: Step) -> None:
    if not text(obj.state.get("penalty"), "deprecated"):
        return
    ratio = obj.state.get("l1_ratio")
    if obj.state.get("C") == float("inf"):
        obj.state.update(penalty=None, C=1.0, l1_ratio=None)
    elif ratio is None or ratio == 0:
        obj.state.update(penalty="l2", l1_ratio=None)
    elif ratio == 1:
        obj.state.update(penalty="l1", l1_ratio=None)
    else:
        obj.state["penalty"] = "elasticnet"


def _cv_penalty_up(obj: Obj, step: Step) -> None:
    penalty = obj.state.get("penalty")
    if text(penalty, "l1"):
        obj.state["l1_ratios"] = (1.0,)
    elif text(penalty, "l2"):
        obj.state["l1_ratios"] = (0.0,)
    if penalty is not None:
        obj.state["penalty"] = "deprecated"


def _cv_penalty_down(obj: Obj, step: Step) -> None:
    if not text(obj.state.get("penalty"), "deprecated"):
        return
    ratios: Any = obj.state.get("l1_ratios")
    plain = ratios is None or isinstance(ratios, str) or len(ratios) == 0
    if plain or (len(ratios) == 1 and float(ratios[0]) in (0.0, 1.0)):
        obj.state["penalty"] = "l2" if plain or float(ratios[0]) == 0.0 else "l1"
        obj.state["l1_ratios"] = None
    else:
        obj.state["penalty"] = "elasticnet"


# ------------------------------------------------------------------ imputation
def _imputer_up(obj: Obj, step: Step) -> None:
    statistics = obj.state.get("statistics_")
    if statistics is None:
        return
    # an older release fills in the statistics as they are, whatever type the data had
    obj.state["_fill_dtype"] = statistics.dtype
    if text(obj.state.get("strategy"), "constant"):
        value = statistics.astype(object)
        missing = [item != item for item in value]
        if any(missing) and not obj.state.get("keep_empty_features"):
            # an older constant keeps every feature, even one that it fills with nan
            obj.state["keep_empty_features"] = True
        obj.state["statistics_"] = value


def _imputer_down(obj: Obj, step: Step) -> None:
    dtype = obj.state.pop("_fill_dtype", None)
    statistics = obj.state.get("statistics_")
    if statistics is None:
        return
    if not text(obj.state.get("strategy"), "constant"):
        obj.state["statistics_"] = _as_filled_in(statistics, dtype)
        return
    empty = [item != item for item in statistics]
    if any(empty) and not obj.state.get("keep_empty_features"):
        step.loss(obj, f"empty features are dropped; {step.older} keeps them with a constant")
    if dtype is not None and (not any(empty) or np.dtype(dtype).kind == "f"):
        obj.state["statistics_"] = statistics.astype(dtype)


def _as_filled_in(statistics: Any, dtype: Any) -> Any:
    """Numbers as the newer release fills them in: cast to the type of the data in `fit`."""
    if dtype is None or np.dtype(dtype).kind not in "fiu" or statistics.dtype.kind != "f":
        return statistics
    known = ~np.isnan(statistics)
    cast = statistics[known].astype(dtype).astype(statistics.dtype)
    if np.array_equal(cast, statistics[known]):
        return statistics
    result = statistics.copy()
    result[known] = cast
    return result


# ------------------------------------------------------------------ others
def _clip_up(obj: Obj, step: Step) -> None:
    boosting.carry_raw(obj, step, (boosting.SINGLE, True), (boosting.DOUBLE, True))


def _clip_down(obj: Obj, step: Step) -> None:
    boosting.carry_raw(obj, step, (boosting.DOUBLE, True), (boosting.SINGLE, True))


def _prefit_up(obj: Obj, step: Step) -> None:
    """A prefit estimator is a frozen one now; what was fitted stays as it is."""
    if text(obj.state.get("cv"), "prefit"):
        estimator = obj.state.get("estimator")
        if is_obj(estimator) and estimator.tag != FROZEN:
            obj.state["estimator"] = Obj(FROZEN, {"estimator": estimator})
        obj.state.update(cv=None, ensemble="auto")


def _prefit_down(obj: Obj, step: Step) -> None:
    """The older release knows frozen estimators too."""


def _eta_up(obj: Obj, step: Step) -> None:
    obj.state["eta0"] = obj.state.get("C", 1.0)


def _eta_down(obj: Obj, step: Step) -> None:
    obj.state["eta0"] = 1.0


def _mds_up(obj: Obj, step: Step) -> None:
    metric = bool(obj.state.get("metric", True))
    kind = obj.state.get("dissimilarity", "euclidean")
    obj.state.update(metric_mds=metric, metric=kind, dissimilarity="deprecated", init="random")
    if "embedding_" in obj.state:
        obj.state.update(_init="random", _metric=kind, _metric_mds=metric)


def _mds_down(obj: Obj, step: Step) -> None:
    kind = obj.state.get("metric")
    if not text(kind, "euclidean", "precomputed"):
        step.note(obj, f"a fit with metric={kind!r} is not possible in {step.older}")
        kind = "euclidean"
    obj.state.update(metric=obj.state.pop("metric_mds", True), dissimilarity=kind)
    for name in ("init", "_init", "_metric", "_metric_mds"):
        obj.state.pop(name, None)


def _missing_left(obj: Obj) -> bool:
    """Whether a missing value goes left anywhere; before, decision_path sent it to the right."""
    tree = tree_of(obj)
    trees = [tree] if tree is not None else [tree_of(member) for member in members(obj)]
    return any(tree is not None and tree.state["nodes"][LEFT].any() for tree in trees)


def _of_dot_products(obj: Obj) -> bool:
    """Are the terms of the likelihood written into an array of the input's dtype?"""
    return text(obj.state.get("covariance_type"), "full", "tied")


RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=(LOGISTIC,),
            names=("penalty", "l1_ratio", "C", "n_jobs"),
            to_new=_penalty_up,
            to_old=_penalty_down,
            why="linear_model/_logistic.py: fit",
        ),
        Rewritten(
            classes=(LOGISTIC_CV,),
            names=("penalty", "l1_ratios"),
            to_new=_cv_penalty_up,
            to_old=_cv_penalty_down,
            why="linear_model/_logistic.py: fit",
        ),
        # after the settings, because a model may become one of another class here
        Rewritten(
            classes=(LOGISTIC, LOGISTIC_CV),
            names=("multi_class",),
            to_new=_multi_class_up,
            to_old=_multi_class_down,
            why="linear_model/_logistic.py: predict_proba",
        ),
        Rewritten(
            classes=(boosting.CLASSIFIER,),
            names=("init_",),
            to_new=_clip_up,
            to_old=_clip_down,
            why="ensemble/_gb.py: _init_raw_predictions, eps",
        ),
        Rewritten(
            classes=("sklearn.impute.SimpleImputer",),
            names=("statistics_", "_fill_dtype"),
            to_new=_imputer_up,
            to_old=_imputer_down,
            why="impute/_base.py: fit, transform",
        ),
        Rewritten(
            classes=("sklearn.calibration.CalibratedClassifierCV",),
            names=("cv", "ensemble", "estimator"),
            to_new=_prefit_up,
            to_old=_prefit_down,
            why="calibration.py: cv='prefit' removed",
        ),
        Removed(
            classes=SGD,
            name="C",
            restore=1.0,
            neutral=DERIVED,
            when=always,
            why="linear_model/_stochastic_gradient.py: BaseSGD.__init__",
        ),
        Retyped(
            classes=SGD,
            name="eta0",
            to_new=lambda eta0: eta0 or 0.01,
            to_old=swap({}),
            why="linear_model/_stochastic_gradient.py: not read where zero was allowed",
        ),
        Rewritten(
            classes=PASSIVE_AGGRESSIVE,
            names=("eta0",),
            to_new=_eta_up,
            to_old=_eta_down,
            why="linear_model/_passive_aggressive.py: __init__",
        ),
        Added(
            classes=RIDGE,
            name="classes_",
            value=lambda obj: obj.state["_label_binarizer"].state["classes_"],
            neutral=DERIVED,
            when=lambda obj: is_obj(obj.state.get("_label_binarizer")),
            why="linear_model/_ridge.py: a property before",
        ),
        Added(
            classes=(*BAGGING, "sklearn.ensemble.IsolationForest"),
            name="_sample_weight",
            value=None,
            neutral=DERIVED,
            why="ensemble/_bagging.py: _fit; read only by estimators_samples_",
        ),
        Added(
            classes=("sklearn.decomposition.SparseCoder",),
            name="n_components_",
            value=lambda obj: int(obj.state["dictionary"].shape[0]),
            neutral=DERIVED,
            when=has("dictionary"),
            why="decomposition/_dict_learning.py: a property before",
        ),
        Added(
            classes=("sklearn.decomposition.SparseCoder",),
            name="n_features_in_",
            value=lambda obj: int(obj.state["dictionary"].shape[1]),
            neutral=DERIVED,
            when=has("dictionary"),
            why="decomposition/_dict_learning.py: a property before",
        ),
        Rewritten(
            classes=("sklearn.manifold.MDS",),
            names=(
                "metric",
                "dissimilarity",
                "metric_mds",
                "init",
                "_init",
                "_metric",
                "_metric_mds",
            ),
            to_new=_mds_up,
            to_old=_mds_down,
            why="manifold/_mds.py: metric renamed to metric_mds, dissimilarity to metric",
        ),
        Retyped(
            classes=BAGGING,
            name="max_samples",
            to_new=swap({}),
            to_old=swap({None: 1.0}),
            why="ensemble/_bagging.py: None draws as many as there are",
        ),
        Changed(
            classes=TREES,
            method="decision_path",
            when=_missing_left,
            why="tree/_tree.pyx: decision_path follows missing values",
        ),
        Changed(
            classes=("sklearn.preprocessing.OneHotEncoder",),
            method="transform",
            when=encoders.warns_of_infrequent,
            why="preprocessing/_encoders.py: _map_infrequent_categories knows 'warn'",
        ),
        Parameter(
            classes=("sklearn.preprocessing.MaxAbsScaler",),
            name="clip",
            neutral=(False,),
            why="preprocessing/_data.py: transform",
        ),
        Parameter(
            classes=("sklearn.preprocessing.SplineTransformer",),
            name="handle_missing",
            neutral=("error",),
            why="preprocessing/_polynomial.py: transform",
        ),
        Removed(
            classes=requests.SCORERS,
            name="_deprecation_msg",
            restore=None,
            neutral=DERIVED,
            when=always,
            why="metrics/_scorer.py: _BaseScorer.__init__",
        ),
        Removed(
            classes=(requests.PASSTHROUGH,),
            name="_metadata_request",
            restore=requests.passthrough_requests,
            neutral=DERIVED,
            when=always,
            why="metrics/_scorer.py: _PassthroughScorer",
        ),
        Retyped(
            classes=(requests.REQUEST, requests.METHOD_REQUEST),
            name="owner",
            to_new=lambda owner: owner,
            to_old=requests.owner_name,
            why="utils/_metadata_requests.py: only named in messages",
        ),
        Explained(
            classes=(
                "sklearn.preprocessing.StandardScaler",
                "sklearn.decomposition.IncrementalPCA",
            ),
            names=("n_samples_seen_",),
            why="utils/extmath.py: _incremental_mean_and_var counts in floats",
        ),
        Explained(
            classes=("sklearn.linear_model.RidgeCV", "sklearn.linear_model.RidgeClassifierCV"),
            names=("alpha_",),
            why="linear_model/_ridge.py: float instead of numpy.float64",
        ),
        Changed(
            classes=("sklearn.decomposition.IncrementalPCA", "sklearn.decomposition.PCA"),
            method="inverse_transform",
            when=lambda obj: not obj.state.get("n_components_", 1),
            why="decomposition/_base.py: inverse_transform checks its input, and a model of no "
            "components has none to give",
        ),
        *(
            Changed(
                classes=tags(
                    "decomposition.DictionaryLearning decomposition.MiniBatchDictionaryLearning "
                    "decomposition.SparseCoder"
                ),
                method=method,
                when=lambda obj: text(obj.state.get("transform_algorithm"), "lasso_cd"),
                why="linear_model/_cd_fast.pyx: coordinate descent stops at another iterate",
            )
            for method in ("transform", "inverse_transform")
        ),
        *(
            Changed(
                classes=tags("mixture.BayesianGaussianMixture mixture.GaussianMixture"),
                method=method,
                when=_of_dot_products,
                why="mixture/_gaussian_mixture.py: of integers is rounded to integers",
            )
            for method in ("predict", "predict_proba", "score_samples")
        ),
        Born(
            classes=(
                "sklearn.manifold.ClassicalMDS",
                "sklearn.calibration._TemperatureScaling",
            ),
            why="changelog 1.8.0: new classes",
        ),
    ],
)
