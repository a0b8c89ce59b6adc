"""Puts the commands together and turns whatever happens into an exit code."""

from __future__ import annotations

import importlib
import keyword
import signal
import traceback
from types import FrameType
from typing import Annotated, Any

import typer

from skmig import errors
from skmig.cli.common import current_console, forget_console
from skmig.errors import OutputError, SkmigError, UsageError
from skmig.interruption import SIGNALS
from skmig.version import __version__

_EPILOG = "Exit codes: " + "; ".join(
    f"{code} {text}" for code, text in sorted(errors.EXIT_CODES.items())
)

_HELP = "Move fitted scikit-learn models to another release; prove that they predict the same."
_COMMANDS = (
    *("migrate", "plan", "check", "verify", "report", "inspect", "build-images", "export"),
    *("import", "agent", "doctor", "matrix", "capture", "store", "support", "watch"),
    "check-models",
)


def parser(argv: list[str]) -> typer.Typer:
    """The parser of the command that is named; of all commands, where it is none of them."""
    made = typer.Typer(
        name="skmig",
        help=_HELP,
        epilog=_EPILOG,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    made.callback()(root)
    for name in set(argv[:1]).intersection(_COMMANDS) or _COMMANDS:
        attribute = name.replace("-", "_") + "_" * keyword.iskeyword(name)
        found = getattr(importlib.import_module(f"skmig.cli.{attribute}"), attribute)
        if isinstance(found, typer.Typer):
            made.add_typer(found, name=name)
        else:
            made.command(name)(found)
    return made


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"skmig {__version__}")
        raise typer.Exit


def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Nothing of its own: the commands do the work."""


_told: list[int] = []  # the signals that told this command to end


def run(argv: list[str]) -> int:
    """Run one command line; gives the exit code, never raises."""
    forget_console()
    _told.clear()
    former = {}
    for number in SIGNALS:
        # None: set by something that is not Python; ignored: under nohup, and meant so
        if signal.getsignal(number) not in (None, signal.SIG_IGN):
            former[number] = signal.signal(number, _interrupt)
    try:
        return _run(argv)
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _run(argv: list[str]) -> int:
    try:
        code = parser(argv)(argv, prog_name="skmig", standalone_mode=False)
        if code == errors.INTERRUPTED:  # what typer makes of Ctrl-C
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except SkmigError as error:
        return _failed(error, argv)
    except (KeyboardInterrupt, typer.Abort):
        _failed(_InterruptedError("interrupted: what was not finished is not written"), argv)
        return 128 + _told[0] if _told else errors.INTERRUPTED
    except OSError as error:
        return _failed(_refused(error), argv)
    except Exception as exc:
        if type(exc).__name__ == "NoArgsIsHelpError":  # typer does not export it
            current_console(argv).data(str(exc))
            return errors.USAGE
        if hasattr(exc, "format_message"):  # a usage error of the parser
            return _failed(
                UsageError(exc.format_message(), hint=f"run: {_command(argv)} --help"), argv
            )
        return _failed(_bug(exc), argv)


class _InterruptedError(SkmigError):
    code = errors.INTERRUPTED

    @property
    def kind(self) -> str:
        return "Interrupted"


class _DefectError(SkmigError):
    code = errors.BUG


def _refused(error: OSError) -> SkmigError:
    """What the system refused outside of any stage: mostly, to take our answer."""
    where = f"`{error.filename}`: " if error.filename else ""
    return OutputError(
        f"the system refused: {where}{error.strerror or error}",
        hint="is there space and permission, also where standard output goes to?",
    )


def _bug(exc: Exception) -> SkmigError:
    place = traceback.extract_tb(exc.__traceback__)[-1]
    return _DefectError(
        f"a defect of skmig: {type(exc).__name__}: {exc}",
        causes=(f"{place.filename.rpartition('skmig')[2]}:{place.lineno} in {place.name}",),
        hint="report it with this message; `-v` shows the whole traceback",
    )


def _failed(error: SkmigError, argv: list[str]) -> int:
    console = current_console(argv)
    if console.json:
        console.document({"ok": False, "error": error.as_json()})
    else:
        console.error(error)
    if console.verbose:
        console.log(error)
    if console.verbose and error.code == errors.BUG:
        traceback.print_exc()
    return error.code


def _command(argv: list[str]) -> str:
    """The command as far as there is one: `skmig store push`."""
    words = [word for word in argv[:1] if word in _COMMANDS]
    for group in parser(argv).registered_groups:
        if words == [group.name] and group.typer_instance is not None:
            inner = {command.name for command in group.typer_instance.registered_commands}
            words += [word for word in argv[1:2] if word in inner]
    return " ".join(["skmig", *words])


def _interrupt(number: int, _frame: FrameType | None) -> Any:
    _told.append(number)
    raise KeyboardInterrupt
