"""What is said of a whole run: a sentence, the exit code, JSON, and the files for others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from skmig import record
from skmig.fleet.config import Fleet
from skmig.fleet.entry import Entry
from skmig.fleet.run import Run

# which states count, from the strictest policy on
_COUNTS = {
    "refused": ("refused", "different", "error"),
    "different": ("different", "error"),
    "error": ("error",),
    "never": (),
}


def exit_code(entries: Sequence[Entry], fail_on: str) -> int:
    """The highest code of what counts by the policy."""
    return max((item.exit_code for item in entries if item.state in _COUNTS[fail_on]), default=0)


def sentence(entries: Sequence[Entry]) -> str:
    """`17 of 20 models migrated (2 now); 2 refused, 1 failed`."""
    good = [item for item in entries if item.state == "migrated"]
    now = sum(item.fresh for item in good)
    said = f"{len(good)} of {len(entries)} models migrated ({now} now)"
    words = (("refused", "refused"), ("different", "with other predictions"), ("error", "failed"))
    counts = [(sum(item.state == state for item in entries), text) for state, text in words]
    more = ", ".join(f"{count} {text}" for count, text in counts if count)
    before = any(not item.fresh for item in entries if item.error is not None)
    hint = "; --retry-failed tries again what was not migrated" if before else ""
    return f"{said}; {more}{hint}" if more else said


def as_json(done: Run, fleet: Fleet) -> dict[str, Any]:
    return {
        "file": None if fleet.file is None else str(fleet.file),
        "ledger": None if fleet.ledger is None else str(fleet.ledger),
        "seconds": round(done.seconds, 3),
        "summary": sentence(done.entries),
        "models": [item.as_json() for item in done.entries],
    }


def write(fleet: Fleet, done: Run) -> None:
    """The page and the JUnit, where the fleet wants them.  Raises OutputError."""
    if fleet.junit is not None:
        from skmig.fleet.junit import junit

        entries = done.entries
        _write(fleet.junit, lambda: junit(entries))
    if fleet.page is not None:
        from skmig.fleet import page  # it takes long to import

        _write(fleet.page, lambda: page.page(done, fleet).encode())


def _write(place: Path, make: Callable[[], bytes]) -> None:
    record.check_place((place,), True)
    with record.placed((place,)) as (draft,):
        draft.write_bytes(make())
