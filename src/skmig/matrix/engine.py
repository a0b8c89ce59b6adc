"""Moves the specimens of a zoo from one release to another, and says what became of each."""

from __future__ import annotations

import contextlib
import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from skmig import parity, pipeline
from skmig.adapters import chain
from skmig.environments import cache
from skmig.environments.base import EnvironmentSpec, Worker
from skmig.errors import AgentError, EnvironmentFailedError
from skmig.matrix import keys
from skmig.payload import Bundle, write_bundle

CHUNK = 60  # specimens in one job; when one takes its process down, the chunk is halved
WORKERS = 12  # that are kept waiting for their release's next turn


class Fate(StrEnum):
    """What became of a specimen."""

    IDENTICAL = "identical"
    CLOSE = "close"
    CHANGED = "changed"  # scikit-learn itself changed an answer, and the record would say so
    REFUSED = "refused"
    DIFFERENT = "different"
    CRASHED = "crashed"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One specimen between two releases.  `text` says why where it is not carried over.

    `unlike` are the attributes in which the model is not like one that the target fits itself.
    """

    specimen: str
    source: str
    target: str
    fate: Fate
    text: str = ""
    unlike: tuple[str, ...] = ()


def run(
    shop: pipeline.Workshop, zoo: Path, source: str, target: str, pattern: str = ""
) -> Iterator[Cell]:
    """Every specimen of `zoo` whose name matches `pattern`, from `source` to `target`.

    Specimens that the source cannot make are left out.
    """
    with contextlib.closing(Engine(shop, zoo)) as engine:
        yield from engine.pair(source, target, pattern)


class Closed(Exception):  # noqa: N818 - it is news, not an error
    """The engine was closed while a pair was on its way."""


class Engine:
    """Pairs of releases, one after the other, with the same workers.

    What a release's specimens are (fitted, asked and exported) is kept in the folder `cache` for
    as long as nothing that it was made by changes, so that a release is fitted once for all pairs.
    """

    def __init__(self, shop: pipeline.Workshop, zoo: Path, cache: Path | None = None) -> None:
        self.shop = shop
        self.zoo = zoo
        self.cache = shop.path("") if cache is None else cache
        self._workers: OrderedDict[str, Worker] = OrderedDict()
        self._made_by = keys.made_by(zoo)
        self._names: list[str] | None = None
        self._closed = False

    def close(self) -> None:
        """End all workers, and with them what is running; never raises."""
        self._closed = True
        while self._workers:
            self._workers.popitem()[1].close()

    def pair(self, source: str, target: str, pattern: str = "") -> Iterator[Cell]:
        """The cells of one pair."""
        chosen = [name for name in self.names(source) if re.search(pattern, name)]
        for start in range(0, len(chosen), CHUNK):
            yield from _Pair(self, source, target).travel(chosen[start : start + CHUNK])

    def names(self, release: str) -> list[str]:
        """The names of all specimens of the zoo, which `release` is asked for."""
        if self._names is None:
            with self.worker(release) as worker:
                self._names = list(worker.call("names", code=["zoo"]).result["names"])
        return self._names

    @contextlib.contextmanager
    def worker(self, release: str) -> Iterator[Worker]:
        """A worker of `release` that has the zoo; one that broke is not used again."""
        worker = self._started(release)
        try:
            yield worker
        except EnvironmentFailedError:
            self._workers.pop(release, None)
            worker.close()
            raise

    def _started(self, release: str) -> Worker:
        worker = self._workers.get(release)
        if worker is None:
            self.shop.progress.step(f"starting scikit-learn {release}")
            spec = EnvironmentSpec(release=release)
            worker = self.shop.backend.worker(spec, self.shop.limits, self.shop.progress)
            if self._closed:
                worker.close()
                raise Closed
            self._workers[release] = worker
            worker.put("zoo", self.zoo)
        self._workers.move_to_end(release)
        while len(self._workers) > WORKERS:
            self._workers.popitem(last=False)[1].close()
        return worker

    def job(
        self,
        release: str,
        job: str,
        out: Path,
        files: Mapping[str, Path | bytes] | None = None,
        **arguments: Any,
    ) -> dict[str, Any] | None:
        """One job over many specimens; None when one of them took the process down."""
        if self._closed:
            raise Closed
        self._started(release)  # an environment that cannot be had is no specimen's fault
        unfinished = self.shop.path(".out")
        try:
            with self.worker(release) as worker:
                for name, content in (files or {}).items():
                    worker.put(name, content)
                reply = worker.call(job, code=["zoo"], out="out", **arguments)
                worker.get("out", unfinished)
        except (AgentError, EnvironmentFailedError):
            if self._closed:
                raise Closed from None
            return None
        # another engine may read the same file, or write it
        keys.place(unfinished, out)
        return dict(reply.result)

    def left(self, release: str, names: list[str]) -> tuple[Path, dict[str, Any] | None]:
        """Specimens that are ready to leave `release`: the bundle, and what was said of them."""
        bundle = self._cached(release, "leave", names, ".skmig")
        said = bundle.with_suffix(".json")
        if not said.is_file():
            # one that is read must not be replaced by another engine's
            with cache.turn(bundle.with_suffix(".lock"), bundle.name, self.shop.progress):
                if not said.is_file():
                    made = self.job(release, "leave", bundle, names=names)
                    keys.write(said, json.dumps(made))
        known: dict[str, Any] | None = json.loads(said.read_text("utf-8"))
        return bundle, known

    def natives(self, release: str, names: list[str]) -> dict[str, Any]:
        """What the specimens are like that `release` fits itself, by name."""
        path = self._cached(release, "native", names, ".json")
        if not path.is_file():
            found: dict[str, Any] = {}
            raw = self.shop.path(".json")
            if self.job(release, "native", raw, names=names) is not None:
                found = json.loads(raw.read_text("utf-8"))
                raw.unlink()
            elif len(names) > 1:
                for half in halves(names):
                    found.update(self.natives(release, half))
            keys.write(path, json.dumps(found))
        known: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return known

    def _cached(self, release: str, job: str, names: list[str], suffix: str) -> Path:
        digest = keys.digest(self._made_by, keys.lock(release), job, *names)
        folder = self.cache / release
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{job}-{digest[:20]}{suffix}"


@dataclass(frozen=True)
class _Pair:
    engine: Engine
    source: str
    target: str

    def cell(self, name: str, fate: Fate, text: str = "", unlike: Iterable[str] = ()) -> Cell:
        return Cell(
            specimen=name,
            source=self.source,
            target=self.target,
            fate=fate,
            text=text,
            unlike=tuple(unlike),
        )

    def travel(self, names: list[str]) -> Iterator[Cell]:
        left, said = self.engine.left(self.source, names)
        if said is None:
            if len(names) == 1:
                yield self.cell(names[0], Fate.CRASHED, "fitting or exporting ends the process")
                return
            for half in halves(names):
                yield from self.travel(half)
            return
        for name, text in said["failed"].items():
            yield self.cell(name, Fate.CRASHED, text)
        gone = said["absent"].keys() | said["failed"].keys()
        ready = [name for name in names if name not in gone]
        natives = self.engine.natives(self.target, names)
        with Bundle(str(left)) as bundle:
            yield from self._onwards(bundle, ready, natives)

    def _onwards(self, bundle: Bundle, names: list[str], natives: dict[str, Any]) -> Iterator[Cell]:
        adapted: dict[str, chain.Adapted] = {}
        for name in names:
            graph = bundle.document(f"{name}/model")
            try:
                moved = chain.adapt(graph, self.source, self.target)
            except Exception as exc:  # a rule that breaks is this specimen's fate, not the run's
                yield self.cell(name, Fate.CRASHED, f"adapting: {type(exc).__name__}: {exc}")
                continue
            if moved.refusals or moved.losses:
                texts = dict.fromkeys(item.text for item in (*moved.refusals, *moved.losses))
                yield self.cell(name, Fate.REFUSED, "; ".join(texts))
            else:
                adapted[name] = moved
        yield from self._arrive(bundle, adapted, natives)

    def _arrive(
        self, bundle: Bundle, adapted: dict[str, chain.Adapted], natives: dict[str, Any]
    ) -> Iterator[Cell]:
        if not adapted:
            return
        going, arrived = self.engine.shop.path(".skmig"), self.engine.shop.path(".skmig")
        documents: dict[str, Any] = {}
        for name, moved in adapted.items():
            documents[f"{name}/model"] = moved.graph
            documents[f"{name}/probes"] = bundle.document(f"{name}/probes")
        write_bundle(str(going), documents)
        own = {name: natives[name] for name in adapted if name in natives}
        said = self.engine.job(
            self.target,
            "arrive",
            arrived,
            files={"going.skmig": going, "native.json": json.dumps(own).encode()},
            names=list(adapted),
            bundle="going.skmig",
            native="native.json",
        )
        going.unlink()
        if said is None and len(adapted) == 1:
            yield self.cell(next(iter(adapted)), Fate.CRASHED, "it ends the target's process")
            return
        if said is None:
            for half in halves(list(adapted)):
                yield from self._arrive(bundle, {name: adapted[name] for name in half}, natives)
            return
        with Bundle(str(arrived)) as answered:
            for name, moved in adapted.items():
                yield self._judge(name, moved, said[name], bundle, answered)
        arrived.unlink()

    def _judge(
        self, name: str, moved: chain.Adapted, said: Any, before: Bundle, after: Bundle
    ) -> Cell:
        if "error" in said:
            absent = said.get("absent", False)
            return self.cell(name, Fate.REFUSED if absent else Fate.CRASHED, said["error"])
        found = parity.compare(
            before.document(f"{name}/expected"),
            after.document(f"{name}/actual"),
            documented=pipeline.documented(moved),
            rounding=before.document(f"{name}/rounding"),
        )
        unlike = said["attributes"]
        wrong = [item for item in found.failures if item.verdict is not parity.Verdict.CHANGED]
        if wrong:
            text = "; ".join(f"{item.method}: {item.text}" for item in wrong)
            raised = any("raises" in item.text for item in wrong)
            return self.cell(name, Fate.CRASHED if raised else Fate.DIFFERENT, text, unlike)
        if said["failures"]:
            return self.cell(name, Fate.CRASHED, "; ".join(said["failures"]), unlike)
        if found.failures:
            text = "; ".join(f"{item.method}: {item.text}" for item in found.failures)
            return self.cell(name, Fate.CHANGED, text, unlike)
        same = found.verdict is parity.Verdict.IDENTICAL
        return self.cell(name, Fate.IDENTICAL if same else Fate.CLOSE, "", unlike)


def halves(names: list[str]) -> tuple[list[str], list[str]]:
    """A list of names as two."""
    middle = len(names) // 2
    return names[:middle], names[middle:]
