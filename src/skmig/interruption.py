"""Signals that end a run, and the few steps during which they have to wait."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Signals that end a run are answered when the block is over.

    For a handful of system calls that belong together.  A mask would not do: whichever thread the
    system gives a signal to, Python runs the handler in the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # nothing is raised in this thread
        return
    told: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        told.append(number)

    former = {number: signal.getsignal(number) for number in SIGNALS}
    # None: set by something that is not Python
    mine = [number for number, handler in former.items() if handler not in (None, signal.SIG_IGN)]
    for number in mine:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, former[number])
        for number in told[:1]:
            signal.raise_signal(number)
