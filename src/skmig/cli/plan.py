"""`skmig plan`: what `skmig migrate` would do to each model; starts nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from skmig import storage
from skmig.cli import common, fleets
from skmig.errors import UsageError


def plan(
    artifacts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE...]", help="Models, folders or URIs (default: as skmig.toml says)."
        ),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="RELEASE", help="The target release.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Where results would go.")
    ] = None,
    backend: common.Backend = common.BackendChoice.auto,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Say what would happen to each model, from the files alone."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig import api
    from skmig.plan import Settings

    asked = fleets.Asked()
    if not artifacts:
        for option, value in (("--to", to), ("--output", output)):
            if value is not None:
                raise UsageError(
                    f"{option} is about models that are named, and none is",
                    hint="name them, or write it into skmig.toml",
                )
        return fleets.show_plan(console, asked.file())
    if to is None:
        raise UsageError("no target release is named", hint="say it, such as --to 1.6.1")
    settings = api.checked(Settings(target=to, backend=backend.value))
    for item in artifacts:
        if storage.is_uri(item):
            continue
        api.expand([fleets.path_of(item)])
    return fleets.show_plan(console, asked.of(artifacts, settings, output, None))
