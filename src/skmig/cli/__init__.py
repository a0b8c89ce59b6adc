"""The command line: one file a command, each of them parse, call, exit."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
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

        code = run(words)
        # what comes now is Python's own end, which answers Ctrl-C with a traceback
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        code = 130
    if argv is None:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> None:
    """End the process; returns where Python's own end has something to wait for, or to say.

    To take apart all that was imported takes longer than many an answer.
    """
    if any(not thread.daemon for thread in threading.enumerate()[1:]):
        return
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        return
    os._exit(code)
