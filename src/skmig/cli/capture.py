"""`skmig capture`: the record of training day for a model that is a file already."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skmig.cli import common


def capture(
    artifact: Annotated[Path, typer.Argument(metavar="FILE", help="The model.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Rows as it was trained on: csv, npz, npy, jsonl, parquet, txt."),
    ] = None,
    rows: Annotated[
        int, typer.Option(help="Keep so many of them in the record, evenly chosen.", min=0)
    ] = 200,
    metrics: Annotated[
        Path | None, typer.Option(help="Metrics to keep: a JSON file with one object.")
    ] = None,
    metadata: Annotated[
        Path | None, typer.Option(help="Anything else to keep: a JSON file with one object.")
    ] = None,
    training_date: Annotated[
        str | None, typer.Option(help="When it was trained, such as 2026-11-21.")
    ] = None,
    data_snapshot: Annotated[str | None, typer.Option(help="Which data it was trained on.")] = None,
    preprocessing_version: Annotated[
        str | None, typer.Option(help="Which version of the preprocessing it belongs to.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="RELEASE",
            help="The release that wrote it (default: read from the file).",
        ),
    ] = None,
    here: Annotated[
        bool, typer.Option("--here", help="Load it in this environment; make none.")
    ] = False,
    python: Annotated[
        Path | None, typer.Option(help="Load it in the environment of this interpreter.")
    ] = None,
    backend: common.Backend = common.BackendChoice.auto,
    source_lock: Annotated[
        Path | None, typer.Option(help="A `pip freeze` of the environment that trained it.")
    ] = None,
    trust: common.Trust = None,
    with_: common.With = None,
    code: common.Code = None,
    timeout: common.Timeout = 600,
    memory: common.Memory = None,
    force: common.Force = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Write the record of a model beside it: environment, schema, probes and their outputs."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig import api, capturing
    from skmig.plan import Settings

    settings = Settings(
        target="",
        source=source,
        data=data,
        sample=None if data is None else max(rows, 1),
        backend=backend.value,
        trust=tuple(trust or ()),
        requirements=tuple(with_ or ()),
        code=tuple(code or ()),
        source_lock=source_lock,
        timeout=timeout,
        memory=common.memory_bytes(memory),
        force=force,
    )
    api.checked_paths(settings)
    told = capturing.Told(
        metrics=capturing.read_json(metrics),
        metadata=capturing.read_json(metadata),
        training_date=training_date,
        data_snapshot=data_snapshot,
        preprocessing_version=preprocessing_version,
    )
    with console.working(f"capturing {artifact.name}"):
        done = capturing.write(
            artifact,
            settings=settings,
            told=told,
            rows=rows,
            here=python or here,
            progress=console,
        )
    said = dict(done.said)
    if console.json:
        console.document({"ok": True, "record": str(done.path), "capture": said})
        return 0
    kept = said["rows"]["own"]
    console.render(
        f"{artifact.name} of scikit-learn {done.release}: "
        f"{sum(item['rows'] for item in said['coverage'].values())} rows made from the model, "
        f"{kept} of yours, {len(done.packages)} packages",
        *(f"note: {note}" for note in said["notes"]),
        str(done.path),
    )
    return 0
