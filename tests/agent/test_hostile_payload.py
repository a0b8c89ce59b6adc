"""A payload from a stranger: what compiled code would follow blindly is refused before it is built.

Every attack starts from the graph of a real fitted model, which builds; one number or name in it is
changed, and it must not build.  Many of these graphs end the process at `predict` when they do.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from sklearn import cluster, ensemble, neighbors, pipeline, preprocessing, svm, tree
from sklearn.decomposition import NMF
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import SGDClassifier

from skmig.agent.build import build
from skmig.agent.errors import JobError
from skmig.agent.neutral import Name, New, Obj
from skmig.agent.walk import walk

random = np.random.RandomState(0)
X = np.abs(random.normal(size=(60, 4)))
CATEGORIES = np.c_[X[:, :3], random.randint(0, 5, size=60)]
y = (X[:, 0] > X[:, 1]).astype(int) + (X[:, 2] > 1)
TEXTS = ["one two three", "two three four", "five"]
HUGE = 10**9


def fitted(model: Any, data: Any = X, target: Any = y) -> Any:
    return model.fit(data, target)


MODELS: dict[str, Callable[[], Any]] = {
    "tree": lambda: fitted(tree.DecisionTreeClassifier()),
    "forest": lambda: fitted(ensemble.RandomForestClassifier(3)),
    "isolation": lambda: ensemble.IsolationForest(n_estimators=3, max_features=2).fit(X),
    "boosting": lambda: fitted(ensemble.GradientBoostingClassifier(n_estimators=3)),
    "histogram": lambda: fitted(ensemble.HistGradientBoostingClassifier(max_iter=3)),
    "categories": lambda: fitted(
        ensemble.HistGradientBoostingRegressor(
            max_iter=3, categorical_features=[3], min_samples_leaf=2
        ),
        CATEGORIES,
        CATEGORIES[:, 3] % 2 + X[:, 0] * 0.01,
    ),
    "svc": lambda: fitted(svm.SVC()),
    "sparse svc": lambda: fitted(svm.SVC(), scipy.sparse.csr_matrix(X)),
    "precomputed svc": lambda: fitted(svm.SVC(kernel="precomputed"), X @ X.T),
    "svr": lambda: fitted(svm.SVR()),
    "kd": lambda: fitted(neighbors.KNeighborsClassifier(algorithm="kd_tree", leaf_size=5)),
    "brute": lambda: fitted(neighbors.KNeighborsClassifier(algorithm="brute")),
    "kmeans": lambda: cluster.KMeans(3, n_init=1).fit(X),
    "minibatch": lambda: cluster.MiniBatchKMeans(3, n_init=1).fit(X),
    "hdbscan": lambda: cluster.HDBSCAN(copy=False).fit(X),
    "counts": lambda: CountVectorizer().fit(TEXTS),
    "tfidf": lambda: TfidfVectorizer().fit(TEXTS),
    "dicts": lambda: DictVectorizer().fit([{"a": 1, "b": 2}]),
    "hasher": lambda: FeatureHasher(8),
    "onehot": lambda: preprocessing.OneHotEncoder(drop="first").fit(CATEGORIES[:, 3:]),
    "rare": lambda: preprocessing.OneHotEncoder(min_frequency=12).fit(CATEGORIES[:, 3:]),
    "labels": lambda: preprocessing.MultiLabelBinarizer().fit([(1, 2), (3,)]),
    "sgd": lambda: fitted(SGDClassifier(average=True)),
    "nmf": lambda: NMF(2, max_iter=500, tol=1e-2).fit(X),
    "spline": lambda: preprocessing.SplineTransformer().fit(X),
    "function": lambda: preprocessing.FunctionTransformer(np.log1p),
    "random": lambda: ensemble.RandomForestRegressor(random_state=np.random.RandomState(1)),
    "generator": lambda: preprocessing.FunctionTransformer(
        kw_args={"by": np.random.Generator(np.random.Philox(1))}
    ),
    "pipeline": lambda: fitted(
        pipeline.make_pipeline(preprocessing.StandardScaler(), tree.DecisionTreeClassifier())
    ),
}


@functools.cache
def model(name: str) -> Any:
    return MODELS[name]()


def at(graph: Any, way: str) -> tuple[Any, Any]:
    """The holder and the key of a place, such as `estimators_/0/tree_/nodes/left_child`."""
    steps = [int(step) if step.lstrip("-").isdigit() else step for step in way.split("/")]
    for step in steps[:-1]:
        graph = inside(graph)[step]
    return inside(graph), steps[-1]


def inside(value: Any) -> Any:
    if isinstance(value, Obj):
        return value.state
    return value.args if isinstance(value, New) else value


def put(way: str, value: Any) -> Callable[[Any], None]:
    """Put a value, or what a function makes of the one that is there."""

    def change(graph: Any) -> None:
        holder, key = at(graph, way)
        holder[key] = value(holder[key]) if callable(value) else value

    return change


def without(name: str) -> Callable[[Any], None]:
    return lambda graph: graph.state.pop(name)  # type: ignore[no-any-return]


def first(value: Any) -> Callable[[np.ndarray], np.ndarray]:
    """The array with another first value."""

    def change(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array[0] = value
        return array

    return change


def field(name: str, value: Any, place: int = 0) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array[name][place] = value
        return array

    return change


TREE = "tree_/nodes"
LATE = "estimators_/2/tree_/nodes"
BOOSTED = "estimators_"
PREDICTOR = "_predictors/2/0/nodes"


def shrink(array: Any) -> Any:
    return array[:-1].copy()


def narrow(array: Any) -> Any:
    return np.ascontiguousarray(array[:, :-1])


def wider_boosting(graph: Any) -> None:
    trees = graph.state["estimators_"]
    graph.state["estimators_"] = np.concatenate((trees, trees), axis=1)


def fewer_at_the_start(graph: Any) -> None:
    start = graph.state["init_"].state
    start["class_prior_"] = start["class_prior_"][:2].copy()


def no_longer_a_category(graph: Any) -> None:
    mapper = graph.state["_bin_mapper"].state
    mapper["is_categorical_"] = np.zeros_like(mapper["is_categorical_"])


def last_leaf_has_a_parent_twice(graph: Any) -> None:
    nodes = graph.state["tree_"].state["nodes"] = graph.state["tree_"].state["nodes"].copy()
    inner = np.flatnonzero(nodes["left_child"] != -1)
    nodes["left_child"][inner[-1]] = nodes["right_child"][inner[-1]]


def of_other_trees(graph: Any) -> None:
    narrow_tree = walk(tree.DecisionTreeClassifier().fit(np.c_[X, X, X], y))
    graph.state["estimators_"][1] = narrow_tree


def call_nothing(graph: Any) -> None:
    """A dict that calls what it is told when a word is unknown."""
    array = New("builtins.getattr", {"of": np.zeros(3), "name": "tofile"})
    factory = New("functools.partial", {"func": array, "args": ("stolen",), "keywords": {}})
    graph.state["vocabulary_"] = New(
        "collections.defaultdict", {"factory": factory, "items": graph.state["vocabulary_"]}
    )


ATTACKS: dict[str, tuple[str, Callable[[Any], None]]] = {
    "a child far away": ("tree", put(TREE, field("left_child", HUGE))),
    "a child before the first": ("tree", put(TREE, field("left_child", -7))),
    "a circle": ("tree", put(TREE, field("left_child", 0))),
    "one child": ("tree", put(TREE, field("right_child", -1))),
    "a child of two": ("tree", last_leaf_has_a_parent_twice),
    "a feature far away": ("tree", put(TREE, field("feature", HUGE))),
    "a feature before the first": ("tree", put(TREE, field("feature", -2))),
    "a tree deeper than it says": ("tree", put("tree_/max_depth", 0)),
    "a tree less deep than it says": ("tree", put("tree_/max_depth", HUGE)),
    "more nodes than there are": ("tree", put("tree_/node_count", HUGE)),
    "values of fewer nodes": ("tree", put("tree_/values", shrink)),
    "more classes than values": ("tree", put("tree_/n_classes", np.array([9]))),
    "a tree of more features": ("tree", put("n_features_in_", 2)),
    "a tree that is none": ("tree", put("tree_", Obj("sklearn.tree.DecisionTreeClassifier"))),
    "inside a pipeline": ("pipeline", put("steps/1/1/tree_/nodes", field("left_child", HUGE))),
    "the last tree of a forest": ("forest", put(LATE, field("left_child", HUGE))),
    "a forest of fewer features": ("forest", put("n_features_in_", 2)),
    "a forest with another's tree": ("forest", of_other_trees),
    "an isolation forest of another width": ("isolation", put("_max_features", 4)),
    "features of a tree far away": (
        "isolation",
        put("estimators_features_/0", first(HUGE)),
    ),
    "boosting with more trees than columns": ("boosting", wider_boosting),
    "boosting that starts with fewer": ("boosting", fewer_at_the_start),
    "boosting of fewer features": ("boosting", put("n_features_in_", 2)),
    "a histogram's child far away": ("histogram", put(PREDICTOR, field("left", HUGE))),
    "a histogram's circle": ("histogram", put(PREDICTOR, field("right", 0))),
    "a histogram's feature": ("histogram", put(PREDICTOR, field("feature_idx", HUGE))),
    "bins of fewer features": (
        "histogram",
        put("_bin_mapper/bin_thresholds_", lambda items: items[:-1]),
    ),
    "a set of categories far away": (
        "categories",
        put("_predictors/0/0/nodes", lambda nodes: all_of(nodes, "bitset_idx", HUGE)),
    ),
    "short sets of categories": ("categories", put("_predictors/0/0/raw_left_cat_bitsets", narrow)),
    "no categories": ("categories", no_longer_a_category),
    "more support than vectors": ("svc", put("_n_support", first(HUGE))),
    "a class without weights": ("svc", put("_dual_coef_", shrink)),
    "weights of fewer vectors": ("svc", put("_dual_coef_", narrow)),
    "an intercept too few": ("svc", put("_intercept_", shrink)),
    "support vectors too short": ("svc", put("support_vectors_", narrow)),
    "a support vector too few": ("svc", put("support_vectors_", shrink)),
    "support far away": ("precomputed svc", put("support_", first(HUGE))),
    "support before the first": ("precomputed svc", put("support_", first(-1))),
    "a probability too few": ("svc", put("_probA", np.zeros(1))),
    "probabilities that are not there": ("sparse svc", put("_effective_probability", 1)),
    "no support": ("sparse svc", put("support_", None)),
    "no counts": ("sparse svc", put("_n_support", None)),
    "no probabilities": ("svc", put("_probB", None)),
    "leaves of no size": ("kd", put("_tree/leaf_size", False)),
    "sparse weights left out": ("sparse svc", put("_dual_coef_/data", shrink)),
    "sparse columns far away": ("sparse svc", put("support_vectors_/indices", first(HUGE))),
    "sparse rows out of order": ("sparse svc", put("support_vectors_/indptr", first(HUGE))),
    "a regression of many classes": ("svr", put("_n_support", np.zeros(99, dtype=np.int32))),
    "a neighbour far away": ("kd", put("_tree/idx_array", first(HUGE))),
    "a neighbour twice": ("kd", put("_tree/idx_array", lambda index: first(index[1])(index))),
    "a node far away": ("kd", put("_tree/node_data", field("idx_end", HUGE))),
    "levels without end": ("kd", put("_tree/n_levels", 10**12)),
    "bounds of fewer features": ("kd", put("_tree/node_bounds", lambda a: a[:, :, :-1].copy())),
    "a label far away": ("brute", put("_y", first(HUGE))),
    "labels too few": ("brute", put("_y", shrink)),
    "training data too narrow": ("brute", put("_fit_X", narrow)),
    "centers too narrow": ("kmeans", put("cluster_centers_", narrow)),
    "threads without end": ("kmeans", put("_n_threads", HUGE)),
    "counts too few": ("minibatch", put("_counts", shrink)),
    "a linkage of what is not there": (
        "hdbscan",
        put("_single_linkage_tree_", field("left_node", HUGE)),
    ),
    "a word far away": ("counts", put("vocabulary_/one", HUGE)),
    "a word before the first": ("tfidf", put("vocabulary_/one", -1)),
    "a word that is no number": ("counts", put("vocabulary_/one", "one")),
    "a word that calls": ("counts", call_nothing),
    "a key far away": ("dicts", put("vocabulary_/a", HUGE)),
    "division by zero": ("hasher", put("n_features", 0)),
    "categories out of order": (
        "onehot",
        put("categories_/0", lambda array: array[::-1].copy()),
    ),
    "a dropped category far away": ("onehot", put("drop_idx_/0", HUGE)),
    "a rare category far away": ("rare", put("_default_to_infrequent_mappings/0", first(HUGE))),
    "a label of a set far away": ("labels", put("_cached_dict", {1: HUGE})),
    "averages too short": ("sgd", put("_average_coef", narrow)),
    "centers of unknown width": ("kmeans", without("n_features_in_")),
    "a check that is not made": (
        "forest",
        put("_validate_X_predict", Name("function", "numpy.asarray")),
    ),
    "factors too narrow": ("nmf", put("components_", narrow)),
    "factors too few": ("nmf", put("components_", shrink)),
    "knots too few": ("spline", put("bsplines_/0/c", lambda array: array[:2].copy())),
    "a random state far away": ("random", put("random_state/state/state/pos", HUGE)),
    "a short random state": ("random", put("random_state/state/state/key", shrink)),
    "a Philox far away": ("generator", put("kw_args/by/state/buffer_pos", HUGE)),
}


def all_of(nodes: np.ndarray, name: str, value: int) -> np.ndarray:
    nodes = nodes.copy()
    nodes[name] = value
    return nodes


@pytest.mark.parametrize("name", MODELS)
def test_what_was_fitted_is_built(name: str) -> None:
    build(walk(model(name)))


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_by_name(name: str) -> None:
    of, change = ATTACKS[name]
    graph = walk(model(of))
    change(graph)
    with pytest.raises(JobError) as caught:
        build(graph)
    assert caught.value.path.startswith("model")
    assert str(caught.value.cause)


def bound(of: Any, name: str) -> New:
    return New("builtins.getattr", {"of": of, "name": name})


@pytest.mark.parametrize(
    "value",
    [
        Name("function", "os.system"),
        Name("function", "numpy.fromfile"),
        Name("function", "numpy.save"),
        Name("function", "numpy.recfromcsv"),
        Name("function", "numpy._no_nep50_warning"),
        Name("function", "builtins.eval"),
        Name("function", "operator.call"),
        Name("function", "operator.methodcaller"),
        Name("function", "scipy.sparse.save_npz"),
        Name("function", "scipy.special.test"),
        Name("function", "sklearn.datasets.dump_svmlight_file"),
        Name("function", "sklearn.tree.export_graphviz"),
        Name("function", "sklearn.utils.assert_run_python_script_without_output"),
        Name("function", "sklearn.utils._delete_folder"),
        Name("function", "sklearn.svm.predict"),
        Name("type", "sklearn.utils.TempMemmap"),
        Obj("sklearn.tree.BestSplitter"),
        Obj("numpy.ndarray", {"__getstate__": (1, (10**12,), np.dtype("f8"), False, b"")}),
        Obj("builtins.type"),
        New("os.system", {"command": "true"}),
        bound(np.zeros(3), "tofile"),
        bound(np.zeros(3), "dump"),
        bound(Name("type", "numpy.ndarray"), "tofile"),
        bound(New("pandas.DataFrame", {"columns": [], "index": [], "values": []}), "eval"),
        bound(New("joblib.Memory", {"location": None}), "clear"),
        bound("text", "__class__"),
        New(
            "builtins.reduce",
            {
                "of": Name("type", "operator.attrgetter"),
                "plain": False,
                "args": ("__class__.__base__.__subclasses__",),
                "items": [],
                "pairs": {},
                "state": None,
            },
        ),
        New("fractions.Fraction", {"text": "1e1000000000"}),
        New(
            "scipy.sparse.csr_matrix",
            {
                "data": np.ones(1),
                "indices": np.array([5], "i4"),
                "indptr": np.array([0, 1], "i4"),
                "shape": (1, 2),
            },
        ),
        New(
            "scipy.sparse.csr_matrix",
            {
                "data": np.ones(2),
                "indices": np.array([1, 0], "i4"),
                "indptr": np.array([0, 2], "i4"),
                "shape": (1, 2),
                "sorted": True,
            },
        ),
        New(
            "scipy.interpolate.PPoly",
            {"c": np.zeros((2, 9)), "x": np.zeros(2), "extrapolate": True, "axis": 0},
        ),
    ],
    ids=repr,
)
def test_what_a_model_may_not_hold(value: Any) -> None:
    """What reads, writes or runs, and compiled objects that were never made."""
    with pytest.raises(JobError):
        build(Obj("sklearn.preprocessing.FunctionTransformer", {"func": value}))


@pytest.mark.parametrize(
    "value", [str.lower, np.ndarray.sum, "a b".split, np.zeros(2).dot, np.add.reduce]
)
def test_methods_that_only_compute_are_carried(value: Any) -> None:
    assert build(walk([value]))[0] == value or callable(build(walk([value]))[0])


def test_depth_and_circles_end() -> None:
    deep: Any = None
    for _ in range(100000):
        deep = [deep]
    with pytest.raises(JobError, match="too deeply"):
        build(deep)
    forest = walk(model("forest"))
    forest.state["estimators_"].append(forest)
    with pytest.raises(JobError, match="no decision tree"):
        build(forest)
    laughs: Any = []
    for _ in range(100):
        laughs = [laughs, laughs]
    assert len(build(laughs)) == 2
