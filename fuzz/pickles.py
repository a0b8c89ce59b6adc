"""Mutated pickles through what `inspect` does: `python -m fuzz.pickles --count 10000000`.

Honest pickles and the hostile ones of the tests are taken apart into opcodes, changed, and read.
Two things must hold:

- reading gives findings, or one of the reader's own errors, within its limits: nothing else;
- whatever CPython's own unpickler imports or calls (with inert stand-ins: nothing runs), the scan
  has listed, or it has not called the file clean.  An error of the scan after that is no excuse
  for a name that it should have met before; it is unreadable, which is not clean.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import pickle
import pickletools
import random
import re
import resource
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from tests.hostile import corpus

from skmig.agent.containers import ContainerError
from skmig.errors import SkmigError
from skmig.inspection import expansion, inspect, judge, tree
from skmig.inspection.machine import Machine
from skmig.inspection.stream import EndedError, Stream
from skmig.inspection.trace import DamagedError, TooMuchError, Trace

KEPT = Path(__file__).parent / "corpus" / "pickles"
MAX_KEPT = 200_000  # bytes of all kept inputs
LONGEST = 4000  # bytes of an input that is mutated
WHOLE = 500  # one in so many goes through a file and `inspect` itself
MEMORY = 6 << 30  # bytes of address space of a process
_MADE = [
    b"cos\nsystem\n", b"\x93", b"R", b"b", b"o", b"(", b"t", b"\x81", b"\x92", b"0", b"1", b"2",
    b"X\x02\x00\x00\x00os", b"X\x06\x00\x00\x00system", b"\x94", b"h\x00", b"h\x01", b"q\x00",
    b"q\x01", b"r\x05\x00\x00\x00", b"j\x05\x00\x00\x00", b"}", b"]", b")", b"\x85", b"\x86", b"e",
    b"a", b"s", b"u", b"N", b"cbuiltins\ngetattr\n", b"ccopyreg\n_reconstructor\n", b"P1\n", b"Q",
    b"\x82\x01", b"ios\nsystem\n", b"ctypes\nSimpleNamespace\n", b"\x97", b"\x98",
    b"\x95\x03\x00\x00\x00\x00\x00\x00\x00", b"cnumpy\nlog\n", b"\x80\x02", b"\x80\x04", b".",
    b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n", b"cfunctools\npartial\n", b"\x90", b"\x91", b"l",
    b"d", b"\x8f", b"I01\n", b"L5L\n", b"F1.5\n", b"S'os'\n", b"Vsystem\n", b"p9\n", b"g9\n",
]  # fmt: skip


# ------------------------------------------------------------------ what is mutated
def seeds() -> list[bytes]:
    """Small honest models in every protocol, the hostile pickles, and what was kept before."""
    x, y = np.array([[0.0], [1.0], [2.0]]), ["a", "b", "a"]
    models = [
        StandardScaler().fit(x),
        make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y),
        DecisionTreeClassifier().fit(x, y),
        CountVectorizer(tokenizer=str.split).fit(["a b", "c"]),
        FunctionTransformer(np.log1p),
        np.array(["a", None], dtype=object),
    ]
    made = [pickle.dumps(model, protocol) for model in models for protocol in range(6)]
    made += [corpus.dumped(models[0]), corpus.dumped(models[5]), corpus.dumped(models[1])]
    made += corpus.pickles("true").values()
    made += [path.read_bytes() for path in sorted(KEPT.glob("*.pkl"))]
    return [data for data in made if len(data) <= LONGEST]


def opcodes(data: bytes) -> list[bytes]:
    """The opcodes of a pickle with their operands; what cannot be taken apart is the last one."""
    starts = []
    try:
        starts.extend(
            position for _, _, position in pickletools.genops(data) if position is not None
        )
    except (ValueError, AssertionError):
        pass
    if not starts:
        return [data] if data else []
    ends = [*starts[1:], len(data)]
    return [data[start:end] for start, end in zip(starts, ends, strict=True)]


class Mutator:
    """Changed pickles without end, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.parts = [parts for data in seeds() if (parts := opcodes(data))]
        self.pool = list({part for parts in self.parts for part in parts if len(part) < 60})
        self.pool.sort()

    def one(self) -> bytes:
        rng = self.random
        parts = list(rng.choice(self.parts))
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 8))):
            self._change(parts)
        data = b"".join(parts)
        kind = rng.random()
        if kind < 0.05:
            data = data[: rng.randrange(len(data) + 1)]
        elif kind < 0.15 and data:
            raw = bytearray(data)
            raw[rng.randrange(len(raw))] = rng.randrange(256)
            data = bytes(raw)
        return data

    def _change(self, parts: list[bytes]) -> None:
        rng = self.random
        at = rng.randrange(len(parts) + 1)
        other = rng.randrange(len(parts) + 1)
        kind = rng.randrange(9)
        if kind == 0:
            parts.insert(at, rng.choice(self.pool))
        elif kind == 1:
            parts[at:at] = [rng.choice(_MADE) for _ in range(rng.choice((1, 1, 2, 4)))]
        elif kind == 2:
            del parts[at : at + rng.choice((1, 1, 2, 5))]
        elif kind == 3:
            parts[at : at + 1] = [rng.choice(self.pool)]
        elif kind == 4:
            low, high = sorted((at, other))
            parts[at:at] = parts[low : min(high, low + 20)]
        elif kind == 5 and at < len(parts) and other < len(parts):
            parts[at], parts[other] = parts[other], parts[at]
        elif kind == 6:
            donor = rng.choice(self.parts)
            parts[at:] = donor[rng.randrange(len(donor)) :]
        elif at < len(parts) and len(parts[at]) > 1:
            raw = bytearray(parts[at])
            place = rng.randrange(1, len(raw))
            raw[place] = rng.choice((0, 1, 255, rng.randrange(256), (raw[place] + 1) % 256))
            parts[at] = bytes(raw)


# ------------------------------------------------------------------ what CPython would do
class _Recording(type):
    """The type of stand-ins: calling one is noted, and gives an object that does nothing."""

    def __call__(cls, *_args: Any, **_keywords: Any) -> Any:
        Oracle.called.add(cls.key)  # type: ignore[attr-defined]
        return object.__new__(cls)


class _Inert(metaclass=_Recording):
    key = ("", "")

    def __new__(cls, *_args: Any, **_keywords: Any) -> Any:
        Oracle.called.add(cls.key)
        return object.__new__(cls)

    def __call__(self, *_args: Any, **_keywords: Any) -> Any:
        Oracle.value_called = True
        return self

    def __setstate__(self, _state: Any) -> None:
        pass

    def _nothing(self, *_args: Any) -> None:
        pass

    append = extend = add = update = __setitem__ = _nothing


@lru_cache(maxsize=2000)
def _stand_in(module: str, name: str) -> Any:
    return _Recording("StandIn", (_Inert,), {"key": (module, name)})


class Oracle(pickle._Unpickler):
    """CPython's own unpickler, which notes what it would import and call."""

    called: ClassVar[set[tuple[str, str]]] = set()
    value_called = False

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), fix_imports=False)
        self.names: set[tuple[str, str]] = set()
        Oracle.called, Oracle.value_called = set(), False

    def find_class(self, module: Any, name: Any) -> Any:
        if type(module) is str and type(name) is str:
            self.names.add((module, name))
            return _stand_in(module, name)
        raise pickle.UnpicklingError("a name that is no text")

    def persistent_load(self, _pid: Any) -> Any:
        return object.__new__(_Inert)


def imported(data: bytes) -> Oracle | None:
    """What CPython's unpickler imports and calls on `data` before it ends or fails."""
    oracle = Oracle(data)
    try:
        oracle.load()
    except MemoryError:
        return None
    except Exception:
        return oracle  # what it imported before it failed is imported
    return oracle


# ------------------------------------------------------------------ the check
def scan(data: bytes) -> tuple[Trace, Any]:
    """What `inspect` does with the bytes of a pickle; (trace, findings, or the clean error)."""
    trace = Trace(folder="/nowhere")
    raw = io.BufferedReader(io.BytesIO(data))  # type: ignore[type-var]
    try:
        root = Machine(Stream(raw, len(data), trace.check), trace).run()
        found = tree.walk(root, trace)
        expansion.look(root, trace)
        tree.summary(root)
        return trace, judge.findings(trace, found)
    except (DamagedError, EndedError, TooMuchError, ContainerError) as error:
        return trace, error


def wrong(data: bytes) -> str | None:
    """What is wrong with how `data` is read; None if nothing is."""
    try:
        trace, answer = scan(data)
    except Exception as error:
        return f"the scan raised {type(error).__name__}: {error}"
    oracle = imported(data)
    if oracle is None:
        return None
    if isinstance(answer, Exception) or any(
        name in ("computed-name", "extension-code") for name, _ in trace.odd
    ):
        return None  # unreadable, or known to be more than is listed
    arrays = trace.raw_arrays > 0  # joblib's, in which CPython's unpickler reads other opcodes
    missed = oracle.names - trace.globals.keys()
    if missed and not arrays:
        return f"not listed: {sorted(missed)}"
    uncalled = [
        key
        for key in oracle.called & trace.globals.keys()
        if not (item := trace.globals[key]).called and not item.made and not item.excused
    ]
    if uncalled and not arrays:
        return f"called, and not so listed: {sorted(uncalled)}"
    if Oracle.value_called and not answer and not arrays:
        return "calls what a call gave, and is called clean"
    return None


def signature(data: bytes) -> str:
    """What kind of input this is: by what is found, or by the words of the error."""
    _, answer = scan(data)
    if isinstance(answer, Exception):
        return re.sub(r"[0-9]+|'[^']*'|`[^`]*`|\\x..", "", f"{type(answer).__name__} {answer}")
    odd = {item.name for item in answer if "." not in item.name}
    return " ".join(sorted(odd))


def whole(data: bytes, folder: Path) -> str | None:
    """`inspect` on a file; what is wrong with it."""
    path = folder / "model.pkl"
    path.write_bytes(data)
    try:
        inspect(path).as_json()
    except SkmigError as error:
        return None if error.hint else "an error without a hint"
    except Exception as error:
        return f"inspect raised {type(error).__name__}: {error}"
    return None


def run(seed: int, count: int, keep: bool = False) -> tuple[int, list[tuple[str, bytes]]]:
    """Try `count` mutated pickles; gives how many were tried, and those that fail with why."""
    mutator = Mutator(seed)
    failed: list[tuple[str, bytes]] = []
    known: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            data = mutator.one()
            said = wrong(data)
            if said is None and number % WHOLE == 0:
                said = whole(data, Path(folder))
            if said is not None:
                failed.append((said, data))
                if len(failed) >= 20:
                    return number + 1, failed
            if keep and len(data) < 300 and (kind := signature(data)) not in known:
                known.add(kind)
                _keep(data)
    return count, failed


def _keep(data: bytes) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    used = sum(path.stat().st_size for path in KEPT.glob("*.pkl"))
    if used + len(data) <= MAX_KEPT:
        (KEPT / f"{zlib.crc32(data):08x}.pkl").write_bytes(data)


def _limited(task: tuple[int, int, bool]) -> tuple[int, list[tuple[str, bytes]]]:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    return run(*task)


def _tasks(arguments: argparse.Namespace) -> Iterator[tuple[int, int, bool]]:
    left, seed = arguments.count, arguments.seed
    while left > 0:
        yield seed, min(left, arguments.batch), arguments.keep
        left -= arguments.batch
        seed += 1


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=20_000)
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--keep", action="store_true", help="keep inputs of new kinds")
    arguments = parser.parse_args(argv)
    started, tried, bad = time.monotonic(), 0, 0
    with contextlib.ExitStack() as stack:
        answers: Iterator[tuple[int, list[tuple[str, bytes]]]]
        if arguments.jobs == 1:
            answers = map(_limited, _tasks(arguments))
        else:
            pool = stack.enter_context(multiprocessing.get_context("spawn").Pool(arguments.jobs))
            answers = pool.imap_unordered(_limited, _tasks(arguments))
        for count, failed in answers:
            tried += count
            for said, data in failed:
                bad += 1
                sys.stdout.write(f"{said}\n  {data!r}\n")
            seconds = time.monotonic() - started
            sys.stdout.write(f"{tried:,} pickles, {bad} wrong, {tried / seconds:,.0f} a second\n")
            sys.stdout.flush()
            if seconds > arguments.seconds:
                break  # leaving the pool ends its processes
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
