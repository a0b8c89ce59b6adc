"""`skmig store`: versions of models, deployments, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skmig.cli import common
from skmig.cli.mlflow_models import TrackingUri

if TYPE_CHECKING:
    from skmig.console import Console
    from skmig.store import Entry, Store

store = typer.Typer(
    help="Keep versions of models, what is deployed where, and the way back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Where = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="SKMIG_STORE",
        help="A folder, an address such as s3://bucket/models, or models:/NAME of MLflow.",
    ),
]
Env = Annotated[str, typer.Option("--env", help="The environment, such as prod.")]
PLACE = "skmig-store"


@store.command("add")
def add(
    model: Annotated[Path, typer.Argument(metavar="FILE", help="A model with its record.")],
    env: Env,
    promote: Annotated[bool, typer.Option("--promote", help="Make it the active one.")] = False,
    metrics: Annotated[
        Path | None, typer.Option(help="Metrics instead of the record's: a JSON file.")
    ] = None,
    training_date: Annotated[
        str | None, typer.Option(help="When it was trained, instead of what the record says.")
    ] = None,
    data_snapshot: Annotated[
        str | None, typer.Option(help="Which data it was trained on, instead of the record's.")
    ] = None,
    preprocessing_version: Annotated[
        str | None, typer.Option(help="The version of its preprocessing, instead of the record's.")
    ] = None,
    where: Where = PLACE,
    tracking_uri: TrackingUri = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Add a model and its record as a version of today."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig import capturing
    from skmig.store import open_store

    opened = open_store(where, tracking_uri=tracking_uri)
    made = opened.add(
        model,
        env,
        training_date=training_date,
        data_snapshot=data_snapshot,
        preprocessing_version=preprocessing_version,
        metrics=None if metrics is None else capturing.read_json(metrics),
    )
    entry = opened.promote(made.version, env) if promote else None
    if console.json:
        said = None if entry is None else entry.as_json()
        console.document({"ok": True, "version": made.as_json(), "deployment": said})
    else:
        console.render(made.version, *([] if entry is None else [_sentence(entry)]))
    return 0


@store.command("list")
def list_(
    env: Annotated[str | None, typer.Option("--env", help="Only of this environment.")] = None,
    where: Where = PLACE,
    tracking_uri: TrackingUri = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """The versions, and where each is active."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    opened = _open(where, tracking_uri)
    found = opened.versions(env)
    active = {name: opened.history(name)[-1].version for name in opened.environments()}
    if console.json:
        listed = [item.as_json() for item in found]
        console.document({"ok": True, "versions": listed, "active": active})
        return 0
    rows = [
        (
            item.version,
            item.model.name,
            item.framework.get("scikit-learn", ""),
            item.training_date or "",
            ", ".join(name for name, version in active.items() if version == item.version),
        )
        for item in found
    ]
    console.table(("version", "model", "scikit-learn", "trained", "active in"), rows)
    return 0


@store.command("show")
def show(
    version: Annotated[str, typer.Argument(help="Such as 2026.11.21.prod.")],
    where: Where = PLACE,
    tracking_uri: TrackingUri = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """All that is known of a version; its files are held against their digests."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    found = _open(where, tracking_uri).version(version)
    found.check()
    said = found.as_json()
    if console.json:
        console.document({"ok": True, "version": said})
        return 0
    console.table(("", ""), [(name, _cell(value)) for name, value in said.items()])
    return 0


@store.command("promote")
def promote(
    version: Annotated[str, typer.Argument(help="Such as 2026.11.21.prod.")],
    env: Env,
    where: Where = PLACE,
    tracking_uri: TrackingUri = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Make a version the active one of an environment."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    return _say(console, _open(where, tracking_uri).promote(version, env))


@store.command("rollback")
def rollback(
    env: Env,
    to: Annotated[
        str | None, typer.Option("--to", help="A version that was active before.")
    ] = None,
    where: Where = PLACE,
    tracking_uri: TrackingUri = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Go back to the version before the active one."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    return _say(console, _open(where, tracking_uri).rollback(env, to))


@store.command("history")
def history(
    env: Env,
    where: Where = PLACE,
    tracking_uri: TrackingUri = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """The deployments of an environment; the whole chain is held against its digests."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    found = _open(where, tracking_uri).history(env)
    if console.json:
        console.document({"ok": True, "deployments": [entry.as_json() for entry in found]})
        return 0
    rows = [
        (str(item.number), item.at, item.action, item.version, item.by, item.commit[:12])
        for item in found
    ]
    console.table(("", "at", "action", "version", "by", "commit"), rows)
    return 0


@store.command("active")
def active(
    env: Env,
    path: Annotated[
        bool, typer.Option("--path", help="Print the model's file; its digest is checked first.")
    ] = False,
    where: Where = PLACE,
    tracking_uri: TrackingUri = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """The active version of an environment, or the file to serve."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    opened = _open(where, tracking_uri)
    found = opened.active(env)
    place = str(found.local()) if path else None
    if (stray := opened.stray(env, found)) is not None:
        console.warning(stray)
    if console.json:
        console.document({"ok": True, "version": found.as_json(), "path": place})
    else:
        console.render(place or found.version)
    return 0


def _open(where: str, tracking_uri: str | None) -> Store:
    from skmig.store import open_store

    return open_store(where, create=False, tracking_uri=tracking_uri)


def _say(console: Console, entry: Entry) -> int:
    if console.json:
        console.document({"ok": True, "deployment": entry.as_json()})
    else:
        console.render(_sentence(entry))
    return 0


def _sentence(entry: Entry) -> str:
    back = f"; before it {entry.rollback_target}" if entry.rollback_target else ""
    return f"{entry.version} is active in {entry.environment} (deployment {entry.number}{back})"


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return "" if value is None else str(value)
