"""What the rules of 1.3.0 to 1.9.0 say, as pure functions on states."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skmig.adapters import boosting, categories, columns, forms, isolation, requests
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


def stump(values: Any, *, missing: bool = False, threshold: float = 0.5) -> Obj:
    """A tree of one split; `values` are those of its three nodes."""
    array = np.asarray(values, dtype=float)
    nodes = np.zeros(3, dtype=NODES)
    nodes["left_child"] = [1, -1, -1]
    nodes["right_child"] = [2, -1, -1]
    nodes["threshold"] = [threshold, -2, -2]
    nodes["n_node_samples"] = [10, 7, 3]
    nodes["weighted_n_node_samples"] = array.sum(axis=(1, 2)) if array.shape[2] > 1 else [10, 7, 3]
    if missing:
        nodes = forms.with_field(nodes, "missing_go_to_left", "u1")
        nodes["missing_go_to_left"][0] = 1
    return Obj(
        forms.TREE,
        {
            "n_features": 1,
            "n_classes": np.array([array.shape[2]]),
            "n_outputs": array.shape[1],
            "max_depth": 1,
            "node_count": 3,
            "nodes": nodes,
            "values": array,
        },
    )


def classifier(values: Any, **kwargs: Any) -> Obj:
    state = {"splitter": "best", "classes_": np.arange(2), "tree_": stump(values, **kwargs)}
    return Obj("sklearn.tree.DecisionTreeClassifier", state)


def moved(graph: Any, source: str, target: str) -> Adapted:
    result = adapt(graph, source, target)
    assert not result.refusals, result.refusals
    return result


def there(graph: Any, source: str, target: str) -> Any:
    result = moved(graph, source, target)
    assert not result.losses, result.losses
    return result.graph


# ------------------------------------------------------------------ trees
whole_counts = hnp.arrays(np.int64, (3, 1, 2), elements=st.integers(1, 10**6))


@given(whole_counts)
def test_counts_become_the_fractions_that_predict_made_and_come_back(numbers: np.ndarray) -> None:
    counts = numbers.astype(float)
    newer = there(classifier(counts, missing=True), "1.3.2", "1.4.0")
    expected = counts / counts.sum(axis=2, keepdims=True)
    assert np.array_equal(newer.state["tree_"].state["values"], expected)
    older = there(newer, "1.4.0", "1.3.2")
    assert np.array_equal(older.state["tree_"].state["values"], counts)


@given(hnp.arrays(np.float64, (3, 1, 2), elements=st.floats(1e-18, 1e4)))
def test_weighted_counts_keep_their_probabilities(counts: np.ndarray) -> None:
    newer = there(classifier(counts, missing=True), "1.3.2", "1.4.0")
    back = there(newer, "1.4.0", "1.3.2").state["tree_"].state["values"]
    proba = back / back.sum(axis=2, keepdims=True)
    assert np.allclose(proba, newer.state["tree_"].state["values"], rtol=1e-9, atol=0)


def test_a_tree_that_two_estimators_share_is_divided_once() -> None:
    one = classifier([[[3.0, 1.0]], [[3.0, 0.0]], [[0.0, 1.0]]], missing=True)
    other = Obj("sklearn.tree.DecisionTreeClassifier", dict(one.state))
    older = there(there([one, other], "1.3.2", "1.4.0"), "1.4.0", "1.3.2")
    assert older[0].state["tree_"] is older[1].state["tree_"]
    assert np.array_equal(
        older[0].state["tree_"].state["values"], one.state["tree_"].state["values"]
    )


def test_regression_values_stay() -> None:
    tree = stump([[[0.3]], [[0.1]], [[0.7]]], missing=True)
    model = Obj("sklearn.tree.DecisionTreeRegressor", {"splitter": "best", "tree_": tree})
    newer = there(model, "1.3.2", "1.4.0")
    assert np.array_equal(newer.state["tree_"].state["values"], tree.state["values"])


def test_one_class_counts_are_told_from_a_regression() -> None:
    model = classifier([[[10.0]], [[7.0]], [[3.0]]], missing=True)
    newer = there(model, "1.3.2", "1.4.0")
    assert np.array_equal(newer.state["tree_"].state["values"], np.ones((3, 1, 1)))
    older = there(newer, "1.4.0", "1.3.2")
    assert older.state["tree_"].state["values"].ravel().tolist() == [10.0, 7.0, 3.0]


def test_missing_values_go_to_the_larger_side_of_an_older_tree() -> None:
    newer = there(classifier([[[3.0, 7.0]], [[3.0, 4.0]], [[0.0, 3.0]]]), "1.2.2", "1.3.0")
    nodes = newer.state["tree_"].state["nodes"]
    assert nodes["missing_go_to_left"].tolist() == [1, 0, 0]
    older = there(newer, "1.3.0", "1.2.2")
    assert older.state["tree_"].state["nodes"].dtype.names == tuple(name for name, _ in NODES)


@pytest.mark.parametrize("threshold", [np.inf, 0.5])
def test_a_tree_that_learnt_from_missing_values_does_not_go_down_silently(threshold: float) -> None:
    model = classifier(
        [[[3.0, 7.0]], [[3.0, 4.0]], [[0.0, 3.0]]], missing=True, threshold=threshold
    )
    if threshold == 0.5:
        model.state["tree_"].state["nodes"]["missing_go_to_left"][0] = 0  # to the smaller side
    assert any("missing values" in loss.text for loss in moved(model, "1.3.0", "1.2.2").losses)


def test_path_lengths_and_depths_of_an_isolation_forest() -> None:
    tree = Obj(
        "sklearn.tree.ExtraTreeRegressor", {"splitter": "random", "tree_": stump([[[1.0]]] * 3)}
    )
    model = Obj("sklearn.ensemble.IsolationForest", {"estimators_": [tree]})
    state = there(model, "1.2.2", "1.3.0").state
    assert state["_decision_path_lengths"][0].tolist() == [1, 2, 2]
    # n = 3: 2 (ln 2 + gamma) - 4/3
    expected = 2 * (np.log(2) + np.euler_gamma) - 4 / 3
    assert state["_average_path_length_per_tree"][0][2] == pytest.approx(expected, rel=1e-15)
    assert isolation.length([0, 1, 2]).tolist() == [0.0, 0.0, 1.0]


# ------------------------------------------------------------------ boosting
def boosted(priors: list[float], loss: New, rate: float = 0.1) -> Obj:
    trees = np.empty((2, len(priors) if len(priors) > 2 else 1), dtype=object)
    for place in np.ndindex(trees.shape):
        tree = stump([[[0.0]], [[0.25]], [[-0.5]]], missing=True)
        trees[place] = Obj(
            "sklearn.tree.DecisionTreeRegressor", {"splitter": "best", "tree_": tree}
        )
    init = {"strategy": "prior", "_strategy": "prior", "class_prior_": np.array(priors)}
    state = {
        "learning_rate": rate,
        "init_": Obj(boosting.DUMMY, init),
        "estimators_": trees,
        "classes_": np.arange(len(priors)),
        "n_classes_": len(priors),
        "n_features_in_": 1,
        "_loss": loss,
    }
    return Obj(boosting.CLASSIFIER, state)


def raw(model: Obj, release: str, leaf: int) -> np.ndarray:
    """The raw prediction of a sample in `leaf` of every tree, as the release works it out."""
    proba = model.state["init_"].state["class_prior_"]
    modern = release != "1.3.2"
    eps = boosting.DOUBLE if release == "1.8.0" else boosting.SINGLE
    start = boosting.raw_initial(proba, model.state["_loss"].tag, eps, centred=modern)
    rate = model.state["learning_rate"]
    leaves = [
        [tree.state["tree_"].state["values"][leaf, 0, 0] for tree in stage]
        for stage in model.state["estimators_"]
    ]
    total: np.ndarray = start + rate * np.sum(leaves, axis=0)
    return total


@pytest.mark.parametrize("rate", [0.1, 1.0])
def test_a_new_link_does_not_move_the_decision_function(rate: float) -> None:
    loss = New("sklearn.ensemble.MultinomialDeviance", {"K": 3})
    model = boosted([0.5, 0.3, 0.2], loss, rate)
    newer = there(model, "1.3.2", "1.4.0")
    assert newer.state["_loss"].tag == "sklearn._loss.HalfMultinomialLoss"
    assert newer.state["n_trees_per_iteration_"] == 3
    for leaf in (1, 2):
        assert np.allclose(raw(newer, "1.4.0", leaf), raw(model, "1.3.2", leaf), rtol=1e-13)
    older = there(newer, "1.4.0", "1.3.2")
    assert older.state["_loss"].args == {"K": 3}
    assert np.allclose(raw(older, "1.3.2", 1), raw(model, "1.3.2", 1), rtol=1e-13)


def test_finer_clipping_does_not_move_a_rare_class() -> None:
    model = boosted([1 - 1e-9, 1e-9], New("sklearn._loss.HalfBinomialLoss"))
    newer = there(model, "1.7.2", "1.8.0")
    assert np.allclose(raw(newer, "1.8.0", 1), raw(model, "1.7.2", 1), rtol=1e-12)


def test_an_init_that_depends_on_the_sample_is_said_to_change() -> None:
    model = boosted([0.5, 0.3, 0.2], New("sklearn.ensemble.MultinomialDeviance", {"K": 3}))
    model.state["init_"] = Obj(
        "sklearn.linear_model.LogisticRegression", {"coef_": np.ones((3, 1))}
    )
    changed = {change.method for change in moved(model, "1.3.2", "1.4.0").changes}
    assert changed == set(boosting.RAW_METHODS)


@pytest.mark.parametrize(
    "loss",
    [
        New("sklearn.ensemble.BinomialDeviance", {"K": 1}),
        New("sklearn.ensemble.MultinomialDeviance", {"K": 4}),
        New("sklearn.ensemble.ExponentialLoss", {"K": 1}),
        New("sklearn.ensemble.LeastSquaresError", {"K": 1}),
        New("sklearn.ensemble.LeastAbsoluteError", {"K": 1}),
        New("sklearn.ensemble.QuantileLossFunction", {"K": 1, "alpha": 0.9, "percentile": 90.0}),
        New("sklearn.ensemble.HuberLossFunction", {"K": 1, "alpha": 0.9, "gamma": 1.5}),
    ],
    ids=lambda loss: loss.tag.rsplit(".", 1)[1],
)
def test_losses_come_back(loss: New) -> None:
    back = boosting.former_loss(boosting.modern_loss(loss))
    assert (back.tag, back.args) == (loss.tag, loss.args)


# ------------------------------------------------------------------ histogram boosting
@given(st.sets(st.integers(0, 254), min_size=1, max_size=40), st.data())
def test_sets_of_categories_are_renumbered(numbers: set[int], data: st.DataObject) -> None:
    ordered = sorted(numbers)
    chosen = data.draw(st.sets(st.sampled_from(range(len(ordered)))))
    bits = np.zeros(8, dtype=np.uint32)
    for position in chosen:
        bits[position // 32] |= np.uint32(1 << (position % 32))
    result = categories._renumber(bits, np.array(ordered, dtype=float))
    held = {i for i in range(256) if int(result[i // 32]) >> (i % 32) & 1}
    assert held == {ordered[position] for position in chosen}


def test_a_feature_index_that_is_negative_has_no_narrow_form() -> None:
    nodes = np.zeros(1, dtype=[("feature_idx", "i8"), ("is_leaf", "u1")])
    nodes["feature_idx"] = -1
    model = Obj("sklearn.ensemble.TreePredictor", {"nodes": nodes})
    assert adapt(model, "1.3.1", "1.3.0").refusals


# ------------------------------------------------------------------ text
@given(hnp.arrays(np.float64, st.integers(1, 9), elements=st.floats(1.0, 9.0)))
def test_idf_is_the_diagonal_and_comes_back(idf: np.ndarray) -> None:
    model = Obj("sklearn.feature_extraction.TfidfTransformer", {"_idf_diag": forms.diagonal(idf)})
    newer = there(model, "1.4.2", "1.5.0")
    assert "_idf_diag" not in newer.state
    assert np.array_equal(newer.state["idf_"], idf)
    older = there(newer, "1.5.0", "1.4.2")
    assert np.array_equal(older.state["_idf_diag"].args["data"], idf)


def test_weights_of_zero_that_the_matrix_leaves_out() -> None:
    args = {"data": np.array([2.0]), "indices": np.array([1]), "indptr": np.array([0, 0, 1])}
    matrix = New("scipy.sparse.csr_matrix", {**args, "shape": (2, 2)})
    model = Obj("sklearn.feature_extraction.TfidfTransformer", {"_idf_diag": matrix})
    assert there(model, "1.4.2", "1.5.0").state["idf_"].tolist() == [0.0, 2.0]


# ------------------------------------------------------------------ logistic regression
def logistic(classes: int, **state: Any) -> Obj:
    state = {"solver": "lbfgs", "penalty": "l2", "C": 1.0, "l1_ratio": None, **state}
    return Obj("sklearn.linear_model.LogisticRegression", {"classes_": np.arange(classes), **state})


@pytest.mark.parametrize(
    ("classes", "multi_class", "solver", "carried"),
    [
        (2, "auto", "lbfgs", True),
        (2, "ovr", "liblinear", True),
        (2, "multinomial", "lbfgs", False),
        (3, "auto", "lbfgs", True),
        (3, "multinomial", "saga", True),
        (3, "auto", "liblinear", False),
        (3, "ovr", "lbfgs", False),
        (3, "auto", "newton-cholesky", False),
    ],
)
def test_which_logistic_regressions_can_do_without_multi_class(
    classes: int, multi_class: str, solver: str, carried: bool
) -> None:
    model = logistic(classes, multi_class=multi_class, solver=solver)
    result = adapt(model, "1.3.2", "1.8.0")
    assert bool(result.losses or result.refusals) is not carried
    assert "multi_class" not in result.graph.state


def test_a_one_vs_rest_model_may_become_a_one_vs_rest_classifier() -> None:
    learnt = {
        "coef_": np.arange(12.0).reshape(3, 4),
        "intercept_": np.array([0.0]),
        "n_iter_": np.array([5]),
        "n_features_in_": 4,
    }
    model = logistic(3, multi_class="ovr", solver="liblinear", **learnt)
    result = adapt(model, "1.3.2", "1.9.1", substitution=True)
    assert not result.refusals
    assert result.graph.tag == "sklearn.multiclass.OneVsRestClassifier"
    for i, member in enumerate(result.graph.state["estimators_"]):
        np.testing.assert_array_equal(member.state["coef_"], model.state["coef_"][i : i + 1])
    assert "predict_log_proba" in result.substitutions[0].text


@pytest.mark.parametrize(("classes", "solver"), [(2, "lbfgs"), (3, "lbfgs"), (3, "saga")])
def test_going_down_multi_class_means_what_the_newer_release_did(classes: int, solver: str) -> None:
    model = logistic(classes, solver=solver, penalty="deprecated", l1_ratio=0.0)
    assert there(model, "1.8.0", "1.5.0").state["multi_class"] == "deprecated"
    assert there(model, "1.8.0", "1.4.2").state["multi_class"] == "auto"


def test_newton_cholesky_is_multinomial_in_name_below_1_6() -> None:
    model = logistic(3, solver="newton-cholesky", penalty="deprecated", l1_ratio=0.0)
    assert there(model, "1.8.0", "1.4.2").state["multi_class"] == "multinomial"


@pytest.mark.parametrize(
    ("penalty", "c", "ratio"), [("l2", 2.0, None), ("l1", 2.0, None), ("elasticnet", 2.0, 0.3)]
)
def test_penalties_come_back(penalty: str, c: float, ratio: float | None) -> None:
    model = logistic(2, penalty=penalty, C=c, l1_ratio=ratio, multi_class="deprecated")
    newer = there(model, "1.7.2", "1.8.0")
    assert newer.state["penalty"] == "deprecated"
    state = there(newer, "1.8.0", "1.7.2").state
    assert (state["penalty"], state["C"], state["l1_ratio"]) == (penalty, c, ratio)


# ------------------------------------------------------------------ columns, imputation, others
def transformer(rest: Any) -> Obj:
    state = {
        "transformers": [("n", "drop", ["a"])],
        "remainder": "passthrough",
        "feature_names_in_": np.array(["a", "b", "c"], dtype=object),
        "n_features_in_": 3,
        "_transformer_to_input_indices": {"n": [0], "remainder": [1, 2]},
        "_remainder": ("remainder", "passthrough", rest),
        "transformers_": [("n", "drop", ["a"]), ("remainder", "passthrough", rest)],
    }
    return Obj(columns.COLUMN_TRANSFORMER, state)


def test_passthrough_becomes_a_function_transformer_and_comes_back() -> None:
    model = transformer([1, 2])
    newer = there(model, "1.3.2", "1.4.0")
    name, identity, _ = newer.state["transformers_"][1]
    assert (name, identity.tag) == ("remainder", columns.FUNCTION_TRANSFORMER)
    assert identity.state["feature_names_in_"].tolist() == ["b", "c"]
    older = there(newer, "1.4.0", "1.3.2")
    assert older.state["transformers_"] == model.state["transformers_"]
    assert older.state["_name_to_fitted_passthrough"]["remainder"].tag == identity.tag
    assert older.state["_n_features"] == 3


@pytest.mark.parametrize(("wanted", "native"), [("str", ["b", "c"]), ("bool", [False, True, True])])
def test_the_list_that_warns_takes_its_promised_form(wanted: str, native: list[Any]) -> None:
    rest = Obj(columns.REMAINDER_LIST, {"data": [1, 2], "future_dtype": wanted})
    newer = there(transformer(rest), "1.6.1", "1.7.0")
    assert newer.state["_remainder"][2] == native
    older = there(newer, "1.7.0", "1.4.2")
    assert older.state["_remainder"][2] == [1, 2]
    assert older.state["transformers_"][1][2] == [1, 2]


def test_constants_of_an_imputer_are_objects_since_1_8() -> None:
    statistics = np.array([7.0, 7.0], dtype=np.float32)
    state = {"strategy": "constant", "statistics_": statistics, "_fit_dtype": statistics.dtype}
    model = Obj("sklearn.impute.SimpleImputer", state)
    newer = there(model, "1.7.2", "1.8.0")
    assert newer.state["statistics_"].dtype == object
    assert newer.state["_fill_dtype"] == np.dtype(np.float32)
    older = there(newer, "1.8.0", "1.7.2")
    assert older.state["statistics_"].dtype == np.float32
    assert "_fill_dtype" not in older.state


def test_an_empty_feature_that_a_constant_drops_does_not_go_down() -> None:
    statistics = np.array([7.0, np.nan], dtype=object)
    state = {"strategy": "constant", "statistics_": statistics, "keep_empty_features": False}
    model = Obj("sklearn.impute.SimpleImputer", {**state, "_fill_dtype": np.dtype(float)})
    assert moved(model, "1.8.0", "1.7.2").losses


def test_samme_r_stops_at_1_6_and_samme_goes_on() -> None:
    state = {"algorithm": "SAMME.R", "estimators_": [], "classes_": np.arange(2)}
    assert adapt(Obj("sklearn.ensemble.AdaBoostClassifier", state), "1.5.2", "1.6.0").refusals
    state = {**state, "algorithm": "SAMME"}
    samme = Obj("sklearn.ensemble.AdaBoostClassifier", state)
    assert there(samme, "1.5.2", "1.6.0").state["algorithm"] == "deprecated"
    changed = {change.method for change in moved(samme, "1.3.0", "1.3.1").changes}
    assert {"decision_function", "predict_proba"} <= changed
    assert "predict" not in changed


@pytest.mark.parametrize("scorer", ["_PredictScorer", "_ProbaScorer", "_ThresholdScorer"])
def test_scorers_come_back(scorer: str) -> None:
    model = Obj("sklearn.metrics." + scorer, {"_sign": 1, "_kwargs": {}})
    newer = there(model, "1.3.2", "1.9.1")
    assert newer.tag == "sklearn.metrics._Scorer"
    assert there(newer, "1.9.1", "1.3.2").tag == model.tag


def test_the_scorer_of_a_search_without_scoring() -> None:
    tag = "sklearn.model_selection.GridSearchCV"
    estimator = Obj("sklearn.svm.SVC", {})
    function = Name("function", "sklearn.metrics._passthrough_scorer")
    model = Obj(tag, {"estimator": estimator, "scorer_": function, "n_splits_": 3, "cv": 3})
    newer = there(model, "1.2.2", "1.5.0")
    assert newer.state["scorer_"].state["_estimator"] is newer.state["estimator"]
    assert newer.state["scorer_"].state["_metadata_request"].state["owner"] == "_PassthroughScorer"
    assert there(newer, "1.5.0", "1.2.2").state["scorer_"] == function


@pytest.mark.parametrize("probability", [True, False])
def test_probability_of_a_support_vector_classifier(probability: bool) -> None:
    model = Obj("sklearn.svm.SVC", {"probability": probability, "support_": np.arange(2)})
    newer = there(model, "1.8.0", "1.9.0")
    assert newer.state["_effective_probability"] is probability
    assert there(newer, "1.9.0", "1.8.0").state == model.state


def test_keywords_of_check_array_follow_their_renaming() -> None:
    check = Name("function", "sklearn.utils.check_array")
    func = New(
        "functools.partial", {"func": check, "args": (), "keywords": {"force_all_finite": False}}
    )
    model = Obj("sklearn.preprocessing.FunctionTransformer", {"func": func})
    newer = there(model, "1.5.2", "1.6.0")
    assert newer.state["func"].args["keywords"] == {"ensure_all_finite": False}
    older = there(newer, "1.6.0", "1.5.2")
    assert older.state["func"].args["keywords"] == {"force_all_finite": False}


def test_a_transformer_without_idf_learns_its_size_from_the_step_before() -> None:
    counts = Obj("sklearn.feature_extraction.CountVectorizer", {"vocabulary_": {"a": 0, "b": 1}})
    weights = Obj("sklearn.feature_extraction.TfidfTransformer", {"use_idf": False})
    model = Obj("sklearn.pipeline.Pipeline", {"steps": [("count", counts), ("weigh", weights)]})
    newer = there(model, "1.4.2", "1.5.0")
    assert newer.state["steps"][1][1].state["n_features_in_"] == 2


def test_a_bayesian_regression_is_centred_by_zero_above_and_its_deviation_changed_below() -> None:
    ridge = Obj("sklearn.linear_model.BayesianRidge", {"X_offset_": np.array([0.5, 2.0])})
    assert not there(ridge, "1.8.0", "1.9.0").state["X_offset_"].any()
    changes = moved(ridge, "1.9.0", "1.8.0").changes
    assert [item.method for item in changes] == ["predict(return_std)"]


def test_the_path_of_missing_values_changed_only_where_one_goes_left() -> None:
    for missing, methods in ((True, ["decision_path"]), (False, [])):
        tree = classifier([[[0.7, 0.3]], [[1.0, 0.0]], [[0.0, 1.0]]], missing=True)
        nodes = tree.state["tree_"].state["nodes"]
        nodes["missing_go_to_left"][0] = missing
        assert [item.method for item in moved(tree, "1.8.0", "1.7.2").changes] == methods


def test_a_gamma_that_fit_worked_out_is_written_where_the_inverse_would_take_another() -> None:
    kernel = Obj(
        "sklearn.decomposition.KernelPCA",
        {"kernel": "rbf", "gamma": None, "gamma_": 0.2, "dual_coef_": np.zeros((3, 5))},
    )
    older = moved(kernel, "1.3.0", "1.2.2")
    assert older.graph.state["gamma"] == 0.2
    assert not older.changes
    assert older.notes
    del kernel.state["dual_coef_"]
    assert there(kernel, "1.3.0", "1.2.2").state["gamma"] is None


def test_an_imputer_with_a_function_keeps_its_statistics() -> None:
    function = Name("function", "numpy.median")
    state = {"strategy": function, "statistics_": np.array([1.0])}
    older = moved(Obj("sklearn.impute.SimpleImputer", state), "1.5.0", "1.4.2")
    assert older.graph.state["strategy"] == "mean"
    assert older.notes
    assert not older.losses


def test_what_an_older_release_rejects_is_said_by_its_error() -> None:
    pca = Obj("sklearn.decomposition.PCA", {"components_": np.eye(2)})
    assert [item.method for item in moved(pca, "1.4.0", "1.3.2").changes] == [
        "raises TypeError: A sparse"
    ]
    assert not moved(pca, "1.3.2", "1.4.0").changes


def test_a_transformer_without_idf_goes_on_without_its_size() -> None:
    model = Obj("sklearn.feature_extraction.TfidfTransformer", {"use_idf": False})
    newer = there(model, "1.4.2", "1.5.0")
    assert newer.state["feature_names_in_"] is None
    assert there(newer, "1.5.0", "1.4.2").state == model.state


def test_the_inverse_of_a_kernel_pca_changed_where_nobody_gave_gamma() -> None:
    for gamma, methods in ((None, ["inverse_transform"]), (0.5, [])):
        state = {"kernel": "rbf", "gamma": gamma, "dual_coef_": np.ones((2, 2)), "X_fit_": 0}
        model = Obj("sklearn.decomposition.KernelPCA", {**state, "n_features_in_": 2})
        assert [item.method for item in moved(model, "1.2.2", "1.3.0").changes] == methods


def test_names_that_were_not_kept_are_not_promised() -> None:
    model = Obj("sklearn.preprocessing.FunctionTransformer", {"feature_names_out": "one-to-one"})
    (loss,) = moved(model, "1.3.2", "1.4.0").losses
    assert "names that it was fitted on" in loss.text


def test_a_mean_is_filled_in_as_it_was() -> None:
    mean = np.array([1 / 3, np.nan])
    state = {"strategy": "mean", "statistics_": mean, "_fit_dtype": np.dtype(np.float32)}
    model = Obj("sklearn.impute.SimpleImputer", state)
    newer = there(model, "1.7.2", "1.8.0")
    assert newer.state["_fill_dtype"] == np.float64  # in single precision it would be another
    assert newer.state["statistics_"] is mean
    native = Obj("sklearn.impute.SimpleImputer", {**state, "_fill_dtype": np.dtype(np.float32)})
    older = there(native, "1.8.0", "1.7.2").state["statistics_"]
    np.testing.assert_array_equal(older, [float(np.float32(1 / 3)), np.nan])


# ------------------------------------------------------------------ scorers and requests
@pytest.mark.parametrize("name", ["_scorer", "scorer_"])
def test_an_estimator_that_scores_itself_keeps_its_scorer(name: str) -> None:
    function = Name("function", "sklearn.metrics._passthrough_scorer")
    tag = "sklearn.ensemble.HistGradientBoostingClassifier"
    older = Obj(tag, {"scoring": None, name: function})
    if name == "scorer_":
        tag = "sklearn.model_selection.GridSearchCV"
        older = Obj(tag, {"estimator": Obj("sklearn.svm.SVC", {}), name: function})
    newer = there(older, "1.2.2", "1.9.1")
    scorer = newer.state[name]
    assert scorer.tag == "sklearn.metrics._PassthroughScorer"
    assert scorer.state["_estimator"] is (newer if name == "_scorer" else newer.state["estimator"])
    assert there(newer, "1.9.1", "1.2.2").state[name] == function


def test_requests_for_metadata_stay_where_they_are_routed() -> None:
    request = Obj(requests.REQUEST, {"fit": Obj(requests.METHOD_REQUEST, {})})
    tree = Obj("sklearn.tree.DecisionTreeClassifier", {"_metadata_request": request})
    result = moved(tree, "1.4.0", "1.2.2")
    assert "_metadata_request" not in result.graph.state
    assert [note.boundary for note in result.notes] == ["1.3.0 → 1.2.2"]


def test_a_constant_first_prediction_is_a_probability() -> None:
    state = {
        "strategy": "constant",
        "_strategy": "constant",
        "constant": 1,
        "classes_": np.arange(3),
        "class_prior_": np.full(3, 1 / 3),
    }
    found = boosting.constant_probabilities(Obj(boosting.DUMMY, state))
    assert found is not None
    assert found.tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("given", [True, False])
def test_a_score_of_ones_own_is_that_of_the_forest_before_1_3(given: bool) -> None:
    forest = "sklearn.ensemble.RandomForestClassifier"
    function = Name("function", "sklearn.metrics.balanced_accuracy_score")
    result = moved(Obj(forest, {"oob_score": function}), "1.3.0", "1.2.2")
    assert result.graph.state["oob_score"] is True
    assert "balanced_accuracy" in result.notes[0].text
    assert there(Obj(forest, {"oob_score": given}), "1.3.0", "1.2.2").state["oob_score"] is given


def test_requests_of_metadata_are_a_note_where_there_is_no_routing() -> None:
    request = Obj("sklearn.utils.MetadataRequest", {"owner": "Ridge"})
    model = Obj("sklearn.linear_model.Ridge", {"coef_": np.zeros(2), "_metadata_request": request})
    result = moved(model, "1.3.0", "1.2.2")
    assert "_metadata_request" not in result.graph.state
    assert ["requests" in note.text for note in result.notes] == [True]


def test_a_limit_that_groups_no_category_is_none() -> None:
    state = {"categories_": [np.array(["a", "b"], dtype=object)], "_infrequent_enabled": True}
    model = Obj("sklearn.preprocessing.OrdinalEncoder", state)
    model.state["_infrequent_indices"] = [None]
    assert "_infrequent_enabled" not in there(model, "1.3.0", "1.2.2").state
    model.state["_infrequent_indices"] = [np.array([1])]
    (refusal,) = adapt(model, "1.3.0", "1.2.2").refusals
    assert "infrequent" in refusal.text


def test_a_scorer_of_one_method_is_the_same_in_a_list() -> None:
    scorer = Obj("sklearn.metrics._Scorer", {"_response_method": ["predict_proba"]})
    assert there(scorer, "1.4.0", "1.3.2").tag == "sklearn.metrics._ProbaScorer"


def test_a_constant_feature_makes_the_power_transform_rounding() -> None:
    for mean, methods in ((1e30, ["transform"]), (2.0, [])):
        scaler = {"mean_": np.array([mean]), "scale_": np.ones(1)}
        model = Obj("sklearn.preprocessing.PowerTransformer", {"lambdas_": np.ones(1)})
        model.state["_scaler"] = Obj("sklearn.preprocessing.StandardScaler", scaler)
        assert [item.method for item in moved(model, "1.8.0", "1.9.0").changes] == methods


def test_names_of_columns_were_prefixed_or_not() -> None:
    model = Obj(
        "sklearn.compose.ColumnTransformer", {"verbose_feature_names_out": "{feature_name}"}
    )
    assert there(model, "1.5.2", "1.6.0").state["verbose_feature_names_out"] is True


def test_groups_were_never_shuffled_before() -> None:
    splitter = Obj("sklearn.model_selection.GroupKFold", {"n_splits": 3, "shuffle": True})
    result = moved(splitter, "1.6.0", "1.5.2")
    assert result.graph.state == {"n_splits": 3, "shuffle": False, "random_state": None}
    assert result.notes


def test_a_warning_of_infrequent_categories_gave_zeros_for_two_releases() -> None:
    state = {"handle_unknown": "warn", "_infrequent_indices": [np.array([1])]}
    model = Obj("sklearn.preprocessing.OneHotEncoder", state)
    for pair in (("1.7.2", "1.8.0"), ("1.6.0", "1.5.2")):
        assert [item.method for item in moved(model, *pair).changes] == ["transform"]
    model.state["_infrequent_indices"] = [None]
    assert not moved(model, "1.6.0", "1.5.2").changes
