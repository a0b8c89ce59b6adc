"""Mutated payloads through reading, validation, building and predicting: only clean errors.

`python -m fuzz.payloads --count 1000000` goes on where it stopped.  Every mutant is made from its
number alone; a batch of them runs in a forked child, so that one that ends the process by a signal
is found, counted and kept.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import hashlib
import json
import mmap
import os
import random
import re
import resource
import select
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# before any library is loaded that starts threads: a forked child would wait for them for ever.
# No processes of joblib's, as in every environment (environments/settings.py): a stranger's n_jobs
# of 64 is 64 interpreters, and longer to start than a mutant may take.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", JOBLIB_MULTIPROCESSING="0")

import numpy as np

from fuzz.bases import BASES, Base
from fuzz.mutations import Payload
from skmig.agent.build import build
from skmig.agent.errors import JobError
from skmig.agent.walk import walk
from skmig.agent.wire import Bundle, WireError, write_bundle

CORPUS = Path(__file__).parent / "corpus" / "payloads"
CORPUS_BYTES = 200_000
KEPT_BYTES = 6_000  # no single input of the corpus is larger
METHODS = [
    "predict",
    "predict_proba",
    "decision_function",
    "transform",
    "score_samples",
    "kneighbors",
    "apply",
    "decision_path",
]
SECONDS = 20  # one mutant may take as long; a model of a stranger may well be slow
MEMORY = 8 << 30
DEFECTS = ("signal", "traceback")


class Slow(BaseException):
    """A mutant that took too long: the target's job has a time-out of its own."""


def outcome(path: str, base: Base) -> tuple[str, str]:
    """What becomes of one payload: a word for it, and the error's text."""
    try:
        with Bundle(path) as bundle:
            graph = bundle.document("model")
    except WireError as exc:
        return "unreadable", str(exc)
    except Exception as exc:
        return "traceback", f"read: {type(exc).__name__}: {exc}"
    try:
        model = build(graph)
    except JobError as exc:
        return "refused", f"{type(exc.cause).__name__}: {exc.cause}"
    except Exception as exc:
        return "traceback", f"build: {type(exc).__name__}: {exc}"
    said = ""
    for name in METHODS:
        try:
            with np.errstate(all="ignore"):
                getattr(model, name)(base.rows)
        except Exception as exc:
            said = said or f"{type(exc).__name__}"
    return "predicted", said


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """No output, bounded memory, no warnings; a mutant that takes too long raises Slow."""

    def late(_number: int, _frame: Any) -> None:
        raise Slow

    signal.signal(signal.SIGALRM, late)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Fuzzer:
    """Mutants by number, of the bases in turn."""

    def __init__(self, seed: int, folder: Path, bases: dict[str, Callable[[], Base]]) -> None:
        self.seed = seed
        self.folder = folder
        self.bases = [make() for make in bases.values()]
        self.names = list(bases)
        self.payloads = []
        for i, base in enumerate(self.bases):
            path = str(folder / f"base-{i}.skmig")
            write_bundle(path, {"model": walk(base.model)})
            self.payloads.append(Payload(path))
            assert outcome(path, base)[0] == "predicted", self.names[i]

    def mutant(self, number: int) -> tuple[int, bytes]:
        chance = random.Random(f"{self.seed}:{number}")
        which = chance.randrange(len(self.payloads))
        return which, self.payloads[which].mutant(chance)

    def batch(self, start: int, stop: int, seen: mmap.mmap, out: int) -> None:
        """Run in a child: JSON at its end; `seen` holds the number that is being run."""
        found: collections.Counter[str] = collections.Counter()
        kinds: dict[str, int] = {}
        path = str(self.folder / f"mutant-{os.getpid()}.skmig")
        with limited():
            for number in range(start, stop):
                seen[:8] = number.to_bytes(8, "little")
                which, content = self.mutant(number)
                with open(path, "wb") as handle:
                    handle.write(content)
                signal.alarm(SECONDS)
                try:
                    word, text = outcome(path, self.bases[which])
                except Slow:
                    word, text = "slow", ""
                signal.alarm(0)
                found[word] += 1
                kinds.setdefault(f"{word} {signature(text)}", number)
        os.unlink(path)
        with os.fdopen(out, "w") as pipe:
            json.dump({"found": found, "kinds": kinds}, pipe)
        os._exit(0)

    def run(self, start: int, stop: int) -> dict[str, Any]:
        """The outcomes of the mutants from `start` to `stop`, over as many children as it takes."""
        total: collections.Counter[str] = collections.Counter()
        kinds: dict[str, int] = {}
        seen = mmap.mmap(-1, 8)
        while start < stop:
            reading, writing = os.pipe()
            child = os.fork()
            if not child:
                os.close(reading)
                try:
                    self.batch(start, stop, seen, writing)
                finally:
                    os._exit(99)
            os.close(writing)
            text = _answer(child, reading, seen)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if text:
                said = json.loads(text)
                total.update(said["found"])
                for kind, number in said["kinds"].items():
                    kinds.setdefault(kind, number)
                break
            number = int.from_bytes(seen[:8], "little")
            word = "slow" if status == -signal.SIGKILL else "signal"
            total[word] += 1
            kinds[f"{word} {status} at {number}"] = number
            # what was done before it in this child is counted again, without it
            if number > start:
                before = self.run(start, number)
                total.update(before["found"])
                kinds = {**before["kinds"], **kinds}
            start = number + 1
        return {"found": dict(total), "kinds": kinds}


def _answer(child: int, reading: int, seen: mmap.mmap) -> str:
    """What a child says at its end; one that stays at the same mutant is killed."""
    at, since, text = b"", time.monotonic(), b""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while True:
            if select.select([pipe], [], [], 1)[0]:
                part = pipe.read(1 << 16)
                if not part:
                    return text.decode()
                text += part
            if seen[:8] != at:
                at, since = seen[:8], time.monotonic()
            elif time.monotonic() - since > 2 * SECONDS:
                os.kill(child, signal.SIGKILL)
                return ""


def signature(text: str) -> str:
    """An error without its numbers and names: what kind of refusal it is."""
    text = re.sub(r"/\S+|model\S*|'[^']*'|\"[^\"]*\"|`[^`]*`", "_", text)
    return re.sub(r"-?[0-9][0-9.e+-]*|[\[\](){}].*", "#", text)[:60]


def keep(fuzzer: Fuzzer, kinds: dict[str, int], known: dict[str, int]) -> None:
    """Keep the first input of each kind of outcome, as long as there is room."""
    CORPUS.mkdir(parents=True, exist_ok=True)
    room = CORPUS_BYTES - sum(item.stat().st_size for item in CORPUS.iterdir())
    for kind, number in kinds.items():
        if kind in known:
            continue
        known[kind] = number
        which, content = fuzzer.mutant(number)
        name = f"{fuzzer.names[which]}-{hashlib.sha256(content).hexdigest()[:12]}.skmig"
        if len(content) <= min(KEPT_BYTES, room) and not kind.startswith(DEFECTS):
            (CORPUS / name).write_bytes(content)
            room -= len(content)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--batch", type=int, default=2000)
    parser.add_argument("--state", type=Path, default=Path("build/fuzz/payloads.json"))
    parser.add_argument("--corpus", action="store_true", help="keep what is new in the corpus")
    parser.add_argument("--show", type=int, help="say what becomes of one mutant, and keep it")
    args = parser.parse_args(argv)
    args.state.parent.mkdir(parents=True, exist_ok=True)
    state: dict[str, Any] = {"seed": args.seed, "next": 0, "found": {}, "kinds": {}, "seconds": 0}
    if args.state.exists() and (former := json.loads(args.state.read_text()))["seed"] == args.seed:
        state = former
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        fuzzer = Fuzzer(args.seed, Path(name), BASES)
        if args.show is not None:
            which, content = fuzzer.mutant(args.show)
            place = args.state.parent / f"mutant-{args.show}.skmig"
            place.write_bytes(content)
            print(fuzzer.names[which], place, flush=True)
            print(*outcome(str(place), fuzzer.bases[which]))
            return 0
        _all(fuzzer, args, state)
    print(json.dumps({key: state[key] for key in ("next", "seconds", "found")}))
    return 1 if any(state["found"].get(word) for word in DEFECTS) else 0


def _all(fuzzer: Fuzzer, args: argparse.Namespace, state: dict[str, Any]) -> None:
    """Batches in as many processes as were asked for; the state is written after each round."""
    while state["next"] < args.count:
        began = time.monotonic()
        pipes = []
        for i in range(args.jobs):
            start = state["next"] + i * args.batch
            stop = min(start + args.batch, args.count)
            if start >= stop:
                break
            reading, writing = os.pipe()
            child = os.fork()
            if not child:
                os.close(reading)
                with os.fdopen(writing, "w") as pipe:
                    json.dump(fuzzer.run(start, stop), pipe)
                os._exit(0)
            os.close(writing)
            pipes.append((child, reading, stop))
        for child, reading, stop in pipes:
            with os.fdopen(reading) as pipe:
                said = json.loads(pipe.read())
            os.waitpid(child, 0)
            for word, count in said["found"].items():
                state["found"][word] = state["found"].get(word, 0) + count
            if args.corpus:
                keep(fuzzer, said["kinds"], state["kinds"])
            for kind, number in said["kinds"].items():
                if kind.startswith((*DEFECTS, "slow")):
                    state["kinds"].setdefault(kind, number)
            state["next"] = stop
        state["seconds"] = round(state["seconds"] + time.monotonic() - began, 1)
        args.state.write_text(json.dumps(state, indent=1))


if __name__ == "__main__":
    sys.exit(main())
