"""scikit-learn 0.24.0: categorical splits of HGB, private names, no more `presort`.

Sources: doc/whats_new/v0.24.rst, the installed files of 0.23.2 and 0.24.0 that each operation
names.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters import factorization, hist_boosting, shapes
from skmig.adapters.columns import is_empty
from skmig.adapters.forms import members, swap
from skmig.adapters.ops import (
    DERIVED,
    Accepted,
    Added,
    Born,
    Changed,
    Explained,
    Op,
    Parameter,
    Removed,
    Renamed,
    Retyped,
    Rewritten,
    Step,
    always,
    has,
    rules,
)
from skmig.adapters.shapes import never
from skmig.payload import New, Obj

SINCE = "0.24.0"

_HGB = shapes.HIST_GRADIENT_BOOSTING
_HGB_FILE = "ensemble/_hist_gradient_boosting/gradient_boosting.py"
_MINI_BATCH = ("sklearn.cluster.MiniBatchKMeans",)
_CALIBRATED = ("sklearn.calibration._CalibratedClassifier",)
_EXTRA = ("sklearn.tree.ExtraTreeClassifier", "sklearn.tree.ExtraTreeRegressor")
_ENCODER = ("sklearn.preprocessing.OneHotEncoder",)
_ORDINAL = ("sklearn.preprocessing.OrdinalEncoder",)


# ------------------------------------------------------------------ histogram gradient boosting


# ------------------------------------------------------------------ calibration
def _calibrated_up(obj: Obj, step: Step) -> None:
    """`classes_` was what `label_encoder_` learnt from `classes`, or from y where that is None."""
    state = obj.state
    classes = state.pop("classes_", None)
    state.pop("label_encoder_", None)
    if classes is not None:
        state["classes"] = classes


def _calibrated_down(obj: Obj, step: Step) -> None:
    classes = obj.state.get("classes")
    if classes is not None:
        obj.state["classes_"] = classes
        obj.state["label_encoder_"] = Obj(
            "sklearn.preprocessing.LabelEncoder", {"classes_": classes}
        )


def _offset_down(obj: Obj, step: Step) -> None:
    """`predict` of the older release reads both where it normalizes, but `fit` left neither."""
    if obj.state.get("normalize") is not True:
        for name in ("X_offset_", "X_scale_"):
            obj.state.pop(name, None)


# ------------------------------------------------------------------ trees
def _tree_up(obj: Obj, step: Step) -> None:
    """Trees inside forests were fitted without validation and had no `n_features_in_`."""
    found = obj.state.get("n_features_")
    if "n_features_in_" not in obj.state and found is not None:
        obj.state["n_features_in_"] = int(found)


def _same(obj: Obj, step: Step) -> None:
    """Nothing to take away: trees of their own had the attribute before."""


def _forest_down(obj: Obj, step: Step) -> None:
    for tree in members(obj):
        tree.state.pop("n_features_in_", None)


# ------------------------------------------------------------------ encoders
def _has_nan(categories: Any) -> bool:
    for column in categories or ():
        if isinstance(column, np.ndarray) and column.dtype.kind == "f" and np.isnan(column).any():
            return True
        if isinstance(column, np.ndarray) and column.dtype == object:
            for item in column:
                if item is None or (isinstance(item, float | np.floating) and item != item):
                    return True
    return False


def _masks_up(obj: Obj, step: Step) -> None:
    """A fitted selection of nothing is read as one by both."""


def _masks_down(obj: Obj, step: Step) -> None:
    """Of a list of False the older release knows only that it has a length."""

    def plain(columns: Any) -> Any:
        return [] if isinstance(columns, list) and is_empty(columns) else columns

    if "transformers_" in obj.state:
        obj.state["transformers_"] = [
            (name, part, plain(columns)) for name, part, columns in obj.state["transformers_"]
        ]
        obj.state["_columns"] = [plain(columns) for columns in obj.state["_columns"]]


def _one_hot_down(obj: Obj, step: Step) -> None:
    if _has_nan(obj.state.get("categories_")):
        step.loss(obj, "a missing value is a category here; older releases reject missing values")


def _ordinal_down(obj: Obj, step: Step) -> None:
    handling = obj.state.pop("handle_unknown", "error")
    value = obj.state.pop("unknown_value", None)
    if handling != "error":
        step.loss(
            obj,
            f"unknown categories become {value!r}; scikit-learn {step.older} rejects them",
        )


def _ordinal_up(obj: Obj, step: Step) -> None:
    obj.state.setdefault("handle_unknown", "error")
    obj.state.setdefault("unknown_value", None)


def _mask_up(obj: Obj, step: Step) -> None:
    """Imputers hand the mask of missing values to their indicator, not the data."""
    indicator = obj.state.get("indicator_")
    if isinstance(indicator, Obj) and "features_" in indicator.state:
        indicator.state["_precomputed"] = True
        indicator.state.pop("n_features_in_", None)


def _mask_down(obj: Obj, step: Step) -> None:
    indicator = obj.state.get("indicator_")
    width = shapes.n_features(obj)
    if isinstance(indicator, Obj) and "features_" in indicator.state and width is not None:
        indicator.state.setdefault("n_features_in_", width)


# ------------------------------------------------------------------ others


def _drop_up(obj: Obj, step: Step) -> None:
    parts = obj.state.get("transformer_list")
    if isinstance(parts, list):
        obj.state["transformer_list"] = [
            (name, "drop" if part is None else part) for name, part in parts
        ]


def _dropped(part: Any) -> Any:
    return "drop" if part is None else part


def _voters_up(obj: Obj, step: Step) -> None:
    """ensemble/_voting.py: None for an estimator was deprecated for 'drop' in 0.22."""
    voters, named = obj.state.get("estimators"), obj.state.get("named_estimators_")
    if isinstance(voters, list):
        obj.state["estimators"] = [(name, _dropped(part)) for name, part in voters]
    if isinstance(named, New):  # a Bunch
        items = named.args["items"]
        named.args["items"] = {name: _dropped(part) for name, part in items.items()}


def _drop_down(obj: Obj, step: Step) -> None:
    """'drop' is understood since 0.20."""


def _voters_down(obj: Obj, step: Step) -> None:
    """'drop' is understood here too: see the rule of 0.21 for what is older."""


_OPS: list[Op] = [
    # HistGradientBoosting
    *(
        Renamed(classes=_HGB, old=f"{name}_", new=f"_{name}", why=f"{_HGB_FILE}: now private")
        for name in ("bin_mapper", "loss", "n_features", "scorer")
    ),
    Added(
        classes=_HGB,
        name="is_categorical_",
        value=None,
        neutral=hist_boosting.no_categories,
        why=f"{_HGB_FILE}: no feature is categorical",
    ),
    Parameter(
        classes=_HGB,
        name="categorical_features",
        neutral=hist_boosting.no_categories,
        why=f"{_HGB_FILE}: predict compares categories where a split is categorical",
    ),
    Rewritten(
        classes=("sklearn.ensemble.TreePredictor",),
        to_new=hist_boosting.predictor_up,
        to_old=hist_boosting.predictor_down,
        names=("nodes", *hist_boosting.BITSETS),
        why="ensemble/_hist_gradient_boosting/common.pyx: node_struct",
    ),
    Rewritten(
        classes=("sklearn.ensemble._BinMapper",),
        to_new=hist_boosting.mapper_up,
        to_old=hist_boosting.mapper_down,
        names=("is_categorical", "known_categories", "is_categorical_"),
        why="ensemble/_hist_gradient_boosting/binning.py: _BinMapper.__init__ and fit",
    ),
    # trees and their ensembles
    Rewritten(
        classes=shapes.TREES,
        to_new=_tree_up,
        to_old=_same,
        names=("n_features_in_",),
        why="tree/_classes.py:176: set beside n_features_, validated or not",
    ),
    Rewritten(
        classes=(*shapes.FORESTS, *shapes.GRADIENT_BOOSTING),
        to_new=_same,
        to_old=_forest_down,
        why="tree/_classes.py: inside forests the attribute came with this release",
    ),
    Removed(
        classes=_EXTRA,
        name="presort",
        restore="deprecated",
        neutral=DERIVED,
        when=always,
        why="tree/_classes.py: `presort` was removed; no constructor of an extra tree had it",
    ),
    Added(
        classes=("sklearn.ensemble.GradientBoostingClassifier",),
        name="_n_classes",
        value=lambda obj: obj.state["n_classes_"],
        neutral=DERIVED,
        when=has("n_classes_"),
        why="ensemble/_gb.py: `_validate_y`",
    ),
    Removed(
        classes=("sklearn.ensemble.GradientBoostingRegressor",),
        name="n_classes_",
        restore=1,
        neutral=DERIVED,
        when=has("estimators_"),
        why="ensemble/_gb.py: n_classes_ of regressors is a deprecated property",
    ),
    # calibration
    Renamed(
        classes=_CALIBRATED, old="calibrators_", new="calibrators", why="calibration.py: renamed"
    ),
    Rewritten(
        classes=_CALIBRATED,
        to_new=_calibrated_up,
        to_old=_calibrated_down,
        names=("classes", "classes_", "label_encoder_"),
        why="calibration.py: `_CalibratedClassifier.__init__` takes the classes as they are",
    ),
    Accepted(
        classes=("sklearn.isotonic.IsotonicRegression",),
        what="a table of one column",
        error="ValueError: Isotonic regression input should be a 1d array",
        why="isotonic.py: _check_input_data_shape",
    ),
    Changed(
        classes=("sklearn.discriminant_analysis.LinearDiscriminantAnalysis",),
        method="predict_log_proba",
        why="discriminant_analysis.py: a probability of 0 counts as the smallest double",
    ),
    *(
        Renamed(
            classes=("sklearn.isotonic.IsotonicRegression",),
            old=f"_necessary_{axis}_",
            new=f"{axis}_thresholds_",
            why="isotonic.py: made public",
        )
        for axis in "Xy"
    ),
    # clustering
    Renamed(
        classes=_MINI_BATCH, old="counts_", new="_counts", why="cluster/_kmeans.py: now private"
    ),
    Removed(
        classes=_MINI_BATCH,
        name="init_size_",
        restore=lambda obj: obj.state["_init_size"],
        neutral=DERIVED,
        when=has("_init_size", "n_iter_"),
        why="cluster/_kmeans.py: a deprecated property of _init_size",
    ),
    Renamed(
        classes=_MINI_BATCH,
        old="random_state_",
        new="_random_state",
        why="cluster/_kmeans.py: partial_fit keeps it",
    ),
    Removed(
        classes=shapes.tags("metrics._PredictScorer metrics._ProbaScorer metrics._ThresholdScorer"),
        name="_deprecation_msg",
        restore=None,
        neutral=DERIVED,
        when=always,
        why="metrics/_scorer.py: `_BaseScorer.__init__`",
    ),
    # feature extraction and selection
    Changed(
        classes=("sklearn.feature_extraction.DictVectorizer",),
        method="transform",
        when=has("feature_names_"),
        why="feature_extraction/_dict_vectorizer.py: a list of strings is a feature for each",
    ),
    Parameter(
        classes=("sklearn.feature_selection.SelectFromModel",),
        name="importance_getter",
        # the names that "auto" looks for
        neutral=("auto", "coef_", "feature_importances_"),
        why="feature_selection/_from_model.py: _get_support_mask",
    ),
    Rewritten(
        classes=("sklearn.compose.ColumnTransformer",),
        to_new=_masks_up,
        to_old=_masks_down,
        names=("transformers_",),
        why="compose/_column_transformer.py: _is_empty_column_selection of a list of False",
    ),
    # preprocessing
    Accepted(
        classes=shapes.tags("preprocessing.OneHotEncoder preprocessing.OrdinalEncoder"),
        what="missing values",
        error="ValueError: Input",
        why="preprocessing/_encoders.py: _check_X, force_all_finite='allow-nan'",
    ),
    Parameter(
        classes=("sklearn.preprocessing.MinMaxScaler",),
        name="clip",
        why="preprocessing/_data.py: transform clips to feature_range where it is True",
    ),
    Rewritten(
        classes=_ENCODER,
        to_new=_same,
        to_old=_one_hot_down,
        why="preprocessing/_encoders.py: OneHotEncoder treats missing values as a category",
    ),
    Rewritten(
        classes=_ORDINAL,
        to_new=_ordinal_up,
        to_old=_ordinal_down,
        names=("handle_unknown", "unknown_value"),
        why="preprocessing/_encoders.py: transform reads both",
    ),
    Explained(
        classes=("sklearn.impute.MissingIndicator",),
        names=("n_features_in_",),
        why="impute/_base.py; the operation of the imputers on `indicator_` sets it",
    ),
    Explained(
        classes=("sklearn.decomposition.IncrementalPCA",),
        names=("n_features_in_",),
        why="decomposition/_incremental_pca.py: partial_fit counts too; 0.23.0 set it",
    ),
    Explained(
        classes=_ENCODER,
        names=("categories_",),
        why="preprocessing/_discretization.py: the type of the bins' numbers in `_encoder`",
    ),
    Parameter(
        classes=("sklearn.preprocessing.KBinsDiscretizer",),
        name="dtype",
        why="preprocessing/_discretization.py: transform casts to it; None keeps the input's",
    ),
    Explained(
        classes=("sklearn.preprocessing.StandardScaler",),
        names=("n_samples_seen_",),
        why="the type of the scalar",
    ),
    Added(
        classes=("sklearn.impute.MissingIndicator",),
        name="_precomputed",
        value=False,
        neutral=DERIVED,
        why="impute/_base.py: fit may be given a mask by an imputer",
    ),
    Rewritten(
        classes=shapes.tags("impute.IterativeImputer impute.KNNImputer impute.SimpleImputer"),
        to_new=_mask_up,
        to_old=_mask_down,
        why="impute/_base.py: `_fit_indicator`, `_transform_indicator`",
    ),
    Retyped(
        classes=("sklearn.impute.IterativeImputer",),
        name="min_value",
        to_new=swap({None: -float("inf")}),
        to_old=swap({-float("inf"): None}),
        why="impute/_iterative.py: the default is spelled as what it means",
    ),
    Retyped(
        classes=("sklearn.impute.IterativeImputer",),
        name="max_value",
        to_new=swap({None: float("inf")}),
        to_old=swap({float("inf"): None}),
        why="impute/_iterative.py: the default is spelled as what it means",
    ),
    # others
    Added(
        classes=("sklearn.linear_model.RidgeClassifierCV",),
        name="alpha_per_target",
        value=False,
        neutral=(False,),
        when=always,
        why="linear_model/_ridge.py: _BaseRidgeCV.__init__ sets it on the classifier too",
    ),
    Explained(
        classes=("sklearn.linear_model.Perceptron",),
        names=("l1_ratio",),
        why="linear_model/_perceptron.py: a parameter now, and an attribute before",
    ),
    Rewritten(
        classes=("sklearn.linear_model.ARDRegression",),
        to_new=_same,
        to_old=_offset_down,
        names=("X_offset_", "X_scale_"),
        why="linear_model/_bayes.py: means and norms of the training data",
    ),
    Retyped(
        classes=shapes.DUMMY[:1],
        name="strategy",
        to_new=swap({"warn": "stratified"}),
        to_old=lambda value: value,
        why="dummy.py: until 0.23 the default 'warn' meant 'stratified'",
    ),
    Added(
        classes=("sklearn.naive_bayes.CategoricalNB",),
        name="n_categories_",
        value=lambda obj: np.array(
            [item.shape[1] for item in obj.state["category_count_"]], dtype=np.int64
        ),
        neutral=DERIVED,
        when=has("category_count_"),
        why="naive_bayes.py: CategoricalNB.fit",
    ),
    *(
        Renamed(
            classes=shapes.PLS,
            old=f"{name}_",
            new=f"_{name}",
            why="cross_decomposition/_pls.py: private, with deprecated properties",
        )
        for name in ("x_mean", "y_mean", "x_std", "y_std", "x_scores", "y_scores")
    ),
    Renamed(
        classes=shapes.PLS[:3],
        old="norm_y_weights",
        new="_norm_y_weights",
        why="cross_decomposition/_pls.py: private, with a deprecated property",
    ),
    Rewritten(
        classes=shapes.PLS[:3],
        to_new=factorization.rotations_up,
        to_old=factorization.rotations_down,
        names=("y_rotations_",),
        why="cross_decomposition/_pls.py: two-dimensional for a single target too",
    ),
    Rewritten(
        classes=("sklearn.decomposition.NMF",),
        to_new=factorization.regularization_up,
        to_old=factorization.regularization_down,
        names=("regularization",),
        why="decomposition/_nmf.py: transform reads alpha where it regularizes W",
    ),
    *(
        Changed(classes=("sklearn.decomposition.FactorAnalysis",), method=method, why=why)
        for method, why in (
            ("score_samples", "of a DataFrame was a Series (decomposition/_factor_analysis.py)"),
            ("raises AttributeError: 'list'", "score_samples takes lists"),
        )
    ),
    Rewritten(
        classes=("sklearn.decomposition.SparseCoder",),
        to_new=factorization.coder_up,
        to_old=factorization.coder_down,
        names=("components_", "dictionary", "n_components"),
        why="decomposition/_dict_learning.py: components_ is a property of `dictionary`",
    ),
    *(
        Removed(
            classes=("sklearn.covariance.GraphicalLassoCV",),
            name=name,
            restore=None,
            neutral=DERIVED,
            when=never,
            why="covariance/_graph_lasso.py: scores of the training, now in cv_results_",
        )
        for name in ("cv_alphas_", "grid_scores_")
    ),
    Added(
        classes=("sklearn.covariance.GraphicalLassoCV",),
        name="cv_results_",
        value=None,
        neutral=DERIVED,
        when=never,
        why="covariance/_graph_lasso.py: scores of the training",
    ),
    Rewritten(
        classes=("sklearn.pipeline.FeatureUnion",),
        to_new=_drop_up,
        to_old=_drop_down,
        names=("transformer_list",),
        why="pipeline.py: FeatureUnion, None for a transformer was deprecated for 'drop' in 0.22",
    ),
    Rewritten(
        classes=shapes.tags("ensemble.VotingClassifier ensemble.VotingRegressor"),
        to_new=_voters_up,
        to_old=_voters_down,
        names=("estimators", "named_estimators_"),
        why="ensemble/_base.py: _validate_estimators, None for an estimator is an error",
    ),
    Born(
        classes=(
            "sklearn.feature_selection.SequentialFeatureSelector",
            "sklearn.kernel_approximation.PolynomialCountSketch",
            "sklearn.model_selection.HalvingGridSearchCV",
            "sklearn.model_selection.HalvingRandomSearchCV",
            "sklearn.semi_supervised.SelfTrainingClassifier",
        ),
        why="v0.24 release notes: new classes",
    ),
]

RULES = rules(SINCE, _OPS)
