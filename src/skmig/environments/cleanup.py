"""Nothing stays behind: ends what is open when the process ends or is told to end.

What a backend opens (processes, folders, containers, volumes) is registered here.  It is ended by
`close()`, when its owner is forgotten, when the interpreter exits, and on Ctrl-C, SIGTERM and
SIGHUP: the handlers stand only while something is open, or inside `armed()`.  A process that dies
by SIGKILL cannot clean up; each backend sweeps what such a one left when it starts the next time.

Who presses Ctrl-C twice does not want two containers more: what is being ended is ended, and
further signals are not heard for some seconds.  After that, one more ends the process at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from skmig import interruption
from skmig.interruption import SIGNALS

# No lock guards these: a handler runs in the middle of anything, and would wait for itself.
_open: list[Finalizer] = []
_previous: dict[int, Any] = {}
_armed: list[None] = []
_running: list[int] = []  # the threads that are ending something
_told: list[float] = []  # when the process was told to end
_late: list[int] = []  # signals that came in the middle of an ending, and wait for its end
_PATIENCE = 30.0
_DEAF = 10.0


class Finalizer:
    """Calls `function(*args)` once: when called, when `owner` is forgotten, or at the end."""

    def __init__(self, owner: object, function: Callable[..., None], *args: Any) -> None:
        self._finalize = weakref.finalize(owner, self._run, function, *args)
        _open.append(self)
        _install()

    def __call__(self) -> None:
        self._finalize()

    @property
    def done(self) -> bool:
        """Was it called?"""
        return not self._finalize.alive

    def _run(self, function: Callable[..., None], *args: Any) -> None:
        _running.append(threading.get_ident())
        try:
            function(*args)
        finally:
            _running.remove(threading.get_ident())
            with contextlib.suppress(ValueError):
                _open.remove(self)
            _hear_late()
            _restore()


@contextlib.contextmanager
def armed() -> Iterator[None]:
    """Have the handlers even while nothing is open yet.

    For the main thread of a run whose workers are started by other threads: only the main thread
    can set handlers.
    """
    _armed.append(None)
    try:
        _install()
        yield
    finally:
        _armed.pop()
        _restore()


def close_all() -> None:
    """End everything that is open, the newest first."""
    for finalizer in reversed(list(_open)):
        finalizer()
    # What another thread has begun to end must be at its end, too: at exit, threads whose `join`
    # was interrupted are not waited for (https://github.com/python/cpython/issues/90882).
    deadline = time.monotonic() + _PATIENCE
    while set(_running) - {threading.get_ident()} and time.monotonic() < deadline:
        time.sleep(0.01)


def check() -> None:
    """Raise KeyboardInterrupt when the process is being ended: for what waits in a thread."""
    if _told:
        raise KeyboardInterrupt


def _install() -> None:
    if _previous or threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        handler = signal.getsignal(number)
        # None: set by something that is not Python; ignored: under nohup, and meant so
        if handler not in (None, signal.SIG_IGN):
            _previous[number] = handler
            signal.signal(number, _told_to_end)
    interruption.relay()


def _restore() -> None:
    if _open or _armed or threading.current_thread() is not threading.main_thread():
        return
    for number, handler in list(_previous.items()):
        if signal.getsignal(number) is _told_to_end:
            signal.signal(number, handler)
    _previous.clear()
    _told.clear()


def _told_to_end(number: int, frame: FrameType | None) -> None:
    if _told:
        if time.monotonic() - _told[0] > _DEAF:
            os._exit(128 + number)  # what is left is swept by the next run
        return
    _told.append(time.monotonic())
    if threading.get_ident() in _running:
        _late.append(number)  # what is half ended would stay so
        return
    _end(number, frame)


def _hear_late() -> None:
    if not _late or threading.current_thread() is not threading.main_thread():
        return
    if threading.get_ident() not in _running:
        _end(_late.pop(), None)


def _end(number: int, frame: FrameType | None) -> None:
    previous = _previous.get(number, signal.SIG_DFL)
    # Threads that wait for an answer get the end of the stream, so that nobody waits for them.
    _armed.append(None)  # the last that is closed must not take the handlers away yet
    try:
        close_all()
    finally:
        _armed.pop()
        _restore()
    if callable(previous):
        previous(number, frame)
    else:
        raise SystemExit(128 + number)
