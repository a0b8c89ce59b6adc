"""scikit-learn 1.3.0: trees learn missing values; IsolationForest caches; deprecations of 1.1 end.

- Tree nodes carry `missing_go_to_left` (tree/_tree.pyx, changelog: "DecisionTreeClassifier and
  DecisionTreeRegressor support missing values").  An older tree rejects missing input, so for it
  the field has no meaning; a newer tree that split on missing values cannot go down.
- IsolationForest keeps depths and average path lengths (ensemble/_iforest.py: fit).
- `_passthrough_scorer` became the class `_PassthroughScorer` (metrics/_scorer.py).
- Values deprecated in 1.1 are gone: `max_features="auto"`, `loss="deviance"`, `loss="log"`, the
  losses of HistGradientBoostingClassifier, the metrics kulsinski, matching and wminkowski.
- OrdinalEncoder groups infrequent categories; OneHotEncoder has `feature_name_combiner`.
"""

from __future__ import annotations

import numpy as np

from skmig.adapters import columns, isolation, metrics, requests, shapes
from skmig.adapters.forms import (
    TREE,
    function,
    is_obj,
    larger_side,
    never,
    saw_missing,
    split_on_missing,
    swap,
    text,
    tree_of,
    with_field,
    without_field,
)
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
    Successor,
    fitted,
    rules,
    short,
)
from skmig.payload import Obj

SINCE = "1.3.0"

SEARCHES = (
    "sklearn.model_selection.GridSearchCV",
    "sklearn.model_selection.RandomizedSearchCV",
    "sklearn.model_selection.HalvingGridSearchCV",
    "sklearn.model_selection.HalvingRandomSearchCV",
)
HISTOGRAM_BOOSTING = (
    "sklearn.ensemble.HistGradientBoostingClassifier",
    "sklearn.ensemble.HistGradientBoostingRegressor",
)
TREES = (
    "sklearn.tree.DecisionTreeClassifier",
    "sklearn.tree.DecisionTreeRegressor",
    "sklearn.tree.ExtraTreeClassifier",
    "sklearn.tree.ExtraTreeRegressor",
)
TREE_CLASSIFIERS = (
    "sklearn.tree.DecisionTreeClassifier",
    "sklearn.tree.ExtraTreeClassifier",
    "sklearn.ensemble.RandomForestClassifier",
    "sklearn.ensemble.ExtraTreesClassifier",
    "sklearn.ensemble.GradientBoostingClassifier",
)
TREE_REGRESSORS = (
    "sklearn.tree.DecisionTreeRegressor",
    "sklearn.tree.ExtraTreeRegressor",
    "sklearn.ensemble.RandomForestRegressor",
    "sklearn.ensemble.ExtraTreesRegressor",
    "sklearn.ensemble.GradientBoostingRegressor",
)
PLS = tuple(
    "sklearn.cross_decomposition." + name for name in ("CCA", "PLSCanonical", "PLSRegression")
)
NEIGHBORS = tuple(
    "sklearn.neighbors." + name
    for name in (
        "KNeighborsClassifier",
        "KNeighborsRegressor",
        "KNeighborsTransformer",
        "NearestNeighbors",
        "RadiusNeighborsClassifier",
        "RadiusNeighborsRegressor",
        "RadiusNeighborsTransformer",
        "LocalOutlierFactor",
    )
)


def _add_missing(tree: Obj, step: Step) -> None:
    nodes = tree.state["nodes"]
    if "missing_go_to_left" not in nodes.dtype.names:
        tree.state["nodes"] = with_field(nodes, "missing_go_to_left", "u1")


def _drop_missing(tree: Obj, step: Step) -> None:
    if "missing_go_to_left" not in tree.state["nodes"].dtype.names:
        return
    if split_on_missing(tree):
        step.loss(tree, f"the tree splits on missing values, which {step.older} rejects")
    tree.state["nodes"] = without_field(tree.state["nodes"], "missing_go_to_left")


def _trained_up(obj: Obj, step: Step) -> None:
    """An older tree never saw a missing value: it sends them to the larger side, as a new one."""
    tree = tree_of(obj)
    if tree is not None:
        tree.state["nodes"] = larger_side(tree.state["nodes"])


def _trained_down(obj: Obj, step: Step) -> None:
    tree = tree_of(obj)
    if tree is None or not text(obj.state.get("splitter"), "best") or split_on_missing(tree):
        return
    if "missing_go_to_left" in tree.state["nodes"].dtype.names and saw_missing(tree):
        step.loss(obj, f"the tree learnt from missing values, which {step.older} rejects")


def _indicator_up(obj: Obj, step: Step) -> None:
    indicator = obj.state.get("indicator_")
    if is_obj(indicator) and "_n_features" in indicator.state:
        indicator.state.setdefault("n_features_in_", indicator.state["_n_features"])


def _indicator_down(obj: Obj, step: Step) -> None:
    indicator = obj.state.get("indicator_")
    if is_obj(indicator):
        indicator.state.pop("n_features_in_", None)


def _statistics_up(obj: Obj, step: Step) -> None:
    if "_inner_stats" in obj.state:
        obj.state["_A"], obj.state["_B"] = obj.state.pop("_inner_stats")


def _statistics_down(obj: Obj, step: Step) -> None:
    if "_A" in obj.state:
        obj.state["_inner_stats"] = (obj.state.pop("_A"), obj.state.pop("_B"))


def _oob_up(obj: Obj, step: Step) -> None:
    """The losses themselves are not kept, only how they improved; a warm start resizes them."""
    improvement = obj.state.get("oob_improvement_")
    if improvement is not None:
        obj.state.setdefault("oob_scores_", np.full(len(improvement), np.nan))
        obj.state.setdefault("oob_score_", float("nan"))


def _oob_down(obj: Obj, step: Step) -> None:
    obj.state.pop("oob_scores_", None)
    obj.state.pop("oob_score_", None)


def _scorer_up(obj: Obj, step: Step) -> None:
    """A search scores its estimator; histogram boosting scores itself, to stop early."""
    for name, scored in (("scorer_", obj.state.get("estimator")), ("_scorer", obj)):
        if obj.state.get(name) == function("sklearn.metrics._passthrough_scorer"):
            obj.state[name] = Obj("sklearn.metrics._PassthroughScorer", {"_estimator": scored})


def _scorer_down(obj: Obj, step: Step) -> None:
    for name in ("scorer_", "_scorer"):
        if is_obj(obj.state.get(name), "sklearn.metrics._PassthroughScorer"):
            obj.state[name] = function("sklearn.metrics._passthrough_scorer")


def _oob_score_up(obj: Obj, step: Step) -> None:
    """A bool is one here too."""


def _oob_score_down(obj: Obj, step: Step) -> None:
    given = obj.state.get("oob_score")
    if given is not None and not isinstance(given, bool | np.bool_):
        obj.state["oob_score"] = True
        step.note(obj, f"`oob_score={short(given)}`: a refit in {step.older} takes its own score")


def _dual_down(obj: Obj, step: Step) -> None:
    """'warn' meant True; 'auto' chose by the data: what the penalty allows is kept."""
    if text(obj.state.get("dual"), "warn", "auto"):
        obj.state["dual"] = not text(obj.state.get("penalty"), "l1")


def _dual_up(obj: Obj, step: Step) -> None:
    """True and False mean the same in both."""


def _inverse_by_components(obj: Obj) -> bool:
    """Does the kernel between transformed samples read a gamma that nobody gave?"""
    state = obj.state
    known = state.get("gamma") is None and text(state.get("kernel"), "rbf", "poly", "sigmoid")
    return "dual_coef_" in state and known


def _kernel_up(obj: Obj, step: Step) -> None:
    """What the newer release works out is in `gamma_`."""


def _kernel_down(obj: Obj, step: Step) -> None:
    """The older release works gamma=None out anew for each of the two kernels."""
    if _inverse_by_components(obj) and "gamma_" in obj.state:
        obj.state["gamma"] = obj.state["gamma_"]
        step.note(obj, "`gamma=None` is written as the value that `fit` worked out")


def _draws(obj: Obj) -> bool:
    """Does it choose among the patches, by a seed?"""
    seed = obj.state.get("random_state")
    return obj.state.get("max_patches") is not None and isinstance(seed, int | np.integer)


def _ordinal_up(obj: Obj, step: Step) -> None:
    """An older release groups nothing."""
    if "categories_" in obj.state:
        obj.state.setdefault("_infrequent_enabled", False)


def _ordinal_down(obj: Obj, step: Step) -> None:
    """A limit that no category falls below is one for the next fit only."""
    groups = obj.state.pop("_infrequent_indices", None)
    if obj.state.pop("_infrequent_enabled", False) and any(one is not None for one in groups):
        raise Refusal("infrequent categories share a code, which came with scikit-learn 1.3")


def _inner_up(obj: Obj, step: Step) -> None:
    for name in ("initial_imputer_", "_scaler"):
        columns.plain_output(obj, name)


def _inner_down(obj: Obj, step: Step) -> None:
    """The older release reads it too."""


def _subsample_up(obj: Obj, step: Step) -> None:
    """Every value of the older release means the same."""


def _subsample_down(obj: Obj, step: Step) -> None:
    if not text(obj.state.get("strategy"), "quantile"):
        if isinstance(obj.state.get("subsample"), int):
            step.note(obj, "`subsample` is for strategy='quantile' alone: a fit takes all samples")
        obj.state["subsample"] = None


RULES = rules(
    SINCE,
    [
        Successor(
            classes=(
                "sklearn.linear_model.ARDRegression",
                "sklearn.linear_model.BayesianRidge",
            ),
            old="n_iter",
            new="max_iter",
            why="changelog 1.3: n_iter renamed to max_iter",
        ),
        Rewritten(
            classes=(TREE,),
            names=("nodes",),
            to_new=_add_missing,
            to_old=_drop_missing,
            why="tree/_tree.pyx: NODE_DTYPE",
        ),
        Rewritten(
            classes=TREES,
            names=("tree_",),
            to_new=_trained_up,
            to_old=_trained_down,
            why="tree/_splitter.pyx: missing_go_to_left",
        ),
        Rewritten(
            classes=(
                "sklearn.impute.IterativeImputer",
                "sklearn.impute.KNNImputer",
                "sklearn.impute.SimpleImputer",
            ),
            names=("indicator_",),
            to_new=_indicator_up,
            to_old=_indicator_down,
            why="impute/_base.py: MissingIndicator.get_feature_names_out asks for n_features_in_",
        ),
        Rewritten(
            classes=(
                "sklearn.ensemble.GradientBoostingClassifier",
                "sklearn.ensemble.GradientBoostingRegressor",
            ),
            names=("oob_scores_", "oob_score_"),
            to_new=_oob_up,
            to_old=_oob_down,
            why="ensemble/_gb.py: _resize_state",
        ),
        Rewritten(
            classes=("sklearn.ensemble.IsolationForest",),
            names=(isolation.LENGTHS, isolation.DEPTHS),
            to_new=isolation.store,
            to_old=isolation.forget,
            why="ensemble/_iforest.py: fit",
        ),
        Changed(
            classes=("sklearn.ensemble.VotingClassifier", "sklearn.ensemble.VotingRegressor"),
            method="get_feature_names_out",
            when=lambda obj: not fitted(obj),
            why="raises NotFittedError before `fit` (ensemble/_voting.py)",
        ),
        Rewritten(
            classes=shapes.FORESTS,
            names=("oob_score",),
            to_new=_oob_score_up,
            to_old=_oob_score_down,
            why="ensemble/_forest.py: oob_score may be a callable",
        ),
        Rewritten(
            classes=(*SEARCHES, *HISTOGRAM_BOOSTING),
            names=("scorer_", "_scorer"),
            to_new=_scorer_up,
            to_old=_scorer_down,
            why="metrics/_scorer.py: check_scoring",
        ),
        Retyped(
            classes=TREE_CLASSIFIERS,
            name="max_features",
            to_new=swap({"auto": "sqrt"}),
            to_old=swap({}),
            why="changelog 1.1: max_features='auto' deprecated, use 'sqrt'",
        ),
        Retyped(
            classes=TREE_REGRESSORS,
            name="max_features",
            to_new=swap({"auto": 1.0}),
            to_old=swap({}),
            why="changelog 1.1: max_features='auto' deprecated, use 1.0",
        ),
        Retyped(
            classes=("sklearn.ensemble.GradientBoostingClassifier",),
            name="loss",
            to_new=swap({"deviance": "log_loss"}),
            to_old=swap({}),
            why="changelog 1.1: loss='deviance' deprecated, use 'log_loss'",
        ),
        Retyped(
            classes=("sklearn.ensemble.HistGradientBoostingClassifier",),
            name="loss",
            to_new=swap(
                dict.fromkeys(
                    ("auto", "binary_crossentropy", "categorical_crossentropy"), "log_loss"
                )
            ),
            to_old=swap({}),
            why="ensemble/_hist_gradient_boosting/gradient_boosting.py: _get_loss",
        ),
        Retyped(
            classes=("sklearn.linear_model.SGDClassifier",),
            name="loss",
            to_new=swap({"log": "log_loss"}),
            to_old=swap({}),
            why="changelog 1.1: loss='log' deprecated, use 'log_loss'",
        ),
        Rewritten(
            classes=(*NEIGHBORS, "sklearn.neighbors.KernelDensity"),
            names=("metric", "effective_metric_", "metric_params", "effective_metric_params_"),
            to_new=metrics.known_up,
            to_old=metrics.known_down,
            why="metrics/_dist_metrics.pyx.tp: METRIC_MAPPING64",
        ),
        Rewritten(
            classes=("sklearn.svm.LinearSVC", "sklearn.svm.LinearSVR"),
            names=("dual",),
            to_new=_dual_up,
            to_old=_dual_down,
            why="svm/_base.py: _validate_dual_parameter",
        ),
        Rewritten(
            classes=("sklearn.preprocessing.OrdinalEncoder",),
            names=("_infrequent_enabled", "_infrequent_indices"),
            to_new=_ordinal_up,
            to_old=_ordinal_down,
            why="preprocessing/_encoders.py: _check_infrequent_enabled",
        ),
        Added(
            classes=("sklearn.preprocessing.OrdinalEncoder",),
            name="_default_to_infrequent_mappings",
            value=None,
            neutral=DERIVED,
            when=never,
            why="only where a category is infrequent, which is refused",
        ),
        Parameter(
            classes=("sklearn.preprocessing.OneHotEncoder",),
            name="feature_name_combiner",
            neutral=("concat",),
            why="preprocessing/_encoders.py: get_feature_names_out",
        ),
        Parameter(
            classes=("sklearn.preprocessing.SplineTransformer",),
            name="sparse_output",
            neutral=(False,),
            why="preprocessing/_polynomial.py: transform",
        ),
        Added(
            classes=(
                "sklearn.random_projection.GaussianRandomProjection",
                "sklearn.random_projection.SparseRandomProjection",
            ),
            name="_n_features_out",
            value=lambda obj: obj.state["n_components_"],
            neutral=DERIVED,
            why="random_projection.py: fit",
        ),
        Renamed(
            classes=("sklearn.kernel_approximation.AdditiveChi2Sampler",),
            old="sample_interval_",
            new="_sample_interval",
            why="kernel_approximation.py: fit",
        ),
        Removed(
            classes=("sklearn.decomposition.FastICA",),
            name="_whiten",
            restore=lambda obj: obj.state.get("whiten"),
            neutral=DERIVED,
            why="decomposition/_fastica.py: __init__",
        ),
        Renamed(
            classes=PLS,
            old="_coef_",
            new="coef_",
            why="cross_decomposition/_pls.py: predict",
        ),
        Removed(
            classes=PLS,
            name="_coef_warning",
            restore=True,
            neutral=DERIVED,
            when=never,
            why="cross_decomposition/_pls.py: coef_, a property that warned once",
        ),
        Added(
            classes=("sklearn.decomposition.KernelPCA",),
            name="gamma_",
            value=lambda obj: (
                1 / obj.state["n_features_in_"]
                if obj.state.get("gamma") is None
                else obj.state["gamma"]
            ),
            neutral=DERIVED,
            why="decomposition/_kernel_pca.py: fit",
        ),
        Changed(
            classes=("sklearn.decomposition.KernelPCA",),
            method="inverse_transform",
            when=_inverse_by_components,
            why="decomposition/_kernel_pca.py: gamma=None is 1/n_features for the inverse too, "
            "where it was 1/n_components (_get_kernel, fit)",
        ),
        Rewritten(
            classes=("sklearn.decomposition.KernelPCA",),
            names=("gamma",),
            to_new=_kernel_up,
            to_old=_kernel_down,
            why="decomposition/_kernel_pca.py: _get_kernel",
        ),
        Rewritten(
            classes=("sklearn.preprocessing.KBinsDiscretizer",),
            names=("subsample",),
            to_new=_subsample_up,
            to_old=_subsample_down,
            why="preprocessing/_discretization.py: fit raises for another strategy",
        ),
        Accepted(
            classes=(
                "sklearn.tree.DecisionTreeClassifier",
                "sklearn.tree.DecisionTreeRegressor",
            ),
            what="missing values",
            error="ValueError: Input",
            why="tree/_classes.py: _support_missing_values",
        ),
        Rewritten(
            classes=("sklearn.decomposition.MiniBatchDictionaryLearning",),
            names=("_inner_stats", "_A", "_B"),
            to_new=_statistics_up,
            to_old=_statistics_down,
            why="decomposition/_dict_learning.py: partial_fit",
        ),
        Added(
            classes=("sklearn.linear_model.ARDRegression",),
            name="n_iter_",
            value=None,
            neutral=DERIVED,
            when=never,
            why="linear_model/_bayes.py: how many iterations it took is not in an older state",
        ),
        Added(
            classes=("sklearn.covariance.GraphicalLasso", "sklearn.covariance.GraphicalLassoCV"),
            name="costs_",
            value=None,
            neutral=DERIVED,
            when=never,
            why="covariance/_graph_lasso.py: the costs are not in an older state",
        ),
        Changed(
            classes=("sklearn.feature_extraction.PatchExtractor",),
            method="transform",
            when=_draws,
            why="feature_extraction/image.py: a seed starts anew at each call, before at the first",
        ),
        Rewritten(
            classes=(*shapes.ESTIMATORS, *requests.SCORERS_OF_THREE),
            names=("_metadata_request",),
            to_new=requests.keep,
            to_old=requests.drop,
            why="utils/_metadata_requests.py: set_fit_request and its like",
        ),
        Explained(
            classes=("sklearn.impute.MissingIndicator",),
            names=("n_features_in_",),
            why="impute/_base.py: set through the imputer that holds it",
        ),
        Rewritten(
            classes=(
                "sklearn.impute.IterativeImputer",
                "sklearn.preprocessing.PowerTransformer",
            ),
            to_new=_inner_up,
            to_old=_inner_down,
            why="impute/_iterative.py, preprocessing/_data.py: set_output(transform='default')",
        ),
        Explained(
            classes=(
                "sklearn.decomposition.KernelPCA",
                "sklearn.impute.SimpleImputer",
                "sklearn.preprocessing.StandardScaler",
            ),
            names=("_sklearn_output_config",),
            why="utils/_set_output.py: inner transformers are told to give arrays",
        ),
        Explained(
            classes=(
                "sklearn.ensemble.RandomForestClassifier",
                "sklearn.ensemble.ExtraTreesClassifier",
            ),
            names=("oob_score_",),
            why="a callable score may be any number",
        ),
        Born(
            classes=("sklearn.cluster.HDBSCAN", "sklearn.preprocessing.TargetEncoder"),
            why="changelog 1.3.0: new classes",
        ),
    ],
)
