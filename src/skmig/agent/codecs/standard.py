"""Codecs for the standard library and for the dict subclasses of scikit-learn."""

import collections
import datetime
import decimal
import enum
import fractions
import functools
import pathlib
import re
import uuid

from skmig.agent.names import METHODS_DENIED, find, may_bind, tag_of
from skmig.agent.neutral import New
from skmig.agent.own import merged, set_attributes


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


def _counter(walker, value, path):
    return New("collections.Counter", {"items": _pairs(walker, value, path)})


def _deque(walker, value, path):
    items = [walker(item, "%s[%d]" % (path, i)) for i, item in enumerate(value)]
    return New("collections.deque", {"items": items, "maxlen": value.maxlen})


def _date(walker, value, path):
    return New("datetime.date", {"fields": (value.year, value.month, value.day)})


def _time_fields(value):
    return (value.hour, value.minute, value.second, value.microsecond)


def _datetime(walker, value, path):
    fields = (value.year, value.month, value.day) + _time_fields(value)
    zone = walker(value.tzinfo, path + ".tzinfo")
    return New("datetime.datetime", {"fields": fields, "zone": zone, "fold": value.fold})


def _time(walker, value, path):
    zone = walker(value.tzinfo, path + ".tzinfo")
    return New("datetime.time", {"fields": _time_fields(value), "zone": zone, "fold": value.fold})


def _timedelta(walker, value, path):
    fields = (value.days, value.seconds, value.microseconds)
    return New("datetime.timedelta", {"fields": fields})


def _timezone(walker, value, path):
    offset = value.utcoffset(None)
    return New("datetime.timezone", {"seconds": offset.total_seconds(), "name": value.tzname(None)})


def _text_of(tag):
    """The encoder of values that their own text makes again."""
    return lambda walker, value, path: New(tag, {"text": str(value)})


def _path(walker, value, path):
    kind = "Path" if isinstance(value, pathlib.Path) else type(value).__name__
    return New("pathlib.Path", {"kind": kind, "text": str(value)})


def _member(walker, value, path):
    """A member of an enumeration, by name; a combination of flags by value."""
    of = walker(type(value), path)
    return New("enum.member", {"of": of, "name": value.name, "value": walker(value.value, path)})


# What a subclass of these adds would be lost: it is carried as pickle would, by `__reduce__`.
EXACT = frozenset(("collections", "datetime", "decimal", "fractions", "pathlib", "uuid"))

ENCODERS = {
    ("collections", "Counter"): _counter,
    ("collections", "OrderedDict"): _ordered,
    ("collections", "defaultdict"): _defaultdict,
    ("collections", "deque"): _deque,
    ("datetime", "date"): _date,
    ("datetime", "datetime"): _datetime,
    ("datetime", "time"): _time,
    ("datetime", "timedelta"): _timedelta,
    ("datetime", "timezone"): _timezone,
    ("decimal", "Decimal"): _text_of("decimal.Decimal"),
    ("enum", "Enum"): _member,
    ("fractions", "Fraction"): _text_of("fractions.Fraction"),
    ("pathlib", "PurePath"): _path,
    ("uuid", "UUID"): _text_of("uuid.UUID"),
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
    of, name = builder(value.args["of"], path), value.args["name"]
    kind = of if isinstance(of, type) else type(of)
    if not may_bind(kind, name, builder.allow):
        raise LookupError("`%s` of `%s` is no method that a model may name" % (name, tag_of(kind)))
    return getattr(of, name)


def _make_namedtuple(builder, value, path):
    kind = builder(value.args["of"], path)
    if not issubclass(kind, tuple) or not hasattr(kind, "_fields"):
        raise TypeError("`%s` is not a named tuple" % value.args["of"].tag)
    return kind(*builder(value.args["items"], path))


def _make_counter(builder, value, path):
    return collections.Counter(builder(value.args["items"], path))


def _make_deque(builder, value, path):
    return collections.deque(builder(value.args["items"], path), value.args["maxlen"])


def _make_date(builder, value, path):
    return datetime.date(*value.args["fields"])


def _make_datetime(builder, value, path):
    zone = builder(value.args["zone"], path + ".tzinfo")
    return datetime.datetime(*value.args["fields"], tzinfo=zone, fold=value.args["fold"])


def _make_time(builder, value, path):
    zone = builder(value.args["zone"], path + ".tzinfo")
    return datetime.time(*value.args["fields"], tzinfo=zone, fold=value.args["fold"])


def _make_timedelta(builder, value, path):
    return datetime.timedelta(*value.args["fields"])


def _make_timezone(builder, value, path):
    offset = datetime.timedelta(seconds=value.args["seconds"])
    zone = datetime.timezone(offset)
    name = value.args["name"]
    return zone if zone.tzname(None) == name else datetime.timezone(offset, name)


def _from_text(kind):
    return lambda builder, value, path: kind(value.args["text"])


def _make_fraction(builder, value, path):
    """As `str` writes it; an exponent could ask for more digits than there is memory."""
    parts = [int(part) for part in value.args["text"].split("/")]
    return fractions.Fraction(*parts)


def _make_path(builder, value, path):
    kinds = {name: getattr(pathlib, name) for name in ("Path", "PurePosixPath", "PureWindowsPath")}
    return kinds[value.args["kind"]](value.args["text"])


def _make_member(builder, value, path):
    kind = builder(value.args["of"], path)
    if not (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        raise TypeError("`%s` is not an enumeration" % value.args["of"].tag)
    name = value.args["name"]
    return kind[name] if name in kind.__members__ else kind(builder(value.args["value"], path))


# classes of the standard library that say how they are made, and do nothing else
_REDUCED = ("builtins.iter", "operator.attrgetter", "operator.itemgetter")


def _make_reduced(builder, value, path):
    """What `__reduce__` of a class of the user's libraries gave: a call of what they named."""
    args = value.args
    of = builder.look_up(args["of"].tag, path)
    tag = args["of"].tag
    if tag not in _REDUCED and tag.split(".")[0] not in builder.allow:
        raise LookupError("`%s` belongs to a module that was not allowed by name" % tag)
    parameters = builder(args["args"], path)
    if tag == "operator.attrgetter":
        for name in parameters:
            for part in str(name).split("."):
                if part.startswith("_") or part in METHODS_DENIED:
                    raise LookupError("`%s` is no attribute that a model may name" % name)
    result = of.__new__(of, *parameters) if args["plain"] else of(*parameters)
    builder.known[id(value)] = result
    for item in builder(args["items"], path):
        result.append(item)
    for key, item in builder(args["pairs"], path).items():
        result[key] = item
    state = builder(args["state"], path + ".__dict__")
    if state is not None and hasattr(type(result), "__setstate__"):
        result.__setstate__(state)
    elif state is not None:
        set_attributes(result, merged(state))
    return result


DECODERS = {
    "builtins.reduce": _make_reduced,
    "collections.Counter": _make_counter,
    "collections.deque": _make_deque,
    "datetime.date": _make_date,
    "datetime.datetime": _make_datetime,
    "datetime.time": _make_time,
    "datetime.timedelta": _make_timedelta,
    "datetime.timezone": _make_timezone,
    "decimal.Decimal": _from_text(decimal.Decimal),
    "enum.member": _make_member,
    "fractions.Fraction": _make_fraction,
    "pathlib.Path": _make_path,
    "uuid.UUID": _from_text(uuid.UUID),
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
