"""`skmig agent`: the agent as one runnable file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skmig.cli import common


def agent(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where to write the single file.")
    ] = Path("agent.pyz"),
    force: common.Force = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Write the agent as one file, to export where no tool may be installed.

    There, run: python agent.pyz export model.pkl --output model.skmig
    """
    console = common.console(quiet=quiet, json=json, color=color)
    from skmig import transfer

    place = transfer.write_agent(output, force=force)
    if json:
        console.document({"ok": True, "agent": str(place)})
    else:
        console.data(str(place))
        console.note(
            f"on the other machine: python {place.name} export model.pkl --output model.skmig"
        )
    return 0
