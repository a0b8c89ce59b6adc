"""What each opcode does to the machine; they are those of CPython's Lib/pickletools.py."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from skmig.inspection import hidden
from skmig.inspection.stubs import BLOB, NUMBER, TEXT, UNKNOWN, Map, Seq

if TYPE_CHECKING:
    from skmig.inspection.machine import Machine

Handler = Callable[["Machine"], None]
HANDLERS: dict[bytes, Handler] = {}


def _on(code: bytes) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        assert code not in HANDLERS
        HANDLERS[code] = handler
        return handler

    return register


# ------------------------------------------------------------------ frames and protocol
@_on(b"\x80")
def _proto(m: Machine) -> None:
    version = m.stream.take(1)[0]
    if version > 5:
        raise ValueError(f"protocol {version} does not exist yet")
    if not m.first:
        m.trace.note("stray-protocol", "", m.here(), "says its protocol again, in the middle")
    m.speaks(version)


@_on(b"\x95")
def _frame(m: Machine) -> None:
    size = m.number(8)
    m.frame_end = m.stream.tell() + size
    m.speaks(4)


@_on(b"(")
def _mark(m: Machine) -> None:
    m.marks.append(len(m.stack))


@_on(b"0")
def _pop(m: Machine) -> None:
    if m.marks and m.marks[-1] == len(m.stack):
        m.marks.pop()
    else:
        m.drop(m.stack.pop())


@_on(b"1")
def _pop_mark(m: Machine) -> None:
    m.drop(tuple(m.pop_mark()))


@_on(b"2")
def _dup(m: Machine) -> None:
    m.stack.append(m.top())
    if m.depth == 0:  # chance bytes that look like a pickle may hold it
        m.trace.note(
            "dup", "", m.here(), "repeats the value before, by an opcode no pickler writes"
        )


# ------------------------------------------------------------------ plain values
def _constants() -> None:
    for code, value in ((b"N", None), (b"\x88", True), (b"\x89", False), (b")", ())):

        def push(m: Machine, value: Any = value) -> None:
            m.stack.append(value)

        _on(code)(push)


_constants()


@_on(b"I")
def _int(m: Machine) -> None:
    text = m.line()
    if text in ("00", "01"):
        m.stack.append(text == "01")
    elif text.lstrip("+-").startswith("0") and text.strip("+-0"):
        raise ValueError("a number that Python and C read differently")
    else:
        m.stack.append(_integer(text))


@_on(b"L")
def _long(m: Machine) -> None:
    data = m.stream.line()
    m.stack.append(NUMBER if data is None else _integer(data.decode("ascii").rstrip("L")))


def _integer(text: str) -> Any:
    return NUMBER if len(text) > 4000 else int(text)


@_on(b"K")
def _binint1(m: Machine) -> None:
    m.stack.append(m.stream.take(1)[0])


@_on(b"M")
def _binint2(m: Machine) -> None:
    m.stack.append(m.number(2))


@_on(b"J")
def _binint(m: Machine) -> None:
    m.stack.append(int.from_bytes(m.stream.take(4), "little", signed=True))


def _long_of(m: Machine, size: int) -> None:
    if size < 0:
        raise ValueError("a length below zero")
    if size > 64:
        m.stream.skip(size)
        m.stack.append(NUMBER)
    else:
        m.stack.append(int.from_bytes(m.stream.take(size), "little", signed=True))


@_on(b"\x8a")
def _long1(m: Machine) -> None:
    _long_of(m, m.number(1))


@_on(b"\x8b")
def _long4(m: Machine) -> None:
    _long_of(m, int.from_bytes(m.stream.take(4), "little", signed=True))


@_on(b"F")
def _float(m: Machine) -> None:
    m.stack.append(float(m.line()))


@_on(b"G")
def _binfloat(m: Machine) -> None:
    m.stack.append(struct.unpack(">d", m.stream.take(8))[0])


@_on(b"S")
def _string(m: Machine) -> None:
    m.trace.python2 += 1
    data = m.stream.line()
    if data is None:
        m.stack.append(BLOB)
        return
    data = data.rstrip(b"\r") if data[-2:-1] in (b"'", b'"') else data
    if len(data) < 2 or data[:1] != data[-1:] or data[:1] not in (b"'", b'"'):
        raise ValueError("a text without quotes")
    decoded = codecs.escape_decode(data[1:-1])[0]
    assert isinstance(decoded, bytes)
    if hidden.interesting(decoded):
        hidden.look(m, decoded)
    m.trace.text += len(decoded) + 50
    m.stack.append(decoded.decode("latin-1"))


@_on(b"T")
def _binstring(m: Machine) -> None:
    m.stack.append(m.old_string(int.from_bytes(m.stream.take(4), "little", signed=True)))


@_on(b"U")
def _short_binstring(m: Machine) -> None:
    m.stack.append(m.old_string(m.number(1)))


@_on(b"V")
def _unicode(m: Machine) -> None:
    data = m.stream.line()
    if data is None:
        m.stack.append(TEXT)
    else:
        m.trace.text += 4 * len(data) + 50
        text = data.decode("raw-unicode-escape")
        if len(text) > 12 and ("\n" in text or len(text) > 40):
            encoded = text.encode("utf-8", "surrogatepass")
            if hidden.interesting(encoded):
                hidden.look(m, encoded)
        m.stack.append(text)


def _sized(code: bytes, width: int, what: str) -> None:
    def push(m: Machine) -> None:
        m.stack.append(getattr(m, what)(m.number(width)))

    _on(code)(push)


_sized(b"\x8c", 1, "text")
_sized(b"X", 4, "text")
_sized(b"\x8d", 8, "text")
_sized(b"C", 1, "blob")
_sized(b"B", 4, "blob")
_sized(b"\x8e", 8, "blob")
_sized(b"\x96", 8, "blob")


@_on(b"\x97")
def _next_buffer(m: Machine) -> None:
    m.trace.note("out-of-band", "", m.here(), "needs a buffer that is not in the file")
    m.stack.append(BLOB)


@_on(b"\x98")
def _readonly_buffer(m: Machine) -> None:
    m.top()


# ------------------------------------------------------------------ containers
def _empty(code: bytes, kind: str) -> None:
    def push(m: Machine) -> None:
        m.trace.stubs += 1
        m.stack.append(Map() if kind == "dict" else Seq(kind))

    _on(code)(push)


_empty(b"]", "list")
_empty(b"}", "dict")
_empty(b"\x8f", "set")


def _collected(code: bytes, kind: str) -> None:
    def push(m: Machine) -> None:
        m.trace.stubs += 1
        made: Seq | Map = Map() if kind == "dict" else Seq(kind)
        m.fill(made, m.pop_mark(), kind == "dict")
        m.stack.append(made)

    _on(code)(push)


_collected(b"l", "list")
_collected(b"d", "dict")
_collected(b"\x91", "frozenset")


@_on(b"t")
def _tuple(m: Machine) -> None:
    m.trace.stubs += 1
    m.stack.append(tuple(m.pop_mark()))


def _short_tuples() -> None:
    for code, size in ((b"\x85", 1), (b"\x86", 2), (b"\x87", 3)):

        def push(m: Machine, size: int = size) -> None:
            start = len(m.stack) - size
            if start < (m.marks[-1] if m.marks else 0):
                raise IndexError("too few values")
            items = tuple(m.stack[start:])
            del m.stack[start:]
            m.trace.stubs += 1
            m.stack.append(items)

        _on(code)(push)


_short_tuples()


@_on(b"a")
def _append(m: Machine) -> None:
    value = m.pop()
    m.fill(m.top(), [value], False)


@_on(b"e")
def _appends(m: Machine) -> None:
    values = m.pop_mark()
    m.fill(m.top(), values, False)


@_on(b"\x90")
def _additems(m: Machine) -> None:
    values = m.pop_mark()
    m.fill(m.top(), values, False)


@_on(b"s")
def _setitem(m: Machine) -> None:
    value = m.pop()
    key = m.pop()
    m.fill(m.top(), [key, value], True)


@_on(b"u")
def _setitems(m: Machine) -> None:
    values = m.pop_mark()
    if len(values) % 2:
        raise ValueError("a key without a value")
    m.fill(m.top(), values, True)


# ------------------------------------------------------------------ memo
def _memo_opcodes() -> None:
    for put, get, width in ((b"q", b"h", 1), (b"r", b"j", 4)):
        _on(put)(lambda m, width=width: m.put(m.number(width)))  # type: ignore[misc]
        _on(get)(lambda m, width=width: m.get(m.number(width)))  # type: ignore[misc]
    _on(b"p")(lambda m: m.put(int(m.line())))
    _on(b"g")(lambda m: m.get(int(m.line())))
    _on(b"\x94")(lambda m: m.memoize())


_memo_opcodes()


# ------------------------------------------------------------------ globals and calls
@_on(b"c")
def _global(m: Machine) -> None:
    position = m.here()
    m.stack.append(m.imported(m.line(), m.line(), position))


@_on(b"\x93")
def _stack_global(m: Machine) -> None:
    position = m.here()
    name = m.pop()
    module = m.pop()
    m.stack.append(m.imported(module, name, position))


@_on(b"i")
def _inst(m: Machine) -> None:
    position = m.here()
    cls = m.imported(m.line(), m.line(), position)
    m.trace.python2 += 1
    m.new_object(cls, tuple(m.pop_mark()), new=False)


@_on(b"o")
def _obj(m: Machine) -> None:
    cls, *args = m.pop_mark() or [UNKNOWN]
    m.new_object(cls, tuple(args), new=False)


@_on(b"\x81")
def _newobj(m: Machine) -> None:
    args = m.pop()
    m.new_object(m.pop(), args)


@_on(b"\x92")
def _newobj_ex(m: Machine) -> None:
    keywords = m.pop()
    args = m.pop()
    m.new_object(m.pop(), args, keywords)


@_on(b"R")
def _reduce(m: Machine) -> None:
    args = m.pop()
    m.call(m.pop(), args)


@_on(b"b")
def _build(m: Machine) -> None:
    m.build()


# ------------------------------------------------------------------ what lies outside the file
@_on(b"P")
def _persid(m: Machine) -> None:
    m.line()
    _outside(m)


@_on(b"Q")
def _binpersid(m: Machine) -> None:
    m.pop()
    _outside(m)


def _outside(m: Machine) -> None:
    text = "refers to an object outside the file (a persistent id)"
    m.trace.note("persistent-id", "", m.here(), text)
    m.stack.append(UNKNOWN)


def _extensions() -> None:
    for code, width in ((b"\x82", 1), (b"\x83", 2), (b"\x84", 4)):

        def push(m: Machine, width: int = width) -> None:
            number = m.number(width)
            text = f"names extension code {number}, whose meaning is not in the file"
            m.trace.note("extension-code", str(number), m.here(), text)
            m.stack.append(UNKNOWN)

        _on(code)(push)


_extensions()
