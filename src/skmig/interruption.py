"""Signals that end a run: the few steps during which they have to wait, and what they cut short."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

# What wakes the main thread; by itself it means nothing to anybody.
_WAKE = getattr(signal, "SIGURG", None)
_PAUSES = (0.02, 0.2, 1.0)
_relaying: list[int] = []  # the end of the pipe that Python writes each signal's number to


def relay() -> None:
    """From now on a signal that ends a run ends what the main thread waits for, too.

    Python answers a signal in the main thread, between two steps of the program.  One that comes
    when that thread is about to wait for a lock or an answer, and has only to let another thread
    go first, would be answered when the wait is over: perhaps never.  So another thread hears of
    each signal and interrupts the main one.  To be called in the main thread.
    """
    if _WAKE is None or _relaying:
        return
    heard, told = os.pipe()
    os.set_blocking(told, False)
    former = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    if former != -1:  # an event loop of the program's hears of signals, and wakes itself
        signal.set_wakeup_fd(former)
        os.close(heard)
        os.close(told)
        return
    _relaying.append(told)
    if signal.getsignal(_WAKE) in (signal.SIG_DFL, signal.SIG_IGN):
        signal.signal(_WAKE, lambda _number, _frame: None)
    threading.Thread(target=_relay, args=(heard, _WAKE), name="skmig-signals", daemon=True).start()


def _relay(heard: int, wake: int) -> None:
    main = threading.main_thread().ident
    assert main is not None
    while numbers := os.read(heard, 64):
        if set(numbers) & set(SIGNALS):
            for pause in _PAUSES:
                time.sleep(pause)
                signal.pthread_kill(main, wake)


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
