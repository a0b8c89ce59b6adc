"""Build: a neutral graph becomes a native model of the release that is installed here.

Objects are made without their constructors and given their state; values of `New` are made by the
codec of their tag.  Whatever a graph names is looked up through `names`, which knows what may be.
"""

import sys
from typing import Any, Sequence

import numpy as np

from skmig.agent.codecs import decoder
from skmig.agent.errors import JobError
from skmig.agent.libraries import complete
from skmig.agent.names import UnknownNameError, find
from skmig.agent.neutral import CLASS, SETTER, WHOLE, Name, New, Obj
from skmig.agent.own import has_setter, is_sklearn, set_attributes


class Builder(object):
    """One build; `__call__(value, path)` gives the native form of a neutral value."""

    def __init__(self, allow=()):
        self.allow = tuple(allow)
        self.known = {}

    def __call__(self, value, path):
        if id(value) in self.known:
            return self.known[id(value)]
        kind = type(value)
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

    def make(self, value, path):
        decode = decoder(value.tag)
        if decode is None:
            raise JobError("build", path, UnknownNameError(value.tag, "has no constructor here"))
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
        kind = self.look_up(value.tag if own is None else own.tag, path)
        if not isinstance(kind, type):
            raise JobError("build", path, TypeError("`%s` is not a class" % value.tag))
        result = self.known[id(value)] = kind.__new__(kind)
        if WHOLE in value.state:
            result.__setstate__(self(value.state[WHOLE], path))
            return result
        # interned as a pickle's are: the file does not depend on what else this process has built
        state = {
            sys.intern(name): self(item, "%s.%s" % (path, name))
            for name, item in value.state.items()
            if name not in (CLASS, SETTER)
        }
        if not is_sklearn(kind):
            complete(kind, state)
        try:
            if SETTER in value.state and has_setter(kind):
                result.__setstate__(state)
            else:
                set_attributes(result, state)
        except Exception as exc:
            raise JobError("build", path, exc)
        return result


def build(graph: Any, allow: Sequence[str] = (), path: str = "model") -> Any:
    """The native object of a neutral graph.

    `allow`: top-level modules beyond the scientific stack whose classes may be made.
    Raises JobError, which names the node by path.
    """
    return Builder(allow)(graph, path)
