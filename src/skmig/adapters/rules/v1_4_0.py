"""scikit-learn 1.4.0: trees hold fractions; GradientBoosting's losses are those of `sklearn._loss`.

- `tree_.value` of a classification tree is the fraction of weighted samples of each class instead
  of their weighted number, and `predict_proba` no longer divides (tree/_classes.py; changelog
  1.4.0, #27639).  Same name, dtype and shape: nothing but this rule tells them apart.
- GradientBoosting: see `skmig.adapters.boosting`.
- HistGradientBoosting has a preprocessor (ensemble/_hist_gradient_boosting/gradient_boosting.py).
- ColumnTransformer keeps a FunctionTransformer for 'passthrough': see `skmig.adapters.columns`.
- scorers are one class with a response method (metrics/_scorer.py: _Scorer).
- What 1.2 deprecated is gone: `base_estimator`, `affinity`, KMeans' algorithms, `penalty="none"`.
"""

from __future__ import annotations

import numpy as np

from skmig.adapters import boosting, categories, columns, requests, scores, shapes
from skmig.adapters.forms import (
    TREE,
    counts,
    fractions,
    generator,
    members,
    never,
    new_values,
    saw_missing,
    swap,
    text,
    tree_of,
)
from skmig.adapters.ops import (
    DERIVED,
    Accepted,
    Added,
    Changed,
    Explained,
    Refusal,
    Removed,
    Renamed,
    Retyped,
    Rewritten,
    Step,
    Successor,
    always,
    has,
    rules,
)
from skmig.payload import Name, New, Obj

SINCE = "1.4.0"

FORESTS = tuple(
    "sklearn.ensemble." + name
    for name in (
        "RandomForestClassifier",
        "RandomForestRegressor",
        "ExtraTreesClassifier",
        "ExtraTreesRegressor",
        "RandomTreesEmbedding",
    )
)
HIST = (
    "sklearn.ensemble.HistGradientBoostingClassifier",
    "sklearn.ensemble.HistGradientBoostingRegressor",
)
SGD = tuple(
    "sklearn.linear_model." + name
    for name in ("PassiveAggressiveClassifier", "Perceptron", "SGDClassifier", "SGDOneClassSVM")
)
RENAMED_BASE = (
    "sklearn.ensemble.AdaBoostClassifier",
    "sklearn.ensemble.AdaBoostRegressor",
    "sklearn.ensemble.BaggingClassifier",
    "sklearn.ensemble.BaggingRegressor",
    "sklearn.calibration.CalibratedClassifierCV",
)
AGGLOMERATIVE = ("sklearn.cluster.AgglomerativeClustering", "sklearn.cluster.FeatureAgglomeration")
DISCRETE_BAYES = tuple(
    "sklearn.naive_bayes." + name
    for name in ("BernoulliNB", "CategoricalNB", "ComplementNB", "MultinomialNB")
)
RESPONSES = {
    "sklearn.metrics._PredictScorer": "predict",
    "sklearn.metrics._ProbaScorer": "predict_proba",
    "sklearn.metrics._ThresholdScorer": ("decision_function", "predict_proba"),
}


# ------------------------------------------------------------------ trees
def _classifies(tree: Obj) -> bool:
    """Regression trees have one "class" for each output, and so does a tree that saw one class."""
    return int(np.max(tree.state["n_classes"])) > 1


def _to_fractions(tree: Obj, step: Step) -> None:
    if _classifies(tree):
        new_values(tree, fractions(np.asarray(tree.state["values"])))


def _to_counts(tree: Obj, step: Step) -> None:
    if _classifies(tree):
        weights = tree.state["nodes"]["weighted_n_node_samples"]
        new_values(tree, counts(np.asarray(tree.state["values"]), weights))


def _one_class_up(obj: Obj, step: Step) -> None:
    tree = tree_of(obj)
    if tree is not None and not _classifies(tree):
        new_values(tree, np.ones(np.asarray(tree.state["values"]).shape))


def _one_class_down(obj: Obj, step: Step) -> None:
    tree = tree_of(obj)
    if tree is not None and not _classifies(tree):
        weights = np.asarray(tree.state["nodes"]["weighted_n_node_samples"])[:, None, None]
        new_values(tree, np.ones(np.asarray(tree.state["values"]).shape) * weights)


def _forest_sizes(obj: Obj, step: Step) -> None:
    """`_n_samples` and `_n_samples_bootstrap`, where the trees still tell them.

    Only `estimators_samples_` reads them.  Every tree's root counts its samples: all of them
    without bootstrap; with it, the weights of the root add up to the number that was drawn.
    """
    trees = [tree for tree in map(tree_of, members(obj)) if tree is not None]
    if not trees or "_n_samples" in obj.state:
        return
    roots = [tree.state["nodes"][0] for tree in trees]
    if not obj.state.get("bootstrap", False):
        sizes = {int(root["n_node_samples"]) for root in roots}
        if len(sizes) == 1:
            obj.state.update(_n_samples=sizes.pop(), _n_samples_bootstrap=None)
        return
    drawn = {float(root["weighted_n_node_samples"]) for root in roots}
    plain = obj.state.get("class_weight") is None and obj.state.get("max_samples") is None
    if plain and len(drawn) == 1 and float(min(drawn)).is_integer():
        size = int(drawn.pop())
        obj.state.update(_n_samples=size, _n_samples_bootstrap=size)


def _no_forest_sizes(obj: Obj, step: Step) -> None:
    for name in ("_n_samples", "_n_samples_bootstrap"):
        obj.state.pop(name, None)


def _missing_down(obj: Obj, step: Step) -> None:
    if any(tree is not None and saw_missing(tree) for tree in map(tree_of, members(obj))):
        step.loss(obj, f"the trees learnt from missing values, which {step.older} rejects")


# ------------------------------------------------------------------ gradient boosting
def _boosting_up(obj: Obj, step: Step) -> None:
    # the shift is worked out while the loss still has its old class
    if obj.tag == boosting.CLASSIFIER:
        boosting.carry_raw(obj, step, (boosting.SINGLE, False), (boosting.SINGLE, True))
        obj.state.pop("_n_classes", None)
    if "_loss" in obj.state:
        obj.state["_loss"] = boosting.modern_loss(obj.state["_loss"])
    if "estimators_" in obj.state:
        obj.state["n_trees_per_iteration_"] = int(obj.state["estimators_"].shape[1])


def _boosting_down(obj: Obj, step: Step) -> None:
    if obj.tag == boosting.CLASSIFIER:
        boosting.carry_raw(obj, step, (boosting.SINGLE, True), (boosting.SINGLE, False))
        if "n_classes_" in obj.state:
            obj.state["_n_classes"] = obj.state["n_classes_"]
    if "_loss" in obj.state:
        obj.state["_loss"] = boosting.former_loss(obj.state["_loss"])
    obj.state.pop("n_trees_per_iteration_", None)


def _hist_up(obj: Obj, step: Step) -> None:
    """Without a preprocessor the newer release takes the features as they come, as before."""
    if "_predictors" not in obj.state:
        return
    obj.state["_preprocessor"] = None
    categorical = obj.state.get("is_categorical_")
    obj.state["_is_categorical_remapped"] = categorical
    seed = obj.state.get("_random_seed", obj.state.get("_feature_subsample_seed", 0))
    obj.state["_feature_subsample_rng"] = generator(int(seed))
    if categorical is not None and obj.state.get("warm_start"):
        step.note(obj, "a warm start encodes categories anew, in another order than these trees")


def _hist_down(obj: Obj, step: Step) -> None:
    if obj.state.get("_preprocessor") is not None:
        categories.undo_preprocessor(obj, step)
    obj.state.pop("_preprocessor", None)
    obj.state.pop("_is_categorical_remapped", None)
    obj.state.pop("_feature_subsample_rng", None)
    if text(obj.state.get("categorical_features"), "from_dtype", "warn"):
        obj.state["categorical_features"] = None


# ------------------------------------------------------------------ parameters that ended
def _base_up(obj: Obj, step: Step) -> None:
    base = obj.state.pop("base_estimator", "deprecated")
    if not text(base, "deprecated") and base is not None and obj.state.get("estimator") is None:
        obj.state["estimator"] = base


def _base_down(obj: Obj, step: Step) -> None:
    obj.state.setdefault("base_estimator", "deprecated")


def _affinity_up(obj: Obj, step: Step) -> None:
    affinity = obj.state.pop("affinity", "deprecated")
    if obj.state.get("metric") is None:
        default = obj.state.get("_metric", "euclidean")
        obj.state["metric"] = default if text(affinity, "deprecated") else affinity


def _affinity_down(obj: Obj, step: Step) -> None:
    obj.state.setdefault("affinity", "deprecated")


def _alpha_up(obj: Obj, step: Step) -> None:
    """'warn' meant False: an alpha below 1e-10 was raised to it (naive_bayes.py: _check_alpha)."""
    if text(obj.state.get("force_alpha"), "warn"):
        alpha = np.asarray(obj.state.get("alpha", 1.0), dtype=np.float64)
        obj.state["force_alpha"] = bool((alpha >= 1e-10).all())


def _keep(obj: Obj, step: Step) -> None:
    """Every value of the newer release is one of the older."""


# ------------------------------------------------------------------ scorers
def _scorer_up(obj: Obj, step: Step) -> None:
    obj.state["_response_method"] = RESPONSES[obj.tag]
    obj.tag = "sklearn.metrics._Scorer"


def _scorer_down(obj: Obj, step: Step) -> None:
    response = obj.state.pop("_response_method", "predict")
    asked = tuple(response) if isinstance(response, list | tuple) else (response,)
    for tag, method in RESPONSES.items():
        if asked == (method if isinstance(method, tuple) else (method,)):
            obj.tag = tag
            return
    raise Refusal(f"a scorer with response_method={response!r} needs {step.newer} or newer")


def _unused(obj: Obj, step: Step) -> None:
    """No object of this class exists on this side."""


def _solver_up(obj: Obj, step: Step) -> None:
    """scipy has no interior-point any more (which `warn` took); a new fit takes the default."""
    former = obj.state.get("solver")
    if text(former, "interior-point") or text(former, "warn"):
        obj.state["solver"], obj.state["solver_options"] = "highs", None
        step.note(obj, f"solver={former!r} is gone with scipy's: 'highs' in {step.newer}")


def _solver_down(obj: Obj, step: Step) -> None:
    """The older release has all solvers of this one."""


def _output_down(obj: Obj, step: Step) -> None:
    config = obj.state.get("_sklearn_output_config") or {}
    if text(config.get("transform"), "polars"):
        obj.state["_sklearn_output_config"] = {**config, "transform": "default"}
        step.loss(obj, f"`set_output(transform='polars')`: {step.older} does not know polars")


def _names_up(obj: Obj, step: Step) -> None:
    """Of a data frame the newer `transform` compares the names with those seen in `fit`."""
    if text(obj.state.get("feature_names_out"), "one-to-one") and "n_features_in_" not in obj.state:
        step.loss(
            obj,
            f"feature_names_out='one-to-one': transform of a data frame asks in {step.newer} for "
            "the names that it was fitted on, which are not in the older state",
        )


def _names_down(obj: Obj, step: Step) -> None:
    """The older release does not ask."""


RULES = rules(
    SINCE,
    [
        Accepted(
            classes=("sklearn.decomposition.PCA",),
            what="sparse data",
            error="TypeError: A sparse",
            why="decomposition/_base.py: transform",
        ),
        Accepted(
            classes=(
                "sklearn.ensemble.RandomForestClassifier",
                "sklearn.ensemble.RandomForestRegressor",
            ),
            what="missing values",
            error="ValueError: Input",
            why="ensemble/_forest.py: _validate_X_predict",
        ),
        Added(
            classes=(requests.REQUEST,),
            name="owner",
            value=requests.owner_of,
            neutral=DERIVED,
            when=always,
            why="utils/_metadata_requests.py: MetadataRequest.__init__",
        ),
        Successor(
            classes=(
                "sklearn.decomposition.MiniBatchDictionaryLearning",
                "sklearn.decomposition.MiniBatchSparsePCA",
            ),
            old="n_iter",
            new="max_iter",
            why="decomposition: n_iter removed",
        ),
        Rewritten(
            classes=(TREE,),
            names=("values",),
            to_new=_to_fractions,
            to_old=_to_counts,
            why="tree/_classes.py: predict_proba; changelog 1.4.0 #27639",
        ),
        Rewritten(
            classes=("sklearn.tree.DecisionTreeClassifier", "sklearn.tree.ExtraTreeClassifier"),
            names=("tree_",),
            to_new=_one_class_up,
            to_old=_one_class_down,
            why="as above, for trees that saw a single class",
        ),
        Rewritten(
            classes=FORESTS,
            names=("_n_samples", "_n_samples_bootstrap"),
            to_new=_forest_sizes,
            to_old=_no_forest_sizes,
            why="ensemble/_forest.py: estimators_samples_",
        ),
        Rewritten(
            classes=(
                "sklearn.ensemble.RandomForestClassifier",
                "sklearn.ensemble.RandomForestRegressor",
            ),
            names=("estimators_",),
            to_new=_keep,
            to_old=_missing_down,
            why="changelog 1.4.0: RandomForest supports missing values",
        ),
        Removed(
            classes=(*FORESTS, "sklearn.ensemble.IsolationForest"),
            name="base_estimator",
            restore="deprecated",
            neutral=DERIVED,
            when=always,
            why="ensemble/_base.py: BaseEnsemble.__init__",
        ),
        Rewritten(
            classes=(boosting.CLASSIFIER, boosting.REGRESSOR),
            names=("_loss", "n_trees_per_iteration_", "_n_classes"),
            to_new=_boosting_up,
            to_old=_boosting_down,
            why="ensemble/_gb.py: _init_raw_predictions, _get_loss",
        ),
        Rewritten(
            classes=HIST,
            names=(
                "_preprocessor",
                "_is_categorical_remapped",
                "_feature_subsample_rng",
                "categorical_features",
            ),
            to_new=_hist_up,
            to_old=_hist_down,
            why="ensemble/_hist_gradient_boosting/gradient_boosting.py: _preprocess_X",
        ),
        Renamed(
            classes=SGD,
            old="loss_function_",
            new="_loss_function_",
            why="linear_model/_stochastic_gradient.py",
        ),
        Rewritten(
            classes=(columns.COLUMN_TRANSFORMER,),
            names=("transformers_", "_name_to_fitted_passthrough"),
            to_new=columns.objects_for_passthrough,
            to_old=columns.strings_for_passthrough,
            why="compose/_column_transformer.py: _update_fitted_transformers",
        ),
        Removed(
            classes=(columns.COLUMN_TRANSFORMER,),
            name="_n_features",
            restore=lambda obj: obj.state["n_features_in_"],
            neutral=DERIVED,
            when=has("n_features_in_", "transformers_"),
            why="compose/_column_transformer.py: _validate_remainder",
        ),
        Rewritten(
            classes=RENAMED_BASE,
            names=("base_estimator", "estimator"),
            to_new=_base_up,
            to_old=_base_down,
            why="changelog 1.2: base_estimator renamed to estimator, removed in 1.4",
        ),
        Rewritten(
            classes=AGGLOMERATIVE,
            names=("affinity", "metric"),
            to_new=_affinity_up,
            to_old=_affinity_down,
            why="changelog 1.2: affinity renamed to metric, removed in 1.4",
        ),
        Retyped(
            classes=("sklearn.cluster.KMeans",),
            name="algorithm",
            to_new=swap({"auto": "lloyd", "full": "lloyd"}),
            to_old=swap({}),
            why="cluster/_kmeans.py: 'auto' and 'full' were aliases of 'lloyd'",
        ),
        Retyped(
            classes=("sklearn.cluster.KMeans",),
            name="n_init",
            to_new=swap({"warn": 10}),
            to_old=swap({}),
            why="cluster/_kmeans.py: _check_params_vs_input, default_n_init=10",
        ),
        Retyped(
            classes=("sklearn.cluster.MiniBatchKMeans",),
            name="n_init",
            to_new=swap({"warn": 3}),
            to_old=swap({}),
            why="cluster/_kmeans.py: _check_params_vs_input, default_n_init=3",
        ),
        Retyped(
            classes=("sklearn.linear_model.LogisticRegression",),
            name="penalty",
            to_new=swap({"none": None}),
            to_old=swap({}),
            why="changelog 1.2: penalty='none' deprecated, use None",
        ),
        Rewritten(
            classes=DISCRETE_BAYES,
            names=("force_alpha",),
            to_new=_alpha_up,
            to_old=_keep,
            why="naive_bayes.py: _check_alpha",
        ),
        Rewritten(
            classes=tuple(RESPONSES),
            names=("_response_method",),
            to_new=_scorer_up,
            to_old=_unused,
            why="metrics/_scorer.py: _Scorer",
        ),
        Rewritten(
            classes=("sklearn.metrics._Scorer",),
            names=("_response_method",),
            to_new=_unused,
            to_old=_scorer_down,
            why="metrics/_scorer.py: _Scorer",
        ),
        Added(
            classes=("sklearn.preprocessing.TargetEncoder",),
            name="classes_",
            value=None,
            neutral=lambda classes: classes is None or len(classes) <= 2,
            why="preprocessing/_target_encoder.py: multiclass targets",
        ),
        Added(
            classes=("sklearn.decomposition.MiniBatchDictionaryLearning",),
            name="_ewa_cost",
            value=None,
            neutral=DERIVED,
            when=never,
            why="decomposition/_dict_learning.py: set anew by every fit",
        ),
        Added(
            classes=("sklearn.decomposition.MiniBatchDictionaryLearning",),
            name="_ewa_cost_min",
            value=None,
            neutral=DERIVED,
            when=never,
            why="decomposition/_dict_learning.py: set anew by every fit",
        ),
        Added(
            classes=("sklearn.decomposition.MiniBatchDictionaryLearning",),
            name="_no_improvement",
            value=None,
            neutral=DERIVED,
            when=never,
            why="decomposition/_dict_learning.py: set anew by every fit",
        ),
        Explained(
            classes=(
                "sklearn.dummy.DummyClassifier",
                "sklearn.linear_model.LogisticRegression",
                "sklearn.tree.DecisionTreeClassifier",
            ),
            names=("classes_",),
            why="ensemble/_gb.py: `init_` is fitted on encoded classes, which are floats now",
        ),
        Explained(
            classes=(
                "sklearn.model_selection.GridSearchCV",
                "sklearn.model_selection.RandomizedSearchCV",
            ),
            names=("scorer_",),
            why="metrics/_scorer.py: see the rule of the scorers",
        ),
        Rewritten(
            classes=("sklearn.linear_model.QuantileRegressor",),
            names=("solver", "solver_options"),
            to_new=_solver_up,
            to_old=_solver_down,
            why="linear_model/_quantile.py: fit, scipy >= 1.11",
        ),
        Rewritten(
            classes=("sklearn.preprocessing.FunctionTransformer",),
            names=("feature_names_out",),
            to_new=_names_up,
            to_old=_names_down,
            why="preprocessing/_function_transformer.py: transform, get_feature_names_out",
        ),
        Rewritten(
            classes=(*shapes.ESTIMATORS, "sklearn.preprocessing.TargetEncoder"),
            names=("_sklearn_output_config",),
            to_new=_keep,
            to_old=_output_down,
            why="utils/_set_output.py: set_output(transform='polars')",
        ),
        Rewritten(
            classes=scores.SCORERS,
            names=("_score_func", "_kwargs"),
            to_new=scores.root_up,
            to_old=scores.root_down,
            why="metrics/_regression.py: root_mean_squared_error",
        ),
        Changed(
            classes=("sklearn.preprocessing.FunctionTransformer",),
            method="transform",
            when=lambda obj: isinstance(obj.state.get("feature_names_out"), Name | Obj | New),
            why="preprocessing/_function_transformer.py: a data frame gets the names it announces",
        ),
        Explained(
            classes=("sklearn.ensemble.BaggingClassifier",),
            names=("oob_score_",),
            why="ensemble/_bagging.py: float instead of numpy.float64",
        ),
        Explained(
            classes=("sklearn.neural_network.MLPClassifier",),
            names=("best_validation_score_", "validation_scores_"),
            why="neural_network/_multilayer_perceptron.py: float instead of numpy.float64",
        ),
        Explained(
            classes=(*FORESTS,),
            names=("oob_score_",),
            why="ensemble/_forest.py: float instead of numpy.float64",
        ),
    ],
)
