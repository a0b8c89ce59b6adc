"""Probes made from a model alone: what they reach is counted against the model itself."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.compose import ColumnTransformer
from sklearn.covariance import EmpiricalCovariance
from sklearn.datasets import make_classification
from sklearn.decomposition import NMF
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import Isomap
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import BallTree, KNeighborsClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelEncoder,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from skmig.agent import probes
from skmig.agent.probes import ties
from skmig.agent.probes.ties import without_ties
from skmig.agent.walk import walk

rng = np.random.RandomState(0)
X, y = make_classification(n_samples=300, n_features=6, n_informative=4, random_state=0)
HOLES = np.where(rng.uniform(size=X.shape) < 0.1, np.nan, X)
DOCS = ["the cat sat", "a dog ran away", "cats and dogs", "the end is near"] * 20
FRAME = pd.DataFrame(
    {
        "age": X[:, 0],
        "fare": X[:, 1],
        "sex": np.where(X[:, 2] > 0, "m", "f"),
        "deck": rng.choice(["A", "B", "C", "D"], size=300),
        "kids": rng.randint(0, 4, size=300),
        "note": (DOCS * 4)[:300],
    }
)


def leaves(trees: Any, data: Any) -> int:
    single = np.asarray(data, dtype=np.float32)
    return sum(len(np.unique(tree.tree_.apply(single))) for tree in trees)


def total(trees: Any) -> int:
    return sum(tree.tree_.n_leaves for tree in trees)


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeClassifier(random_state=0),
        RandomForestClassifier(n_estimators=30, random_state=0),
        GradientBoostingRegressor(n_estimators=40, max_depth=5, random_state=0),
        IsolationForest(n_estimators=20, random_state=0),
    ],
)
def test_every_leaf_of_trees_is_reached(model: Any) -> None:
    model.fit(X, y)
    found = probes.synthesise(model)
    trees = np.ravel(getattr(model, "estimators_", [model]))
    assert leaves(trees, found["input"]) == total(trees)
    assert found["coverage"]["leaves"] == [total(trees), total(trees)]


def test_both_sides_of_every_threshold_are_probed() -> None:
    model = DecisionTreeClassifier(random_state=0).fit(X, y)
    tree, data = model.tree_, probes.synthesise(model)["input"].astype(np.float32)
    for feature, threshold in zip(tree.feature, tree.threshold, strict=True):
        if feature >= 0:
            column = data[:, feature].astype(np.float64)
            below, above = column[column <= threshold], column[column > threshold]
            assert np.nextafter(np.float32(below.max()), np.float32(np.inf)) == above.min()


def test_leaves_for_missing_values_are_reached() -> None:
    for model in (DecisionTreeClassifier(random_state=0), RandomForestClassifier(20)):
        found = probes.synthesise(model.fit(HOLES, y))
        reached, all_of_them = found["coverage"]["leaves"]
        assert reached == all_of_them


def test_leaves_of_histogram_boosting() -> None:
    numbers = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(HOLES, y)
    coded = X.copy()
    coded[:, 3] = rng.randint(0, 12, size=len(X))
    target = y + (coded[:, 3] % 3 == 1)
    categories = HistGradientBoostingClassifier(max_iter=10, categorical_features=[3])
    for model in (numbers, categories.fit(coded, target)):
        reached, all_of_them = probes.synthesise(model)["coverage"]["leaves"]
        assert reached == all_of_them
        assert all_of_them > 50


def test_what_a_row_reaches_is_counted_as_the_model_walks() -> None:
    """The measured leaves of histogram boosting are those of its own predictions."""
    model = HistGradientBoostingClassifier(max_iter=1, random_state=0).fit(HOLES, y)
    found = probes.synthesise(model)
    nodes = model._predictors[0][0].nodes
    values = set(nodes["value"][nodes["is_leaf"].astype(bool)])
    raw = model._raw_predict(np.asarray(found["input"])) - model._baseline_prediction
    assert len(np.unique(raw)) == len(values)


@pytest.mark.parametrize(
    "steps",
    [
        [StandardScaler()],
        [MinMaxScaler(), FunctionTransformer()],
        [make_union(StandardScaler(), MinMaxScaler())],
    ],
)
def test_leaves_behind_other_steps(steps: list[Any]) -> None:
    model = make_pipeline(*steps, RandomForestClassifier(n_estimators=10, random_state=0))
    reached, all_of_them = probes.synthesise(model.fit(X, y))["coverage"]["leaves"]
    assert reached >= 0.9 * all_of_them


@pytest.mark.parametrize(
    "model",
    [
        GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [4, 8]}, cv=2),
        CalibratedClassifierCV(DecisionTreeClassifier(max_depth=4, random_state=0), cv=2),
        VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier())]),
        BaggingClassifier(DecisionTreeClassifier(), max_features=0.5, random_state=0),
    ],
)
def test_leaves_inside_other_estimators(model: Any) -> None:
    reached, all_of_them = probes.synthesise(model.fit(X, y))["coverage"]["leaves"]
    assert reached == all_of_them


def columns() -> ColumnTransformer:
    words = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="?"), OneHotEncoder(handle_unknown="ignore")
    )
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "fare"]),
            ("sex", words, ["sex"]),
            ("deck", OrdinalEncoder(), slice("deck", "kids")),
            ("note", TfidfVectorizer(), "note"),
        ]
    )


def test_a_frame_goes_back_to_its_raw_columns() -> None:
    model = make_pipeline(columns(), RandomForestClassifier(n_estimators=10, random_state=0))
    found = probes.synthesise(model.fit(FRAME, y))
    data, coverage = found["input"], found["coverage"]
    assert found["kind"] == "frame"
    assert list(data.columns) == list(FRAME.columns)
    assert set(FRAME["sex"]) | {"?new?"} <= set(data["sex"].dropna())
    assert set(data["deck"].dropna()) == set(FRAME["deck"])  # this encoder refuses others
    assert data["age"].isna().any()
    assert coverage["categories"][0] == coverage["categories"][1] >= 10
    assert coverage["terms"][0] == coverage["terms"][1]
    assert coverage["leaves"][0] >= 0.85 * coverage["leaves"][1]


def test_columns_by_position_and_mask() -> None:
    table = FRAME[["sex", "age", "kids"]].to_numpy(dtype=object)
    model = make_pipeline(
        ColumnTransformer(
            [("words", OneHotEncoder(), [0]), ("rest", "passthrough", [False, True, True])]
        ),
        DecisionTreeClassifier(random_state=0),
    ).fit(table, y)
    found = probes.synthesise(model)
    assert found["input"].shape[1] == 3
    assert found["coverage"]["categories"] == [2, 2]
    assert found["coverage"]["leaves"][0] >= 0.9 * found["coverage"]["leaves"][1]


def test_words() -> None:
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression())
    found = probes.synthesise(model.fit(DOCS, [0, 1, 0, 1] * 20))
    assert found["kind"] == "text"
    assert "" in found["input"]
    reached, all_of_them = found["coverage"]["terms"]
    assert reached == all_of_them == len(model[0].vocabulary_)


def test_a_large_vocabulary_is_covered_by_few_rows() -> None:
    words = [f"w{i:05d}" for i in range(20000)]
    model = CountVectorizer().fit([" ".join(words)])
    found = probes.synthesise(model, limit=500)
    assert found["coverage"]["terms"] == [20000, 20000]
    assert found["coverage"]["rows"] <= 700


def test_an_analyzer_of_token_lists_gets_token_lists() -> None:
    model = CountVectorizer(analyzer=_same).fit([["a", "b"], ["c"]])
    found = probes.synthesise(model)
    assert isinstance(found["input"][0], list)
    assert found["coverage"]["terms"] == [3, 3]


def _same(tokens: Any) -> Any:
    return tokens


def test_dicts_and_labels() -> None:
    found = probes.synthesise(DictVectorizer().fit([{"a": "x", "b": 2}, {"a": "y", "c": 1}]))
    assert found["coverage"]["terms"] == [4, 4]
    assert {} in found["input"]
    found = probes.synthesise(LabelEncoder().fit(["b", "a"]))
    assert set(found["input"]) == {"a", "b"}


def test_stored_points_are_probed_and_ties_are_not() -> None:
    points = np.repeat(np.arange(20.0), 2).reshape(-1, 1)  # every distance is there twice
    model = KNeighborsClassifier(n_neighbors=4).fit(points, rng.randint(0, 2, size=40))
    data = probes.synthesise(model)["input"]
    distances, _ = model.kneighbors(data, n_neighbors=5)
    assert len(data) >= 16
    assert (distances[:, 4] > distances[:, 3]).all()


def test_input_of_another_precision_or_sign() -> None:
    narrow = KMeans(3, n_init=1, random_state=0).fit(X.astype(np.float32))
    assert probes.synthesise(narrow)["coverage"]["rows"] > 50
    positive = NMF(2, max_iter=500, random_state=0).fit(np.abs(X))
    found = probes.synthesise(positive)
    assert (found["input"] >= 0).all()
    assert found["coverage"]["rows"] > 50


def test_what_is_not_known_is_said() -> None:
    found = probes.synthesise(AgglomerativeClustering().fit(X))
    assert found["input"] is None
    assert "no probes" in found["coverage"]["notes"][0]
    found = probes.synthesise(DecisionTreeClassifier())
    assert found["input"] is None
    assert "no probes" in found["coverage"]["notes"][-1]


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (RandomForestClassifier(n_estimators=5, random_state=0), X),
        (KNeighborsClassifier(), X),
        (make_pipeline(StandardScaler(), LogisticRegression()), X),
    ],
)
def test_the_same_seed_gives_the_same_probes_and_the_model_stays(model: Any, data: Any) -> None:
    model.fit(data, y)
    before = pickle.dumps(walk(model))  # a KD tree counts its queries; that is not in the walk
    one, two = probes.synthesise(model, seed=3), probes.synthesise(model, seed=3)
    assert pickle.dumps(one) == pickle.dumps(two)
    assert pickle.dumps(walk(model)) == before
    other = probes.synthesise(model, seed=4)["input"]
    assert other.shape != one["input"].shape or not np.array_equal(
        other, one["input"], equal_nan=True
    )


def test_the_limit_holds() -> None:
    model = RandomForestClassifier(n_estimators=30, random_state=0).fit(X, y)
    assert probes.synthesise(model, limit=32)["coverage"]["rows"] <= 32 + 64 + 6 + 32


def test_a_covariance_and_a_bare_tree_have_probes() -> None:
    for model, method in ((EmpiricalCovariance().fit(X), "mahalanobis"), (BallTree(X), "query")):
        made = probes.synthesise(model, limit=200)
        assert made["input"].shape[1] == X.shape[1]
        assert len(getattr(model, method)(made["input"])) > 0


def test_ties_are_left_out_wherever_neighbours_are_searched() -> None:
    points, labels = np.arange(32.0).reshape(-1, 1), np.arange(32) % 2
    nearest = KNeighborsClassifier(n_neighbors=1)
    models = [
        VotingClassifier([("near", nearest), ("flat", LogisticRegression())], voting="soft"),
        make_pipeline(FunctionTransformer(), nearest),
        GridSearchCV(make_pipeline(FunctionTransformer(), nearest), {}, cv=2),
    ]
    for model in models:
        model.fit(points, labels)
        notes: list[str] = []
        kept = ties.without_ties(model, np.concatenate([points, points[:-1] + 0.5]), notes)
        assert kept.tolist() == points.tolist()
        assert notes == ["31 rows with a tie at the last neighbour left out"]


def test_ties_are_left_out_where_a_manifold_searches() -> None:
    points = np.arange(40.0).reshape(-1, 1)
    model = Isomap(n_neighbors=2, n_components=1).fit(points)
    # of a point, the two beside it are equally far away: no tie; in the middle, it is the third
    halves = points[5:25] + 0.5
    notes: list[str] = []
    kept = ties.without_ties(model, np.concatenate([halves, points[5:25]]), notes)
    assert kept.tolist() == halves.tolist()


def test_a_missing_value_at_a_stored_point_is_up_to_rounding() -> None:
    stored = np.column_stack([np.arange(40.0), np.arange(40.0) ** 2])
    asked = np.vstack([stored + 0.3, stored])
    asked[:, 1] = np.nan
    for weights, kept in (("distance", 40), ("uniform", 80)):
        model = KNNImputer(n_neighbors=1, weights=weights).fit(stored)
        assert len(without_ties(model, asked, [])) == kept
    halfway = np.column_stack([np.arange(40.0) + 0.5, np.full(40, np.nan)])
    halfway[:20, 0] += 0.1
    assert len(without_ties(model, halfway, [])) == 21  # nothing comes after the last


def test_an_imputer_of_texts_is_probed_with_texts() -> None:
    words = np.array([["red", "S"], ["blue", np.nan], ["red", "S"]], dtype=object)
    data = probes.synthesise(SimpleImputer(strategy="most_frequent").fit(words))["input"]
    assert {"red", "another"} <= set(data[:, 0])
    assert any(value != value for value in data[:, 1])
