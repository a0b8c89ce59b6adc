"""scikit-learn 1.2.0: `base_estimator` becomes `estimator`; `normalize` is gone; set_output.

Sources: doc/whats_new/v1.2.rst, the installed files of 1.1.3 and 1.2.0 that each operation names.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from skmig.adapters import clustering, columns, empty, factorization, shapes
from skmig.adapters.columns import FUNCTION_TRANSFORMER, identity, is_empty
from skmig.adapters.forms import is_obj, swap, text
from skmig.adapters.ops import (
    DERIVED,
    Explained,
    Op,
    Parameter,
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
from skmig.adapters.rules.v1_0 import KEEPS_NORMALIZE, NORMALIZED
from skmig.adapters.shapes import tags
from skmig.adapters.training import since_here
from skmig.payload import Obj

SINCE = "1.2.0"

_WITH_PARAMETER = (*shapes.ADABOOST, *shapes.BAGGING)
_WITH_ATTRIBUTE = (*shapes.FORESTS, *shapes.ISOLATION_FOREST)
_AGGLOMERATIVE = tags("cluster.AgglomerativeClustering cluster.FeatureAgglomeration")
_LOGISTIC = tags("linear_model.LogisticRegression linear_model.LogisticRegressionCV")
_BATCH_NMF = ("sklearn.decomposition.MiniBatchNMF",)
_BATCH_SPCA = ("sklearn.decomposition.MiniBatchSparsePCA",)


# ------------------------------------------------------------------ estimator
def _estimator_up(obj: Obj, step: Step) -> None:
    if "base_estimator" in obj.state and "estimator" not in obj.state:
        obj.state["estimator"] = obj.state["base_estimator"]
        obj.state["base_estimator"] = "deprecated"


def _estimator_down(obj: Obj, step: Step) -> None:
    if "estimator" not in obj.state:
        return
    given = obj.state.pop("estimator")
    if obj.state.get("base_estimator") is None or text(obj.state["base_estimator"], "deprecated"):
        obj.state["base_estimator"] = given


# ------------------------------------------------------------------ normalize
def _normalize_up(obj: Obj, step: Step) -> None:
    """What 'deprecated' stands for changed with the default."""
    if text(obj.state.get("normalize"), "deprecated"):
        step.note(obj, "a refit does not normalize the features: put a scaler before it")


def _normalize_down(obj: Obj, step: Step) -> None:
    if text(obj.state.get("normalize"), "deprecated"):
        obj.state["normalize"] = False


def _deviation_up(obj: Obj, step: Step) -> None:
    """The oldest models keep nothing that a standard deviation could be told from."""
    if obj.state.pop("_normalize", False) and "X_offset_" in obj.state:
        step.loss(obj, f"predict(return_std=True) does not normalize its input in {step.newer}")


def _deviation_down(obj: Obj, step: Step) -> None:
    if fitted(obj):
        obj.state["_normalize"] = False


# ------------------------------------------------------------------ ColumnTransformer
def _passthrough_up(obj: Obj, step: Step) -> None:
    if "transformers_" in obj.state and "_name_to_fitted_passthrough" not in obj.state:
        obj.state["_name_to_fitted_passthrough"] = {
            name: identity(obj, name, step, step.newer)
            for name, transformer, chosen in obj.state["transformers_"]
            if text(transformer, "passthrough") and not is_empty(chosen)
        }
        _functions_up(obj)


def _passthrough_down(obj: Obj, step: Step) -> None:
    obj.state.pop("_name_to_fitted_passthrough", None)


def _same(obj: Obj, step: Step) -> None:
    """An older release has no such setting."""


def _output_down(obj: Obj, step: Step) -> None:
    config = obj.state.pop("_sklearn_output_config", None) or {}
    chosen = config.get("transform", "default")
    if chosen not in (None, "default"):
        step.loss(obj, f"`set_output(transform={chosen!r})`: older releases return arrays")


def _isomap_up(obj: Obj, step: Step) -> None:
    columns.plain_output(obj, "kernel_pca_")


def _function_down(obj: Obj, step: Step) -> None:
    """Nothing but get_feature_names_out reads them without validation."""
    if not obj.state.get("validate") and obj.state.get("feature_names_out") is None:
        obj.state.pop("n_features_in_", None)
        obj.state.pop("feature_names_in_", None)


def _as_many(part: Obj) -> bool:
    """Does it give the columns that it gets?"""
    return part.state.get("func") is None or part.state.get("feature_names_out") == "one-to-one"


def _chain_up(obj: Obj, step: Step) -> None:
    """The identity was fitted on as many columns as the step after it."""
    steps = [part for _, part in obj.state.get("steps", ())]
    for part, after in itertools.pairwise(steps):
        if is_obj(part, FUNCTION_TRANSFORMER) and _as_many(part):
            for name in ("n_features_in_", "feature_names_in_"):
                if name in after.state:
                    part.state.setdefault(name, after.state[name])


def _functions_up(obj: Obj) -> None:
    """A FunctionTransformer among the transformers has seen the columns that it was given."""
    names = obj.state.get("feature_names_in_")
    known = obj.state.get("_transformer_to_input_indices", {})
    for name, transformer, chosen in obj.state["transformers_"]:
        if is_obj(transformer, FUNCTION_TRANSFORMER) and known.get(name):
            if isinstance(chosen, str | int):
                continue  # it was given a single column, not a table
            transformer.state.setdefault("n_features_in_", len(known[name]))
            if names is not None:
                transformer.state.setdefault("feature_names_in_", names[list(known[name])])


def _one_vs_rest_down(obj: Obj, step: Step) -> None:
    """What "auto" means for the solver 'newton-cholesky'; for every other it is multinomial."""
    if text(obj.state.get("solver"), "newton-cholesky") and text(obj.state["multi_class"], "auto"):
        obj.state["multi_class"] = "ovr"


def _penalty_down(obj: Obj, step: Step) -> None:
    if "penalty" in obj.state and obj.state["penalty"] is None:
        obj.state["penalty"] = "none"


# ------------------------------------------------------------------ encoders and imputers
def _sparse_up(obj: Obj, step: Step) -> None:
    if "sparse" in obj.state and "sparse_output" not in obj.state:
        obj.state["sparse_output"] = obj.state["sparse"]
        obj.state["sparse"] = "deprecated"


def _sparse_down(obj: Obj, step: Step) -> None:
    if "sparse_output" in obj.state:
        obj.state["sparse"] = obj.state.pop("sparse_output")


# ------------------------------------------------------------------ clustering


# ------------------------------------------------------------------ networks
def _network_up(obj: Obj, step: Step) -> None:
    """`_initialize`: what early stopping does not use is None."""
    state = obj.state
    if "coefs_" not in state or state.get("solver") == "lbfgs":
        return
    if state.get("early_stopping"):
        state["best_loss_"] = None
    else:
        state.setdefault("validation_scores_", None)
        state.setdefault("best_validation_score_", None)


def _network_down(obj: Obj, step: Step) -> None:
    for name in ("best_loss_", "validation_scores_", "best_validation_score_"):
        if name in obj.state and obj.state[name] is None:
            del obj.state[name]


# ------------------------------------------------------------------ others
def _encoders_down(obj: Obj, step: Step) -> None:
    if isinstance(obj.state.get("_label_encoder"), list):
        raise Refusal("several labels for a sample, which came with scikit-learn 1.2")


def _bandwidth_up(obj: Obj, step: Step) -> None:
    if "tree_" in obj.state:
        obj.state.setdefault("bandwidth_", obj.state["bandwidth"])


def _bandwidth_down(obj: Obj, step: Step) -> None:
    found = obj.state.pop("bandwidth_", None)
    if found is not None and isinstance(obj.state.get("bandwidth"), str):
        step.note(obj, f"`bandwidth={obj.state['bandwidth']!r}` is written as its value")
        obj.state["bandwidth"] = float(found)


def _gamma_down(obj: Obj, step: Step) -> None:
    found = obj.state.pop("_gamma", None)
    if isinstance(obj.state.get("gamma"), str):
        obj.state["gamma"] = 1.0 if found is None else float(found)
        step.note(obj, "`gamma='scale'` is written as its value")


def _gamma_up(obj: Obj, step: Step) -> None:
    if "random_weights_" in obj.state:
        obj.state.setdefault("_gamma", obj.state["gamma"])


_Values = dict[Any, Any]
# classes, parameter, values going up, values going down
_SPELLINGS: tuple[tuple[str, str, _Values, _Values], ...] = (
    ("cluster.SpectralClustering", "eigen_tol", {}, {"auto": 0.0}),
    ("linear_model.QuantileRegressor", "solver", {}, {"warn": "interior-point"}),
    ("manifold.TSNE", "init", {"warn": "random"}, {}),
    ("manifold.TSNE", "learning_rate", {"warn": 200.0}, {}),
    ("manifold.TSNE", "square_distances", {"legacy": "deprecated"}, {}),
)

_OPS: list[Op] = [
    Rewritten(
        classes=empty.CLASSES,
        to_new=empty.refuse_above,
        to_old=empty.refuse_below,
        why="base.py: BaseEstimator.__getstate__ (repaired in 1.2.1)",
    ),
    # estimator
    Rewritten(
        classes=(
            *_WITH_PARAMETER,
            *_WITH_ATTRIBUTE,
            "sklearn.calibration.CalibratedClassifierCV",
        ),
        to_new=_estimator_up,
        to_old=_estimator_down,
        names=("base_estimator", "estimator"),
        why="ensemble/_base.py, calibration.py: base_estimator is deprecated (#23819, #22054)",
    ),
    Renamed(
        classes=(*_WITH_PARAMETER, *_WITH_ATTRIBUTE),
        old="base_estimator_",
        new="_estimator",
        why="ensemble/_base.py: base_estimator_ is a deprecated property (until 1.2.2)",
    ),
    Renamed(
        classes=("sklearn.calibration._CalibratedClassifier",),
        old="base_estimator",
        new="estimator",
        why="calibration.py: `_CalibratedClassifier.__init__`",
    ),
    # columns
    Rewritten(
        classes=("sklearn.compose.ColumnTransformer",),
        to_new=_passthrough_up,
        to_old=_passthrough_down,
        names=("_name_to_fitted_passthrough",),
        why="compose/_column_transformer.py: `_update_fitted_transformers`",
    ),
    Rewritten(
        classes=shapes.ESTIMATORS,
        to_new=_same,
        to_old=_output_down,
        names=("_sklearn_output_config",),
        why="utils/_set_output.py: set_output (#23734)",
    ),
    Rewritten(
        classes=("sklearn.manifold.Isomap",),
        to_new=_isomap_up,
        to_old=_same,
        why="manifold/_isomap.py: fit calls set_output(transform='default') of kernel_pca_",
    ),
    # preprocessing
    Rewritten(
        classes=("sklearn.preprocessing.OneHotEncoder",),
        to_new=_sparse_up,
        to_old=_sparse_down,
        names=("sparse", "sparse_output"),
        why="preprocessing/_encoders.py: sparse is deprecated for sparse_output (#24412)",
    ),
    Parameter(
        classes=("sklearn.impute.SimpleImputer",),
        name="keep_empty_features",
        neutral=(False, True),
        why="impute/_base.py: columns are dropped where statistics_ is nan; with True it is 0",
    ),
    Parameter(
        classes=tags("impute.IterativeImputer impute.KNNImputer"),
        name="keep_empty_features",
        why="impute/_knn.py, impute/_iterative.py: transform reads it",
    ),
    Rewritten(
        classes=(FUNCTION_TRANSFORMER,),
        to_new=_same,
        to_old=_function_down,
        names=("n_features_in_", "feature_names_in_"),
        why="preprocessing/_function_transformer.py: counted without validation too",
    ),
    Rewritten(
        classes=("sklearn.pipeline.Pipeline",),
        to_new=_chain_up,
        to_old=_same,
        why="preprocessing/_function_transformer.py: counted without validation too",
    ),
    Retyped(
        classes=("sklearn.linear_model.LogisticRegression", *shapes.SGD),
        name="penalty",
        to_new=swap({"none": None}),
        to_old=lambda value: value,
        why="linear_model/_logistic.py, _stochastic_gradient.py: 'none' is deprecated for None",
    ),
    Rewritten(
        classes=("sklearn.linear_model.LogisticRegression",),
        to_new=_same,
        to_old=_penalty_down,
        why="linear_model/_logistic.py: older releases do not know None",
    ),
    # linear models
    since_here(
        (*_LOGISTIC, *shapes.GENERALIZED_LINEAR),
        "solver",
        {"newton-cholesky": "lbfgs"},
        "linear_model/_logistic.py: _check_solver",
    ),
    # below the solver, so that it is still known going down
    Rewritten(
        classes=_LOGISTIC,
        to_new=_same,
        to_old=_one_vs_rest_down,
        names=("multi_class",),
        why="linear_model/_logistic.py: _check_multi_class, predict_proba",
    ),
    Rewritten(
        classes=KEEPS_NORMALIZE[:2],
        to_new=_deviation_up,
        to_old=_deviation_down,
        names=("_normalize",),
        why="linear_model/_bayes.py: predict(return_std=True) does not normalize",
    ),
    Retyped(
        classes=("sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis",),
        name="priors",
        to_new=lambda value: value,
        to_old=lambda value: None if value is None else np.asarray(value),
        why="discriminant_analysis.py: __init__ made an array of it, which clone compares",
    ),
    Removed(
        classes=KEEPS_NORMALIZE[2:],
        name="_normalize",
        restore=False,
        neutral=DERIVED,
        why="linear_model/_ridge.py: only fit read it",
    ),
    Rewritten(
        classes=NORMALIZED,
        to_new=_normalize_up,
        to_old=_normalize_down,
        names=("normalize",),
        why="linear_model/_least_angle.py, _omp.py: the default went from True to False",
    ),
    # trees and supports
    Removed(
        classes=("sklearn.decomposition.PCA",),
        name="n_features_",
        restore=shapes.n_features,
        neutral=DERIVED,
        when=shapes.known_features,
        why="decomposition/_pca.py: a deprecated property of n_features_in_",
    ),
    Removed(
        classes=tags("svm.NuSVR svm.OneClassSVM svm.SVR"),
        name="class_weight_",
        restore=lambda obj: np.empty(0),
        neutral=DERIVED,
        when=has("support_"),
        why="svm/_base.py: `_validate_targets` of regressors no longer sets an empty array",
    ),
    # boosting, stacking, networks
    Renamed(
        classes=("sklearn.ensemble.StackingClassifier",),
        old="_le",
        new="_label_encoder",
        why="ensemble/_stacking.py: one for each label",
    ),
    Rewritten(
        classes=("sklearn.ensemble.StackingClassifier",),
        to_new=_same,
        to_old=_encoders_down,
        why="ensemble/_stacking.py: multilabel targets (#24146)",
    ),
    Rewritten(
        classes=shapes.MLP,
        to_new=_network_up,
        to_old=_network_down,
        names=("best_loss_", "validation_scores_", "best_validation_score_"),
        why="neural_network/_multilayer_perceptron.py: `_initialize` (#24683)",
    ),
    # clustering
    Rewritten(
        classes=_AGGLOMERATIVE,
        to_new=clustering.affinity_up,
        to_old=clustering.affinity_down,
        names=("affinity", "metric", "_metric"),
        why="cluster/_agglomerative.py: affinity is deprecated for metric (#23470)",
    ),
    Rewritten(
        classes=tags("cluster.KMeans cluster.MiniBatchKMeans"),
        to_new=_same,
        to_old=clustering.starts_down,
        names=("n_init",),
        why="cluster/_kmeans.py: n_init may be 'auto' (#23038)",
    ),
    *(
        Removed(
            classes=("sklearn.cluster.Birch",),
            name=name,
            restore=value,
            neutral=DERIVED,
            why="cluster/_birch.py: which method has fitted it; deprecated attributes read it",
        )
        for name, value in (("_deprecated_fit", True), ("_deprecated_partial_fit", False))
    ),
    # others
    Rewritten(
        classes=("sklearn.neighbors.KernelDensity",),
        to_new=_bandwidth_up,
        to_old=_bandwidth_down,
        names=("bandwidth", "bandwidth_"),
        why="neighbors/_kde.py: bandwidth may name a rule (#10468)",
    ),
    Rewritten(
        classes=("sklearn.kernel_approximation.RBFSampler",),
        to_new=_gamma_up,
        to_old=_gamma_down,
        names=("gamma", "_gamma"),
        why="kernel_approximation.py: gamma may be 'scale' (#24755)",
    ),
    Rewritten(
        classes=("sklearn.decomposition.NMF", *_BATCH_NMF),
        to_new=factorization.weights_up,
        to_old=factorization.weights_down,
        names=("alpha", "alpha_W", "alpha_H", "regularization", *factorization.REGULARIZATION),
        why="decomposition/_nmf.py: `_compute_regularization` works from alpha_W and alpha_H",
    ),
    *(
        Removed(
            classes=_BATCH_NMF,
            name=name,
            restore=value,
            neutral=DERIVED,
            when=always,
            why="decomposition/_nmf.py: no longer a subclass of NMF",
        )
        for name, value in (("shuffle", False), ("solver", "mu"))
    ),
    *(
        Removed(
            classes=_BATCH_SPCA,
            name=name,
            restore=None,
            neutral=DERIVED,
            when=always,
            why="decomposition/_sparse_pca.py: no longer a subclass of SparsePCA",
        )
        for name in ("U_init", "V_init")
    ),
    Explained(
        classes=_BATCH_SPCA,
        names=("n_iter_", "tol"),
        why="the type of a scalar; tol was an attribute, of SparsePCA.__init__",
    ),
    Retyped(
        classes=_BATCH_SPCA,
        name="max_iter",
        to_new=swap({1000: None}),
        to_old=swap({None: 1000}),
        why="decomposition/_sparse_pca.py: before, an attribute, of SparsePCA.__init__",
    ),
    Parameter(
        classes=("sklearn.manifold.MDS",),
        name="normalized_stress",
        value=False,
        use_default=False,
        neutral=lambda value: True,
        why="manifold/_mds.py: read by fit; before, stress was not normalized",
    ),
    *(
        Retyped(
            classes=tags(classes),
            name=name,
            to_new=swap(up),
            to_old=swap(down),
            why="the default changed; its spelling is unknown on the other side",
        )
        for classes, name, up, down in _SPELLINGS
    ),
    Explained(
        classes=shapes.GENERALIZED_LINEAR,
        names=("solver",),
        why="linear_model/_glm/glm.py: before, an attribute of the same value",
    ),
    Retyped(
        classes=_BATCH_SPCA,
        name="n_iter",
        to_new=lambda value: value,
        to_old=swap({"deprecated": 100}),
        why="decomposition/_sparse_pca.py: n_iter is deprecated for max_iter",
    ),
    Removed(
        classes=("sklearn.linear_model.TheilSenRegressor",),
        name="_max_subpopulation",
        restore=lambda obj: obj.state.get("max_subpopulation"),
        neutral=DERIVED,
        why="linear_model/_theil_sen.py",
    ),
    Removed(
        classes=("sklearn.manifold.TSNE",),
        name="_init",
        restore=lambda obj: obj.state.get("init"),
        neutral=DERIVED,
        why="manifold/_t_sne.py",
    ),
    Renamed(
        classes=("sklearn.manifold.TSNE",),
        old="_learning_rate",
        new="learning_rate_",
        why="manifold/_t_sne.py: made public",
    ),
    Removed(
        classes=("sklearn.covariance.GraphicalLassoCV",),
        name="alpha",
        restore=0.01,
        neutral=DERIVED,
        when=always,
        why="covariance/_graph_lasso.py: no longer a subclass of GraphicalLasso",
    ),
    Explained(
        classes=("sklearn.covariance.GraphicalLassoCV",),
        names=("cv_results_",),
        why="covariance/_graph_lasso.py: the deprecated keys are gone",
    ),
]

RULES = rules(SINCE, _OPS)
