"""Build: a neutral graph becomes a native model of the release that is installed here.

Objects are made without their constructors and given their state; values of `New` are made by the
codec of their tag.  Whatever a graph names is looked up through `names`, which knows what may be;
what compiled code would follow blindly is checked by the codecs and by `sound`, when all is built.
"""

import sys
import types
from typing import Any, Sequence

import numpy as np

from skmig.agent.codecs import decoder, trees
from skmig.agent.errors import JobError
from skmig.agent.libraries import complete
from skmig.agent.names import UnknownNameError, find
from skmig.agent.neutral import CLASS, LONG, PLAIN, SETTER, WHOLE, Name, New, Obj, holds_scalars
from skmig.agent.own import has_setter, is_sklearn, set_attributes
from skmig.agent.sound import check

_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE: the class is written in Python


class Builder(object):
    """Builds graphs: `__call__(value, path)` gives the native form of a neutral value, checked.

    `allow`: top-level modules beyond the scientific stack whose classes may be made.
    """

    def __init__(self, allow=()):
        self.inner = _Builder(allow)

    def __call__(self, value, path):
        try:
            result = self.inner(value, path)
        except JobError:
            raise
        except RecursionError:
            raise JobError("build", path, ValueError("it is nested too deeply"))
        except Exception as exc:  # such as a key that cannot be one
            raise JobError("build", path, exc)
        self.inner.settle()
        made, self.inner.made = self.inner.made, []
        check(made)
        return result


class _Builder(object):
    """One build; codecs call it for the parts of what they make."""

    def __init__(self, allow):
        self.allow = tuple(allow)
        self.known = {}
        self.kinds = {}  # by tag: the classes that were made already
        self.named = set()  # the classes whose names were found well, with the names
        self.made = []  # objects, each with its path, that are still to be checked
        self.waiting = []  # decision trees, as `trees.check` wants them
        self.nodes = 0  # of these

    def __call__(self, value, path):
        if id(value) in self.known:
            return self.known[id(value)]
        kind = type(value)
        if kind in (list, dict) and len(value) >= LONG and holds_scalars(value):
            return value
        if kind is list:
            result = self.known[id(value)] = []
            result.extend(self(item, "%s[%d]" % (path, i)) for i, item in enumerate(value))
            return result
        if kind is dict:
            result = self.known[id(value)] = {}
            for key, item in value.items():
                result[self(key, path + ".keys()")] = self(item, "%s[%r]" % (path, key))
            return result
        if kind is tuple:
            return tuple(self(item, "%s[%d]" % (path, i)) for i, item in enumerate(value))
        if kind in (set, frozenset):
            return kind(self(item, path) for item in value)
        if isinstance(value, np.ndarray):
            result = self.known[id(value)] = self.array(value, path)
            return result
        if kind is Name:
            return self.look_up(value.tag, path)
        if kind is New:
            result = self.known[id(value)] = self.make(value, path)
            return result
        if kind is Obj:
            return self.obj(value, path)
        return value

    def array(self, value, path):
        if not value.dtype.hasobject:
            return value
        result = np.empty(value.shape, dtype=object)
        for i, item in enumerate(value.flat):
            result.flat[i] = self(item, "%s[%d]" % (path, i))
        return result

    def look_up(self, tag, path):
        try:
            return find(tag, self.allow)
        except UnknownNameError as exc:
            raise JobError("build", path, exc)

    def put_off(self, nodes, facts, path):
        """This tree is to be checked with others: see `trees.check`."""
        self.waiting.append((nodes, facts, path))
        self.nodes += len(nodes)
        if self.nodes >= trees.TOGETHER:
            self.settle()

    def settle(self):
        """Nothing that was made is unchecked now: code that could ask it may run."""
        waiting, self.waiting, self.nodes = self.waiting, [], 0
        if waiting:
            trees.check(waiting)

    def make(self, value, path):
        decode = decoder(value.tag)
        if decode is None:
            raise JobError("build", path, UnknownNameError(value.tag, "has no constructor here"))
        if value.tag != trees.TAG:
            self.settle()
        try:
            return decode(self, value, path)
        except JobError:
            raise
        except Exception as exc:
            raise JobError("build", path, exc)

    def obj(self, value, path):
        decode = decoder(value.tag)
        if decode is not None:
            result = self.known[id(value)] = self.make(value, path)
            return result
        own = value.state.get(CLASS)
        tag = value.tag if own is None else own.tag
        kind = self.kinds.get(tag) or self.look_up(tag, path)
        if tag not in self.kinds and not (isinstance(kind, type) and _made_of_attributes(kind)):
            raise JobError("build", path, TypeError("`%s` is not made of attributes" % value.tag))
        self.kinds[tag] = kind
        try:
            result = self.known[id(value)] = kind.__new__(kind)
        except Exception as exc:
            raise JobError("build", path, exc)
        self.made.append((result, path))
        if WHOLE in value.state:
            whole = self(value.state[WHOLE], path)
            self.settle()
            result.__setstate__(whole)
            return result
        # interned as a pickle's are: the file does not depend on what else this process has built
        state = {}
        for name, item in value.state.items():
            if name not in (CLASS, SETTER):
                plain = type(item) in PLAIN
                state[sys.intern(name)] = item if plain else self(item, "%s.%s" % (path, name))
        if is_sklearn(kind):
            self.check_names(kind, state, path)
        else:
            complete(kind, state)
        try:
            if SETTER in value.state and has_setter(kind):
                self.settle()
                result.__setstate__(state)
            else:
                set_attributes(result, state)
        except Exception as exc:
            raise JobError("build", path, exc)
        return result

    def check_names(self, kind, state, path):
        """An attribute of a method's name would stand in its place, and in that of its checks."""
        names = (kind, tuple(state))
        if names in self.named:
            return
        parameters = None
        for name in state:
            if not isinstance(getattr(kind, name, None), (types.FunctionType, types.MethodType)):
                continue
            if parameters is None:
                # a few estimators of old releases have a default of a parameter as a method
                # (`pooling_func`); other classes mean something else by `_get_param_names`
                own = hasattr(kind, "get_params") and hasattr(kind, "_get_param_names")
                parameters = kind._get_param_names() if own else ()
            if name not in parameters:
                raise JobError(
                    "build", path, TypeError("`%s` is a method of `%s`" % (name, kind.__name__))
                )
        self.named.add(names)


def _made_of_attributes(kind):
    """Is an object of the class whole without its constructor?  A compiled one has no memory."""
    builtin = [base for base in kind.__mro__ if not base.__flags__ & _HEAP]
    return all(base.__module__ == "builtins" for base in builtin)


def build(graph: Any, allow: Sequence[str] = (), path: str = "model") -> Any:
    """The native object of a neutral graph.

    `allow`: top-level modules beyond the scientific stack whose classes may be made.
    Raises JobError, which names the node by path.
    """
    return Builder(allow)(graph, path)
