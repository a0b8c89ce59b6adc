"""Finds the estimators in the stub of an artifact's object, with their paths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from skmig.inspection.facts import Node, NodeKind
from skmig.inspection.known import honest_template
from skmig.inspection.stubs import Global, Instance, Map, Seq, branches
from skmig.inspection.trace import TooMuchError, Trace

MAX_SHOWN = 1 << 28  # characters of all paths together
MAX_PATH = 2000  # characters; nobody nests models deeper
# libraries whose objects are values, not parts of the tree; what is in them is looked at
_VALUES = {
    "numpy", "scipy", "pandas", "builtins", "__builtin__", "collections", "copyreg", "copy_reg",
    "functools", "joblib", "datetime", "decimal", "fractions", "re", "array", "operator",
    "_operator", "pathlib", "uuid", "types", "_codecs",
}  # fmt: skip
_PART_MODULES = ("utils", "metrics", "_loss", "tree._tree", "externals", "datasets", "_config")


@dataclass
class Found:
    """What the walk met."""

    nodes: list[Node] = field(default_factory=list)
    # names that stand as values, and the first place of each
    values: dict[Global, str] = field(default_factory=dict)
    # classes and functions that objects were made by, and the first place of each
    makers: dict[Global, str] = field(default_factory=dict)
    templates: list[int] = field(default_factory=list)  # positions of code in distributions
    odd: list[tuple[str, int, str]] = field(default_factory=list)  # name, position, text


class Place(NamedTuple):
    """Where a value stands: a step below another place.  Written out only for what is shown."""

    above: Place | None
    step: str
    length: int

    def below(self, step: str) -> Place:
        return Place(self, step, self.length + len(step))

    def __str__(self) -> str:
        steps = []
        place: Place | None = self
        while place is not None:
            steps.append(place.step)
            place = place.above
        return "".join(reversed(steps))


def public_tag(module: str, name: str) -> str:
    """`sklearn.<package>.<Class>`; a class of another library keeps its own path."""
    parts = module.split(".")
    if parts[0] == "_loss":
        return f"sklearn._loss.{name}"
    if parts[0] == "sklearn" and len(parts) > 1:
        return f"sklearn.{parts[1]}.{name}"
    return f"{module}.{name}"


def walk(root: Any, trace: Trace) -> Found:
    """All nodes below `root`, each at the first path that leads to it.  Raises TooMuchError."""
    found = Found()
    seen: set[int] = set()
    dropped = Place(None, "(dropped)", 9)
    todo = [(dropped, value) for value in trace.dropped]
    todo.append((Place(None, "model", 5), root))
    too_deep = False
    visited = shown = 0
    while todo:
        place, value = todo.pop()
        if isinstance(value, Global):
            if value not in found.values:
                found.values[value] = str(place)
            continue
        if id(value) in seen or not branches(value):
            continue
        seen.add(id(value))
        visited += 1
        if visited % 4096 == 0:
            trace.check()
        if place.length > MAX_PATH:
            too_deep = True
            continue
        if isinstance(value, Instance) and _visit(found, place, value):
            shown += place.length
            if shown > MAX_SHOWN:
                raise TooMuchError(f"more than {MAX_SHOWN:,} bytes of paths")
        below = [(place.below(step), item) for step, item in children(value)]
        todo.extend(reversed(below))
    if too_deep:
        text = "nests deeper than models do; what is below was not looked at"
        found.odd.append(("too-deep", 0, text))
    return found


def _visit(found: Found, place: Place, value: Instance) -> bool:
    """Note what is remarkable about an object; gives whether it is shown as a node."""
    cls = value.cls
    for name in (cls, value.via):
        if isinstance(name, Global) and name not in found.makers:
            found.makers[name] = str(place)
    if isinstance(cls, Global):
        if cls.module.startswith("scipy.stats"):
            _distribution(found, value)
        elif cls.name == "Memory" and any(
            type(attribute(value, name)) is str for name in ("location", "cachedir")
        ):
            text = "keeps a folder from which joblib loads pickles when the model is fitted again"
            found.odd.append(("cache-folder", value.position, text))
    node = node_of(place, value)
    if node is not None:
        found.nodes.append(node)
    return node is not None


def _distribution(found: Found, value: Instance) -> None:
    """Its state may hold code, which only a state as scipy writes it can be searched for."""
    state = value.state
    parts = state if type(state) is tuple else (state,)
    maps = [part for part in parts if isinstance(part, Map)]
    honest = (
        # old scipy gives its constructor's arguments and its RandomState
        all(part is None or isinstance(part, Map) or _random_state(part) for part in parts)
        and all(part.plain for part in maps)
        and value.extra is None
        and all(_shapes(part.get("shapes")) for part in maps)
    )
    codes = [part.get("_parse_arg_template") for part in maps]
    if not honest or any(code is not None and not honest_template(code) for code in codes):
        found.templates.append(value.position)


def _random_state(value: Any) -> bool:
    cls = value.cls if isinstance(value, Instance) else None
    return isinstance(cls, Global) and cls.module.startswith("numpy.random")


def _shapes(value: Any) -> bool:
    """Names of parameters, which scipy puts into the code that it makes."""
    return value is None or (type(value) is str and re.fullmatch(r"[\w, ]*", value) is not None)


def node_of(path: Place, value: Instance) -> Node | None:
    """The node that an instance is; None for values."""
    cls = value.cls
    if not isinstance(cls, Global) or value.via is cls:
        return None
    package = cls.module.partition(".")[0]
    if package in _VALUES or cls.module.startswith("sklearn.externals.joblib"):
        return None
    version = attribute(value, "_sklearn_version")
    version = version if type(version) is str else None
    width = attribute(value, "n_features_in_")
    return Node(
        path=str(path),
        name=cls.full,
        tag=public_tag(cls.module, cls.name),
        kind=_kind(cls, value, version),
        version=version,
        features=_texts(attribute(value, "feature_names_in_")),
        width=width if type(width) is int else None,
    )


def _texts(array: Any) -> tuple[str, ...] | None:
    """The texts in the stub of an array of objects; None where not all of them were kept."""
    state = array.state if isinstance(array, Instance) else None
    items = state[4] if type(state) is tuple and len(state) > 4 else None
    if not isinstance(items, Seq) or len(items.items) != items.count:
        return None
    names = tuple(items.values())
    return names if all(type(name) is str for name in names) else None


def _kind(cls: Global, value: Instance, version: str | None) -> NodeKind:
    package, _, rest = cls.module.partition(".")
    if package not in ("sklearn", "_loss"):
        return "foreign"
    if version is not None:
        return "estimator"
    part = cls.name.startswith("_") or rest.startswith(_PART_MODULES) or package == "_loss"
    return "part" if part or not isinstance(value.state, Map) else "estimator"


def attribute(value: Any, name: str) -> Any:
    """A value of an instance's state by name; None if it is not there."""
    for part in _states(value):
        found = part.get(name)
        if found is not None:
            return found
    return None


def _states(value: Any) -> Iterator[Map]:
    """The dictionaries in an instance's state: one, or (dictionary, slots)."""
    state = value.state if isinstance(value, Instance) else None
    for part in state if type(state) is tuple else (state,):
        if isinstance(part, Map):
            yield part


def children(value: Any) -> Iterator[tuple[str, Any]]:
    """The values right below, with the step to each; only those that can lead on."""
    if type(value) is tuple:
        for index, item in enumerate(value):
            if branches(item):
                yield f"[{index}]", item
    elif isinstance(value, Seq):
        for index, item in value.items:
            if branches(item):
                yield f"[{index}]", item
    elif isinstance(value, Map):
        yield from _items(value)
    elif isinstance(value, Instance):
        yield from _parts(value)


def _items(value: Map) -> Iterator[tuple[str, Any]]:
    for key, item in value.items:
        if branches(item):
            shown = repr(key) if isinstance(key, (str, int, float, bytes, type(None))) else "…"
            yield f"[{shown}]", item
        if branches(key):
            yield ".keys()", key


def _parts(value: Instance) -> Iterator[tuple[str, Any]]:
    if value.via is None and branches(value.cls) and not isinstance(value.cls, Global):
        yield ".__class__", value.cls
    if branches(value.args):
        pairs = value.args[0] if type(value.args) is tuple and value.args else None
        if isinstance(pairs, Seq) and _is(value, "OrderedDict"):
            for pair in pairs.values():  # Python 2 pickles it as a list of [key, value]
                if isinstance(pair, Seq) and len(pair.items) == 2:
                    key, item = pair.values()
                    yield f"[{key!r}]", item
                    yield ".keys()", key
                else:
                    yield "[…]", pair
        yield ".args", value.args
    state = value.state
    if _is(value, "ndarray") and type(state) is tuple and len(state) > 4:
        yield "", state[4]
        yield ".state", state
    elif isinstance(state, Map) or (type(state) is tuple and list(_states(value))):
        for part in _states(value):
            for key, item in part.items:
                if branches(item):
                    yield f".{key}" if type(key) is str else ".…", item
                if branches(key):
                    yield ".keys()", key
        for item in state if type(state) is tuple else ():
            if not isinstance(item, Map) and branches(item):
                yield ".state", item
    elif branches(state):
        yield ".state", state
    if value.extra is not None:
        yield "", value.extra


def _is(value: Instance, name: str) -> bool:
    return isinstance(value.cls, Global) and value.cls.name == name


# ------------------------------------------------------------------ one line that says what it is
MAX_STEPS = 40
_STEPS = {"Pipeline": ("steps", " > "), "FeatureUnion": ("transformer_list", ", ")}
_LISTS = {"VotingClassifier", "VotingRegressor", "StackingClassifier", "StackingRegressor"}


def summary(root: Any) -> str:
    """`Pipeline[TfidfVectorizer > LogisticRegression]`; a bare class by its full name."""
    text = _short(root, 0)
    if isinstance(root, Instance) and isinstance(root.cls, Global) and text == root.cls.name:
        return root.cls.full
    return text


def _short(value: Any, depth: int) -> str:
    if isinstance(value, Seq):
        return f"{value.kind} of {value.count}"
    if isinstance(value, Map):
        keys = ", ".join(str(key)[:40] for key, _ in value.items[:6] if type(key) is str)
        return f"dict of {value.count} ({keys})" if keys else f"dict of {value.count}"
    if type(value) is tuple:
        return f"tuple of {len(value)}"
    if not isinstance(value, Instance) or not isinstance(value.cls, Global) or depth > 8:
        return type(value).__name__ if not isinstance(value, Instance) else "object"
    name = value.cls.name
    if name == "ColumnTransformer":
        steps = attribute(value, "transformers_") or attribute(value, "transformers")
        return f"{name}[{_steps(steps, ', ', depth)}]"
    if name in _STEPS:
        attr, separator = _STEPS[name]
        return f"{name}[{_steps(attribute(value, attr), separator, depth)}]"
    if name in _LISTS:
        return f"{name}[{_steps(attribute(value, 'estimators'), ', ', depth)}]"
    if _names(attribute(value, "estimator_params")):
        return name  # a forest: its trees are its own
    for attr in ("estimator", "base_estimator"):
        inner = attribute(value, attr)
        if isinstance(inner, Instance):
            return f"{name}({_short(inner, depth + 1)})"
    return name


def _names(value: Any) -> bool:
    return bool(value.count if isinstance(value, Seq) else type(value) is tuple and value)


def _steps(steps: Any, separator: str, depth: int) -> str:
    """The estimators of (name, estimator, ...) tuples, without what passes through."""
    shown = []
    if not isinstance(steps, Seq):
        return ""
    # one object may stand in many places: what is shown of each level is bounded
    for step in steps.values()[: max(2, MAX_STEPS >> 2 * depth)]:
        items = step.values() if isinstance(step, Seq) else step
        if type(items) in (tuple, list) and len(items) > 1 and isinstance(items[1], Instance):
            shown.append(_short(items[1], depth + 1))
    if len(steps.items) > MAX_STEPS:
        shown.append("…")
    return separator.join(shown)
