"""scikit-learn 1.5.0: TfidfTransformer stores `idf_`; `multi_class` is deprecated.

- TfidfTransformer keeps the vector `idf_` instead of the diagonal matrix `_idf_diag`, and weights
  only `if hasattr(self, "idf_")` (feature_extraction/text.py: transform): a naive load drops the
  weights without a word.
- CountVectorizer no longer keeps `stop_words_` (changelog 1.5.0, security fix #28823).
- LogisticRegression's `multi_class` is "deprecated", which means what "auto" meant.
- ColumnTransformer keeps the remainder's columns in a list that warns.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from skmig.adapters import columns, requests
from skmig.adapters.forms import classes_of, diagonal, is_obj, members, swap, text
from skmig.adapters.ops import (
    DERIVED,
    Added,
    Born,
    Changed,
    Explained,
    Parameter,
    Removed,
    Renamed,
    Retyped,
    Rewritten,
    Step,
    Successor,
    fitted,
    rules,
)
from skmig.payload import New, Obj

SINCE = "1.5.0"

VECTORIZERS = (
    "sklearn.feature_extraction.CountVectorizer",
    "sklearn.feature_extraction.TfidfVectorizer",
)
LOGISTIC = (
    "sklearn.linear_model.LogisticRegression",
    "sklearn.linear_model.LogisticRegressionCV",
)
SEARCHES = (
    "sklearn.model_selection.GridSearchCV",
    "sklearn.model_selection.RandomizedSearchCV",
    "sklearn.model_selection.HalvingGridSearchCV",
    "sklearn.model_selection.HalvingRandomSearchCV",
)
PLS = tuple(
    "sklearn.cross_decomposition." + name for name in ("CCA", "PLSCanonical", "PLSRegression")
)
RIDGE_CV = ("sklearn.linear_model.RidgeCV", "sklearn.linear_model.RidgeClassifierCV")
BOOSTING = (
    "sklearn.ensemble.GradientBoostingClassifier",
    "sklearn.ensemble.GradientBoostingRegressor",
)
EXTRA_TREE = "sklearn.tree.ExtraTreeRegressor"


# ------------------------------------------------------------------ text
def _idf_up(obj: Obj, step: Step) -> None:
    matrix = obj.state.pop("_idf_diag", None)
    if not isinstance(matrix, New):
        return
    if "csr" in matrix.args:
        matrix = matrix.args["csr"]
    size = matrix.args["shape"][0]
    # `idf_` was the column sums of the matrix; a weight of zero may be left out of it
    idf = np.zeros(size, dtype=matrix.args["data"].dtype)
    np.add.at(idf, matrix.args["indices"], matrix.args["data"])
    obj.state["idf_"] = idf


def _idf_down(obj: Obj, step: Step) -> None:
    idf = obj.state.pop("idf_", None)
    if idf is not None:
        obj.state["_idf_diag"] = diagonal(np.asarray(idf))


def _sizes_up(obj: Obj, step: Step) -> None:
    """Tell a TfidfTransformer the size of the vocabulary that feeds it."""
    if obj.tag != "sklearn.pipeline.Pipeline":
        steps: list[Any] = [obj, obj.state.get("_tfidf")]
    else:
        steps = [item[1] for item in obj.state.get("steps", ())]
    for before, after in itertools.pairwise(steps):
        if is_obj(after, "sklearn.feature_extraction.TfidfTransformer") and is_obj(before):
            vocabulary = before.state.get("vocabulary_")
            if vocabulary is not None:
                after.state.setdefault("n_features_in_", len(vocabulary))


def _unsized_up(obj: Obj, step: Step) -> None:
    """Without idf an older transformer keeps nothing at all, and answers without being fitted."""
    if obj.state.get("use_idf") or any(name.endswith("_") for name in obj.state):
        return
    # feature names that are not known make it count as fitted and are checked by nobody
    obj.state["feature_names_in_"] = None
    step.note(obj, "the number of terms is not in the older state: the newer does not check it")


def _unsized_down(obj: Obj, step: Step) -> None:
    """Names that are not known are no names."""
    if obj.state.get("feature_names_in_", "") is None:
        del obj.state["feature_names_in_"]


def _statistic_up(obj: Obj, step: Step) -> None:
    """The older release has fewer strategies."""


def _statistic_down(obj: Obj, step: Step) -> None:
    """`transform` takes the statistics that are there, whatever worked them out."""
    strategy = obj.state.get("strategy")
    if not isinstance(strategy, str):
        if "statistics_" in obj.state:
            obj.state["strategy"] = "mean"
            text = "another fit in {0} would take 'mean': it knows no functions as strategy"
            step.note(obj, text.format(step.older))
        else:
            step.loss(obj, f"a function as strategy does not exist in {step.older}")


def _sizes_down(obj: Obj, step: Step) -> None:
    """The older release does not ask."""


def _vectorizes(obj: Obj) -> bool:
    return "vocabulary_" in obj.state and obj.state.get("fixed_vocabulary_") is not True


# ------------------------------------------------------------------ linear models
def _solver(obj: Obj) -> str:
    """The solver that "auto" chose (linear_model/_ridge.py: resolve_solver_for_numpy)."""
    solver: str = obj.state.get("solver", "auto")
    if solver != "auto":
        return solver
    if obj.state.get("positive"):
        return "lbfgs"
    # only the iterative solvers for sparse data count their iterations
    return "cholesky" if obj.state.get("n_iter_") is None else "sparse_cg"


# ------------------------------------------------------------------ others
def _template_down(obj: Obj, step: Step) -> None:
    """The tree that `__init__` made before it was made by `_get_estimator`."""
    if obj.state.get("estimator") is None:
        state = dict(step.parameters(EXTRA_TREE, step.older) or {})
        state.update(max_features=1, splitter="random", random_state=obj.state.get("random_state"))
        state["class_weight"] = None
        obj.state["estimator"] = Obj(EXTRA_TREE, state)


def _template_up(obj: Obj, step: Step) -> None:
    obj.state["estimator"] = None


def _scaled_up(obj: Obj, step: Step) -> None:
    if "coef_" in obj.state:
        obj.state["coef_"] = obj.state["coef_"] / obj.state["_x_std"]


def _scaled_down(obj: Obj, step: Step) -> None:
    if "coef_" in obj.state:
        obj.state["coef_"] = obj.state["coef_"] * obj.state["_x_std"]


def _init_up(obj: Obj, step: Step) -> None:
    init = obj.state.get("init_")
    if is_obj(init, "sklearn.dummy.DummyClassifier", "sklearn.dummy.DummyRegressor"):
        init.state.setdefault("n_features_in_", obj.state["n_features_in_"])


def _init_down(obj: Obj, step: Step) -> None:
    """The older Dummy estimators have no `n_features_in_`: see their own rule."""


def _dummy_up(obj: Obj, step: Step) -> None:
    """How many features it saw is not in the older state, and no method asks."""


def _dummy_down(obj: Obj, step: Step) -> None:
    for name in ("n_features_in_", "feature_names_in_"):
        obj.state.pop(name, None)


def _keep_columns(obj: Obj, step: Step) -> None:
    """A plain list of positions is what the newer release accepts without a warning."""


def _plain_columns(obj: Obj, step: Step) -> None:
    obj.state.pop("force_int_remainder_cols", None)  # positions are the only form
    columns.each_remainder(obj, columns.positions)


def _tiny_variance(obj: Obj) -> bool:
    variance = obj.state.get("explained_variance_")
    if not obj.state.get("whiten") or not isinstance(variance, np.ndarray):
        return False
    return bool((np.sqrt(np.maximum(variance, 0)) < np.finfo(variance.dtype).eps).any())


def _stored_up(obj: Obj, step: Step) -> None:
    stored = obj.state.pop("store_cv_values", "deprecated")
    obj.state["store_cv_values"] = "deprecated"
    obj.state["store_cv_results"] = None if text(stored, "deprecated") else stored
    if fitted(obj):
        obj.state["_store_cv_results"] = False if text(stored, "deprecated") else stored


def _stored_down(obj: Obj, step: Step) -> None:
    stored = obj.state.pop("store_cv_results", None)
    obj.state.pop("_store_cv_results", None)
    former = obj.state.get("store_cv_values")
    if not isinstance(former, bool):
        obj.state["store_cv_values"] = bool(stored)


def _several_classes(obj: Obj) -> bool:
    found = [classes_of(member) for member in members(obj)]
    return any(classes is not None and len(classes) > 2 for classes in found)


RULES = rules(
    SINCE,
    [
        Successor(
            classes=("sklearn.manifold.TSNE",),
            old="n_iter",
            new="max_iter",
            why="changelog 1.5: n_iter renamed to max_iter",
        ),
        Successor(
            classes=(
                "sklearn.linear_model.ARDRegression",
                "sklearn.linear_model.BayesianRidge",
            ),
            old="n_iter",
            new="max_iter",
            why="linear_model/_bayes.py: n_iter removed",
        ),
        Rewritten(
            classes=("sklearn.feature_extraction.TfidfTransformer",),
            names=("_idf_diag", "idf_"),
            to_new=_idf_up,
            to_old=_idf_down,
            why="feature_extraction/text.py: TfidfTransformer.transform",
        ),
        Rewritten(
            classes=("sklearn.pipeline.Pipeline", "sklearn.feature_extraction.TfidfVectorizer"),
            names=("n_features_in_",),
            to_new=_sizes_up,
            to_old=_sizes_down,
            why="feature_extraction/text.py: TfidfTransformer.transform asks whether it is fitted "
            "even without idf, and a state from before 1.0 has nothing that says so",
        ),
        Rewritten(
            classes=("sklearn.impute.SimpleImputer",),
            names=("strategy",),
            to_new=_statistic_up,
            to_old=_statistic_down,
            why="impute/_base.py: transform reads the strategy only for 'constant'",
        ),
        Rewritten(
            classes=("sklearn.feature_extraction.TfidfTransformer",),
            names=("feature_names_in_",),
            to_new=_unsized_up,
            to_old=_unsized_down,
            why="feature_extraction/text.py: TfidfTransformer.transform, as above",
        ),
        Removed(
            classes=VECTORIZERS,
            name="stop_words_",
            # which terms were left out is not kept, and no method reads it
            restore=lambda obj: set(),
            neutral=DERIVED,
            when=_vectorizes,
            why="feature_extraction/text.py: _limit_features",
        ),
        Retyped(
            classes=LOGISTIC,
            name="multi_class",
            to_new=swap({"auto": "deprecated"}),
            to_old=swap({"deprecated": "auto"}),
            why="linear_model/_logistic.py: predict_proba treats both alike",
        ),
        Added(
            classes=("sklearn.linear_model.Ridge", "sklearn.linear_model.RidgeClassifier"),
            name="solver_",
            value=_solver,
            neutral=DERIVED,
            why="linear_model/_ridge.py: fit",
        ),
        Rewritten(
            classes=RIDGE_CV,
            names=("store_cv_values", "store_cv_results", "_store_cv_results"),
            to_new=_stored_up,
            to_old=_stored_down,
            why="linear_model/_ridge.py: store_cv_values renamed to store_cv_results",
        ),
        Renamed(
            classes=RIDGE_CV,
            old="cv_values_",
            new="cv_results_",
            why="linear_model/_ridge.py: cv_values_ renamed to cv_results_",
        ),
        Rewritten(
            classes=("sklearn.ensemble.IsolationForest",),
            names=("estimator",),
            to_new=_template_up,
            to_old=_template_down,
            why="ensemble/_iforest.py: _get_estimator",
        ),
        Rewritten(
            classes=BOOSTING,
            names=("init_",),
            to_new=_init_up,
            to_old=_init_down,
            why="dummy.py: fit",
        ),
        Rewritten(
            classes=("sklearn.dummy.DummyClassifier", "sklearn.dummy.DummyRegressor"),
            names=("n_features_in_", "feature_names_in_"),
            to_new=_dummy_up,
            to_old=_dummy_down,
            why="dummy.py: fit",
        ),
        Rewritten(
            classes=(columns.COLUMN_TRANSFORMER,),
            names=("_remainder", "transformers_"),
            to_new=_keep_columns,
            to_old=_plain_columns,
            why="compose/_column_transformer.py: _RemainderColsList",
        ),
        Parameter(
            classes=("sklearn.pipeline.FeatureUnion",),
            name="verbose_feature_names_out",
            neutral=(True,),
            why="pipeline.py: FeatureUnion.get_feature_names_out",
        ),
        Changed(
            classes=("sklearn.decomposition.PCA", "sklearn.decomposition.IncrementalPCA"),
            method="transform",
            when=_tiny_variance,
            why="decomposition/_base.py: a standard deviation below eps is raised to eps",
        ),
        Retyped(
            classes=("sklearn.svm.LinearSVC", "sklearn.svm.LinearSVR"),
            name="dual",
            to_new=swap({"warn": True}),
            to_old=swap({}),
            why="svm/_base.py: 'warn' meant True",
        ),
        Added(
            classes=(requests.PASSTHROUGH,),
            name="_metadata_request",
            value=requests.passthrough_requests,
            neutral=DERIVED,
            when=lambda obj: True,
            why="metrics/_scorer.py: _PassthroughScorer.__init__",
        ),
        Explained(
            classes=SEARCHES,
            names=("cv_results_",),
            why="model_selection/_search.py: parameter columns have numeric dtypes",
        ),
        Rewritten(
            classes=PLS,
            names=("coef_",),
            to_new=_scaled_up,
            to_old=_scaled_down,
            why="cross_decomposition/_pls.py: predict no longer scales X",
        ),
        Added(
            classes=("sklearn.manifold.TSNE",),
            name="_max_iter",
            value=1000,
            neutral=DERIVED,
            why="manifold/_t_sne.py: fit",
        ),
        Explained(
            classes=(
                "sklearn.ensemble.ExtraTreesRegressor",
                "sklearn.ensemble.RandomForestRegressor",
            ),
            names=("oob_score_",),
            why="metrics/_regression.py: float instead of numpy.float64",
        ),
        Explained(
            classes=("sklearn.neural_network.MLPRegressor",),
            names=("best_validation_score_", "validation_scores_"),
            why="metrics/_regression.py: float instead of numpy.float64",
        ),
        Explained(
            classes=("sklearn.decomposition.PCA",),
            names=("_fit_svd_solver",),
            why="decomposition/_pca.py: a new solver; the fitted state means the same",
        ),
        Removed(
            classes=("sklearn.kernel_approximation.AdditiveChi2Sampler",),
            name="_sample_interval",
            restore=lambda obj: (
                obj.state.get("sample_interval")
                or {1: 0.8, 2: 0.5, 3: 0.4}[obj.state["sample_steps"]]
            ),
            neutral=DERIVED,
            when=lambda obj: True,
            why="kernel_approximation.py: transform works it out",
        ),
        Removed(
            classes=("sklearn.neighbors.NeighborhoodComponentsAnalysis",),
            name="_n_features_out",
            restore=lambda obj: len(obj.state["components_"]),
            neutral=DERIVED,
            why="neighbors/_nca.py: a property now",
        ),
        Added(
            classes=("sklearn.multioutput.ClassifierChain",),
            name="chain_method_",
            value="predict",
            neutral=("predict",),
            why="multioutput.py: chain_method",
        ),
        Changed(
            classes=("sklearn.multioutput.ClassifierChain",),
            method="predict_proba",
            when=_several_classes,
            why="multioutput.py: of a chain of more than two classes it was the second one's "
            "probability, and is an error (_get_predictions)",
        ),
        Born(
            classes=(
                "sklearn.model_selection.FixedThresholdClassifier",
                "sklearn.model_selection.TunedThresholdClassifierCV",
            ),
            why="changelog 1.5.0: new classes",
        ),
    ],
)
