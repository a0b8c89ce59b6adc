"""The matrix: every specimen of the zoo from one release to another, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from skmig import parity, pipeline
from skmig.adapters import chain
from skmig.environments.base import EnvironmentSpec, Worker
from skmig.errors import AgentError, EnvironmentFailedError
from skmig.payload import Bundle, write_bundle

CHUNK = 60  # specimens in one job; when one takes its process down, the chunk is halved


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
    ends = EnvironmentSpec(release=source), EnvironmentSpec(release=target)
    shop.start(ends[1], "target")
    with shop.worker(ends[0], "source") as worker:
        worker.put("zoo", zoo)
        known = worker.call("names", code=["zoo"]).result["names"]
    chosen = [name for name in known if re.search(pattern, name)]
    for start in range(0, len(chosen), CHUNK):
        yield from _Pair(shop, zoo, ends).travel(chosen[start : start + CHUNK])


@dataclass(frozen=True)
class _Pair:
    shop: pipeline.Workshop
    zoo: Path
    ends: tuple[EnvironmentSpec, EnvironmentSpec]

    def cell(self, name: str, fate: Fate, text: str = "", unlike: Iterable[str] = ()) -> Cell:
        source, target = self.ends
        return Cell(
            specimen=name,
            source=source.release,
            target=target.release,
            fate=fate,
            text=text,
            unlike=tuple(unlike),
        )

    def travel(self, names: list[str]) -> Iterator[Cell]:
        left = self.shop.path(".skmig")
        with self.shop.worker(self.ends[0], "source") as worker:
            said = self._job(worker, "leave", names, "left.skmig", left)
        if said is None:
            yield from self._halves(names, "fitting or exporting ends the process")
            return
        for name, text in said["failed"].items():
            yield self.cell(name, Fate.CRASHED, text)
        gone = said["absent"].keys() | said["failed"].keys()
        with Bundle(str(left)) as bundle:
            yield from self._onwards(bundle, [name for name in names if name not in gone])

    def _onwards(self, bundle: Bundle, names: list[str]) -> Iterator[Cell]:
        adapted: dict[str, chain.Adapted] = {}
        source, target = self.ends
        for name in names:
            graph = bundle.document(f"{name}/model")
            moved = chain.adapt(graph, source.release, target.release)
            if moved.refusals or moved.losses:
                texts = dict.fromkeys(item.text for item in (*moved.refusals, *moved.losses))
                yield self.cell(name, Fate.REFUSED, "; ".join(texts))
            else:
                adapted[name] = moved
        yield from self._arrive(bundle, adapted)

    def _arrive(self, bundle: Bundle, adapted: dict[str, chain.Adapted]) -> Iterator[Cell]:
        if not adapted:
            return
        going, arrived = self.shop.path(".skmig"), self.shop.path(".skmig")
        documents: dict[str, Any] = {}
        for name, moved in adapted.items():
            documents[f"{name}/model"] = moved.graph
            documents[f"{name}/probes"] = bundle.document(f"{name}/probes")
        write_bundle(str(going), documents)
        with self.shop.worker(self.ends[1], "target") as worker:
            worker.put("going.skmig", going)
            said = self._job(worker, "arrive", list(adapted), "arrived.skmig", arrived)
        if said is None and len(adapted) == 1:
            yield self.cell(next(iter(adapted)), Fate.CRASHED, "it ends the target's process")
            return
        if said is None:
            halves = list(adapted)
            for half in (halves[: len(halves) // 2], halves[len(halves) // 2 :]):
                yield from self._arrive(bundle, {name: adapted[name] for name in half})
            return
        with Bundle(str(arrived)) as answered:
            for name, moved in adapted.items():
                yield self._judge(name, moved, said[name], bundle, answered)

    def _judge(
        self, name: str, moved: chain.Adapted, said: Any, before: Bundle, after: Bundle
    ) -> Cell:
        if "error" in said:
            return self.cell(name, Fate.CRASHED, said["error"])
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

    def _job(
        self, worker: Worker, job: str, names: list[str], out: str, place: Path
    ) -> dict[str, Any] | None:
        """One job over many specimens; None when one of them took the process down."""
        worker.put("zoo", self.zoo)
        arguments = {"bundle": "going.skmig"} if job == "arrive" else {}
        try:
            reply = worker.call(job, code=["zoo"], names=names, out=out, **arguments)
        except (AgentError, EnvironmentFailedError):
            return None
        worker.get(out, place)
        return dict(reply.result)

    def _halves(self, names: list[str], text: str) -> Iterator[Cell]:
        if len(names) == 1:
            yield self.cell(names[0], Fate.CRASHED, text)
            return
        middle = len(names) // 2
        yield from self.travel(names[:middle])
        yield from self.travel(names[middle:])
