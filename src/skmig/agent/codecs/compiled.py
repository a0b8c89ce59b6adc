"""Codecs for scikit-learn's compiled objects: what they mean, not their memory image.

The target makes its own: distance metrics and losses by their constructors, KD and ball trees from
their arrays.  Decision trees are in `trees`.
"""

import importlib

import numpy as np

from skmig.agent.names import find, tag_of
from skmig.agent.neutral import New

# ------------------------------------------------------------------ distance metrics
_METRICS = {
    "EuclideanDistance": "euclidean",
    "SEuclideanDistance": "seuclidean",
    "ManhattanDistance": "manhattan",
    "ChebyshevDistance": "chebyshev",
    "MinkowskiDistance": "minkowski",
    "WMinkowskiDistance": "wminkowski",
    "MahalanobisDistance": "mahalanobis",
    "HammingDistance": "hamming",
    "CanberraDistance": "canberra",
    "BrayCurtisDistance": "braycurtis",
    "MatchingDistance": "matching",
    "JaccardDistance": "jaccard",
    "DiceDistance": "dice",
    "KulsinskiDistance": "kulsinski",
    "RogersTanimotoDistance": "rogerstanimoto",
    "RussellRaoDistance": "russellrao",
    "SokalMichenerDistance": "sokalmichener",
    "SokalSneathDistance": "sokalsneath",
    "HaversineDistance": "haversine",
    "PyFuncDistance": "pyfunc",
}


def _metric(walker, value, path):
    name = type(value).__name__
    for width in ("64", "32"):
        name = name[: -len(width)] if name.endswith(width) else name
    metric = _METRICS[name]
    state = value.__getstate__()
    power, vector, matrix = state[0], np.asarray(state[1]), np.asarray(state[2])
    args = {"metric": metric}
    if metric in ("minkowski", "wminkowski"):
        args["p"] = float(power)
    if metric == "wminkowski" or (metric == "minkowski" and _weights(vector)):
        args["w"] = np.array(vector)
    if metric == "seuclidean":
        args["V"] = np.array(vector)
    if metric == "mahalanobis":
        args["VI"] = np.array(matrix)
    if metric == "pyfunc":
        args["func"] = walker(state[3], path + ".func")
        args["kwargs"] = walker(state[4], path + ".kwargs")
    return New("sklearn.metrics.DistanceMetric", args)


def _weights(vector):
    """Minkowski without weights keeps one zero, or nothing, where the weights would be."""
    return vector.size > 1 or (vector.size == 1 and vector[0] != 0)


def _metric_class():
    for module in ("sklearn.metrics", "sklearn.neighbors"):
        found = getattr(importlib.import_module(module), "DistanceMetric", None)
        if found is not None:
            return found
    raise LookupError("no DistanceMetric in this release")


def _make_metric(builder, value, path):
    args = {name: builder(item, path + "." + name) for name, item in value.args.items()}
    metric = args.pop("metric")
    if metric not in _METRICS.values():
        raise ValueError("unknown metric %r" % (metric,))
    args.update(args.pop("kwargs", {}))
    if args.get("w", 0) is None:
        del args["w"]
    return _metric_class().get_metric(metric, **args)


# ------------------------------------------------------------------ KD and ball trees
_INNER = ("leaf_size", "n_levels", "n_nodes")


def _space_tree(walker, value, path):
    state = value.__getstate__()
    args = {
        "data": walker(np.asarray(state[0]), path + ".data"),
        # the order in which equal distances are found depends on how points were split
        "idx_array": walker(np.asarray(state[1]), path + ".idx_array"),
        "node_data": walker(np.asarray(state[2]), path + ".node_data"),
        "node_bounds": walker(np.asarray(state[3]), path + ".node_bounds"),
        "metric": walker(state[11], path + ".metric"),
        # before 0.20 there were no sample weights
        "sample_weight": walker(state[12], path) if len(state) > 12 else None,
    }
    args.update(zip(_INNER, (int(item) for item in state[4:7])))
    return New(tag_of(type(value)), args)


def _make_space_tree(builder, value, path):
    args = {name: builder(item, path + "." + name) for name, item in value.args.items()}
    data, index, nodes, bounds = (
        args[name] for name in ("data", "idx_array", "node_data", "node_bounds")
    )
    kind = find(value.tag)
    # a tree of this release over one point shows the layout of its state
    pattern = list(kind(np.zeros((2, data.shape[1])), metric=args["metric"]).__getstate__())
    for place, given in enumerate((data, index, nodes, bounds)):
        if given.dtype.itemsize != pattern[place].dtype.itemsize or given.ndim != (
            pattern[place].ndim
        ):
            raise ValueError("an array of dtype %s in a neighbours tree" % given.dtype)
    n_samples, n_nodes, n_levels = data.shape[0], args["n_nodes"], args["n_levels"]
    if index.shape != (n_samples,) or not np.array_equal(np.sort(index), np.arange(n_samples)):
        raise ValueError("idx_array is not a permutation of the samples")
    if type(args["leaf_size"]) is not int or args["leaf_size"] < 1:
        raise ValueError("leaf_size %r" % (args["leaf_size"],))
    if not 1 <= n_levels < 64 or nodes.shape != (n_nodes,) or n_nodes != 2**n_levels - 1:
        raise ValueError("%r nodes in %r levels" % (nodes.shape, n_levels))
    if bounds.shape[1:] != (n_nodes, data.shape[1]) or bounds.shape[0] != pattern[3].shape[0]:
        raise ValueError("node_bounds of shape %r" % (bounds.shape,))
    weights = args["sample_weight"]
    if weights is not None and (weights.shape != (n_samples,) or weights.dtype.kind != "f"):
        raise ValueError("sample_weight of shape %r" % (weights.shape,))
    start, end = nodes["idx_start"], nodes["idx_end"]
    if (start < 0).any() or (end > n_samples).any() or (start > end).any():
        raise ValueError("a node that is out of range")
    if not nodes["is_leaf"][n_nodes // 2 :].all():
        raise ValueError("a node of the last level that is not a leaf")
    # not copied: a tree that `fit` made also looks at the estimator's own `_fit_X`
    pattern[:4] = [np.asarray(item) for item in (data, index, nodes, bounds)]
    pattern[4:7] = [args[name] for name in _INNER]
    pattern[7:11] = [0, 0, 0, 0]  # counters of the last query
    pattern[11] = args["metric"]
    if len(pattern) > 12:
        pattern[12] = args["sample_weight"]
    elif args["sample_weight"] is not None:
        raise ValueError("sample weights, which this release does not know")
    tree = kind.__new__(kind)
    tree.__setstate__(tuple(pattern))
    return tree


# ------------------------------------------------------------------ losses
_LEGACY = (
    "LeastSquaresError LeastAbsoluteError HuberLossFunction QuantileLossFunction "
    "BinomialDeviance MultinomialDeviance ExponentialLoss "
    "LeastSquares LeastAbsoluteDeviation Poisson BinaryCrossEntropy CategoricalCrossEntropy"
).split()
_MODERN = {
    "HalfSquaredError": (),
    "AbsoluteError": (),
    "PinballLoss": ("quantile",),
    "HuberLoss": ("quantile", "delta"),
    "HalfPoissonLoss": (),
    "HalfGammaLoss": (),
    "HalfTweedieLoss": ("power",),
    "HalfTweedieLossIdentity": ("power",),
    "HalfBinomialLoss": (),
    "HalfMultinomialLoss": ("n_classes",),
    "ExponentialLoss": (),
}
_GRADIENT_DESCENT = (
    "Hinge SquaredHinge Log ModifiedHuber SquaredLoss Huber EpsilonInsensitive "
    "SquaredEpsilonInsensitive"
).split()
_FLAGS = ("constant_hessian", "approx_hessian")


def _loss(walker, value, path):
    tag = tag_of(type(value))
    if not hasattr(value, "__dict__"):
        # SGD's compiled losses say themselves how they are made
        return New(tag, {"args": walker(tuple(value.__reduce__()[1]), path)})
    if not tag.startswith("sklearn._loss."):
        return New(tag, walker.fill_dict({}, vars(value), path))
    args = {name: getattr(value, name) for name in _FLAGS if hasattr(value, name)}
    for name in _MODERN[tag.rsplit(".", 1)[1]]:
        found = getattr(value, name, None)
        args[name] = getattr(value.closs, name, None) if found is None else found
    return New(tag, args)


def _make_legacy_loss(builder, value, path):
    kind = find(value.tag)
    loss = kind.__new__(kind)
    for name, item in value.args.items():
        setattr(loss, name, builder(item, path + "." + name))
    return loss


def _make_modern_loss(builder, value, path):
    args = {name: builder(item, path + "." + name) for name, item in value.args.items()}
    flags = {name: args.pop(name) for name in _FLAGS if name in args}
    args = {name: item for name, item in args.items() if item is not None}
    if value.tag.rsplit(".", 1)[1] == "HuberLoss" and "delta" in args:
        delta = args.pop("delta")
        loss = find(value.tag)(delta=delta, **args)
    else:
        loss = find(value.tag)(**args)
    for name, flag in flags.items():
        if hasattr(loss, name):
            setattr(loss, name, flag)
    return loss


def _make_compiled_loss(builder, value, path):
    return find(value.tag)(*builder(value.args["args"], path))


ENCODERS = {
    ("sklearn", "DistanceMetric"): _metric,
    ("sklearn", "DistanceMetric64"): _metric,
    ("sklearn", "DistanceMetric32"): _metric,
    ("sklearn", "BinaryTree"): _space_tree,
    ("sklearn", "KDTree"): _space_tree,
    ("sklearn", "BallTree"): _space_tree,
    ("sklearn", "KDTree32"): _space_tree,
    ("sklearn", "BallTree32"): _space_tree,
    ("sklearn", "LossFunction"): _loss,
    ("sklearn", "BaseLoss"): _loss,
    ("sklearn", "CyLossFunction"): _loss,
    ("_loss", "CyLossFunction"): _loss,
}

DECODERS = {"sklearn.metrics.DistanceMetric": _make_metric}
DECODERS.update(
    ("sklearn.neighbors." + name, _make_space_tree)
    for name in ("KDTree", "BallTree", "KDTree32", "BallTree32")
)
DECODERS.update(("sklearn.ensemble." + name, _make_legacy_loss) for name in _LEGACY)
DECODERS.update(("sklearn._loss." + name, _make_modern_loss) for name in _MODERN)
DECODERS.update(("sklearn.linear_model." + name, _make_compiled_loss) for name in _GRADIENT_DESCENT)
DECODERS.update(("sklearn._loss.Cy" + name, _make_compiled_loss) for name in _MODERN)
