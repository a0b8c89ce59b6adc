"""`skmig report`: what a record says, again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skmig.cli import common


def report(
    path: Annotated[
        Path, typer.Argument(metavar="RECORD", help="A record, or the result beside it.")
    ],
    html: Annotated[
        Path | None, typer.Option("--html", help="Write one HTML page: a file, or a folder for it.")
    ] = None,
    force: common.Force = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Show the report of a migration again, from its record alone."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig import api
    from skmig.record import report as terminal

    read = api.read_record(path)
    place = None if html is None else api.write_report(read, html, force=force)
    if json:
        console.document(
            {
                "ok": True,
                "record": str(read.path),
                "report": None if place is None else str(place),
                "manifest": read.manifest.as_json(),
            }
        )
    elif place is not None:
        console.data(str(place))
    else:
        console.render(terminal.render(read.manifest))
    return 0
