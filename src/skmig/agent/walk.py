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
from skmig.agent.own import estimator_base, has_setter, is_sklearn, reduces_itself, state_of

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


class Walker(object):
    """One walk; `__call__(value, path)` gives the neutral form of a value."""

    def __init__(self):
        self.known = {}
        self.keep = []  # what `known` refers to by id() must stay alive
        self.encoders = {}  # by class: asked for every one of a thousand trees
        self.setters = {}

    def __call__(self, value, path):
        kind = type(value)
        if kind in PLAIN or isinstance(value, (np.generic, np.dtype)):
            return value
        if id(value) in self.known:
            return self.known[id(value)]
        if kind in (list, dict) and len(value) >= LONG and holds_scalars(value):
            return value  # a vocabulary: nothing in it has another form
        if kind is list:
            return self.fill_list(self.remember(value, []), value, path)
        if kind is dict:
            return self.fill_dict(self.remember(value, {}), value, path)
        if kind is tuple:
            if PLAIN.issuperset(map(type, value)):
                return value
            return tuple(self(item, "%s[%d]" % (path, i)) for i, item in enumerate(value))
        if kind in (set, frozenset):
            return kind(self(item, path + "[…]") for item in value)
        if kind is np.ndarray:
            return self.remember(value, self.array(value, path))
        if kind not in self.encoders:
            self.encoders[kind] = encoder(kind)
        encode = self.encoders[kind]
        if encode is not None:
            return self.remember(value, encode(self, value, path))
        if isinstance(value, np.ndarray):
            return self.remember(value, self.view(value, path))
        if isinstance(value, type):
            return Name("type", self.tag(value, path))
        if isinstance(value, _FUNCTIONS) or kind.__name__ in _FUNCTION_TYPES:
            return self.function(value, path)
        if kind.__name__ in ("method", "method_descriptor"):
            owner = getattr(value, "__self__", None) or value.__objclass__
            return self.bound(owner, value.__name__, path)
        if isinstance(value, tuple) and hasattr(kind, "_fields"):
            items = tuple(self(item, "%s[%d]" % (path, i)) for i, item in enumerate(value))
            of = Name("type", self.tag(kind, path))
            return New("collections.namedtuple", {"of": of, "items": items})
        return self.obj(value, path)

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

    def obj(self, value, path):
        kind = type(value)
        tag = self.tag(kind, path)
        if isinstance(value, types.ModuleType) or isinstance(value, types.GeneratorType):
            raise JobError("walk", path, TypeError("`%s` has no state that can be carried" % tag))
        base = None
        if not is_sklearn(kind):
            if reduces_itself(kind):
                return self.reduced(value, path)
            base = estimator_base(kind)
        try:
            state = state_of(value)
        except Exception as exc:
            raise JobError("walk", path, exc)
        if state is None:
            raise JobError("walk", path, TypeError("`%s` has no state that can be carried" % tag))
        # one that builds on an estimator of scikit-learn crosses releases as that estimator does
        result = self.remember(value, Obj(tag if base is None else tag_of(base)))
        if base is not None:
            result.state[CLASS] = Name("type", tag)
        if not isinstance(state, dict) or not _TEXT.issuperset(map(type, state)):
            result.state[WHOLE] = self(state, path)
            return result
        if kind not in self.setters:
            self.setters[kind] = has_setter(kind)
        if self.setters[kind]:
            result.state[SETTER] = True
        for name, item in state.items():
            if name == _VERSION_KEY:
                continue
            if type(item) in PLAIN:
                result.state[name] = item
            elif not _own_method(value, name, item):
                result.state[name] = self(item, "%s.%s" % (path, name))
        return result

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


def _own_method(owner, name, item):
    """A method put back under its own name: early stopping in HistGradientBoosting leaves one."""
    return isinstance(item, types.MethodType) and item.__self__ is owner and item.__name__ == name


def walk(value: Any, path: str = "model") -> Any:
    """The neutral graph of `value`.  Raises JobError, which names the node by path."""
    return Walker()(value, path)
