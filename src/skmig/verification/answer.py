"""What a verification gives, and what it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig import pipeline
from skmig.errors import SkmigError
from skmig.parity import Parity


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The answer for one record: `ok`, one sentence, and the comparison where it was made.

    `problems` are why it is no, one sentence each; `loosened` is what the record allows beyond the
    defaults; `notes` are worth knowing and no reason to say no.  `state` says how much of the
    result's state is, by digest, what the model in the record becomes.  `seconds` is how long it
    took.  (Where a record lies in a store, its place is text.)
    """

    record: Path | str
    result: Path | str
    ok: bool
    summary: str
    problems: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    state: str = ""
    parity: Parity | None = None
    data: Parity | None = None
    error: SkmigError | None = None
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "record": str(self.record),
            "result": str(self.result),
            "ok": self.ok,
            "summary": self.summary,
            "problems": list(self.problems),
            "loosened": list(self.loosened),
            "notes": list(self.notes),
            "state": self.state,
            "seconds": round(self.seconds, 3),
            "error": None if self.error is None else self.error.as_json(),
            "parity": None if self.parity is None else self.parity.as_json(),
            "data": None if self.data is None else self.data.as_json(),
        }


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to verify.

    `original` repeats the whole comparison from the artifact itself, and is what answers to the
    rows of `data` (at most `sample` of them); `sha256` is the digest that
    the record must have, as it was kept elsewhere; `trust` are modules that the result may name
    where there is no sandbox.
    """

    original: Path | None = None
    data: Path | None = None
    sample: int | None = None
    code: tuple[Path, ...] = ()
    trust: tuple[str, ...] = ()
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Shops:
    """Where results are asked, and where the original is: the same, unless that is `here`."""

    target: pipeline.Workshop
    source: pipeline.Workshop


def failed(path: Path, error: SkmigError) -> Verification:
    """The answer for a record that could not be asked."""
    return Verification(record=path, result=path, ok=False, summary=error.message, error=error)
