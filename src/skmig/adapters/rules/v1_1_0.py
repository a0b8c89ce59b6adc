"""scikit-learn 1.1.0: shared losses, infrequent categories, libsvm's iterations, output widths.

Sources: doc/whats_new/v1.1.rst, the installed files of 1.0.2 and 1.1.0 that each operation names.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters import clustering, factorization, hist_boosting, metrics, shapes
from skmig.adapters.forms import is_obj, swap, text
from skmig.adapters.ops import (
    DERIVED,
    Accepted,
    Added,
    Born,
    Changed,
    Explained,
    Gone,
    Op,
    Parameter,
    Refusal,
    Removed,
    Renamed,
    Retyped,
    Rewritten,
    Step,
    always,
    has,
    rules,
    short,
)
from skmig.adapters.outputs import one_hot_widths
from skmig.adapters.shapes import never, tags
from skmig.payload import Name, New, Obj

SINCE = "1.1.0"

_HGB = shapes.HIST_GRADIENT_BOOSTING
_MINI_BATCH = ("sklearn.cluster.MiniBatchKMeans",)
_DICTIONARY = ("sklearn.decomposition.MiniBatchDictionaryLearning",)
_ONE_HOT = ("sklearn.preprocessing.OneHotEncoder",)
_ORDINAL = ("sklearn.preprocessing.OrdinalEncoder",)
_PLS = shapes.PLS[:3]
_CLASSIFICATION_TREES = tags(
    "ensemble.ExtraTreesClassifier ensemble.RandomForestClassifier tree.DecisionTreeClassifier "
    "tree.ExtraTreeClassifier"
)
_REGRESSION_TREES = tags(
    "ensemble.ExtraTreesRegressor ensemble.RandomForestRegressor tree.DecisionTreeRegressor "
    "tree.ExtraTreeRegressor"
)


# ------------------------------------------------------------------ losses


def _general_up(obj: Obj, step: Step) -> None:
    """`_GeneralizedLinearRegressor._get_loss` of each subclass."""
    if "_family_instance" not in obj.state:
        return
    obj.state.pop("_family_instance")
    link = obj.state.pop("_link_instance")
    if obj.tag.endswith(".PoissonRegressor"):
        loss = New("sklearn._loss.HalfPoissonLoss")
    elif obj.tag.endswith(".GammaRegressor"):
        loss = New("sklearn._loss.HalfGammaLoss")
    else:
        identity = is_obj(link) and link.tag.endswith(".IdentityLink")
        name = "HalfTweedieLossIdentity" if identity else "HalfTweedieLoss"
        loss = New(f"sklearn._loss.{name}", {"power": obj.state["power"]})
    obj.state["_base_loss"] = loss
    if not obj.tag.endswith(".TweedieRegressor"):
        obj.state.pop("link", None)


def _general_down(obj: Obj, step: Step) -> None:
    """What `__init__` of the older base class sets, and the distribution and link of `fit`."""
    state = obj.state
    loss = state.pop("_base_loss", None)
    name = obj.tag.rpartition(".")[2].removesuffix("Regressor")
    state["solver"] = "lbfgs"
    if name != "Tweedie":
        state["link"] = "log"
    if not isinstance(loss, New):
        return
    power: float = state["power"] if name == "Tweedie" else {"Poisson": 1, "Gamma": 2}[name]
    # TweedieDistribution.power: where the values begin, and whether the bound is one of them
    bound = (-float("inf") if power <= 0 else 0, 1 <= power < 2)
    of = Name("type", "sklearn._loss.DistributionBoundary")
    lower = New("collections.namedtuple", {"of": of, "items": bound})
    family = {"_lower_bound": lower, "_power": power}
    link = "IdentityLink" if loss.tag.endswith("Identity") else "LogLink"
    state["_family_instance"] = Obj(f"sklearn._loss.{name}Distribution", family)
    state["_link_instance"] = Obj(f"sklearn.linear_model.{link}", {})
    if not obj.tag.endswith(".TweedieRegressor"):
        obj.state.setdefault("link", "log")


# ------------------------------------------------------------------ encoders
def _one_hot_up(obj: Obj, step: Step) -> None:
    state = obj.state
    state.setdefault("min_frequency", None)
    state.setdefault("max_categories", None)
    if "categories_" in state:
        state.setdefault("_infrequent_enabled", False)
        state.setdefault("_n_features_outs", one_hot_widths(obj))


def _most_up(obj: Obj, step: Step) -> None:
    most = obj.state.get("max_features")
    if "estimator_" in obj.state and most is not None:
        obj.state["max_features_"] = most


def _most_down(obj: Obj, step: Step) -> None:
    """What the function gave is the number that the older release reads."""
    given, most = obj.state.get("max_features"), obj.state.pop("max_features_", None)
    if given is None or isinstance(given, int | np.integer):
        return
    if most is None:
        raise Refusal(f"`max_features={given!r}`: {step.older} knows only numbers")
    obj.state["max_features"] = most
    step.note(obj, f"`max_features={given!r}` is written as the number that it gave")


def _one_hot_down(obj: Obj, step: Step) -> None:
    state = obj.state
    grouped = state.pop("_infrequent_indices", None) or ()
    if any(item is not None for item in grouped):
        raise Refusal("infrequent categories are grouped, which came with scikit-learn 1.1")
    for name in ("_infrequent_enabled", "_n_features_outs", "_default_to_infrequent_mappings"):
        state.pop(name, None)
    for name in ("min_frequency", "max_categories"):
        if state.pop(name, None) is not None:
            step.note(obj, f"`{name}` grouped nothing in the training data, and does not exist")
    if text(state.get("handle_unknown"), "infrequent_if_exist"):
        # without infrequent categories unknown ones become zeros, as with 'ignore'
        state["handle_unknown"] = "ignore"


def _ordinal_down(obj: Obj, step: Step) -> None:
    value = obj.state.pop("encoded_missing_value", float("nan"))
    if obj.state.get("_missing_indices") and value == value:
        step.loss(obj, f"missing values become {value!r}; older releases leave them nan")


def _ordinal_up(obj: Obj, step: Step) -> None:
    obj.state.setdefault("encoded_missing_value", float("nan"))


_TFIDF = ("norm", "use_idf", "smooth_idf", "sublinear_tf")


def _tfidf_up(obj: Obj, step: Step) -> None:
    """Until 1.0 the four settings were properties of the transformer within."""
    inner = obj.state.get("_tfidf")
    if isinstance(inner, Obj):
        for name in _TFIDF:
            obj.state.setdefault(name, inner.state[name])
        if "vocabulary_" not in obj.state:
            del obj.state["_tfidf"]  # made by fit


def _tfidf_down(obj: Obj, step: Step) -> None:
    settings = {name: obj.state.pop(name) for name in _TFIDF if name in obj.state}
    obj.state.setdefault("_tfidf", Obj("sklearn.feature_extraction.TfidfTransformer", settings))


# ------------------------------------------------------------------ clustering


# ------------------------------------------------------------------ widths of outputs


def _width(name: str, classes: str, how: Any) -> Added:
    return Added(
        classes=tags(classes),
        name="_n_features_out",
        value=lambda obj: how(obj.state[name]),
        neutral=DERIVED,
        when=has(name),
        why="base.py: `_ClassNamePrefixFeaturesOutMixin` names outputs by it",
    )


def _leaves(encoder: Obj) -> int:
    return sum(one_hot_widths(encoder))


def _stacked(obj: Obj) -> list[int]:
    """`_BaseStacking._concatenate_predictions`: how many columns each estimator adds."""
    result = []
    for part, method in zip(obj.state["estimators_"], obj.state["stack_method_"], strict=False):
        found = len(obj.state["classes_"]) if "classes_" in obj.state else 1
        if not isinstance(part, Obj) or text(method, "predict") or found == 1:
            result.append(1)
        else:
            result.append(found if found > 2 else 1)
    return result


# ------------------------------------------------------------------ others


def _consensus_up(obj: Obj, step: Step) -> None:
    if "base_estimator" in obj.state:
        obj.state["estimator"] = obj.state["base_estimator"]
        obj.state["base_estimator"] = "deprecated"


def _consensus_down(obj: Obj, step: Step) -> None:
    given = obj.state.pop("estimator", None)
    if text(obj.state.get("base_estimator"), "deprecated"):
        obj.state["base_estimator"] = given


def _array(value: Any) -> Any:
    return np.asarray(value) if isinstance(value, list | tuple) else value


def _unknown_iterations(obj: Obj) -> Any:
    """-1 for each problem that libsvm solved: the number was not recorded."""
    count = len(obj.state["intercept_"]) if obj.tag.endswith(("SVC",)) else 1
    return np.full(count, -1, dtype=np.int32)


def _function_up(obj: Obj, step: Step) -> None:
    """Where they were counted, they still are."""


def _function_down(obj: Obj, step: Step) -> None:
    if not obj.state.get("validate"):
        obj.state.pop("n_features_in_", None)
        obj.state.pop("feature_names_in_", None)


# ------------------------------------------------------------------ selection
def _selector_up(obj: Obj, step: Step) -> None:
    if "estimator_" in obj.state and obj.state.get("max_features") is not None:
        obj.state.setdefault("max_features_", obj.state["max_features"])


def _selector_down(obj: Obj, step: Step) -> None:
    """A function of the training data becomes the number that it gave."""
    number = obj.state.pop("max_features_", None)
    given = obj.state.get("max_features")
    if given is not None and not isinstance(given, int | np.integer):
        obj.state["max_features"] = number
        step.note(obj, f"`max_features={short(given)}`: a refit in {step.older} takes {number}")


def _constant_up(obj: Obj, step: Step) -> None:
    """Whole numbers are made floats before they are answered."""


def _constant_down(obj: Obj, step: Step) -> None:
    """Whole probabilities cannot be divided in place there (OneVsRestClassifier.predict_proba)."""
    if isinstance(obj.state.get("y_"), np.ndarray):
        obj.state["y_"] = obj.state["y_"].astype(np.float64)


def _one_column(obj: Obj) -> bool:
    y = obj.state.get("y_train_")
    return isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] == 1


_OPS: list[Op] = [
    Rewritten(
        classes=shapes.NEIGHBORS,
        to_new=metrics.weights_in_tree,
        to_old=metrics.weights_as_they_are,
        why="metrics/_dist_metrics.pyx: MinkowskiDistance has weights of its own",
    ),
    Rewritten(
        classes=("sklearn.preprocessing.FunctionTransformer",),
        to_new=_function_up,
        to_old=_function_down,
        names=("n_features_in_", "feature_names_in_"),
        why="preprocessing/_function_transformer.py: counted only to validate",
    ),
    # losses
    Rewritten(
        classes=_HGB,
        to_new=hist_boosting.boosting_up,
        to_old=hist_boosting.boosting_down,
        names=("_loss", "_baseline_prediction"),
        why="gradient_boosting.py: losses of sklearn._loss; raw predictions are (n_samples, K)",
    ),
    Renamed(
        classes=shapes.GRADIENT_BOOSTING,
        old="loss_",
        new="_loss",
        why="ensemble/_gb.py: loss_ is a deprecated property",
    ),
    Rewritten(
        classes=shapes.GENERALIZED_LINEAR,
        to_new=_general_up,
        to_old=_general_down,
        names=("_family_instance", "_link_instance", "link", "_base_loss"),
        why="linear_model/_glm/glm.py: losses of sklearn._loss",
    ),
    Retyped(
        classes=_HGB[:1],
        name="loss",
        to_new=swap(
            {
                "auto": "log_loss",
                "binary_crossentropy": "log_loss",
                "categorical_crossentropy": "log_loss",
            }
        ),
        to_old=swap({"log_loss": "auto"}),
        why="v1.1 release notes (#23046): one spelling",
    ),
    Retyped(
        classes=("sklearn.ensemble.GradientBoostingClassifier",),
        name="loss",
        to_new=swap({"deviance": "log_loss"}),
        to_old=swap({"log_loss": "deviance"}),
        why="v1.1 release notes (#23036): one spelling",
    ),
    Retyped(
        classes=("sklearn.linear_model.SGDClassifier",),
        name="loss",
        to_new=swap({"log": "log_loss"}),
        to_old=swap({"log_loss": "log"}),
        why="linear_model/_stochastic_gradient.py: `_check_proba` reads it (#23046)",
    ),
    Retyped(
        classes=_CLASSIFICATION_TREES,
        name="criterion",
        to_new=lambda value: value,
        to_old=swap({"log_loss": "entropy"}),
        why="tree/_classes.py: CRITERIA_CLF, both names mean Entropy",
    ),
    Retyped(
        classes=(*_CLASSIFICATION_TREES, "sklearn.ensemble.GradientBoostingClassifier"),
        name="max_features",
        to_new=swap({"auto": "sqrt"}),
        to_old=lambda value: value,
        why="tree/_classes.py: 'auto' is deprecated and means 'sqrt' for classifiers",
    ),
    Retyped(
        classes=(*_REGRESSION_TREES, "sklearn.ensemble.GradientBoostingRegressor"),
        name="max_features",
        to_new=swap({"auto": 1.0}),
        to_old=lambda value: value,
        why="tree/_classes.py: 'auto' is deprecated and means all features for regressors",
    ),
    # libsvm
    Added(
        classes=shapes.LIBSVM,
        name="_num_iter",
        value=_unknown_iterations,
        neutral=DERIVED,
        when=has("intercept_"),
        why="svm/_base.py: iterations of the optimiser, a fact of the training",
    ),
    Added(
        classes=shapes.LIBSVM,
        name="n_iter_",
        value=lambda obj: _unknown_iterations(obj) if obj.tag.endswith("SVC") else -1,
        neutral=DERIVED,
        when=has("intercept_"),
        why="svm/_base.py:282: an array for classifiers, a number otherwise",
    ),
    Explained(
        classes=tags("svm.LinearSVC svm.LinearSVR"),
        names=("n_iter_",),
        why="an int instead of numpy.int32",
    ),
    Rewritten(
        classes=("sklearn.feature_selection.SelectFromModel",),
        to_new=_selector_up,
        to_old=_selector_down,
        names=("max_features_",),
        why="feature_selection/_from_model.py: max_features may be a callable",
    ),
    # preprocessing
    Rewritten(
        classes=_ONE_HOT,
        to_new=_one_hot_up,
        to_old=_one_hot_down,
        names=(
            "min_frequency",
            "max_categories",
            "_infrequent_enabled",
            "_n_features_outs",
            "_default_to_infrequent_mappings",
            "_infrequent_indices",
            "handle_unknown",
        ),
        why="preprocessing/_encoders.py: `_fit_infrequent_category_mapping`",
    ),
    Rewritten(
        classes=_ORDINAL,
        to_new=_ordinal_up,
        to_old=_ordinal_down,
        names=("encoded_missing_value",),
        why="preprocessing/_encoders.py: transform writes it for missing values",
    ),
    Rewritten(
        classes=("sklearn.feature_extraction.TfidfVectorizer",),
        to_new=_tfidf_up,
        to_old=_tfidf_down,
        names=("_tfidf", *_TFIDF),
        why="feature_extraction/text.py: parameters stored as such, _tfidf made by fit",
    ),
    Retyped(
        classes=("sklearn.impute.SimpleImputer",),
        name="verbose",
        to_new=swap({0: "deprecated"}),
        to_old=swap({"deprecated": 0}),
        why="impute/_base.py: verbose is deprecated and warns",
    ),
    Added(
        classes=("sklearn.impute.KNNImputer",),
        name="_valid_mask",
        value=lambda obj: ~np.all(obj.state["_mask_fit_X"], axis=0),
        neutral=DERIVED,
        when=has("_mask_fit_X"),
        why="impute/_knn.py: transform worked it out each time",
    ),
    Parameter(
        classes=("sklearn.preprocessing.FunctionTransformer",),
        name="feature_names_out",
        neutral=lambda value: True,
        why="preprocessing/_function_transformer.py: only get_feature_names_out reads it, which "
        "older releases do not have",
    ),
    # clustering
    Rewritten(
        classes=("sklearn.cluster.KMeans",),
        to_new=clustering.algorithm_up,
        to_old=clustering.algorithm_down,
        names=("algorithm", "_algorithm"),
        why="cluster/_kmeans.py: 'auto' and 'full' are deprecated for 'lloyd'",
    ),
    *(
        Removed(
            classes=_MINI_BATCH,
            name=name,
            restore=value,
            neutral=DERIVED,
            when=always,
            why="cluster/_kmeans.py: no longer a subclass of KMeans",
        )
        for name, value in (("algorithm", "auto"), ("copy_x", True))
    ),
    Removed(
        classes=_MINI_BATCH,
        name="_algorithm",
        restore=lambda obj: "full" if obj.state.get("n_clusters") == 1 else "elkan",
        neutral=DERIVED,
        why="cluster/_kmeans.py: no longer a subclass of KMeans",
    ),
    # output widths
    _width("cluster_centers_", "cluster.KMeans cluster.MiniBatchKMeans", shapes.rows),
    _width("subcluster_centers_", "cluster.Birch", shapes.rows),
    _width("n_clusters_", "cluster.FeatureAgglomeration", int),
    _width("components_", "kernel_approximation.Nystroem neural_network.BernoulliRBM", shapes.rows),
    _width("components_", "neighbors.NeighborhoodComponentsAnalysis", shapes.columns),
    _width(
        "n_components",
        "kernel_approximation.PolynomialCountSketch kernel_approximation.RBFSampler "
        "kernel_approximation.SkewedChi2Sampler",
        int,
    ),
    _width(
        "x_rotations_",
        "cross_decomposition.CCA cross_decomposition.PLSCanonical "
        "cross_decomposition.PLSRegression",
        shapes.columns,
    ),
    _width("x_weights_", "cross_decomposition.PLSSVD", shapes.columns),
    _width("embedding_", "manifold.Isomap manifold.LocallyLinearEmbedding", shapes.columns),
    _width(
        "n_samples_fit_",
        "neighbors.KNeighborsTransformer neighbors.RadiusNeighborsTransformer",
        int,
    ),
    _width("_max_components", "discriminant_analysis.LinearDiscriminantAnalysis", int),
    _width("one_hot_encoder_", "ensemble.RandomTreesEmbedding", _leaves),
    Parameter(
        classes=("sklearn.manifold.Isomap",),
        name="radius",
        neutral=(None,),
        why="manifold/_isomap.py: transform looks for neighbours within it",
    ),
    Added(
        classes=shapes.STACKING,
        name="_n_feature_outs",
        value=_stacked,
        neutral=DERIVED,
        when=has("estimators_", "stack_method_"),
        why="ensemble/_stacking.py: get_feature_names_out reads it",
    ),
    # others
    Rewritten(
        classes=_PLS,
        to_new=factorization.pls_up,
        to_old=factorization.pls_down,
        names=("coef_", "_coef_", "intercept_", "x_scores_", "y_scores_"),
        why="cross_decomposition/_pls.py:359: _coef_ is transposed, coef_ a property",
    ),
    *(
        Removed(
            classes=("sklearn.cross_decomposition.PLSSVD",),
            name=name,
            restore=None,
            neutral=DERIVED,
            when=never,
            why="cross_decomposition/_pls.py: scores of the training data",
        )
        for name in ("_x_scores", "_y_scores")
    ),
    Rewritten(
        classes=("sklearn.decomposition.FastICA",),
        to_new=factorization.whitening_up,
        to_old=factorization.whitening_down,
        names=("whiten", "_whiten"),
        why="decomposition/_fastica.py:485",
    ),
    Rewritten(
        classes=("sklearn.linear_model.RANSACRegressor",),
        to_new=_consensus_up,
        to_old=_consensus_down,
        names=("base_estimator", "estimator"),
        why="linear_model/_ransac.py: base_estimator is deprecated for estimator",
    ),
    *(
        Changed(
            classes=("sklearn.gaussian_process.GaussianProcessRegressor",),
            method=method,
            when=_one_column,
            why="gaussian_process/_gpr.py: of one output is flat, however y was given",
        )
        for method in ("predict", "predict(return_std)", "predict(return_cov)")
    ),
    Rewritten(
        classes=("sklearn.multiclass._ConstantPredictor",),
        to_new=_constant_up,
        to_old=_constant_down,
        names=("y_",),
        why="multiclass.py: _ConstantPredictor.predict_proba",
    ),
    Changed(
        classes=("sklearn.multiclass.OneVsOneClassifier",),
        method="predict",
        when=lambda obj: len(obj.state.get("estimators_", ())) == 1,
        why="multiclass.py: of two classes is decided at 0.5 where there is no decision_function, "
        "no longer at 0, which a probability always exceeds",
    ),
    Retyped(
        classes=("sklearn.gaussian_process.GaussianProcessRegressor",),
        name="_y_train_std",
        to_new=factorization.ones,
        to_old=factorization.one,
        why="gaussian_process/_gpr.py:244",
    ),
    Rewritten(
        classes=_DICTIONARY,
        to_new=factorization.dictionary_up,
        to_old=factorization.dictionary_down,
        names=(
            "inner_stats_",
            "_inner_stats",
            "iter_offset_",
            "n_steps_",
            "random_state_",
            "_random_state",
            "_n_components",
            "_batch_size",
            "_fit_algorithm",
            "n_iter_",
            "batch_size",
            "n_iter",
            *factorization.AVERAGES,
        ),
        why="decomposition/_dict_learning.py: private attributes",
    ),
    Removed(
        classes=("sklearn.linear_model.LinearRegression",),
        name="_residues",
        restore=float("nan"),
        neutral=DERIVED,
        when=has("coef_"),
        why="linear_model/_base.py: residuals of the training data, not known; nothing reads them",
    ),
    Removed(
        classes=("sklearn.random_projection.GaussianRandomProjection",),
        name="dense_output",
        restore=True,
        neutral=DERIVED,
        when=always,
        why="random_projection.py: only the sparse variant has it",
    ),
    Added(
        classes=("sklearn.linear_model.TheilSenRegressor",),
        name="_max_subpopulation",
        value=lambda obj: float(obj.state["max_subpopulation"]),
        neutral=DERIVED,
        why="linear_model/_theil_sen.py: the setting as a number (until 1.2)",
    ),
    Retyped(
        classes=tags("linear_model.RidgeCV linear_model.RidgeClassifierCV"),
        name="alphas",
        to_new=lambda value: value,
        to_old=_array,
        why="linear_model/_ridge.py: before, __init__ made an array of it",
    ),
    Retyped(
        classes=("sklearn.linear_model.TheilSenRegressor",),
        name="max_subpopulation",
        to_new=lambda value: value,
        to_old=int,
        why="linear_model/_theil_sen.py: before, __init__ made an int of it",
    ),
    Rewritten(
        classes=("sklearn.feature_selection.SelectFromModel",),
        to_new=_most_up,
        to_old=_most_down,
        names=("max_features_",),
        why="feature_selection/_from_model.py: max_features may be a function of the data",
    ),
    Changed(
        classes=("sklearn.preprocessing.KBinsDiscretizer",),
        method="transform",
        when=has("bin_edges_"),
        why="preprocessing/_discretization.py: a value just below an edge was put above it",
    ),
    Accepted(
        classes=("sklearn.preprocessing.KBinsDiscretizer",),
        what="get_feature_names_out of ordinal codes",
        error="AttributeError: 'KBinsDiscretizer' object has no attribute '_encoder'",
        when=lambda obj: text(obj.state.get("encode"), "ordinal"),
        why="preprocessing/_discretization.py: get_feature_names_out",
    ),
    Accepted(
        classes=("sklearn.compose.ColumnTransformer",),
        what="get_feature_names_out of columns given by a slice",
        error="TypeError: len() of unsized object",
        why="compose/_column_transformer.py: _get_feature_name_out_for_transformer",
    ),
    Parameter(
        classes=("sklearn.preprocessing.KBinsDiscretizer",),
        name="subsample",
        value=None,
        use_default=False,
        neutral=lambda value: True,
        why="preprocessing/_discretization.py: read by fit; before, nothing was left out",
    ),
    Retyped(
        classes=("sklearn.decomposition.NMF",),
        name="init",
        to_new=swap({"warn": None}),
        to_old=lambda value: value,
        why="decomposition/_nmf.py: the default of 1.0 meant None",
    ),
    Retyped(
        classes=("sklearn.feature_selection.SequentialFeatureSelector",),
        name="n_features_to_select",
        to_new=lambda value: value,
        to_old=swap({"warn": None}),
        why="feature_selection/_sequential.py: the default of 1.1 means None",
    ),
    Explained(
        classes=("sklearn.feature_selection.SequentialFeatureSelector",),
        names=("n_features_to_select_",),
        why="the type of the scalar",
    ),
    Explained(
        classes=("sklearn.isotonic.IsotonicRegression",),
        names=("f_",),
        why="scipy's interp1d moved to another module",
    ),
    Gone(
        classes=("sklearn.linear_model.GeneralizedLinearRegressor",),
        why="TweedieRegressor has the same families.",
    ),
    Born(
        classes=tags("cluster.BisectingKMeans decomposition.MiniBatchNMF"),
        why="v1.1 release notes: new classes",
    ),
]

RULES = rules(SINCE, _OPS)
