"""`skmig check`: what happens if a file is simply loaded in another release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skmig.cli import common
from skmig.errors import ANSWER_IS_NO, MIGRATED


def check(
    artifact: Annotated[Path, typer.Argument(metavar="FILE", help="The model.")],
    to: Annotated[str, typer.Option("--to", metavar="RELEASE", help="Where to load it.")],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="RELEASE",
            help="The release that wrote it (default: read from the file).",
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Inputs to compare on: csv, npz, npy, jsonl, parquet.")
    ] = None,
    backend: common.Backend = common.BackendChoice.auto,
    rtol: Annotated[float, typer.Option(help="Relative tolerance of floats.", min=0)] = 1e-9,
    atol: Annotated[float, typer.Option(help="Absolute tolerance of floats.", min=0)] = 1e-12,
    trust: common.Trust = None,
    with_: common.With = None,
    code: common.Code = None,
    timeout: common.Timeout = 600,
    memory: common.Memory = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Say what happens if a model is simply loaded in another release; write nothing.

    It does not load, it crashes at a method, it predicts something else without an error, it only
    warns, or it is fine: then the exit code is 0, else 1.
    """
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig import api
    from skmig.plan import Settings
    from skmig.record import report

    settings = Settings(
        target=to,
        source=source,
        data=data,
        backend=backend.value,
        rtol=rtol,
        atol=atol,
        trust=tuple(trust or ()),
        requirements=tuple(with_ or ()),
        code=tuple(code or ()),
        timeout=timeout,
        memory=common.memory_bytes(memory),
    )
    with console.working(f"checking {artifact.name}"):
        found = api.check(artifact, settings=settings, progress=console)
    exit_code = MIGRATED if found.ok else ANSWER_IS_NO
    if json:
        console.document({"ok": found.ok, "check": found.as_json()})
        return exit_code
    console.render(("yes: " if found.ok else "no: ") + found.summary)
    differing = [item.as_json() for item in found.naive.methods if not item.ok]
    if differing:
        console.render("", report.methods_table(differing))
    if found.command:
        console.render("", f"next: {found.command}", f"      {found.next_step}")
    else:
        console.render("", f"next: {found.next_step}")
    return exit_code
