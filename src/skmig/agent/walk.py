"""Walk: a live fitted model becomes a neutral graph.

Nothing is computed and nothing is changed: every attribute is taken as it stands.  What a type
means is decided by the first codec that knows it; see `skmig.agent.codecs`.
"""

import types
from typing import Any

import numpy as np

from skmig.agent.codecs import encoder
from skmig.agent.errors import JobError
from skmig.agent.names import UnknownNameError, tag_of
from skmig.agent.neutral import CLASS, LONG, PLAIN, SETTER, WHOLE, Name, New, Obj, holds_scalars
from skmig.agent.own import estimator_base, has_setter, is_sklearn, keeper, reduces_itself

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, np.ufunc)
# functions whose type has no public name: Cython's, and numpy's since 1.25
_FUNCTION_TYPES = frozenset(
    ("cython_function_or_method", "fused_cython_function", "_ArrayFunctionDispatcher")
)
# what a regression of a single point predicts by (isotonic.py: _build_f)
_ONE_POINT = "IsotonicRegression._build_f.<locals>.<lambda>"
# the release that wrote a pickle; it is the record's business, not the model's
_VERSION_KEY = "_sklearn_version"
_TEXT = frozenset((str,))
_CONTAINERS = {
    list: "list",
    dict: "dict",
    tuple: "tuple",
    set: "set",
    frozenset: "set",
    np.ndarray: "ndarray",
}


class Walker(object):
    """One walk; `__call__(value, path)` gives the neutral form of a value."""

    def __init__(self):
        self.known = {}
        self.keep = []  # what `known` refers to by id() must stay alive
        self.ways = {}  # by class, how its values are walked: asked for each of a thousand trees

    def __call__(self, value, path):
        kind = type(value)
        if kind in PLAIN:
            return value
        if id(value) in self.known:
            return self.known[id(value)]
        way = self.ways.get(kind)
        if way is None:
            way = self.ways[kind] = self.way(kind)
        return way(value, path)

    def way(self, kind):
        """The function that walks values of this class."""
        if issubclass(kind, (np.generic, np.dtype)):
            return lambda value, path: value
        if kind in _CONTAINERS:
            return getattr(self, _CONTAINERS[kind])
        encode = encoder(kind)
        if encode is not None:
            return lambda value, path: self.remember(value, encode(self, value, path))
        if issubclass(kind, np.ndarray):
            return lambda value, path: self.remember(value, self.view(value, path))
        if issubclass(kind, type):
            return lambda value, path: Name("type", self.tag(value, path))
        if issubclass(kind, _FUNCTIONS) or kind.__name__ in _FUNCTION_TYPES:
            return self.function
        if kind.__name__ in ("method", "method_descriptor"):
            return self.method
        if issubclass(kind, tuple) and hasattr(kind, "_fields"):
            return self.namedtuple
        return _Objects(self, kind)

    def list(self, value, path):
        if len(value) >= LONG and holds_scalars(value):
            return value  # a vocabulary: nothing in it has another form
        return self.fill_list(self.remember(value, []), value, path)

    def dict(self, value, path):
        if len(value) >= LONG and holds_scalars(value):
            return value
        return self.fill_dict(self.remember(value, {}), value, path)

    def tuple(self, value, path):
        if PLAIN.issuperset(map(type, value)):
            return value
        return tuple(self(item, "%s[%d]" % (path, i)) for i, item in enumerate(value))

    def set(self, value, path):
        return type(value)(self(item, path + "[…]") for item in value)

    def ndarray(self, value, path):
        return self.remember(value, self.array(value, path))

    def method(self, value, path):
        owner = getattr(value, "__self__", None) or value.__objclass__
        return self.bound(owner, value.__name__, path)

    def namedtuple(self, value, path):
        items = tuple(self(item, "%s[%d]" % (path, i)) for i, item in enumerate(value))
        of = Name("type", self.tag(type(value), path))
        return New("collections.namedtuple", {"of": of, "items": items})

    def remember(self, value, neutral):
        """Note that `value` stands in the graph as `neutral`, so that sharing is kept."""
        self.known[id(value)] = neutral
        self.keep.append(value)
        return neutral

    def fill_list(self, result, value, path):
        result.extend(self(item, "%s[%d]" % (path, i)) for i, item in enumerate(value))
        return result

    def fill_dict(self, result, value, path):
        for key, item in value.items():
            result[self(key, path + ".keys()")] = self(item, "%s[%r]" % (path, key))
        return result

    def array(self, value, path):
        if value.dtype.char == "T":  # numpy 2's text of any length: its items are elsewhere
            return New("numpy.strings", {"items": value.astype(object)})
        if not value.dtype.hasobject:
            return value
        result = np.empty(value.shape, dtype=object)
        for i, item in enumerate(value.flat):
            result.flat[i] = self(item, "%s[%d]" % (path, i))
        return result

    def view(self, value, path):
        """An array of a class of its own."""
        data = self.array(np.array(value, subok=False), path)
        state = self.fill_dict({}, getattr(value, "__dict__", {}), path)
        return New(
            "numpy.view",
            {"of": Name("type", self.tag(type(value), path)), "data": data, "state": state},
        )

    def tag(self, thing, path):
        try:
            tag = tag_of(thing)
        except UnknownNameError as exc:
            raise JobError("walk", path, exc)
        if not all(part.isidentifier() for part in tag.split(".")):
            # a lambda or a class made inside a function: nothing can import it by name
            raise JobError("walk", path, TypeError("`%s` cannot be imported by name" % tag))
        return tag

    def function(self, value, path):
        owner = getattr(value, "__self__", None)
        if owner is not None and not isinstance(owner, types.ModuleType):
            return self.bound(owner, value.__name__, path)
        if getattr(value, "__qualname__", "") == _ONE_POINT:
            y = self(value.__closure__[0].cell_contents, path)
            return New("sklearn.isotonic.constant", {"y": y})
        return Name("function", self.tag(value, path))

    def bound(self, owner, name, path):
        """A method, by what it belongs to and its name."""
        return New("builtins.getattr", {"of": self(owner, path + ".__self__"), "name": name})

    def reduced(self, value, path):
        """An object whose class says itself how it is made: pickle's own protocol, one level."""
        try:
            parts = value.__reduce_ex__(2)
        except Exception as exc:
            raise JobError("walk", path, exc)
        if isinstance(parts, str):  # a global of its module, such as a function with a cache
            return Name("function", self.tag(value, path))
        function, args, state, items, pairs = (tuple(parts) + (None,) * 5)[:5]
        plain = getattr(function, "__name__", "") == "__newobj__"
        of, args = (args[0], args[1:]) if plain else (function, args)
        result = self.remember(value, New("builtins.reduce"))
        result.args["of"] = self(of, path)
        result.args["plain"] = plain
        result.args["args"] = self(tuple(args), path)
        result.args["items"] = [
            self(item, "%s[%d]" % (path, i)) for i, item in enumerate(items or ())
        ]
        result.args["pairs"] = self.fill_dict({}, dict(pairs or ()), path)
        result.args["state"] = self(state, path)
        return result


class _Objects(object):
    """Walks the objects of one class: by their attributes, or as their class says."""

    def __init__(self, walker, kind):
        self.walker = walker
        self.kind = kind
        self.tag = None  # of a class outside of scikit-learn, the estimator it builds on
        self.first = {}  # what stands before the attributes
        self.setter, self.state_of = False, None

    def __call__(self, value, path):
        if self.tag is None:
            tag = self.walker.tag(self.kind, path)
            if issubclass(self.kind, (types.ModuleType, types.GeneratorType)):
                raise JobError("walk", path, _without_state(tag))
            base = None
            if not is_sklearn(self.kind):
                if reduces_itself(self.kind):
                    self.walker.ways[self.kind] = self.walker.reduced
                    return self.walker.reduced(value, path)
                base = estimator_base(self.kind)
            # one that builds on an estimator of scikit-learn crosses releases as that one does
            self.tag = tag if base is None else tag_of(base)
            self.first = {} if base is None else {CLASS: Name("type", tag)}
            self.setter = has_setter(self.kind)
            self.state_of = keeper(self.kind)
        try:
            state = self.state_of(value)
        except Exception as exc:
            raise JobError("walk", path, exc)
        if state is None:
            raise JobError("walk", path, _without_state(self.tag))
        result = self.walker.remember(value, Obj(self.tag, dict(self.first)))
        if not isinstance(state, dict) or not _TEXT.issuperset(map(type, state)):
            result.state[WHOLE] = self.walker(state, path)
            return result
        if self.setter:
            result.state[SETTER] = True
        kept = result.state
        kept.update(state)
        kept.pop(_VERSION_KEY, None)
        for name, item in state.items():
            if type(item) in PLAIN:
                continue
            if type(item) is types.MethodType and _own_method(value, name, item):
                del kept[name]
            else:
                kept[name] = self.walker(item, path + "." + name)
        return result


def _without_state(tag):
    return TypeError("`%s` has no state that can be carried" % tag)


def _own_method(owner, name, item):
    """A method put back under its own name: early stopping in HistGradientBoosting leaves one."""
    return item.__self__ is owner and item.__name__ == name


def walk(value: Any, path: str = "model") -> Any:
    """The neutral graph of `value`.  Raises JobError, which names the node by path."""
    return Walker()(value, path)
