"""Runs many pairs, several at once, and goes on where an earlier run ended."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from skmig import pipeline
from skmig.matrix import keys
from skmig.matrix.engine import Cell, Closed, Engine, Fate
from skmig.matrix.pairs import Pair
from skmig.matrix.store import Result, Store


@dataclass
class Sweep:
    """One run over `pairs`.  `said` hears of every pair that is done: the result, and whether it
    was there already.
    """

    shop: pipeline.Workshop
    zoo: Path
    store: Store
    pairs: Sequence[Pair]
    match: str = ""
    jobs: int = 1
    said: Callable[[Result, bool], None] = lambda _result, _there: None
    results: list[Result] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _queue: list[tuple[Pair, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Fill `results`; what was finished stays there when this is interrupted."""
        made = keys.made_by(self.zoo)
        for pair in self.pairs:
            key = keys.pair(made, *pair, self.match)
            known = self.store.load(*pair, key)
            if known is None:
                self._queue.append((pair, key))
            else:
                self._done(known, there=True)
        if not self._queue:
            return
        engines = [self._engine() for _ in range(min(self.jobs, len(self._queue)))]
        with ThreadPoolExecutor(len(engines), thread_name_prefix="skmig-matrix") as pool:
            try:  # from here on: an interrupted `submit` may have begun its work
                waiting: set[Future[None]] = {pool.submit(self._work, each) for each in engines}
                while waiting:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
            finally:
                self._stop.set()
                for engine in engines:  # or the pool would wait for the jobs that still run
                    engine.close()

    def _engine(self) -> Engine:
        return Engine(self.shop, self.zoo, self.store.folder / "releases")

    def _work(self, engine: Engine) -> None:
        with contextlib.closing(engine), contextlib.suppress(Closed):
            while not self._stop.is_set():
                with self._lock:
                    if not self._queue:
                        return
                    pair, key = self._queue.pop(0)
                result = self._pair(engine, pair, key)
                if result is not None:
                    self.store.save(result)
                    self._done(result, there=False)

    def _pair(self, engine: Engine, pair: Pair, key: str) -> Result | None:
        started = time.monotonic()
        cells: list[Cell] = []
        for cell in engine.pair(*pair, self.match):
            if self._stop.is_set():
                return None
            cells.append(cell)
            if len(cells) % 20 == 0:
                self.shop.progress.step(
                    f"{len(self.results)} of {len(self.pairs)} pairs; {pair[0]} → {pair[1]}: "
                    f"{len(cells)} specimens"
                )
        if self._stop.is_set():
            return None
        return Result(
            source=pair[0],
            target=pair[1],
            key=key,
            seconds=time.monotonic() - started,
            cells=tuple(cells),
        )

    def _done(self, result: Result, *, there: bool) -> None:
        with self._lock:
            self.results.append(result)
            self.said(result, there)


def in_short(result: Result) -> str:
    """One pair in one line."""
    counts = [(fate.value, sum(cell.fate is fate for cell in result.cells)) for fate in Fate]
    listed = ", ".join(f"{name} {count}" for name, count in counts if count)
    return f"{result.source} → {result.target}: {listed or 'no specimen'}"
