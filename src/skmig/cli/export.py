"""`skmig export`: the source's half of a migration, as one payload that is safe to open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skmig.cli import common


def export(
    artifact: Annotated[Path, typer.Argument(metavar="FILE", help="The model.")],
    source: Annotated[
        str | None, typer.Option("--from", metavar="RELEASE", help="The release that wrote it.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The payload (default: FILE's stem.skmig)."),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Inputs to record outputs for.")] = None,
    backend: common.Backend = common.BackendChoice.auto,
    trust: common.Trust = None,
    with_: common.With = None,
    code: common.Code = None,
    timeout: common.Timeout = 600,
    memory: common.Memory = None,
    force: common.Force = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the payload as one plain JSON document too.")
    ] = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Export a model from the release that wrote it, with probes and their outputs."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig import transfer
    from skmig.plan import Settings

    settings = Settings(
        target="",
        source=source,
        data=data,
        backend=backend.value,
        trust=tuple(trust or ()),
        requirements=tuple(with_ or ()),
        code=tuple(code or ()),
        timeout=timeout,
        memory=common.memory_bytes(memory),
        force=force,
    )
    with console.working(f"exporting {artifact.name}"):
        place = transfer.export(artifact, output=output, settings=settings, progress=console)
    if json:
        console.document({"ok": True, "payload": str(place), **transfer.as_json(place)})
    else:
        console.data(str(place))
    return 0
