"""Every error that a user can meet, each with its exit code and a hint.

The text names the thing (a file, a node by path, an image), what was expected and what was found;
the hint is what to do next, with a command where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

MIGRATED = 0
ANSWER_IS_NO = 1
USAGE = 2
UNREADABLE = 3
UNSUPPORTED = 4
ENVIRONMENT = 5
AGENT = 6
BUG = 70
INTERRUPTED = 130

EXIT_CODES: dict[int, str] = {
    MIGRATED: "migrated (or verified), and parity holds",
    ANSWER_IS_NO: (
        "the answer is no: outputs differ, the target cannot express the model, "
        "or `inspect` found something"
    ),
    USAGE: "the command line is wrong",
    UNREADABLE: "the input is unreadable, damaged or not trusted",
    UNSUPPORTED: "a version or a class is not supported",
    ENVIRONMENT: "the engine, an image or an environment failed",
    AGENT: "the agent failed inside an environment",
    BUG: "a defect of skmig itself",
    INTERRUPTED: "interrupted by Ctrl-C (143: by SIGTERM, 129: by SIGHUP)",
}


class SkmigError(Exception):
    """Base of all errors.  `code` is the exit code, `kind` the name used in `--json`."""

    code: ClassVar[int] = BUG

    def __init__(self, message: str, *, hint: str = "", causes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        # in a process of the user's own, the traceback is all that is seen
        for note in (
            *(f"caused by: {cause}" for cause in causes),
            *([f"hint: {hint}"] * bool(hint)),
        ):
            self.add_note(note)
        self.message = message
        self.hint = hint
        self.causes = causes

    @property
    def kind(self) -> str:
        return type(self).__name__

    def as_json(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "message": self.message,
            "causes": list(self.causes),
            "hint": self.hint,
            "exit_code": self.code,
        }


class RefusedError(SkmigError):
    """The target cannot express the model faithfully.  `reasons` are one per node."""

    code = ANSWER_IS_NO

    def __init__(self, message: str, *, reasons: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint, causes=reasons)
        self.reasons = reasons


class DifferentError(RefusedError):
    """The model was built in the target, and does not predict the same there."""


class UsageError(SkmigError):
    """The command line or an argument is wrong."""

    code = USAGE


class OutputExistsError(UsageError):
    """An output is there and `--force` was not given."""


class UnreadableError(SkmigError):
    """The artifact, payload or record cannot be read."""

    code = UNREADABLE


class UntrustedError(SkmigError):
    """The artifact holds globals outside the allowlist, and the environment is no sandbox."""

    code = UNREADABLE


class DataError(SkmigError):
    """The file given with `--data` does not fit the model."""

    code = UNREADABLE


class InputError(DataError, ValueError):
    """Rows that a served model is asked about are not like those that it was trained on."""


class UnsupportedError(SkmigError):
    """A scikit-learn release or a class is not supported."""

    code = UNSUPPORTED


class EnvironmentFailedError(SkmigError):
    """The engine, an image, an environment or the disk failed."""

    code = ENVIRONMENT


class StorageError(EnvironmentFailedError):
    """An object store failed, or refused."""


class EngineError(EnvironmentFailedError):
    """No container engine answers, or it refused."""


class TimeoutExpiredError(EnvironmentFailedError):
    """A job did not finish in time."""


class OutOfMemoryError(EnvironmentFailedError):
    """A job was ended for its memory."""


class AgentError(SkmigError):
    """The agent failed inside an environment; the causes are its own words.

    `details` is what the agent said (`kind`, `message`, `stage`, `path`, `trace`, ...).
    """

    code = AGENT

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        causes: tuple[str, ...] = (),
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, causes=causes)
        self.details = dict(details or {})


class ImportInAgentError(AgentError):
    """The artifact needs a module that the environment does not have."""


class OutputError(SkmigError):
    """An output cannot be written."""

    code = ENVIRONMENT
