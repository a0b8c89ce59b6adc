"""The command line: one file a command, each of them parse, call, exit."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """The console script `skmig`."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == ["--version"]:
        from skmig.version import __version__

        sys.stdout.write(f"skmig {__version__}\n")  # the parser takes longer than the answer
        return
    try:
        # not at the top: it takes a while, and may be interrupted
        from skmig.cli.app import run

        sys.exit(run(words))
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        sys.exit(130)
