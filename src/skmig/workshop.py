"""The environments of a run."""

from __future__ import annotations

import contextlib
import copy
import errno
import itertools
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from skmig.agent import tidy
from skmig.environments import choose, cleanup, exchange
from skmig.environments.base import Backend, EnvironmentSpec, Limits, Progress, Worker
from skmig.environments.rooms import Wave
from skmig.errors import (
    EnvironmentFailedError,
)
from skmig.settings import Settings

if TYPE_CHECKING:
    from skmig import record


class Workshop:
    """The environments of a run: each worker is started once, used by many, and always ended."""

    def __init__(
        self, backend: Backend, limits: Limits, progress: Progress, *, one: bool = False
    ) -> None:
        """`one`: it is for one model, and what that does not need any more is ended meanwhile."""
        self.backend = backend
        self.limits = limits
        self.progress = progress
        self._one = one
        self._numbers = itertools.count()
        self._pool = ThreadPoolExecutor(thread_name_prefix="skmig-environment")
        self._workers: dict[tuple[EnvironmentSpec, str], Future[Worker]] = {}
        self._starting = threading.Lock()
        self._under_way: list[threading.Event] = []
        exchange.sweep()
        self._folder = exchange.RunFolder()
        self._known: dict[tuple[str, object], str] = {}
        self._room: tuple[str, Wave | None] | None = None
        self._entered: set[Worker] = set()

    def __enter__(self) -> Workshop:
        return self

    def __exit__(self, *exc: object) -> None:
        if isinstance(exc[1], KeyboardInterrupt | SystemExit):
            _abort_builds()
        try:
            self.close_workers()
            self._pool.shutdown(cancel_futures=True)
        finally:
            self._folder.close()

    @property
    def room(self) -> Path:
        """The run's temporary folder; what a killed run leaves is swept by the next one."""
        return self._folder.files

    @property
    def started(self) -> set[tuple[EnvironmentSpec, str]]:
        """The environments whose workers were started, with their roles."""
        return set(self._workers)

    def close_workers(self) -> None:
        """End every worker; who waits for one hears that it was ended."""
        workers = tuple(self._workers.values())
        for future in workers:
            future.cancel()
        # each takes a while to end
        threads = [threading.Thread(target=_close, args=(future,)) for future in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            with contextlib.suppress(BaseException):  # what is told now does not stop the ending
                thread.join()

    def at(self, room: str, wave: Wave | None) -> Workshop:
        """The same workshop for one of several threads, with a room of its own in each exchange.

        With a wave, its jobs may run in one process with those of the wave's others.  The files of
        who had the room before are written over: a run of many models needs no more room for them
        than those that are worked on.
        """
        same = copy.copy(self)
        same._room = (room, wave)
        same._numbers = itertools.count()
        same._entered = set()
        return same

    def start(self, spec: EnvironmentSpec, role: str) -> Future[Worker]:
        """Begin to make an environment and its worker, without waiting."""
        with self._starting:
            if (spec, role) not in self._workers:
                under_way = threading.Event()
                self._under_way.append(under_way)
                self._workers[spec, role] = self._pool.submit(self._make, spec, under_way)
            return self._workers[spec, role]

    def _make(self, spec: EnvironmentSpec, under_way: threading.Event) -> Worker:
        try:
            return self.backend.worker(spec, self.limits, self.progress, under_way.set)
        finally:
            under_way.set()

    def wait_under_way(self, seconds: float) -> None:
        """Let the threads that start workers have this process, until they only wait themselves.

        Threads of Python take turns: what else is done now would hold them up several times over.
        """
        deadline = time.monotonic() + seconds
        for event in self._under_way:
            event.wait(max(0.0, deadline - time.monotonic()))

    @contextlib.contextmanager
    def worker(self, spec: EnvironmentSpec, role: str) -> Iterator[Worker]:
        """The worker of an environment; one that broke is not used again.

        `role` keeps the source's worker, where untrusted code ran, apart from the target's.
        """
        started = self.start(spec, role)
        try:
            worker = started.result()
            if worker.closed:  # a job was caught at changing what is not its own
                self._forget(spec, role, started)
                started = self.start(spec, role)
                worker = started.result()
            if self._room is not None:
                worker = worker.room(*self._room, new=self._enters(worker))
            yield worker
        except (EnvironmentFailedError, KeyboardInterrupt) as error:
            if isinstance(error, KeyboardInterrupt):
                _abort_builds()
            self._forget(spec, role, started)
            raise

    def _enters(self, worker: Worker) -> bool:
        """Is it for the first time that who has a room of this workshop asks this worker?"""
        new = worker not in self._entered
        self._entered.add(worker)
        return new

    def _forget(self, spec: EnvironmentSpec, role: str, started: Future[Worker]) -> None:
        """End a worker, unless another thread has begun it anew."""
        if self._workers.get((spec, role)) is started:
            self.end(spec, role)

    def end(self, spec: EnvironmentSpec, role: str) -> None:
        """End a worker; who wants it again gets a new one."""
        worker = self._workers.pop((spec, role), None)
        if worker is not None:
            _close(worker)

    def done(self, spec: EnvironmentSpec, role: str) -> None:
        """A model wants nothing more of a worker: where there is no other model, it is ended."""
        if self._one:
            self._pool.submit(self.end, spec, role)

    def keep_only(self, spec: EnvironmentSpec, role: str) -> None:
        """End the workers of a role in other environments: a machine has not room for many."""
        for other, its_role in tuple(self._workers):
            if its_role == role and other != spec:
                self.end(other, role)

    def path(self, suffix: str) -> Path:
        """A file name in the run's temporary folder, which nobody uses now."""
        room = "" if self._room is None else f"{self._room[0]}-"
        path = self.room / f"{room}{next(self._numbers)}{suffix}"
        if path.is_dir():
            tidy.discard(str(path))
        return path

    def commit(self, folder: Path) -> str:
        """The commit of the checkout that an artifact of this folder lies in."""
        from skmig import record

        return self._once(("commit", folder), lambda: record.commit(folder))

    def _once(self, key: tuple[str, object], ask: Callable[[], str]) -> str:
        """What is the same for every model of a run."""
        if key not in self._known:
            self._known[key] = ask()
        return self._known[key]

    def fact(self, spec: EnvironmentSpec, worker: Worker) -> record.EnvironmentFact:
        from skmig import record

        hello, name = worker.hello, self.backend.name
        # what a local environment is kept apart by depends on the machine
        confined = f"{name} ({hello['confinement']})" if name == "local" else name
        return record.EnvironmentFact(
            release=spec.release,
            backend=confined,
            python=str(hello["python"]),
            platform=str(hello["platform"]),
            packages=dict(hello["packages"]),
            lock=self._once(("lock", spec), lambda: choose.lock_digest(spec)),
            requirements=spec.requirements,
        )


def _close(worker: Future[Worker]) -> None:
    with contextlib.suppress(BaseException):
        worker.result().close()


@contextlib.contextmanager
def machine() -> Iterator[None]:
    """What this machine refuses to a run (a full disk) is an error of ours."""
    try:
        yield
    except OSError as error:
        place = tempfile.gettempdir()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            what, hint = f"no space left for temporary files in `{place}`", "free some space there"
        else:
            where = f"`{error.filename}`: " if error.filename else ""
            what = f"this machine failed: {where}{error.strerror or error}"
            hint = f"is there space and permission, also in `{place}`"
        raise EnvironmentFailedError(
            what, causes=(str(error),), hint=f"{hint}?  TMPDIR names another folder"
        ) from error


@contextlib.contextmanager
def workshop(
    settings: Settings, progress: Progress, backend: Backend | None = None, *, one: bool = False
) -> Iterator[Workshop]:
    """A workshop with `backend`, or with the one that the settings ask for."""
    limits = Limits(timeout=settings.timeout, memory=settings.memory)
    with (
        machine(),
        cleanup.armed(),
        Workshop(
            backend or choose.backend(settings.backend, progress), limits, progress, one=one
        ) as opened,
    ):
        yield opened


def _abort_builds() -> None:
    """End what is being built, or it would be waited for."""
    builder = sys.modules.get("skmig.environments.builder")  # else nothing is being built
    if builder is not None:
        builder.abort()


def here(python: Path | bool) -> Backend:
    """The backend of this interpreter's environment, or of the interpreter at a path."""
    from skmig.environments.here import HereBackend  # it needs what only POSIX systems have

    return HereBackend(python if isinstance(python, Path) else None)
