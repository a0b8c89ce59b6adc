"""scikit-learn 1.0: feature names, `normalize` and old spellings of losses deprecated.

Sources: doc/whats_new/v1.0.rst, the installed files of 0.24.2 and 1.0 that each operation names.
"""

from __future__ import annotations

import itertools
from typing import Any

from skmig.adapters import clustering, factorization, frames, hist_boosting, metrics, shapes
from skmig.adapters.forms import is_obj, members, swap, text
from skmig.adapters.ops import (
    DERIVED,
    Accepted,
    Added,
    Born,
    Changed,
    Explained,
    Op,
    Refusal,
    Removed,
    Renamed,
    Retyped,
    Rewritten,
    Step,
    always,
    has,
    rules,
)
from skmig.adapters.shapes import never, tags
from skmig.adapters.training import since_here
from skmig.payload import Name, Obj

SINCE = "1.0"

_MINI_BATCH = ("sklearn.cluster.MiniBatchKMeans",)
_SQUARED, _ABSOLUTE = "squared_error", "absolute_error"

NOT_NORMALIZED = tags(
    "linear_model.ARDRegression linear_model.BayesianRidge linear_model.ElasticNet "
    "linear_model.ElasticNetCV linear_model.Lasso linear_model.LassoCV "
    "linear_model.LinearRegression linear_model.MultiTaskElasticNet "
    "linear_model.MultiTaskElasticNetCV linear_model.MultiTaskLasso "
    "linear_model.MultiTaskLassoCV linear_model.Ridge linear_model.RidgeCV "
    "linear_model.RidgeClassifier linear_model.RidgeClassifierCV"
)
NORMALIZED = tags(
    "linear_model.Lars linear_model.LarsCV linear_model.LassoLars linear_model.LassoLarsCV "
    "linear_model.LassoLarsIC linear_model.OrthogonalMatchingPursuit "
    "linear_model.OrthogonalMatchingPursuitCV"
)
KEEPS_NORMALIZE = tags(
    "linear_model.ARDRegression linear_model.BayesianRidge linear_model.Ridge "
    "linear_model.RidgeClassifier"
)
_LATE_COUNT = (
    *shapes.GENERALIZED_LINEAR,
    *tags(
        "feature_extraction.TfidfTransformer multiclass.OneVsRestClassifier "
        "preprocessing.OneHotEncoder preprocessing.OrdinalEncoder"
    ),
)
_REGRESSION_TREES = tags(
    "ensemble.ExtraTreesRegressor ensemble.GradientBoostingClassifier "
    "ensemble.GradientBoostingRegressor ensemble.RandomForestRegressor "
    "ensemble.RandomTreesEmbedding tree.DecisionTreeRegressor tree.ExtraTreeRegressor"
)


# ------------------------------------------------------------------ ColumnTransformer


def _same(obj: Obj, step: Step) -> None:
    """The attribute itself is dropped by the operation for all estimators."""


# ------------------------------------------------------------------ estimators
def _counted(obj: Obj) -> bool:
    """multiclass.py: OneVsRestClassifier asks its first estimator, which may not count."""
    first = next(members(obj), None) if obj.tag.endswith(".OneVsRestClassifier") else None
    if first is not None and first.tag.endswith("._BinaryGaussianProcessClassifierLaplace"):
        return False
    return shapes.n_features(obj) is not None


def _fill(obj: Obj, step: Step) -> None:
    """`partial_fit` counts features since this release, not only `fit`."""
    if "n_features_in_" not in obj.state and shapes.known_features(obj):
        obj.state["n_features_in_"] = shapes.n_features(obj)


def _weigher_up(obj: Obj, step: Step) -> None:
    """Without idf a TfidfTransformer keeps nothing of its input; the vocabulary tells."""
    inner, terms = obj.state.get("_tfidf"), obj.state.get("vocabulary_")
    if isinstance(inner, Obj) and terms is not None:
        inner.state.setdefault("n_features_in_", len(terms))


def _chain_up(obj: Obj, step: Step) -> None:
    """A TfidfTransformer without idf was fitted on as many columns as the step after it."""
    steps = [part for _, part in obj.state.get("steps", ())]
    for part, after in itertools.pairwise(steps):
        if is_obj(part, "sklearn.feature_extraction.TfidfTransformer"):
            found = shapes.n_features(after)
            if found is not None:
                part.state.setdefault("n_features_in_", found)


def _refit_up(value: Any) -> Any:
    return True if isinstance(value, Name) else value


def _refit_down(value: Any) -> Any:
    return Name("function", "sklearn.model_selection._refit_callable") if value is True else value


def _forest_parameters(add: bool) -> Any:
    """`estimator_params` names what `fit` copies from a forest to its trees."""

    def change(value: Any) -> Any:
        gone, after = "min_impurity_split", "min_impurity_decrease"
        if not isinstance(value, tuple):
            return value
        kept = tuple(name for name in value if name != gone)
        if not add or after not in kept:
            return kept
        place = kept.index(after) + 1
        return (*kept[:place], gone, *kept[place:])

    return change


def _normalize(obj: Obj) -> bool:
    return obj.state.get("normalize") is True


def _rate_up(obj: Obj, step: Step) -> None:
    """A number means the same."""


def _rate_down(obj: Obj, step: Step) -> None:
    # 'warn' announces 'auto' and means the number
    if text(obj.state.get("learning_rate"), "auto", "warn"):
        found = obj.state.get("_learning_rate")
        obj.state["learning_rate"] = float(found) if isinstance(found, int | float) else 200.0
        step.note(obj, "`learning_rate` is written as the number that it stood for")


def _constant_up(obj: Obj, step: Step) -> None:
    """`_ConstantPredictor.fit` validates X too."""
    width = shapes.n_features(obj)
    if width is None:
        width = next((n for n in map(shapes.n_features, members(obj)) if n is not None), None)
    for part in members(obj):
        if part.tag.endswith("._ConstantPredictor") and width is not None:
            part.state.setdefault("n_features_in_", width)


def _constant_down(obj: Obj, step: Step) -> None:
    for part in members(obj):
        if part.tag.endswith("._ConstantPredictor"):
            part.state.pop("n_features_in_", None)


def _optimizer_up(obj: Obj, step: Step) -> None:
    optimizer = obj.state.get("_optimizer")
    if isinstance(optimizer, Obj):
        optimizer.state.pop("params", None)


def _optimizer_down(obj: Obj, step: Step) -> None:
    """The optimizer changes the very arrays of the model in place."""
    optimizer = obj.state.get("_optimizer")
    if isinstance(optimizer, Obj) and "coefs_" in obj.state:
        optimizer.state["params"] = [*obj.state["coefs_"], *obj.state["intercepts_"]]


def _missing_down(obj: Obj, step: Step) -> None:
    if obj.state.pop("_missing_indices", None):
        step.loss(obj, "missing values are a category here; older releases reject them")


def _missing_up(obj: Obj, step: Step) -> None:
    if "categories_" in obj.state:
        obj.state.setdefault("_missing_indices", {})


def _polynomial_up(obj: Obj, step: Step) -> None:
    state = obj.state
    if "n_input_features_" in state:
        state.pop("n_input_features_")
        state["_min_degree"], state["_max_degree"] = 0, state["degree"]
        state["_n_out_full"] = state["n_output_features_"]


def _polynomial_down(obj: Obj, step: Step) -> None:
    state = obj.state
    low, high = state.pop("_min_degree", 0), state.pop("_max_degree", None)
    state.pop("_n_out_full", None)
    if low or isinstance(state.get("degree"), tuple | list):
        if low:
            raise Refusal("`degree` has a lower bound, which came with scikit-learn 1.0")
        state["degree"] = high if high is not None else max(state["degree"])
    if state.get("degree") == 0:
        raise Refusal(f"`degree=0`: {step.older} writes the features all the same")
    if "n_output_features_" in state:
        state["n_input_features_"] = shapes.n_features(obj)


def _elimination_up(obj: Obj, step: Step) -> None:
    scores = obj.state.pop("grid_scores_", None)
    if scores is not None:
        obj.state["cv_results_"] = {"mean_test_score": scores}


def _elimination_down(obj: Obj, step: Step) -> None:
    results = obj.state.pop("cv_results_", None)
    if isinstance(results, dict) and "mean_test_score" in results:
        obj.state["grid_scores_"] = results["mean_test_score"]


def _losses(classes: tuple[str, ...], name: str, table: dict[Any, Any], why: str) -> Retyped:
    back = {new: old for old, new in table.items()}
    return Retyped(classes=classes, name=name, to_new=swap(table), to_old=swap(back), why=why)


_OPS: list[Op] = [
    Added(
        classes=shapes.ESTIMATORS,
        name="feature_names_in_",
        value=None,
        neutral=DERIVED,
        when=never,
        why="base.py: `_check_feature_names`; before, only ColumnTransformer kept names",
    ),
    Rewritten(
        classes=("sklearn.compose.ColumnTransformer",),
        to_new=frames.columns_up,
        to_old=frames.columns_down,
        names=(
            "_df_columns",
            "_feature_names_in",
            "_has_str_cols",
            "_transformer_to_input_indices",
            "output_indices_",
            "_remainder",
        ),
        why="compose/_column_transformer.py: `_validate_column_callables`, "
        "`_record_output_indices`; transform selects by name where it was fitted by name",
    ),
    Rewritten(
        classes=shapes.SEARCHES,
        to_new=frames.search_up,
        to_old=_same,
        why="model_selection/_search.py: the names of best_estimator_",
    ),
    Added(
        classes=_LATE_COUNT,
        name="n_features_in_",
        value=shapes.n_features,
        neutral=DERIVED,
        when=_counted,
        why="base.py: the remaining estimators validate with `_validate_data`",
    ),
    Rewritten(
        classes=tags(
            "linear_model.PassiveAggressiveClassifier linear_model.PassiveAggressiveRegressor "
            "linear_model.Perceptron linear_model.SGDClassifier linear_model.SGDRegressor "
            "naive_bayes.GaussianNB decomposition.IncrementalPCA cluster.MiniBatchKMeans"
        ),
        to_new=_fill,
        to_old=_same,
        names=("n_features_in_",),
        why="linear_model/_stochastic_gradient.py, naive_bayes.py: `_partial_fit` validates",
    ),
    Rewritten(
        classes=("sklearn.feature_extraction.TfidfVectorizer",),
        to_new=_weigher_up,
        to_old=_same,
        why="feature_extraction/text.py: TfidfTransformer.fit validates",
    ),
    Rewritten(
        classes=("sklearn.pipeline.Pipeline",),
        to_new=_chain_up,
        to_old=_same,
        why="feature_extraction/text.py: TfidfTransformer.fit validates",
    ),
    Retyped(
        classes=shapes.SEARCHES[2:],
        name="refit",
        to_new=_refit_up,
        to_old=_refit_down,
        why="model_selection/_search_successive_halving.py: `_select_best_index`",
    ),
    Removed(
        classes=shapes.DUMMY,
        name="n_features_in_",
        restore=None,
        neutral=DERIVED,
        why="dummy.py: a deprecated property",
    ),
    Removed(
        classes=(
            *shapes.TREES,
            *shapes.FORESTS,
            *shapes.BAGGING,
            *shapes.ISOLATION_FOREST,
            *shapes.GRADIENT_BOOSTING,
            *shapes.DISCRETE_BAYES,
        ),
        name="n_features_",
        restore=shapes.n_features,
        neutral=DERIVED,
        when=shapes.known_features,
        why="tree/_classes.py, ensemble/*.py, naive_bayes.py: a deprecated property of "
        "n_features_in_",
    ),
    Rewritten(
        classes=tags("multiclass.OneVsRestClassifier multiclass.OutputCodeClassifier"),
        to_new=_constant_up,
        to_old=_constant_down,
        why="multiclass.py: _ConstantPredictor validates its input",
    ),
    Retyped(
        classes=shapes.FORESTS,
        name="estimator_params",
        to_new=_forest_parameters(add=False),
        to_old=_forest_parameters(add=True),
        why="ensemble/_forest.py: fit reads each of these from the forest",
    ),
    # normalize
    Added(
        classes=KEEPS_NORMALIZE,
        name="_normalize",
        value=_normalize,
        neutral=DERIVED,
        why="linear_model/_bayes.py:366: predict(return_std=True) reads it",
    ),
    _losses(
        NOT_NORMALIZED,
        "normalize",
        {False: "deprecated"},
        "linear_model/_base.py: `_deprecate_normalize`, default False",
    ),
    _losses(
        NORMALIZED,
        "normalize",
        {True: "deprecated"},
        "linear_model/_base.py: `_deprecate_normalize`, default True",
    ),
    since_here(
        tags("linear_model.Ridge linear_model.RidgeClassifier"),
        "solver",
        {"lbfgs": "auto"},
        "linear_model/_ridge.py: the solver of `positive`",
    ),
    # spellings
    _losses(
        _REGRESSION_TREES,
        "criterion",
        {"mse": _SQUARED, "mae": _ABSOLUTE},
        "v1.0 release notes (#18748): losses have one spelling each",
    ),
    _losses(
        ("sklearn.ensemble.GradientBoostingRegressor",),
        "loss",
        {"ls": _SQUARED, "lad": _ABSOLUTE},
        "v1.0 release notes (#18748)",
    ),
    _losses(
        ("sklearn.ensemble.HistGradientBoostingRegressor",),
        "loss",
        {"least_squares": _SQUARED, "least_absolute_deviation": _ABSOLUTE},
        "v1.0 release notes (#18748)",
    ),
    _losses(
        tags("linear_model.SGDClassifier linear_model.SGDRegressor neural_network.MLPRegressor"),
        "loss",
        {"squared_loss": _SQUARED},
        "v1.0 release notes (#19310)",
    ),
    _losses(
        ("sklearn.linear_model.RANSACRegressor",),
        "loss",
        {"squared_loss": _SQUARED, "absolute_loss": _ABSOLUTE},
        "v1.0 release notes (#19310)",
    ),
    _losses(
        ("sklearn.cluster.AffinityPropagation",),
        "random_state",
        {"warn": None},
        "cluster/_affinity_propagation.py: the default changed as announced",
    ),
    # boosting, networks, naive Bayes
    Rewritten(
        classes=shapes.HIST_GRADIENT_BOOSTING,
        to_new=hist_boosting.threads_up,
        to_old=hist_boosting.threads_down,
        names=("_loss",),
        why="ensemble/_hist_gradient_boosting/loss.py: number of OpenMP threads",
    ),
    Added(
        classes=("sklearn.ensemble._BinMapper",),
        name="n_threads",
        value=1,
        neutral=DERIVED,
        when=always,
        why="ensemble/_hist_gradient_boosting/binning.py: number of OpenMP threads",
    ),
    Rewritten(
        classes=shapes.MLP,
        to_new=_optimizer_up,
        to_old=_optimizer_down,
        names=("_optimizer",),
        why="neural_network/_stochastic_optimizers.py: parameters are handed to update_params",
    ),
    Renamed(
        classes=("sklearn.naive_bayes.GaussianNB",),
        old="sigma_",
        new="var_",
        why="naive_bayes.py: GaussianNB.sigma_ is a deprecated property",
    ),
    # preprocessing
    Rewritten(
        classes=("sklearn.preprocessing.OrdinalEncoder",),
        to_new=_missing_up,
        to_old=_missing_down,
        names=("_missing_indices",),
        why="preprocessing/_encoders.py: missing values are passed through as nan",
    ),
    Changed(
        classes=("sklearn.preprocessing.OneHotEncoder",),
        method="inverse_transform",
        when=lambda obj: (
            obj.state.get("drop_idx_") is not None
            and text(obj.state.get("handle_unknown"), "ignore")
        ),
        why="preprocessing/_encoders.py: `drop` with handle_unknown='ignore', rejected before",
    ),
    Rewritten(
        classes=("sklearn.preprocessing.PolynomialFeatures",),
        to_new=_polynomial_up,
        to_old=_polynomial_down,
        names=("_min_degree", "_max_degree", "_n_out_full", "n_input_features_", "degree"),
        why="preprocessing/_polynomial.py: degree may be a range",
    ),
    # clustering
    Rewritten(
        classes=_MINI_BATCH,
        to_new=clustering.mini_batch_up,
        to_old=clustering.mini_batch_down,
        names=(
            "_batch_size",
            "_n_since_last_reassign",
            "n_steps_",
            "n_iter_",
            *clustering.MINI_BATCH_START,
        ),
        why="cluster/_kmeans.py: MiniBatchKMeans.fit counts epochs, its steps are batches",
    ),
    Explained(classes=_MINI_BATCH, names=("inertia_",), why="a float instead of numpy.float64"),
    *(
        Removed(
            classes=_MINI_BATCH,
            name=name,
            restore="deprecated",
            neutral=DERIVED,
            when=always,
            why="cluster/_kmeans.py: KMeans.__init__ set it on the subclass too",
        )
        for name in ("n_jobs", "precompute_distances")
    ),
    *(
        Renamed(
            classes=("sklearn.cluster.Birch",),
            old=old,
            new=new,
            why="cluster/_birch.py: deprecated",
        )
        for old, new in (("fit_", "_deprecated_fit"), ("partial_fit_", "_deprecated_partial_fit"))
    ),
    # decomposition, selection, manifold
    *(
        Renamed(
            classes=("sklearn.decomposition.KernelPCA",),
            old=old,
            new=new,
            why="decomposition/_kernel_pca.py: renamed, with deprecated properties",
        )
        for old, new in (("lambdas_", "eigenvalues_"), ("alphas_", "eigenvectors_"))
    ),
    Rewritten(
        classes=("sklearn.decomposition.NMF",),
        to_new=factorization.factorization_up,
        to_old=factorization.factorization_down,
        names=(
            "_beta_loss",
            "_n_components",
            "alpha",
            "regularization",
            *factorization.REGULARIZATION,
        ),
        why="decomposition/_nmf.py: `_check_params`",
    ),
    Rewritten(
        classes=("sklearn.feature_selection.RFECV",),
        to_new=_elimination_up,
        to_old=_elimination_down,
        names=("grid_scores_", "cv_results_"),
        why="feature_selection/_rfe.py: grid_scores_ is a deprecated property of cv_results_",
    ),
    *(
        Added(
            classes=("sklearn.manifold.TSNE",),
            name=name,
            value=shapes.entry(name[1:]),
            neutral=DERIVED,
            why="manifold/_t_sne.py: the setting that fit used",
        )
        for name in ("_init", "_learning_rate")
    ),
    Rewritten(
        classes=("sklearn.manifold.TSNE",),
        to_new=_rate_up,
        to_old=_rate_down,
        names=("learning_rate",),
        why="manifold/_t_sne.py: learning_rate='auto'",
    ),
    Explained(
        classes=("sklearn.covariance.GraphicalLassoCV",),
        names=("cv_results_",),
        why="covariance/_graph_lasso.py: old keys of the scores are deprecated",
    ),
    Explained(
        classes=tags(
            "ensemble.BinaryCrossEntropy ensemble.CategoricalCrossEntropy "
            "ensemble.LeastAbsoluteDeviation ensemble.LeastSquares ensemble.Poisson"
        ),
        names=("n_threads",),
        why="the operation of HistGradientBoosting on `_loss` sets it",
    ),
    Explained(
        classes=tags("neural_network.AdamOptimizer neural_network.SGDOptimizer"),
        names=("params",),
        why="the operation of the networks on `_optimizer` sets it",
    ),
    Explained(
        classes=("sklearn.multiclass._ConstantPredictor",),
        names=("n_features_in_",),
        why="the operation of OneVsRestClassifier and OutputCodeClassifier sets it",
    ),
    Explained(
        classes=("sklearn.preprocessing.StandardScaler",),
        names=("n_samples_seen_",),
        why="preprocessing/_data.py: one number where all features have seen as many samples",
    ),
    *(
        Changed(
            classes=("sklearn.ensemble.IsolationForest",),
            method=method,
            when=lambda obj: obj.state.get("max_samples_") == 1,
            why="of one sample a tree is the score is -0.5, no longer nan (ensemble/_iforest.py)",
        )
        for method in ("score_samples", "decision_function")
    ),
    Accepted(
        classes=("sklearn.cluster.AffinityPropagation",),
        what="sparse data",
        error="TypeError: A sparse",
        why="cluster/_affinity_propagation.py: predict",
    ),
    Changed(
        classes=("sklearn.gaussian_process.GaussianProcessRegressor",),
        method="predict(return_std)",
        when=has("L_"),
        why="gaussian_process/_gpr.py: the variance, a difference of nearly equal numbers, is "
        "worked out from one triangular solution instead of two",
    ),
    Rewritten(
        classes=shapes.NEIGHBORS,
        to_new=metrics.variances_up,
        to_old=metrics.variances_down,
        why="metrics/pairwise.py: _precompute_metric_params",
    ),
    Born(
        classes=tags(
            "linear_model.QuantileRegressor linear_model.SGDOneClassSVM "
            "model_selection.StratifiedGroupKFold "
            "preprocessing.SplineTransformer"
        ),
        why="v1.0 release notes: new classes",
    ),
]


RULES = rules(SINCE, _OPS)
