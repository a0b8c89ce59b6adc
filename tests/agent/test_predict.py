"""What is asked of a fitted model, and that asking leaves it as it was."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import AffinityPropagation, AgglomerativeClustering
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import RFE
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KDTree, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skmig.agent import predict
from skmig.agent.rounding import rounding, stepwise
from skmig.agent.together import leaning

X, y = make_classification(n_samples=120, n_features=6, random_state=0)


def ask(estimator: Any, data: Any = X) -> dict[str, Any]:
    return predict.outputs(estimator, {"input": data})


def test_a_model_is_asked_everything_that_it_answers() -> None:
    model = GradientBoostingClassifier(n_estimators=30, random_state=0).fit(X, y)
    found = ask(model)
    assert sorted(found) == [
        "apply",
        "decision_function",
        "predict",
        "predict_log_proba",
        "predict_proba",
        "staged_decision_function",
        "staged_predict",
        "staged_predict_proba",
    ]
    np.testing.assert_array_equal(found["predict_proba"]["value"], model.predict_proba(X))
    stages = found["staged_predict_proba"]["value"]
    assert len(stages) == predict.STAGES
    rows = np.unique(np.linspace(0, 119, predict.ROWS_SMALL).astype(int))
    np.testing.assert_array_equal(stages[-1], model.predict_proba(X[rows]))


def test_an_inverse_gets_what_the_transform_gave() -> None:
    model = PCA(3).fit(X)
    found = ask(model)
    expected = model.inverse_transform(model.transform(X))
    np.testing.assert_array_equal(found["inverse_transform"]["value"], expected)


def test_rounding_is_what_the_last_bit_of_the_input_does() -> None:
    # distances by the expansion of the square: large terms that cancel
    data = X + 100
    model, probe = NearestNeighbors(algorithm="brute").fit(data), {"input": data}
    found = rounding(model, probe, predict.outputs(model, probe))
    assert found["kneighbors"]["distances"].shape == (len(data), 5)
    assert 1e-8 < found["kneighbors"]["distances"].max() < 1e-4
    linear = LogisticRegression().fit(X, y)
    probe = {"input": X}
    # nothing that a tolerance would notice
    assert "predict_proba" not in rounding(linear, probe, predict.outputs(linear, probe))
    assert rounding(linear, {"input": ["text"]}, {}) == {}


def test_rounding_of_a_model_that_reads_single_precision() -> None:
    class Narrow(BaseEstimator):
        def transform(self, data: Any) -> Any:
            return (data.astype(np.float32) * 3).astype(float)

    model, probe = Narrow(), {"input": X}
    found = rounding(model, probe, predict.outputs(model, probe))["transform"]
    assert 1e-8 < found.max() < 1e-5


@pytest.mark.parametrize(
    ("model", "steps"),
    [
        (RandomForestClassifier(3), True),
        (GradientBoostingClassifier(n_estimators=3), True),
        (GradientBoostingClassifier(n_estimators=3, init=LogisticRegression()), False),
        (HistGradientBoostingClassifier(max_iter=3), True),
        (make_pipeline(PCA(2), ExtraTreesClassifier(3)), True),
        (BaggingClassifier(DecisionTreeClassifier(), 3), True),
        (BaggingClassifier(LogisticRegression(), 3), False),
        (StackingClassifier([("tree", DecisionTreeClassifier())], cv=2), False),
        (LogisticRegression(), False),
    ],
)
def test_what_decides_by_comparing_numbers_has_no_rounding(model: Any, steps: bool) -> None:
    model.fit(X, y)
    assert stepwise(model) is steps
    if steps:
        assert rounding(model, {"input": X}, ask(model)) == {}


def test_an_answer_that_depends_on_the_rows_asked_with_it() -> None:
    class Centered(BaseEstimator):
        def transform(self, data: Any) -> Any:
            return data - data.mean(axis=0)

        def predict(self, data: Any) -> Any:
            return data[:, 0] > 0

    assert leaning(Centered(), X, ask(Centered())) == ["transform"]
    for model in (
        LogisticRegression().fit(X, y),
        NearestNeighbors().fit(X),
        PCA(2).fit(X),
        RandomForestClassifier(3).fit(X, y),
        MultiOutputClassifier(DecisionTreeClassifier()).fit(X, np.c_[y, y]),
    ):
        assert leaning(model, X, ask(model)) == []
    texts = ["pear fig", "fig plum", "plum pear", "fig"]
    words = TfidfVectorizer().fit(texts)
    assert leaning(words, texts, ask(words, texts)) == []


def test_only_some_methods_and_none_of_the_state() -> None:
    model = PCA(2).fit(X)
    found = predict.outputs(model, {"input": X}, {"inverse_transform"}, state=False)
    assert list(found) == ["inverse_transform"]
    assert "get_feature_names_out" not in predict.outputs(model, {"input": X}, state=False)


def test_a_sparse_inverse_gets_its_entries_in_order() -> None:
    vectorizer = TfidfVectorizer().fit(["pear fig plum", "plum kiwi"])
    found = ask(vectorizer, ["plum fig pear"])
    assert found["inverse_transform"]["value"][0].tolist() == ["fig", "pear", "plum"]


def test_an_inverse_that_takes_no_missing_value_gets_the_whole_rows() -> None:
    class Strict(BaseEstimator):
        def transform(self, data: Any) -> Any:
            return data * 2

        def inverse_transform(self, data: Any) -> Any:
            if np.isnan(data).any():
                raise ValueError("NaN")
            return data / 2

    data = np.array([[1.0, 2.0], [np.nan, 3.0]])
    np.testing.assert_array_equal(ask(Strict(), data)["inverse_transform"]["value"], data[:1])


def test_labels_are_encoded_and_decoded() -> None:
    found = ask(LabelEncoder().fit(["a", "b", "c"]), np.array(["c", "a"]))
    assert found["transform"]["value"].tolist() == [2, 0]
    assert found["inverse_transform"]["value"].tolist() == ["c", "a"]


def test_a_method_that_raises_is_an_answer() -> None:
    found = ask(LogisticRegression().fit(X, y), X[:, :2])
    assert found["predict"]["error"].startswith("ValueError: X has 2 features")


def test_neighbours_are_named() -> None:
    model = NearestNeighbors(n_neighbors=3, radius=2.5).fit(X)
    found = ask(model)
    assert found["kneighbors"]["value"]["indices"].shape == (120, 3)
    for row in found["radius_neighbors"]["value"]["indices"]:
        assert sorted(row) == list(row)


def test_uncertainty_of_a_gaussian_process() -> None:
    model = GaussianProcessRegressor().fit(X[:30], y[:30])
    mean, std = model.predict(X, return_std=True)
    found = ask(model)["predict(return_std)"]["value"]
    np.testing.assert_array_equal(found[0], mean)
    np.testing.assert_array_equal(found[1], std)


def test_what_cannot_be_asked_shows_its_own_labels() -> None:
    model = AgglomerativeClustering(2).fit(X)
    assert predict.outputs(model, None)["labels_"]["value"].tolist() == model.labels_.tolist()


def test_what_chance_decides_is_no_answer() -> None:
    found = ask(DummyClassifier(strategy="uniform").fit(X, y))
    assert found["predict"]["chance"].startswith("Random:")
    found = ask(DummyClassifier(strategy="uniform", random_state=1).fit(X, y))
    assert "chance" not in found["predict"]


def test_delegated_methods_follow_what_is_inside() -> None:
    assert "predict_proba" in ask(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y))
    assert "predict_proba" not in ask(make_pipeline(StandardScaler(), SVC()).fit(X, y))


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(n_estimators=5, n_jobs=2, random_state=0),
        make_pipeline(StandardScaler(copy=False), SVC(random_state=0)),
        PCA(2, copy=False),
    ],
)
def test_neither_the_model_nor_the_input_changes(model: Any) -> None:
    model.fit(X.copy(), y)
    before, data = pickle.dumps(model), X.copy()
    ask(model, data)
    assert pickle.dumps(model) == before
    np.testing.assert_array_equal(data, X)


def test_the_estimators_of_an_artifact() -> None:
    scaler, model = StandardScaler().fit(X), LogisticRegression().fit(X, y)
    piped = make_pipeline(scaler, model)
    assert [path for path, _ in predict.estimators(piped)] == ["model"]
    artifact = {"clf": model, "meta": {"names": ["a"], "n": 3}, "parts": (scaler, [piped])}
    assert predict.estimators(artifact) == [
        ("model['clf']", model),
        ("model['parts'][0]", scaler),
        ("model['parts'][1][0]", piped),
    ]
    assert predict.estimators({"a": model, "b": model}) == [("model['a']", model)]
    assert predict.estimators(np.zeros(3)) == []


def test_checks_of_a_whole_estimator() -> None:
    model = LogisticRegression().fit(X, y)
    assert predict.checks(model) == []
    del model.C
    found = predict.checks(make_pipeline(StandardScaler(), model))
    assert any(item.startswith("get_params: AttributeError") for item in found)
    assert any(item.startswith("clone: ") for item in found)


def test_elimination_offers_what_its_estimator_does_and_its_own() -> None:
    found = predict.offers(RFE(LinearRegression(), n_features_to_select=2).fit(X, y))
    assert {"predict", "transform", "get_support"} <= set(found)
    assert "decision_function" not in found
    assert "decision_function" in predict.offers(RFE(LogisticRegression()).fit(X, y))


def test_chance_inside_a_pipeline_is_seen() -> None:
    class Noise(BaseEstimator):
        def fit(self, data: Any, target: Any = None) -> Any:
            self.source_ = np.random.RandomState(0)
            return self

        def transform(self, data: Any) -> Any:
            return data + self.source_.normal(size=data.shape)

    found = ask(make_pipeline(StandardScaler(), Noise()).fit(X))
    assert found["transform"]["chance"].startswith("Random: ")


@pytest.mark.parametrize("count", [1, 5, 200])
def test_rows_are_chosen_evenly(count: int) -> None:
    data = np.arange(100.0).reshape(-1, 1)
    chosen = predict.some(data, count)
    assert len(chosen) == min(count, 100)
    assert chosen[0] == 0
    assert count == 1 or chosen[-1] == 99


def test_what_stands_last_in_a_pipeline_shows_its_labels() -> None:
    pipeline = make_pipeline(StandardScaler(), AgglomerativeClustering()).fit(X)
    found = predict.outputs(pipeline, None)
    assert found["labels_"]["value"].tolist() == pipeline[-1].labels_.tolist()


def test_a_model_of_its_own_distances_shows_its_labels() -> None:
    model = AffinityPropagation(affinity="precomputed", random_state=0).fit(X @ X.T)
    found = predict.outputs(model, {"input": X @ X.T})
    assert "error" in found["predict"]
    assert found["labels_"]["value"].tolist() == model.labels_.tolist()


def test_a_bare_tree_is_asked_for_neighbours() -> None:
    tree = KDTree(X[:3])
    assert predict.estimators({"tree": tree}) == [("model['tree']", tree)]
    value = predict.outputs(tree, {"input": X[:2]})["query"]["value"]
    assert value["indices"].shape == (2, 3)
    assert value["indices"][:, 0].tolist() == [0, 1]
