"""`skmig build-images`: make the images of releases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skmig.cli import common, fleets


def build_images(
    context: typer.Context,
    releases: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RELEASE...]", help="Such as 1.1.0 1.6.1 (default: what skmig.toml needs)."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All releases.")] = False,
    missing: Annotated[
        bool, typer.Option("--missing", help="Only those that are not there.")
    ] = False,
    jobs: Annotated[int, typer.Option(help="How many at a time.", min=1, max=64)] = 2,
    push: Annotated[bool, typer.Option("--push", help="Push them to the registry.")] = False,
    prefix: Annotated[
        str | None, typer.Option(metavar="NAME", help="Repository, such as ghcr.io/org/skmig.")
    ] = None,
    platform: Annotated[
        str | None, typer.Option(help="Such as linux/arm64; default: the engine's own.")
    ] = None,
    with_: common.With = None,
    sbom: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a bill of materials (CycloneDX) per image."),
    ] = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Build the images of releases that are not there yet, and check them against their locks."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig.environments import fleet

    wanted = {tuple(with_ or ()): releases or []}
    if not (releases or everything or missing):
        said = fleets.followed(context, ("with_",))
        if said is not None:
            from skmig.fleet import needed

            wanted, untold = needed.releases(said)
            for place in untold:
                console.note(f"{place}: which release it needs cannot be told")
    results = []
    with console.working("building images"):
        for requirements, named in wanted.items():
            results += fleet.run(
                named,
                console,
                everything=everything,
                missing=missing,
                jobs=jobs,
                push=push,
                prefix=prefix,
                platform=platform,
                requirements=requirements,
                sbom=sbom,
            )
    exit_code = max((result.error.code for result in results if result.error), default=0)
    if json:
        images = [result.as_json() for result in results]
        console.document({"ok": exit_code == 0, "images": images})
        return exit_code
    if results:
        columns = ("release", "python", "size", "seconds", "digest", "state")
        console.table(columns, [result.row() for result in results])
    else:
        console.note("no image is missing")
    for result in results:
        if result.error is not None:
            console.error(result.error)
    return exit_code
