"""The same work on a Dask cluster: what the client does.

The scheduler sees paths and URIs going in and small documents coming out.  At most two batches wait
at each worker, and models of one release go to workers that have its environment warm.  Only the
client writes the ledger.
"""

from __future__ import annotations

import contextlib
import logging
import os
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skmig import record, storage
from skmig.environments.base import Progress
from skmig.errors import EnvironmentFailedError, SkmigError, UsageError
from skmig.fleet import entry, remote, work
from skmig.fleet.entry import Entry, Task
from skmig.fleet.remote import Answer
from skmig.plan import Settings

if TYPE_CHECKING:
    from distributed import Client, Future

_BATCH = 8  # models, so that their jobs share a child and a dead worker costs little
_WAITING = 2  # batches at a worker: one that it does, and one that it can begin at once
_AHEAD = 4  # batches for each worker among which one is chosen
_PATIENCE = 60.0  # seconds until a cluster without workers is given up
_HELLO = 20.0  # seconds that a scheduler has to answer
_KILLED = "the workers that tried it died"

# what may go together: models of one release, which want the same workshop
_Kind = tuple[str, Settings]


@contextlib.contextmanager
def engine(scheduler: str, jobs: int | None) -> Iterator[Cluster]:
    """An engine on the cluster of a scheduler, or on one of processes of this machine.

    Raises UsageError (Dask is not installed), EnvironmentFailedError (no scheduler, no workers).
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise UsageError(
            "Dask, which would share out the work, is not installed",
            hint="pip install 'skmig[dask]'",
        ) from error
    # it speaks of every worker that comes and goes; what matters is said by what becomes of models
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack:
        try:
            address: Any = scheduler
            if not scheduler:
                address = stack.enter_context(
                    LocalCluster(
                        n_workers=jobs or os.cpu_count() or 1,
                        threads_per_worker=1,
                        dashboard_address=None,
                        silence_logs=logging.CRITICAL,
                    )
                )
            client = stack.enter_context(Client(address, timeout=_HELLO, set_as_default=False))
            client.wait_for_workers(1, timeout=_PATIENCE)
        except (OSError, ValueError, TimeoutError) as error:
            raise EnvironmentFailedError(
                f"there is no Dask cluster at `{scheduler}`"
                if scheduler
                else "no Dask cluster could be started here",
                causes=(f"{type(error).__name__}: {error}"[:300],),
                hint="is the scheduler's address right, and has it workers?  `dask worker ADDRESS`"
                " starts one",
            ) from error
        yield Cluster(client)


@dataclass
class _Batch:
    tasks: list[Task]
    worker: str


@dataclass
class _Buffer:
    """Claimed tasks by their kind."""

    queues: dict[_Kind, deque[Task]] = field(default_factory=lambda: defaultdict(deque))

    def __len__(self) -> int:
        return sum(map(len, self.queues.values()))

    def add(self, task: Task) -> None:
        self.queues[task.release, task.limits].append(task)

    def take(self, kind: _Kind, count: int) -> list[Task]:
        queue = self.queues[kind]
        taken = [queue.popleft() for _ in range(min(count, len(queue)))]
        if not queue:
            del self.queues[kind]
        return taken


class Cluster:
    """An engine: takes tasks as workers are free for them."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.token = f".skmig-shared-{uuid.uuid4().hex}"
        self._folders: set[Path] = set()
        self._warm: dict[str, set[_Kind]] = defaultdict(set)
        self._flying: dict[Future, _Batch] = {}

    def __call__(self, tasks: Iterable[Task], progress: Progress) -> Iterator[work.Done]:
        try:
            yield from self._all(iter(tasks), progress)
        except _cluster_errors() as error:
            raise EnvironmentFailedError(
                "the Dask cluster is gone, or does not do what it was asked",
                causes=(f"{type(error).__name__}: {error}"[:300],),
                hint="run the same again: what was done is in the ledger",
            ) from error
        finally:
            with contextlib.suppress(Exception):
                self.client.cancel(list(self._flying), force=True)
            self._flying.clear()
            for folder in self._folders:
                with contextlib.suppress(OSError):
                    (folder / self.token).unlink()
                    folder.rmdir()  # nothing came into it
            self._folders.clear()

    def _all(self, tasks: Iterator[Task], progress: Progress) -> Iterator[work.Done]:
        from distributed import wait

        buffer = _Buffer()
        more = True
        while True:
            workers = list(self.client.ncores())
            while more and len(buffer) < _AHEAD * _BATCH * max(1, len(workers)):
                task = next(tasks, None)
                more = task is not None
                if task is not None:
                    buffer.add(task)
            self._submit(buffer, workers)
            if not self._flying and not buffer:
                return
            if not self._flying:
                progress.step("waiting for workers")
                self.client.wait_for_workers(1, timeout=_PATIENCE)
                continue
            with contextlib.suppress(TimeoutError), self.client.as_current():
                wait(list(self._flying), timeout=1.0, return_when="FIRST_COMPLETED")
            for future in [item for item in self._flying if item.done()]:
                yield from self._landed(future)

    def _submit(self, buffer: _Buffer, workers: list[str]) -> None:
        flying = Counter(batch.worker for batch in self._flying.values())
        for turn in range(_WAITING):  # nobody gets a second batch before all have one
            for worker in workers:
                if buffer and flying[worker] <= turn:
                    kind = self._kind_for(worker, buffer)
                    share = -(-len(buffer) // (_WAITING * len(workers)))
                    self._send(buffer.take(kind, max(1, min(_BATCH, share))), worker)
                    self._warm[worker].add(kind)
                    flying[worker] += 1

    def _kind_for(self, worker: str, buffer: _Buffer) -> _Kind:
        """What a worker has warm; else what nobody has; of several the most."""
        elsewhere = {
            kind for other, kinds in self._warm.items() if other != worker for kind in kinds
        }
        mine = self._warm[worker]

        def rank(kind: _Kind) -> tuple[bool, bool, int]:
            return kind in mine, kind not in elsewhere, len(buffer.queues[kind])

        return max(buffer.queues, key=rank)

    def _send(self, tasks: list[Task], worker: str) -> None:
        for task in tasks:
            if not storage.is_uri(task.result):
                self._mark(Path(task.result).parent)
        future = self.client.submit(
            remote.perform,
            tasks,
            self.token,
            key=f"skmig-{uuid.uuid4().hex}",
            pure=False,
            # where it goes when that worker dies is the scheduler's to say
            workers=[worker],
            allow_other_workers=True,
        )
        self._flying[future] = _Batch(tasks, worker)

    def _mark(self, folder: Path) -> None:
        """A file by which a worker sees that it writes where the client reads."""
        if folder in self._folders:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / self.token).touch()
        except OSError:
            return  # said of each model, by who cannot write it
        self._folders.add(folder)

    def _landed(self, future: Future) -> Iterator[work.Done]:
        from distributed import KilledWorker

        batch = self._flying.pop(future)
        try:
            answers: list[Answer] = future.result()
        except KilledWorker as error:
            if len(batch.tasks) > 1:
                for task in batch.tasks:  # one of them kills workers: each for itself
                    self._send([task], batch.worker)
                return
            killed = EnvironmentFailedError(
                f"`{batch.tasks[0].place}`: {_KILLED}",
                causes=(str(error)[:300],),
                hint="have the workers memory enough?  Their logs say why they ended",
            )
            yield batch.tasks[0], entry.failed(batch.tasks[0], killed, finished=record.now())
            return
        except SkmigError:
            raise
        except _cluster_errors():
            raise
        except Exception as error:
            raise EnvironmentFailedError(
                f"the worker {batch.worker} could not do its work",
                causes=(f"{type(error).__name__}: {error}"[:300],),
                hint="have all workers the same Python and the same skmig as this machine?",
            ) from error
        finally:
            future.release()
        for task, answer in zip(batch.tasks, answers, strict=True):
            yield task, _placed(task, answer)


def _placed(task: Task, answer: Answer) -> Entry:
    """The entry of an answer, when what was sent with it is in its place."""
    found = Entry.from_json(answer.entry)
    if not answer.files:
        return found
    try:
        places = tuple(map(Path, answer.files))
        with record.placed(places) as drafts:
            for draft, content in zip(drafts, answer.files.values(), strict=True):
                draft.write_bytes(content)
        digests = storage.digest(task.result), storage.digest(task.record)
        if digests != (found.result_sha256, found.record_sha256):
            raise EnvironmentFailedError(
                f"what a worker sent for `{task.place}` is not what it had made",
                hint="run the same again",
            )
    except SkmigError as error:
        return entry.failed(task, error, finished=record.now())
    return found


def _cluster_errors() -> tuple[type[BaseException], ...]:
    from concurrent.futures import CancelledError

    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError

    return (CommClosedError, FutureCancelledError, CancelledError, OSError, TimeoutError)
