"""What `migrate` and `verify` do with models of MLflow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skmig.errors import UsageError

if TYPE_CHECKING:
    from skmig.console import Console
    from skmig.plan import Plan, Settings
    from skmig.registry import Wanted

TrackingUri = Annotated[
    str | None,
    typer.Option(
        metavar="URI", help="MLflow's tracking server (default: what MLFLOW_TRACKING_URI says)."
    ),
]
Register = Annotated[
    bool,
    typer.Option("--register", help="Register the result as a new version of `models:/NAME/…`."),
]
RegisterAs = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Register the result as a version of this model of MLflow."),
]
Alias = Annotated[
    str | None, typer.Option(help="With --register: let this alias mean the new version.")
]
ModelCode = Annotated[
    bool,
    typer.Option(
        "--model-code", help="Give the code in an MLflow model folder to the environments."
    ),
]


def among(artifacts: Sequence[str | Path], wanted: Wanted) -> bool:
    """Is what shall be migrated a model of MLflow?  Raises UsageError for what does not fit."""
    from skmig.inspection.folders import is_model_folder
    from skmig.registry import is_address

    ours = [
        is_address(str(item)) or (Path(item).is_dir() and is_model_folder(Path(item)))
        for item in artifacts
    ]
    if not any(ours):
        check_about((), wanted)
        return False
    if len(artifacts) > 1:
        raise UsageError(
            "a model of MLflow is migrated by itself",
            hint="name them in skmig.toml (docs/fleet.md), or run one command for each: "
            "skmig migrate models:/NAME/VERSION --to RELEASE",
        )
    return True


def check_about(named: Sequence[str], wanted: Wanted) -> None:
    """Raises UsageError for options about models of MLflow, where none of them is named."""
    if not (wanted.registers or wanted.alias or wanted.model_code or wanted.tracking_uri):
        return
    from skmig.fleet.config import of_mlflow

    if not any(map(of_mlflow, named)):
        raise UsageError(
            "--register, --register-as, --alias, --model-code and --tracking-uri are about "
            "models of MLflow",
            hint="name one, such as models:/churn/3, or a folder with an MLmodel file",
        )


def migrate(console: Console, source: str, settings: Settings, wanted: Wanted) -> int:
    from skmig import registry
    from skmig.record import report

    with console.working(f"migrating {source}"):
        moved = registry.migrate(source, settings, wanted, console)
    for note in moved.notes:
        console.note(note)
    if console.json:
        document = {"migration": moved.migration.as_json(), "mlflow": moved.as_json()}
        console.document({"ok": True, **document})
        return 0
    console.render(report.render(moved.migration.manifest))
    lines = [] if moved.folder is None else [str(moved.folder)]
    if moved.migration.report is not None:
        lines.append(str(moved.migration.report))
    if moved.version is not None:
        lines.append(" ".join((moved.version.address, *(f"@{it}" for it in moved.version.aliases))))
    console.render("", *lines)
    return 0


def plan(source: str, settings: Settings, wanted: Wanted) -> Plan:
    """What migrating would do; a model that has an address is fetched, and nothing is started."""
    from skmig import api, registry

    tracking = registry.Tracking(wanted.tracking_uri) if registry.is_address(source) else None
    with registry.fetched(source, tracking) as (folder, _version):
        from skmig.registry.migrating import planned

        settings, _notes = planned(folder, settings, model_code=wanted.model_code)
        return api.plan(folder.file, settings)


@contextlib.contextmanager
def places(
    console: Console, paths: Sequence[str | Path], tracking_uri: str | None
) -> Iterator[list[Path]]:
    """What to verify, where models that have an address are fetched for the time of the block."""
    from skmig.environments import exchange
    from skmig.registry import Address, Tracking, is_address

    if not any(is_address(str(path)) for path in paths):
        yield [Path(path) for path in paths]
        return
    tracking = Tracking(tracking_uri)
    with exchange.scratch() as room:
        found = []
        for number, path in enumerate(paths):
            if not is_address(str(path)):
                found.append(Path(path))
                continue
            address = Address.parse(str(path))
            console.step(f"fetching {address.text}")
            version = tracking.resolve(address)
            found.append(tracking.fetch(address, version, room / str(number)))
        yield found
