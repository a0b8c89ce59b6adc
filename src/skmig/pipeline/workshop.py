"""The environments of a run."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from skmig import record
from skmig.environments import builder, choose, cleanup
from skmig.environments.base import Backend, EnvironmentSpec, Limits, Progress, Worker
from skmig.errors import (
    EnvironmentFailedError,
)
from skmig.plan import Settings


class Workshop:
    """The environments of a run: each worker is started once, used by many, and always ended."""

    def __init__(self, backend: Backend, limits: Limits, progress: Progress) -> None:
        self.backend = backend
        self.limits = limits
        self.progress = progress
        self._numbers = itertools.count()
        self._pool = ThreadPoolExecutor(thread_name_prefix="skmig-environment")
        self._workers: dict[tuple[EnvironmentSpec, str], Future[Worker]] = {}
        self._starting = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="skmig-")

    def __enter__(self) -> Workshop:
        return self

    def __exit__(self, *exc: object) -> None:
        if isinstance(exc[1], KeyboardInterrupt | SystemExit):
            builder.abort()  # or an image that is being built would be waited for
        for future in self._workers.values():
            future.cancel()
        for future in self._workers.values():
            with contextlib.suppress(BaseException):
                future.result().close()
        self._pool.shutdown(cancel_futures=True)
        self._folder.cleanup()

    def start(self, spec: EnvironmentSpec, role: str) -> None:
        """Begin to make an environment and its worker, without waiting."""
        with self._starting:
            if (spec, role) not in self._workers:
                self._workers[spec, role] = self._pool.submit(
                    self.backend.worker, spec, self.limits, self.progress
                )

    @contextlib.contextmanager
    def worker(self, spec: EnvironmentSpec, role: str) -> Iterator[Worker]:
        """The worker of an environment; one that broke is not used again.

        `role` keeps the source's worker, where untrusted code ran, apart from the target's.
        """
        self.start(spec, role)
        try:
            worker = self._workers[spec, role].result()
            yield worker
        except (EnvironmentFailedError, KeyboardInterrupt) as error:
            if isinstance(error, KeyboardInterrupt):
                builder.abort()
            self.end(spec, role)
            raise

    def end(self, spec: EnvironmentSpec, role: str) -> None:
        """End a worker; who wants it again gets a new one."""
        worker = self._workers.pop((spec, role), None)
        if worker is not None:
            with contextlib.suppress(BaseException):
                worker.result().close()

    def keep_only(self, spec: EnvironmentSpec, role: str) -> None:
        """End the workers of a role in other environments: a machine has not room for many."""
        for other, its_role in tuple(self._workers):
            if its_role == role and other != spec:
                self.end(other, role)

    def path(self, suffix: str) -> Path:
        """A new file name in the run's temporary folder."""
        return Path(self._folder.name) / f"{next(self._numbers)}{suffix}"

    def fact(self, spec: EnvironmentSpec, worker: Worker) -> record.EnvironmentFact:
        hello = worker.hello
        return record.EnvironmentFact(
            release=spec.release,
            backend=self.backend.name,
            python=str(hello["python"]),
            platform=str(hello["platform"]),
            packages=dict(hello["packages"]),
            lock=choose.lock_digest(spec),
            requirements=spec.requirements,
        )


@contextlib.contextmanager
def workshop(
    settings: Settings, progress: Progress, backend: Backend | None = None
) -> Iterator[Workshop]:
    """A workshop with `backend`, or with the one that the settings ask for."""
    limits = Limits(timeout=settings.timeout, memory=settings.memory)
    with (
        cleanup.armed(),
        Workshop(backend or choose.backend(settings.backend, progress), limits, progress) as opened,
    ):
        yield opened


def here(python: Path | bool) -> Backend:
    """The backend of this interpreter's environment, or of the interpreter at a path."""
    from skmig.environments.here import HereBackend  # it needs what only POSIX systems have

    return HereBackend(python if isinstance(python, Path) else None)
