"""What the rules of 0.19.0 to 0.22 say, as pure functions on states."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skmig.adapters import boosting, early, encoders, forms, histograms, isolation, outliers
from skmig.adapters.chain import Adapted, adapt
from skmig.payload import Name, New, Obj

NODES = [
    ("left_child", "i8"),
    ("right_child", "i8"),
    ("feature", "i8"),
    ("threshold", "f8"),
    ("impurity", "f8"),
    ("n_node_samples", "i8"),
    ("weighted_n_node_samples", "f8"),
]
SGD = "sklearn.linear_model.SGDClassifier"
SEARCH = "sklearn.model_selection.GridSearchCV"
FOREST = "sklearn.ensemble.IsolationForest"


def moved(graph: Any, source: str, target: str) -> Adapted:
    """Where a graph arrives, without a refusal."""
    result = adapt(graph, source, target)
    assert [statement.text for statement in (*result.refusals, *result.losses)] == []
    return result


def there_and_back(graph: Obj, source: str, target: str) -> Obj:
    result: Obj = moved(moved(graph, source, target).graph, target, source).graph
    return result


def leaf(value: float) -> Obj:
    """A regression tree of one leaf."""
    nodes = np.zeros(1, dtype=NODES)
    nodes["left_child"] = nodes["right_child"] = -1
    tree = {"n_outputs": 1, "node_count": 1, "nodes": nodes, "values": np.full((1, 1, 1), value)}
    return Obj("sklearn.tree.DecisionTreeRegressor", {"tree_": Obj(forms.TREE, tree)})


def booster(init: Any, loss: str, n_trees: int) -> Obj:
    stage = np.empty((1, n_trees), dtype=object)
    stage[0] = [leaf(0.25 * i) for i in range(n_trees)]
    state = {
        "learning_rate": 0.1,
        "n_features_": 1,
        "loss_": New("sklearn.ensemble." + loss, {"K": n_trees}),
        "init_": init,
        "estimators_": stage,
        "classes_": np.arange(max(n_trees, 2)),
    }
    return Obj(boosting.CLASSIFIER, state)


def raw(obj: Obj) -> np.ndarray:
    """What the newer release predicts before the link: `init_` and the first stage."""
    leaves = [tree.state["tree_"].state["values"].item() for tree in obj.state["estimators_"][0]]
    proba = boosting.constant_probabilities(obj.state["init_"])
    assert proba is not None
    first = boosting.raw_initial(proba, obj.state["loss_"].tag, boosting.SINGLE, centred=False)
    result: np.ndarray = first + 0.1 * np.array(leaves)
    return result


# ------------------------------------------------------------------ gradient boosting
@given(hnp.arrays(float, 3, elements=st.floats(0.01, 1)))
def test_multiclass_boosting_keeps_its_raw_prediction(weights: np.ndarray) -> None:
    priors = weights / weights.sum()
    init = Obj("sklearn.ensemble.PriorProbabilityEstimator", {"priors": priors})
    old = booster(init, "MultinomialDeviance", 3)
    new = moved(old, "0.20.4", "0.21.1").graph
    assert new.state["init_"].tag == boosting.DUMMY
    np.testing.assert_allclose(raw(new), priors + 0.1 * np.array([0, 0.25, 0.5]), atol=1e-12)
    again = moved(new, "0.21.1", "0.20.4").graph
    np.testing.assert_array_equal(again.state["init_"].state["priors"], priors)
    for before, after in zip(
        old.state["estimators_"][0], again.state["estimators_"][0], strict=True
    ):
        np.testing.assert_allclose(
            after.state["tree_"].state["values"], before.state["tree_"].state["values"], atol=1e-12
        )


@given(
    st.floats(-20, 20), st.sampled_from([("", "BinomialDeviance"), ("Scaled", "ExponentialLoss")])
)
def test_binary_boosting_keeps_its_raw_prediction(prior: float, kind: tuple[str, str]) -> None:
    scaled, loss = kind
    init = Obj(f"sklearn.ensemble.{scaled}LogOddsEstimator", {"prior": np.float64(prior)})
    new = moved(booster(init, loss, 1), "0.20.4", "0.21.1").graph
    np.testing.assert_allclose(raw(new), [prior], rtol=1e-9, atol=1e-9)


def test_boosting_begins_with_a_mean_a_quantile_or_zero() -> None:
    for name, state in (("Mean", {"mean": 1.5}), ("Quantile", {"alpha": 0.9, "quantile": 1.5})):
        old = booster(Obj(f"sklearn.ensemble.{name}Estimator", state), "LeastSquaresError", 1)
        old.tag = boosting.REGRESSOR
        new = moved(old, "0.20.4", "0.21.1").graph
        assert new.state["init_"].state["constant_"].tolist() == [[1.5]]
        again = moved(new, "0.21.1", "0.20.4").graph
        assert (again.state["init_"].tag, again.state["init_"].state) == (
            old.state["init_"].tag,
            state,
        )
    zero = booster(Obj("sklearn.ensemble.ZeroEstimator", {"n_classes": 1}), "BinomialDeviance", 1)
    assert moved(zero, "0.20.4", "0.21.1").graph.state["init_"] == "zero"


def test_another_first_estimator_cannot_go_down() -> None:
    init = Obj("sklearn.tree.DecisionTreeClassifier", {"tree_": leaf(1).state["tree_"]})
    result = adapt(booster(init, "BinomialDeviance", 1), "0.21.1", "0.20.4")
    assert "takes what its `predict` returns" in result.refusals[0].text


# ------------------------------------------------------------------ outliers
@given(st.floats(-0.5, 0.5), st.floats(-1, 0), st.integers(-3, 3))
def test_an_offset_cuts_where_the_threshold_cut(threshold: float, score: float, steps: int) -> None:
    offset = outliers.offset_of(np.float64(threshold))
    near = offset
    for _ in range(abs(steps)):
        near = np.nextafter(near, np.inf if steps > 0 else -np.inf)
    for value in (np.float64(score), near):
        assert (value < offset) == (value + 0.5 < threshold)


@given(st.floats(-0.5, 0.5))
def test_a_threshold_comes_back_exactly(threshold: float) -> None:
    old = Obj(FOREST, {"contamination": 0.1, "threshold_": np.float64(threshold)})
    new = moved(old, "0.19.2", "0.20.0").graph
    assert new.state["_threshold_"] > threshold
    assert new.state["offset_"] == -0.5
    again = moved(new, "0.20.0", "0.19.2").graph
    assert again.state["threshold_"] == threshold


def isolation_state(max_samples: int) -> dict[str, Any]:
    tree = leaf(0)
    nodes = tree.state["tree_"].state["nodes"]
    nodes["n_node_samples"] = 1
    sizes = {"max_samples_": max_samples, "_max_samples": max_samples}
    return {"contamination": 0.1, "offset_": -0.5, "estimators_": [tree], **sizes}


@pytest.mark.parametrize("source", ["0.18.1", "0.20.4"])
@pytest.mark.parametrize("max_samples", [2, 4, 256])
def test_isolation_forests_keep_their_scores_where_lengths_are_stored(
    source: str, max_samples: int
) -> None:
    n = float(max_samples)
    first = np.log(n) if source == "0.18.1" else np.log(n - 1)
    before = 1.0 / (2 * (first + np.euler_gamma) - 2 * (n - 1) / n)  # a leaf of one counts 1
    state = moved(Obj(FOREST, isolation_state(max_samples)), source, "1.3.0").graph.state
    depth, length = state["_decision_path_lengths"][0], state["_average_path_length_per_tree"][0]
    after = (depth + length - 1.0) / isolation.length([n])
    assert after == pytest.approx(before, rel=1e-9)


def test_a_forest_that_keeps_an_older_formula_goes_nowhere_where_it_is_computed_anew() -> None:
    state = moved(Obj(FOREST, isolation_state(256)), "0.20.4", "1.3.0").graph.state
    (refusal,) = adapt(Obj(FOREST, state), "1.3.0", "1.2.2").refusals
    assert "another formula" in refusal.text


@pytest.mark.parametrize(
    ("source", "threshold", "outlier"),
    [
        ("0.18.2", "threshold_", True),
        ("0.19.2", "threshold_", True),
        ("0.20.4", "_threshold_", False),
    ],
)
def test_a_sample_on_the_threshold_stays_on_its_side_however_its_score_is_rounded(
    source: str, threshold: str, outlier: bool
) -> None:
    state = {**isolation_state(4), threshold: np.float64(-0.125)}
    if threshold == "threshold_":
        del state["offset_"]
    else:
        state["behaviour"] = "old"
    offset = moved(Obj(FOREST, state), source, "1.3.0").graph.state["offset_"]
    for rounding in (-1e-15, 0.0, 1e-15):
        assert bool(-0.625 + rounding < offset) is outlier


def test_isolation_forests_do_not_cross_other_path_lengths() -> None:
    fitted = Obj(FOREST, isolation_state(4))
    for source, target in (("0.20.4", "0.21.1"), ("0.21.1", "0.20.4")):
        result = adapt(fitted, source, target)
        assert "average path length" in result.losses[0].text


# ------------------------------------------------------------------ encoders
def legacy_transform(state: dict[str, Any], values: np.ndarray) -> np.ndarray:
    """preprocessing/data.py of 0.19: OneHotEncoder._transform, ignoring what is unknown."""
    starts = state["feature_indices_"]
    out = np.zeros((len(values), starts[-1]))
    for i in range(values.shape[1]):
        known = values[:, i] < state["n_values_"][i]
        out[np.flatnonzero(known), (values[:, i] + starts[i])[known]] = 1
    return out[:, state["active_features_"]] if state["n_values"] == "auto" else out


def modern_transform(state: dict[str, Any], values: np.ndarray) -> np.ndarray:
    return np.hstack(
        [values[:, [i]] == column[None] for i, column in enumerate(state["categories_"])]
    ).astype(float)


def ranges(values: np.ndarray, **parameters: Any) -> Obj:
    """An encoder of 0.19 fitted on `values`."""
    sizes = values.max(axis=0) + 1
    starts = np.concatenate([[0], np.cumsum(sizes)])
    state = {
        "n_values": "auto",
        "categorical_features": "all",
        "handle_unknown": "ignore",
        "dtype": Name("type", "numpy.float64"),
        "sparse": True,
        "n_values_": sizes,
        "feature_indices_": starts,
        "active_features_": np.unique((values + starts[:-1]).ravel()),
        **parameters,
    }
    return Obj(encoders.ONE_HOT_ENCODER, state)


INTEGERS = hnp.arrays(
    np.int64, st.tuples(st.integers(1, 6), st.integers(1, 3)), elements=st.integers(0, 7)
)


@given(INTEGERS)
def test_ranges_become_categories_that_transform_alike(values: np.ndarray) -> None:
    old = ranges(values)
    new = moved(old, "0.19.2", "0.22").graph
    assert "_legacy_mode" not in new.state
    probe = np.indices((9,) * values.shape[1]).reshape(values.shape[1], -1).T[:200]
    np.testing.assert_array_equal(
        modern_transform(new.state, probe), legacy_transform(old.state, probe)
    )


@given(INTEGERS)
def test_ranges_come_back(values: np.ndarray) -> None:
    old = ranges(values)
    again = there_and_back(old, "0.19.2", "0.22")
    assert set(again.state) == set(old.state)
    for name in encoders.RANGES:
        np.testing.assert_array_equal(again.state[name], old.state[name])


def test_gaps_are_zeros_only_in_legacy_mode() -> None:
    gaps = ranges(np.array([[0], [2]]), handle_unknown="error")
    assert "no legacy mode" in adapt(gaps, "0.19.2", "0.22").losses[0].text
    moved(gaps, "0.19.2", "0.21.3")
    moved(ranges(np.array([[0], [1]]), handle_unknown="error"), "0.19.2", "0.22")


def test_what_an_encoder_cannot_say_is_refused() -> None:
    some = ranges(np.array([[0, 1]]), categorical_features=[0])
    assert "ColumnTransformer" in adapt(some, "0.19.2", "0.22").refusals[0].text
    words = Obj(
        encoders.ONE_HOT_ENCODER,
        {
            "categories": "auto",
            "categories_": [np.array(["a"], dtype=object)],
            "_legacy_mode": False,
        },
    )
    assert "not integers" in adapt(words, "0.20.0", "0.19.2").refusals[0].text


# ------------------------------------------------------------------ linear models
@pytest.mark.parametrize("parameters", [{}, {"n_iter": 7}, {"max_iter": 9}, {"tol": 0.1}])
def test_epochs_are_those_that_were_trained(parameters: dict[str, Any]) -> None:
    given_ = {"n_iter": None, "max_iter": None, "tol": None, **parameters}
    expected = early.epochs(given_)
    old = Obj(
        SGD, {**given_, "coef_": np.ones((1, 1)), "_max_iter": expected[0], "_tol": expected[1]}
    )
    new = moved(old, "0.20.4", "0.21.1").graph
    assert (new.state["max_iter"], new.state["tol"]) == expected
    assert not {"n_iter", "_max_iter", "_tol"} & set(new.state)


def test_epochs_of_0_18_come_back() -> None:
    old = Obj(SGD, {"n_iter": 7, "coef_": np.ones((1, 1)), "loss_function": None})
    again = there_and_back(old, "0.18.2", "0.22")
    assert again.state["n_iter"] == 7
    assert not {"max_iter", "tol", "n_iter_", "loss_function_"} & set(again.state)


def test_two_multinomial_classes_keep_their_probabilities() -> None:
    tag = "sklearn.linear_model.LogisticRegression"
    old = Obj(tag, {"multi_class": "multinomial", "solver": "lbfgs", "coef_": np.ones((1, 2))})
    result = moved(old, "0.19.2", "0.20.0")
    assert result.graph.state["multi_class"] == "ovr"
    assert "predict_proba" in result.notes[0].text
    down = moved(old, "0.20.0", "0.19.2")
    assert {change.method for change in down.changes} == {"predict_proba", "predict_log_proba"}


# ------------------------------------------------------------------ the rest
def test_defaults_that_warned_say_what_they_meant() -> None:
    tag = "sklearn.linear_model.LogisticRegression"
    state = {"solver": "warn", "multi_class": "warn", "n_jobs": None}
    assert moved(Obj(tag, dict(state)), "0.21.3", "0.22").graph.state["solver"] == "liblinear"
    down = moved(Obj(tag, dict(state)), "0.20.0", "0.19.2").graph.state
    assert (down["solver"], down["multi_class"], down["n_jobs"]) == ("liblinear", "ovr", 1)
    search = {"cv": "warn", "iid": "warn", "error_score": "raise-deprecating", "n_jobs": None}
    up = moved(Obj(SEARCH, dict(search)), "0.21.3", "0.22").graph.state
    assert (up["cv"], up["iid"], up["error_score"]) == (3, "deprecated", "raise")


def test_unwritten_support_counts_become_the_number_of_support_vectors() -> None:
    svr = Obj(
        "sklearn.svm.SVR", {"kernel": "rbf", "support_": np.arange(5), "n_support_": [77, -3]}
    )
    assert moved(svr, "0.21.3", "0.22").graph.state["_n_support"].tolist() == [5, 5]
    svc = Obj("sklearn.svm.SVC", {"kernel": "rbf", "support_": np.arange(5), "n_support_": [2, 3]})
    assert moved(svc, "0.21.3", "0.22").graph.state["_n_support"] == [2, 3]


def test_what_was_never_fitted_does_not_look_fitted() -> None:
    template = Obj("sklearn.ensemble.RandomForestClassifier", {"estimators_": [], "n_jobs": 1})
    assert "estimators_" not in moved(template, "0.18.2", "0.19.0").graph.state
    tree = dict.fromkeys(("tree_", "classes_", "n_classes_", "max_depth"))
    up = moved(Obj("sklearn.tree.DecisionTreeClassifier", tree), "0.18.2", "0.19.0").graph
    assert not {"tree_", "classes_", "n_classes_"} & set(up.state)
    assert "max_depth" in up.state


def test_an_imputer_is_a_simple_imputer() -> None:
    state = {"missing_values": "NaN", "strategy": "mean", "axis": 0, "statistics_": np.ones(2)}
    up = moved(Obj("sklearn.preprocessing.Imputer", dict(state)), "0.19.2", "0.22").graph
    assert up.tag == "sklearn.impute.SimpleImputer"
    assert np.isnan(up.state["missing_values"])
    down = moved(up, "0.22", "0.19.2").graph
    assert down.tag == "sklearn.preprocessing.Imputer"
    assert {name: down.state[name] for name in ("missing_values", "strategy", "axis")} == {
        "missing_values": "NaN",
        "strategy": "mean",
        "axis": 0,
    }
    rows = Obj("sklearn.preprocessing.Imputer", {**state, "axis": 1})
    assert "axis=1" in adapt(rows, "0.19.2", "0.22").refusals[0].text


def test_a_frame_s_columns_survive_the_two_releases_without_them() -> None:
    index = New("pandas.Index", {"values": np.array(["a", "b", "c"], dtype=object), "name": None})
    state = {
        "transformers": [("n", "passthrough", ["a", "b"])],
        "transformers_": [("n", "passthrough", ["a", "b"])],
        "_columns": [["a", "b"]],
        "_remainder": ("remainder", "drop", [2]),
        "_n_features": 3,
        "_df_columns": index,
    }
    tag = "sklearn.compose.ColumnTransformer"
    up = moved(Obj(tag, dict(state)), "0.20.4", "0.22").graph
    assert up.state["_feature_names_in"].tolist() == ["a", "b", "c"]
    del state["_n_features"], state["_df_columns"]
    learnt = moved(Obj(tag, state), "0.20.0", "0.22").graph
    assert learnt.state["_n_features"] == 3
    assert learnt.state["_feature_names_in"] is None


def test_histogram_nodes_learn_where_missing_values_go() -> None:
    dtype = [("value", "f8"), ("threshold", "f8"), ("left", "u4"), ("is_leaf", "u1")]
    nodes = np.array([(0, 0.5, 1, 0), (1, 0, 0, 1)], dtype=dtype)
    old = Obj(histograms.PREDICTOR, {"nodes": nodes})
    new = moved(old, "0.21.3", "0.22").graph
    assert new.state["nodes"].dtype.names == (
        "value",
        "threshold",
        "missing_go_to_left",
        "left",
        "is_leaf",
    )
    np.testing.assert_array_equal(moved(new, "0.22", "0.21.3").graph.state["nodes"], nodes)
    new.state["nodes"]["threshold"][0] = np.inf
    assert "missing values" in adapt(new, "0.22", "0.21.3").losses[0].text


@given(hnp.arrays(float, (2, 3), elements=st.floats(-5, 5)), st.integers(1, 20), st.integers(1, 20))
def test_the_smoothing_of_gaussian_bayes_comes_from_its_moments(
    means: np.ndarray, one: int, two: int
) -> None:
    samples = np.vstack([np.repeat(means[:1], one, axis=0), np.repeat(means[1:], two, axis=0)])
    samples = samples + np.linspace(0, 1, len(samples))[:, None]
    labels = np.repeat([0, 1], [one, two])
    epsilon = 1e-9 * samples.var(axis=0).max()
    assume(epsilon > 0)
    state = {
        "theta_": np.array([samples[labels == k].mean(axis=0) for k in (0, 1)]),
        "sigma_": np.array([samples[labels == k].var(axis=0) for k in (0, 1)]) + epsilon,
        "class_count_": np.array([one, two], dtype=float),
    }
    new = moved(Obj("sklearn.naive_bayes.GaussianNB", state), "0.19.2", "0.20.0").graph
    assert new.state["epsilon_"] == pytest.approx(epsilon, rel=1e-6)


# ------------------------------------------------------------------ what moved or was named anew
def test_an_old_search_goes_on_as_its_successor() -> None:
    scored = [
        New("collections.namedtuple", {"items": ({"C": c}, mean, np.array([mean, mean]))})
        for c, mean in ((0.1, 0.5), (1.0, 0.75))
    ]
    best = Obj("sklearn.tree.DecisionTreeClassifier", {"max_depth": 3})
    state = {"estimator": best, "param_grid": {"C": [0.1, 1.0]}, "fit_params": {}, "cv": 3}
    state |= {"grid_scores_": scored, "best_params_": {"C": 1.0}, "best_estimator_": best}
    new = moved(Obj("sklearn.grid_search.GridSearchCV", state), "0.19.2", "0.20.0").graph
    assert new.tag == SEARCH
    assert new.state["best_estimator_"].state == best.state
    assert (new.state["best_index_"], new.state["n_splits_"]) == (1, 2)
    results = new.state["cv_results_"]
    assert results["rank_test_score"].tolist() == [2, 1]
    assert results["param_C"].args["data"].tolist() == [0.1, 1.0]
    assert "grid_scores_" not in new.state


def test_a_kernel_of_pairwise_is_its_name_where_it_takes_no_single_sample() -> None:
    kernel = Name("function", "sklearn.metrics.laplacian_kernel")
    state = {"kernel": kernel, "gamma": 7.0, "kernel_params": {"gamma": 0.5}, "dual_coef_": [1.0]}
    model = Obj("sklearn.kernel_ridge.KernelRidge", state)
    new = moved(model, "0.18.1", "0.19.0").graph
    assert (new.state["kernel"], new.state["gamma"]) == ("laplacian", 0.5)


def test_weights_of_text_were_doubles_whatever_the_counts_are() -> None:
    state = {"dtype": Name("type", "numpy.float32")}
    model = Obj("sklearn.feature_extraction.TfidfVectorizer", state)
    new = moved(model, "0.19.2", "0.20.0").graph
    assert new.state["dtype"] == Name("type", "numpy.float64")


def test_an_alias_is_the_class_that_it_stood_for() -> None:
    new = moved(Obj("sklearn.qda.QDA", {"means_": np.ones((2, 2))}), "0.18.1", "0.19.0").graph
    assert new.tag == "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis"


# ------------------------------------------------------------------ successors
@pytest.mark.parametrize("kind", ["", "CV"])
def test_a_graph_lasso_is_graphical_since_0_22_and_not_before_0_20(kind: str) -> None:
    state = {"covariance_": np.eye(2), "precision_": np.eye(2), "n_iter_": 3}
    older, newer = (
        f"sklearn.covariance.GraphLasso{kind}",
        f"sklearn.covariance.GraphicalLasso{kind}",
    )
    for source, target, before, after in (
        ("0.19.2", "0.21.3", older, older),
        ("0.21.3", "0.22", older, newer),
        ("0.22", "0.20.0", newer, newer),
        ("0.20.0", "0.19.2", newer, older),
        ("0.18.2", "1.9.1", older, newer),
    ):
        graph = moved(Obj(before, {**state, "n_jobs": 1}), source, target).graph
        assert (graph.tag, graph.state["n_iter_"]) == (after, 3)


@pytest.mark.parametrize("whiten", [False, True])
def test_a_randomized_pca_is_a_pca_that_projects_alike(whiten: bool) -> None:
    random = np.random.RandomState(0)
    axes = np.linalg.qr(random.normal(size=(4, 2)))[0].T
    variance = np.array([9.0, 4.0])
    scaled = axes / np.sqrt(variance)[:, None] if whiten else axes
    state = {
        "n_components": 2,
        "whiten": whiten,
        "mean_": np.arange(4.0),
        "components_": scaled,
        "explained_variance_": variance,
        "explained_variance_ratio_": variance / 16.0,
    }
    result = moved(Obj("sklearn.decomposition.RandomizedPCA", state), "0.19.2", "0.20.0")
    pca = result.graph
    assert pca.tag == "sklearn.decomposition.PCA"
    assert pca.state["svd_solver"] == "randomized"
    X = random.normal(size=(5, 4))
    ours = (X - state["mean_"]) @ scaled.T
    theirs = (X - pca.state["mean_"]) @ pca.state["components_"].T
    if whiten:
        theirs /= np.sqrt(pca.state["explained_variance_"])
    np.testing.assert_allclose(theirs, ours)
    assert pca.state["noise_variance_"] == pytest.approx(3.0 / 2)
    # PCA takes the whitening back, RandomizedPCA did not
    assert [change.method for change in result.changes] == ["inverse_transform"] * whiten


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_a_gmm_is_a_mixture_with_the_same_densities(kind: str) -> None:
    random = np.random.RandomState(1)
    roots = random.normal(size=(2, 3, 3))
    full = roots @ np.swapaxes(roots, 1, 2) + np.eye(3)
    covars = {
        "full": full,
        "tied": full[0],
        "diag": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        "spherical": np.array([[2.0] * 3, [5.0] * 3]),
    }[kind]
    whole = {
        "full": full,
        "tied": np.stack([full[0]] * 2),
        "diag": np.stack([np.diag(row) for row in np.atleast_2d(covars)[:2]]),
        "spherical": np.stack([np.diag(row) for row in np.atleast_2d(covars)[:2]]),
    }[kind]
    state = {
        "n_components": 2,
        "covariance_type": kind,
        "min_covar": 0.01,
        "n_iter": 50,
        "params": "wmc",
        "init_params": "wmc",
        "weights_": np.array([0.4, 0.6]),
        "means_": random.normal(size=(2, 3)),
        "covars_": covars,
        "converged_": True,
    }
    model = Obj("sklearn.mixture.GMM", state)
    (refusal,) = adapt(model, "0.19.2", "0.20.0").refusals
    assert "--allow-substitution" in refusal.text
    result = adapt(model, "0.19.2", "0.20.0", substitution=True)
    mixture = result.graph
    assert mixture.tag == "sklearn.mixture.GaussianMixture"
    assert (mixture.state["reg_covar"], mixture.state["max_iter"]) == (0.01, 50)
    assert {change.method for change in result.changes} == {"score_samples"}
    factors = mixture.state["precisions_cholesky_"]
    for i, covariance in enumerate(whole):
        factor = factors if kind == "tied" else factors[i]
        factor = factor if np.ndim(factor) == 2 else np.diag(np.broadcast_to(factor, 3))
        np.testing.assert_allclose(factor @ factor.T, np.linalg.inv(covariance))
        np.testing.assert_array_equal(factor, np.triu(factor))
    precisions = np.asarray(mixture.state["precisions_"])
    assert precisions.shape == np.shape(mixture.state["covariances_"])


def test_a_gmm_without_an_answer_is_refused() -> None:
    state = {
        "covariance_type": "tied",
        "weights_": np.ones(1),
        "means_": np.zeros((1, 2)),
        "covars_": -np.eye(2),
    }
    result = adapt(Obj("sklearn.mixture.GMM", state), "0.19.2", "0.20.0", substitution=True)
    assert "not positive definite" in result.refusals[0].text


def test_projected_gradients_end_elsewhere() -> None:
    for name in ("ProjectedGradientNMF", "NMF"):
        state = {"solver": "pg", "components_": np.ones((1, 2)), "sparseness": None}
        result = moved(Obj(f"sklearn.decomposition.{name}", state), "0.18.2", "0.19.0")
        assert (result.graph.tag, result.graph.state["solver"]) == (
            "sklearn.decomposition.NMF",
            "cd",
        )
        assert {change.method for change in result.changes} == {"transform", "inverse_transform"}
        state["sparseness"] = "data"
        (loss,) = adapt(Obj(f"sklearn.decomposition.{name}", state), "0.18.2", "0.19.0").losses
        assert "sparseness" in loss.text


# ------------------------------------------------------------------ how boosting begins
@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (("MeanEstimator", {}), ("mean", None)),
        (("QuantileEstimator", {"alpha": 0.3}), ("quantile", 0.3)),
        (("QuantileEstimator", {"alpha": 0.5}), ("median", None)),
    ],
)
def test_a_setting_of_the_first_prediction_is_a_dummy_since_0_21(
    older: tuple[str, dict[str, Any]], newer: tuple[str, float | None]
) -> None:
    name, state = older
    strategy, quantile = newer
    boosting = "sklearn.ensemble.GradientBoostingRegressor"
    settings = {"strategy": strategy, "constant": None, "quantile": quantile}
    dummy = Obj("sklearn.dummy.DummyRegressor", settings)
    below = moved(Obj(boosting, {"init": dummy}), "0.21.1", "0.20.4").graph.state["init"]
    assert below.tag == f"sklearn.ensemble.{name}"
    assert below.state == state
    if strategy != "median":
        above = moved(Obj(boosting, {"init": below}), "0.20.4", "0.21.1").graph.state["init"]
        assert above.tag == dummy.tag
        assert above.state == settings


def test_a_first_prediction_that_is_the_default_is_no_setting() -> None:
    for name in ("LogOddsEstimator", "ScaledLogOddsEstimator", "PriorProbabilityEstimator"):
        state = {"init": Obj(f"sklearn.ensemble.{name}", {})}
        boosting = Obj("sklearn.ensemble.GradientBoostingClassifier", state)
        assert moved(boosting, "0.20.4", "0.21.1").graph.state["init"] is None


# ------------------------------------------------------------------ what combines others
def test_searches_in_a_bag_know_their_classes_below_0_19() -> None:
    classes = np.arange(3)
    best = Obj("sklearn.tree.DecisionTreeClassifier", {"classes_": classes})
    search = Obj("sklearn.model_selection.GridSearchCV", {"best_estimator_": best})
    bag = Obj("sklearn.ensemble.BaggingClassifier", {"estimators_": [search]})
    older = moved(bag, "0.19.0", "0.18.2").graph
    assert older.state["estimators_"][0].state["classes_"] is classes
    newer = moved(older, "0.18.2", "0.19.0").graph
    assert "classes_" not in newer.state["estimators_"][0].state


@pytest.mark.parametrize(("voting", "changes"), [("hard", 1), ("soft", 0)])
def test_a_hard_vote_seems_to_have_probabilities_before_0_22(voting: str, changes: int) -> None:
    vote = Obj("sklearn.ensemble.VotingClassifier", {"voting": voting})
    bag = Obj("sklearn.ensemble.BaggingClassifier", {"estimators_": [vote]})
    found = adapt(bag, "0.22", "0.21.3").changes
    assert len(found) == changes
    assert all(change.method.startswith("raises AttributeError") for change in found)


def test_a_scaler_that_does_nothing_was_never_unfitted() -> None:
    state = {"with_centering": False, "with_scaling": False}
    model = Obj("sklearn.preprocessing.RobustScaler", state)
    newer = moved(model, "0.19.2", "0.20.0").graph
    assert newer.state["center_"] is None
    assert newer.state["scale_"] is None
    assert moved(newer, "0.20.0", "0.19.2").graph.state == model.state


def test_an_indicator_that_adds_no_column_can_go() -> None:
    for found, losses in (([], 0), ([1], 1)):
        indicator = Obj("sklearn.impute.MissingIndicator", {"features_": np.array(found, int)})
        state = {"statistics_": np.zeros(2), "add_indicator": True, "indicator_": indicator}
        model = Obj("sklearn.impute.SimpleImputer", state)
        result = adapt(model, "0.21.1", "0.20.4")
        assert len(result.losses) == losses
        assert "indicator_" not in result.graph.state


def test_columns_in_a_tuple_are_columns_in_a_list() -> None:
    part = ("a", "passthrough", ("x", "y"))
    state = {"transformers": [part], "transformers_": [part], "_columns": [("x", "y")]}
    model = Obj("sklearn.compose.ColumnTransformer", {**state, "_remainder": (0, "drop", None)})
    older = moved(model, "0.22", "0.21.3").graph.state
    assert older["transformers"] == [("a", "passthrough", ["x", "y"])] == older["transformers_"]
    assert older["_columns"] == [["x", "y"]]
