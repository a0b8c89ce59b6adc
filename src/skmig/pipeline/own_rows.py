"""The user's own rows, asked in parts on both sides."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skmig import inputs, parity, streaming
from skmig.environments.base import EnvironmentSpec, Worker
from skmig.parity import Parity
from skmig.payload import WireError
from skmig.pipeline.exchange import not_given, put_code, read_document
from skmig.pipeline.passed import Compared, Exported
from skmig.pipeline.saying import documented
from skmig.workshop import Workshop


def compare_data(compared: Compared, shop: Workshop) -> Compared:
    """Hold every answer to the user's own rows against the source's (when there are any)."""
    restored = compared.restored
    exported = restored.adapted.exported
    settings, source = exported.request.settings, exported.source_spec
    if exported.rows is None or source is None:
        return compared
    graph = read_document(exported.bundle, "model")
    with shop.worker(source, "source") as one, shop.worker(exported.target, "target") as two:
        sides = (
            exported_side(one, exported, source),
            result_side(two, exported.format, put_code(two, exported.target), exported.allow),
        )
        terms = streaming.Terms(
            rtol=settings.rtol,
            atol=settings.atol,
            documented=tuple(documented(restored.adapted.adapted)),
            accept=settings.accept,
        )
        sketches = parity.Sketches(pairs=False)
        found = compare_rows(exported.rows, graph, sides, terms, shop, sketches)
    return dataclasses.replace(compared, data=found, data_sketches=sketches)


def compare_rows(
    rows: inputs.Inputs,
    graph: Any,
    sides: tuple[streaming.Side, streaming.Side],
    terms: streaming.Terms,
    shop: Workshop,
    sketches: parity.Sketches | None = None,
) -> Parity:
    """Compare what source and target say to the user's rows.  `graph`: the exported model.

    Raises DataError where the source refuses the rows.
    """
    try:
        return streaming.compare(
            rows.rows,
            rows.chunks,
            rows.data.width,
            sides,
            terms,
            place=shop.path,
            progress=shop.progress,
            refused=lambda answers: inputs.check_answers(rows, graph, answers),
            sketches=sketches,
        )
    except WireError as exc:
        raise not_given(rows, exc) from exc


def source_side(
    worker: Worker, artifact: Path, code: list[str], encoding: str | None, reader: str | None
) -> streaming.Side:
    """The source's worker, where the artifact lies under its own name."""
    arguments: Mapping[str, Any] = {
        "artifact": artifact.name,
        "code": code,
        "encoding": encoding,
        "reader": reader,
        "strict": False,
    }
    return streaming.Side(worker=worker, arguments=arguments)


def exported_side(worker: Worker, exported: Exported, spec: EnvironmentSpec) -> streaming.Side:
    code = put_code(worker, spec)
    artifact = exported.request.artifact
    return source_side(worker, artifact, code, exported.encoding, exported.reader)


def result_side(
    worker: Worker, file_format: str, code: list[str], allow: tuple[str, ...]
) -> streaming.Side:
    """The target's worker, where the result lies as `result.model`."""
    arguments: Mapping[str, Any] = {
        "artifact": "result.model",
        "format": file_format,
        "code": code,
        "allow": allow,
    }
    return streaming.Side(worker=worker, arguments=arguments)
