"""What the reader puts on its stack instead of objects: nothing here has any behaviour.

None, bool, int, float, str and bytes stand for themselves while they are short, and tuples do.
Everything else is one of the classes below.  A container keeps its first items and, after those,
only what the tree of estimators can hang from, so that a vocabulary of a million words costs
little.
"""

from __future__ import annotations

from typing import Any

KEPT_ITEMS = 1000


class Leaf:
    """A value of which only the kind is known: long text, long bytes, an array, a scalar."""

    __slots__ = ("kind",)

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"Leaf({self.kind})"


TEXT = Leaf("text")
BLOB = Leaf("bytes")
ARRAY = Leaf("array")
SCALAR = Leaf("scalar")
NUMBER = Leaf("number")
UNKNOWN = Leaf("unknown")
MARK = Leaf("mark")


class Global:
    """A name that unpickling imports.

    `called`: it is called with what the file says.  `made`: an object of it is made without its
    constructor.  `excused`: it was called in a way that is harmless although the name is not
    (getattr for the method of a text).
    """

    __slots__ = ("called", "count", "excused", "made", "module", "name", "position")

    def __init__(self, module: str, name: str, position: int) -> None:
        self.module = module
        self.name = name
        self.position = position
        self.called = False
        self.made = False
        self.excused = False
        self.count = 0

    @property
    def full(self) -> str:
        return f"{self.module}.{self.name}"

    def __repr__(self) -> str:
        return f"Global({self.full})"


class Seq:
    """A list, set or frozenset.  `items` are (index, value); `count` is the true length."""

    __slots__ = ("count", "items", "kind")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.items: list[tuple[int, Any]] = []
        self.count = 0

    def extend(self, values: list[Any]) -> None:
        index = self.count
        for value in values:
            if index < KEPT_ITEMS or branches(value):
                self.items.append((index, value))
            index += 1
        self.count = index

    def values(self) -> list[Any]:
        return [value for _, value in self.items]


class Map:
    """A dict.  `items` are (key, value); `count` is the number of items that were set."""

    __slots__ = ("count", "items")

    def __init__(self) -> None:
        self.items: list[tuple[Any, Any]] = []
        self.count = 0

    def update(self, flat: list[Any]) -> None:
        for i in range(0, len(flat) - 1, 2):
            key, value = flat[i], flat[i + 1]
            if self.count < KEPT_ITEMS or branches(value) or branches(key):
                self.items.append((key, value))
            self.count += 1

    @property
    def plain(self) -> bool:
        """Is every item kept, and every key another text?  Only then is `get` the last word."""
        keys = [key for key, _ in self.items]
        return (
            len(keys) == self.count
            and all(type(key) is str for key in keys)
            and len(set(keys)) == len(keys)
        )

    def get(self, name: str) -> Any:
        for key, value in reversed(self.items):
            if type(key) is str and key == name:
                return value
        return None


class Instance:
    """What a call would have made: `cls` is its class, or the function `via` that was called."""

    __slots__ = ("args", "cls", "extra", "position", "state", "states", "via")

    def __init__(self, cls: Any, args: Any, position: int, via: Any = None) -> None:
        self.cls = cls
        self.args = args
        self.position = position
        self.via = via
        self.state: Any = None
        self.states = 0  # how often it was set
        self.extra: Any = None  # items that were appended or set: subclasses of list and dict


def branches(value: Any) -> bool:
    """Can the tree of estimators hang from this value?"""
    if type(value) is tuple:
        return any(isinstance(item, (Instance, Seq, Map, Global, tuple)) for item in value)
    return isinstance(value, (Instance, Seq, Map, Global))
