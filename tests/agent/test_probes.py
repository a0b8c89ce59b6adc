"""Probes made from a model alone: what they reach is counted against the model itself."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.compose import ColumnTransformer
from sklearn.covariance import EmpiricalCovariance
from sklearn.datasets import make_classification
from sklearn.decomposition import NMF, MiniBatchNMF
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.manifold import Isomap
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import BallTree, KNeighborsClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    LabelEncoder,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from skmig import parity
from skmig.adapters import chain
from skmig.agent import probes
from skmig.agent.build import Builder
from skmig.agent.jobs import walk_answers
from skmig.agent.probes import ties
from skmig.agent.probes.ties import without_ties
from skmig.agent.walk import walk
from skmig.agent.zoo import answers

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


# ------------------------------------------------------------------ broken on purpose
def states_of(graph: Any, tag: str) -> list[dict[str, Any]]:
    return [obj.state for _, obj in chain.objects(graph) if obj.tag.endswith(tag)]


def every_node(
    model: Any, tag: str, field: str, change: Callable[[Any], Any], split: Callable[[Any], Any]
) -> tuple[int, int]:
    """How many nodes, broken one at a time, are noticed, and how many there are."""
    probe = probes.synthesise(model)
    graph = walk(model)
    known = {"model": walk_answers({"model": answers(model, probe)})["model"]}
    found = total = 0
    for state in states_of(graph, tag):
        kept = state["nodes"]
        for node in np.flatnonzero(split(kept)):
            state["nodes"] = kept.copy()
            state["nodes"][field][node] = change(kept[field][node])
            broken = Builder()(graph, "model")
            state["nodes"] = kept
            actual = {"model": walk_answers({"model": answers(broken, probe)})["model"]}
            found += not parity.compare(known, actual).ok
            total += 1
    return found, total


def inner(nodes: Any) -> Any:
    return nodes["left_child"] >= 0


def single_up(value: Any) -> Any:
    """A threshold that lets the smallest number that went right go left."""
    above = np.float32(value)
    while above <= value:
        above = np.nextafter(above, np.float32(np.inf))
    return float(above)


def single_down(value: Any) -> Any:
    """A threshold that the largest number that went left is above of."""
    below = np.float32(value)
    while below > value:
        below = np.nextafter(below, np.float32(-np.inf))
    return np.nextafter(float(below), -np.inf)


@pytest.mark.parametrize("change", [single_up, single_down])
def test_every_threshold_of_a_forest_is_held(change: Callable[[Any], Any]) -> None:
    model = RandomForestClassifier(n_estimators=4, max_depth=4, random_state=0).fit(X, y)
    found, total = every_node(model, "Tree", "threshold", change, inner)
    assert total > 30
    assert found == total


def test_which_way_unseen_missing_values_go_is_held() -> None:
    model = DecisionTreeClassifier(max_depth=5, random_state=0).fit(X, y)
    assert probes.synthesise(model)["coverage"]["gaps"] > 0
    flip = every_node(model, "Tree", "missing_go_to_left", lambda old: 1 - old, inner)
    # at one node none arrives: the same feature was asked before, and they went the other way
    assert flip == (16, 17)


@pytest.mark.parametrize("way", [-np.inf, np.inf])
def test_every_threshold_of_histogram_boosting_is_held(way: float) -> None:
    model = HistGradientBoostingClassifier(max_iter=4, max_leaf_nodes=8, random_state=0)
    found, total = every_node(
        model.fit(HOLES, y),
        "TreePredictor",
        "num_threshold",
        lambda old: np.nextafter(old, way),
        lambda nodes: (nodes["is_leaf"] == 0) & np.isfinite(nodes["num_threshold"]),
    )
    assert total > 20
    assert found == total


def test_the_tree_that_boosting_begins_with_is_held() -> None:
    first = DecisionTreeClassifier(max_depth=3, random_state=0)
    model = GradientBoostingClassifier(init=first, n_estimators=2, random_state=0).fit(X, y)
    found, total = every_node(model, "Tree", "threshold", single_up, inner)
    assert found == total > 7


def notices(model: Any, change: Callable[[Any], None]) -> bool:
    """Does the comparison on the model's own probes say no to what `change` makes of its state?"""
    probe = probes.synthesise(model)
    graph = chain.copy_graph(walk(model))
    known = {"model": walk_answers({"model": answers(model, probe)})["model"]}
    change(graph)
    actual = {"model": walk_answers({"model": answers(Builder()(graph, "model"), probe)})["model"]}
    return not parity.compare(known, actual).ok


def scaled(name: str, factor: float) -> Callable[[Any], None]:
    def change(graph: Any) -> None:
        graph.state[name] = graph.state[name].copy()
        graph.state[name].flat[1] *= factor

    return change


def columns_swapped(name: str) -> Callable[[Any], None]:
    def change(graph: Any) -> None:
        value = graph.state[name]
        graph.state[name] = value[:, [1, 0, *range(2, value.shape[1])]]

    return change


def first_swapped(name: str) -> Callable[[Any], None]:
    def change(graph: Any) -> None:
        value = graph.state[name]
        whole = value[0] if isinstance(value, list) else value
        other = whole[[1, 0, *range(2, len(whole))]]
        graph.state[name] = [other, *value[1:]] if isinstance(value, list) else other

    return change


def edge_moved(way: float) -> Callable[[Any], None]:
    def change(graph: Any) -> None:
        edges = graph.state["bin_edges_"][0] = graph.state["bin_edges_"][0].copy()
        edges[2] = np.nextafter(edges[2], way)

    return change


def steep() -> Any:
    """A linear model whose weights are of another size than its data."""
    model = SGDClassifier(random_state=0).fit(X, y)
    model.coef_ = model.coef_ * 1e12
    model.intercept_ = model.intercept_ + 1e12
    return model


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (LogisticRegression().fit(X, y), scaled("coef_", 1 + 1e-11)),
        (LogisticRegression().fit(X, y), first_swapped("classes_")),
        (LinearRegression().fit(X, X[:, 0] + y), scaled("coef_", 1 + 1e-8)),
        (steep(), columns_swapped("coef_")),
        (GaussianNB().fit(X, y), scaled("theta_", 1 + 1e-9)),
        (EmpiricalCovariance().fit(X), columns_swapped("precision_")),
        (EmpiricalCovariance().fit(X), scaled("location_", 1 + 1e-6)),
        (StandardScaler().fit(X), scaled("mean_", 1 + 1e-11)),
        (KMeans(3, n_init=1, random_state=0).fit(X), columns_swapped("cluster_centers_")),
        (KNeighborsClassifier(algorithm="brute").fit(X, y), scaled("_fit_X", 1 + 1e-8)),
        (KBinsDiscretizer(5, encode="ordinal", subsample=None).fit(X), edge_moved(-np.inf)),
        (KBinsDiscretizer(5, encode="ordinal", subsample=None).fit(X), edge_moved(np.inf)),
        (OneHotEncoder().fit(FRAME[["deck", "sex"]]), first_swapped("categories_")),
        (OrdinalEncoder().fit(FRAME[["deck", "sex"]]), first_swapped("categories_")),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "get_params") else "",
)
def test_a_small_change_is_noticed(model: Any, change: Callable[[Any], None]) -> None:
    assert notices(model, change)
    assert not notices(model, lambda graph: None)


def test_an_exchange_of_any_two_terms_is_noticed() -> None:
    steps = CountVectorizer(), TfidfTransformer(), MultinomialNB()
    model = make_pipeline(*steps).fit(DOCS, [0, 1, 0, 1] * 20)
    for one, other in (("cat", "dog"), ("cats", "dogs"), ("end", "ran")):

        def change(graph: Any, one: str = one, other: str = other) -> None:
            terms = graph.state["steps"][0][1].state["vocabulary_"]
            terms[one], terms[other] = terms[other], terms[one]

        assert notices(model, change) is (len(set(weights(model, one, other))) > 1)


def weights(model: Any, *terms: str) -> list[tuple[float, ...]]:
    """What the terms mean to the model: two that mean the same can be exchanged unseen."""
    places = [model[0].vocabulary_[term] for term in terms]
    shares = model[-1].feature_log_prob_[:, places].T.round(12)
    return [
        (model[1].idf_[place].round(12), *share)
        for place, share in zip(places, shares, strict=True)
    ]


def test_the_parts_that_answer_are_counted() -> None:
    model = ColumnTransformer(
        [
            ("bins", KBinsDiscretizer(3, subsample=None), ["age"]),
            ("idle", FunctionTransformer(np.zeros_like), ["fare"]),
        ]
    ).fit(FRAME)
    coverage = probes.synthesise(model)["coverage"]
    assert coverage["branches"] == [1, 2]
    assert coverage["edges"] == [2, 2]


def test_a_target_without_missing_values_says_so_and_holds() -> None:
    model = DecisionTreeClassifier(random_state=0).fit(X, y)
    probe = probes.synthesise(model)
    known = {"model": walk_answers({"model": answers(model, probe)})["model"]}
    other = {"model": {**known["model"], "methods": dict(known["model"]["methods"])}}
    for name in other["model"]["methods"]:
        if name.endswith("(missing)"):
            other["model"]["methods"][name] = {"error": "ValueError: Input X contains NaN."}
    found = parity.compare(known, other)
    assert found.ok
    assert {item.verdict for item in found.methods if "(missing)" in item.method} == {
        parity.Verdict.GONE
    }


def test_what_is_fitted_to_positive_numbers_gets_no_others() -> None:
    model = MiniBatchNMF(2, random_state=0).partial_fit(np.abs(X))
    assert (probes.synthesise(model, limit=200)["input"] >= 0).all()


def test_codes_of_categories_are_whole() -> None:
    """What a code between two others means changed with releases, and no encoder gives one."""
    codes = np.column_stack([np.arange(60) % 4, np.arange(60) % 3])
    model = HistGradientBoostingClassifier(categorical_features=[0, 1], min_samples_leaf=5)
    data = probes.synthesise(model.fit(codes, codes[:, 0] > 1))["input"]
    given = data[~np.isnan(data)]
    assert set(given) >= {0.0, 1.0, 2.0, 3.0}
    assert (given == np.floor(given)).all()


def test_trees_with_more_leaves_than_rows() -> None:
    """No rows reach all: they are made without much search, as many as may be, all different."""
    rng = np.random.RandomState(0)
    X = rng.normal(size=(3000, 4))
    forest = RandomForestClassifier(8, random_state=0).fit(X, rng.randint(0, 2, 3000))
    assert min(tree.get_n_leaves() for tree in forest.estimators_) > 2 * 64
    probe = probes.synthesise(forest, 64)
    rows = probe["input"]
    assert len(rows) == len(np.unique(rows, axis=0)) == 64
    reached, total = probe["coverage"]["leaves"]
    assert total == sum(tree.get_n_leaves() for tree in forest.estimators_)
    # a row reaches one leaf of each tree: most of these are leaves that no other row reaches
    assert reached > 0.6 * 64 * 8
