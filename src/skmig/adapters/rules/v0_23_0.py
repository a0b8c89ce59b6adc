"""scikit-learn 0.23.0: `n_features_in_` everywhere, private names, early stopping of HGB.

Sources: doc/whats_new/v0.23.rst of scikit-learn, and the installed files of 0.22.2.post1 and
0.23.0 that each operation names.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig import versions
from skmig.adapters import factorization, frames, hist_boosting, shapes
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
    Refusal,
    Removed,
    Renamed,
    Retyped,
    Rewritten,
    Step,
    fitted,
    has,
    rules,
    same,
)
from skmig.adapters.rules.v0_24_0 import SINCE as LENIENT
from skmig.adapters.shapes import never
from skmig.payload import Obj

SINCE = "0.23.0"

_ON_VALIDATION = "base.py: `_validate_data` records the number of columns (SLEP 10)"

# Classes whose `fit` of this release sets the attribute.  Pipeline, FeatureUnion, the searches and
# the voting ensembles compute it as a property; the encoders and GLMs follow at a later release.
COUNTED = (
    *shapes.LINEAR,
    *shapes.COMPONENTS,
    *shapes.COVARIANCE,
    *shapes.TREES,
    *shapes.FORESTS,
    *shapes.BAGGING,
    *shapes.ISOLATION_FOREST,
    *shapes.GRADIENT_BOOSTING,
    *shapes.HIST_GRADIENT_BOOSTING,
    *shapes.ADABOOST,
    *shapes.STACKING,
    *shapes.DISCRETE_BAYES,
    *shapes.NEIGHBORS,
    *shapes.LIBSVM,
    *shapes.PLS,
    *shapes.UNIVARIATE,
    *shapes.MLP,
    *shapes.tags(
        "calibration.CalibratedClassifierCV cluster.AffinityPropagation "
        "cluster.AgglomerativeClustering cluster.Birch cluster.FeatureAgglomeration "
        "cluster.KMeans cluster.MeanShift cluster.MiniBatchKMeans cluster.OPTICS "
        "cluster.SpectralBiclustering cluster.SpectralClustering "
        "cluster.SpectralCoclustering compose.ColumnTransformer decomposition.KernelPCA "
        "discriminant_analysis.QuadraticDiscriminantAnalysis feature_selection.RFE "
        "feature_selection.RFECV feature_selection.VarianceThreshold "
        "gaussian_process.GaussianProcessClassifier "
        "gaussian_process.GaussianProcessRegressor impute.IterativeImputer "
        "impute.KNNImputer impute.MissingIndicator impute.SimpleImputer "
        "kernel_approximation.AdditiveChi2Sampler kernel_approximation.RBFSampler "
        "kernel_approximation.SkewedChi2Sampler kernel_ridge.KernelRidge "
        "linear_model.RANSACRegressor manifold.Isomap manifold.LocallyLinearEmbedding "
        "manifold.MDS manifold.SpectralEmbedding manifold.TSNE "
        "mixture.BayesianGaussianMixture mixture.GaussianMixture "
        "multiclass.OneVsOneClassifier multiclass.OutputCodeClassifier "
        "multioutput.ClassifierChain multioutput.MultiOutputClassifier "
        "multioutput.MultiOutputRegressor multioutput.RegressorChain naive_bayes.GaussianNB "
        "neighbors.KernelDensity neighbors.NearestCentroid preprocessing.Binarizer "
        "preprocessing.KBinsDiscretizer preprocessing.KernelCenterer "
        "preprocessing.MaxAbsScaler preprocessing.MinMaxScaler preprocessing.Normalizer "
        "preprocessing.PolynomialFeatures preprocessing.PowerTransformer "
        "preprocessing.QuantileTransformer preprocessing.RobustScaler "
        "preprocessing.StandardScaler semi_supervised.LabelPropagation "
        "semi_supervised.LabelSpreading"
    ),
)


def _forest_up(obj: Obj, step: Step) -> None:
    """Trees inside forests are fitted without validation (until 0.24 they do not count)."""
    for tree in members(obj):
        tree.state.pop("n_features_in_", None)


def _pipeline_up(obj: Obj, step: Step) -> None:
    """A step that keeps the number of columns was fitted on as many as the step after it."""
    steps = [part for _, part in obj.state.get("steps", ())]
    for part, after in zip(reversed(steps[:-1]), reversed(steps[1:]), strict=True):
        if isinstance(part, Obj) and part.tag in (*_STATELESS, _SCALER):
            found = shapes.n_features(after)
            if found is not None:
                part.state.setdefault("n_features_in_", found)


_SCALER = "sklearn.preprocessing.StandardScaler"


def _scaler_up(obj: Obj, step: Step) -> None:
    """base.py: 0.23 alone refuses what it has not counted, later releases let it pass."""
    strict = versions.position(step.target) < versions.position(LENIENT)
    if strict and fitted(obj) and "n_features_in_" not in obj.state:
        step.loss(
            obj,
            f"a scaler that neither centres nor scales keeps nothing of its input, and "
            f"{step.newer} does not transform before it knows how many columns there were "
            "(base.py: _check_n_features)",
        )


def nothing(obj: Obj, step: Step) -> None:
    """Nothing to do in this direction."""


def _counts_features(obj: Obj) -> bool:
    kernel = obj.state.get("kernel")
    if obj.tag in shapes.LIBSVM and not isinstance(kernel, str):
        return False  # svm/_base.py: with a callable kernel the data is not validated
    return shapes.known_features(obj)


# ------------------------------------------------------------------ histogram gradient boosting


# ------------------------------------------------------------------ encoders, columns, imputers
def _drop_index_up(value: Any) -> Any:
    return value.astype(object) if isinstance(value, np.ndarray) else value


def _drop_index_down(obj: Obj, step: Step) -> None:
    index = obj.state.get("drop_idx_")
    given = obj.state.get("drop")
    if isinstance(index, np.ndarray) and index.dtype == object:
        if any(item is None for item in index):
            raise Refusal("`drop='if_binary'` kept all categories of some features")
        obj.state["drop_idx_"] = index.astype(np.int_)
        if isinstance(given, str) and given == "if_binary":
            obj.state["drop"] = "first"
            step.note(obj, "`drop='if_binary'`, which dropped from every feature, is now 'first'")
    elif isinstance(given, str) and given == "if_binary":
        obj.state["drop"] = None
        step.note(obj, "`drop='if_binary'` does not exist")


def _encoder_up(obj: Obj, step: Step) -> None:
    if "drop_idx_" in obj.state:
        obj.state["drop_idx_"] = _drop_index_up(obj.state["drop_idx_"])


def _limits_up(obj: Obj, step: Step) -> None:
    for name in ("_min_value", "_max_value"):
        value = obj.state.get(name)
        width = _kept_features(obj)
        if isinstance(value, int | float | np.number) and width is not None:
            obj.state[name] = np.full(width, float(value))


def _limits_down(obj: Obj, step: Step) -> None:
    for name in ("_min_value", "_max_value"):
        value = obj.state.get(name)
        if not isinstance(value, np.ndarray) or value.size == 0:
            continue
        if (value != value[0]).any():
            raise Refusal(f"`{name}` differs from feature to feature")
        obj.state[name] = float(value[0])


def _kept_features(obj: Obj) -> int | None:
    initial = obj.state.get("initial_imputer_")
    statistics = initial.state.get("statistics_") if isinstance(initial, Obj) else None
    if not isinstance(statistics, np.ndarray):
        return None
    if statistics.dtype.kind != "f":
        return len(statistics)
    return int(np.count_nonzero(~np.isnan(statistics)))


# ------------------------------------------------------------------ Gaussian processes


_STATELESS = shapes.tags("preprocessing.Binarizer preprocessing.Normalizer")
_HGB = shapes.HIST_GRADIENT_BOOSTING
_K_MEANS = ("sklearn.cluster.KMeans", "sklearn.cluster.MiniBatchKMeans")
_BICLUSTER = ("sklearn.cluster.SpectralBiclustering", "sklearn.cluster.SpectralCoclustering")
_VECTORIZERS = tuple(
    f"sklearn.feature_extraction.{name}" for name in ("CountVectorizer", "TfidfVectorizer")
)
_ISOTONIC = ("sklearn.isotonic.IsotonicRegression",)


def _matern_up(obj: Obj, step: Step) -> None:
    """Every other nu is one here too."""


def _matern_down(obj: Obj, step: Step) -> None:
    """The limit of the Matern kernels is the RBF, as the newer release's own text says."""
    if obj.state.get("nu") == float("inf"):
        obj.tag = "sklearn.gaussian_process.RBF"
        del obj.state["nu"]
        step.note(obj, "Matern(nu=inf) is the kernel RBF")


def _single(obj: Obj) -> bool:
    return getattr(obj.state.get("components_"), "dtype", None) == np.float32


_OPS: list[Op] = [
    Added(
        classes=COUNTED,
        name="n_features_in_",
        value=shapes.n_features,
        neutral=DERIVED,
        when=_counts_features,
        why=_ON_VALIDATION,
    ),
    Rewritten(
        classes=("sklearn.gaussian_process.Matern",),
        to_new=_matern_up,
        to_old=_matern_down,
        names=("nu",),
        why="gaussian_process/kernels.py: nu=inf",
    ),
    Rewritten(
        classes=(*shapes.FORESTS, *shapes.GRADIENT_BOOSTING),
        to_new=_forest_up,
        to_old=nothing,
        why="tree/_classes.py: fit validates where check_input is True",
    ),
    Rewritten(
        classes=("sklearn.pipeline.Pipeline",),
        to_new=_pipeline_up,
        to_old=nothing,
        why="preprocessing/_data.py: Binarizer and Normalizer keep nothing else of their input",
    ),
    Rewritten(
        classes=(_SCALER,),
        to_new=_scaler_up,
        to_old=nothing,
        why="base.py: _check_n_features",
    ),
    Added(
        classes=("sklearn.preprocessing.FunctionTransformer",),
        name="n_features_in_",
        value=None,
        neutral=DERIVED,
        when=never,
        why="preprocessing/_function_transformer.py: counted where `validate` is True",
    ),
    Added(
        classes=shapes.DUMMY,
        name="n_features_in_",
        value=None,
        neutral=DERIVED,
        why="dummy.py: `self.n_features_in_ = None`, no input validation is done",
    ),
    *(
        Renamed(
            classes=shapes.LIBSVM,
            old=f"{name}_",
            new=f"_{name}",
            why="svm/_base.py: probA_ and probB_ became properties of private attributes",
        )
        for name in ("probA", "probB")
    ),
    Explained(classes=shapes.LIBSVM, names=("_gamma",), why="a float instead of numpy.float64"),
    *(
        Renamed(
            classes=shapes.SGD,
            old=f"{name}_",
            new=f"_{name}",
            why="linear_model/_stochastic_gradient.py: deprecated as public attributes",
        )
        for name in ("standard_coef", "standard_intercept", "average_coef", "average_intercept")
    ),
    Added(
        classes=("sklearn.cluster.KMeans",),
        name="_n_threads",
        value=1,
        neutral=DERIVED,
        why="cluster/_kmeans.py: number of OpenMP threads of the machine; predict reads it",
    ),
    Retyped(
        classes=(*_K_MEANS, *_BICLUSTER),
        name="n_jobs",
        to_new=swap({None: "deprecated"}),
        to_old=swap({"deprecated": None}),
        why="cluster/_kmeans.py, cluster/_bicluster.py: n_jobs is deprecated and warns",
    ),
    Retyped(
        classes=_K_MEANS,
        name="precompute_distances",
        to_new=swap({"auto": "deprecated"}),
        to_old=swap({"deprecated": "auto"}),
        why="cluster/_kmeans.py: precompute_distances is deprecated and warns",
    ),
    Explained(
        classes=shapes.tags(
            "ensemble.BinaryCrossEntropy ensemble.CategoricalCrossEntropy "
            "ensemble.LeastAbsoluteDeviation ensemble.LeastSquares"
        ),
        names=("hessians_are_constant",),
        why="loss.py; the operation of HistGradientBoosting on `loss_` sets it",
    ),
    Explained(
        classes=_K_MEANS,
        names=("inertia_",),
        why="a float instead of numpy.float64",
    ),
    Explained(
        classes=_VECTORIZERS,
        names=("vocabulary_",),
        why="indices are int instead of numpy.int64",
    ),
    Rewritten(
        classes=("sklearn.preprocessing.OneHotEncoder",),
        to_new=_encoder_up,
        to_old=_drop_index_down,
        names=("drop_idx_",),
        why="preprocessing/_encoders.py: an object array, where None keeps all categories",
    ),
    Rewritten(
        classes=("sklearn.compose.ColumnTransformer",),
        to_new=frames.by_name_up,
        to_old=frames.by_name_down,
        names=("_has_str_cols", "_df_columns"),
        why="compose/_column_transformer.py: column names are kept for every DataFrame",
    ),
    Rewritten(
        classes=_HGB,
        to_new=hist_boosting.early_stopping_up,
        to_old=hist_boosting.early_stopping_down,
        names=("early_stopping", "n_iter_no_change", "scoring"),
        why="gradient_boosting.py: `early_stopping` replaces n_iter_no_change=None",
    ),
    Rewritten(
        classes=_HGB,
        to_new=hist_boosting.loss_up,
        to_old=hist_boosting.loss_down,
        names=("loss_", "_fitted_with_sw"),
        why="loss.py: hessians_are_constant is an attribute of the object",
    ),
    *(
        Removed(
            classes=_ISOTONIC,
            name=f"_{axis}_",
            restore=shapes.entry(f"_necessary_{axis}_"),
            neutral=DERIVED,
            when=has(f"_necessary_{axis}_"),
            why="isotonic.py: only the deprecated attributes X_ and y_ read them",
        )
        for axis in "Xy"
    ),
    Rewritten(
        classes=("sklearn.impute.IterativeImputer",),
        to_new=_limits_up,
        to_old=_limits_down,
        names=("_min_value", "_max_value"),
        why="impute/_iterative.py: limits may differ from feature to feature",
    ),
    Rewritten(
        classes=("sklearn.gaussian_process.GaussianProcessRegressor",),
        to_new=factorization.scale_up,
        to_old=factorization.scale_down,
        names=("_y_train_std",),
        why="gaussian_process/_gpr.py: normalize_y also divides by the standard deviation",
    ),
    *(
        Added(
            classes=("sklearn.linear_model.LarsCV",),
            name=name,
            value=None,
            neutral=(None,),
            why="linear_model/_least_angle.py: Lars.__init__ sets it on the subclass too",
        )
        for name in ("jitter", "random_state")
    ),
    Added(
        classes=("sklearn.decomposition.MiniBatchSparsePCA", "sklearn.decomposition.SparsePCA"),
        name="n_components_",
        value=lambda obj: shapes.rows(obj.state["components_"]),
        neutral=DERIVED,
        when=has("components_"),
        why="decomposition/_sparse_pca.py",
    ),
    Added(
        classes=("sklearn.decomposition.MiniBatchDictionaryLearning",),
        name="random_state_",
        value=None,
        neutral=DERIVED,
        when=never,
        why="decomposition/_dict_learning.py: partial_fit makes one where it is missing",
    ),
    Added(
        classes=("sklearn.linear_model.RidgeCV", "sklearn.linear_model.RidgeClassifierCV"),
        name="best_score_",
        value=None,
        neutral=DERIVED,
        when=never,
        why="linear_model/_ridge.py: a fact of the training that 0.22 did not keep",
    ),
    Accepted(
        classes=("sklearn.compose.ColumnTransformer",),
        what="get_feature_names of columns that pass through",
        error="NotImplementedError: get_feature_names is not",
        when=has("transformers_"),
        why="compose/_column_transformer.py: get_feature_names",
    ),
    Changed(
        classes=("sklearn.preprocessing.Normalizer",),
        method="transform",
        when=lambda obj: same(obj.state.get("norm"), "max"),
        why="v0.23 release notes (#16632): norm='max' takes the absolute values first",
    ),
    Changed(
        classes=("sklearn.decomposition.KernelPCA",),
        method="inverse_transform",
        when=lambda obj: fitted(obj) and bool(obj.state.get("fit_inverse_transform")),
        why="decomposition/_kernel_pca.py:362: alpha is added to the diagonal of the kernel of "
        "new samples (until 0.24.1)",
    ),
    Born(
        classes=(*shapes.GENERALIZED_LINEAR, "sklearn.linear_model.GeneralizedLinearRegressor"),
        why="v0.23 release notes: generalized linear models (#14300)",
    ),
    Parameter(
        classes=_HGB,
        name="monotonic_cst",
        neutral=lambda value: True,
        why="grower.py: constraints act while trees grow; values are final",
    ),
    Retyped(
        classes=("sklearn.decomposition.NMF",),
        name="components_",
        to_new=factorization.as_it_is,
        to_old=factorization.doubles,
        why="decomposition/_nmf.py: fit_transform keeps single precision",
    ),
    Changed(
        classes=("sklearn.decomposition.NMF",),
        method="raises TypeError: H should have the same dtype",
        why="decomposition/_nmf.py: single precision is no longer made double",
    ),
    *(
        Changed(
            classes=("sklearn.decomposition.NMF",),
            method=method,
            when=_single,
            why="decomposition/_nmf.py: single precision was made double before",
        )
        for method in ("transform", "inverse_transform")
    ),
]

RULES = rules(SINCE, _OPS)
