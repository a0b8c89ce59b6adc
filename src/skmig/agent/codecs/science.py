"""Codecs for scipy: sparse matrices, frozen distributions, interpolators."""

import importlib

import numpy as np

from skmig.agent.names import UnknownNameError
from skmig.agent.neutral import New

_PIECEWISE = (
    "PPoly",
    "BPoly",
    "CubicSpline",
    "CubicHermiteSpline",
    "PchipInterpolator",
    "Akima1DInterpolator",
)
_COMPRESSED = ("csr_matrix", "csc_matrix", "bsr_matrix", "csr_array", "csc_array", "bsr_array")
_COORDINATE = ("coo_matrix", "coo_array")
_OTHER = ("lil_matrix", "dok_matrix", "dia_matrix", "lil_array", "dok_array", "dia_array")


def _compressed(walker, value, path):
    args = {
        "data": walker(value.data, path + ".data"),
        "indices": walker(value.indices, path + ".indices"),
        "indptr": walker(value.indptr, path + ".indptr"),
        "shape": tuple(int(n) for n in value.shape),
    }
    # only what was worked out already: asking would sort or scan
    flag = vars(value).get("_has_sorted_indices")
    if flag is not None:
        args["sorted"] = bool(flag)
    return New("scipy.sparse." + type(value).__name__, args)


def _coordinate(walker, value, path):
    args = {
        "data": walker(value.data, path + ".data"),
        "row": walker(value.row, path + ".row"),
        "col": walker(value.col, path + ".col"),
        "shape": tuple(int(n) for n in value.shape),
    }
    return New("scipy.sparse." + type(value).__name__, args)


def _other_sparse(walker, value, path):
    return New(
        "scipy.sparse." + type(value).__name__, {"csr": walker(value.tocsr(), path + ".tocsr()")}
    )


def _interp1d(walker, value, path):
    args = {
        "x": walker(value.x, path + ".x"),
        "y": walker(value.y, path + ".y"),
        "kind": value._kind,
        "axis": int(value.axis),
        "bounds_error": value.bounds_error,
        "fill_value": walker(value.fill_value, path + ".fill_value"),
    }
    return New("scipy.interpolate.interp1d", args)


def _bspline(walker, value, path):
    args = {
        "t": walker(np.asarray(value.t), path + ".t"),
        "c": walker(np.asarray(value.c), path + ".c"),
        "k": int(value.k),
        "extrapolate": value.extrapolate,
        "axis": int(value.axis),
    }
    return New("scipy.interpolate.BSpline", args)


def _frozen(walker, value, path):
    args = {
        "name": value.dist.name,
        "args": walker(tuple(value.args), path + ".args"),
        "kwds": walker(dict(value.kwds), path + ".kwds"),
    }
    return New("scipy.stats.frozen", args)


def _pieces(walker, value, path):
    """Piecewise polynomials of any way of making them: coefficients and breakpoints."""
    args = {
        "c": walker(np.asarray(value.c), path + ".c"),
        "x": walker(np.asarray(value.x), path + ".x"),
        "extrapolate": value.extrapolate,
        "axis": int(value.axis),
    }
    return New("scipy.interpolate." + type(value).__name__, args)


ENCODERS = {
    ("scipy", "interp1d"): _interp1d,
    ("scipy", "BSpline"): _bspline,
    ("scipy", "rv_frozen"): _frozen,
}
ENCODERS.update((("scipy", name), _pieces) for name in _PIECEWISE)
ENCODERS.update((("scipy", name), _compressed) for name in _COMPRESSED)
ENCODERS.update((("scipy", name), _coordinate) for name in _COORDINATE)
ENCODERS.update((("scipy", name), _other_sparse) for name in _OTHER)


def _sparse_class(tag):
    sparse = importlib.import_module("scipy.sparse")
    name = tag.rsplit(".", 1)[1]
    # sparse arrays came with scipy 1.8: before it the matrix of the same format is the same data
    return getattr(sparse, name, None) or getattr(sparse, name.replace("_array", "_matrix"))


def _make_compressed(builder, value, path):
    args = value.args
    parts = tuple(builder(args[name], path) for name in ("data", "indices", "indptr"))
    for name, part in zip(("data", "indices", "indptr"), parts):
        kinds = "biufc" if name == "data" else "i"
        if not isinstance(part, np.ndarray) or part.dtype.kind not in kinds:
            raise TypeError("%s of a sparse matrix of dtype %s" % (name, np.asarray(part).dtype))
    result = _sparse_class(value.tag)(parts, shape=args["shape"])
    # the constructor may choose another index type: keep the one that was stored
    result.indices, result.indptr = parts[1], parts[2]
    if hasattr(result, "check_format"):
        result.check_format(full_check=True)
    if args.get("sorted") and not _sorted(result.indices, result.indptr):
        raise ValueError("indices of a sparse matrix are not sorted as it says")
    if args.get("sorted") is not None:
        result.has_sorted_indices = args["sorted"]
    return result


def _sorted(indices, indptr):
    """Do the indices rise in every row?"""
    falls = np.flatnonzero(indices[1:] < indices[:-1]) + 1
    return bool(np.isin(falls, indptr).all())


def _make_coordinate(builder, value, path):
    args = value.args
    data, row, col = (builder(args[name], path) for name in ("data", "row", "col"))
    return _sparse_class(value.tag)((data, (row, col)), shape=args["shape"])


def _make_other_sparse(builder, value, path):
    return _sparse_class(value.tag)(builder(value.args["csr"], path))


def _make_interp1d(builder, value, path):
    from scipy.interpolate import interp1d

    args = {name: builder(item, path + "." + name) for name, item in value.args.items()}
    if not args["bounds_error"] and isinstance(args["fill_value"], np.ndarray):
        args["fill_value"] = args["fill_value"][()] if args["fill_value"].ndim == 0 else np.nan
    # x is sorted already: sorting again would keep the order but cost a copy
    return interp1d(args.pop("x"), args.pop("y"), assume_sorted=True, **args)


def _make_constant(builder, value, path):
    """What `IsotonicRegression` predicts by where there is a single point: its own function."""
    from sklearn.isotonic import IsotonicRegression

    y = builder(value.args["y"], path + ".y")
    model = IsotonicRegression()
    model._build_f(y, y)
    return model.f_


def _make_bspline(builder, value, path):
    from scipy.interpolate import BSpline

    args = {name: builder(item, path + "." + name) for name, item in value.args.items()}
    return BSpline(args["t"], args["c"], args["k"], args["extrapolate"], args["axis"])


def _make_pieces(builder, value, path):
    interpolate = importlib.import_module("scipy.interpolate")
    name = value.tag.rsplit(".", 1)[1]
    kind = getattr(interpolate, name, None) or interpolate.PPoly
    args = {key: builder(item, path + "." + key) for key, item in value.args.items()}
    c, x = args["c"], args["x"]
    if x.ndim != 1 or c.ndim < 2 or len(x) < 2 or c.shape[1] != len(x) - 1 or not c.shape[0]:
        raise ValueError("coefficients of shape %r for %r pieces" % (c.shape, x.shape))
    return kind.construct_fast(args["c"], args["x"], args["extrapolate"], args["axis"])


def _make_frozen(builder, value, path):
    stats = importlib.import_module("scipy.stats")
    name = value.args["name"]
    # "loguniform" is the newer name of the same distribution
    other = "reciprocal" if name == "loguniform" else None
    distribution = getattr(stats, name, getattr(stats, str(other), None))
    if not isinstance(distribution, stats.rv_continuous) and not isinstance(
        distribution, stats.rv_discrete
    ):
        raise UnknownNameError("scipy.stats." + name, "is no distribution here", absent=True)
    return distribution(*builder(value.args["args"], path), **builder(value.args["kwds"], path))


DECODERS = {
    "scipy.interpolate.interp1d": _make_interp1d,
    "scipy.interpolate.BSpline": _make_bspline,
    "sklearn.isotonic.constant": _make_constant,
    "scipy.stats.frozen": _make_frozen,
}
DECODERS.update(("scipy.interpolate." + name, _make_pieces) for name in _PIECEWISE)
DECODERS.update(("scipy.sparse." + name, _make_compressed) for name in _COMPRESSED)
DECODERS.update(("scipy.sparse." + name, _make_coordinate) for name in _COORDINATE)
DECODERS.update(("scipy.sparse." + name, _make_other_sparse) for name in _OTHER)
