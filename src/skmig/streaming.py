"""The user's rows, put to the source and to the target part by part, answered, compared, forgotten.

Memory does not grow with the number of rows, here or in the environments: a part goes to both, its
answers come back, and of them only what the comparison found is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from skmig import dataset, parity
from skmig.dataset import Chunk
from skmig.environments.base import Progress, Worker
from skmig.errors import AgentError
from skmig.payload import Bundle, WireError, write_bundle

FIRST = 256  # rows of the first part, which shows how large an answer is
ROWS = 16384  # of a part, at most
CELLS = 1 << 20  # numbers in a part or in its answers
SECONDS = 5.0  # a job that takes less is followed by a larger one
PARTS = 8  # in one job, at most
PIECES = 8  # into which a part is cut whose answer is an error
PIECES_ASKED = 1024  # of one part, at most
SAMPLE = 256  # rows that say how far rounding moves most of them


@dataclass(frozen=True, kw_only=True)
class Side:
    """A worker that has the model, and the arguments by which its jobs find it there."""

    worker: Worker
    arguments: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How answers are compared (see `parity.compare`)."""

    rtol: float
    atol: float
    documented: tuple[parity.Documented, ...] = ()
    accept: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Some rows; `only` these methods are asked, by path (None: all)."""

    chunk: Chunk
    only: dict[str, list[str]] | None = None


@dataclass(frozen=True, kw_only=True)
class _Answered:
    part: _Part
    name: str
    expected: Any
    actual: Any


def compare(
    rows: int,
    chunks: Callable[[int], Iterator[Chunk]],
    width: int | None,
    sides: tuple[Side, Side],
    terms: Terms,
    *,
    place: Callable[[str], Path],
    progress: Progress,
    refused: Callable[[Any], None],
    sketches: parity.Sketches | None = None,
) -> parity.Parity:
    """Compare what the source and the target (`sides`) answer to all of the rows.

    `chunks(n)` gives the rows, `n` at a time; `place` gives names of temporary files; `refused` is
    called with the source's answers where it refuses every one of the first rows, and may raise;
    all answers are added to `sketches`.
    """
    pool = ThreadPoolExecutor(2, thread_name_prefix="skmig-asking")
    try:
        asking = _Asking(sides, terms, place, pool, sketches)
        read = max(FIRST, min(ROWS, CELLS // max(width or 1, 1)))
        stream = _cut(chunks(read), lambda: asking.size)
        done = 0
        while batch := [_Part(chunk=c, only=asking.only) for c in islice(stream, asking.parts)]:
            answered = asking.ask(batch, state=not done)
            asking.settle(answered)
            if not done:
                if not asking.merger.compared:
                    refused(answered[0].expected)
                asking.begin(answered[0])
            asking.adapt()
            done += sum(len(part.chunk.numbers) for part in batch)
            progress.step(f"comparing rows: {done} of {rows}")
        return asking.merger.result(rows, asking.why)
    finally:
        # whoever interrupts this closes the workers, and with them what is still being asked
        pool.shutdown(wait=False, cancel_futures=True)


def _cut(chunks: Iterator[Chunk], size: Callable[[], int]) -> Iterator[Chunk]:
    """The same rows in parts of another size, which may change on the way."""
    for chunk in chunks:
        start, count = 0, len(chunk.numbers)
        while start < count:
            end = min(start + size(), count)
            yield _some(chunk, np.arange(start, end)) if end - start < count else chunk
            start = end


def _some(chunk: Chunk, rows: Any) -> Chunk:
    return Chunk(numbers=chunk.numbers[rows], value=dataset.take(chunk.value, rows))


class _Asking:
    """One comparison on its way."""

    def __init__(
        self,
        sides: tuple[Side, Side],
        terms: Terms,
        place: Callable[[str], Path],
        pool: ThreadPoolExecutor,
        sketches: parity.Sketches | None,
    ) -> None:
        self.sides = sides
        self.terms = terms
        self.place = place
        self.pool = pool
        self.merger = parity.Merger(terms.rtol, terms.atol)
        self.sketches = sketches
        self.size = self.most = FIRST  # rows of a part, and how many it may have
        self.parts = 1
        self.only: dict[str, list[str]] | None = None
        self.why: dict[tuple[str, str], str] = {}
        self._leans: Mapping[str, list[str]] = {}
        self._never: set[tuple[str, str]] = set()  # methods that refused all of the first rows
        self._seconds = 0.0

    # -------------------------------------------------------------- questions
    def ask(self, parts: list[_Part], *, state: bool = False) -> list[_Answered]:
        """Put parts to both sides at once."""
        bundles = [self.place(".skmig") for _ in parts]
        for part, bundle in zip(parts, bundles, strict=True):
            write_bundle(str(bundle), {"rows": part.chunk.value})
        questions = [
            {"bundle": f"rows{i}.skmig", "out": f"answers{i}.skmig", "only": part.only}
            for i, part in enumerate(parts)
        ]
        try:
            both = [
                self.pool.submit(self._put, side, bundles, questions, state) for side in self.sides
            ]
            expected, actual = (future.result() for future in both)
        finally:
            for bundle in bundles:
                bundle.unlink()
        return [
            _Answered(part=part, name=str(question["bundle"]), expected=one, actual=two)
            for part, question, one, two in zip(parts, questions, expected, actual, strict=True)
        ]

    def _put(
        self, side: Side, bundles: list[Path], questions: list[dict[str, Any]], state: bool
    ) -> list[Any]:
        for question, bundle in zip(questions, bundles, strict=True):
            side.worker.put(question["bundle"], bundle)
        reply = side.worker.call("answer", **side.arguments, parts=questions, state=state)
        self._seconds = max(self._seconds, reply.seconds)
        if state and side is self.sides[0]:
            self._leans = reply.result["leans"]
        return [self._document(side, question["out"], "answers") for question in questions]

    def _document(self, side: Side, name: str, document: str) -> Any:
        place = self.place(".skmig")
        side.worker.get(name, place)
        try:
            with Bundle(str(place)) as bundle:
                return bundle.document(document)
        except (WireError, OSError) as exc:
            raise AgentError(
                f"the environment answered with a payload that is not valid: {exc}"
            ) from exc
        finally:
            place.unlink()  # what is mapped stays until it is forgotten

    def begin(self, first: _Answered) -> None:
        """After the first part: how many rows one may have, and which methods are asked."""
        cells = max(1, _cells(first.expected) // len(first.part.chunk.numbers))
        self.most = max(FIRST, min(ROWS, CELLS // cells))
        for path, entry in first.expected.items():
            for name, answer in entry["methods"].items():
                if _refuses(answer) and not self.merger.answered(path, name):
                    self._never.add((path, name))
        for path, names in self._leans.items():
            for name in names:
                self.why[path, name] = ": the answer to one depends on those asked with it"
        if self._leans:
            self.only = {
                path: sorted(entry["methods"].keys() - set(self._leans.get(path, ())))
                for path, entry in first.expected.items()
            }

    def adapt(self) -> None:
        """Larger parts, and more of them in one job, for as long as jobs are short."""
        if self._seconds < SECONDS and self.size < self.most:
            self.size = min(4 * self.size, self.most)
        elif self._seconds < SECONDS:
            self.parts = min(2 * self.parts, PARTS)
        elif self._seconds > 4 * SECONDS:
            self.size = max(self.size // 4, FIRST) if self.parts == 1 else self.size
            self.parts = 1
        self._seconds = 0.0

    # -------------------------------------------------------------- answers
    def settle(self, answered: list[_Answered]) -> None:
        """Judge parts; one that the source refuses is asked in pieces, until one row is left."""
        pieces: list[_Part] = []
        budget = PIECES_ASKED * len(answered)
        while True:
            for item in answered:
                again = self._judge(item, cut=budget > 0)
                if again:
                    new = _pieces(item.part.chunk, again)
                    budget -= len(new)
                    pieces += new
            if not pieces:
                return
            # what is in the exchange is of these only: they are judged before others are asked
            answered = self.ask(pieces[: PIECES * PARTS])
            del pieces[: PIECES * PARTS]

    def _judge(self, item: _Answered, *, cut: bool) -> dict[str, list[str]]:
        """Count a part; gives the methods that have to be asked about pieces of it."""
        expected, numbers = item.expected, item.part.chunk.numbers
        again: dict[str, list[str]] = {}
        if cut and len(numbers) > 1:
            again = {
                path: [
                    name
                    for name, answer in entry["methods"].items()
                    if _refuses(answer) and (path, name) not in self._never
                ]
                for path, entry in expected.items()
            }
            again = {path: names for path, names in again.items() if names}
            expected = {
                path: {
                    **entry,
                    "methods": {
                        name: answer
                        for name, answer in entry["methods"].items()
                        if name not in again.get(path, ())
                    },
                }
                for path, entry in expected.items()
            }
        found = self._compare(expected, item.actual, numbers)
        doubted = parity.beyond(expected, item.actual, found)
        if doubted:
            noise = self._noise(item, doubted)
            found = self._compare(expected, item.actual, numbers, noise)
        rows = {
            (path, name): numbers if "rows" not in answer else numbers[answer["rows"]]
            for path, entry in expected.items()
            for name, answer in entry["methods"].items()
            if not name.startswith("get_") and not name.endswith("_")
        }
        self.merger.add(found, rows)
        if self.sketches is not None:
            self.sketches.add(expected, item.actual)
        return again

    def _compare(
        self, expected: Any, actual: Any, numbers: Any, noise: Any = None
    ) -> parity.Parity:
        found = parity.compare(
            expected,
            actual,
            rtol=self.terms.rtol,
            atol=self.terms.atol,
            documented=self.terms.documented,
            accept=self.terms.accept,
            rounding=noise,
            numbers=numbers,
        )
        return replace(found, methods=tuple(map(self._discreet, found.methods)))

    def _discreet(self, item: parity.MethodParity) -> parity.MethodParity:
        """The same without what could be of the rows: a record goes where the rows must not.

        An error quotes the value that it is about.  What is `different` is told to the user, and
        never recorded.
        """
        if item.verdict is parity.Verdict.ERROR_EQUAL:
            says = parity.THE_TARGET_SAYS
            notes = (
                says + _kind(note.removeprefix(says)) if note.startswith(says) else note
                for note in item.notes
            )
            return replace(item, text=_kind(item.text), notes=tuple(notes))
        if item.verdict is parity.Verdict.CHANGED:
            texts = (change.text for change in self.terms.documented)
            return replace(item, text=next(text for text in texts if item.text.startswith(text)))
        return item

    def _noise(
        self, item: _Answered, doubted: dict[str, dict[str, list[int] | None]]
    ) -> dict[str, dict[str, Any]]:
        """How far rounding moves the source's answers where they differ: asked only now."""
        count = len(item.part.chunk.numbers)
        rows = sorted(
            {row for names in doubted.values() for found in names.values() for row in found or ()}
        )
        sample = np.unique(np.linspace(0, count - 1, SAMPLE).astype(int)).tolist()
        asked = np.array(sorted({*rows, *sample}))
        noise: dict[str, dict[str, Any]] = {}
        for whole in (True, False):
            only = {
                path: [name for name, found in names.items() if (found is None) is whole]
                for path, names in doubted.items()
            }
            if not any(only.values()):
                continue
            side = self.sides[0]
            side.worker.call(
                "sway",
                **side.arguments,
                bundle=item.name,
                out="rounding.skmig",
                only=only,
                numbers=None if whole else asked.tolist(),
            )
            moved = self._document(side, "rounding.skmig", "rounding")
            for path, names in moved.items():
                for name, gaps in names.items():
                    known = gaps if whole else _spread(gaps, asked, count)
                    noise.setdefault(path, {})[name] = known
        return noise


def _kind(error: str) -> str:
    return error.partition(":")[0]


def _refuses(answer: Mapping[str, Any]) -> bool:
    error = str(answer.get("error", ""))
    return bool(error) and not error.startswith(("AttributeError", "Random:"))


def _pieces(chunk: Chunk, only: dict[str, list[str]]) -> list[_Part]:
    places = np.array_split(np.arange(len(chunk.numbers)), min(PIECES, len(chunk.numbers)))
    return [_Part(chunk=_some(chunk, rows), only=only) for rows in places]


def _spread(gaps: Any, rows: Any, count: int) -> Any:
    """Gaps of some rows at their places among all; NaN elsewhere."""
    if isinstance(gaps, dict):
        return {name: _spread(item, rows, count) for name, item in gaps.items()}
    if isinstance(gaps, list):
        return [_spread(item, rows, count) for item in gaps]
    if not isinstance(gaps, np.ndarray) or len(gaps) != len(rows):
        return None
    whole = np.full((count, *gaps.shape[1:]), np.nan)
    whole[rows] = gaps
    return whole


def _cells(value: Any) -> int:
    """About how many numbers there are in answers."""
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, Mapping):
        return sum(map(_cells, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_cells, value))
    return sum(map(_cells, value.args.values())) if hasattr(value, "args") else 1
