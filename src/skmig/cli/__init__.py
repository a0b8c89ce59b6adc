"""The command line: one file a command, each of them parse, call, exit."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from skmig.cli.app import run


def main(argv: Sequence[str] | None = None) -> None:
    """The console script `skmig`."""
    sys.exit(run(list(sys.argv[1:] if argv is None else argv)))
