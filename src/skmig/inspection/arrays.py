"""joblib's arrays: raw bytes in the stream, nested pickles, and files beside the artifact.

The forms, by joblib release (joblib/numpy_pickle.py, numpy_pickle_compat.py):

- up to 0.9: `NDArrayWrapper` names a `.npy` file beside the artifact, `ZNDArrayWrapper` a `.npy.z`;
- from 0.10: `NumpyArrayWrapper`, and the array's bytes follow its BUILD; an array of objects
  follows as a pickle of its own;
- from 1.2: one byte before the bytes says how much padding aligns them.
"""

from __future__ import annotations

import ast
import math
import os
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from skmig.inspection.stream import Stream
from skmig.inspection.stubs import ARRAY, Global, Instance, Map
from skmig.inspection.trace import Trace

if TYPE_CHECKING:
    from skmig.inspection.machine import Machine

_HOMES = re.compile(r"(sklearn\.externals\.)?joblib\.numpy_pickle(_compat)?")
_WRAPPERS = {"NumpyArrayWrapper", "NDArrayWrapper", "ZNDArrayWrapper"}
# as numpy writes them: always with the size, in which "b1" is a bool
_DTYPE = re.compile(r"([biufcmMSUVO])([0-9]{1,9})|(\?)")
_SIZES = {
    "b": {1}, "i": {1, 2, 4, 8}, "u": {1, 2, 4, 8}, "f": {2, 4, 8, 12, 16},
    "c": {8, 16, 24, 32}, "m": {8}, "M": {8}, "O": {4, 8},
}  # fmt: skip
_MAX_FIELDS_DEPTH = 32
_NEEDS_OBJECTS = 1  # NPY_ITEM_HASOBJECT in the flags of a dtype's state
_PROBED = 1 << 16  # bytes of an array that are read as opcodes, if they could be


def is_wrapper(target: Instance) -> bool:
    """Is this the place of an array that joblib wrote on its own?"""
    cls = target.cls
    return (
        isinstance(cls, Global)
        and cls.name in _WRAPPERS
        and _HOMES.fullmatch(cls.module) is not None
    )


def is_dtype(target: Instance) -> bool:
    """Is this a dtype?  One that contradicts itself makes numpy take bytes for objects."""
    return isinstance(target.cls, Global) and target.cls.full == "numpy.dtype"


def read(machine: Machine, wrapper: Instance) -> Any:
    """Step over the array that belongs to `wrapper`; gives its stub."""
    trace = machine.trace
    trace.raw_arrays += 1
    state = wrapper.state
    # anything else may be read otherwise by joblib than it is here
    if not isinstance(state, Map) or not state.plain or wrapper.states > 1:
        raise ValueError("an array without a description")
    if wrapper.cls.name != "NumpyArrayWrapper":
        return _sidecar(machine, state.get("filename"), wrapper.cls.name == "NDArrayWrapper")
    if machine.frame_end > machine.stream.tell():
        raise ValueError("a raw array inside a frame")
    shape = state.get("shape")
    if type(shape) is not tuple or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError("an array without a shape")
    size, objects = item_size(trace, state.get("dtype"))
    if objects:
        return machine.__class__(machine.stream, trace, machine.depth + 1).run()
    length = math.prod(shape) * size
    padding = b""
    if state.get("numpy_array_alignment_bytes") is not None:
        trace.aligned = True
        padding = machine.stream.take(1)
        padding += machine.stream.take(padding[0])
    machine.step_over(length, padding)
    return ARRAY


def item_size(trace: Trace, dtype: Any, depth: int = 0) -> tuple[int, bool]:
    """(bytes of one item, whether it holds Python objects) of a stub of a dtype."""
    if not isinstance(dtype, Instance) or depth > _MAX_FIELDS_DEPTH:
        raise ValueError("an array without a dtype")
    known: tuple[Any, tuple[int, bool]] | None = trace.dtypes.get(id(dtype))
    if known is not None and known[0] is dtype and dtype.states <= 1:
        return known[1]
    cls, args, state = dtype.cls, dtype.args, dtype.state
    if not isinstance(cls, Global) or cls.full != "numpy.dtype" or dtype.states > 1:
        _forged(trace, dtype)
        raise ValueError("an array whose dtype is none of numpy's")
    named = type(args) is tuple and bool(args) and type(args[0]) is str
    found = _DTYPE.fullmatch(args[0]) if named else None
    if found is None:
        raise ValueError(f"an array of unknown dtype {str(args)[:60]!r}")
    kind, size = found[1] or "b", int(found[2] or 1)
    if size not in _SIZES.get(kind, {size}):
        raise ValueError(f"a dtype of impossible size `{args[0]}`")
    fields: list[Any] = []
    if state is not None:
        # versions 3 and 4 of numpy's own state (numpy/core/src/multiarray/descriptor.c)
        if type(state) is not tuple or len(state) not in (8, 9) or state[0] not in (3, 4):
            raise ValueError("a dtype with an unknown state")
        if kind in "SUV":
            if type(state[5]) is not int or state[5] < 0:
                raise ValueError("a dtype without a size")
            size = state[5]
        fields = _inner(state)
    elif kind == "U":
        size *= 4
    inner = [item_size(trace, part, depth + 1)[1] for part in fields]
    objects = kind == "O" or any(inner)
    if state is not None and bool(_flags(state) & _NEEDS_OBJECTS) != objects:
        _forged(trace, dtype)
        raise ValueError("a dtype that contradicts itself")
    trace.dtypes[id(dtype)] = (dtype, (size, objects))
    return size, objects


def _forged(trace: Trace, dtype: Instance) -> None:
    text = "describes an array by a dtype that is none: its bytes are taken for something else"
    trace.note("forged-dtype", "", dtype.position, text)


def _flags(state: tuple[Any, ...]) -> int:
    if type(state[7]) is not int:
        raise ValueError("a dtype without flags")
    return state[7]


def _inner(state: tuple[Any, ...]) -> list[Any]:
    """The dtypes of the fields, or of the elements of a subarray."""
    parts = []
    if type(state[2]) is tuple and state[2]:
        parts.append(state[2][0])
    elif state[2] is not None:
        raise ValueError("a dtype of unknown elements")
    if isinstance(state[4], Map):
        if len(state[4].items) != state[4].count:
            raise ValueError("a dtype of too many fields")
        for _, value in state[4].items:
            if type(value) is not tuple or not value:
                raise ValueError("a dtype with a damaged field")
            parts.append(value[0])
    elif state[4] is not None:
        raise ValueError("a dtype of unknown fields")
    return parts


# ------------------------------------------------------------------ files beside the artifact
def _sidecar(machine: Machine, name: Any, plain: bool) -> Any:
    """The file that an old joblib put an array into: `plain`, a .npy file, or a compressed one."""
    trace = machine.trace
    wanted = r"[^/\\\0]+\.npy" if plain else r"[^/\\\0]+\.(npy\.z|z)"
    if type(name) is not str or not re.fullmatch(wanted, name):
        shown = name[:100] if type(name) is str else "a name that is computed"
        trace.note(
            "sidecar-path", "", machine.here(), f"wants an array from `{shown}`, no file beside it"
        )
        return ARRAY
    path = Path(trace.folder) / name
    if path.is_symlink():
        text = f"wants an array from `{name[:100]}`, which is a link to another place"
        trace.note("sidecar-path", "", machine.here(), text)
    if not path.is_file():
        trace.missing.append(name)
        return ARRAY
    trace.sidecars.append(name)
    if plain:
        with path.open("rb") as handle:
            if npy_has_objects(handle, name):
                size = os.fstat(handle.fileno()).st_size
                nested = Stream(handle, size, trace.check)
                return machine.__class__(nested, trace, machine.depth + 1).run()
    return ARRAY


_DESCR = re.compile(r"[<>|=]?([biufcmMSUV][0-9]{1,9}(\[[0-9a-zA-Z]+\])?|\?)")


def npy_has_objects(handle: IO[bytes], name: str) -> bool:
    """Reads the header of a .npy file (numpy/lib/format.py)."""
    head = handle.read(8)
    if head[:6] != b"\x93NUMPY" or len(head) < 8:
        raise ValueError(f"`{name}` is no numpy array")
    width = 2 if head[6] == 1 else 4
    stated = handle.read(width)
    length = int.from_bytes(stated, "little")
    if length > 1 << 16 or len(stated) != width:
        raise ValueError(f"`{name}` has a header of {length} bytes")
    try:
        header = ast.literal_eval(handle.read(length).decode("latin-1").strip())
        return not _plain_descr(header["descr"])
    except (SyntaxError, TypeError, KeyError, RecursionError, MemoryError) as error:
        raise ValueError(f"`{name}` has a damaged header") from error


def _plain_descr(descr: Any, depth: int = 0) -> bool:
    """Does the description of a dtype, as numpy writes it, hold no objects?"""
    if isinstance(descr, str):
        return _DESCR.fullmatch(descr) is not None
    if not isinstance(descr, list) or depth > _MAX_FIELDS_DEPTH:
        return False
    return all(
        isinstance(field, tuple) and len(field) in (2, 3) and _plain_descr(field[1], depth + 1)
        for field in descr
    )
