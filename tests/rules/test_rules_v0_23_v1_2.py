"""The rules of 0.23.0 to 1.2.2 as functions over states: both directions, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from skmig.adapters import outputs, shapes
from skmig.adapters.chain import adapt
from skmig.payload import Name, New, Obj

FLOATS = st.floats(-1e6, 1e6, allow_nan=False)


def matrix(rows: int, columns: int) -> st.SearchStrategy[np.ndarray]:
    return arrays.arrays(np.float64, (rows, columns), elements=FLOATS)


def equal(one: Any, other: Any) -> bool:
    """Deep equality of graphs; dictionaries and states without regard to order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Obj):
        return one.tag == other.tag and equal(one.state, other.state)
    if isinstance(one, New):
        return one.tag == other.tag and equal(one.args, other.args)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, np.ndarray):
        if one.dtype != other.dtype or one.shape != other.shape:
            return False
        if one.dtype == object:
            return all(map(equal, one.flat, other.flat))
        return one.tobytes() == other.tobytes()
    return bool(one == other) or (one != one and other != other)


def moved(graph: Any, source: str, target: str) -> Any:
    result = adapt(graph, source, target)
    assert not result.refusals, result.refusals
    assert not result.losses, result.losses
    return result.graph


def there_and_back(graph: Obj, source: str, target: str) -> Obj:
    """`graph` in the terms of `target`, after a check that the way back gives it again."""
    result = moved(graph, source, target)
    back = moved(result, target, source)
    assert equal(back, graph), (back.state, graph.state)
    assert isinstance(result, Obj)
    return result


def refused(graph: Any, source: str, target: str) -> str:
    result = adapt(graph, source, target)
    said = (*result.refusals, *result.losses)
    assert said, "nothing was refused"
    return said[0].text


# ------------------------------------------------------------------ features are counted
@given(matrix(3, 5), st.integers(1, 4))
def test_a_linear_model_counts_its_coefficients(coef: np.ndarray, width: int) -> None:
    model = Obj("sklearn.linear_model.Lasso", {"coef_": coef[:, :width], "intercept_": 0.0})
    result = there_and_back(model, "0.22.2.post1", "0.23.0")
    assert result.state["n_features_in_"] == width


def test_an_unfitted_model_counts_nothing() -> None:
    model = Obj("sklearn.linear_model.Lasso", {"alpha": 1.0})
    assert "n_features_in_" not in moved(model, "0.22.2.post1", "0.23.0").state


def test_a_callable_kernel_is_not_validated() -> None:
    state = {"kernel": Name("function", "numpy.dot"), "shape_fit_": (9, 4), "intercept_": 0}
    model = Obj("sklearn.svm.SVC", state)
    assert "n_features_in_" not in moved(model, "0.22.2.post1", "0.23.0").state
    named = Obj("sklearn.svm.SVC", {**state, "kernel": "rbf"})
    assert moved(named, "0.22.2.post1", "0.23.0").state["n_features_in_"] == 4


def test_a_normalizer_is_counted_by_the_step_after_it() -> None:
    last = Obj("sklearn.linear_model.Ridge", {"coef_": np.zeros(6), "intercept_": 1.0})
    first = Obj("sklearn.preprocessing.Normalizer", {"norm": "l2", "copy": True})
    pipeline = Obj("sklearn.pipeline.Pipeline", {"steps": [("n", first), ("r", last)]})
    steps = moved(pipeline, "0.22.2.post1", "0.23.0").state["steps"]
    assert steps[0][1].state["n_features_in_"] == 6
    assert "n_features_in_" not in first.state


def test_trees_of_a_forest_count_since_their_own_release() -> None:
    tree = Obj("sklearn.tree.DecisionTreeRegressor", {"n_features_": 3, "n_outputs_": 1})
    forest = Obj(
        "sklearn.ensemble.RandomForestRegressor",
        {"n_features_": 3, "estimators_": [tree], "estimator_params": ("criterion",)},
    )
    middle = there_and_back(forest, "0.22.2.post1", "0.23.0")
    assert middle.state["n_features_in_"] == 3
    assert "n_features_in_" not in middle.state["estimators_"][0].state
    later = moved(middle, "0.23.0", "0.24.0")
    assert later.state["estimators_"][0].state["n_features_in_"] == 3
    newest = moved(later, "0.24.0", "1.0")
    assert "n_features_" not in newest.state
    assert "n_features_" not in newest.state["estimators_"][0].state


# ------------------------------------------------------------------ names
@pytest.mark.parametrize(
    ("tag", "old", "new", "source", "target"),
    [
        ("svm.SVC", "probA_", "_probA", "0.22.2.post1", "0.23.0"),
        (
            "linear_model.SGDClassifier",
            "standard_coef_",
            "_standard_coef",
            "0.22.2.post1",
            "0.23.0",
        ),
        ("isotonic.IsotonicRegression", "_necessary_X_", "X_thresholds_", "0.23.2", "0.24.0"),
        ("naive_bayes.GaussianNB", "sigma_", "var_", "0.24.2", "1.0"),
        ("decomposition.KernelPCA", "lambdas_", "eigenvalues_", "0.24.2", "1.0"),
        ("ensemble.StackingClassifier", "_le", "_label_encoder", "1.1.3", "1.2.0"),
        ("ensemble.BaggingRegressor", "base_estimator_", "_estimator", "1.1.3", "1.2.0"),
        ("ensemble.BaggingRegressor", "_estimator", "estimator_", "1.2.1", "1.2.2"),
    ],
)
@given(value=matrix(1, 4))
def test_renamed(tag: str, old: str, new: str, source: str, target: str, value: Any) -> None:
    result = there_and_back(Obj(f"sklearn.{tag}", {old: value}), source, target)
    assert result.state[new] is value
    assert old not in result.state


@pytest.mark.parametrize(
    ("tag", "name", "old", "new", "source", "target"),
    [
        ("linear_model.SGDClassifier", "loss", "log", "log_loss", "1.0.2", "1.1.0"),
        ("ensemble.GradientBoostingClassifier", "loss", "deviance", "log_loss", "1.0.2", "1.1.0"),
        ("ensemble.GradientBoostingRegressor", "loss", "ls", "squared_error", "0.24.2", "1.0"),
        ("tree.DecisionTreeRegressor", "criterion", "mae", "absolute_error", "0.24.2", "1.0"),
        ("linear_model.Lasso", "normalize", False, "deprecated", "0.24.2", "1.0"),
        ("linear_model.Lars", "normalize", True, "deprecated", "0.24.2", "1.0"),
        ("linear_model.LogisticRegression", "penalty", "none", None, "1.1.3", "1.2.0"),
    ],
)
def test_spelling(tag: str, name: str, old: Any, new: Any, source: str, target: str) -> None:
    model = Obj(f"sklearn.{tag}", {name: old})
    result = moved(model, source, target)
    assert result.state[name] == new
    assert moved(result, target, source).state[name] == old


@pytest.mark.parametrize(
    "tag", ["ensemble.AdaBoostClassifier", "calibration.CalibratedClassifierCV"]
)
def test_base_estimator(tag: str) -> None:
    inner = Obj("sklearn.naive_bayes.GaussianNB", {"priors": None})
    result = there_and_back(Obj(f"sklearn.{tag}", {"base_estimator": inner}), "1.1.3", "1.2.0")
    assert result.state["base_estimator"] == "deprecated"
    assert result.state["estimator"].tag == inner.tag


# ------------------------------------------------------------------ histogram gradient boosting
OLD_NODE = np.dtype(
    [("value", "<f8"), ("count", "<u4"), ("feature_idx", "<u4"), ("threshold", "<f8"),
     ("missing_go_to_left", "u1"), ("left", "<u4"), ("right", "<u4"), ("gain", "<f8"),
     ("depth", "<u4"), ("is_leaf", "u1"), ("bin_threshold", "u1")]
)  # fmt: skip


def boosting(values: np.ndarray) -> Obj:
    nodes = np.zeros(len(values), dtype=OLD_NODE)
    nodes["value"], nodes["threshold"], nodes["is_leaf"] = values, values[::-1], 1
    mapper = Obj(
        "sklearn.ensemble._BinMapper",
        {"bin_thresholds_": [values], "n_bins_non_missing_": np.array([2], dtype=np.uint32)},
    )
    return Obj(
        "sklearn.ensemble.HistGradientBoostingClassifier",
        {
            "n_features_": 1,
            "n_features_in_": 1,
            "n_trees_per_iteration_": 1,
            "bin_mapper_": mapper,
            "scorer_": None,
            "loss_": New("sklearn.ensemble.BinaryCrossEntropy", {"hessians_are_constant": False}),
            "_baseline_prediction": np.float64(values[0]),
            "_predictors": [[Obj("sklearn.ensemble.TreePredictor", {"nodes": nodes})]],
        },
    )


@given(arrays.arrays(np.float64, 4, elements=FLOATS))
def test_histogram_boosting_there_and_back(values: np.ndarray) -> None:
    result = there_and_back(boosting(values), "0.23.2", "1.1.0")
    nodes = result.state["_predictors"][0][0].state["nodes"]
    assert np.array_equal(nodes["num_threshold"], values[::-1])
    assert not nodes["is_categorical"].any()
    assert result.state["_loss"].tag == "sklearn._loss.HalfBinomialLoss"
    assert result.state["_baseline_prediction"].shape == (1, 1)


def test_categorical_splits_cannot_go_below_their_release() -> None:
    model = moved(boosting(np.arange(4.0)), "0.23.2", "1.0")
    nodes = model.state["_predictors"][0][0].state["nodes"].copy()
    nodes["is_categorical"][0] = 1
    model.state["_predictors"][0][0].state["nodes"] = nodes
    assert "splits on categories" in refused(model, "1.0", "0.23.2")


@pytest.mark.parametrize("patience", [None, 0, 7])
def test_early_stopping_was_said_by_its_patience(patience: int | None) -> None:
    tag = "sklearn.ensemble.HistGradientBoostingRegressor"
    result = moved(
        Obj(tag, {"n_iter_no_change": patience, "scoring": None}), "0.22.2.post1", "0.23.0"
    )
    assert result.state["early_stopping"] is bool(patience)
    assert result.state["n_iter_no_change"] == (patience or 10)


# ------------------------------------------------------------------ encoders
def one_hot(**more: Any) -> Obj:
    categories = [np.array([1.0, 2.0]), np.array(["a", "b", "c"], dtype=object)]
    return Obj(
        "sklearn.preprocessing.OneHotEncoder",
        {"categories_": categories, "drop": None, "drop_idx_": None, "sparse": True,
         "handle_unknown": "error", "n_features_in_": 2, **more},
    )  # fmt: skip


@pytest.mark.parametrize("drop", [None, np.array([0, None], dtype=object)])
def test_one_hot_encoder(drop: Any) -> None:
    result = there_and_back(one_hot(drop_idx_=drop), "1.0.2", "1.2.2")
    assert result.state["_n_features_outs"] == ([2, 3] if drop is None else [1, 3])
    assert result.state["sparse_output"] is True
    assert result.state["sparse"] == "deprecated"


def test_a_dropped_infrequent_category_is_counted_before_grouping() -> None:
    mapping = np.array([2, 0, 1])
    grouped = np.array([None, 1], dtype=object)
    model = one_hot(
        drop_idx_=grouped,
        _infrequent_enabled=True,
        _default_to_infrequent_mappings=[None, mapping],
        _infrequent_indices=[None, np.array([0])],
    )
    result = there_and_back(model, "1.2.1", "1.2.2")
    assert list(result.state["drop_idx_"]) == [None, 2]
    assert list(result.state["_drop_idx_after_grouping"]) == [None, 1]
    assert "infrequent" in refused(model, "1.2.1", "1.0.2")


def test_keeping_some_features_whole_has_no_older_form() -> None:
    kept = one_hot(drop="if_binary", drop_idx_=np.array([0, None], dtype=object))
    assert "if_binary" in refused(kept, "0.23.0", "0.22.2.post1")
    dropped = one_hot(drop="if_binary", drop_idx_=np.array([0, 0], dtype=object))
    assert moved(dropped, "0.23.0", "0.22.2.post1").state["drop_idx_"].dtype.kind == "i"


def test_unknown_categories_of_ordinal_encoder() -> None:
    state = {"categories_": [np.array([1, 2])], "handle_unknown": "use_encoded_value"}
    model = Obj("sklearn.preprocessing.OrdinalEncoder", {**state, "unknown_value": -1})
    assert "-1" in refused(model, "0.24.0", "0.23.2")


# ------------------------------------------------------------------ ColumnTransformer
def columns(specs: list[Any], remainder: list[int] | None) -> Obj:
    scalers = [
        Obj("sklearn.preprocessing.StandardScaler", {"mean_": np.zeros(2), "n_features_in_": 2})
        for _ in specs
    ]
    given = [
        (f"s{i}", scaler, spec) for i, (scaler, spec) in enumerate(zip(scalers, specs, strict=True))
    ]
    return Obj(
        "sklearn.compose.ColumnTransformer",
        {
            "transformers": given,
            "transformers_": list(given),
            "remainder": "drop",
            "_columns": specs,
            "_n_features": 5,
            "n_features_in_": 5,
            "_has_str_cols": any(
                isinstance(spec[0], str) for spec in specs if isinstance(spec, list)
            ),
            "_remainder": ("remainder", "drop", remainder),
            "_feature_names_in": np.array(list("abcde"), dtype=object),
            "_df_columns": New(
                "pandas.Index", {"values": np.array(list("abcde"), dtype=object), "name": None}
            ),
        },
    )


@pytest.mark.parametrize(
    ("specs", "expected"),
    [
        ([["a", "c"], ["e", "b"]], {"s0": [0, 2], "s1": [4, 1], "remainder": [3]}),
        ([[0, -1], [1, 2]], {"s0": [0, 4], "s1": [1, 2], "remainder": [3]}),
        (
            [[True, True, False, False, False], [False, False, True, False, True]],
            {"s0": [0, 1], "s1": [2, 4], "remainder": [3]},
        ),
    ],
)
def test_columns_by_name_place_and_mask(specs: list[Any], expected: dict[str, list[int]]) -> None:
    result = moved(columns(specs, [3]), "0.24.2", "1.0")
    assert result.state["_transformer_to_input_indices"] == expected
    found = {
        name: (s.args["start"], s.args["stop"])
        for name, s in result.state["output_indices_"].items()
    }
    assert found == {"s0": (0, 2), "s1": (2, 4), "remainder": (0, 0)}
    # what is fitted on columns of a DataFrame must know their names, or predict warns
    inner = result.state["transformers_"][1][1].state["feature_names_in_"]
    assert list(inner) == [list("abcde")[i] for i in expected["s1"]]


def test_columns_go_back() -> None:
    model = columns([["a", "c"], ["e", "b"]], None)
    back = moved(moved(model, "0.24.2", "1.0"), "1.0", "0.24.2")
    assert equal(back, model)


def test_passthrough_is_an_object_since_set_output() -> None:
    model = moved(columns([["a", "c"]], None), "0.24.2", "1.0")
    name, _, spec = model.state["transformers_"][0]
    model.state["transformers_"] = [(name, "passthrough", spec)]
    result = moved(model, "1.0", "1.2.0")
    kept = result.state["_name_to_fitted_passthrough"]["s0"]
    assert kept.tag == "sklearn.preprocessing.FunctionTransformer"
    assert "_name_to_fitted_passthrough" not in moved(result, "1.2.0", "1.0").state


def test_output_as_frames_is_refused_below_its_release() -> None:
    state = {"mean_": np.zeros(2), "_sklearn_output_config": {"transform": "pandas"}}
    model = Obj("sklearn.preprocessing.StandardScaler", state)
    assert "pandas" in refused(model, "1.2.0", "1.1.3")


# ------------------------------------------------------------------ meaning
@given(
    arrays.arrays(np.float64, 5, elements=FLOATS),
    st.floats(0.01, 1e3).filter(lambda std: std != 1),
    st.floats(0.1, 10.0),
)
@settings(max_examples=30)
def test_a_scaled_gaussian_process_is_one_with_a_scaled_kernel(
    alpha: np.ndarray, std: float, level: float
) -> None:
    """k' = std² k and alpha' = alpha / std give the same mean; L' = std L the same variance."""
    kernel = Obj("sklearn.gaussian_process.RBF", {"length_scale": 1.0})
    model = Obj(
        "sklearn.gaussian_process.GaussianProcessRegressor",
        {"_y_train_mean": np.zeros(1), "_y_train_std": np.float64(std), "alpha_": alpha,
         "L_": np.eye(5) * level, "y_train_": alpha, "kernel_": kernel},
    )  # fmt: skip
    state = moved(model, "0.23.0", "0.22.2.post1").state
    factor = state["kernel_"].state["k1"].state["constant_value"]
    assert state["kernel_"].state["k2"].tag == kernel.tag
    assert np.allclose(factor * state["alpha_"], std * alpha, rtol=1e-12)
    # k' - k'ᵀ (L'L'ᵀ)⁻¹ k' = std² (k - kᵀ (LLᵀ)⁻¹ k)
    assert np.allclose(factor**2 / state["L_"][0, 0] ** 2, std**2 / level**2, rtol=1e-12)


@given(matrix(3, 2), arrays.arrays(np.float64, 2, elements=FLOATS))
def test_partial_least_squares_is_transposed(coef: np.ndarray, mean: np.ndarray) -> None:
    model = Obj(
        "sklearn.cross_decomposition.PLSRegression",
        {"coef_": coef, "_y_mean": mean, "_x_scores": coef, "_y_scores": coef},
    )
    result = there_and_back(model, "1.0.2", "1.1.0")
    assert np.array_equal(result.state["_coef_"], coef.T)
    assert result.state["intercept_"] is mean


def test_the_optimizer_shares_the_arrays_of_the_network() -> None:
    coefs, intercepts = [np.zeros((2, 3)), np.zeros((3, 1))], [np.zeros(3), np.zeros(1)]
    optimizer = Obj("sklearn.neural_network.AdamOptimizer", {"beta_1": 0.9})
    model = Obj(
        "sklearn.neural_network.MLPRegressor",
        {"coefs_": coefs, "intercepts_": intercepts, "_optimizer": optimizer},
    )
    state = moved(model, "1.0", "0.24.2").state
    shared = state["_optimizer"].state["params"]
    for one, other in zip(shared, [*state["coefs_"], *state["intercepts_"]], strict=True):
        assert one is other
    again = moved(Obj(model.tag, state), "0.24.2", "1.0")
    assert "params" not in again.state["_optimizer"].state


def test_calibrated_classifiers() -> None:
    classes = np.array(["a", "b"])
    inner = Obj(
        "sklearn.calibration._CalibratedClassifier",
        {
            "base_estimator": None,
            "classes": classes,
            "classes_": classes,
            "calibrators_": [],
            "method": "sigmoid",
            "label_encoder_": Obj("sklearn.preprocessing.LabelEncoder", {"classes_": classes}),
        },
    )
    result = there_and_back(inner, "0.23.2", "1.2.0")
    assert set(result.state) == {"estimator", "classes", "calibrators", "method"}


def test_weights_of_a_metric_are_not_lost() -> None:
    state = {"effective_metric_": "minkowski", "effective_metric_params_": {"p": 3, "w": None}}
    model = Obj("sklearn.neighbors.KNeighborsClassifier", state)
    assert moved(model, "1.0.2", "1.0.1").state["effective_metric_params_"] == {"p": 3}
    model.state["effective_metric_params_"] = {"p": 3, "w": np.ones(2)}
    older = moved(model, "1.0.2", "1.0.1").state
    assert older["effective_metric_"] == "wminkowski"
    np.testing.assert_array_equal(older["effective_metric_params_"]["w"], np.ones(2))


def test_a_changed_method_is_said() -> None:
    for norm, expected in (("max", ["transform"]), ("l2", [])):
        model = Obj("sklearn.preprocessing.Normalizer", {"norm": norm, "copy": True})
        said = adapt(model, "0.22.2.post1", "0.23.0").changes
        assert [item.method for item in said] == expected
    kernel = Obj(
        "sklearn.decomposition.KernelPCA", {"fit_inverse_transform": True, "X_fit_": np.eye(2)}
    )
    assert {item.method for item in adapt(kernel, "0.24.1", "0.24.2").changes} == {
        "inverse_transform"
    }


# ------------------------------------------------------------------ sizes
def test_sizes_of_sparse_matrices() -> None:
    sparse = New("scipy.sparse.csr_matrix", {"shape": (7, 3)})
    assert shapes.columns(sparse) == 3
    assert shapes.rows(New("scipy.sparse.dia_matrix", {"csr": sparse})) == 7
    assert shapes.columns("text") is None


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("b", [1]),
        (2, [2]),
        ([-1], [2]),
        (New("builtins.slice", {"start": "a", "stop": "b", "step": None}), [0, 1]),
        (New("builtins.slice", {"start": 1, "stop": None, "step": None}), [1, 2]),
        (["z"], None),
    ],
)
def test_places_of_columns(spec: Any, expected: list[int] | None) -> None:
    assert outputs.places(spec, ["a", "b", "c"], 3) == expected


def test_widths_of_outputs() -> None:
    encoder = one_hot(drop_idx_=np.array([None, 1], dtype=object))
    scaler = Obj("sklearn.preprocessing.StandardScaler", {"mean_": np.zeros(4)})
    pipeline = Obj("sklearn.pipeline.Pipeline", {"steps": [("s", scaler), ("e", encoder)]})
    assert outputs.n_outputs(pipeline, 4) == 4
    assert outputs.n_outputs("drop", 3) == 0
    assert outputs.n_outputs(Obj("private.Transformer", {}), 3) is None


# ------------------------------------------------------------------ what newer releases ask for
def test_a_voter_that_was_left_out_is_dropped() -> None:
    voter = Obj("sklearn.dummy.DummyClassifier", {})
    named = New("sklearn.utils.Bunch", {"items": {"a": voter, "b": None}})
    state = {"estimators": [("a", voter), ("b", None)], "named_estimators_": named}
    model = Obj("sklearn.ensemble.VotingClassifier", state)
    new = moved(model, "0.23.2", "0.24.0")
    assert new.state["estimators"][1] == ("b", "drop")
    assert new.state["named_estimators_"].args["items"]["b"] == "drop"
    assert named.args["items"]["b"] is None  # the source's graph is untouched


def test_only_0_23_does_not_transform_before_it_knows_the_columns() -> None:
    state = {"with_mean": False, "with_std": False, "scale_": None, "mean_": None, "var_": None}
    scaler = Obj("sklearn.preprocessing.StandardScaler", state)
    assert "how many columns" in refused(scaler, "0.22.2.post1", "0.23.0")
    assert moved(scaler, "0.22.2.post1", "1.0").tag == scaler.tag
    after = Obj("sklearn.linear_model.Ridge", {"coef_": np.ones(3)})
    pipeline = Obj("sklearn.pipeline.Pipeline", {"steps": [("scale", scaler), ("fit", after)]})
    new = moved(pipeline, "0.22.2.post1", "0.23.0")
    assert new.state["steps"][0][1].state["n_features_in_"] == 3


def test_an_empty_object_does_not_stop_at_the_release_that_cannot_pickle_it() -> None:
    empty = Obj("sklearn.preprocessing.LabelEncoder", {})
    assert "cannot be pickled" in refused(empty, "1.1.3", "1.2.0")
    assert "cannot be pickled" in refused(empty, "1.0", "1.1.3")
    assert moved(empty, "1.1.3", "1.2.1").tag == empty.tag


def test_a_rate_that_announces_another_is_written_as_the_number_it_means() -> None:
    tsne = Obj("sklearn.manifold.TSNE", {"learning_rate": "warn", "_learning_rate": 200.0})
    assert moved(tsne, "1.0.2", "0.24.2").state["learning_rate"] == 200.0


# ------------------------------------------------------------------ trees and selection
SELECTOR = "sklearn.feature_selection.SelectFromModel"


def selector(**state: Any) -> Obj:
    return Obj(SELECTOR, {"estimator_": Obj("sklearn.tree.DecisionTreeClassifier", {}), **state})


def test_a_function_that_chose_how_many_features_is_that_number_before_1_1() -> None:
    count = Name("function", "builtins.len")
    result = adapt(selector(max_features=count, max_features_=4), "1.1.0", "1.0.2")
    assert result.graph.state["max_features"] == 4
    assert "max_features_" not in result.graph.state
    assert result.notes
    newer = moved(selector(max_features=3), "1.0.2", "1.1.0")
    assert newer.state["max_features_"] == 3
    assert "max_features_" not in moved(selector(max_features=None), "1.0.2", "1.1.0").state


@pytest.mark.parametrize(
    ("getter", "lost"), [("auto", 0), ("coef_", 0), ("named_steps.t.feature_importances_", 1)]
)
def test_importances_by_another_way_are_refused_before_0_24(getter: str, lost: int) -> None:
    result = adapt(selector(importance_getter=getter), "0.24.0", "0.23.2")
    assert len(result.losses) == lost
    assert "importance_getter" not in result.graph.state


@pytest.mark.parametrize(("size", "changes"), [(1, 2), (2, 0)])
def test_isolation_trees_of_one_sample_score_since_1_0(size: int, changes: int) -> None:
    state = {"estimators_": [], "max_samples_": size}
    result = adapt(Obj("sklearn.ensemble.IsolationForest", state), "1.0", "0.24.2")
    assert len(result.changes) == changes


def test_only_the_importances_that_auto_finds_can_go_below_the_getter() -> None:
    for getter, losses in (("auto", 0), ("coef_", 0), ("named_steps.clf.coef_", 1)):
        state = {"importance_getter": getter, "threshold": None}
        model = Obj("sklearn.feature_selection.SelectFromModel", state)
        assert len(adapt(model, "0.24.0", "0.23.2").losses) == losses


def test_a_list_of_false_selects_nothing_anywhere() -> None:
    scaler = Obj("sklearn.preprocessing.StandardScaler", {})
    state = {
        "transformers": [("a", scaler, [False, False])],
        "transformers_": [("a", scaler, [False, False])],
        "_columns": [[False, False]],
    }
    model = Obj("sklearn.compose.ColumnTransformer", state)
    older = moved(model, "0.24.0", "0.23.2")
    assert older.state["transformers_"][0][2] == []
    assert older.state["_columns"] == [[]]


def test_a_function_of_the_data_gave_a_number() -> None:
    function = Name("function", "builtins.len")
    state = {"max_features": function, "max_features_": 4, "estimator_": None}
    model = Obj("sklearn.feature_selection.SelectFromModel", state)
    older = moved(model, "1.1.0", "1.0.2")
    assert older.state["max_features"] == 4
    assert moved(older, "1.0.2", "1.1.0").state["max_features_"] == 4
    del state["max_features_"]
    assert adapt(Obj(model.tag, state), "1.1.0", "1.0.2").refusals


def test_a_polynomial_of_degree_0_stays() -> None:
    model = Obj("sklearn.preprocessing.PolynomialFeatures", {"degree": 0, "_max_degree": 0})
    assert adapt(model, "1.0", "0.24.2").refusals
