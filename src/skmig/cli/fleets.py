"""What the commands share that follow `skmig.toml`: options, and how a fleet is shown."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skmig import storage
from skmig.errors import UsageError

if TYPE_CHECKING:
    from skmig.console import Console
    from skmig.fleet import Fleet
    from skmig.plan import Settings
    from skmig.registry import Wanted


class FailOnChoice(enum.StrEnum):
    refused = "refused"
    different = "different"
    error = "error"
    never = "never"


class EngineChoice(enum.StrEnum):
    here = "here"
    dask = "dask"


Ledger = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Where it is kept what was done.")
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Try again what was refused or failed.")
]
FailOn = Annotated[
    FailOnChoice | None,
    typer.Option("--fail-on", help="What makes the exit code: this and worse (default: refused)."),
]
Page = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write one HTML page about all models.")
]
Junit = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the outcomes as JUnit XML too.")
]
Engine = Annotated[
    EngineChoice | None, typer.Option(help="Where the work is done; dask: in several processes.")
]
Scheduler = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as tcp://host:8786.")
]
Jobs = Annotated[
    int | None, typer.Option(help="Processes of --engine dask (default: cores).", min=1, max=256)
]

# options of `migrate` that go together with skmig.toml
_TOGETHER = frozenset(
    {
        *("ledger", "retry_failed", "fail_on", "page", "junit", "engine", "scheduler", "jobs"),
        *("force", "dry_run", "json", "quiet", "verbose", "color"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line says of a fleet."""

    ledger: Path | None = None
    fail_on: FailOnChoice | None = None
    page: Path | None = None
    junit: Path | None = None
    engine: EngineChoice | None = None
    scheduler: str | None = None
    jobs: int | None = None

    def __bool__(self) -> bool:
        return any(value is not None for value in vars(self).values())

    def file(self) -> Fleet:
        """The fleet of skmig.toml, with what the command line says instead."""
        from skmig import fleet

        return self._over(fleet.read(the_file("name models, or write skmig.toml: docs/fleet.md")))

    def of(
        self,
        models: list[str],
        settings: Settings,
        output: str | None,
        report: str | None,
        mlflow: Wanted | None = None,
    ) -> Fleet:
        """The fleet that the command line alone describes."""
        from skmig.cli import mlflow_models
        from skmig.fleet import Fleet, Group, named
        from skmig.registry import Wanted

        if mlflow is not None:
            mlflow_models.check_about(models, mlflow)
        group = Group(
            models=tuple(map(named, models)),
            settings=settings,
            output="" if output is None else storage.local(output),
            report="" if report is None else storage.local(report),
            mlflow=mlflow or Wanted(),
        )
        return self._over(Fleet(groups=(group,)))

    def _over(self, said: Fleet) -> Fleet:
        given = {name: value for name, value in vars(self).items() if value is not None}
        if self.scheduler:
            given["engine"] = "dask"
        return replace(
            said, **{k: v.value if isinstance(v, enum.Enum) else v for k, v in given.items()}
        )


def the_file(hint: str) -> Path:
    """Where skmig.toml is.  Raises UsageError where there is none."""
    from skmig import fleet

    path = fleet.find(Path.cwd())
    if path is None:
        raise UsageError("nothing is named, and there is no skmig.toml here or above", hint=hint)
    return path


def followed(context: typer.Context, others: tuple[str, ...]) -> Fleet | None:
    """The fleet of skmig.toml for a command without arguments; None where there is no such file.

    Raises UsageError for one of the `others`, options that are about what is named.
    """
    from skmig import fleet

    path = fleet.find(Path.cwd())
    if path is None:
        return None
    _refuse(context, others)
    return fleet.read(path)


def only_about_fleets(context: typer.Context) -> None:
    """Raises UsageError for an option that has its place in skmig.toml."""
    _refuse(context, tuple(context.params.keys() - _TOGETHER))


def _refuse(context: typer.Context, names: tuple[str, ...]) -> None:
    for name in sorted(names):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = "--" + name.rstrip("_").replace("_", "-")
            raise UsageError(
                f"{option} is about what is named, and nothing is",
                hint="name a file, or write it into skmig.toml",
            )


def here(place: str | None) -> Path | None:
    """A path of this machine.  Raises UsageError for a URI."""
    if place is None:
        return None
    if storage.is_uri(place):
        raise UsageError(
            f"`{place}` is in a store, and the model is not",
            hint="name the model by its URI too, or add --engine here",
        )
    return path_of(place)


def path_of(place: str) -> Path:
    """A path of this machine, as it was named."""
    return Path(storage.local(place)) if "://" in place else Path(place)


def migrate(console: Console, said: Fleet, *, retry_failed: bool, force: bool) -> int:
    """Run a fleet, show it, and write its page and its JUnit; gives the exit code."""
    from skmig import fleet
    from skmig.fleet import summary

    with console.working("migrating"):
        done = fleet.run(
            said,
            retry_failed=retry_failed,
            force=force,
            progress=console,
        )
    for named in done.empty:
        console.note(f"there is no model in {named}")
    summary.write(said, done)
    code = summary.exit_code(done.entries, said.fail_on)
    if console.json:
        console.document({"ok": code == 0, "fleet": summary.as_json(done, said)})
        return code
    if console.verbose:
        for item in done.entries:
            if item.error is not None:
                console.note(f"{item.place}: {item.summary}")
            for note in item.notes:
                console.note(f"{item.place}: {note}")
    console.table(("model", "verdict", "result or reason"), [item.row for item in done.entries])
    console.render("", summary.sentence(done.entries))
    return code


def show_plan(console: Console, said: Fleet) -> int:
    from skmig.fleet import outlook

    with console.working("looking at models"):
        seen = outlook.look(said, console)
    return _show(console, seen)


def _show(console: Console, seen: Any) -> int:
    for named in seen.empty:
        console.note(f"there is no model in {named}")
    if console.json:
        console.document({"ok": seen.exit_code == 0, "outlook": seen.as_json()})
        return int(seen.exit_code)
    console.table(("model", "from", "to", "what", "would"), [item.row for item in seen.models])
    if seen.environments:
        console.render("")
        console.table(("environment", "models", "there"), [item.row for item in seen.environments])
    console.render("", *seen.sentences)
    return int(seen.exit_code)
