"""What a call in a pickle amounts to, for the functions whose meaning is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from skmig.inspection.known import allowed
from skmig.inspection.stubs import (
    ARRAY,
    BLOB,
    SCALAR,
    TEXT,
    UNKNOWN,
    Global,
    Instance,
    Leaf,
    Map,
    Seq,
    branches,
)
from skmig.inspection.trace import TooMuchError

if TYPE_CHECKING:
    from skmig.inspection.trace import Trace

BUILTINS = ("builtins", "__builtin__")
COPYREG = ("copyreg", "copy_reg")
_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")
# functions whose first argument is the class that they make an object of
_MAKERS = {
    "_reconstructor",
    "_reconstruct",
    "__newobj__",
    "__newobj_ex__",
    "_mareconstruct",
    "newObj",
    "_new_Index",
    "new_Index",
    "_new_DatetimeIndex",
    "_new_PeriodIndex",
    "__bit_generator_ctor",
}
_METHOD_OWNERS = {"str", "unicode", "bytes", "int", "float", "list", "dict", "tuple", "set"}
_SINGLETONS = {"NotImplemented", "Ellipsis"}
_PUBLIC = re.compile(r"[A-Za-z]\w*")
# scipy's distributions hold vectorised forms of their own methods
_DISTRIBUTION = re.compile(r"_(mom\d_sc|mom_integ\d|ppf_single|cdf_single|entropy|p[dm]f|[cp]df)")


def result(trace: Trace, function: Any, args: Any, position: int) -> Any:
    """The stub of what `function(*args)` gives."""
    if not isinstance(function, Global):
        _of_value(trace, function, position)
        return Instance(UNKNOWN, args, position)
    if type(args) is not tuple:
        raise ValueError("a call whose arguments are no tuple")
    module, name = function.module, function.name
    if name == "scalar" and module in _MULTIARRAY:
        function.called = True
        plain = (
            len(args) == 2
            and (type(args[1]) in (bytes, str) or args[1] in (BLOB, TEXT))
            and isinstance(args[0], Instance)
            and isinstance(args[0].cls, Global)
            and args[0].cls.full == "numpy.dtype"
        )
        return SCALAR if plain else Instance(function, args, position, function)
    if module in BUILTINS and name == "getattr":
        return _getattr(function, args, position)
    if module in BUILTINS and name == "type" and len(args) == 1 and _is_singleton(args[0]):
        function.excused = True  # the types of None, NotImplemented and Ellipsis
        return Leaf("type")
    if args and (name in _MAKERS or name.startswith("__pyx_unpickle_")):
        function.called = True
        return _made(trace, function, args, position)
    if name == "Memory" and module.endswith("joblib.memory") and args and args[0] is None:
        function.made = True  # a cache without a folder makes none
        return Instance(function, args, position)
    function.called = True
    if module in BUILTINS:
        return _builtin(trace, function, args, position)
    if name == "_ufunc_reconstruct" and module.startswith("numpy"):
        return _ufunc(trace, args, position)
    if module == "_codecs" and name == "encode":
        return _encoded(trace, args, position)
    if name == "_frombuffer" and module.startswith("numpy"):
        trace.dropped.append(args)
        return ARRAY
    if name in ("__randomstate_ctor", "__generator_ctor"):
        _constructors(trace, args, position)
    return Instance(function, args, position, function if _is_function(name) else None)


def instance(trace: Trace, cls: Any, args: Any, keywords: Any, position: int, new: bool) -> Any:
    """The stub of `cls.__new__(cls, *args)`; without `new`, of `cls(*args)`."""
    if not isinstance(cls, Global):
        _of_value(trace, cls, position)
    elif new:
        cls.made = True
    elif cls.module in BUILTINS:
        return result(trace, cls, args, position)
    else:
        cls.called = True
    return Instance(cls, args if keywords is None else (args, keywords), position)


def _constructors(trace: Trace, args: tuple[Any, ...], position: int) -> None:
    """A constructor that may be handed over is called."""
    for item in args:
        if isinstance(item, Global):
            item.called = True
        elif not isinstance(item, (str, Leaf)):
            made = isinstance(item, Instance) and isinstance(item.cls, Global)
            if not (made and item.cls.module.startswith("numpy.random.")):
                _of_value(trace, item, position)


def changed(trace: Trace, target: Any, position: int) -> None:
    """State or items were set on something that the pickle did not make."""
    if isinstance(target, Global):
        text = f"changes `{target.full}` itself, for the whole process"
        trace.note("changes-global", target.full, position, text)
    elif isinstance(target, Leaf):
        if target not in (ARRAY, SCALAR):
            trace.note("changes-value", "", position, f"sets state on {target.kind}")
    else:
        raise ValueError(f"state cannot be set on a {type(target).__name__}")


# what belongs to the process, or to a class, although a call gave it
_SHARED = {"getLogger"}
# names with two underscores that honest objects have in their state
_DUNDERS = {
    "__doc__", "__name__", "__qualname__", "__module__", "__wrapped__", "__annotations__",
    "__defaults__", "__orig_class__", "__sklearn_tags__",
}  # fmt: skip
_MAX_STATES = 8


def state_set(trace: Trace, target: Instance, state: Any, position: int) -> None:
    """What setting `state` on an object amounts to, beside the values that it holds."""
    via = target.via
    if target.cls is UNKNOWN:
        trace.note("changes-value", "", position, "sets state on a method, or on what a call gave")
    elif isinstance(via, Global) and via.name in _SHARED:
        trace.note("changes-global", via.full, position, f"changes what `{via.full}` gives to all")
    for part in state if type(state) is tuple else (state,):
        if isinstance(part, Map):
            for key, _ in part.items:
                if type(key) is str and key.startswith("__") and key.endswith("__"):
                    _dunder(trace, key, position)
    target.states += 1
    if target.states > _MAX_STATES:
        raise TooMuchError(f"more than {_MAX_STATES} states of one object")
    if target.states > 1:
        trace.note("state-twice", "", position, "sets the state of one object twice")


def _dunder(trace: Trace, key: str, position: int) -> None:
    if key not in _DUNDERS:
        text = f"sets `{key[:60]}` in the state of an object, which may change what it does"
        trace.note("special-attribute", key[:60], position, text)


def _is_singleton(value: Any) -> bool:
    return value is None or (
        isinstance(value, Global) and value.module in BUILTINS and value.name in _SINGLETONS
    )


def _is_function(name: str) -> bool:
    last = name.rpartition(".")[2].lstrip("_")
    return not last[:1].isupper()


def _of_value(trace: Trace, value: Any, position: int) -> None:
    if isinstance(value, (Instance, Leaf)):
        trace.note("call-of-value", "", position, "calls what another call gave it")
    else:
        raise ValueError(f"a {type(value).__name__} cannot be called")


def _made(trace: Trace, function: Global, args: tuple[Any, ...], position: int) -> Any:
    cls = args[0]
    if not isinstance(cls, Global):
        if type(cls) is str and function.name == "__bit_generator_ctor":
            return Instance(function, args, position, function)
        _of_value(trace, cls, position)
        return Instance(UNKNOWN, args, position, function)
    if function.name == "__bit_generator_ctor":
        cls.called = True
    else:
        cls.made = True
    made = Instance(cls, args[1:], position, function)
    if function.name in ("_reconstructor", "_mareconstruct") and len(args) > 1:
        if isinstance(args[1], Global):
            args[1].made = True
        else:
            _of_value(trace, args[1], position)
    elif function.name.startswith("__pyx_unpickle_") and len(args) > 2:
        made.state = args[2]
    return made


def _builtin(trace: Trace, function: Global, args: tuple[Any, ...], position: int) -> Any:
    name = function.name
    if name == "type":
        trace.note("makes-class", "", position, "makes a class, whose methods run later")
        return UNKNOWN
    if not all(_is_data(item) for item in args):
        # whoever goes through an object, or turns it into another, calls its methods
        text = f"hands an object to `{name}`, which calls the object's methods"
        trace.note("call-of-value", "", position, text)
        return Instance(UNKNOWN, args, position, function)
    if name in ("set", "frozenset", "list") and len(args) == 1 and isinstance(args[0], Seq):
        made = Seq(name)
        made.items, made.count = list(args[0].items), args[0].count
        return made
    if name in ("set", "frozenset", "list") and not args:
        return Seq(name)
    trace.dropped.extend(item for item in args if branches(item))
    if name in ("bytes", "bytearray"):
        return BLOB
    if name == "complex":
        return SCALAR
    return Instance(function, args, position, function if _is_function(name) else None)


def _is_data(value: Any) -> bool:
    """Is this a value without methods of its own?  What it holds may have some."""
    return not isinstance(value, Instance) or (
        isinstance(value.cls, Global) and value.cls.module in BUILTINS
    )


def _getattr(function: Global, args: tuple[Any, ...], position: int) -> Any:
    """Methods as values (`str.split`, a method of an estimator) are pickled as getattr."""
    if len(args) == 2 and type(args[1]) is str:
        owner, name = args
        if isinstance(owner, Global) and owner.module in BUILTINS:
            if owner.name in _METHOD_OWNERS and _PUBLIC.fullmatch(name):
                function.excused = True
                return Leaf(f"function {owner.name}.{name}")
        elif isinstance(owner, Instance) and isinstance(owner.cls, Global):
            module = owner.cls.module
            if (_estimator(owner.cls) and _PUBLIC.fullmatch(name)) or (
                module.startswith("scipy.stats.") and _DISTRIBUTION.fullmatch(name)
            ):
                function.excused = True
                return Instance(UNKNOWN, (owner,), position, UNKNOWN)
    function.called = True
    return Instance(UNKNOWN, args, position, function)


def _estimator(cls: Global) -> bool:
    """Is this a class of scikit-learn whose public methods only compute?"""
    parts = cls.module.split(".")
    estimator = parts[0] == "sklearn" and parts[1:2] not in (["externals"], ["utils"])
    return estimator and allowed(cls.module, cls.name, "make") == "class"


def _ufunc(trace: Trace, args: tuple[Any, ...], position: int) -> Any:
    """numpy before 1.20 pickles a ufunc as the names of its module and itself."""
    if len(args) == 2 and type(args[0]) is str and type(args[1]) is str:
        key = (args[0], args[1])
        found = trace.globals.get(key)
        if found is None:
            found = trace.globals[key] = Global(*key, position)
        found.count += 1
        return found
    trace.note("computed-name", "", position, "imports a name that is only known when it runs")
    return UNKNOWN


def _encoded(trace: Trace, args: tuple[Any, ...], position: int) -> Any:
    """How Python 3 writes bytes in protocols 0 to 2."""
    trace.python3 += 1
    if len(args) == 2 and args[1] in ("latin1", "latin-1") and type(args[0]) in (str, Leaf):
        try:
            return args[0].encode("latin-1") if type(args[0]) is str else BLOB
        except UnicodeEncodeError:
            return BLOB
    trace.dropped.append(args)
    trace.note("computed-bytes", "", position, "turns a value into bytes in an unusual way")
    return BLOB
