"""`skmig check-models`: the check before a commit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skmig.cli import common


def check_models(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Model files, or folders with such (default: here)."),
    ] = None,
    lock: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="What production installs (default: the lock files that are here)."
        ),
    ] = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Say which model files are not of the scikit-learn that is locked; runs nothing of them."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig import committed

    found = committed.pinned(lock or (), Path())
    checked = list(committed.check(committed.expand(paths or [Path()]), found))
    code = max(
        (item.error.code if item.error else int(item.verdict == "other") for item in checked),
        default=0,
    )
    if json:
        pinned = [
            {"place": pin.place, "specifier": str(pin.specifier), "version": pin.version}
            for pin in found
        ]
        models = [item.as_json() for item in checked]
        console.document({"ok": code == 0, "pins": pinned, "models": models})
        return code
    for item in checked:
        if item.verdict == "other":
            console.render(f"{item.path}: {item.text}", f"  run: {item.command}")
        elif item.error is not None:
            console.error(item.error)
        elif item.text and (item.verdict in ("matches", "unknown") or verbose):
            console.note(f"{item.path}: {item.text}")
    return code
