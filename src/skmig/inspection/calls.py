"""What a call in a pickle amounts to, for the functions whose meaning is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from skmig.inspection.stubs import (
    ARRAY,
    BLOB,
    SCALAR,
    TEXT,
    UNKNOWN,
    Global,
    Instance,
    Leaf,
    Seq,
)

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
        plain = len(args) == 2 and (type(args[1]) in (bytes, str) or args[1] in (BLOB, TEXT))
        return SCALAR if plain else Instance(function, args, position, function)
    if module in BUILTINS and name == "getattr":
        return _getattr(function, args, position)
    function.called = True
    if module in BUILTINS:
        return _builtin(trace, function, args, position)
    if name == "_ufunc_reconstruct" and module.startswith("numpy"):
        return _ufunc(trace, args, position)
    if module == "_codecs" and name == "encode":
        trace.python3 += 1
        return _encoded(args)
    if name == "_frombuffer" and module.startswith("numpy"):
        return ARRAY
    if args and (name in _MAKERS or name.startswith("__pyx_unpickle_")):
        return _made(trace, function, args, position)
    if name in ("__randomstate_ctor", "__generator_ctor"):
        for item in args:
            if isinstance(item, Global):
                item.called = True  # a constructor that may be handed over is called
    return Instance(function, args, position, function if _is_function(name) else None)


def instance(trace: Trace, cls: Any, args: Any, keywords: Any, position: int) -> Any:
    """The stub of `cls.__new__(cls, *args)`."""
    if not isinstance(cls, Global):
        _of_value(trace, cls, position)
    else:
        cls.called = True
    return Instance(cls, args if keywords is None else (args, keywords), position)


def changed(trace: Trace, target: Any, position: int) -> None:
    """State or items were set on something that the pickle did not make."""
    if isinstance(target, Global):
        text = f"changes `{target.full}` itself, for the whole process"
        trace.note("changes-global", target.full, position, text)
    elif not isinstance(target, Leaf):
        raise ValueError(f"state cannot be set on a {type(target).__name__}")


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
    cls.called = True
    made = Instance(cls, args[1:], position, function)
    if function.name in ("_reconstructor", "_mareconstruct"):
        if len(args) > 1 and isinstance(args[1], Global):
            args[1].called = True
    elif function.name.startswith("__pyx_unpickle_") and len(args) > 2:
        made.state = args[2]
    return made


def _builtin(trace: Trace, function: Global, args: tuple[Any, ...], position: int) -> Any:
    name = function.name
    if name in ("set", "frozenset", "list") and len(args) == 1 and isinstance(args[0], Seq):
        made = Seq(name)
        made.items, made.count = args[0].items, args[0].count
        return made
    if name in ("set", "frozenset", "list") and not args:
        return Seq(name)
    if name in ("bytes", "bytearray"):
        return BLOB
    if name == "complex":
        return SCALAR
    if name == "type":
        if len(args) == 1 and not isinstance(args[0], (Instance, Global)):
            return Leaf("type")
        trace.note("makes-class", "", position, "makes a class, whose methods run later")
        return UNKNOWN
    return Instance(function, args, position, function if _is_function(name) else None)


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
            if (module.startswith("sklearn.") and _PUBLIC.fullmatch(name)) or (
                module.startswith("scipy.stats.") and _DISTRIBUTION.fullmatch(name)
            ):
                function.excused = True
                return Instance(UNKNOWN, (owner,), position, UNKNOWN)
    function.called = True
    return Instance(UNKNOWN, args, position, function)


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


def _encoded(args: tuple[Any, ...]) -> Any:
    """How Python 3 writes bytes in protocols 0 to 2."""
    if len(args) == 2 and type(args[0]) is str and args[1] in ("latin1", "latin-1"):
        try:
            return args[0].encode("latin-1")
        except UnicodeEncodeError:
            return BLOB
    return BLOB
