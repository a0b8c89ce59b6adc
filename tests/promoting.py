"""Processes that write into a store of models, for tests of many at once and of killed ones."""

from __future__ import annotations

import subprocess
import sys

TOGGLE = """
import itertools, sys, skmig
place, *versions = sys.argv[1:]
store = skmig.open_store(place)
for version in itertools.cycle(versions):
    print(store.promote(version, "prod").number, flush=True)
"""


def started(script: str, *words: object) -> subprocess.Popen[str]:
    """A process that runs a script with these words, its streams as pipes."""
    command = [sys.executable, "-c", script, *map(str, words)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, **pipes)
