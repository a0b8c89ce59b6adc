"""The only module that prints.  stdout is data; progress, notes and errors go to stderr.

Colour follows `--color`, then NO_COLOR and FORCE_COLOR, then the terminal; nothing is said by
colour alone.  Progress appears only where stderr is a terminal.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Literal

from skmig.errors import AgentError, SkmigError

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.status import Status

Color = Literal["auto", "always", "never"]
# what is piped is read by programs: no line is broken, no cell is cut
_UNBROKEN = 10_000
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
_STYLE = re.compile(r"(\x1b\[[0-9;]*m)")
# GitHub Actions takes such a line of any output for a command to it
_COMMAND = re.compile(r"^(\s*)::", re.MULTILINE)


def wants_color(choice: Color, stream: IO[str]) -> bool:
    """Should `stream` get colour?"""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return _is_terminal(stream) and os.environ.get("TERM") != "dumb"


def _is_terminal(stream: IO[str] | None) -> bool:
    """`stream` is None where it was closed before we began (`>&-`)."""
    return stream is not None and stream.isatty()


def rich_console(choice: Color, *, stderr: bool) -> RichConsole:
    """A rich console that obeys the choice wholly: without colour it emits no escape at all."""
    from rich.console import Console as RichConsole

    stream = sys.stderr if stderr else sys.stdout
    color = wants_color(choice, stream)
    return RichConsole(
        stderr=stderr,
        color_system="auto" if color else None,
        force_terminal=True if color else None,
        no_color=not color,
        highlight=False,
        soft_wrap=False,
        emoji=False,
        width=None if _is_terminal(stream) or os.environ.get("COLUMNS") else _UNBROKEN,
    )


@dataclass
class Console:
    """How one command speaks.  `quiet` drops progress and notes, never errors."""

    quiet: bool = False
    verbose: bool = False
    json: bool = False
    color: Color = "auto"
    _status: Status | None = field(default=None, repr=False)

    def data(self, text: str) -> None:
        """The command's answer, as text.

        A reader that went away (`| head -1`) is no error: the exit code answers, too.
        """
        if sys.stdout is None:  # closed from the beginning (`>&-`)
            return
        text = harmless(text, styles=wants_color(self.color, sys.stdout))
        try:
            sys.stdout.write(text if text.endswith("\n") else text + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            _silence(sys.stdout)
        except OSError:
            _silence(sys.stdout)  # or Python would try once more at its end
            raise

    def document(self, value: dict[str, Any]) -> None:
        """The command's answer, as the one JSON document of `--json`."""
        said = {"schema_version": 1, **value}
        text = json.dumps(said, indent=2, default=str, allow_nan=False)
        self.data(text.replace("##[", "\\u0023#["))  # as `harmless`, but the same document

    def render(self, *renderables: Any) -> None:
        """Rich renderables (tables, text) as the command's answer; nothing under `--json`.

        A plain string is a line of its own that is never broken: it may be a path.
        """
        if self.json:
            return
        console = rich_console(self.color, stderr=False)
        with console.capture() as captured:
            for renderable in renderables:
                plain = isinstance(renderable, str)
                said = harmless(renderable) if plain else renderable
                console.print(said, markup=False, soft_wrap=plain)
        # rich fills every row of a table up to its width
        self.data(re.sub(" +$", "", captured.get(), flags=re.MULTILINE))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A plain table as the command's answer."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(harmless(cell)) for cell in row))
        self.render(table)

    def note(self, text: str) -> None:
        """Something worth knowing, on stderr."""
        if not self.quiet:
            self._err(f"note: {text}")

    def warning(self, text: str) -> None:
        """Something that the user should look at, on stderr."""
        if not self.quiet:
            self._err(f"[bold yellow]warning:[/] {escape(text)}", markup=True)

    def step(self, text: str) -> None:
        """What is being done now (the Progress of environments): a status line on a terminal."""
        if self.quiet:
            return
        if self._status is not None:
            self._status.update(escape(text))
        elif self.verbose:
            self._err(text)

    def error(self, error: SkmigError) -> None:
        """An error: what, the causes, and the hint."""
        self._err(f"[bold red]error:[/] {escape(error.message)}", markup=True)
        for cause in error.causes:
            self._err(f"  caused by: {cause}")
        if error.hint:
            self._err("")
            self._err(f"[bold cyan]hint:[/] {escape(error.hint)}", markup=True)

    def log(self, error: SkmigError) -> None:
        """What the environment itself said when it failed: its log and its traceback."""
        details = error.details if isinstance(error, AgentError) else {}
        for title, key in (("log", "log"), ("traceback", "trace")):
            if details.get(key):
                self._err(f"the environment's {title}:")
                self._err(str(details[key]).rstrip())
                self._err("")

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """A status line on stderr while the block runs, where stderr is a terminal."""
        if self.quiet or self.verbose or not _is_terminal(sys.stderr):
            yield
            return
        with rich_console(self.color, stderr=True).status(escape(text)) as status:
            self._status = status
            try:
                yield
            finally:
                self._status = None

    def _err(self, text: str, *, markup: bool = False) -> None:
        if sys.stderr is None:
            return
        try:
            console = rich_console(self.color, stderr=True)
            # by us and not by rich, which ends the process where nobody reads
            with console.capture() as captured:
                console.print(text if markup else harmless(text), markup=markup, soft_wrap=True)
            sys.stderr.write(captured.get())
            sys.stderr.flush()
        except OSError:
            _silence(sys.stderr)


def _silence(stream: IO[str]) -> None:
    """What is still to be said to a stream that is gone goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def harmless(text: str, *, styles: bool = False) -> str:
    """A text with which a terminal, and who reads a log, do nothing but show it.

    Control characters (escape sequences begin with one), marks for another direction of writing and
    halves of characters become their numbers; what GitHub Actions would take for a command is
    broken.  With `styles`, colours stay.  Names in an artifact are a stranger's.
    """
    if styles:
        return "".join(
            piece if number % 2 else harmless(piece)
            for number, piece in enumerate(_STYLE.split(text))
        )
    for character in set(text):
        if character not in "\n\t" and unicodedata.category(character) in _INVISIBLE:
            text = text.replace(character, f"\\u{ord(character):04x}")
    return _COMMAND.sub(r"\1\\::", text).replace("##[", "#\\#[")


def escape(text: str) -> str:
    """Text in which rich finds no markup."""
    from rich.markup import escape as rich_escape

    return rich_escape(harmless(text))
