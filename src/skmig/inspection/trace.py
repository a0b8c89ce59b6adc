"""What is noted while an artifact is read, and how much reading it may ask for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from skmig.inspection.stubs import Global

MAX_OPCODES = 100_000_000
MAX_STUBS = 8_000_000
MAX_MEMO = 30_000_000
MAX_TEXT = 1 << 30  # bytes of short texts that are kept, all together
MAX_SECONDS = 300.0
MAX_NESTING = 40  # pickles within pickles


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
    text: int = 0
    memo: int = 0
    started: float = field(default_factory=time.monotonic)

    def note(self, name: str, subject: str, position: int, text: str) -> None:
        """Something that no honest pickle has, or that must not go unseen."""
        self.odd.setdefault((name, subject), (position, text))

    def check(self) -> None:
        """Raises TooMuchError when the artifact asks for more than a model can."""
        for used, limit, what in (
            (self.opcodes, MAX_OPCODES, "opcodes"),
            (self.stubs, MAX_STUBS, "objects"),
            (self.memo, MAX_MEMO, "remembered objects"),
            (self.text, MAX_TEXT, "bytes of names"),
            (time.monotonic() - self.started, MAX_SECONDS, "seconds of reading"),
        ):
            if used > limit:
                raise TooMuchError(f"more than {limit:,} {what}")
