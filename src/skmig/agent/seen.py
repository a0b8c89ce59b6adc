"""What fitted models hold: names and types of attributes, collected from neutral graphs.

Types are spelled `ndarray<f8,2d>`, `list<str>`, `numpy.int64`, `csr_matrix<f8>`, `NoneType`, or by
the public tag of an object.
"""

import numpy as np

from skmig.agent.neutral import Name, New, Obj

_MANY = 4  # more kinds of items than this are not listed


def type_of(value):
    """The type of a neutral value, as the census spells it."""
    if isinstance(value, np.ndarray):
        return "ndarray<%s,%dd>" % (_dtype(value.dtype), value.ndim)
    if isinstance(value, np.generic):
        # text has its length in the name of its dtype
        return "numpy." + ("str" if value.dtype.kind == "U" else value.dtype.name)
    if isinstance(value, np.dtype):
        return "dtype"
    if isinstance(value, Obj):
        return value.tag
    if isinstance(value, Name):
        return value.kind
    if isinstance(value, New):
        if value.tag.startswith("scipy.sparse."):
            data = value.args.get("data")
            inner = "" if data is None else "<%s>" % _dtype(data.dtype)
            return value.tag.rsplit(".", 1)[1] + inner
        return value.tag
    name = type(value).__name__
    if name in ("list", "tuple", "set", "frozenset") and value:
        kinds = sorted(set(type_of(item) for item in value))
        return "%s<%s>" % (name, "|".join(kinds) if len(kinds) <= _MANY else "...")
    return name


def _dtype(dtype):
    if dtype.names is not None:
        fields = ("%s:%s" % (name, _dtype(dtype.fields[name][0])) for name in dtype.names)
        return "{%s}" % ",".join(fields)
    if dtype.kind in "OUS":
        return dtype.kind
    if dtype.kind in "mM":
        return dtype.str[1:]
    return "%s%d" % (dtype.kind, dtype.itemsize)


def objects(graph):
    """Every object of scikit-learn in a graph once, as (tag, state)."""
    seen, stack = set(), [graph]
    while stack:
        value = stack.pop()
        if not isinstance(value, (Obj, New, dict, list, tuple, set, frozenset, np.ndarray)):
            continue
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, (Obj, New)):
            state = value.state if isinstance(value, Obj) else value.args
            if value.tag.startswith("sklearn."):
                yield value.tag, state
            stack.extend(state.values())
        elif isinstance(value, dict):
            stack.extend(value)
            stack.extend(value.values())
        elif not isinstance(value, np.ndarray):
            stack.extend(value)
        elif value.dtype.hasobject:
            stack.extend(value.flat)


class Class(object):
    """What was seen of one class: attribute -> type -> numbers of the specimens."""

    def __init__(self):
        self.fits = 0
        self.counts = {}
        self.types = {}
        self.specimens = set()

    def add(self, specimen, attributes):
        self.fits += 1
        self.specimens.add(specimen)
        for name, value in attributes.items():
            self.counts[name] = self.counts.get(name, 0) + 1
            types = self.types.setdefault(name, {})
            types.setdefault(type_of(value), set()).add(specimen)

    def entry(self):
        """The part of a census entry that is about fitted models.

        `seen` are the specimens that hold a fitted object of the class; `only` says for each
        attribute and type which of them, where it is not all.
        """
        only = {}
        for name, types in self.types.items():
            some = {kind: ranges(found) for kind, found in types.items() if found != self.specimens}
            if some:
                only[name] = some
        return {
            "attributes": {name: sorted(types) for name, types in self.types.items()},
            "always": sorted(name for name, n in self.counts.items() if n == self.fits),
            "fits": self.fits,
            "seen": ranges(self.specimens),
            "only": only,
        }


def ranges(numbers):
    """A set of numbers as text: `0-3,7`."""
    parts, first, last = [], None, None
    for number in sorted(numbers):
        if last is None or number != last + 1:
            if last is not None:
                parts.append((first, last))
            first = number
        last = number
    if last is not None:
        parts.append((first, last))
    return ",".join("%d" % a if a == b else "%d-%d" % (a, b) for a, b in parts)


def collect(graphs, parameters):
    """What is seen in `graphs`, an iterable of (number of the specimen, graph).

    `parameters`: tag -> names of constructor parameters, which are no fitted attributes.  An
    object of a class with parameters and nothing beside them is not fitted, and not counted.
    """
    result = {}
    for number, graph in graphs:
        for tag, state in objects(graph):
            known = parameters.get(tag)
            attributes = {
                name: value for name, value in state.items() if known is None or name not in known
            }
            if attributes or known is None:
                result.setdefault(tag, Class()).add(number, attributes)
    return result
