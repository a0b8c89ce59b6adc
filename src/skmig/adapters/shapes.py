"""Sizes that rules read out of a fitted state: numbers of features, of outputs, of components.

`n_features_in_` came late; an older state holds the number in the shape of something else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skmig.adapters.ops import fitted
from skmig.payload import New, Obj


def shape(value: Any) -> tuple[int, ...] | None:
    """The shape of an array or of a sparse matrix; None for anything else."""
    if isinstance(value, np.ndarray):
        return tuple(value.shape)
    if isinstance(value, New):
        if "shape" in value.args:
            return tuple(value.args["shape"])
        if "csr" in value.args:
            return shape(value.args["csr"])
        if "data" in value.args and isinstance(value.args["data"], np.ndarray):
            return tuple(value.args["data"].shape)
    return None


def columns(value: Any) -> int | None:
    """The length of the last axis."""
    size = shape(value)
    return size[-1] if size else None


def rows(value: Any) -> int | None:
    """The length of the first axis, or of a list."""
    if isinstance(value, list | tuple):
        return len(value)
    size = shape(value)
    return size[0] if size else None


def _names(text: str, package: str) -> list[str]:
    return [f"sklearn.{package}.{name}" for name in text.split()]


def tags(text: str) -> tuple[str, ...]:
    """Public tags from `package.Class package.Class …`."""
    return tuple(f"sklearn.{name}" for name in text.split())


LINEAR = (
    *_names(
        "ARDRegression BayesianRidge ElasticNet ElasticNetCV HuberRegressor Lars LarsCV Lasso "
        "LassoCV LassoLars LassoLarsCV LassoLarsIC LinearRegression LogisticRegression "
        "LogisticRegressionCV MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso "
        "MultiTaskLassoCV OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV "
        "PassiveAggressiveClassifier PassiveAggressiveRegressor Perceptron Ridge RidgeCV "
        "RidgeClassifier RidgeClassifierCV SGDClassifier SGDRegressor TheilSenRegressor",
        "linear_model",
    ),
    *_names("LinearSVC LinearSVR", "svm"),
    *_names("LinearDiscriminantAnalysis", "discriminant_analysis"),
)
GENERALIZED_LINEAR = tuple(
    _names("GammaRegressor PoissonRegressor TweedieRegressor", "linear_model")
)
COMPONENTS = (
    *_names(
        "DictionaryLearning FactorAnalysis FastICA IncrementalPCA LatentDirichletAllocation "
        "MiniBatchDictionaryLearning MiniBatchSparsePCA NMF PCA SparsePCA TruncatedSVD",
        "decomposition",
    ),
    "sklearn.neural_network.BernoulliRBM",
    "sklearn.kernel_approximation.Nystroem",
    "sklearn.cluster.DBSCAN",
    "sklearn.neighbors.NeighborhoodComponentsAnalysis",
    *_names("GaussianRandomProjection SparseRandomProjection", "random_projection"),
)
COVARIANCE = tuple(
    _names(
        "EllipticEnvelope EmpiricalCovariance GraphicalLasso GraphicalLassoCV LedoitWolf "
        "MinCovDet OAS ShrunkCovariance",
        "covariance",
    )
)
TREES = tuple(
    _names(
        "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor",
        "tree",
    )
)
FORESTS = tuple(
    _names(
        "ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier RandomForestRegressor "
        "RandomTreesEmbedding",
        "ensemble",
    )
)
BAGGING = tuple(_names("BaggingClassifier BaggingRegressor", "ensemble"))
ISOLATION_FOREST = ("sklearn.ensemble.IsolationForest",)
GRADIENT_BOOSTING = tuple(
    _names("GradientBoostingClassifier GradientBoostingRegressor", "ensemble")
)
HIST_GRADIENT_BOOSTING = tuple(
    _names("HistGradientBoostingClassifier HistGradientBoostingRegressor", "ensemble")
)
ADABOOST = tuple(_names("AdaBoostClassifier AdaBoostRegressor", "ensemble"))
STACKING = tuple(_names("StackingClassifier StackingRegressor", "ensemble"))
VOTING = tuple(_names("VotingClassifier VotingRegressor", "ensemble"))
SEARCHES = tuple(
    _names(
        "GridSearchCV RandomizedSearchCV HalvingGridSearchCV HalvingRandomSearchCV",
        "model_selection",
    )
)
DISCRETE_BAYES = tuple(
    _names("BernoulliNB CategoricalNB ComplementNB MultinomialNB", "naive_bayes")
)
NEIGHBORS = tuple(
    _names(
        "KNeighborsClassifier KNeighborsRegressor KNeighborsTransformer LocalOutlierFactor "
        "NearestNeighbors RadiusNeighborsClassifier RadiusNeighborsRegressor "
        "RadiusNeighborsTransformer",
        "neighbors",
    )
)
LIBSVM = tuple(_names("NuSVC NuSVR OneClassSVM SVC SVR", "svm"))
SGD = tuple(
    _names(
        "PassiveAggressiveClassifier PassiveAggressiveRegressor Perceptron SGDClassifier "
        "SGDRegressor",
        "linear_model",
    )
)
PLS = tuple(_names("CCA PLSCanonical PLSRegression PLSSVD", "cross_decomposition"))
UNIVARIATE = tuple(
    _names(
        "GenericUnivariateSelect SelectFdr SelectFpr SelectFwe SelectKBest SelectPercentile",
        "feature_selection",
    )
)
MLP = tuple(_names("MLPClassifier MLPRegressor", "neural_network"))
DUMMY = tuple(_names("DummyClassifier DummyRegressor", "dummy"))

# every estimator of the releases between the arrival of `feature_names_in_` and of set_output
ESTIMATORS = tags(
    "calibration.CalibratedClassifierCV cluster.AffinityPropagation "
    "cluster.AgglomerativeClustering cluster.Birch cluster.BisectingKMeans "
    "cluster.DBSCAN cluster.FeatureAgglomeration cluster.KMeans cluster.MeanShift "
    "cluster.MiniBatchKMeans cluster.OPTICS cluster.SpectralBiclustering "
    "cluster.SpectralClustering cluster.SpectralCoclustering compose.ColumnTransformer "
    "compose.TransformedTargetRegressor covariance.EllipticEnvelope "
    "covariance.EmpiricalCovariance covariance.GraphicalLasso "
    "covariance.GraphicalLassoCV covariance.LedoitWolf covariance.MinCovDet "
    "covariance.OAS covariance.ShrunkCovariance cross_decomposition.CCA "
    "cross_decomposition.PLSCanonical cross_decomposition.PLSRegression "
    "cross_decomposition.PLSSVD decomposition.DictionaryLearning "
    "decomposition.FactorAnalysis decomposition.FastICA decomposition.IncrementalPCA "
    "decomposition.KernelPCA decomposition.LatentDirichletAllocation "
    "decomposition.MiniBatchDictionaryLearning decomposition.MiniBatchNMF "
    "decomposition.MiniBatchSparsePCA decomposition.NMF decomposition.PCA "
    "decomposition.SparseCoder decomposition.SparsePCA decomposition.TruncatedSVD "
    "discriminant_analysis.LinearDiscriminantAnalysis "
    "discriminant_analysis.QuadraticDiscriminantAnalysis dummy.DummyClassifier "
    "dummy.DummyRegressor ensemble.AdaBoostClassifier ensemble.AdaBoostRegressor "
    "ensemble.BaggingClassifier ensemble.BaggingRegressor ensemble.ExtraTreesClassifier "
    "ensemble.ExtraTreesRegressor ensemble.GradientBoostingClassifier "
    "ensemble.GradientBoostingRegressor ensemble.HistGradientBoostingClassifier "
    "ensemble.HistGradientBoostingRegressor ensemble.IsolationForest "
    "ensemble.RandomForestClassifier ensemble.RandomForestRegressor "
    "ensemble.RandomTreesEmbedding ensemble.StackingClassifier "
    "ensemble.StackingRegressor ensemble.VotingClassifier ensemble.VotingRegressor "
    "feature_extraction.CountVectorizer feature_extraction.DictVectorizer "
    "feature_extraction.FeatureHasher feature_extraction.HashingVectorizer "
    "feature_extraction.PatchExtractor feature_extraction.TfidfTransformer "
    "feature_extraction.TfidfVectorizer feature_selection.GenericUnivariateSelect "
    "feature_selection.RFE feature_selection.RFECV feature_selection.SelectFdr "
    "feature_selection.SelectFpr feature_selection.SelectFromModel "
    "feature_selection.SelectFwe feature_selection.SelectKBest "
    "feature_selection.SelectPercentile feature_selection.SequentialFeatureSelector "
    "feature_selection.VarianceThreshold gaussian_process.GaussianProcessClassifier "
    "gaussian_process.GaussianProcessRegressor impute.IterativeImputer impute.KNNImputer "
    "impute.MissingIndicator impute.SimpleImputer isotonic.IsotonicRegression "
    "kernel_approximation.AdditiveChi2Sampler kernel_approximation.Nystroem "
    "kernel_approximation.PolynomialCountSketch kernel_approximation.RBFSampler "
    "kernel_approximation.SkewedChi2Sampler kernel_ridge.KernelRidge "
    "linear_model.ARDRegression linear_model.BayesianRidge linear_model.ElasticNet "
    "linear_model.ElasticNetCV linear_model.GammaRegressor linear_model.HuberRegressor "
    "linear_model.Lars linear_model.LarsCV linear_model.Lasso linear_model.LassoCV "
    "linear_model.LassoLars linear_model.LassoLarsCV linear_model.LassoLarsIC "
    "linear_model.LinearRegression linear_model.LogisticRegression "
    "linear_model.LogisticRegressionCV linear_model.MultiTaskElasticNet "
    "linear_model.MultiTaskElasticNetCV linear_model.MultiTaskLasso "
    "linear_model.MultiTaskLassoCV linear_model.OrthogonalMatchingPursuit "
    "linear_model.OrthogonalMatchingPursuitCV linear_model.PassiveAggressiveClassifier "
    "linear_model.PassiveAggressiveRegressor linear_model.Perceptron "
    "linear_model.PoissonRegressor linear_model.QuantileRegressor "
    "linear_model.RANSACRegressor linear_model.Ridge linear_model.RidgeCV "
    "linear_model.RidgeClassifier linear_model.RidgeClassifierCV "
    "linear_model.SGDClassifier linear_model.SGDOneClassSVM linear_model.SGDRegressor "
    "linear_model.TheilSenRegressor linear_model.TweedieRegressor manifold.Isomap "
    "manifold.LocallyLinearEmbedding manifold.MDS manifold.SpectralEmbedding "
    "manifold.TSNE mixture.BayesianGaussianMixture mixture.GaussianMixture "
    "model_selection.GridSearchCV model_selection.HalvingGridSearchCV "
    "model_selection.HalvingRandomSearchCV model_selection.RandomizedSearchCV "
    "multiclass.OneVsOneClassifier multiclass.OneVsRestClassifier "
    "multiclass.OutputCodeClassifier multioutput.ClassifierChain "
    "multioutput.MultiOutputClassifier multioutput.MultiOutputRegressor "
    "multioutput.RegressorChain naive_bayes.BernoulliNB naive_bayes.CategoricalNB "
    "naive_bayes.ComplementNB naive_bayes.GaussianNB naive_bayes.MultinomialNB "
    "neighbors.KNeighborsClassifier neighbors.KNeighborsRegressor "
    "neighbors.KNeighborsTransformer neighbors.KernelDensity "
    "neighbors.LocalOutlierFactor neighbors.NearestCentroid neighbors.NearestNeighbors "
    "neighbors.NeighborhoodComponentsAnalysis neighbors.RadiusNeighborsClassifier "
    "neighbors.RadiusNeighborsRegressor neighbors.RadiusNeighborsTransformer "
    "neural_network.BernoulliRBM neural_network.MLPClassifier "
    "neural_network.MLPRegressor pipeline.FeatureUnion pipeline.Pipeline "
    "preprocessing.Binarizer preprocessing.FunctionTransformer "
    "preprocessing.KBinsDiscretizer preprocessing.KernelCenterer "
    "preprocessing.LabelBinarizer preprocessing.LabelEncoder preprocessing.MaxAbsScaler "
    "preprocessing.MinMaxScaler preprocessing.MultiLabelBinarizer "
    "preprocessing.Normalizer preprocessing.OneHotEncoder preprocessing.OrdinalEncoder "
    "preprocessing.PolynomialFeatures preprocessing.PowerTransformer "
    "preprocessing.QuantileTransformer preprocessing.RobustScaler "
    "preprocessing.SplineTransformer preprocessing.StandardScaler "
    "random_projection.GaussianRandomProjection random_projection.SparseRandomProjection "
    "semi_supervised.LabelPropagation semi_supervised.LabelSpreading "
    "semi_supervised.SelfTrainingClassifier svm.LinearSVC svm.LinearSVR svm.NuSVC "
    "svm.NuSVR svm.OneClassSVM svm.SVC svm.SVR tree.DecisionTreeClassifier "
    "tree.DecisionTreeRegressor tree.ExtraTreeClassifier tree.ExtraTreeRegressor "
)

# class -> places to look at, in order: (attribute, how)
_LAST, _FIRST, _SELF, _OF_FIRST, _OF = "last", "first", "self", "of first", "of"
_Place = tuple[str, str]


def _table() -> dict[str, tuple[_Place, ...]]:
    groups: list[tuple[tuple[str, ...], tuple[_Place, ...]]] = [
        (LINEAR + GENERALIZED_LINEAR, (("coef_", _LAST),)),
        (COMPONENTS, (("components_", _LAST), ("mean_", _LAST))),
        (COVARIANCE, (("location_", _LAST),)),
        (TREES + FORESTS + BAGGING + ISOLATION_FOREST, (("n_features_", _SELF),)),
        (GRADIENT_BOOSTING, (("n_features_", _SELF),)),
        (HIST_GRADIENT_BOOSTING, (("n_features_", _SELF), ("_n_features", _SELF))),
        (DISCRETE_BAYES, (("n_features_", _SELF), ("feature_count_", _LAST))),
        (NEIGHBORS, (("_fit_X", _LAST), ("_tree", _LAST))),
        # a callable kernel has seen the training data as it was given
        (LIBSVM, (("shape_fit_", "shape"),)),
        (PLS, (("x_weights_", _FIRST),)),
        (UNIVARIATE, (("scores_", _LAST),)),
        (MLP, (("coefs_", "of list"),)),
        (
            (
                *ADABOOST,
                *STACKING,
                *VOTING,
                *_names("ClassifierChain RegressorChain", "multioutput"),
            ),
            (("estimators_", _OF_FIRST),),
        ),
        (
            (
                *_names("MultiOutputClassifier MultiOutputRegressor", "multioutput"),
                *_names(
                    "OneVsOneClassifier OneVsRestClassifier OutputCodeClassifier", "multiclass"
                ),
            ),
            (("estimators_", _OF_FIRST),),
        ),
        (SEARCHES, (("best_estimator_", _OF),)),
        (
            tuple(_names("GaussianMixture BayesianGaussianMixture", "mixture")),
            (("means_", _LAST),),
        ),
        (
            tuple(_names("AffinityPropagation KMeans MeanShift MiniBatchKMeans", "cluster")),
            (("cluster_centers_", _LAST),),
        ),
        (
            tuple(_names("SpectralBiclustering SpectralCoclustering", "cluster")),
            (("column_labels_", _LAST),),
        ),
        (tuple(_names("RFE RFECV", "feature_selection")), (("support_", _LAST),)),
        (
            tuple(_names("LabelPropagation LabelSpreading", "semi_supervised")),
            (("X_", _LAST),),
        ),
        (
            tuple(_names("RBFSampler SkewedChi2Sampler", "kernel_approximation")),
            (("random_weights_", _FIRST),),
        ),
        (
            tuple(_names("OneHotEncoder OrdinalEncoder", "preprocessing")),
            (("categories_", "length"),),
        ),
        (
            tuple(_names("Isomap LocallyLinearEmbedding", "manifold")),
            (("nbrs_", _OF),),
        ),
        (
            tags("decomposition.KernelPCA kernel_ridge.KernelRidge"),
            (("X_fit_", _LAST),),
        ),
    ]
    single: dict[str, tuple[_Place, ...]] = {
        "sklearn.calibration.CalibratedClassifierCV": (("calibrated_classifiers_", _OF_FIRST),),
        "sklearn.calibration._CalibratedClassifier": (
            ("base_estimator", _OF),
            ("estimator", _OF),
        ),
        "sklearn.cluster.Birch": (("subcluster_centers_", _LAST),),
        "sklearn.cluster.FeatureAgglomeration": (("labels_", _LAST),),
        "sklearn.compose.ColumnTransformer": (("_n_features", _SELF),),
        "sklearn.compose.TransformedTargetRegressor": (("regressor_", _OF),),
        "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis": (("means_", _LAST),),
        "sklearn.feature_extraction.TfidfTransformer": (("_idf_diag", _LAST), ("idf_", _LAST)),
        "sklearn.feature_selection.VarianceThreshold": (("variances_", _LAST),),
        "sklearn.feature_selection.SelectFromModel": (("estimator_", _OF),),
        "sklearn.gaussian_process.GaussianProcessClassifier": (("base_estimator_", _OF),),
        "sklearn.gaussian_process.GaussianProcessRegressor": (("X_train_", _LAST),),
        "sklearn.gaussian_process._BinaryGaussianProcessClassifierLaplace": (("X_train_", _LAST),),
        "sklearn.impute.IterativeImputer": (("initial_imputer_", _OF),),
        "sklearn.impute.KNNImputer": (("_fit_X", _LAST),),
        "sklearn.impute.MissingIndicator": (("_n_features", _SELF),),
        "sklearn.impute.SimpleImputer": (("statistics_", _LAST),),
        "sklearn.linear_model.RANSACRegressor": (("estimator_", _OF),),
        "sklearn.naive_bayes.GaussianNB": (("theta_", _LAST),),
        "sklearn.neighbors.KernelDensity": (("tree_", _LAST),),
        "sklearn.neighbors.NearestCentroid": (("centroids_", _LAST),),
        "sklearn.pipeline.FeatureUnion": (("transformer_list", _OF_FIRST),),
        "sklearn.pipeline.Pipeline": (("steps", "of steps"),),
        "sklearn.preprocessing.KBinsDiscretizer": (("n_bins_", _LAST),),
        "sklearn.preprocessing.KernelCenterer": (("K_fit_rows_", _LAST),),
        "sklearn.preprocessing.MaxAbsScaler": (("scale_", _LAST),),
        "sklearn.preprocessing.MinMaxScaler": (("scale_", _LAST),),
        "sklearn.preprocessing.PolynomialFeatures": (("n_input_features_", _SELF),),
        "sklearn.preprocessing.PowerTransformer": (("lambdas_", _LAST),),
        "sklearn.preprocessing.QuantileTransformer": (("quantiles_", _LAST),),
        "sklearn.preprocessing.RobustScaler": (("center_", _LAST), ("scale_", _LAST)),
        "sklearn.preprocessing.StandardScaler": (
            ("mean_", _LAST),
            ("scale_", _LAST),
            ("var_", _LAST),
        ),
    }
    table = {tag: places for tags, places in groups for tag in tags}
    table.update(single)
    return table


_PLACES = _table()
# these give as many columns as they get
STATELESS = frozenset(
    tags("feature_extraction.TfidfTransformer preprocessing.Binarizer preprocessing.Normalizer")
)
# these may be handed data that has no fixed number of columns
_UNCHECKED = frozenset(["passthrough", None, "drop"])


def n_features(obj: Any) -> int | None:
    """The number of features that a fitted estimator was fitted on; None where it is not kept."""
    if isinstance(obj, list | tuple) and obj and isinstance(obj[-1], Obj):
        obj = obj[-1]  # (name, estimator)
    if not isinstance(obj, Obj):
        return None
    given = obj.state.get("n_features_in_")
    if isinstance(given, int | np.integer):
        return int(given)
    pairs = obj.state.get("pairwise_indices_")
    if pairs is not None:
        # each estimator of a OneVsOneClassifier saw the columns of its own two classes
        return int(max(np.max(indices) for indices in pairs)) + 1
    for name, how in _PLACES.get(obj.tag, ()):
        found = _look(obj.state.get(name), how)
        if found is not None:
            return int(found)
    return None


def _look(value: Any, how: str) -> int | None:
    if value is None:
        return None
    if how == _LAST:
        return columns(value)
    if how == _FIRST:
        return rows(value)
    if how == _SELF:
        return int(value) if isinstance(value, int | np.integer) else None
    if how == "length":
        return len(value)
    if how == "shape":
        return int(value[1]) if len(value) > 1 else None
    if how == "of list":
        return rows(value[0]) if len(value) else None
    if how == _OF:
        return n_features(value)
    if how == _OF_FIRST:
        items = (
            list(np.asarray(value, dtype=object).flat) if isinstance(value, np.ndarray) else value
        )
        return n_features(items[0]) if len(items) else None
    if how == "of steps":
        return _of_steps(value)
    return None


def _of_steps(steps: Any) -> int | None:
    """The first step that knows; those before it must not change the number of columns."""
    for _, step in steps:
        if step not in _UNCHECKED and (found := n_features(step)) is not None:
            return found
        if isinstance(step, Obj) and step.tag not in STATELESS:
            return None
    return None


# ------------------------------------------------------------------ small parts of rules
def known_features(obj: Obj) -> bool:
    """True for a fitted estimator whose number of features can be told."""
    return fitted(obj) and n_features(obj) is not None


def entry(name: str) -> Callable[[Obj], Any]:
    """A function that gives another entry of the same state."""
    return lambda obj: obj.state.get(name)


def never(obj: Obj) -> bool:
    """For an attribute that holds a fact of the training, which an older state does not keep."""
    return False
