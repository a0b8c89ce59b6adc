"""scikit-learn 0.22: deprecations of 0.20 end, support counts are private, histograms know missing.

- Words that warned get the value that they meant: the default of this release is another one.
- OneHotEncoder has no legacy mode (preprocessing/_encoders.py), IsolationForest no
  behaviour="old" (ensemble/_iforest.py), Imputer is SimpleImputer (preprocessing/imputation.py).
- libsvm's `n_support_` is computed from `_n_support`, which predictions read (svm/_base.py); in
  older regressors and OneClassSVM it was never written.
- AdaBoostClassifier(algorithm="SAMME").predict_proba agrees with its decision function
  (ensemble/_weight_boosting.py).
- The histogram trees know where missing values go (ensemble/_hist_gradient_boosting).
- Neighbours keep `n_samples_fit_` (neighbors/_base.py), regression trees no classes
  (tree/_classes.py), dummies `_strategy` (dummy.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters import encoders, histograms, imputers, outliers, scores, successors
from skmig.adapters.columns import COLUMN_TRANSFORMER
from skmig.adapters.early import forest_parameter, meaning, tags
from skmig.adapters.forms import classes_of, is_obj
from skmig.adapters.ops import (
    DERIVED,
    Accepted,
    Added,
    Born,
    Changed,
    Explained,
    Parameter,
    Refusal,
    Removed,
    Renamed,
    Retyped,
    Rewritten,
    Step,
    has,
    rules,
)
from skmig.adapters.shapes import (
    DUMMY,
    FORESTS,
    GRADIENT_BOOSTING,
    HIST_GRADIENT_BOOSTING,
    LIBSVM,
    SEARCHES,
    TREES,
    never,
    rows,
)
from skmig.payload import New, Obj

SINCE = "0.22"

SELECTOR = "sklearn.compose.make_column_selector"

NEIGHBORS = tags(
    "neighbors.KNeighborsClassifier neighbors.KNeighborsRegressor neighbors.LocalOutlierFactor "
    "neighbors.NearestNeighbors neighbors.RadiusNeighborsClassifier "
    "neighbors.RadiusNeighborsRegressor"
)
SVC = tags("svm.SVC svm.NuSVC")
SVR = tags("svm.SVR svm.NuSVR svm.OneClassSVM")
SPARSE_PCA = tags("decomposition.SparsePCA decomposition.MiniBatchSparsePCA")
LOGISTIC = tags("linear_model.LogisticRegression linear_model.LogisticRegressionCV")
CROSS_VALIDATED = tags(
    "calibration.CalibratedClassifierCV covariance.GraphLassoCV covariance.GraphicalLassoCV "
    "feature_selection.RFECV linear_model.ElasticNetCV linear_model.LarsCV linear_model.LassoCV "
    "linear_model.LassoLarsCV "
    "linear_model.LogisticRegressionCV linear_model.MultiTaskElasticNetCV "
    "linear_model.MultiTaskLassoCV linear_model.OrthogonalMatchingPursuitCV "
    "model_selection.GridSearchCV model_selection.RandomizedSearchCV"
)
SPLITTERS = tags(
    "model_selection.GroupKFold model_selection.KFold model_selection.StratifiedKFold "
    "model_selection.TimeSeriesSplit"
)


def _support_up(obj: Obj, step: Step) -> None:
    """What was never written is the number of support vectors, twice."""
    if obj.state.pop("n_support_", None) is not None:
        count = rows(obj.state["support_"]) or 0
        obj.state["_n_support"] = np.full(2, count, dtype=np.int32)


def _support_down(obj: Obj, step: Step) -> None:
    if "_n_support" in obj.state:
        obj.state["n_support_"] = obj.state.pop("_n_support")


def _n_outputs(obj: Obj) -> int:
    return int(obj.state.get("n_outputs_", 1))


def _no_classes(obj: Obj) -> Any:
    count = _n_outputs(obj)
    return None if count == 1 else [None] * count


def _one_class_each(obj: Obj) -> Any:
    count = _n_outputs(obj)
    return np.int64(1) if count == 1 else np.ones(count, dtype=np.int64)


def _output_up(obj: Obj, step: Step) -> None:
    if obj.state.pop("output_2d_", False) and _n_outputs(obj) == 1:
        for method in ("predict", "predict(return_std)"):
            step.changed(obj, method, "of one output is flat, however y was given (dummy.py)")
        for name in ("classes_", "n_classes_", "class_prior_"):
            if isinstance(obj.state.get(name), list):
                obj.state[name] = obj.state[name][0]
        for method in ("predict_proba", "predict_log_proba"):
            step.changed(obj, method, "of one output is no list, however y was given (dummy.py)")


def _output_down(obj: Obj, step: Step) -> None:
    if "n_outputs_" in obj.state:
        obj.state["output_2d_"] = _n_outputs(obj) > 1


def _names_seen(obj: Obj) -> Any:
    """The columns of the frame that it was fitted on, where 0.21 kept them."""
    index = obj.state.get("_df_columns")
    if isinstance(index, New) and isinstance(index.args.get("values"), np.ndarray):
        return index.args["values"]
    return None


def _unmixing(obj: Obj) -> Any:
    """W of components_ = W K (decomposition/_fastica.py: _fit)."""
    state = obj.state
    if "whitening_" not in state:
        return state["components_"]
    return state["components_"] @ np.linalg.pinv(state["whitening_"])


def _label_up(obj: Obj, step: Step) -> None:
    if "classes_" not in obj.state:
        return
    label = obj.state.get("outlier_label")
    if label is not None and not isinstance(label, list | tuple | np.ndarray):
        classes = obj.state["classes_"]
        label = [label] * (len(classes) if isinstance(classes, list) else 1)
    obj.state["outlier_label_"] = label


def _label_down(obj: Obj, step: Step) -> None:
    label = obj.state.pop("outlier_label_", None)
    if isinstance(obj.state.get("outlier_label"), str) and label is not None and len(label) == 1:
        obj.state["outlier_label"] = label[0]


def _intercept_up(obj: Obj, step: Step) -> None:
    """Without an intercept there are zeros, one for each row of `coef_`."""
    if isinstance(obj.state.get("intercept_"), float):
        count = rows(obj.state["coef_"]) or 1
        obj.state["intercept_"] = np.full(count, obj.state["intercept_"])


def _intercept_down(obj: Obj, step: Step) -> None:
    """The older release adds an array as well."""


def _normalized_up(obj: Obj, step: Step) -> None:
    """Only what normalize_components=True does is left."""
    if obj.state.get("normalize_components") is False and "components_" in obj.state:
        raise Refusal(
            f"normalize_components=False does not exist in {step.newer} "
            "(decomposition/_sparse_pca.py: transform)"
        )
    obj.state["normalize_components"] = "deprecated"


def _normalized_down(obj: Obj, step: Step) -> None:
    obj.state["normalize_components"] = True


def _samme(obj: Obj) -> bool:
    return obj.state.get("algorithm") == "SAMME" and "estimators_" in obj.state


def _presort(value: Any) -> Any:
    return "deprecated"


def _presort_old(default: Any) -> Any:
    return lambda value: default if value == "deprecated" else value


def _chosen_up(obj: Obj, step: Step) -> None:
    """Columns that are named mean the same."""


def _without_fit(obj: Obj) -> bool:
    """A vocabulary and no idf: is there nothing to be fitted, and was nothing?"""
    given, weights = obj.state.get("vocabulary"), obj.state.get("_tfidf")
    if "vocabulary_" in obj.state or given is None or not is_obj(weights):
        return False
    return not weights.state["use_idf"]


def _as_lists(parts: Any) -> Any:
    return [
        (name, part, list(columns) if isinstance(columns, tuple) else columns)
        for name, part, columns in parts
    ]


def _chosen_down(obj: Obj, step: Step) -> None:
    """A fitted transformer knows which columns `make_column_selector` chose.

    Columns in a tuple are columns in a list, which older releases know.
    """
    for place in ("transformers", "transformers_"):
        if place in obj.state:
            obj.state[place] = _as_lists(obj.state[place])
    if "_columns" in obj.state:
        obj.state["_columns"] = [
            list(columns) if isinstance(columns, tuple) else columns
            for columns in obj.state["_columns"]
        ]
    given, chosen = obj.state.get("transformers") or (), obj.state.get("_columns")
    if not any(is_obj(columns, SELECTOR) for _, _, columns in given):
        return
    if chosen is None:
        raise Refusal(f"`make_column_selector` does not exist before scikit-learn {step.newer}")
    obj.state["transformers"] = [
        (name, part, found if is_obj(columns, SELECTOR) else columns)
        for (name, part, columns), found in zip(given, chosen, strict=True)
    ]
    step.note(obj, "the columns that `make_column_selector` chose are written out")


RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=HIST_GRADIENT_BOOSTING,
            to_new=histograms.loss_up,
            to_old=histograms.loss_down,
            names=("loss", "loss_"),
            why="ensemble/_hist_gradient_boosting/loss.py: LeastAbsoluteDeviation",
        ),
        Changed(
            classes=("sklearn.ensemble.VotingClassifier",),
            method="raises AttributeError: predict_proba is not available when",
            when=lambda obj: obj.state.get("voting") == "hard",
            why="a hard vote among others seemed to have probabilities (ensemble/voting.py)",
        ),
        Rewritten(
            classes=scores.SCORERS,
            names=("_score_func", "_kwargs"),
            to_new=scores.keep,
            to_old=scores.root_refused,
            why="metrics/_regression.py: mean_squared_error(squared=False)",
        ),
        scores.renamed(
            {"brier_score_loss": "neg_brier_score"},
            {"neg_brier_score": "brier_score_loss"},
            why="metrics/_scorer.py: brier_score_loss is deprecated, and gone in 0.24",
        ),
        Changed(
            classes=tags("cluster.AffinityPropagation"),
            method="raises TypeError: A sparse",
            why="cluster/_affinity_propagation.py: predict takes no sparse data (until 1.0)",
        ),
        Accepted(
            classes=tags("feature_selection.VarianceThreshold"),
            what="missing values",
            error="ValueError: Input",
            why="feature_selection/_variance_threshold.py: force_all_finite='allow-nan'",
        ),
        Accepted(
            classes=HIST_GRADIENT_BOOSTING,
            what="missing values",
            error="ValueError: Input",
            why="ensemble/_hist_gradient_boosting/gradient_boosting.py: _raw_predict",
        ),
        Rewritten(
            classes=(COLUMN_TRANSFORMER,),
            to_new=_chosen_up,
            to_old=_chosen_down,
            names=("transformers",),
            why="compose/_column_transformer.py: make_column_selector; utils/__init__.py: tuples",
        ),
        *meaning(
            {"cv": CROSS_VALIDATED}, up={"warn": 3}, why="model_selection/_split.py: check_cv"
        ),
        *meaning({"n_splits": SPLITTERS}, up={"warn": 3}, why="model_selection/_split.py"),
        *meaning({"n_estimators": FORESTS}, up={"warn": 10}, why="ensemble/_forest.py"),
        *meaning(
            {"error_score": SEARCHES},
            up={"raise-deprecating": "raise"},
            why="model_selection/_validation.py",
        ),
        *meaning(
            {"iid": SEARCHES},
            up={"warn": "deprecated"},
            down={"deprecated": False},
            why="model_selection/_search.py: __init__",
        ),
        *meaning(
            {"gamma": LIBSVM}, up={"auto_deprecated": "auto"}, why="svm/_base.py: BaseLibSVM.fit"
        ),
        *meaning({"multi_class": LOGISTIC}, up={"warn": "ovr"}, why="linear_model/_logistic.py"),
        *meaning(
            {"solver": LOGISTIC[:1]}, up={"warn": "liblinear"}, why="linear_model/_logistic.py"
        ),
        *meaning(
            {"validate": ("sklearn.preprocessing.FunctionTransformer",)},
            up={None: True},
            why="preprocessing/_function_transformer.py: _check_input",
        ),
        *(
            Retyped(
                classes=classes,
                name="presort",
                to_new=_presort,
                to_old=_presort_old(default),
                why="what's new 0.22: presort has no effect",
            )
            for classes, default in ((GRADIENT_BOOSTING, "auto"), (TREES, False))
        ),
        Retyped(
            classes=HIST_GRADIENT_BOOSTING,
            name="max_bins",
            to_new=histograms.fewer_bins,
            to_old=histograms.same_bins,
            why="ensemble/_hist_gradient_boosting: one bin is for missing values",
        ),
        forest_parameter(
            "ccp_alpha",
            "",
            "ensemble/_forest.py: __init__",
            tuple(tag for tag in FORESTS if tag != encoders.EMBEDDING),
        ),
        Removed(
            classes=tags("tree.DecisionTreeRegressor tree.ExtraTreeRegressor"),
            name="classes_",
            restore=_no_classes,
            neutral=DERIVED,
            when=has("tree_"),
            why="tree/_classes.py: BaseDecisionTree.fit",
        ),
        Removed(
            classes=tags("tree.DecisionTreeRegressor tree.ExtraTreeRegressor"),
            name="n_classes_",
            restore=_one_class_each,
            neutral=DERIVED,
            when=has("tree_"),
            why="tree/_classes.py: n_classes_ is a property of regressors",
        ),
        Added(
            classes=("sklearn.ensemble.RandomTreesEmbedding",),
            name="max_samples",
            value=None,
            neutral=(None,),
            when=has("n_estimators"),
            why="ensemble/_forest.py: BaseForest.__init__",
        ),
        Renamed(classes=SVC, old="n_support_", new="_n_support", why="svm/_base.py: fit"),
        Rewritten(
            classes=SVR,
            to_new=_support_up,
            to_old=_support_down,
            names=("n_support_", "_n_support"),
            why="svm/_base.py: n_support_ is a property",
        ),
        Explained(
            classes=("sklearn.svm.OneClassSVM",),
            names=("random_state",),
            why="svm/_classes.py: no parameter, but still an attribute",
        ),
        Explained(classes=LIBSVM, names=("_gamma",), why="a float either way"),
        Parameter(classes=SVC, name="break_ties", why="svm/_base.py: BaseSVC.predict"),
        Added(
            classes=NEIGHBORS,
            name="n_samples_fit_",
            value=lambda obj: rows(obj.state["_fit_X"]),
            neutral=DERIVED,
            when=has("_fit_X"),
            why="neighbors/_base.py: NeighborsBase._fit",
        ),
        Rewritten(
            classes=("sklearn.neighbors.RadiusNeighborsClassifier",),
            to_new=_label_up,
            to_old=_label_down,
            names=("outlier_label_",),
            why="neighbors/_classification.py: RadiusNeighborsClassifier.fit",
        ),
        Rewritten(
            classes=("sklearn.neighbors.LocalOutlierFactor",),
            to_new=outliers.local_modern_up,
            to_old=outliers.local_modern_down,
            names=("_contamination", "contamination", "offset_"),
            why="neighbors/_lof.py: fit",
        ),
        Rewritten(
            classes=("sklearn.ensemble.IsolationForest",),
            to_new=outliers.forest_modern_up,
            to_old=outliers.forest_modern_down,
            names=("_contamination", "_threshold_", "offset_", "behaviour", "contamination"),
            why="ensemble/_iforest.py: fit, predict",
        ),
        Rewritten(
            classes=(encoders.EMBEDDING,),
            to_new=encoders.close,
            to_old=encoders.reopen,
            why="its encoder only meets leaves that it knows",
        ),
        Changed(
            classes=tags("feature_extraction.TfidfVectorizer"),
            method="raises NotFittedError: The",
            when=_without_fit,
            why="feature_extraction/text.py: a given vocabulary without idf needed no fit",
        ),
        Changed(
            classes=(encoders.ONE_HOT_ENCODER,),
            method="get_feature_names",
            when=lambda obj: bool(obj.state.get("_legacy_mode")),
            why="preprocessing/_encoders.py: legacy mode named its columns by floats, and with "
            "n_values by one less than there are (_legacy_fit_transform)",
        ),
        Rewritten(
            classes=(encoders.ONE_HOT_ENCODER,),
            to_new=encoders.modern_up,
            to_old=encoders.modern_down,
            names=(
                *("_" + name for name in encoders.RANGES),
                "_legacy_mode",
                "_categories",
                "_categorical_features",
                "_n_values",
                "categories_",
                "categories",
                "n_values",
                "categorical_features",
                "drop_idx_",
            ),
            why="preprocessing/_encoders.py: no legacy mode",
        ),
        Rewritten(
            classes=(encoders.EMBEDDING,),
            to_new=encoders.reopen,
            to_old=encoders.close,
            why="its encoder only meets leaves that it knows",
        ),
        Removed(
            classes=("sklearn.preprocessing.OrdinalEncoder",),
            name="_categories",
            restore=lambda obj: obj.state["categories"],
            neutral=DERIVED,
            when=has("categories_"),
            why="preprocessing/_encoders.py: _BaseEncoder._fit",
        ),
        Rewritten(
            classes=(imputers.IMPUTER,),
            to_new=imputers.to_simple,
            to_old=imputers.unchanged,
            names=("axis",),
            why="what's new 0.22: preprocessing.Imputer is impute.SimpleImputer",
        ),
        Parameter(
            classes=("sklearn.preprocessing.FunctionTransformer",),
            name="pass_y",
            value="deprecated",
            neutral=("deprecated", False),
            why="preprocessing/_function_transformer.py: _transform",
        ),
        Removed(
            classes=("sklearn.preprocessing.FunctionTransformer",),
            name="_validate",
            restore=lambda obj: obj.state["validate"],
            neutral=DERIVED,
            when=has("validate"),
            why="preprocessing/_function_transformer.py: _check_input",
        ),
        Added(
            classes=(COLUMN_TRANSFORMER,),
            name="_feature_names_in",
            value=_names_seen,
            neutral=DERIVED,
            when=has("transformers_"),
            why="compose/_column_transformer.py: fit_transform; it warns of another order",
        ),
        Rewritten(
            classes=DUMMY,
            to_new=_output_up,
            to_old=_output_down,
            names=("output_2d_",),
            why="dummy.py: fit, predict",
        ),
        Added(
            classes=("sklearn.dummy.DummyClassifier",),
            name="_strategy",
            value=lambda obj: obj.state["strategy"],
            neutral=DERIVED,
            when=has("n_outputs_"),
            why="dummy.py: DummyClassifier.fit",
        ),
        *meaning(
            {"strategy": ("sklearn.dummy.DummyClassifier",)},
            down={"warn": "stratified"},
            why="dummy.py: DummyClassifier.fit",
        ),
        Added(
            classes=tags(
                "naive_bayes.BernoulliNB naive_bayes.ComplementNB naive_bayes.MultinomialNB"
            ),
            name="n_features_",
            value=lambda obj: obj.state["feature_count_"].shape[1],
            neutral=DERIVED,
            when=has("feature_count_"),
            why="naive_bayes.py: BaseDiscreteNB.fit",
        ),
        Added(
            classes=("sklearn.multioutput.MultiOutputClassifier",),
            name="classes_",
            value=lambda obj: [classes_of(member) for member in obj.state["estimators_"]],
            neutral=DERIVED,
            when=lambda obj: all(
                classes_of(member) is not None for member in obj.state.get("estimators_", [obj])
            ),
            why="multioutput.py: MultiOutputClassifier.fit",
        ),
        Added(
            classes=tags("metrics._PredictScorer metrics._ProbaScorer metrics._ThresholdScorer"),
            name="_deprecation_msg",
            value=None,
            neutral=DERIVED,
            when=has("_score_func"),
            why="metrics/_scorer.py: _BaseScorer.__init__",
        ),
        *(
            Changed(
                classes=("sklearn.ensemble.AdaBoostClassifier",),
                method=method,
                when=_samme,
                why="what's new 0.22: agrees with decision_function for algorithm='SAMME'",
            )
            for method in ("predict_proba", "predict_log_proba", "staged_predict_proba")
        ),
        Rewritten(
            classes=(histograms.MAPPER,),
            to_new=histograms.mapper_up,
            to_old=histograms.mapper_down,
            names=(
                "actual_n_bins_",
                "max_bins",
                "n_bins",
                "n_bins_non_missing_",
                "missing_values_bin_idx_",
                "random_state",
            ),
            why="ensemble/_hist_gradient_boosting/binning.py",
        ),
        Rewritten(
            classes=(histograms.PREDICTOR,),
            to_new=histograms.predictor_up,
            to_old=histograms.predictor_down,
            names=("nodes",),
            why="ensemble/_hist_gradient_boosting/common.pyx: node_struct",
        ),
        Rewritten(
            classes=HIST_GRADIENT_BOOSTING,
            to_new=histograms.seed_up,
            to_old=histograms.seed_down,
            names=("_random_seed",),
            why="ensemble/_hist_gradient_boosting/gradient_boosting.py: fit",
        ),
        Added(
            classes=("sklearn.decomposition.FastICA",),
            name="_unmixing",
            value=_unmixing,
            neutral=DERIVED,
            when=has("components_"),
            why="decomposition/_fastica.py: _fit",
        ),
        Removed(
            classes=("sklearn.manifold.Isomap",),
            name="training_data_",
            restore=lambda obj: obj.state["nbrs_"].state["_fit_X"],
            neutral=DERIVED,
            when=has("nbrs_"),
            why="manifold/_isomap.py: _fit_transform",
        ),
        Rewritten(
            classes=SPARSE_PCA,
            to_new=_normalized_up,
            to_old=_normalized_down,
            names=("normalize_components", "mean_"),
            why="decomposition/_sparse_pca.py: transform",
        ),
        Rewritten(
            classes=LOGISTIC,
            to_new=_intercept_up,
            to_old=_intercept_down,
            names=("intercept_",),
            why="linear_model/_logistic.py: fit with fit_intercept=False",
        ),
        Explained(
            classes=("sklearn.linear_model.Ridge",),
            names=("n_iter_",),
            why="linear_model/_ridge.py: another solver of sparse input has none",
        ),
        Added(
            classes=("sklearn.cluster.AgglomerativeClustering",),
            name="distances_",
            value=None,
            neutral=DERIVED,
            when=never,
            why="cluster/_hierarchical.py: fit with distance_threshold; needs the training data",
        ),
        Added(
            classes=("sklearn.cluster.MeanShift",),
            name="n_iter_",
            value=None,
            neutral=DERIVED,
            when=never,
            why="cluster/_mean_shift.py: fit; a count of the training",
        ),
        Born(
            classes=tags(
                "ensemble.StackingClassifier ensemble.StackingRegressor impute.KNNImputer "
                "naive_bayes.CategoricalNB neighbors.KNeighborsTransformer "
                "neighbors.RadiusNeighborsTransformer"
            )
        ),
        Rewritten(
            classes=tuple(successors.GRAPH),
            to_new=successors.graphical,
            to_old=successors.unchanged,
            why="covariance/graph_lasso_.py: a deprecated name since 0.20",
        ),
    ],
)
