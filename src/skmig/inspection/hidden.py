"""Pickles in byte strings and texts, and code where joblib reads an array.

A pickle in a byte string is harmless until somebody loads it; no honest model holds one.  All
protocols are looked for, compressed and in base64 too, whatever the size.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from typing import TYPE_CHECKING, Any, BinaryIO

from skmig.agent.containers import ContainerError, Decompressed, detect
from skmig.inspection.stream import KEPT_BYTES, EndedError, Stream
from skmig.inspection.stubs import UNKNOWN
from skmig.inspection.trace import DamagedError, Trace

if TYPE_CHECKING:
    from skmig.inspection.machine import Machine

_EXPANDS_TO = 1 << 28  # bytes that a compressed string is read as
_LEAST = 6  # bytes of the shortest pickle that imports something
# the import of protocols 0 and 1, in plain sight; the others begin with the opcode PROTO
_OLD_IMPORT = re.compile(rb"[ci][A-Za-z_][\w.]*\r?\n[A-Za-z_][\w.]*\r?\n")
# "\x80" and a protocol, or a compression, in base64
_BASE64 = re.compile(rb"(gA[I-U]|H4sI|eJ|eA[EF]|QlpoO?|/Td6WF)[A-Za-z0-9+/_\s-]{4,}={0,2}\s*")
_LOOKED_AT = 256  # bytes of a long string that say whether more of it is read


def interesting(head: bytes) -> bool:
    """Could a byte string that begins so hold a pickle?"""
    return (
        (head[:1] == b"\x80" and head[1:2] <= b"\x05")
        or detect(head) != "none"
        or _OLD_IMPORT.search(head[:_LOOKED_AT]) is not None
        or _BASE64.match(head[:_LOOKED_AT]) is not None
    )


def look(machine: Machine, data: bytes, levels: int = 3) -> None:
    """Note a pickle that stands in `data`, if it would import something."""
    if len(data) < _LEAST or levels == 0:
        return
    if (data[:1] == b"\x80" and data[1] <= 5) or _OLD_IMPORT.search(data) is not None:
        _try(machine, Stream(io.BytesIO(data), len(data), machine.trace.check))
    if detect(data[:8]) != "none":
        unpacked = _expanded(data)
        if unpacked is not None:
            _try(machine, Stream(unpacked, None, machine.trace.check))
    elif _BASE64.match(data) is not None:
        try:
            decoded = base64.b64decode(data.translate(None, b" \t\r\n"), altchars=None)
        except (binascii.Error, ValueError):
            return
        look(machine, decoded, levels - 1)


def look_in_stream(machine: Machine, head: bytes, size: int) -> None:
    """The same for a long byte string, of which `head` was read; steps over all of it."""
    stream = machine.stream
    window = Window(head, stream.raw, size - len(head))
    if detect(head) != "none":
        unpacked = _expanded(window)
        if unpacked is not None:
            _try(machine, Stream(unpacked, None, machine.trace.check))
    elif head[:1] == b"\x80" or _OLD_IMPORT.search(head) is not None:
        _try(machine, Stream(io.BufferedReader(window), None, machine.trace.check))
    else:
        kept = head + stream.take(min(window.left, _EXPANDS_TO >> 4))
        window.left -= len(kept) - len(head)
        look(machine, kept)
    stream.skip(window.left)


def _expanded(source: Any) -> BinaryIO | None:
    raw = io.BytesIO(source) if isinstance(source, bytes) else source
    head = source[:8] if isinstance(source, bytes) else source.head[:8]
    try:
        return io.BufferedReader(Decompressed(raw, detect(head), _EXPANDS_TO), KEPT_BYTES)
    except (ContainerError, OSError):
        return None


def _try(machine: Machine, stream: Stream) -> None:
    inner = machine.trace.inner()
    try:
        machine.__class__(stream, inner, machine.depth + 1).run()
    except (DamagedError, EndedError, ContainerError):
        pass  # what it imports before it breaks is imported
    finally:
        machine.trace.add(inner)
    _note(machine, inner, "nested-pickle", "holds a pickle in a byte string, which names")


def _note(machine: Machine, inner: Trace, name: str, what: str) -> None:
    if inner.globals:
        names = sorted(item.full for item in inner.globals.values())
        text = f"{what} {', '.join(names[:5])}"
        machine.trace.note(name, names[0], machine.here(), text)
    elif inner.odd:
        found = sorted(name for name, _ in inner.odd)
        machine.trace.note(name, found[0], machine.here(), f"{what} nothing, but has {found[0]}")


class Window(io.RawIOBase):
    """The bytes of a string inside a stream: none after it are read."""

    def __init__(self, head: bytes, raw: Any, left: int) -> None:
        super().__init__()
        self.head, self.raw, self.left = head, raw, left
        self.at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.at < len(self.head):
            data = self.head[self.at : self.at + len(buffer)]
        else:
            data = self.raw.read(min(len(buffer), self.left))
            if self.left and not data:
                raise EndedError
            self.left -= len(data)
        self.at += len(data)
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Enough for who decompresses."""
        buffer = bytearray(size if size >= 0 else KEPT_BYTES)
        return bytes(buffer[: self.readinto(buffer)])

    def tell(self) -> int:
        return self.at


# ------------------------------------------------------------------ code where an array stands
def code_in_array(machine: Machine, data: bytes) -> bool:
    """Note bytes of an array that would run as opcodes if pickle, not joblib, loads the file.

    pickle knows nothing of joblib's arrays: it takes their bytes for opcodes.  Those of honest
    arrays are none for long.  Gives whether all of `data` could be opcodes.
    """
    inner = machine.trace.inner()
    probe = _probe(machine, Stream(io.BytesIO(data), len(data), machine.trace.check), inner)
    ended = False
    try:
        probe.run()
    except EndedError:
        ended = True
    except DamagedError:
        pass
    finally:
        machine.trace.add(inner)
    names = [f"{module}.{name}" for module, name in inner.globals]
    if any(_NAME.fullmatch(name) for name in names):
        text = f"has opcodes in an array, which pickle would run: {', '.join(sorted(names)[:5])}"
        machine.trace.note("code-in-array", sorted(names)[0], machine.here(), text)
    return ended


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


def _probe(machine: Machine, stream: Stream, inner: Trace) -> Machine:
    probe: Machine = machine.__class__(stream, inner, machine.depth + 1)
    # what stands on the real stack, and in the real memo, is there for the opcodes too
    probe.stack = [UNKNOWN] * 1000
    probe.lenient = True
    return probe
