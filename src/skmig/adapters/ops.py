"""The vocabulary of rules: what a scikit-learn release can do to the state of a fitted model.

A rule module says what one release changed, for both directions.  Going *up* crosses a boundary
towards the newer release, going *down* away from it.  Every operation knows both; one that cannot
be undone without losing meaning refuses.  Operations change `obj.state` of a private copy of the
graph: values are plain Python values, numpy arrays and the classes of the neutral graph; arrays
are shared with the input and must not be written to in place.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from skmig.payload import Obj


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error
    """Raised by a rule: the other side cannot express this.  The text says what and why."""


class Step(Protocol):
    """The boundary being crossed, as a rule sees it."""

    @property
    def older(self) -> str: ...

    @property
    def newer(self) -> str: ...

    @property
    def target(self) -> str:
        """The release at the end of the whole way."""

    def loss(self, obj: Obj, text: str) -> None:
        """Meaning of predictions would be lost: refused, unless the user allows losses."""

    def note(self, obj: Obj, text: str) -> None:
        """Something that does not touch any output is not carried (a training setting)."""

    def changed(self, obj: Obj, method: str, text: str) -> None:
        """scikit-learn itself changed what `method` returns for this state; text cites where."""

    def substitute(self, obj: Obj, text: str, *, without: str = "") -> bool:
        """May an object of another class, which answers the same, take the place of `obj`?

        The answer is the user's; where it is no, this is a refusal.  `without`: the method that
        the other class has not.
        """

    def parameters(self, tag: str, release: str) -> dict[str, Any] | None:
        """Constructor parameters and defaults of a class in `older` or `newer`, from the census."""


Value = Any
Check = Callable[[Obj], bool]


def has(*names: str) -> Check:
    """True for objects whose state has all of `names`."""
    return lambda obj: all(name in obj.state for name in names)


def always(obj: Obj) -> bool:
    """True for every object of the class, fitted or not."""
    return True


def fitted(obj: Obj) -> bool:
    """True once `fit` left something: an attribute that ends in an underscore."""
    return any(name.endswith("_") and not name.endswith("__") for name in obj.state)


class _Derived:
    """Marks a value that follows from the rest of the state, so that dropping it loses nothing."""

    def __repr__(self) -> str:
        return "DERIVED"


DERIVED = _Derived()


@dataclass(frozen=True, kw_only=True)
class Op:
    """Base of all operations.  `classes` are public tags; `why` cites the release's source."""

    classes: tuple[str, ...]
    why: str = ""

    def up(self, obj: Obj, step: Step) -> None:
        raise NotImplementedError

    def down(self, obj: Obj, step: Step) -> None:
        raise NotImplementedError

    def explains(self) -> frozenset[str]:
        """The names of state that this operation speaks for (see the census check)."""
        return frozenset()


def _call(value: Any, obj: Obj) -> Any:
    return value(obj) if callable(value) else value


def _drop(obj: Obj, step: Step, name: str, neutral: Any, side: str) -> None:
    """Take `name` out of the state; a value that carries meaning is a loss."""
    if name not in obj.state:
        return
    value = obj.state.pop(name)
    if neutral is DERIVED:
        return
    keep = neutral(value) if callable(neutral) else any(same(value, item) for item in neutral)
    if not keep:
        step.loss(obj, f"`{name}={short(value)}` has no counterpart in {side}")


@dataclass(frozen=True, kw_only=True)
class Added(Op):
    """A fitted attribute that the newer release has and the older has not.

    `value`: what it is for a model of the older release: a plain value, or a function of the Obj.
    `neutral`: which values may be dropped going down: DERIVED (all), a tuple of values, or a
    predicate.  `when`: for which objects it is set going up.
    """

    name: str
    value: Value | Callable[[Obj], Value]
    neutral: Any
    when: Check = fitted

    def up(self, obj: Obj, step: Step) -> None:
        if self.name not in obj.state and self.when(obj):
            obj.state[self.name] = _call(self.value, obj)

    def down(self, obj: Obj, step: Step) -> None:
        _drop(obj, step, self.name, self.neutral, step.older)

    def explains(self) -> frozenset[str]:
        return frozenset({self.name})


@dataclass(frozen=True, kw_only=True)
class Removed(Op):
    """A fitted attribute that the older release has and the newer has not: `Added` reversed.

    `restore`: what it is going down: a plain value, or a function of the Obj.
    """

    name: str
    restore: Value | Callable[[Obj], Value]
    neutral: Any
    when: Check = fitted

    def up(self, obj: Obj, step: Step) -> None:
        _drop(obj, step, self.name, self.neutral, step.newer)

    def down(self, obj: Obj, step: Step) -> None:
        if self.name not in obj.state and self.when(obj):
            obj.state[self.name] = _call(self.restore, obj)

    def explains(self) -> frozenset[str]:
        return frozenset({self.name})


@dataclass(frozen=True, kw_only=True)
class Renamed(Op):
    """A parameter or attribute with the same meaning and another name."""

    old: str
    new: str

    def up(self, obj: Obj, step: Step) -> None:
        rename(obj, self.old, self.new)

    def down(self, obj: Obj, step: Step) -> None:
        rename(obj, self.new, self.old)

    def explains(self) -> frozenset[str]:
        return frozenset({self.old, self.new})


@dataclass(frozen=True, kw_only=True)
class Retyped(Op):
    """A value with the same meaning in another form.  Each function takes and gives the value."""

    name: str
    to_new: Callable[[Any], Any]
    to_old: Callable[[Any], Any]

    def up(self, obj: Obj, step: Step) -> None:
        if self.name in obj.state:
            obj.state[self.name] = self.to_new(obj.state[self.name])

    def down(self, obj: Obj, step: Step) -> None:
        if self.name in obj.state:
            obj.state[self.name] = self.to_old(obj.state[self.name])

    def explains(self) -> frozenset[str]:
        return frozenset({self.name})


@dataclass(frozen=True, kw_only=True)
class Rewritten(Op):
    """A change that needs the whole state: a pair of named functions of (Obj, Step).

    `names` are the attributes they speak for.  They change `obj.state`, and may raise Refusal.
    """

    to_new: Callable[[Obj, Step], None]
    to_old: Callable[[Obj, Step], None]
    names: tuple[str, ...] = ()

    def up(self, obj: Obj, step: Step) -> None:
        self.to_new(obj, step)

    def down(self, obj: Obj, step: Step) -> None:
        self.to_old(obj, step)

    def explains(self) -> frozenset[str]:
        return frozenset(self.names)


@dataclass(frozen=True, kw_only=True)
class Parameter(Op):
    """A constructor parameter that predictions read, added or removed at this boundary.

    Which of the two, and its default, comes from the census.  (Parameters without an operation
    are training settings: set to their default where added, dropped with a note where removed.)
    `value`: what a model of the other release means, where that is not the default.
    `neutral`: values that may be dropped; default: only the census default.
    """

    name: str
    value: Any = None
    use_default: bool = True
    neutral: Any = None

    def up(self, obj: Obj, step: Step) -> None:
        self._cross(obj, step, step.older, step.newer)

    def down(self, obj: Obj, step: Step) -> None:
        self._cross(obj, step, step.newer, step.older)

    def _cross(self, obj: Obj, step: Step, here: str, there: str) -> None:
        ours = step.parameters(obj.tag, here) or {}
        theirs = step.parameters(obj.tag, there) or {}
        if self.name in theirs and self.name not in obj.state:
            default = theirs[self.name]
            obj.state[self.name] = default if self.use_default else _call(self.value, obj)
        elif self.name not in theirs and self.name in obj.state:
            neutral = self.neutral if self.neutral is not None else (ours.get(self.name),)
            _drop(obj, step, self.name, neutral, there)

    def explains(self) -> frozenset[str]:
        return frozenset({self.name})


@dataclass(frozen=True, kw_only=True)
class Successor(Op):
    """A constructor parameter that another one replaces, in two steps.

    At one boundary `new` appears and the default of `old` becomes a sentinel ("deprecated"); at a
    later one `old` is gone.  Stands at both; which of the two it is comes from the census.
    """

    old: str
    new: str

    def up(self, obj: Obj, step: Step) -> None:
        ours = step.parameters(obj.tag, step.older) or {}
        theirs = step.parameters(obj.tag, step.newer) or {}
        value = obj.state.pop(self.old, None)
        if self.old in theirs:
            obj.state[self.old] = theirs[self.old]
        if value is not None and not same(value, theirs.get(self.old, ours.get(self.old))):
            obj.state[self.new] = value
        elif self.new not in ours or obj.state.get(self.new) is None:
            obj.state[self.new] = theirs[self.new] if self.old not in theirs else value

    def down(self, obj: Obj, step: Step) -> None:
        ours = step.parameters(obj.tag, step.newer) or {}
        theirs = step.parameters(obj.tag, step.older) or {}
        if self.old not in ours:
            obj.state[self.old] = theirs[self.old]
        elif self.new not in theirs:
            value = obj.state.pop(self.new, None)
            former = obj.state.get(self.old)
            if value is not None:
                obj.state[self.old] = value
            elif same(former, ours[self.old]):
                obj.state[self.old] = theirs[self.old]

    def explains(self) -> frozenset[str]:
        return frozenset({self.old, self.new})


@dataclass(frozen=True, kw_only=True)
class Moved(Op):
    """A class with another public tag in the newer release.  `classes` is derived."""

    old: str
    new: str
    classes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", (self.old, self.new))

    def up(self, obj: Obj, step: Step) -> None:
        if obj.tag == self.old:
            obj.tag = self.new

    def down(self, obj: Obj, step: Step) -> None:
        if obj.tag == self.new:
            obj.tag = self.old


@dataclass(frozen=True, kw_only=True)
class Born(Op):
    """Classes that this release brought: an object of one cannot go below it."""

    def up(self, obj: Obj, step: Step) -> None:
        """An older release has no such object."""

    def down(self, obj: Obj, step: Step) -> None:
        raise Refusal(f"`{obj.tag}` does not exist before scikit-learn {step.newer}")


@dataclass(frozen=True, kw_only=True)
class Gone(Op):
    """Classes that this release removed without a successor that means the same."""

    def up(self, obj: Obj, step: Step) -> None:
        raise Refusal(f"`{obj.tag}` was removed in scikit-learn {step.newer}. {self.why}".strip())

    def down(self, obj: Obj, step: Step) -> None:
        """A newer release has no such object."""


@dataclass(frozen=True, kw_only=True)
class Changed(Op):
    """scikit-learn changed what a method returns for the same state; `why` cites the source."""

    method: str
    when: Check = fitted

    def up(self, obj: Obj, step: Step) -> None:
        if self.when(obj):
            step.changed(obj, self.method, self.why)

    down = up


@dataclass(frozen=True, kw_only=True)
class Accepted(Op):
    """An input that this release accepts and older ones reject, with the words of `error`.

    Below it the model means the same for every other input.
    """

    what: str
    error: str
    when: Check = fitted

    def up(self, obj: Obj, step: Step) -> None:
        """What was accepted still is."""

    def down(self, obj: Obj, step: Step) -> None:
        if self.when(obj):
            step.changed(obj, f"raises {self.error}", f"{step.older} rejects {self.what}")


@dataclass(frozen=True, kw_only=True)
class Explained(Op):
    """A difference that the census sees and that means nothing (a scalar's type, a cache)."""

    names: tuple[str, ...]

    def up(self, obj: Obj, step: Step) -> None:
        """Nothing to do."""

    down = up

    def explains(self) -> frozenset[str]:
        return frozenset(self.names)


# ------------------------------------------------------------------ helpers for rule functions
def rename(obj: Obj, old: str, new: str) -> None:
    """Give an entry of the state another name, in its place in the order."""
    if old not in obj.state:
        return
    obj.state = {
        (new if name == old else name): value
        for name, value in obj.state.items()
        if name != new or old == new
    }


def same(one: Any, other: Any) -> bool:
    """Equality of plain values; nan equals nan, True does not equal 1, arrays by content."""
    import numpy as np

    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return (
            isinstance(one, np.ndarray)
            and isinstance(other, np.ndarray)
            and one.dtype == other.dtype
            and np.array_equal(one, other)
        )
    if isinstance(one, bool | np.bool_) != isinstance(other, bool | np.bool_):
        return False
    if isinstance(one, Obj) or isinstance(other, Obj):
        return one is other
    if isinstance(one, float | np.floating) and isinstance(other, float | np.floating):
        return bool(one == other or (one != one and other != other))
    return bool(one == other)


def short(value: Any, limit: int = 60) -> str:
    """A value for a message, cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """What one release changed: `since` is the release, `ops` in the order they apply going up."""

    since: str
    ops: tuple[Op, ...]

    @functools.cached_property
    def of_class(self) -> dict[str, list[Op]]:
        """The operations of each class, in order."""
        result: dict[str, list[Op]] = {}
        for op in self.ops:
            for tag in op.classes:
                result.setdefault(tag, []).append(op)
        return result

    @functools.cached_property
    def explained(self) -> dict[str, frozenset[str]]:
        """The names that the operations of each class speak for."""
        return {
            tag: frozenset().union(*(op.explains() for op in ops))
            for tag, ops in self.of_class.items()
        }

    def about(self, tags: Iterable[str]) -> list[Op]:
        """The operations of any of these classes, in order."""
        wanted = {id(op) for tag in tags for op in self.of_class.get(tag, ())}
        return [op for op in self.ops if id(op) in wanted] if wanted else []


def rules(since: str, ops: Iterable[Op]) -> RuleSet:
    """Validate and freeze one release's rules.  Raises ValueError for a duplicate statement."""
    frozen = tuple(ops)
    seen: set[tuple[str, str, str]] = set()
    for op in frozen:
        if not op.classes:
            raise ValueError(f"{since}: {op!r} names no class")
        for tag in op.classes:
            for name in op.explains() if not isinstance(op, Explained | Rewritten) else ():
                key = (type(op).__name__, tag, name)
                if key in seen:
                    raise ValueError(f"{since}: {key} stands twice")
                seen.add(key)
    return RuleSet(since=since, ops=frozen)
