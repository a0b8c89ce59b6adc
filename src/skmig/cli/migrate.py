"""`skmig migrate`: one model, several, whole folders, or what `skmig.toml` says."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skmig import storage
from skmig.cli import common, fleets, mlflow_models
from skmig.errors import SkmigError, UsageError

if TYPE_CHECKING:
    from skmig.ahead import Ahead
    from skmig.api import Chosen
    from skmig.console import Console
    from skmig.plan import Plan, Settings
    from skmig.several import Outcome


class FormatChoice(enum.StrEnum):
    pickle = "pickle"
    joblib = "joblib"
    skops = "skops"


def migrate(
    context: typer.Context,
    artifacts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE...]",
            help="Models, folders, URIs, models:/NAME/VERSION (default: as skmig.toml says).",
        ),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="RELEASE", help="The target release.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="RELEASE",
            help="The release that wrote it (default: read from the file).",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", help="The result's file; for several models, a folder or URI."
        ),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(help="Write the report as HTML too; for several models, into a folder."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Compare on these inputs too: csv, npz, npy, jsonl, parquet, txt."),
    ] = None,
    data_only: Annotated[
        bool, typer.Option("--data-only", help="Make no inputs of our own: only those of --data.")
    ] = False,
    sample: Annotated[
        int | None, typer.Option(help="Take so many rows of --data, evenly chosen.", min=1)
    ] = None,
    backend: common.Backend = common.BackendChoice.auto,
    format: Annotated[  # noqa: A002 - the option's name
        FormatChoice | None, typer.Option(help="Format of the result (default: as the input).")
    ] = None,
    rtol: Annotated[float, typer.Option(help="Relative tolerance of floats.", min=0)] = 1e-9,
    atol: Annotated[float, typer.Option(help="Absolute tolerance of floats.", min=0)] = 1e-12,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan; start nothing.")
    ] = False,
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
    compare_naive: Annotated[
        bool,
        typer.Option("--compare-naive", help="Say what loading the file as it is would have done."),
    ] = False,
    trust: common.Trust = None,
    with_: common.With = None,
    source_with: common.SourceWith = None,
    target_with: common.TargetWith = None,
    code: common.Code = None,
    source_lock: Annotated[
        Path | None, typer.Option(help="A `pip freeze` to use as the source environment.")
    ] = None,
    target_lock: Annotated[
        Path | None, typer.Option(help="A `pip freeze` to use as the target environment.")
    ] = None,
    timeout: common.Timeout = 600,
    memory: common.Memory = None,
    force: common.Force = False,
    ledger: fleets.Ledger = None,
    retry_failed: fleets.RetryFailed = False,
    fail_on: fleets.FailOn = None,
    page: fleets.Page = None,
    junit: fleets.Junit = None,
    engine: fleets.Engine = None,
    scheduler: fleets.Scheduler = None,
    jobs: fleets.Jobs = None,
    register: mlflow_models.Register = False,
    register_as: mlflow_models.RegisterAs = None,
    alias: mlflow_models.Alias = None,
    model_code: mlflow_models.ModelCode = False,
    tracking_uri: mlflow_models.TrackingUri = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Move fitted models to another release, and prove that they predict the same."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig.settings import Settings

    asked = fleets.Asked(
        ledger=ledger,
        fail_on=fail_on,
        page=page,
        junit=junit,
        engine=engine,
        scheduler=scheduler,
        jobs=jobs,
    )
    if not artifacts:
        fleets.only_about_fleets(context)
        if dry_run:
            return fleets.show_plan(console, asked.file())
        return fleets.migrate(console, asked.file(), retry_failed=retry_failed, force=force)
    if to is None:
        raise UsageError("no target release is named", hint="say it, such as --to 1.6.1")
    settings = Settings(
        target=to,
        source=source,
        data=data,
        data_only=data_only,
        sample=sample,
        backend=backend.value,
        format=None if format is None else format.value,
        rtol=rtol,
        atol=atol,
        allow_loss=allow_loss,
        allow_substitution=allow_substitution,
        accept=tuple(accept or ()),
        trust=tuple(trust or ()),
        requirements=tuple(with_ or ()),
        source_requirements=tuple(source_with or ()),
        target_requirements=tuple(target_with or ()),
        code=tuple(code or ()),
        source_lock=source_lock,
        target_lock=target_lock,
        timeout=timeout,
        memory=common.memory_bytes(memory),
        force=force,
        compare_naive=compare_naive,
    )
    with contextlib.ExitStack() as stack:
        begun = None
        if len(artifacts) == 1 and not (dry_run or asked or retry_failed):
            from skmig import ahead

            begun = stack.enter_context(ahead.begun(Path(artifacts[0]), settings, console))
        from skmig import api
        from skmig.registry import Wanted

        settings = api.checked(settings)
        wanted = Wanted(
            tracking_uri=tracking_uri,
            register=register,
            register_as=register_as,
            alias=alias,
            model_code=model_code,
        )
        if asked or retry_failed or any(map(storage.is_uri, artifacts)):
            said = asked.of(artifacts, settings, output, report, wanted)
            if dry_run:
                return fleets.show_plan(console, said)
            return fleets.migrate(console, said, retry_failed=retry_failed, force=force)
        place, pages = fleets.here(output), fleets.here(report)
        wanted = dataclasses.replace(wanted, output=place, report=pages)
        if mlflow_models.among(artifacts, wanted):
            named = str(artifacts[0])
            if dry_run:
                return _show_plans(
                    console,
                    [Path(named)],
                    settings,
                    lambda *_: mlflow_models.plan(named, settings, wanted),
                )
            return mlflow_models.migrate(console, named, settings, wanted)
        paths = [fleets.path_of(item) for item in artifacts]
        chosen, passed = api.expand(paths)
        for path in passed:
            console.note(f"passed over {path}: not a model file")
        several = len(paths) > 1 or paths[0].is_dir()
        if dry_run:
            return _show_plans(console, [item.path for item in chosen], settings, api.plan)
        if not several:
            return _migrate_one(console, chosen[0].path, settings, place, pages, begun)
        return _migrate_several(console, chosen, settings, place, pages)


def _migrate_one(
    console: Console,
    artifact: Path,
    settings: Settings,
    output: Path | None,
    page: Path | None,
    begun: Ahead | None,
) -> int:
    from skmig import api
    from skmig.record import report

    with console.working(f"migrating {artifact.name}"):
        done = api.migrate(
            artifact,
            settings=settings,
            output=output,
            report=page,
            progress=console,
            ahead=begun,
        )
    if console.json:
        console.document({"ok": True, "migration": done.as_json()})
        return 0
    console.render(report.render(done.manifest))
    console.render("", *(str(place) for place in done.files))
    return 0


def _migrate_several(
    console: Console,
    artifacts: list[Chosen],
    settings: Settings,
    output: Path | None,
    pages: Path | None,
) -> int:
    from skmig import api

    code = good = 0
    # of each only what is said of it in the end: there may be many
    documents, rows = [], []
    with console.working("migrating"):
        for outcome in api.migrate_all(
            artifacts, settings=settings, output=output, reports=pages, progress=console
        ):
            if console.json:
                documents.append(_as_json(outcome))
            else:
                rows.append(_row(outcome))
            if outcome.error is None:
                good += 1
                continue
            code = max(code, outcome.error.code)
            if console.verbose:
                console.note(f"{outcome.artifact}: {outcome.error.message}")
                console.log(outcome.error)
    if console.json:
        console.document({"ok": code == 0, "outcomes": documents})
        return code
    console.table(("model", "verdict", "result or reason"), rows)
    console.render("", f"{good} of {len(rows)} models migrated")
    return code


def _row(outcome: Outcome) -> tuple[str, str, str]:
    if outcome.migration is not None:
        manifest = outcome.migration.manifest
        return str(outcome.artifact), manifest.verdict, str(outcome.migration.result)
    assert outcome.error is not None
    first = outcome.error.causes[:1]
    return str(outcome.artifact), outcome.error.kind, "; ".join((outcome.error.message, *first))


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "artifact": str(outcome.artifact),
        "ok": outcome.error is None,
        "migration": None if outcome.migration is None else outcome.migration.as_json(),
        "error": None if outcome.error is None else outcome.error.as_json(),
    }


def _show_plans(
    console: Console,
    artifacts: list[Path],
    settings: Settings,
    planning: Callable[[Path, Settings], Plan],
) -> int:
    plans, failed = [], []
    for artifact in artifacts:
        try:
            plans.append((artifact, planning(artifact, settings)))
        except SkmigError as error:
            if len(artifacts) == 1:
                raise
            failed.append((artifact, error))
    refused = any(made.refusals for _artifact, made in plans)
    code = max((problem.code for _artifact, problem in failed), default=int(refused))
    if console.json:
        rows = [{"artifact": str(artifact), **made.as_json()} for artifact, made in plans]
        errors = [{"artifact": str(path), "error": problem.as_json()} for path, problem in failed]
        console.document({"ok": code == 0, "plans": rows, "failed": errors})
        return code
    for artifact, made in plans:
        source, target = made.source.release, made.target.release
        console.render(f"{artifact}: scikit-learn {source} ({made.reason}) to {target}")
        console.render(f"  boundaries  {len(made.boundaries)}", f"  format      {made.format}")
        console.render(*(f"  rule        {text}" for text in made.rules))
        console.render(*(f"  refused     {item.path}: {item.text}" for item in made.refusals))
        for note in made.notes:
            console.note(note)
    for _artifact, problem in failed:
        console.error(problem)
    return code
