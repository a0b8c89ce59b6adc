"""What loading the original in the target as it is would do."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import Any

from skmig import parity
from skmig.errors import (
    AgentError,
    EnvironmentFailedError,
    OutOfMemoryError,
    SkmigError,
    TimeoutExpiredError,
)
from skmig.parity import Naive
from skmig.payload import Obj, write_bundle
from skmig.pipeline.exchange import put_code, read_document
from skmig.pipeline.own_rows import exported_side
from skmig.pipeline.passed import Compared, Exported
from skmig.pipeline.trust import check_trust
from skmig.plan import Settings
from skmig.workshop import Workshop


def load_naively(compared: Compared, shop: Workshop) -> Compared:
    """What would have happened: the original, loaded in the target as it is (when asked for)."""
    exported = compared.restored.adapted.exported
    if not exported.request.settings.compare_naive:
        return compared
    return dataclasses.replace(compared, naive=naively(exported, shop))


def naively(exported: Exported, shop: Workshop) -> Naive:
    """Load the original in the target as it is, and hold its answers against the source's.

    It runs its own code, so that this worker is never the one that builds.  That it cannot be
    loaded, ends its process or takes too long is an answer.
    """
    request, target = exported.request, exported.target
    settings = request.settings
    check_trust(request.artifact, settings, exported.findings, shop.backend)
    answers, place = shop.path(".skmig"), shop.path(".txt")
    questions, expected = _questions(exported, shop)
    with shop.worker(target, "naive") as worker:
        shop.progress.step(f"loading {request.artifact.name} as it is with {target.release}")
        for path in (request.artifact, *exported.sidecars):
            worker.put(path.name, path)
        worker.put("probes.skmig", questions)
        code = put_code(worker, target)
        try:
            reply = worker.call(
                "predict",
                artifact=request.artifact.name,
                bundle="probes.skmig",
                out="naive.skmig",
                code=code,
                reader=exported.reader,
                allow=exported.allow,
                strict=False,
                plain=True,
                at="at.txt",
            )
        except (AgentError, TimeoutExpiredError, OutOfMemoryError) as error:
            with contextlib.suppress(EnvironmentFailedError):  # it may be gone with its files
                worker.get("at.txt", place)
            if not isinstance(error, AgentError):
                shop.end(target, "naive")
            return parity.ended(_how_it_ended(error, settings), _said_in(place))
        worker.get("naive.skmig", answers)
    found = parity.compare(
        expected,
        read_document(answers, "actual"),
        rtol=settings.rtol,
        atol=settings.atol,
        rounding=None
        if questions != exported.bundle
        else read_document(exported.bundle, "rounding"),
    )
    return parity.answered(
        found,
        warnings=reply.result["warnings"],
        broken=reply.result["failures"],
        fitted=is_fitted(read_document(exported.bundle, "model")),
    )


def _how_it_ended(error: SkmigError, settings: Settings) -> str:
    if isinstance(error, TimeoutExpiredError):
        return f"it does not come to an end within {settings.timeout:g} s"
    if isinstance(error, OutOfMemoryError):
        return "it runs out of memory"
    said = error.details if isinstance(error, AgentError) else {}
    if said.get("signal"):
        return f"the process is {said['message']}"
    if said.get("stage") in ("build", "walk"):
        raise error  # not the model's doing
    return f"{said['kind']}: {said['message']}" if "kind" in said else error.message


def _said_in(place: Path) -> str:
    return place.read_text(encoding="utf-8") if place.exists() else ""


def _questions(exported: Exported, shop: Workshop) -> tuple[Path, Any]:
    """What a plain load is asked, and what the source said to it: the probes, or where there are
    none the first rows of the user's.
    """
    expected = read_document(exported.bundle, "expected")
    source, settings = exported.source_spec, exported.request.settings
    if exported.rows is None or source is None or not settings.data_only:
        return exported.bundle, expected
    first = next(exported.rows.chunks(settings.probe_rows)).value
    bundle, answers = shop.path(".skmig"), shop.path(".skmig")
    probe = {"input": first, "coverage": {}, "kind": "data"}
    write_bundle(str(bundle), {"probes": dict.fromkeys(expected, probe)})
    with shop.worker(source, "source") as worker:
        side = exported_side(worker, exported, source)
        worker.put("probes.skmig", bundle)
        worker.call("predict", **side.arguments, bundle="probes.skmig", out="first.skmig")
        worker.get("first.skmig", answers)
    return bundle, read_document(answers, "actual")


def is_fitted(graph: Any) -> bool:
    """Does anything in a graph have a fitted attribute (`coef_`)?"""
    waiting, seen = [graph], set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Obj):
            if any(name.endswith("_") and not name.startswith("_") for name in value.state):
                return True
            waiting += value.state.values()
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value
    return False
