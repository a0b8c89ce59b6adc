"""joblib's arrays: raw bytes in the stream, nested pickles, and files beside the artifact.

The forms, by joblib release (joblib/numpy_pickle.py, numpy_pickle_compat.py):

- up to 0.9: `NDArrayWrapper` names a `.npy` file beside the artifact, `ZNDArrayWrapper` a `.npy.z`;
- from 0.10: `NumpyArrayWrapper`, and the array's bytes follow its BUILD; an array of objects
  follows as a pickle of its own;
- from 1.2: one byte before the bytes says how much padding aligns them.
"""

from __future__ import annotations

import ast
import io
import math
import os
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skmig.inspection.stream import EndedError, Stream
from skmig.inspection.stubs import ARRAY, Global, Instance, Map
from skmig.inspection.trace import DamagedError, Trace

if TYPE_CHECKING:
    from skmig.inspection.machine import Machine

MAX_HIDDEN = 1 << 24  # bytes of a byte string that is searched for a pickle
_HOMES = re.compile(r"(sklearn\.externals\.)?joblib\.numpy_pickle(_compat)?")
_WRAPPERS = {"NumpyArrayWrapper", "NDArrayWrapper", "ZNDArrayWrapper"}
_DTYPE = re.compile(r"([biufcmMSUVO?])(\d*)")
_MAX_FIELDS_DEPTH = 32
_NEEDS_OBJECTS = 1  # NPY_ITEM_HASOBJECT in the flags of a dtype's state


def is_wrapper(target: Instance) -> bool:
    """Is this the place of an array that joblib wrote on its own?"""
    cls = target.cls
    return (
        isinstance(cls, Global)
        and cls.name in _WRAPPERS
        and _HOMES.fullmatch(cls.module) is not None
    )


def read(machine: Machine, wrapper: Instance) -> Any:
    """Step over the array that belongs to `wrapper`; gives its stub."""
    trace = machine.trace
    trace.raw_arrays += 1
    state = wrapper.state
    if not isinstance(state, Map):
        raise ValueError("an array without a description")
    if wrapper.cls.name != "NumpyArrayWrapper":
        return _sidecar(machine, state.get("filename"))
    if machine.frame_end > machine.stream.tell():
        raise ValueError("a raw array inside a frame")
    shape = state.get("shape")
    if type(shape) is not tuple or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError("an array without a shape")
    size, objects = item_size(state.get("dtype"))
    if objects:
        return machine.__class__(machine.stream, trace, machine.depth + 1).run()
    if state.get("numpy_array_alignment_bytes") is not None:
        trace.aligned = True
        machine.stream.skip(machine.number(1))
    machine.stream.skip(math.prod(shape) * size)
    return ARRAY


def item_size(dtype: Any, depth: int = 0) -> tuple[int, bool]:
    """(bytes of one item, whether it holds Python objects) of a stub of a dtype."""
    if not isinstance(dtype, Instance) or depth > _MAX_FIELDS_DEPTH:
        raise ValueError("an array without a dtype")
    args = dtype.args
    found = _DTYPE.fullmatch(args[0]) if type(args) is tuple and type(args[0]) is str else None
    if found is None:
        raise ValueError(f"an array of unknown dtype {args!r}")
    kind, size = found[1], int(found[2] or 0)
    state = dtype.state if type(dtype.state) is tuple else ()
    objects = kind == "O"
    if kind == "O":
        size = 8
    elif kind == "?":
        size = 1
    elif kind in "SUV":
        stated = state[5] if len(state) > 5 else None
        size = stated if type(stated) is int else size * (4 if kind == "U" else 1)
    inner = [] if len(state) < 5 else _inner(state)
    objects = objects or any(item_size(part, depth + 1)[1] for part in inner)
    if len(state) > 7 and type(state[7]) is int and bool(state[7] & _NEEDS_OBJECTS) != objects:
        raise ValueError("a dtype that contradicts itself")
    if size < 0:
        raise ValueError("a dtype of negative size")
    return size, objects


def _inner(state: tuple[Any, ...]) -> list[Any]:
    """The dtypes of the fields, or of the elements of a subarray."""
    parts = []
    if type(state[2]) is tuple:
        parts.append(state[2][0])
    if isinstance(state[4], Map):
        parts.extend(value[0] for _, value in state[4].items)
    return parts


# ------------------------------------------------------------------ files beside the artifact
def _sidecar(machine: Machine, name: Any) -> Any:
    trace = machine.trace
    if type(name) is not str or not re.fullmatch(r"[^/\\\0]+\.(npy|npy\.z|z)", name):
        trace.note(
            "sidecar-path", "", machine.here(), f"wants an array from `{name}`, no file beside it"
        )
        return ARRAY
    path = Path(trace.folder) / name
    if not path.is_file():
        trace.missing.append(name)
        return ARRAY
    trace.sidecars.append(name)
    if name.endswith(".npy"):
        with path.open("rb") as handle:
            if _npy_has_objects(handle, name):
                nested = Stream(handle, os.fstat(handle.fileno()).st_size)
                return machine.__class__(nested, trace, machine.depth + 1).run()
    return ARRAY


def _npy_has_objects(handle: io.BufferedReader, name: str) -> bool:
    """Reads the header of a .npy file (numpy/lib/format.py)."""
    head = handle.read(8)
    if head[:6] != b"\x93NUMPY":
        raise ValueError(f"`{name}` is no numpy array")
    width = 2 if head[6] == 1 else 4
    (length,) = struct.unpack("<H" if width == 2 else "<I", handle.read(width))
    if length > 1 << 20:
        raise ValueError(f"`{name}` has a header of {length} bytes")
    try:
        header = ast.literal_eval(handle.read(length).decode("latin-1").strip())
        return "O" in str(header["descr"])
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(f"`{name}` has a damaged header") from error


# ------------------------------------------------------------------ pickles in byte strings
def like_pickle(data: bytes) -> bool:
    return len(data) > 4 and data[0] == 0x80 and data[1] <= 5 and data.endswith(b".")


def hidden(machine: Machine, data: bytes) -> None:
    """Note a pickle that stands in a byte string, if it would import something."""
    trace = machine.trace
    inner = Trace(folder=trace.folder, started=trace.started, opcodes=trace.opcodes)
    try:
        machine.__class__(Stream(io.BytesIO(data), len(data)), inner, machine.depth + 1).run()
    except (DamagedError, EndedError):
        return
    finally:
        trace.opcodes = inner.opcodes
    if inner.globals:
        names = sorted(item.full for item in inner.globals.values())
        text = f"holds a pickle in a byte string, which names {', '.join(names[:5])}"
        trace.note("nested-pickle", names[0], machine.here(), text)
