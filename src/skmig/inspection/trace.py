"""What is noted while an artifact is read, and how much reading it may ask for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from skmig.inspection.stubs import Global

MAX_OPCODES = 60_000_000
MAX_STUBS = 8_000_000
MAX_MEMORY = 1_800_000_000  # bytes of everything that is kept, by the sizes below
MAX_SECONDS = 240.0  # of this process on its processors
MAX_NOTES = 10_000  # of different kinds or subjects
MAX_NESTING = 40  # pickles within pickles
_STUB, _ENTRY, _OBJECT = 180, 8, 40  # bytes, about


class DamagedError(Exception):
    """The stream is no valid pickle; the text says what is wrong."""


class TooMuchError(Exception):
    """The stream goes over a limit of the reader."""


@dataclass
class Trace:
    """What is noted on the way, over all nested pickles of an artifact."""

    folder: str
    globals: dict[tuple[str, str], Global] = field(default_factory=dict)
    odd: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    sidecars: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    protocol: int = 0
    python2: int = 0  # opcodes that only Python 2 writes
    python3: int = 0
    raw_arrays: int = 0
    aligned: bool = False
    opcodes: int = 0
    stubs: int = 0
    text: int = 0  # bytes of short texts that are kept
    memo: int = 0
    stack: int = 0
    started: float = field(default_factory=time.process_time)
    # what was made and then thrown away: making it has already done what it does
    dropped: list[Any] = field(default_factory=list)
    dtypes: dict[int, Any] = field(default_factory=dict)  # id of a stub -> (stub, what it says)

    def note(self, name: str, subject: str, position: int, text: str) -> None:
        """Something that no honest pickle has, or that must not go unseen."""
        if len(self.odd) < MAX_NOTES:
            self.odd.setdefault((name, subject), (position, text))

    def check(self) -> None:
        """Raises TooMuchError when the artifact asks for more than a model can."""
        kept = self.stubs * _STUB + self.text + self.memo * _ENTRY + self.stack * _OBJECT
        for used, limit, what in (
            (self.opcodes, MAX_OPCODES, "opcodes"),
            (self.stubs, MAX_STUBS, "objects"),
            (kept, MAX_MEMORY, "bytes of memory"),
            (time.process_time() - self.started, MAX_SECONDS, "seconds of reading"),
        ):
            if used > limit:
                raise TooMuchError(f"more than {limit:,} {what}")

    def inner(self) -> Trace:
        """For a pickle in a byte string: what it names is apart, the limits are the same ones."""
        return Trace(
            folder=self.folder,
            opcodes=self.opcodes,
            stubs=self.stubs,
            text=self.text,
            memo=self.memo,
            stack=self.stack,
            started=self.started,
        )

    def add(self, inner: Trace) -> None:
        """What the pickle in a byte string took counts; what was kept of it is gone."""
        self.opcodes = inner.opcodes
