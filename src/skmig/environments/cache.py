"""The user's cache folder, and making one thing in it once, however many processes want it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from skmig.environments import cleanup
from skmig.environments.base import Progress

_PAUSE = 0.2


def folder() -> Path:
    """Where environments are kept: `SKMIG_CACHE`, or `skmig` in the user's cache folder."""
    own = os.environ.get("SKMIG_CACHE")
    if own:
        return Path(own).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "skmig"


@contextlib.contextmanager
def turn(
    path: Path, name: str, progress: Progress, check: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Wait until no other process holds the lock file `path`, and hold it.

    The system releases it with the process, however that ends.  `check` is called while waiting
    and may raise: a wait in a thread hears no signal.  Raises OSError where no lock can be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        told = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    progress.step(f"waiting for another process that makes `{name}`")
                told = True
                check()
                cleanup.check()
                time.sleep(_PAUSE)
        yield
