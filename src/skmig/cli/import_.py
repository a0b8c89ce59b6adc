"""`skmig import`: the target's half of a migration, from a payload."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skmig.cli import common
from skmig.cli.migrate import FormatChoice


def import_(
    payload: Annotated[Path, typer.Argument(metavar="PAYLOAD", help="What `skmig export` wrote.")],
    to: Annotated[str, typer.Option("--to", metavar="RELEASE", help="The target release.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The result's file.")
    ] = None,
    backend: common.Backend = common.BackendChoice.auto,
    format: Annotated[  # noqa: A002 - the option's name
        FormatChoice | None, typer.Option(help="Format of the result (default: as the original).")
    ] = None,
    rtol: Annotated[float, typer.Option(help="Relative tolerance of floats.", min=0)] = 1e-9,
    atol: Annotated[float, typer.Option(help="Absolute tolerance of floats.", min=0)] = 1e-12,
    allow_loss: Annotated[
        bool, typer.Option("--allow-loss", help="Carry on without what the target cannot express.")
    ] = False,
    allow_substitution: Annotated[
        bool,
        typer.Option(
            "--allow-substitution", help="Allow another class that answers the same (listed)."
        ),
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS.METHOD", help="Accept a documented change of scikit-learn."),
    ] = None,
    trust: Annotated[
        list[str] | None,
        typer.Option(metavar="MODULE", help="Let classes of this module be made."),
    ] = None,
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
    """Build a model of another release from a payload, and prove that it predicts the same."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig import api, transfer
    from skmig.plan import Settings
    from skmig.record import report

    settings = api.checked(
        Settings(
            target=to,
            backend=backend.value,
            format=None if format is None else format.value,
            rtol=rtol,
            atol=atol,
            allow_loss=allow_loss,
            allow_substitution=allow_substitution,
            accept=tuple(accept or ()),
            trust=tuple(trust or ()),
            requirements=tuple(with_ or ()),
            code=tuple(code or ()),
            timeout=timeout,
            memory=common.memory_bytes(memory),
            force=force,
        )
    )
    with console.working(f"importing {payload.name}"):
        done = transfer.import_(payload, output=output, settings=settings, progress=console)
    if json:
        console.document({"ok": True, "migration": done.as_json()})
        return 0
    console.render(report.render(done.manifest))
    console.render("", *(str(place) for place in done.files))
    return 0
