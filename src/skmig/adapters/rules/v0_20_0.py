"""scikit-learn 0.20.0: defaults that warn, n_jobs=None, categories, offsets, private SVM names.

- Default values became words that warn ("warn", "legacy", "auto_deprecated"); an older release
  gets what the word means.  `n_jobs=None` means 1, and crashes before 0.20.
- OneHotEncoder learns categories; the ranges of 0.19 go on in legacy mode
  (preprocessing/_encoders.py).
- LogisticRegression(multi_class="multinomial") of two classes gives softmax([-d, d]), not
  sigmoid(d) (linear_model/logistic.py: predict_proba).
- Outlier detectors have `offset_` (ensemble/iforest.py, neighbors/lof.py, svm/classes.py,
  covariance/elliptic_envelope.py).
- `_impl` of libsvm estimators belongs to the class (svm/base.py: BaseLibSVM).
- Importances of GradientBoosting are those of whole trees (ensemble/gradient_boosting.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig import versions
from skmig.adapters import encoders, imputers, isolation, leftout, outliers, searches, successors
from skmig.adapters.early import drop_unfitted, meaning, seeded, tags
from skmig.adapters.ops import (
    DERIVED,
    Accepted,
    Added,
    Born,
    Changed,
    Explained,
    Gone,
    Parameter,
    Refusal,
    Removed,
    Retyped,
    Rewritten,
    Step,
    has,
    rules,
)
from skmig.adapters.rules.v1_3_0 import SINCE as STORED
from skmig.adapters.shapes import DUMMY, FORESTS, GRADIENT_BOOSTING, SEARCHES, never
from skmig.payload import Name, New, Obj

SINCE = "0.20.0"

NEIGHBORS = tuple(
    "sklearn.neighbors." + name
    for name in (
        "KNeighborsClassifier",
        "KNeighborsRegressor",
        "LocalOutlierFactor",
        "NearestNeighbors",
        "RadiusNeighborsClassifier",
        "RadiusNeighborsRegressor",
    )
)
IMPLEMENTATION = {
    "sklearn.svm.NuSVC": "nu_svc",
    "sklearn.svm.NuSVR": "nu_svr",
    "sklearn.svm.OneClassSVM": "one_class",
    "sklearn.svm.SVC": "c_svc",
    "sklearn.svm.SVR": "epsilon_svr",
}
LOGISTIC = (
    "sklearn.linear_model.LogisticRegression",
    "sklearn.linear_model.LogisticRegressionCV",
)
WITH_JOBS = tags(
    "cluster.DBSCAN cluster.KMeans cluster.MeanShift cluster.MiniBatchKMeans "
    "cluster.SpectralBiclustering cluster.SpectralClustering cluster.SpectralCoclustering "
    "covariance.GraphLassoCV covariance.GraphicalLassoCV decomposition.DictionaryLearning "
    "decomposition.KernelPCA decomposition.LatentDirichletAllocation "
    "decomposition.MiniBatchDictionaryLearning decomposition.MiniBatchSparsePCA "
    "decomposition.SparseCoder decomposition.SparsePCA ensemble.BaggingClassifier "
    "ensemble.BaggingRegressor ensemble.ExtraTreesClassifier ensemble.ExtraTreesRegressor "
    "ensemble.IsolationForest ensemble.RandomForestClassifier ensemble.RandomForestRegressor "
    "ensemble.RandomTreesEmbedding ensemble.VotingClassifier feature_selection.RFECV "
    "gaussian_process.GaussianProcessClassifier linear_model.ElasticNetCV linear_model.LarsCV "
    "linear_model.LassoCV linear_model.LassoLarsCV linear_model.LinearRegression "
    "linear_model.LogisticRegression linear_model.LogisticRegressionCV "
    "linear_model.MultiTaskElasticNetCV linear_model.MultiTaskLassoCV "
    "linear_model.OrthogonalMatchingPursuitCV linear_model.PassiveAggressiveClassifier "
    "linear_model.Perceptron linear_model.SGDClassifier linear_model.TheilSenRegressor "
    "manifold.Isomap manifold.LocallyLinearEmbedding manifold.MDS manifold.SpectralEmbedding "
    "model_selection.GridSearchCV model_selection.RandomizedSearchCV multiclass.OneVsOneClassifier "
    "multiclass.OneVsRestClassifier multiclass.OutputCodeClassifier "
    "multioutput.MultiOutputClassifier multioutput.MultiOutputRegressor "
    "neighbors.KNeighborsClassifier neighbors.KNeighborsRegressor neighbors.LocalOutlierFactor "
    "neighbors.NearestNeighbors neighbors.RadiusNeighborsClassifier "
    "neighbors.RadiusNeighborsRegressor pipeline.FeatureUnion semi_supervised.LabelPropagation "
    "semi_supervised.LabelSpreading"
)
CROSS_VALIDATED = tags(
    "covariance.GraphLassoCV covariance.GraphicalLassoCV feature_selection.RFECV "
    "linear_model.ElasticNetCV linear_model.LarsCV linear_model.LassoCV linear_model.LassoLarsCV "
    "linear_model.LogisticRegressionCV linear_model.MultiTaskElasticNetCV "
    "linear_model.MultiTaskLassoCV linear_model.OrthogonalMatchingPursuitCV "
    "model_selection.GridSearchCV model_selection.RandomizedSearchCV"
)
SPLITTERS = tuple(
    "sklearn.model_selection." + name
    for name in ("GroupKFold", "KFold", "StratifiedKFold", "TimeSeriesSplit")
)


def _two_classes(obj: Obj) -> bool:
    coef = obj.state.get("coef_")
    return isinstance(coef, np.ndarray) and coef.ndim == 2 and coef.shape[0] == 1


def _logistic_up(obj: Obj, step: Step) -> None:
    if _two_classes(obj) and obj.state.get("multi_class") == "multinomial":
        obj.state["multi_class"] = "ovr"
        step.note(
            obj,
            f"`multi_class='multinomial'` of two classes is 'ovr': {step.newer} would double the "
            "decision inside `predict_proba` (linear_model/logistic.py)",
        )


def _logistic_down(obj: Obj, step: Step) -> None:
    state = obj.state
    if state.get("solver") == "warn":
        state["solver"] = "liblinear"
    if state.get("multi_class") == "warn":
        state["multi_class"] = "ovr"
    elif state.get("multi_class") == "auto":
        binary = _two_classes(obj) or state.get("solver") == "liblinear"
        state["multi_class"] = "ovr" if binary else "multinomial"
    if _two_classes(obj) and state.get("multi_class") == "multinomial":
        for method in ("predict_proba", "predict_log_proba"):
            step.changed(
                obj,
                method,
                "what's new 0.20: of two classes with multi_class='multinomial' it was sigmoid(d) "
                "(linear_model/logistic.py: predict_proba)",
            )


def _gamma_down(obj: Obj, step: Step) -> None:
    if obj.state.get("gamma") == "auto_deprecated":
        obj.state["gamma"] = "auto"
    elif obj.state.get("gamma") == "scale":
        known = obj.state.get("_gamma")
        obj.state["gamma"] = float(known) if known is not None and known > 0 else "auto"
        step.note(obj, f"`gamma='scale'` does not exist in {step.older}: {obj.state['gamma']!r}")


def _no_change(obj: Obj, step: Step) -> None:
    """Every older value is a value of this release."""


def _one_class_up(obj: Obj, step: Step) -> None:
    if "_intercept_" in obj.state:
        obj.state["offset_"] = -obj.state["_intercept_"]


def _one_class_down(obj: Obj, step: Step) -> None:
    obj.state.pop("offset_", None)


def _envelope_up(obj: Obj, step: Step) -> None:
    if "threshold_" in obj.state:
        obj.state["offset_"] = -obj.state.pop("threshold_")


def _envelope_down(obj: Obj, step: Step) -> None:
    if "offset_" in obj.state:
        obj.state["threshold_"] = -obj.state.pop("offset_")


def _unfitted_up(obj: Obj, step: Step) -> None:
    drop_unfitted(obj, ("_fit_method", "_fit_X", "_tree"))


def _unfitted_down(obj: Obj, step: Step) -> None:
    if "_fit_method" not in obj.state:
        obj.state.update(dict.fromkeys(("_fit_X", "_tree", "_fit_method")))


def _epsilon(obj: Obj) -> Any:
    """1e-9 of the largest variance, which the classes' means and variances give back."""
    weights = obj.state["class_count_"][:, None] / obj.state["class_count_"].sum()
    means, variances = obj.state["theta_"], obj.state["sigma_"]
    mean = (weights * means).sum(axis=0)
    total = (weights * (variances + (means - mean) ** 2)).sum(axis=0)
    return np.float64(1e-9 * total.max() / (1 + 1e-9))


def _solver(obj: Obj) -> Any:
    """The solver that `svd_solver="auto"` chose (decomposition/pca.py: PCA._fit)."""
    state = obj.state
    if state.get("svd_solver") != "auto":
        return state.get("svd_solver")
    shape = (state["n_samples_"], len(state["mean_"]))
    wanted = state.get("n_components")
    wanted = min(shape) if wanted is None else wanted
    if max(shape) <= 500 or isinstance(wanted, str):
        return "full"
    return "randomized" if 1 <= wanted < 0.8 * min(shape) else "full"


def _named_estimators(obj: Obj) -> Any:
    names = [name for name, estimator in obj.state["estimators"] if estimator is not None]
    items = dict(zip(names, obj.state["estimators_"], strict=False))
    return New("sklearn.utils.Bunch", {"items": items})


def _scalar(value: Any) -> Any:
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _zero_dim(value: Any) -> Any:
    return np.array(value) if isinstance(value, np.floating) else value


def _floats(value: Any) -> Any:
    return value.astype(np.float64) if isinstance(value, np.ndarray) else value


def _integers(value: Any) -> Any:
    return np.rint(value).astype(np.int32) if isinstance(value, np.ndarray) else value


def _seen_down(obj: Obj, step: Step) -> None:
    seen = obj.state.get("n_samples_seen_")
    if isinstance(seen, np.ndarray) and seen.ndim:
        if len(set(seen.tolist())) > 1:
            step.loss(obj, f"it was fitted on missing values, which {step.older} rejects")
        seen = seen.max()
    if seen is not None:
        obj.state["n_samples_seen_"] = int(seen)


def _seen_up(obj: Obj, step: Step) -> None:
    if isinstance(obj.state.get("n_samples_seen_"), int):
        obj.state["n_samples_seen_"] = np.int64(obj.state["n_samples_seen_"])


def _robust_up(obj: Obj, step: Step) -> None:
    uses = [obj.state.get(name, True) for name in ("with_centering", "with_scaling")]
    if not any(uses):
        # it was never asked whether it is fitted: there is nothing to know
        obj.state.setdefault("center_", None)
    if "center_" in obj.state and not uses[1]:
        obj.state.setdefault("scale_", None)


def _robust_down(obj: Obj, step: Step) -> None:
    for name in ("center_", "scale_"):
        if obj.state.get(name, "") is None:
            del obj.state[name]


def _text_dtype_up(value: Any) -> Any:
    """It was the type of the counts alone: what is weighted was float64 all the same."""
    return Name("type", "numpy.float64")


def _text_dtype_down(value: Any) -> Any:
    if value in (Name("type", "numpy.float32"), "float32"):
        raise Refusal("TfidfVectorizer(dtype=numpy.float32) gives float64 there")
    return value


def _alphas(value: Any) -> Any:
    return np.asarray(value) if isinstance(value, list | tuple) else value


def _same(value: Any) -> Any:
    return value


def _rate_up(obj: Obj, step: Step) -> None:
    """The older release has no schedule that this one has not."""


def _rate_down(obj: Obj, step: Step) -> None:
    """Older constructors refuse 'adaptive', so that such a model could not even be cloned."""
    if obj.state.get("learning_rate") == "adaptive":
        obj.state["learning_rate"] = "constant"
        step.note(obj, f"learning_rate='adaptive' is 'constant' in {step.older}")


def _forest_up(obj: Obj, step: Step) -> None:
    """Scores that are stored will have been computed otherwise: see `isolation.keep`."""
    outliers.forest_to_offset(obj, step)
    if versions.position(step.target) >= versions.position(STORED):
        isolation.nudge(obj, 2 * isolation.ROUNDING)


def _column(obj: Obj) -> bool:
    """A dummy of one output that was given as a column."""
    return bool(obj.state.get("output_2d_")) and obj.state.get("n_outputs_") == 1


RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=("sklearn.pipeline.FeatureUnion",),
            to_new=leftout.understood,
            to_old=leftout.as_none,
            names=("transformer_list",),
            why="pipeline.py: None is what is left out",
        ),
        Rewritten(
            classes=tags("linear_model.SGDClassifier linear_model.SGDRegressor"),
            to_new=_rate_up,
            to_old=_rate_down,
            names=("learning_rate",),
            why="linear_model/stochastic_gradient.py: _validate_params",
        ),
        Accepted(
            classes=tags(
                "preprocessing.MaxAbsScaler preprocessing.MinMaxScaler "
                "preprocessing.QuantileTransformer preprocessing.RobustScaler "
                "preprocessing.StandardScaler"
            ),
            what="missing values",
            error="ValueError: Input",
            why="preprocessing/data.py: force_all_finite='allow-nan'",
        ),
        Accepted(
            classes=tags("preprocessing.PolynomialFeatures"),
            what="sparse data",
            error="TypeError: A sparse",
            why="preprocessing/data.py: PolynomialFeatures.transform, accept_sparse='csc'",
        ),
        *meaning({"n_jobs": WITH_JOBS}, down={None: 1}, why="n_jobs=None means 1 since 0.20"),
        *meaning(
            {"cv": CROSS_VALIDATED},
            down={"warn": None},
            why="model_selection/_split.py: check_cv, 'warn' is 3 folds as None was",
        ),
        *meaning(
            {
                "cv": ("sklearn.calibration.CalibratedClassifierCV",),
                "n_splits": SPLITTERS,
            },
            down={"warn": 3},
            why="model_selection/_split.py",
        ),
        *meaning(
            {"n_estimators": FORESTS}, down={"warn": 10}, why="ensemble/forest.py: 'warn' is 10"
        ),
        *meaning(
            {"iid": SEARCHES},
            down={"warn": True},
            why="model_selection/_search.py: _format_results",
        ),
        *meaning(
            {"error_score": SEARCHES},
            down={"raise-deprecating": "raise"},
            why="model_selection/_validation.py",
        ),
        *meaning(
            {"validate": ("sklearn.preprocessing.FunctionTransformer",)},
            down={None: True},
            why="preprocessing/_function_transformer.py: _check_input",
        ),
        Retyped(
            classes=("sklearn.cluster.AgglomerativeClustering",),
            name="pooling_func",
            to_new=lambda _value: "deprecated",
            to_old=lambda value: Name("function", "numpy.mean") if value == "deprecated" else value,
            why="cluster/hierarchical.py: pooling_func has no effect",
        ),
        *meaning(
            {"learning_method": ("sklearn.decomposition.LatentDirichletAllocation",)},
            up={None: "online"},
            why="decomposition/online_lda.py: None was 'online'",
        ),
        Rewritten(
            classes=LOGISTIC,
            to_new=_logistic_up,
            to_old=_logistic_down,
            names=("multi_class", "solver"),
            why="linear_model/logistic.py: predict_proba",
        ),
        Rewritten(
            classes=tuple(IMPLEMENTATION),
            to_new=_no_change,
            to_old=_gamma_down,
            names=("gamma",),
            why="svm/base.py: BaseLibSVM.fit",
        ),
        *(
            Removed(
                classes=(tag,),
                name="_impl",
                restore=name,
                neutral=DERIVED,
                when=has("kernel"),
                why="svm/base.py: BaseLibSVM.__init__",
            )
            for tag, name in IMPLEMENTATION.items()
        ),
        Rewritten(
            classes=("sklearn.svm.OneClassSVM",),
            to_new=_one_class_up,
            to_old=_one_class_down,
            names=("offset_",),
            why="svm/classes.py: OneClassSVM.fit",
        ),
        Changed(
            classes=("sklearn.svm.OneClassSVM",),
            method="decision_function",
            why="is one number a sample, no longer a column (svm/classes.py)",
        ),
        Rewritten(
            classes=("sklearn.ensemble.IsolationForest",),
            to_new=_forest_up,
            to_old=outliers.forest_to_threshold,
            names=("threshold_", "_threshold_", "offset_", "_contamination", "behaviour"),
            why="ensemble/iforest.py: fit, predict",
        ),
        Rewritten(
            classes=("sklearn.neighbors.LocalOutlierFactor",),
            to_new=outliers.local_to_offset,
            to_old=outliers.local_to_threshold,
            names=("threshold_", "offset_", "_contamination", "novelty"),
            why="neighbors/lof.py: fit, _predict",
        ),
        Rewritten(
            classes=("sklearn.covariance.EllipticEnvelope",),
            to_new=_envelope_up,
            to_old=_envelope_down,
            names=("threshold_", "offset_"),
            why="covariance/elliptic_envelope.py: fit",
        ),
        *(
            Changed(
                classes=DUMMY,
                method=method,
                when=lambda obj: (
                    obj.state.get("n_outputs_") != 1 or not obj.state.get("output_2d_")
                ),
                why="dummy.py: a list of texts is as many samples, no longer one (_num_samples)",
            )
            for method in ("predict", "predict_proba", "predict_log_proba")
        ),
        Changed(
            classes=("sklearn.covariance.EllipticEnvelope",),
            method="decision_function",
            why="is the distance itself, not its cubic root (covariance/elliptic_envelope.py)",
        ),
        Changed(
            classes=tags(
                "covariance.EllipticEnvelope covariance.EmpiricalCovariance covariance.GraphLasso "
                "covariance.GraphLassoCV covariance.GraphicalLasso covariance.GraphicalLassoCV "
                "covariance.LedoitWolf covariance.MinCovDet covariance.OAS "
                "covariance.ShrunkCovariance"
            ),
            method="mahalanobis",
            why="of a DataFrame was a Series (covariance/empirical_covariance_.py)",
        ),
        Rewritten(
            classes=NEIGHBORS,
            to_new=_unfitted_up,
            to_old=_unfitted_down,
            names=("_fit_method", "_fit_X", "_tree"),
            why="neighbors/base.py: _init_params no longer sets fitted attributes",
        ),
        Added(
            classes=GRADIENT_BOOSTING,
            name="n_estimators_",
            value=lambda obj: len(obj.state["estimators_"]),
            neutral=DERIVED,
            when=has("estimators_"),
            why="ensemble/gradient_boosting.py: fit",
        ),
        Added(
            classes=GRADIENT_BOOSTING,
            name="_rng",
            value=seeded,
            neutral=DERIVED,
            when=has("estimators_"),
            why="ensemble/gradient_boosting.py: fit; only a warm start reads it",
        ),
        Changed(
            classes=GRADIENT_BOOSTING,
            method="feature_importances_",
            when=has("estimators_"),
            why="what's new 0.20: normalised over all trees, not tree by tree",
        ),
        Rewritten(
            classes=(encoders.EMBEDDING,),
            to_new=encoders.close,
            to_old=encoders.reopen,
            why="its encoder only meets leaves that it knows",
        ),
        Rewritten(
            classes=(encoders.ONE_HOT_ENCODER,),
            to_new=encoders.legacy_up,
            to_old=encoders.legacy_down,
            names=(
                *encoders.RANGES,
                *("_" + name for name in encoders.RANGES),
                "_legacy_mode",
                "_categories",
                "_categorical_features",
                "categories_",
                "categories",
                "n_values",
                "categorical_features",
            ),
            why="preprocessing/_encoders.py: _handle_deprecations, _legacy_fit_transform",
        ),
        Rewritten(
            classes=(encoders.EMBEDDING,),
            to_new=encoders.reopen,
            to_old=encoders.close,
            why="its encoder only meets leaves that it knows",
        ),
        Added(
            classes=("sklearn.naive_bayes.GaussianNB",),
            name="epsilon_",
            value=_epsilon,
            neutral=DERIVED,
            when=has("sigma_"),
            why="naive_bayes.py: GaussianNB._partial_fit, epsilon was computed anew",
        ),
        Added(
            classes=("sklearn.ensemble.VotingClassifier",),
            name="named_estimators_",
            value=_named_estimators,
            neutral=DERIVED,
            when=has("estimators_"),
            why="ensemble/voting_classifier.py: fit",
        ),
        Added(
            classes=("sklearn.decomposition.PCA",),
            name="_fit_svd_solver",
            value=_solver,
            neutral=DERIVED,
            when=has("components_"),
            why="decomposition/pca.py: PCA._fit",
        ),
        Added(
            classes=("sklearn.preprocessing.FunctionTransformer",),
            name="_validate",
            value=lambda obj: obj.state["validate"],
            neutral=DERIVED,
            when=has("validate"),
            why="preprocessing/_function_transformer.py: _check_input",
        ),
        Added(
            classes=("sklearn.gaussian_process.GaussianProcessRegressor",),
            name="_K_inv",
            value=None,
            neutral=DERIVED,
            why="gaussian_process/gpr.py: fit; a cache",
        ),
        *(
            Added(classes=classes, name=name, value=None, neutral=DERIVED, when=never, why=why)
            for name, classes, why in (
                ("refit_time_", SEARCHES, "model_selection/_search.py: fit measures it"),
                (
                    "_stop_words_id",
                    (
                        "sklearn.feature_extraction.CountVectorizer",
                        "sklearn.feature_extraction.TfidfVectorizer",
                    ),
                    "feature_extraction/text.py: an address of the process, made again when used",
                ),
            )
        ),
        Removed(
            classes=tuple(
                "sklearn.metrics." + name
                for name in ("_PredictScorer", "_ProbaScorer", "_ThresholdScorer")
            ),
            name="_deprecation_msg",
            restore=None,
            neutral=DERIVED,
            when=has("_score_func"),
            why="metrics/scorer.py: _BaseScorer.__init__",
        ),
        Retyped(
            classes=tuple(
                "sklearn.linear_model." + name
                for name in ("ElasticNet", "ElasticNetCV", "Lasso", "LassoCV")
            ),
            name="dual_gap_",
            to_new=_scalar,
            to_old=_zero_dim,
            why="linear_model/coordinate_descent.py: fit",
        ),
        Retyped(
            classes=("sklearn.cluster.MiniBatchKMeans",),
            name="counts_",
            to_new=_floats,
            to_old=_integers,
            why="cluster/k_means_.py: sample weights",
        ),
        Rewritten(
            classes=(
                "sklearn.preprocessing.StandardScaler",
                "sklearn.decomposition.IncrementalPCA",
            ),
            to_new=_seen_up,
            to_old=_seen_down,
            names=("n_samples_seen_",),
            why="preprocessing/data.py: StandardScaler.partial_fit counts missing values",
        ),
        Retyped(
            classes=("sklearn.feature_extraction.TfidfVectorizer",),
            name="dtype",
            to_new=_text_dtype_up,
            to_old=_text_dtype_down,
            why="feature_extraction/text.py: TfidfVectorizer._check_params",
        ),
        Retyped(
            classes=("sklearn.linear_model.RidgeCV", "sklearn.linear_model.RidgeClassifierCV"),
            name="alphas",
            to_new=_alphas,
            to_old=_same,
            why="linear_model/ridge.py: _BaseRidgeCV.__init__",
        ),
        Parameter(
            classes=("sklearn.feature_selection.SelectFromModel",),
            name="max_features",
            why="feature_selection/from_model.py: _get_support_mask",
        ),
        Parameter(
            classes=("sklearn.decomposition.SparsePCA", "sklearn.decomposition.MiniBatchSparsePCA"),
            name="normalize_components",
            why="decomposition/sparse_pca.py: transform",
        ),
        Rewritten(
            classes=("sklearn.preprocessing.RobustScaler",),
            to_new=_robust_up,
            to_old=_robust_down,
            names=("center_", "scale_"),
            why="preprocessing/data.py: RobustScaler.fit says None for what it does not use",
        ),
        Explained(
            classes=("sklearn.linear_model.RidgeClassifierCV",),
            names=("store_cv_values",),
            why="an attribute before it was a parameter",
        ),
        Explained(
            classes=("sklearn.linear_model.RidgeCV",), names=("alpha_",), why="a float either way"
        ),
        Explained(
            classes=("sklearn.preprocessing.StandardScaler",),
            names=("mean_",),
            why="preprocessing/data.py: partial_fit, not read without with_mean and with_std",
        ),
        Explained(classes=SEARCHES, names=("cv_results_",), why="a dict that warns is a dict"),
        Rewritten(
            classes=(imputers.SIMPLE,),
            to_new=imputers.unchanged,
            to_old=imputers.to_imputer,
            why="impute.py: before it only preprocessing.Imputer",
        ),
        Born(
            classes=tags(
                "compose.ColumnTransformer compose.TransformedTargetRegressor "
                "impute.MissingIndicator multioutput.RegressorChain "
                "naive_bayes.ComplementNB preprocessing.KBinsDiscretizer "
                "preprocessing.OrdinalEncoder preprocessing.PowerTransformer"
            )
        ),
        Rewritten(
            classes=tuple(searches.NEW),
            to_new=searches.modernise,
            to_old=searches.keep,
            names=("grid_scores_", "best_params_", "best_score_", "scorer_", "best_estimator_"),
            why="grid_search.py is model_selection/_search.py",
        ),
        Rewritten(
            classes=tuple(successors.GRAPH.values()),
            to_new=successors.unchanged,
            to_old=successors.graph,
            why="covariance/graph_lasso_.py: the name was GraphLasso",
        ),
        Rewritten(
            classes=("sklearn.decomposition.RandomizedPCA",),
            to_new=successors.principal_components,
            to_old=successors.unchanged,
            why="decomposition/pca.py: PCA(svd_solver='randomized') is its successor",
        ),
        Rewritten(
            classes=("sklearn.mixture.GMM",),
            to_new=successors.gaussian_mixture,
            to_old=successors.unchanged,
            why="mixture/gaussian_mixture.py: GaussianMixture is its successor",
        ),
        Gone(
            classes=tags("mixture.DPGMM mixture.VBGMM"),
            why="BayesianGaussianMixture has other priors and another bound, and so other "
            "probabilities for the same means: fit one on the data.",
        ),
        Gone(
            classes=("sklearn.gaussian_process.GaussianProcess",),
            why="GaussianProcessRegressor has other correlations and no regression functions: fit "
            "one on the data.",
        ),
    ],
)
