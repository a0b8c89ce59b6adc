"""Options that several commands share, and the console that they speak through."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from skmig.console import Color, Console


class ColorChoice(enum.StrEnum):
    auto = "auto"
    always = "always"
    never = "never"


class BackendChoice(enum.StrEnum):
    auto = "auto"
    docker = "docker"
    local = "local"


Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say every step.")]
ColorOption = Annotated[ColorChoice, typer.Option("--color", help="When to use colour.")]
Backend = Annotated[
    BackendChoice,
    typer.Option(help="Where models are loaded; auto: docker if an engine answers, else local."),
]
Timeout = Annotated[float, typer.Option(help="Seconds that one job may take.", min=1)]
Memory = Annotated[str | None, typer.Option(help="Memory limit of an environment, such as 4g.")]
With = Annotated[
    list[str] | None,
    typer.Option("--with", metavar="REQ", help="Add a requirement, such as xgboost==1.5.0."),
]
SourceWith = Annotated[
    list[str] | None,
    typer.Option(
        "--source-with", metavar="REQ", help="Add a requirement where the model is loaded only."
    ),
]
TargetWith = Annotated[
    list[str] | None,
    typer.Option("--target-with", metavar="REQ", help="Add a requirement where it is built only."),
]
Code = Annotated[
    list[Path] | None,
    typer.Option(help="A script or a folder with classes and functions that the model names."),
]
Trust = Annotated[
    list[str] | None,
    typer.Option(metavar="MODULE", help="Trust what the artifact names in this module."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace outputs that are there.")]

_console: Console | None = None


def console(
    *,
    quiet: bool = False,
    verbose: bool = False,
    json: bool = False,
    color: ColorChoice = ColorChoice.auto,
) -> Console:
    """The console of this command; errors are printed through it too."""
    global _console
    choice: Color = color.value
    _console = Console(quiet=quiet, verbose=verbose, json=json, color=choice)
    return _console


def forget_console() -> None:
    """Before a command line is read: nobody has said how to speak yet."""
    global _console
    _console = None


def current_console(argv: list[str]) -> Console:
    """The console of the command that ran; one made from the bare words if it never began."""
    if _console is not None:
        return _console
    return Console(json="--json" in argv, quiet="-q" in argv, verbose="-v" in argv)


def memory_bytes(text: str | None) -> int | None:
    """`4g`, `512m`, `1073741824` as bytes.  Raises UsageError."""
    from skmig.environments import base

    return None if text is None else base.memory_bytes(text)
