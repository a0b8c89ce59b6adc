"""scikit-learn 0.21.1: dummies begin GradientBoosting, and scores by other formulas.

- GradientBoosting's `init_` is a DummyClassifier or DummyRegressor (ensemble/_gb_losses.py).
- IsolationForest's average path length of leaves with one or two samples (ensemble/iforest.py).
- LinearDiscriminantAnalysis.predict_proba is a softmax (discriminant_analysis.py).
- Sums of confidences in one-vs-one decisions are bounded by another function
  (utils/multiclass.py: _ovr_decision_function).
- SGD's deprecated `n_iter` and the private `_max_iter` and `_tol` are gone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters import initial, isolation, leftout
from skmig.adapters.columns import COLUMN_TRANSFORMER
from skmig.adapters.early import empty, epochs, keep_columns, learn_columns, meaning, tags
from skmig.adapters.forms import members, text
from skmig.adapters.ops import (
    DERIVED,
    Accepted,
    Added,
    Born,
    Changed,
    Explained,
    Gone,
    Parameter,
    Removed,
    Renamed,
    Rewritten,
    Step,
    has,
    rules,
)
from skmig.adapters.rules.v1_3_0 import SINCE as STORED
from skmig.adapters.shapes import GRADIENT_BOOSTING, SEARCHES, SGD, never
from skmig.payload import Obj

SINCE = "0.21.1"

AGGLOMERATIVE = tags("cluster.AgglomerativeClustering cluster.FeatureAgglomeration")
DEFAULT_TEST_SIZE = {
    "sklearn.model_selection.GroupShuffleSplit": 0.2,
    "sklearn.model_selection.ShuffleSplit": 0.1,
    "sklearn.model_selection.StratifiedShuffleSplit": 0.1,
}
HASHING = tags("feature_extraction.FeatureHasher feature_extraction.HashingVectorizer")
LOGISTIC = tags("linear_model.LogisticRegression linear_model.LogisticRegressionCV")
SUPPORT_VECTORS = ("sklearn.svm.SVC", "sklearn.svm.NuSVC")
VECTORIZERS = tags(
    "feature_extraction.CountVectorizer feature_extraction.HashingVectorizer "
    "feature_extraction.TfidfVectorizer"
)


def _sgd_up(obj: Obj, step: Step) -> None:
    state = obj.state
    if "max_iter" in state:
        state["max_iter"], state["tol"] = epochs(state)
    for name in ("n_iter", "_max_iter", "_tol"):
        state.pop(name, None)


def _sgd_down(obj: Obj, step: Step) -> None:
    state = obj.state
    if "max_iter" not in state:
        return
    state["n_iter"] = None
    if "coef_" in state:
        state["_max_iter"], state["_tol"] = state["max_iter"], state["tol"]


def _isolation_up(obj: Obj, step: Step) -> None:
    isolation.keep(obj, step, isolation.length_of_one, STORED)


def _many_classes(obj: Obj) -> bool:
    classes = obj.state.get("classes_")
    return classes is not None and len(classes) > 2


def _many_svm_classes(obj: Obj) -> bool:
    return _many_classes(obj) and obj.state.get("decision_function_shape") == "ovr"


def _calibrates_votes(obj: Obj) -> bool:
    """Whether it calibrates a one-vs-one model of several classes."""
    found = next(members(obj, "calibrated_classifiers_"), None)
    scorer: Any = None if found is None else found.state.get("base_estimator")
    while isinstance(scorer, Obj) and {"steps", "best_estimator_"} & scorer.state.keys():
        steps = scorer.state.get("steps")
        scorer = steps[-1][1] if steps else scorer.state["best_estimator_"]
    if not isinstance(scorer, Obj) or not _many_classes(scorer):
        return False
    pairs = scorer.tag == "sklearn.multiclass.OneVsOneClassifier"
    return pairs or (scorer.tag in SUPPORT_VECTORS and _many_svm_classes(scorer))


def _indicator_up(obj: Obj, step: Step) -> None:
    obj.state.setdefault("add_indicator", False)
    if "statistics_" in obj.state:
        obj.state.setdefault("indicator_", None)


def _indicator_down(obj: Obj, step: Step) -> None:
    """An indicator that found nothing missing adds no column."""
    indicator = obj.state.pop("indicator_", None)
    if not obj.state.pop("add_indicator", False):
        return
    if isinstance(indicator, Obj) and empty(indicator.state.get("features_")):
        step.note(obj, f"`add_indicator=True`, which added no column, is not in {step.older}")
    else:
        step.loss(obj, f"`add_indicator=True` has no counterpart in {step.older}")


def _clusters_down(obj: Obj, step: Step) -> None:
    """Before this release the number of clusters is always given."""
    found = obj.state.pop("n_clusters_", None)
    if obj.state.get("n_clusters") is None and found is not None:
        obj.state["n_clusters"] = int(found)


def _clusters_up(obj: Obj, step: Step) -> None:
    if "labels_" in obj.state:
        obj.state["n_clusters_"] = obj.state["n_clusters"]


def _topics_up(obj: Obj, step: Step) -> None:
    state = obj.state
    if state.get("n_topics") is not None:
        state["n_components"] = state["n_topics"]
    state.pop("n_topics", None)
    state.pop("_n_components", None)


def _topics_down(obj: Obj, step: Step) -> None:
    state = obj.state
    if "n_components" in state:
        state["n_topics"] = None
        if "components_" in state:
            state["_n_components"] = state["n_components"]


def _no_ratio(obj: Obj) -> Any:
    return np.full(len(obj.state["C_"]), None, dtype=object)


def _by_file(obj: Obj, step: Step) -> None:
    analyzer = obj.state.get("analyzer")
    if not (analyzer is None or isinstance(analyzer, str)) and obj.state.get("input") != "content":
        step.loss(
            obj,
            f"from {step.newer} on a callable analyzer gets what the file holds, before it the "
            "file (feature_extraction/text.py: build_analyzer)",
        )


def _several_texts(obj: Obj) -> bool:
    classes = obj.state.get("classes_")
    return isinstance(classes, list) and any(item.dtype.kind in "OUS" for item in classes)


def _penalty_up(obj: Obj, step: Step) -> None:
    """The older release has no penalty that this one has not."""


def _penalty_down(obj: Obj, step: Step) -> None:
    """Without a penalty is with one of no weight, which is how `fit` does it."""
    penalty = obj.state.get("penalty")
    if penalty is None or text(penalty, "none"):
        obj.state["penalty"] = "l2"
        if "C" in obj.state:
            obj.state["C"] = float("inf")
    elif text(penalty, "elasticnet"):
        obj.state["penalty"] = "l2"
        step.note(obj, f"a refit takes penalty='l2': {step.older} has no 'elasticnet'")


RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=tags("pipeline.Pipeline ensemble.VotingClassifier"),
            to_new=leftout.understood,
            to_old=leftout.as_none,
            names=("steps", "estimators"),
            why="pipeline.py, ensemble/voting_classifier.py: None is what is left out",
        ),
        Changed(
            classes=tags("impute.MissingIndicator"),
            method="transform",
            when=lambda obj: (
                obj.state.get("features") == "missing-only" and empty(obj.state.get("features_"))
            ),
            why="impute.py: where nothing was missing all features were given, now none",
        ),
        Accepted(
            classes=tags(
                "tree.DecisionTreeClassifier tree.ExtraTreeClassifier "
                "ensemble.RandomForestClassifier ensemble.ExtraTreesClassifier"
            ),
            what="labels of several outputs that are text",
            error="ValueError: could not convert string to float",
            when=_several_texts,
            why="tree/tree.py, ensemble/forest.py: predict writes them into an array of numbers",
        ),
        Rewritten(
            classes=GRADIENT_BOOSTING,
            to_new=initial.to_dummy,
            to_old=initial.from_dummy,
            names=("init_", "init"),
            why="ensemble/_gb_losses.py: get_init_raw_predictions",
        ),
        Explained(
            classes=GRADIENT_BOOSTING,
            names=("oob_improvement_",),
            why="ensemble/gradient_boosting.py: only with subsample, on both sides",
        ),
        Rewritten(
            classes=SGD,
            to_new=_sgd_up,
            to_old=_sgd_down,
            names=("n_iter", "max_iter", "tol", "_max_iter", "_tol"),
            why="linear_model/stochastic_gradient.py: _validate_params",
        ),
        Rewritten(
            classes=LOGISTIC,
            to_new=_penalty_up,
            to_old=_penalty_down,
            names=("penalty", "C"),
            why="linear_model/logistic.py: _check_solver",
        ),
        Rewritten(
            classes=("sklearn.ensemble.IsolationForest",),
            to_new=_isolation_up,
            to_old=isolation.refuse_down,
            names=(isolation.LENGTHS, isolation.DEPTHS),
            why="what's new 0.21: _average_path_length of one and of two samples",
        ),
        Explained(
            classes=("sklearn.ensemble.IsolationForest",),
            names=("warm_start",),
            why="ensemble/iforest.py: an attribute before it was a parameter",
        ),
        *(
            Changed(
                classes=("sklearn.discriminant_analysis.LinearDiscriminantAnalysis",),
                method=method,
                when=_many_classes,
                why="what's new 0.21: a softmax, not sigmoids made to sum to one",
            )
            for method in ("predict_proba", "predict_log_proba")
        ),
        Changed(
            classes=SUPPORT_VECTORS,
            method="decision_function",
            when=_many_svm_classes,
            why="what's new 0.21: utils/multiclass.py: _ovr_decision_function",
        ),
        *(
            Changed(
                classes=("sklearn.calibration.CalibratedClassifierCV",),
                method=method,
                when=_calibrates_votes,
                why="what's new 0.21: it calibrates the decision_function of one-vs-one models, "
                "which changed (utils/multiclass.py: _ovr_decision_function)",
            )
            for method in ("predict", "predict_proba")
        ),
        Changed(
            classes=("sklearn.multiclass.OneVsOneClassifier",),
            method="decision_function",
            why="what's new 0.21: utils/multiclass.py: _ovr_decision_function",
        ),
        *(
            Changed(
                classes=("sklearn.preprocessing.QuantileTransformer",),
                method=method,
                why="preprocessing/data.py: values at the bounds are compared exactly for "
                "output_distribution='uniform'",
            )
            for method in ("transform", "inverse_transform")
        ),
        Renamed(
            classes=AGGLOMERATIVE,
            old="n_components_",
            new="n_connected_components_",
            why="cluster/hierarchical.py: AgglomerativeClustering.fit",
        ),
        Rewritten(
            classes=AGGLOMERATIVE,
            to_new=_clusters_up,
            to_old=_clusters_down,
            names=("n_clusters_",),
            why="cluster/hierarchical.py: AgglomerativeClustering.fit",
        ),
        Rewritten(
            classes=(COLUMN_TRANSFORMER,),
            to_new=keep_columns,
            to_old=learn_columns,
            names=("_n_features", "_df_columns"),
            why="compose/_column_transformer.py: see 0.20.4",
        ),
        *meaning(
            {"flatten_transform": ("sklearn.ensemble.VotingClassifier",)},
            up={None: False},
            why="ensemble/voting.py: transform",
        ),
        *meaning(
            {"return_train_score": SEARCHES},
            up={"warn": True},
            why="model_selection/_search.py: 'warn' computed the training scores",
        ),
        *meaning(
            {"test_size": tuple(DEFAULT_TEST_SIZE)},
            up={"default": None},
            down={None: "default"},
            why="model_selection/_split.py: BaseShuffleSplit.__init__",
        ),
        *(
            Added(
                classes=(tag,),
                name="_default_test_size",
                value=size,
                neutral=DERIVED,
                when=has("test_size"),
                why="model_selection/_split.py",
            )
            for tag, size in DEFAULT_TEST_SIZE.items()
        ),
        Rewritten(
            classes=("sklearn.impute.SimpleImputer",),
            to_new=_indicator_up,
            to_old=_indicator_down,
            names=("add_indicator", "indicator_"),
            why="impute/_base.py: fit, transform",
        ),
        Parameter(
            classes=("sklearn.preprocessing.OneHotEncoder",),
            name="drop",
            why="preprocessing/_encoders.py: transform",
        ),
        Added(
            classes=("sklearn.preprocessing.OneHotEncoder",),
            name="drop_idx_",
            value=None,
            neutral=DERIVED,
            when=lambda obj: "categories_" in obj.state and not obj.state.get("_legacy_mode"),
            why="preprocessing/_encoders.py: fit; `drop` speaks for it",
        ),
        Parameter(classes=HASHING, name="non_negative", why="feature_extraction/hashing.py"),
        Rewritten(
            classes=VECTORIZERS,
            to_new=_by_file,
            to_old=_by_file,
            why="what's new 0.21: callable analyzers get data, not files",
        ),
        Added(
            classes=("sklearn.linear_model.LogisticRegressionCV",),
            name="l1_ratio_",
            value=_no_ratio,
            neutral=DERIVED,
            when=has("C_"),
            why="linear_model/logistic.py: LogisticRegressionCV.fit",
        ),
        Added(
            classes=("sklearn.linear_model.LogisticRegressionCV",),
            name="l1_ratios_",
            value=lambda _obj: np.full(1, None, dtype=object),
            neutral=DERIVED,
            when=has("C_"),
            why="linear_model/logistic.py: LogisticRegressionCV.fit",
        ),
        Added(
            classes=("sklearn.preprocessing.MultiLabelBinarizer",),
            name="_cached_dict",
            value=None,
            neutral=DERIVED,
            why="preprocessing/label.py: a cache",
        ),
        Added(
            classes=("sklearn.preprocessing.QuantileTransformer",),
            name="n_quantiles_",
            value=lambda obj: len(obj.state["references_"]),
            neutral=DERIVED,
            when=has("references_"),
            why="preprocessing/data.py: QuantileTransformer.fit",
        ),
        Added(
            classes=("sklearn.linear_model.BayesianRidge",),
            name="n_iter_",
            value=None,
            neutral=DERIVED,
            when=never,
            why="linear_model/bayes.py: fit; a count of the training",
        ),
        Rewritten(
            classes=("sklearn.decomposition.LatentDirichletAllocation",),
            to_new=_topics_up,
            to_old=_topics_down,
            names=("n_topics", "_n_components"),
            why="decomposition/online_lda.py",
        ),
        Explained(
            classes=("sklearn.semi_supervised.LabelPropagation",),
            names=("alpha",),
            why="semi_supervised/label_propagation.py: no parameter, but still an attribute",
        ),
        *(
            Removed(
                classes=("sklearn.ensemble.RandomTreesEmbedding",),
                name=name,
                restore=value,
                neutral=DERIVED,
                when=has("n_estimators"),
                why="ensemble/forest.py: attributes of the class",
            )
            for name, value in (("criterion", "mse"), ("max_features", 1))
        ),
        Explained(classes=SEARCHES, names=("cv_results_",), why="a plain dict again"),
        Born(
            classes=tags(
                "cluster.OPTICS ensemble.HistGradientBoostingClassifier "
                "ensemble.HistGradientBoostingRegressor ensemble.VotingRegressor "
                "impute.IterativeImputer neighbors.NeighborhoodComponentsAnalysis"
            )
        ),
        Gone(
            classes=tags("linear_model.RandomizedLasso linear_model.RandomizedLogisticRegression"),
            why="It has no successor: select the columns of its get_support() instead.",
        ),
        Gone(
            classes=tags("neighbors.GaussianRandomProjectionHash neighbors.LSHForest"),
            why="Its neighbours were approximate: fit NearestNeighbors on its data instead.",
        ),
    ],
)
