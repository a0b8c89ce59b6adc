"""Steps through a pickle's opcodes, protocols 0 to 5, with stubs for everything that it makes.

Nothing is imported and nothing is called.  joblib writes raw arrays into the stream, right after
the BUILD of their wrapper: `arrays` steps over them, and reads the nested pickles of object arrays
with a machine of their own.
"""

from __future__ import annotations

from typing import Any

from skmig.inspection import arrays, calls, hidden
from skmig.inspection.opcodes import HANDLERS
from skmig.inspection.stream import KEPT_BYTES, EndedError, Stream
from skmig.inspection.stubs import BLOB, MARK, TEXT, UNKNOWN, Global, Instance, Map, Seq, branches
from skmig.inspection.trace import MAX_NESTING, DamagedError, TooMuchError, Trace

_BLOCK = 4096  # opcodes between two looks at the limits
_FAR = 100_000  # places of the memo that may be skipped
_SHORT = 512  # bytes of a byte string that is kept
_HEAD = 256  # bytes of a long one that say whether it is looked at


class Machine:
    """One pickle stream.  `run` gives the stub of the object that the pickle holds."""

    def __init__(self, stream: Stream, trace: Trace, depth: int = 0) -> None:
        self.stream = stream
        self.trace = trace
        self.depth = depth
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: list[Any] = []
        self.far: dict[int, Any] = {}  # memo entries that are not in a row
        self.frame_end = 0
        self.first = True
        self.lenient = False  # not a pickle from its beginning: stack and memo are not known

    def run(self) -> Any:
        """Read up to STOP.  Raises DamagedError, TooMuchError, EndedError."""
        if self.depth > MAX_NESTING:
            raise TooMuchError(f"more than {MAX_NESTING} pickles within pickles")
        read, handlers, trace = self.stream.raw.read, HANDLERS, self.trace
        while True:
            trace.check()
            for done in range(_BLOCK):
                code = read(1)
                if code == b".":
                    trace.opcodes += done + 1
                    if not self.stack or self.marks:
                        raise DamagedError("it stops with an unfinished object")
                    root = self.stack.pop()
                    self.drop(tuple(self.stack))
                    return root
                handler = handlers.get(code)
                if handler is None:
                    if not code:
                        raise EndedError
                    raise DamagedError(f"byte 0x{code[0]:02x} is no opcode")
                try:
                    handler(self)
                except (
                    IndexError,
                    KeyError,
                    ValueError,
                    OverflowError,
                    TypeError,
                    AttributeError,
                ) as error:
                    raise DamagedError(f"opcode {code!r} cannot be: {error}") from error
                self.first = False
            trace.opcodes += _BLOCK
            trace.memo = max(trace.memo, len(self.memo) + 20 * len(self.far))
            trace.stack = max(trace.stack, len(self.stack) + len(self.marks))

    # -------------------------------------------------------------- operands
    def number(self, size: int) -> int:
        return int.from_bytes(self.stream.take(size), "little")

    def text(self, size: int) -> Any:
        if size > KEPT_BYTES:
            self.long(size)
            return TEXT
        self.trace.text += size + 50
        data = self.stream.take(size)
        if size > 12 and (b"\n" in data or size > 40) and hidden.interesting(data):
            hidden.look(self, data)
        return data.decode("utf-8", "surrogatepass")

    def blob(self, size: int) -> Any:
        """Bytes; long ones are stepped over, unless a pickle may hide in them."""
        if size > KEPT_BYTES:
            self.long(size)
            return BLOB
        data = self.stream.take(size)
        if hidden.interesting(data):
            hidden.look(self, data)
        if size >= _SHORT:
            return BLOB
        self.trace.text += size + 50
        return data

    def long(self, size: int) -> None:
        """Step over a long string, unless a pickle may hide in it."""
        if self.stream.size is not None and size > self.stream.size - self.stream.tell():
            raise EndedError
        head = self.stream.take(_HEAD)
        if hidden.interesting(head):
            hidden.look_in_stream(self, head, size)
        else:
            self.stream.skip(size - _HEAD)

    def step_over(self, length: int, padding: bytes) -> None:
        """Step over a raw array, and `padding` before it, that pickle would take for opcodes."""
        head = self.stream.take(min(_HEAD, length))
        if (padding + head)[:1] in HANDLERS and not self.lenient:
            survives = hidden.code_in_array(self, padding + head)
            if survives and length > _HEAD:
                head += self.stream.take(min(KEPT_BYTES, length - _HEAD))
                hidden.code_in_array(self, padding + head)
        self.stream.skip(length - len(head))

    def old_string(self, size: int) -> Any:
        """A `str` of Python 2: text or bytes, nobody can tell."""
        if size < 0:
            raise ValueError("a length below zero")
        self.trace.python2 += 1
        data = self.blob(size)
        return data.decode("latin-1") if type(data) is bytes else data

    def line(self) -> str:
        data = self.stream.line()
        if data is None:
            raise ValueError("a line that does not end")
        return data.decode("utf-8", "surrogateescape")

    def pop_mark(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def drop(self, value: Any) -> None:
        if branches(value):
            self.trace.dropped.append(value)

    def pop(self) -> Any:
        if self.marks and self.marks[-1] >= len(self.stack):
            raise IndexError("there is nothing above the mark")
        return self.stack.pop()

    def top(self) -> Any:
        if self.marks and self.marks[-1] >= len(self.stack):
            raise IndexError("there is nothing above the mark")
        return self.stack[-1]

    def speaks(self, protocol: int) -> None:
        if self.depth == 0:  # joblib's nested pickles have a protocol of their own
            self.trace.protocol = max(self.trace.protocol, protocol)

    def here(self) -> int:
        return self.stream.tell() - 1

    # -------------------------------------------------------------- memo
    def put(self, index: int) -> None:
        value = self.top()
        memo = self.memo
        if index == len(memo):
            memo.append(value)
            if self.far:
                self.far.pop(index, None)
        elif index == 1 and not memo:  # the C pickler of Python 2 counts from 1
            memo.extend((MARK, value))
        elif 0 <= index < len(memo):
            if memo[index] is not value:
                self.trace.note(
                    "memo-overwritten",
                    "",
                    self.here(),
                    "a memo entry is replaced: what is read later is not what was stored first",
                )
            memo[index] = value
        elif index >= 0:
            if index > _FAR + 4 * (len(memo) + len(self.far)):
                text = f"keeps an object at place {index} of a table that nothing else is in"
                self.trace.note("memo-far", "", self.here(), text)
            self.far[index] = value
        else:
            raise ValueError("a memo index below zero")

    def get(self, index: int) -> None:
        if 0 <= index < len(self.memo):
            value = self.memo[index]
        else:
            value = self.far.get(index, UNKNOWN) if self.lenient else self.far[index]
        if value is MARK:
            raise KeyError(f"memo entry {index} is not there")
        self.stack.append(value)

    def memoize(self) -> None:
        one_based = bool(self.memo) and self.memo[0] is MARK
        index = len(self.memo) + len(self.far) - one_based
        self.put(index)

    # -------------------------------------------------------------- making
    def imported(self, module: Any, name: Any, position: int) -> Any:
        """A name that the pickle imports."""
        if type(module) is not str or type(name) is not str:
            self.trace.note(
                "computed-name", "", position, "imports a name that is only known when it runs"
            )
            return UNKNOWN
        if module.endswith("\r") or name.endswith("\r"):
            raise DamagedError(f"`{module}` `{name}`: line ends were changed")
        found = self.trace.globals.get((module, name))
        if found is None:
            self.trace.stubs += 1
            self.trace.text += len(module) + len(name)
            found = self.trace.globals[module, name] = Global(module, name, position)
        found.count += 1
        return found

    def call(self, function: Any, args: Any) -> None:
        self.trace.stubs += 1
        self.stack.append(calls.result(self.trace, function, args, self.here()))

    def new_object(self, cls: Any, args: Any, keywords: Any = None, *, new: bool = True) -> None:
        self.trace.stubs += 1
        made = calls.instance(self.trace, cls, args, keywords, self.here(), new)
        self.stack.append(made)

    def build(self) -> None:
        state = self.pop()
        target = self.top()
        if isinstance(target, Instance):
            target.state = state if target.state is None else (target.state, state)
            calls.state_set(self.trace, target, state, self.here())
            if arrays.is_wrapper(target):
                self.drop(state)
                self.stack[-1] = arrays.read(self, target)
            elif arrays.is_dtype(target):
                arrays.item_size(self.trace, target)
        else:
            calls.changed(self.trace, target, self.here())

    def fill(self, target: Any, values: list[Any], pairs: bool) -> None:
        if isinstance(target, Instance):
            if target.extra is None:
                self.trace.stubs += 1
                target.extra = Map() if pairs else Seq("list")
            target = target.extra
            if isinstance(target, Map) != pairs:
                raise ValueError("items of both kinds")
        if isinstance(target, (Seq, Map)) and isinstance(target, Map) == pairs:
            before = len(target.items)
            target.update(values) if isinstance(target, Map) else target.extend(values)
            self.trace.stubs += (len(target.items) - before) >> 1
        else:
            calls.changed(self.trace, target, self.here())
