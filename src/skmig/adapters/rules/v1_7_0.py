"""scikit-learn 1.7.0: the remainder's columns as the others'; a label encoder in boosting.

- ColumnTransformer keeps the remainder's columns in the form of the other transformers' columns
  (compose/_column_transformer.py: _get_remainder_cols), and `force_int_remainder_cols` has no
  effect any more; that form is what `force_int_remainder_cols=False` gave before.
- HistGradientBoostingClassifier keeps its LabelEncoder (gradient_boosting.py: _encode_y).
- MLPRegressor has a Poisson loss, whose output activation older releases do not know.
"""

from __future__ import annotations

from skmig.adapters import columns
from skmig.adapters.forms import never, text
from skmig.adapters.ops import (
    DERIVED,
    Added,
    Changed,
    Explained,
    Refusal,
    Removed,
    Rewritten,
    Step,
    Successor,
    has,
    rules,
)
from skmig.payload import Obj

SINCE = "1.7.0"

PATHS = tuple(
    "sklearn.linear_model." + name
    for name in ("ElasticNetCV", "LassoCV", "MultiTaskElasticNetCV", "MultiTaskLassoCV")
)
CHAINS = ("sklearn.multioutput.ClassifierChain", "sklearn.multioutput.RegressorChain")
RIDGE_CV = ("sklearn.linear_model.RidgeCV", "sklearn.linear_model.RidgeClassifierCV")


def _columns_up(obj: Obj, step: Step) -> None:
    columns.each_remainder(obj, columns.native)
    obj.state["force_int_remainder_cols"] = "deprecated"


def _columns_down(obj: Obj, step: Step) -> None:
    obj.state["force_int_remainder_cols"] = False


def _loss_up(obj: Obj, step: Step) -> None:
    """The older release kept the same word without showing it as a parameter."""
    obj.state.setdefault("loss", "squared_error")


def _loss_down(obj: Obj, step: Step) -> None:
    if text(obj.state.get("loss"), "poisson"):
        raise Refusal(
            f"loss='poisson' puts an exponential on the output, which scikit-learn {step.older} "
            "does not know"
        )


def _chain_up(obj: Obj, step: Step) -> None:
    base = obj.state.get("base_estimator")
    if not text(base, "deprecated"):
        obj.state["estimator"] = base
    obj.state["base_estimator"] = "deprecated"


def _chain_down(obj: Obj, step: Step) -> None:
    estimator = obj.state.pop("estimator", None)
    if estimator is not None:
        obj.state["base_estimator"] = estimator


def _alphas_up(obj: Obj, step: Step) -> None:
    """A number of alphas is a value of `alphas` now."""
    count = obj.state.get("n_alphas", 100)
    if obj.state.get("alphas") is None:
        obj.state["alphas"] = count
    obj.state["n_alphas"] = "deprecated"
    if "alphas_" in obj.state:
        obj.state["_alphas"] = obj.state["alphas"]


def _alphas_down(obj: Obj, step: Step) -> None:
    obj.state.pop("_alphas", None)
    alphas, count = obj.state.get("alphas"), obj.state.get("n_alphas")
    if isinstance(alphas, int):
        count, alphas = alphas, None
    obj.state["n_alphas"] = count if isinstance(count, int) else 100
    obj.state["alphas"] = None if isinstance(alphas, str) else alphas


def _stored_up(obj: Obj, step: Step) -> None:
    obj.state.pop("_store_cv_results", None)
    obj.state.pop("store_cv_values", None)
    if obj.state.get("store_cv_results") is None:
        obj.state["store_cv_results"] = False


def _stored_down(obj: Obj, step: Step) -> None:
    obj.state["store_cv_values"] = "deprecated"
    if "alpha_" in obj.state:
        obj.state["_store_cv_results"] = bool(obj.state.get("store_cv_results"))


def _of_dot_products(obj: Obj) -> bool:
    """Are the terms of the likelihood written into an array of the input's dtype?"""
    return text(obj.state.get("covariance_type"), "full", "tied")


RULES = rules(
    SINCE,
    [
        Successor(
            classes=("sklearn.manifold.TSNE",),
            old="n_iter",
            new="max_iter",
            why="manifold/_t_sne.py: n_iter removed",
        ),
        Rewritten(
            classes=(columns.COLUMN_TRANSFORMER,),
            names=("_remainder", "transformers_", "force_int_remainder_cols"),
            to_new=_columns_up,
            to_old=_columns_down,
            why="compose/_column_transformer.py: _get_remainder_cols",
        ),
        Added(
            classes=("sklearn.ensemble.HistGradientBoostingClassifier",),
            name="_label_encoder",
            value=lambda obj: Obj(
                "sklearn.preprocessing.LabelEncoder", {"classes_": obj.state["classes_"]}
            ),
            neutral=DERIVED,
            when=has("classes_", "_predictors"),
            why="ensemble/_hist_gradient_boosting/gradient_boosting.py: _encode_y",
        ),
        Rewritten(
            classes=("sklearn.neural_network.MLPRegressor",),
            names=("loss",),
            to_new=_loss_up,
            to_old=_loss_down,
            why="neural_network/_multilayer_perceptron.py: out_activation_",
        ),
        Rewritten(
            classes=RIDGE_CV,
            names=("_store_cv_results", "store_cv_values", "store_cv_results"),
            to_new=_stored_up,
            to_old=_stored_down,
            why="linear_model/_ridge.py: store_cv_values removed",
        ),
        Rewritten(
            classes=PATHS,
            names=("alphas", "n_alphas", "_alphas"),
            to_new=_alphas_up,
            to_old=_alphas_down,
            why="linear_model/_coordinate_descent.py: n_alphas deprecated",
        ),
        Rewritten(
            classes=CHAINS,
            names=("base_estimator", "estimator"),
            to_new=_chain_up,
            to_old=_chain_down,
            why="multioutput.py: base_estimator renamed to estimator",
        ),
        Added(
            classes=("sklearn.manifold.MDS",),
            name="_n_init",
            value=lambda obj: obj.state.get("n_init", 4),
            neutral=DERIVED,
            why="manifold/_mds.py: fit",
        ),
        Added(
            classes=(
                "sklearn.mixture.GaussianMixture",
                "sklearn.mixture.BayesianGaussianMixture",
            ),
            name="lower_bounds_",
            value=None,
            neutral=DERIVED,
            when=never,
            why="mixture/_base.py: the bounds of each iteration are not in an older state",
        ),
        *(
            Changed(
                classes=(
                    "sklearn.mixture.BayesianGaussianMixture",
                    "sklearn.mixture.GaussianMixture",
                ),
                method=method,
                when=_of_dot_products,
                why="mixture/_gaussian_mixture.py: of integers is rounded to integers",
            )
            for method in ("predict", "predict_proba", "score_samples")
        ),
        Explained(
            classes=("sklearn.cluster.AgglomerativeClustering",),
            names=("n_clusters_",),
            why="cluster/_agglomerative.py: a scalar's type",
        ),
        Explained(
            classes=(
                "sklearn.ensemble.ExtraTreesClassifier",
                "sklearn.ensemble.RandomForestClassifier",
            ),
            names=("oob_score_",),
            why="metrics/_classification.py: a scalar's type",
        ),
        Removed(
            classes=("sklearn.manifold.TSNE",),
            name="_max_iter",
            restore=lambda obj: obj.state.get("max_iter", 1000),
            neutral=DERIVED,
            why="manifold/_t_sne.py: _max_iter",
        ),
    ],
)
