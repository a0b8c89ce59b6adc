"""The files that a run began with must be those that it ends with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from skmig import record
from skmig.errors import UnreadableError


def check_untouched(digests: Mapping[Path, str]) -> None:
    """Raises UnreadableError for a file that was changed or removed since its digest was taken.

    What was inspected and trusted must be what is loaded, and what a record names must be there.
    """
    for path, digest in digests.items():
        try:
            changed = "changed" if record.sha256(path) != digest else ""
        except OSError as exc:
            changed = f"taken away ({exc.strerror or exc})"
        if changed:
            raise UnreadableError(
                f"`{path}` was {changed} while it was being read",
                hint="nothing was written; run the command again when nobody writes to the file",
            )
