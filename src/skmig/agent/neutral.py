"""The neutral graph: what a fitted model is when no library is left in it.

A graph is made of plain Python values (None, bool, int, float, complex, str, bytes, list, tuple,
set, frozenset, dict), numpy arrays, scalars and dtypes, and the four classes below.  Two places
that held the same object hold the same neutral object: identity is part of the graph.

Runs on Python 3.6 with nothing but the standard library.
"""

from typing import Any, Dict, Optional

# In the state of an `Obj` of a class outside scikit-learn:
CLASS = "__class__"  # its own class; the tag is the estimator of scikit-learn that it builds on
SETTER = "__setstate__"  # True: its `__setstate__` takes the state
WHOLE = "__getstate__"  # what its `__getstate__` gave, where that is no dict of attributes

# A list or dict of at least this many scalars and nothing else is not copied, as arrays are not.
LONG = 4096
# What stands for itself in a graph.
PLAIN = frozenset((type(None), bool, int, float, complex, str, bytes))


def holds_scalars(value: Any) -> bool:
    """Does a list or dict hold nothing but plain scalars?"""
    kinds = set(map(type, value))
    if isinstance(value, dict):
        kinds.update(map(type, value.values()))
    return kinds <= PLAIN


class Obj(object):
    """An object by public tag, with its state.

    `tag` is `<public package>.<class name>` (`sklearn.tree.DecisionTreeClassifier`, never
    `sklearn.tree.tree.DecisionTreeClassifier`), so that a module that moved needs no rule.
    `state` is the attribute dictionary; keys are str.
    """

    __slots__ = ("state", "tag")

    def __init__(self, tag: str, state: Optional[Dict[str, Any]] = None) -> None:
        self.tag = tag
        self.state: Dict[str, Any] = {} if state is None else state

    def __repr__(self) -> str:
        return "Obj(%s, %s)" % (self.tag, ", ".join(sorted(self.state)))


class New(object):
    """A value that the target makes by calling an allowlisted constructor with plain arguments.

    Compiled objects (distance metrics, KD trees, losses), sparse matrices, random states, pandas
    indexes: whatever has a meaning that is smaller and more stable than its memory image.
    """

    __slots__ = ("args", "tag")

    def __init__(self, tag: str, args: Optional[Dict[str, Any]] = None) -> None:
        self.tag = tag
        self.args: Dict[str, Any] = {} if args is None else args

    def __repr__(self) -> str:
        return "New(%s, %s)" % (self.tag, ", ".join(sorted(self.args)))


class Name(object):
    """A function or a type, by public name: `kind` is "function" or "type"."""

    __slots__ = ("kind", "tag")

    def __init__(self, kind: str, tag: str) -> None:
        self.kind = kind
        self.tag = tag

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Name) and (self.kind, self.tag) == (other.kind, other.tag)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.kind, self.tag))

    def __repr__(self) -> str:
        return "Name(%s, %s)" % (self.kind, self.tag)
