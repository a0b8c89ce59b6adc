"""scikit-learn 0.19.0: epochs and impurities by new parameters, private and plural names, searches.

- SGD, Perceptron and PassiveAggressive count epochs by `max_iter` and `tol` instead of `n_iter`;
  `loss_function_` was `loss_function` (linear_model/stochastic_gradient.py: _partial_fit).
- Constructors of trees, GradientBoosting and SGD no longer set fitted attributes to None.
- GradientBoosting's `n_features` became `n_features_` (ensemble/gradient_boosting.py: _fit).
- GaussianProcessRegressor's `rng` and `y_train_mean` became private (gaussian_process/gpr.py: fit).
- `best_params_` and `best_score_` of searches are attributes, not computed (model_selection/
  _search.py: fit); several metrics at a time.
- IsolationForest's average path length was wrong (ensemble/iforest.py: _average_path_length).
- FunctionTransformer(pass_y=...) is deprecated: the function gets X alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters import isolation, leftout, successors
from skmig.adapters.early import drop_unfitted, empty, epochs, forest_parameter, meaning, tags
from skmig.adapters.forms import is_obj, members, text
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
    Renamed,
    Retyped,
    Rewritten,
    Step,
    always,
    has,
    rules,
)
from skmig.adapters.rules.v1_3_0 import SINCE as STORED
from skmig.adapters.shapes import (
    ADABOOST,
    BAGGING,
    FORESTS,
    GRADIENT_BOOSTING,
    LINEAR,
    SGD,
    TREES,
    never,
)
from skmig.adapters.training import since_here
from skmig.payload import Name, New, Obj

SINCE = "0.19.0"

SEARCHES = (
    "sklearn.model_selection.GridSearchCV",
    "sklearn.model_selection.RandomizedSearchCV",
)
ISOLATION_FOREST = "sklearn.ensemble.IsolationForest"
# the kernels of sklearn.metrics.pairwise by name, with the settings that each reads
_KERNELS: dict[str, tuple[str, dict[str, Any]]] = {
    "sklearn.metrics.cosine_similarity": ("cosine", {}),
    "sklearn.metrics.laplacian_kernel": ("laplacian", {"gamma": None}),
    "sklearn.metrics.linear_kernel": ("linear", {}),
    "sklearn.metrics.polynomial_kernel": ("poly", {"gamma": None, "degree": 3, "coef0": 1}),
    "sklearn.metrics.rbf_kernel": ("rbf", {"gamma": None}),
    "sklearn.metrics.sigmoid_kernel": ("sigmoid", {"gamma": None, "coef0": 1}),
}
_ALIASES = {
    "sklearn.lda.LDA": "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
    "sklearn.qda.QDA": "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis",
}
_LINEAR_REGRESSORS = frozenset(
    tag for tag in LINEAR if not any(part in tag for part in ("Classif", "Logistic", "Perceptron"))
) - {
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
    "sklearn.svm.LinearSVC",
}
_TREE_STATE = ("tree_", "classes_", "max_features_", "n_classes_", "n_features_", "n_outputs_")
_SGD_STATE = ("coef_", "t_", "classes_", "standard_coef_", "average_coef_")


def _tree_up(obj: Obj, step: Step) -> None:
    drop_unfitted(obj, _TREE_STATE)


def _tree_down(obj: Obj, step: Step) -> None:
    if "tree_" not in obj.state:
        obj.state.update(dict.fromkeys(_TREE_STATE))


def _sgd_up(obj: Obj, step: Step) -> None:
    state = obj.state
    drop_unfitted(obj, _SGD_STATE)
    if "n_iter" in state:
        n_iter = state.pop("n_iter")
        state["max_iter"], state["tol"] = n_iter, None
        if "coef_" in state:
            state.setdefault("n_iter_", n_iter)


def _sgd_down(obj: Obj, step: Step) -> None:
    state = obj.state
    if "max_iter" not in state:
        return
    state["n_iter"], tol = epochs(state)
    del state["max_iter"]
    state.pop("tol", None)
    state.pop("n_iter_", None)
    if tol is not None:
        step.note(obj, f"`tol={tol!r}`: {step.older} runs all of its {state['n_iter']} epochs")
    if "coef_" not in state:
        classes = () if "Regressor" in obj.tag else ("classes_",)
        averages = ("standard_coef_", "average_coef_") if state.get("average") else ()
        state.update(dict.fromkeys(("coef_", "t_", *classes, *averages)))


def _ensemble_up(obj: Obj, step: Step) -> None:
    """An empty list would make an ensemble that was never fitted look fitted."""
    if obj.state.get("estimators_") == []:
        del obj.state["estimators_"]


def _ensemble_down(obj: Obj, step: Step) -> None:
    obj.state.setdefault("estimators_", [])


def _descent_up(obj: Obj, step: Step) -> None:
    if obj.state.get("coef_", "") is None:
        del obj.state["coef_"]
        obj.state.pop("intercept_", None)


def _descent_down(obj: Obj, step: Step) -> None:
    if "coef_" not in obj.state:
        obj.state["coef_"] = None
        if not obj.tag.endswith(".MultiTaskLasso"):
            obj.state["intercept_"] = 0.0


def _boosting_up(obj: Obj, step: Step) -> None:
    if empty(obj.state.get("estimators_")):
        del obj.state["estimators_"]


def _boosting_down(obj: Obj, step: Step) -> None:
    if "estimators_" not in obj.state:
        obj.state["estimators_"] = np.empty((0, 0), dtype=object)


def _search_up(obj: Obj, step: Step) -> None:
    state = obj.state
    if state.get("fit_params") == {}:
        state["fit_params"] = None
    if "best_index_" not in state:
        return
    results = dict(state["cv_results_"])
    results["params"] = list(results["params"])
    state["cv_results_"] = results
    state["best_params_"] = results["params"][state["best_index_"]]
    state["best_score_"] = results["mean_test_score"][state["best_index_"]]
    state["multimetric_"] = False


def _search_down(obj: Obj, step: Step) -> None:
    state = obj.state
    if state.get("fit_params") is None and "fit_params" in state:
        state["fit_params"] = {}
    if state.pop("multimetric_", False):
        step.loss(obj, f"a search by several metrics does not exist in {step.older}")
    state.pop("best_params_", None)
    state.pop("best_score_", None)
    if "cv_results_" in state:
        results = dict(state["cv_results_"])
        results["params"] = tuple(results["params"])
        state["cv_results_"] = results


def _voting_down(obj: Obj, step: Step) -> None:
    if obj.state.pop("flatten_transform", None) and obj.state.get("voting") == "soft":
        step.changed(
            obj,
            "transform",
            f"{step.older} has no `flatten_transform`: probabilities of voting='soft' come as "
            "(classifiers, samples, classes)",
        )


def _inner_searches(obj: Obj) -> list[Obj]:
    found = [*members(obj), obj.state.get("base_estimator")]
    return [item for item in found if is_obj(item, *SEARCHES)]


def _members_up(obj: Obj, step: Step) -> None:
    for search in _inner_searches(obj):
        search.state.pop("classes_", None)


def _members_down(obj: Obj, step: Step) -> None:
    """What combines searches asks them for their classes."""
    for search in _inner_searches(obj):
        best = search.state.get("best_estimator_")
        if is_obj(best) and "classes_" in best.state:
            search.state["classes_"] = best.state["classes_"]


def _voting_up(obj: Obj, step: Step) -> None:
    """None means what the older release does (ensemble/voting_classifier.py: transform)."""
    obj.state.setdefault("flatten_transform", None)


def _isolation_up(obj: Obj, step: Step) -> None:
    isolation.keep(obj, step, isolation.length_by_all, STORED)


def _kernel_up(obj: Obj, step: Step) -> None:
    """A callable gets two samples, and those of metrics.pairwise take none but tables since 0.19.

    The kernel by name says the same of the same settings.
    """
    kernel, given = obj.state.get("kernel"), obj.state.get("kernel_params") or {}
    if not isinstance(kernel, Name) or kernel.tag not in _KERNELS:
        return
    name, defaults = _KERNELS[kernel.tag]
    if not given.keys() <= defaults.keys():
        raise Refusal(f"kernel={kernel.tag} takes no single samples in {step.newer}")
    obj.state.update({**defaults, **given}, kernel=name, kernel_params=None)
    step.note(obj, f"kernel={kernel.tag} is kernel={name!r}, which answers the same")


def _kernel_down(obj: Obj, step: Step) -> None:
    """The older release understands all that this one does."""


def _chi2(obj: Obj) -> bool:
    """A kernel that got no `gamma` before, so that it was always 1 (KERNEL_PARAMS)."""
    return any(text(obj.state.get(name), "chi2") for name in ("kernel", "metric"))


def _chi2_up(obj: Obj, step: Step) -> None:
    if _chi2(obj):
        obj.state["gamma"] = 1.0


def _chi2_down(obj: Obj, step: Step) -> None:
    gamma = obj.state.get("gamma")
    if _chi2(obj) and gamma is not None and gamma != 1:
        step.loss(obj, f"{step.older} takes no gamma for the kernel 'chi2': it is 1, not {gamma!r}")


def _label_kernel_down(obj: Obj, step: Step) -> None:
    if not isinstance(obj.state.get("kernel"), str):
        raise Refusal(f"{step.older} knows the kernels 'rbf' and 'knn', no function")


def _of_regressors(obj: Obj) -> bool:
    """Whether its scores came from linear regressors, whose `decision_function` went."""
    first = next(members(obj), None)
    return first is not None and first.tag in _LINEAR_REGRESSORS


def _alias_up(obj: Obj, step: Step) -> None:
    obj.tag = _ALIASES[obj.tag]


def _alias_down(obj: Obj, step: Step) -> None:
    """The older release has the class under its own name too."""


def _memory_up(value: Any) -> Any:
    """A cache without a place is none."""
    if isinstance(value, New) and value.tag == "joblib.Memory" and value.args["location"] is None:
        return None
    return value


def _memory_down(value: Any) -> Any:
    return New("joblib.Memory", {"location": None}) if value is None else value


def _singular_values(obj: Obj) -> Any:
    """S, from the variance that 0.18 computed as S² / n_samples (decomposition/pca.py: _fit)."""
    return np.sqrt(obj.state["explained_variance_"] * obj.state["n_samples_"])


def _topics_up(obj: Obj, step: Step) -> None:
    state = obj.state
    if state.get("n_topics") is not None and "n_components" not in state:
        state["n_components"], state["n_topics"] = state["n_topics"], None
    if "components_" in state:
        state.setdefault("_n_components", len(state["components_"]))


def _topics_down(obj: Obj, step: Step) -> None:
    state = obj.state
    n_components = state.pop("n_components", None)
    if state.get("n_topics") is None and n_components is not None:
        state["n_topics"] = n_components
    state.pop("_n_components", None)
    state.pop("bound_", None)


def _solver_down(obj: Obj, step: Step) -> None:
    if obj.state.get("solver") == "mu":
        step.loss(obj, f"solver='mu', by which transform works too, is not in {step.older}")


RULES = rules(
    SINCE,
    [
        since_here(
            tags("linear_model.LogisticRegression linear_model.LogisticRegressionCV"),
            "solver",
            {"saga": "sag"},
            "linear_model/logistic.py: _check_solver_option",
        ),
        since_here(
            tags("linear_model.Ridge linear_model.RidgeClassifier"),
            "solver",
            {"saga": "sag"},
            "linear_model/ridge.py: ridge_regression",
        ),
        Rewritten(
            classes=("sklearn.decomposition.NMF",),
            to_new=successors.coordinate_descent,
            to_old=_solver_down,
            names=("solver",),
            why="decomposition/nmf.py: transform",
        ),
        Accepted(
            classes=GRADIENT_BOOSTING,
            what="sparse data",
            error="TypeError: A sparse",
            why="ensemble/gradient_boosting.py: decision_function, predict",
        ),
        *meaning(
            {"min_impurity_split": (*TREES, *FORESTS, *GRADIENT_BOOSTING)},
            up={1e-7: None},
            down={None: 1e-7},
            why="tree/tree.py: fit takes 1e-7 for None",
        ),
        forest_parameter(
            "min_impurity_decrease", "min_impurity_split", "ensemble/forest.py: __init__"
        ),
        Rewritten(
            classes=TREES,
            to_new=_tree_up,
            to_old=_tree_down,
            names=_TREE_STATE,
            why="tree/tree.py: __init__ no longer sets fitted attributes",
        ),
        Rewritten(
            classes=SGD,
            to_new=_sgd_up,
            to_old=_sgd_down,
            names=("n_iter", "max_iter", "tol", "n_iter_", *_SGD_STATE),
            why="linear_model/stochastic_gradient.py: BaseSGD.__init__",
        ),
        Renamed(
            classes=tuple(tag for tag in SGD if not tag.endswith("Regressor")),
            old="loss_function",
            new="loss_function_",
            why="linear_model/stochastic_gradient.py: _partial_fit",
        ),
        Renamed(
            classes=GRADIENT_BOOSTING,
            old="n_features",
            new="n_features_",
            why="ensemble/gradient_boosting.py: _check_params, _init_state",
        ),
        Rewritten(
            classes=GRADIENT_BOOSTING,
            to_new=_boosting_up,
            to_old=_boosting_down,
            names=("estimators_",),
            why="ensemble/gradient_boosting.py: __init__ no longer sets estimators_",
        ),
        Rewritten(
            classes=(*FORESTS, *BAGGING, *ADABOOST, ISOLATION_FOREST),
            to_new=_ensemble_up,
            to_old=_ensemble_down,
            names=("estimators_",),
            why="ensemble/base.py: BaseEnsemble.__init__ no longer sets estimators_",
        ),
        Rewritten(
            classes=tags(
                "linear_model.ElasticNet linear_model.Lasso linear_model.MultiTaskElasticNet "
                "linear_model.MultiTaskLasso"
            ),
            to_new=_descent_up,
            to_old=_descent_down,
            names=("coef_", "intercept_"),
            why="linear_model/coordinate_descent.py: __init__ no longer sets coef_",
        ),
        Renamed(
            classes=("sklearn.gaussian_process.GaussianProcessRegressor",),
            old="rng",
            new="_rng",
            why="gaussian_process/gpr.py: fit",
        ),
        Renamed(
            classes=("sklearn.gaussian_process.GaussianProcessRegressor",),
            old="y_train_mean",
            new="_y_train_mean",
            why="gaussian_process/gpr.py: fit",
        ),
        Rewritten(
            classes=SEARCHES,
            to_new=_search_up,
            to_old=_search_down,
            names=("best_params_", "best_score_", "multimetric_", "cv_results_", "fit_params"),
            why="model_selection/_search.py: BaseSearchCV.fit",
        ),
        Rewritten(
            classes=tags("ensemble.BaggingClassifier calibration._CalibratedClassifier"),
            to_new=_members_up,
            to_old=_members_down,
            why="model_selection/_search.py: a search has the classes of its best estimator",
        ),
        Rewritten(
            classes=("sklearn.ensemble.VotingClassifier",),
            to_new=_voting_up,
            to_old=_voting_down,
            names=("flatten_transform",),
            why="ensemble/voting_classifier.py: transform",
        ),
        Removed(
            classes=("sklearn.ensemble.VotingClassifier",),
            name="named_estimators",
            restore=lambda obj: dict(obj.state["estimators"]),
            neutral=DERIVED,
            when=has("estimators"),
            why="ensemble/voting_classifier.py: named_estimators is a property",
        ),
        Rewritten(
            classes=(ISOLATION_FOREST,),
            to_new=_isolation_up,
            to_old=isolation.refuse_down,
            names=(isolation.LENGTHS, isolation.DEPTHS),
            why="what's new 0.19: IsolationForest uses (n - 1) for the average path length",
        ),
        *meaning(
            {"pass_y": ("sklearn.preprocessing.FunctionTransformer",)},
            up={False: "deprecated"},
            down={"deprecated": False},
            why="preprocessing/_function_transformer.py: __init__",
        ),
        *meaning(
            {"decision_function_shape": ("sklearn.svm.SVC", "sklearn.svm.NuSVC")},
            up={None: "ovo"},
            why="svm/base.py: BaseSVC.decision_function, None meant 'ovo'",
        ),
        Retyped(
            classes=(
                "sklearn.cluster.AgglomerativeClustering",
                "sklearn.cluster.FeatureAgglomeration",
            ),
            name="memory",
            to_new=_memory_up,
            to_old=_memory_down,
            why="cluster/hierarchical.py: fit takes None",
        ),
        Added(
            classes=("sklearn.decomposition.PCA",),
            name="singular_values_",
            value=_singular_values,
            neutral=DERIVED,
            when=has("explained_variance_", "n_samples_"),
            why="decomposition/pca.py: _fit_full, _fit_truncated",
        ),
        *(
            Added(classes=classes, name=name, value=None, neutral=DERIVED, when=never, why=why)
            for classes, names, why in (
                (
                    ("sklearn.decomposition.RandomizedPCA", "sklearn.decomposition.TruncatedSVD"),
                    ("singular_values_",),
                    "needs the training data; read by no method",
                ),
                (
                    ("sklearn.linear_model.BayesianRidge",),
                    ("X_offset_", "X_scale_", "sigma_"),
                    "only for predict(return_std=True), which is new; needs the training data",
                ),
                (
                    ("sklearn.linear_model.RANSACRegressor",),
                    ("n_skips_invalid_data_", "n_skips_invalid_model_", "n_skips_no_inliers_"),
                    "counts of the training; read by no method",
                ),
            )
            for name in names
        ),
        Rewritten(
            classes=("sklearn.decomposition.LatentDirichletAllocation",),
            to_new=_topics_up,
            to_old=_topics_down,
            names=("n_topics", "n_components", "_n_components", "bound_"),
            why="decomposition/online_lda.py: n_topics is n_components",
        ),
        Renamed(
            classes=("sklearn.linear_model.LarsCV", "sklearn.linear_model.LassoLarsCV"),
            old="cv_mse_path_",
            new="mse_path_",
            why="linear_model/least_angle.py: LarsCV.fit",
        ),
        Added(
            classes=("sklearn.linear_model.LarsCV",),
            name="n_nonzero_coefs",
            value=500,
            neutral=(500,),
            when=always,
            why="linear_model/least_angle.py: LarsCV.__init__ calls Lars.__init__",
        ),
        *(
            Removed(
                classes=("sklearn.linear_model." + name,),
                name="method",
                restore=method,
                neutral=DERIVED,
                when=always,
                why="linear_model/least_angle.py: method is an attribute of the class",
            )
            for name, method in (
                ("Lars", "lar"),
                ("LassoLars", "lasso"),
            )
        ),
        Removed(
            classes=("sklearn.linear_model.LassoLarsCV",),
            name="fit_path",
            restore=True,
            neutral=DERIVED,
            when=always,
            why="linear_model/least_angle.py: fit_path is an attribute of the class",
        ),
        *(
            Added(
                classes=("sklearn.decomposition.MiniBatchSparsePCA",),
                name=name,
                value=value,
                neutral=DERIVED,
                when=always,
                why="decomposition/sparse_pca.py: __init__ calls SparsePCA.__init__",
            )
            for name, value in (
                ("U_init", None),
                ("V_init", None),
                ("max_iter", 1000),
                ("tol", 1e-8),
            )
        ),
        Renamed(
            classes=("sklearn.manifold.TSNE",),
            old="n_iter_final",
            new="n_iter_",
            why="manifold/t_sne.py: _tsne",
        ),
        Renamed(
            classes=("sklearn.covariance.GraphLassoCV",),
            old="grid_scores",
            new="grid_scores_",
            why="covariance/graph_lasso_.py: GraphLassoCV.fit",
        ),
        Added(
            classes=("sklearn.covariance.GraphLassoCV",),
            name="alpha",
            value=0.01,
            neutral=DERIVED,
            when=always,
            why="covariance/graph_lasso_.py: __init__ calls GraphLasso.__init__",
        ),
        *(
            Explained(classes=classes, names=names, why=why)
            for classes, names, why in (
                (
                    tags(
                        "linear_model.PassiveAggressiveClassifier "
                        "linear_model.PassiveAggressiveRegressor"
                    ),
                    ("average",),
                    "an attribute before it was a parameter",
                ),
                (tags("ensemble.QuantileEstimator"), ("alpha",), "a parameter before"),
                (tags("decomposition.NMF"), ("reconstruction_err_",), "a float either way"),
                (
                    tags("linear_model.LinearRegression"),
                    ("_residues", "coef_", "singular_"),
                    "linear_model/base.py: float32 input stays float32",
                ),
                (tags("manifold.TSNE"), ("embedding_",), "computed in float32"),
            )
        ),
        *meaning(
            {
                "test_size": (
                    "sklearn.model_selection.ShuffleSplit",
                    "sklearn.model_selection.StratifiedShuffleSplit",
                )
            },
            down={"default": 0.1},
            why="model_selection/_split.py: BaseShuffleSplit.__init__",
        ),
        *meaning(
            {"alpha": ("sklearn.semi_supervised.LabelPropagation",)},
            up={1: None},
            down={None: 1},
            why="semi_supervised/label_propagation.py: LabelPropagation clamps hard",
        ),
        Parameter(
            classes=(
                "sklearn.feature_extraction.FeatureHasher",
                "sklearn.feature_extraction.HashingVectorizer",
            ),
            name="alternate_sign",
            why="feature_extraction/hashing.py: transform",
        ),
        Parameter(
            classes=("sklearn.feature_selection.SelectFromModel",),
            name="norm_order",
            why="feature_selection/from_model.py: _get_feature_importances",
        ),
        Changed(
            classes=SEARCHES,
            method="inverse_transform",
            when=has("best_estimator_"),
            why="model_selection/_search.py: it called `transform` of the best estimator",
        ),
        Changed(
            classes=("sklearn.multiclass.OneVsRestClassifier",),
            method="decision_function",
            when=lambda obj: len(obj.state.get("estimators_", ())) == 1,
            why="of two classes is one number a sample, no longer a column (multiclass.py)",
        ),
        Changed(
            classes=("sklearn.multiclass.OneVsOneClassifier",),
            method="decision_function",
            when=lambda obj: len(obj.state.get("estimators_", ())) == 1,
            why="of two classes is one number a sample, no longer two (multiclass.py)",
        ),
        Changed(
            classes=("sklearn.multiclass.OneVsOneClassifier",),
            method="predict",
            when=lambda obj: len(obj.state.get("estimators_", ())) == 1,
            why="of two classes is whether the score of the second is positive, which a "
            "probability always is, no longer the larger score of both (multiclass.py)",
        ),
        Changed(
            classes=("sklearn.multiclass.OneVsRestClassifier",),
            method="decision_function",
            when=_of_regressors,
            why="linear_model/base.py: linear regressors have no decision_function any more",
        ),
        Rewritten(
            classes=tags(
                "decomposition.KernelPCA gaussian_process.PairwiseKernel "
                "kernel_approximation.Nystroem kernel_ridge.KernelRidge"
            ),
            to_new=_chi2_up,
            to_old=_chi2_down,
            names=("gamma",),
            why="metrics/pairwise.py: KERNEL_PARAMS",
        ),
        Rewritten(
            classes=tags("semi_supervised.LabelPropagation semi_supervised.LabelSpreading"),
            to_new=_kernel_down,
            to_old=_label_kernel_down,
            names=("kernel",),
            why="semi_supervised/label_propagation.py: _get_kernel",
        ),
        Changed(
            classes=("sklearn.multioutput.MultiOutputClassifier",),
            method="predict_proba",
            why="is a list with an array for each output (multioutput.py)",
        ),
        Rewritten(
            classes=tags(
                "decomposition.KernelPCA kernel_approximation.Nystroem kernel_ridge.KernelRidge"
            ),
            to_new=_kernel_up,
            to_old=_kernel_down,
            names=("kernel", "kernel_params"),
            why="utils/validation.py: check_array refuses one dimension",
        ),
        *(
            Changed(
                classes=tags("mixture.DPGMM mixture.VBGMM"),
                method=method,
                when=has("means_"),
                why="mixture/dpgmm.py: log_normalize divides by the sum over all samples, since "
                "scipy's logsumexp has another default axis",
            )
            for method in ("predict_proba", "score_samples")
        ),
        # below the others, so that they see only what is left
        Rewritten(
            classes=("sklearn.ensemble.VotingClassifier",),
            to_new=leftout.understood,
            to_old=leftout.without_none,
            names=("estimators", "weights"),
            why="ensemble/voting_classifier.py: None is left out",
        ),
        Changed(
            classes=("sklearn.gaussian_process.GaussianProcessRegressor",),
            method="predict(return_std)",
            when=has("L_"),
            why="gaussian_process/gpr.py: the variance, a difference of nearly equal numbers, is "
            "summed in another order",
        ),
        Born(
            classes=(
                "sklearn.multioutput.ClassifierChain",
                "sklearn.neighbors.LocalOutlierFactor",
                "sklearn.preprocessing.QuantileTransformer",
                "sklearn.model_selection.RepeatedKFold",
                "sklearn.model_selection.RepeatedStratifiedKFold",
            )
        ),
        Rewritten(
            classes=tuple(_ALIASES),
            to_new=_alias_up,
            to_old=_alias_down,
            why="lda.py, qda.py: subclasses that add nothing, deprecated since 0.17",
        ),
        Rewritten(
            classes=("sklearn.decomposition.ProjectedGradientNMF",),
            to_new=successors.projected_gradient,
            to_old=successors.unchanged,
            why="decomposition/nmf.py: it is NMF(solver='pg')",
        ),
        Gone(
            classes=("sklearn.multioutput.MultiOutputEstimator",),
            why="It is the base of MultiOutputClassifier and MultiOutputRegressor: fit one.",
        ),
    ],
)
