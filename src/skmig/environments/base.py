"""The protocol of environments: what a backend must offer, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from skmig.errors import UsageError

if TYPE_CHECKING:
    from skmig.environments.rooms import Wave


@dataclass(frozen=True, kw_only=True)
class EnvironmentSpec:
    """Which environment is wanted.

    `release` is a row of `images/versions.toml`; `lock` replaces its lock by the user's own
    `pip freeze`; `requirements` are added on top (`xgboost==1.5.0`); `code` are files or folders
    that go onto the import path.  `preload` are modules that its worker shall import before its
    first job: where none are named, those that most models need.
    """

    release: str
    lock: Path | None = None
    requirements: tuple[str, ...] = ()
    code: tuple[Path, ...] = ()
    preload: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of one worker.  Times in seconds, memory in bytes.

    `timeout` is for one job, `start_timeout` from the start of a worker to its hello; `disk` is
    what one job may write into the exchange.
    """

    timeout: float = 600.0
    start_timeout: float = 300.0
    memory: int | None = None
    processes: int = 256
    disk: int = 16 << 30


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The answer to one job: what the agent's job function returned (plain JSON).

    `files`: what came with it of the files that it wrote, by path in the exchange.
    """

    result: Mapping[str, Any]
    seconds: float
    files: Mapping[str, bytes] = field(default_factory=dict)


class Worker(Protocol):
    """A long-lived process in an environment that forks for each job.

    Its exchange is a flat folder of files, addressed by name.  `hello` is what the agent said
    when it started: `python`, `platform`, `packages` (name -> version, all that is installed),
    `sklearn`, `numpy`, `sandboxed`.
    """

    hello: Mapping[str, Any]

    @property
    def closed(self) -> bool:
        """Was it ended, by us or because of what a job did to it?"""

    def put(self, name: str, source: Path | bytes) -> None:
        """Copy a file (or a folder, recursively) into the exchange as `name`."""

    def get(self, name: str, target: Path) -> None:
        """Copy `name` out of the exchange to the file `target`."""

    def call(self, job: str, /, **args: Any) -> Reply:
        """Run one job in a forked child.

        Raises AgentError (the job raised; ImportInAgentError for a missing module),
        TimeoutExpiredError, OutOfMemoryError, EnvironmentFailedError (the worker is gone).
        """

    def room(self, name: str, wave: Wave | None, *, new: bool = False) -> Worker:
        """The same worker with a folder of its own in the exchange, for one of several threads.

        With a wave, its jobs may run in one child together with those of the wave's others.
        `new`: what was put there for somebody else is removed.
        """

    def close(self) -> None:
        """End the worker and delete its exchange; never raises, may be called twice."""


def nothing() -> None:
    """What is called where nobody wants to be told."""


class Backend(Protocol):
    """A way to have environments."""

    name: str
    sandboxed: bool  # may untrusted code run in it?

    def worker(
        self,
        spec: EnvironmentSpec,
        limits: Limits,
        progress: Progress,
        under_way: Callable[[], None] = ...,
    ) -> Worker:
        """Make what is missing (image, virtual environment), start a worker, wait for its hello.

        `under_way` is called when this process has little more to do for it than to wait.
        """

    def has(self, spec: EnvironmentSpec) -> bool:
        """Is the environment there already, so that `worker` need not build it?"""


class Progress(Protocol):
    """Where long steps say what they do; the console implements it."""

    def step(self, text: str) -> None: ...


@dataclass(frozen=True)
class SilentProgress:
    """Says nothing."""

    said: list[str] = field(default_factory=list)

    def step(self, text: str) -> None:
        self.said.append(text)


def memory_bytes(text: str) -> int:
    """`4g`, `512m`, `1073741824` as bytes.  Raises UsageError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", text.strip().lower())
    if not found:
        raise UsageError(f"`{text}` is not an amount of memory", hint="write it like 4g or 512m")
    number, unit = found.groups()
    size = int(float(number) * 1024 ** " kmgt".index(unit or " "))
    if size < 64 << 20:
        raise UsageError(f"{text} of memory is less than Python needs", hint="give at least 256m")
    return size
