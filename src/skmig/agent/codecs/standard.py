"""Codecs for the standard library and for the dict subclasses of scikit-learn."""

import collections
import functools
import re

from skmig.agent.names import find
from skmig.agent.neutral import New


def _ordered(walker, value, path):
    return New("collections.OrderedDict", {"items": _pairs(walker, value, path)})


def _defaultdict(walker, value, path):
    factory = walker(value.default_factory, path + ".default_factory")
    return New(
        "collections.defaultdict", {"factory": factory, "items": _pairs(walker, value, path)}
    )


def _bunch(walker, value, path):
    return New("sklearn.utils.Bunch", {"items": _pairs(walker, value, path)})


def _plain_dict(walker, value, path):
    """A dict that warns about its old keys: what counts is what is in it."""
    result = {}
    return walker.fill_dict(result, dict(dict.items(value)), path)


def _pairs(walker, value, path):
    return walker.fill_dict({}, dict(dict.items(value)), path)


def _partial(walker, value, path):
    return New(
        "functools.partial",
        {
            "func": walker(value.func, path + ".func"),
            "args": walker(value.args, path + ".args"),
            "keywords": walker(dict(value.keywords or {}), path + ".keywords"),
        },
    )


def _slice(walker, value, path):
    parts = {name: walker(getattr(value, name), path) for name in ("start", "stop", "step")}
    return New("builtins.slice", parts)


def _range(walker, value, path):
    parts = {name: getattr(value, name) for name in ("start", "stop", "step")}
    return New("builtins.range", parts)


def _pattern(walker, value, path):
    return New("re.compile", {"pattern": value.pattern, "flags": value.flags})


def _memory(walker, value, path):
    location = getattr(value, "location", None) or getattr(value, "cachedir", None)
    return New("joblib.Memory", {"location": None if location is None else str(location)})


ENCODERS = {
    ("collections", "OrderedDict"): _ordered,
    ("collections", "defaultdict"): _defaultdict,
    ("sklearn", "Bunch"): _bunch,
    ("sklearn", "DeprecationDict"): _plain_dict,
    ("sklearn", "_DictWithDeprecatedKeys"): _plain_dict,
    ("functools", "partial"): _partial,
    ("builtins", "slice"): _slice,
    ("builtins", "range"): _range,
    ("re", "Pattern"): _pattern,
    ("_sre", "SRE_Pattern"): _pattern,
    ("joblib", "Memory"): _memory,
    ("sklearn", "Memory"): _memory,  # vendored before 0.21
}


def _make_ordered(builder, value, path):
    return collections.OrderedDict(builder(value.args["items"], path))


def _make_defaultdict(builder, value, path):
    factory = builder(value.args["factory"], path)
    return collections.defaultdict(factory, builder(value.args["items"], path))


def _make_bunch(builder, value, path):
    return find("sklearn.utils.Bunch")(**builder(value.args["items"], path))


def _make_partial(builder, value, path):
    args = {name: builder(item, path + "." + name) for name, item in value.args.items()}
    return functools.partial(args["func"], *args["args"], **args["keywords"])


def _make_slice(builder, value, path):
    return slice(*(builder(value.args[name], path) for name in ("start", "stop", "step")))


def _make_range(builder, value, path):
    return range(*(value.args[name] for name in ("start", "stop", "step")))


def _make_pattern(builder, value, path):
    return re.compile(value.args["pattern"], value.args["flags"])


def _make_memory(builder, value, path):
    try:
        from joblib import Memory
    except ImportError:
        from sklearn.externals.joblib import Memory
    location = value.args["location"]
    try:
        return Memory(location=location, verbose=0)
    except TypeError:  # before joblib 0.12
        return Memory(cachedir=location, verbose=0)


def _make_bound(builder, value, path):
    name = value.args["name"]
    if name.startswith("_"):
        raise ValueError("a bound method of the name %r" % name)
    return getattr(builder(value.args["of"], path), name)


def _make_namedtuple(builder, value, path):
    kind = builder(value.args["of"], path)
    if not issubclass(kind, tuple) or not hasattr(kind, "_fields"):
        raise TypeError("`%s` is not a named tuple" % value.args["of"].tag)
    return kind(*builder(value.args["items"], path))


DECODERS = {
    "collections.namedtuple": _make_namedtuple,
    "collections.OrderedDict": _make_ordered,
    "collections.defaultdict": _make_defaultdict,
    "sklearn.utils.Bunch": _make_bunch,
    "functools.partial": _make_partial,
    "builtins.slice": _make_slice,
    "builtins.range": _make_range,
    "builtins.getattr": _make_bound,
    "re.compile": _make_pattern,
    "joblib.Memory": _make_memory,
}
