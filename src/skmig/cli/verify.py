"""`skmig verify`: ask migrated models again, and say yes or no."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skmig.cli import common, fleets, mlflow_models
from skmig.errors import OutputError

if TYPE_CHECKING:
    from skmig.console import Console
    from skmig.verification import Verification

# options about records that are named
_OF_RECORDS = ("original", "data", "sample", "record_sha256")
_SUMMARY = "GITHUB_STEP_SUMMARY"  # where GitHub Actions takes the summary of a step from


def verify(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RECORD",
            help="Records, results, folders, models:/NAME/VERSION (default: as skmig.toml says, or"
            " all below here).",
        ),
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
    here: Annotated[
        bool, typer.Option("--here", help="Ask in the environment that skmig runs in.")
    ] = False,
    python: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Ask in the environment of this interpreter."),
    ] = None,
    record_sha256: Annotated[
        str | None,
        typer.Option(metavar="HEX", help="The digest of the record, as it was kept elsewhere."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the answers as JUnit XML too.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(help="How many at a time (default: as the machine has cores).", min=1, max=64),
    ] = None,
    backend: common.Backend = common.BackendChoice.auto,
    trust: common.Trust = None,
    code: common.Code = None,
    timeout: common.Timeout = 600,
    memory: common.Memory = None,
    tracking_uri: mlflow_models.TrackingUri = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Check that migrated models still answer as their records say."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig import api
    from skmig.plan import Settings
    from skmig.verification import Options

    options = Options(
        original=original,
        data=data,
        sample=sample,
        code=tuple(code or ()),
        trust=tuple(trust or ()),
        sha256=record_sha256,
    )
    settings = Settings(
        target="", backend=backend.value, timeout=timeout, memory=common.memory_bytes(memory)
    )
    said = None if paths else fleets.followed(context, _OF_RECORDS)
    at_once = jobs or min(4, os.cpu_count() or 1)
    with (
        console.working("verifying"),
        mlflow_models.places(console, paths or [Path()], tracking_uri) as places,
    ):
        if said is not None:
            from skmig.fleet import again

            where = python or here
            outcomes = list(again.verify(said, settings, options, where, at_once, console))
        else:
            outcomes = list(
                api.verify_all(
                    places,
                    options=options,
                    settings=settings,
                    here=python or here,
                    jobs=at_once,
                    progress=console,
                )
            )
    _report(outcomes, junit)
    exit_code = max(
        item.error.code if item.error is not None else int(not item.ok) for item in outcomes
    )
    if json:
        console.document({"ok": exit_code == 0, "records": [item.as_json() for item in outcomes]})
    elif len(outcomes) == 1:
        _show(console, outcomes[0])
    else:
        rows = [
            (str(item.record), "yes" if item.ok else "no", "; ".join((item.summary, *_with(item))))
            for item in outcomes
        ]
        console.table(("record", "holds", "because"), rows)
        good = sum(item.ok for item in outcomes)
        console.render("", f"{good} of {len(outcomes)} records hold")
    return exit_code


def _show(console: Console, outcome: Verification) -> None:
    if outcome.error is not None:
        raise outcome.error
    console.render(("yes: " if outcome.ok else "no: ") + outcome.summary)
    for line in (*_with(outcome), f"state: {outcome.state}" if outcome.state else ""):
        if line:
            console.render(f"  {line}")
    for note in outcome.notes:
        console.note(note)


def _with(outcome: Verification) -> list[str]:
    return [f"with {text}" for text in outcome.loosened]


def _write(place: Path, content: bytes) -> None:
    from skmig.record import placed

    if place.exists() and not place.is_file():  # /dev/stdout
        place.write_bytes(content)
        return
    with placed((place,)) as (draft,):
        draft.write_bytes(content)


def _report(outcomes: list[Verification], place: Path | None) -> None:
    """What machines read: JUnit XML where it was asked for, a summary where GitHub wants one."""
    from skmig.verification.junit import junit
    from skmig.verification.markdown import markdown

    try:
        if place is not None:
            _write(place, junit(outcomes))
        if os.environ.get(_SUMMARY):
            with Path(os.environ[_SUMMARY]).open("a", encoding="utf-8") as summary:
                summary.write(markdown(outcomes))
    except OSError as exc:
        raise OutputError(
            f"the answers cannot be written: {exc}", hint="choose another place with --junit"
        ) from exc
