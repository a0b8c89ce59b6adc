"""`skmig verify`: ask migrated models again, and say yes or no."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skmig.cli import common


def verify(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RECORD", help="Records, results or folders (default: here)."),
    ] = None,
    original: Annotated[
        Path | None, typer.Option(help="The original: repeat the whole comparison.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="With --original: compare on these inputs too.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option(help="Take so many rows of --data, evenly chosen.", min=1)
    ] = None,
    backend: common.Backend = common.BackendChoice.auto,
    code: common.Code = None,
    timeout: common.Timeout = 600,
    memory: common.Memory = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Check that migrated models still answer as their records say."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig import api

    with console.working("verifying"):
        outcomes = list(
            api.verify_all(
                paths or [Path()],
                backend=backend.value,
                original=original,
                data=data,
                sample=sample,
                code=tuple(code or ()),
                timeout=timeout,
                memory=common.memory_bytes(memory),
                progress=console,
            )
        )
    exit_code = max(
        item.error.code if item.error is not None else int(not item.ok) for item in outcomes
    )
    if json:
        console.document({"ok": exit_code == 0, "records": [item.as_json() for item in outcomes]})
    elif len(outcomes) == 1:
        if outcomes[0].error is not None:
            raise outcomes[0].error
        console.render(("yes: " if outcomes[0].ok else "no: ") + outcomes[0].summary)
    else:
        rows = [(str(item.record), "yes" if item.ok else "no", item.summary) for item in outcomes]
        console.table(("record", "holds", "because"), rows)
    return exit_code
