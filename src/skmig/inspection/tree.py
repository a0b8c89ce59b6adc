"""Finds the estimators in the stub of an artifact's object, with their paths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from skmig.inspection.facts import Node, NodeKind
from skmig.inspection.known import honest_template
from skmig.inspection.stubs import Global, Instance, Map, Seq, branches

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
    values: set[Global] = field(default_factory=set)
    templates: list[int] = field(default_factory=list)  # positions of code in distributions
    too_deep: bool = False


def public_tag(module: str, name: str) -> str:
    """`sklearn.<package>.<Class>`; a class of another library keeps its own path."""
    parts = module.split(".")
    if parts[0] == "_loss":
        return f"sklearn._loss.{name}"
    if parts[0] == "sklearn" and len(parts) > 1:
        return f"sklearn.{parts[1]}.{name}"
    return f"{module}.{name}"


def walk(root: Any) -> Found:
    """All nodes below `root`, each at the first path that leads to it."""
    found = Found()
    seen: set[int] = set()
    todo: list[tuple[str, Any]] = [("model", root)]
    while todo:
        path, value = todo.pop()
        if isinstance(value, Global):
            found.values.add(value)
            continue
        if id(value) in seen or not branches(value):
            continue
        seen.add(id(value))
        if len(path) > MAX_PATH:
            found.too_deep = True
            continue
        if isinstance(value, Instance):
            _visit(found, path, value)
        todo.extend(reversed(list(children(path, value))))
    return found


def _visit(found: Found, path: str, value: Instance) -> None:
    node = node_of(path, value)
    if node is not None:
        found.nodes.append(node)
    for part in _states(value):
        code = part.get("_parse_arg_template")
        if code is not None and not honest_template(code):
            found.templates.append(value.position)


def node_of(path: str, value: Instance) -> Node | None:
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
        path=path,
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


def children(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The values right below, with their paths; only those that can lead on."""
    if type(value) is tuple:
        for index, item in enumerate(value):
            if branches(item):
                yield f"{path}[{index}]", item
    elif isinstance(value, Seq):
        for index, item in value.items:
            if branches(item):
                yield f"{path}[{index}]", item
    elif isinstance(value, Map):
        yield from _items(path, value)
    elif isinstance(value, Instance):
        yield from _parts(path, value)


def _items(path: str, value: Map) -> Iterator[tuple[str, Any]]:
    for key, item in value.items:
        if branches(item):
            shown = repr(key) if isinstance(key, (str, int, float, bytes, type(None))) else "…"
            yield f"{path}[{shown}]", item
        if branches(key):
            yield f"{path}.keys()", key


def _parts(path: str, value: Instance) -> Iterator[tuple[str, Any]]:
    if value.via is None and branches(value.cls) and not isinstance(value.cls, Global):
        yield f"{path}.__class__", value.cls
    if branches(value.args):
        pairs = value.args[0] if type(value.args) is tuple and value.args else None
        if isinstance(pairs, Seq) and _is(value, "OrderedDict"):
            for pair in pairs.values():  # Python 2 pickles it as a list of [key, value]
                key, item = pair.values()[:2] if isinstance(pair, Seq) else (None, pair)
                yield f"{path}[{key!r}]", item
        else:
            yield f"{path}.args", value.args
    state = value.state
    if _is(value, "ndarray") and type(state) is tuple and len(state) > 4:
        yield path, state[4]
    elif isinstance(state, Map) or (type(state) is tuple and list(_states(value))):
        for part in _states(value):
            for key, item in part.items:
                if branches(item):
                    yield f"{path}.{key}" if type(key) is str else f"{path}.…", item
        for item in state if type(state) is tuple else ():
            if not isinstance(item, Map) and branches(item):
                yield f"{path}.state", item
    elif branches(state):
        yield f"{path}.state", state
    if value.extra is not None:
        yield path, value.extra


def _is(value: Instance, name: str) -> bool:
    return isinstance(value.cls, Global) and value.cls.name == name


# ------------------------------------------------------------------ one line that says what it is
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
    for step in steps.values() if isinstance(steps, Seq) else ():
        items = step.values() if isinstance(step, Seq) else step
        if type(items) in (tuple, list) and len(items) > 1 and isinstance(items[1], Instance):
            shown.append(_short(items[1], depth + 1))
    return separator.join(shown)
