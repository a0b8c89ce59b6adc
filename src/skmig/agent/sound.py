"""What scikit-learn's compiled code takes on trust: checked before a built model is given out.

Cython without bounds checks, libsvm and OpenMP follow these numbers without looking; `fit` made
them right, a payload from a stranger may not have.  A model that breaks one of them is refused: it
would read or write memory that is not its own, at the latest where it is deployed.

One table: class (of any release, or a base class of that name) -> check.  A check takes the built
object and its attributes, and raises UnsoundError; what is not there was not fitted, nor used.
What the compiled objects themselves must hold is checked where they are made, in `codecs`.
"""

import importlib

import numpy as np

from skmig.agent.errors import JobError
from skmig.agent.names import find
from skmig.agent.own import is_sklearn

MAX_THREADS = 1024
MAX_BINS = 256  # a binned value is one byte
_BITSET_WORDS = 8  # 256 bits
_LIBSVM_PRECOMPUTED = "precomputed"
# compiled code takes None for an array and reads from nothing
_LIBSVM_ARRAYS = (
    "support_ support_vectors_ n_support_ _n_support dual_coef_ _dual_coef_ intercept_ _intercept_ "
    "probA_ _probA probB_ _probB class_weight_"
).split()


class UnsoundError(ValueError):
    """An attribute that compiled code would follow out of its memory."""


def _require(condition, text, *found):
    if not condition:
        raise UnsoundError(text % found if found else text)


# ------------------------------------------------------------------ helpers
def _n_features(state):
    """How many features the estimator lets through, in whatever release; None if it says none."""
    for name in ("n_features_in_", "n_features_", "_n_features"):
        value = state.get(name)
        if isinstance(value, (int, np.integer)):
            return int(value)
    return None


def _array(state, name, ndim, kinds):
    """The attribute as an array of that many dimensions; None where it is not there."""
    if name not in state:
        return None
    value = state[name]
    _require(isinstance(value, np.ndarray), "%s is no array but %s", name, type(value).__name__)
    _require(
        value.ndim == ndim and value.dtype.kind in kinds,
        "%s has dtype %s and shape %r",
        name,
        value.dtype,
        value.shape,
    )
    return value


def _within(values, low, high, name):
    """Every value in [low, high)."""
    values = np.asarray(values)
    if values.size:
        _require(values.dtype.kind in "iub", "%s has dtype %s", name, values.dtype)
        least, most = int(values.min()), int(values.max())
        _require(
            least >= low and most < high,
            "%s has %d where %d to %d may stand",
            name,
            least if least < low else most,
            low,
            high - 1,
        )


def _are_recorded():
    """Does this release hold the width of its input against `n_features_in_`, and only if it is
    there?"""
    validation = importlib.import_module("sklearn.utils.validation")
    base = importlib.import_module("sklearn.base").BaseEstimator
    return hasattr(base, "_check_n_features") or hasattr(validation, "_check_n_features")


def _same_features(found, state, name):
    expected = _n_features(state)
    _require(
        found == expected or (expected is None and not _are_recorded()),
        "%s is of %d features and the estimator of %s",
        name,
        found,
        expected,
    )


# ------------------------------------------------------------------ trees (tree/_tree.pyx)
def _tree_of(estimator, name):
    """The compiled tree of a decision tree."""
    _require(
        isinstance(estimator, find("sklearn.tree.BaseDecisionTree")),
        "%s is no decision tree but %s",
        name,
        type(estimator).__name__,
    )
    tree = vars(estimator).get("tree_")
    _require(
        isinstance(tree, find("sklearn.tree.Tree")), "%s.tree_ is %s", name, type(tree).__name__
    )
    return tree


def _decision_tree(estimator, state):
    if "tree_" in state:
        tree = _tree_of(estimator, "it")
        _same_features(tree.n_features, state, "tree_")


def _forest(estimator, state):
    """Trees are asked without their own look at the input."""
    if "estimators_" not in state or "estimators_features_" in state:
        return
    counts = set()
    for i, item in enumerate(_items(state, "estimators_")):
        counts.add(_tree_of(item, "estimators_[%d]" % i).n_features)
    _require(len(counts) < 2, "estimators_ are of %s features", sorted(counts))
    for count in counts:
        _same_features(count, state, "estimators_")


def _items(state, name):
    value = state.get(name)
    _require(isinstance(value, (list, tuple, np.ndarray)), "%s is %s", name, type(value).__name__)
    return value


def _isolation_forest(estimator, state):
    if "estimators_" not in state:
        return
    trees, features = _items(state, "estimators_"), _items(state, "estimators_features_")
    _require(len(trees) == len(features), "%d trees, %d feature sets", len(trees), len(features))
    width = state.get("_max_features")
    n_features = _n_features(state)
    for i, (tree, columns) in enumerate(zip(trees, features)):
        found = _tree_of(tree, "estimators_[%d]" % i).n_features
        columns = np.asarray(columns)
        _require(
            columns.ndim == 1 and len(columns) == found and width in (None, found),
            "estimators_[%d] is of %d features, estimators_features_[%d] of %d",
            i,
            found,
            i,
            columns.size,
        )
        if n_features is not None:
            _within(columns, 0, n_features, "estimators_features_[%d]" % i)


def _gradient_boosting(estimator, state):
    """_gradient_boosting.pyx: predict_stages."""
    if "estimators_" not in state:
        return
    trees = _array(state, "estimators_", 2, "O")
    for place in np.ndindex(*trees.shape):
        name = "estimators_[%d, %d]" % place
        tree = _tree_of(trees[place], name)
        _same_features(tree.n_features, state, name)
        _require(
            tree.n_outputs == 1 and tree.max_n_classes == 1,
            "%s has %d outputs of %d values",
            name,
            tree.n_outputs,
            tree.max_n_classes,
        )


def _start_of_boosting(estimator, state):
    """The trees of a round add to as many columns as the start has."""
    if "estimators_" not in state:
        return
    trees, n_features = state["estimators_"], _n_features(state)
    if n_features is None and trees.size:
        n_features = trees.flat[0].tree_.n_features
    start = getattr(estimator, "_raw_predict_init", None)
    start = start or getattr(estimator, "_init_decision_function", None)
    if start is None or not trees.size:
        return
    try:
        found = start(np.zeros((1, n_features), dtype=np.float32))
    except Exception as exc:
        raise UnsoundError("init_ answers nothing (%s: %s)" % (type(exc).__name__, exc))
    _require(
        found.shape == (1, trees.shape[1]),
        "init_ answers in shape %r and estimators_ has shape %r",
        found.shape,
        trees.shape,
    )


# ------------------------------------------------- histogram gradient boosting (_predictor.pyx)
def _bin_mapper(estimator, state):
    """_binning.pyx, and the table of known categories that `predict` makes from it."""
    thresholds = state.get("bin_thresholds_")
    if thresholds is None:
        return
    thresholds = _items(state, "bin_thresholds_")
    for i, item in enumerate(thresholds):
        _require(
            isinstance(item, np.ndarray) and item.ndim == 1 and item.dtype.kind == "f",
            "bin_thresholds_[%d] is no row of numbers",
            i,
        )
        _require(len(item) < MAX_BINS, "bin_thresholds_[%d] has %d bins", i, len(item) + 1)
    for name in ("is_categorical_", "n_bins_non_missing_"):
        item = state.get(name)
        if item is not None:
            _require(
                np.shape(item) == (len(thresholds),),
                "%s has shape %r for %d features",
                name,
                np.shape(item),
                len(thresholds),
            )
    categorical = state.get("is_categorical_")
    if categorical is not None:
        for i in np.flatnonzero(np.asarray(categorical)):
            values = thresholds[i]
            _require(
                not values.size or (values.min() >= 0 and values.max() < MAX_BINS),
                "bin_thresholds_[%d] has categories beyond %d",
                i,
                MAX_BINS - 1,
            )
    missing = state.get("missing_values_bin_idx_")
    if missing is not None:
        _within(missing, 0, MAX_BINS, "missing_values_bin_idx_")


def _hist_boosting(estimator, state):
    if "_predictors" not in state:
        return
    mapper = vars(state["_bin_mapper"]) if state.get("_bin_mapper") is not None else {}
    n_features = _n_features(state)
    if n_features is None and "bin_thresholds_" in mapper:
        n_features = len(mapper["bin_thresholds_"])
    categorical = mapper.get("is_categorical_")
    if "bin_thresholds_" in mapper:
        _same_features(len(mapper["bin_thresholds_"]), state, "_bin_mapper")
    for i, predictors in enumerate(_items(state, "_predictors")):
        for k, predictor in enumerate(predictors):
            name = "_predictors[%d][%d]" % (i, k)
            _require(hasattr(predictor, "__dict__"), "%s is no tree", name)
            _predictor(vars(predictor), n_features, categorical, name)


def _predictor(state, n_features, categorical, name):
    nodes = state.get("nodes")
    _require(
        isinstance(nodes, np.ndarray) and nodes.ndim == 1 and nodes.dtype.names and len(nodes),
        "%s has no nodes",
        name,
    )
    inner = nodes["is_leaf"] == 0
    _require(int(nodes["is_leaf"].max()) <= 1, "%s has a leaf of mark %d", name, 2)
    # children come after their parent, so that no way turns in a circle
    here = np.flatnonzero(inner)
    for side in ("left", "right"):
        child = nodes[side][inner].astype(np.int64)
        _require(
            not len(child) or (bool((child > here).all()) and int(child.max()) < len(nodes)),
            "%s has a child that is out of range",
            name,
        )
    feature = nodes["feature_idx"][inner]
    if n_features is not None:
        _within(feature, 0, n_features, name + ".nodes['feature_idx']")
    if "is_categorical" not in nodes.dtype.names:
        return
    by_category = inner & (nodes["is_categorical"] != 0)
    if not by_category.any():
        return
    raw = state.get("raw_left_cat_bitsets")
    _require(
        isinstance(raw, np.ndarray) and raw.ndim == 2 and raw.shape[1] == _BITSET_WORDS,
        "%s has no sets of categories",
        name,
    )
    binned = state.get("binned_left_cat_bitsets")
    rows = min(len(raw), len(binned) if isinstance(binned, np.ndarray) else len(raw))
    _within(nodes["bitset_idx"][by_category].astype(np.int64), 0, rows, name + " bitset_idx")
    _require(categorical is not None, "%s splits by category, and no feature is one", name)
    asked = nodes["feature_idx"][by_category]
    _within(asked, 0, len(categorical), name + ".nodes['feature_idx']")
    _require(
        bool((np.asarray(categorical)[asked] != 0).all()),
        "%s splits a feature by category that has none",
        name,
    )


# ------------------------------------------------------------------ libsvm (svm.cpp)
def _libsvm(estimator, state):
    """set_model and svm_predict_values read these by counts that they take from one another."""
    if "support_vectors_" not in state and "shape_fit_" not in state:
        return
    for name in _LIBSVM_ARRAYS:
        _require(name not in state or state[name] is not None, "%s is None", name)
    counts = state.get("_n_support", state.get("n_support_"))
    support = _array(state, "support_", 1, "i")
    vectors = state.get("support_vectors_")
    for name, item in (("n_support_", counts), ("support_", support), ("vectors", vectors)):
        _require(item is not None, "%s is missing", name)
    counts = np.asarray(counts)
    _require(counts.ndim == 1 and counts.size > 1, "n_support_ has shape %r", counts.shape)
    n_classes, total = len(counts), len(support)
    if getattr(estimator, "_impl", None) in ("epsilon_svr", "nu_svr", "one_class"):
        _require(n_classes == 2, "n_support_ has %d values of 2", n_classes)
    else:
        _within(counts, 0, total + 1, "n_support_")
        _require(int(counts.sum()) == total, "n_support_ is %s of %d", counts.tolist(), total)
    shape = state.get("shape_fit_", getattr(estimator, "shape_fit_", None))
    kernel = getattr(estimator, "kernel", None)
    computed = kernel == _LIBSVM_PRECOMPUTED or callable(kernel)
    if shape is not None:
        _require(isinstance(shape, (tuple, list)) and len(shape) == 2, "shape_fit_ is %r", shape)
        _within(support, 0, int(shape[0]), "support_")
    if not computed:
        _require(
            len(vectors.shape) == 2 and vectors.shape[0] == total,
            "support_vectors_ has shape %r for %d vectors",
            vectors.shape,
            total,
        )
        if shape is not None:
            _require(
                vectors.shape[1] == shape[1],
                "support_vectors_ has %d columns of %d",
                vectors.shape[1],
                shape[1],
            )
    rows, pairs = n_classes - 1, n_classes * (n_classes - 1) // 2
    for name in ("dual_coef_", "_dual_coef_"):
        weights = state.get(name)
        if weights is None:
            continue
        _require(
            tuple(weights.shape) == (rows, total),
            "%s has shape %r for %r",
            name,
            tuple(weights.shape),
            (rows, total),
        )
        if not isinstance(weights, np.ndarray):
            _require(len(weights.data) == rows * total, "%s leaves out values", name)
    for name in ("intercept_", "_intercept_"):
        if name in state:
            _require(len(state[name]) >= pairs, "%s has %d values", name, len(state[name]))
    if state.get("_sparse") is True and state.get(
        "_effective_probability", state.get("probability", False)
    ):
        # the sparse model copies them without a look at how many there are
        for name in ("_probA", "_probB"):
            _require(name not in state or len(state[name]) >= pairs, "%s is too short", name)
    for names in (("probA_", "_probA"), ("probB_", "_probB")):
        for name in names:
            values = state.get(name)
            _require(
                values is None or len(values) == 0 or len(values) >= pairs,
                "%s has fewer than %d values",
                name,
                pairs,
            )


# ------------------------------------------------------------------ neighbours
def _neighbours(estimator, state):
    """metrics/_pairwise_distances_reduction: rows of the training data against the input's."""
    data = state.get("_fit_X")
    if data is None or not hasattr(data, "shape") or len(data.shape) != 2:
        return
    if state.get("effective_metric_") != "precomputed":
        _same_features(data.shape[1], state, "_fit_X")
    samples = state.get("n_samples_fit_")
    _require(
        samples is None or samples == data.shape[0],
        "n_samples_fit_ is %s and _fit_X has %d rows",
        samples,
        data.shape[0],
    )
    tree = state.get("_tree")
    if tree is not None:
        _require(isinstance(tree, _space_trees()), "_tree is no neighbours tree but %s", type(tree))
        found = np.asarray(tree.data).shape
        _require(
            found == tuple(data.shape), "_tree holds %r and _fit_X %r", found, tuple(data.shape)
        )


def _space_trees():
    kinds = []
    for name in ("KDTree", "BallTree", "KDTree32", "BallTree32"):
        try:
            kinds.append(find("sklearn.neighbors." + name))
        except LookupError:
            continue
    return tuple(kinds)


def _neighbour_labels(estimator, state):
    """_argkmin_classmode.pyx counts labels by their numbers."""
    labels, classes, data = state.get("_y"), state.get("classes_"), state.get("_fit_X")
    if labels is None or classes is None or data is None:
        return
    labels = np.asarray(labels)
    if labels.shape:
        _require(len(labels) == data.shape[0], "_y has %d of %d", len(labels), data.shape[0])
    several = isinstance(classes, list)
    for i, names in enumerate(classes if several else [classes]):
        column = labels[:, i] if several else labels
        _within(column, 0, len(names), "_y")


# ------------------------------------------------------------------ clusters (_k_means_*.pyx)
def _k_means(estimator, state):
    threads = state.get("_n_threads")
    if threads is not None:
        _within(threads, 1, MAX_THREADS + 1, "_n_threads")
    centers = _array(state, "cluster_centers_", 2, "f")
    if centers is None:
        return
    _same_features(centers.shape[1], state, "cluster_centers_")
    for name in ("_counts", "counts_"):
        if state.get(name) is not None:
            _require(
                np.shape(state[name]) == (len(centers),),
                "%s has shape %r for %d clusters",
                name,
                np.shape(state[name]),
                len(centers),
            )


def _linkage(estimator, state):
    """_hdbscan/_tree.pyx: row i joins what was there before it."""
    tree = state.get("_single_linkage_tree_")
    if tree is None:
        return
    _require(
        isinstance(tree, np.ndarray) and tree.ndim == 1 and tree.dtype.names,
        "_single_linkage_tree_ is no table",
    )
    made = len(tree) + 1 + np.arange(len(tree))
    for side in ("left_node", "right_node"):
        nodes = tree[side]
        _require(
            bool((nodes >= 0).all() and (nodes < made).all()),
            "_single_linkage_tree_ joins what is not there",
        )


# ------------------------------------------------------------- text, encoders (sparse columns)
def _vocabulary(estimator, state):
    """The numbers of the terms become column indices of a sparse matrix, unchecked by scipy."""
    found = state.get("vocabulary_")
    if found is None:
        return
    _require(isinstance(found, dict), "vocabulary_ is %s", type(found).__name__)
    if found:
        try:
            numbers = np.fromiter(found.values(), dtype=np.int64, count=len(found))
        except (TypeError, ValueError, OverflowError):
            raise UnsoundError("vocabulary_ has a number that is none")
        _within(numbers, 0, len(found), "vocabulary_")


def _hasher(estimator, state):
    """_hashing_fast.pyx divides by it."""
    if "n_features" in state:
        _within(state["n_features"], 1, 1 << 31, "n_features")


def _one_hot(estimator, state):
    categories = state.get("categories_")
    if categories is None:
        return
    for i, values in enumerate(_items(state, "categories_")):
        _require(
            isinstance(values, np.ndarray) and values.ndim == 1, "categories_[%d] is no row", i
        )
        if values.dtype.kind in "biuf" and len(values) > 1:
            # a search in what is not sorted finds places behind the last one
            known = values[values == values]
            _require(
                np.array_equal(known, values[: len(known)])
                and bool((known[1:] >= known[:-1]).all()),
                "categories_[%d] are not sorted",
                i,
            )
    for name in ("drop_idx_", "_drop_idx_after_grouping"):
        dropped = state.get(name)
        for i, item in enumerate(dropped if dropped is not None else ()):
            if item is not None and i < len(categories):
                _require(
                    isinstance(item, (int, float, np.number)) and 0 <= item < len(categories[i]),
                    "%s[%d] is %s of %d categories",
                    name,
                    i,
                    item,
                    len(categories[i]),
                )
    mappings = state.get("_default_to_infrequent_mappings")
    for i, mapping in enumerate(mappings if mappings is not None else ()):
        if mapping is not None and i < len(categories):
            _require(
                len(mapping) == len(categories[i]),
                "_default_to_infrequent_mappings[%d] has %d of %d categories",
                i,
                len(mapping),
                len(categories[i]),
            )
            rare = len(np.unique(np.asarray(mapping)))
            _within(mapping, 0, rare, "_default_to_infrequent_mappings[%d]" % i)


def _cached_labels(estimator, state):
    cached, classes = state.get("_cached_dict"), state.get("classes_")
    if cached is not None and classes is not None:
        _require(isinstance(cached, dict), "_cached_dict is %s", type(cached).__name__)
        _within(list(cached.values()), 0, len(classes), "_cached_dict")


# ------------------------------------------------------------------ what a refit goes on with
def _descent(estimator, state):
    """_sgd_fast.pyx and _cd_fast.pyx go on from these by the length of the input's rows."""
    weights = state.get("coef_")
    if not isinstance(weights, np.ndarray) or not weights.ndim:
        return
    _same_features(weights.shape[-1], state, "coef_")
    for name in ("_average_coef", "average_coef_", "_standard_coef", "standard_coef_"):
        other = state.get(name)
        if other is not None:
            _require(
                np.size(other) == weights.size,
                "%s has shape %r and coef_ %r",
                name,
                np.shape(other),
                weights.shape,
            )


def _factors(estimator, state):
    """_cdnmf_fast.pyx: as many columns of W as rows of H."""
    parts = _array(state, "components_", 2, "f")
    if parts is not None:
        _same_features(parts.shape[1], state, "components_")
        for name in ("n_components_", "_n_components"):
            count = state.get(name)
            _require(
                not isinstance(count, (int, np.integer)) or count == len(parts),
                "%s is %s and components_ has %d rows",
                name,
                count,
                len(parts),
            )


CHECKS = {
    "BaseDecisionTree": _decision_tree,
    "BaseForest": _forest,
    "IsolationForest": _isolation_forest,
    "BaseGradientBoosting": _gradient_boosting,
    "_BinMapper": _bin_mapper,
    "BaseHistGradientBoosting": _hist_boosting,
    "BaseLibSVM": _libsvm,
    "NeighborsBase": _neighbours,
    "KNeighborsClassifier": _neighbour_labels,
    "RadiusNeighborsClassifier": _neighbour_labels,
    "KMeans": _k_means,
    "MiniBatchKMeans": _k_means,
    "BisectingKMeans": _k_means,
    "HDBSCAN": _linkage,
    "CountVectorizer": _vocabulary,
    "DictVectorizer": _vocabulary,
    "FeatureHasher": _hasher,
    "HashingVectorizer": _hasher,
    "OneHotEncoder": _one_hot,
    "MultiLabelBinarizer": _cached_labels,
    "BaseSGD": _descent,
    "ElasticNet": _descent,
    "NMF": _factors,
    "MiniBatchNMF": _factors,
}
# these ask parts of the model, so that all others come first
TRIALS = {"BaseGradientBoosting": _start_of_boosting}


def check(built):
    """Check objects that were built, given as (object, path).  Raises JobError."""
    for table in (CHECKS, TRIALS):
        for value, path in built:
            for base in type(value).__mro__:
                wanted = table.get(base.__name__)
                if wanted is not None and is_sklearn(base):
                    _run(wanted, value, path)


def _run(wanted, value, path):
    try:
        wanted(value, vars(value))
    except Exception as exc:  # also what a check trips over: nothing that `fit` makes does that
        raise JobError("build", path, exc)
