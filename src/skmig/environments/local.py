"""The backend `local`: virtual environments on this machine, for where no engine answers.

Isolated from the packages and the secrets of the caller, and confined where the system can do that
(`confine.py`).  It does not count as a sandbox: what is not known to be safe is not loaded here.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from skmig.environments import bundle_agent, compiled, confine, exchange, virtual
from skmig.environments.base import EnvironmentSpec, Limits, Progress, nothing
from skmig.environments.cleanup import Finalizer
from skmig.environments.client import AgentWorker, Ending
from skmig.environments.exchange import RunFolder
from skmig.environments.settings import SETTINGS, threads
from skmig.versions import release

_PATIENCE = 5.0  # seconds that a worker has to end by itself
_LOG = 8192


class LocalBackend:
    """Virtual environments made with uv from the locks of the images."""

    name = "local"
    sandboxed = False

    def __init__(self) -> None:
        exchange.sweep()

    def has(self, spec: EnvironmentSpec) -> bool:
        return virtual.has(spec)

    def worker(
        self,
        spec: EnvironmentSpec,
        limits: Limits,
        progress: Progress,
        under_way: Callable[[], None] = nothing,
    ) -> AgentWorker:
        how = confine.chosen()
        python = virtual.ensure(spec, progress)
        agent = compiled.agent(release(spec.release).python)
        label = f"the local environment {spec.release}"
        worker = start(python, agent, label, limits, SETTINGS, how, spec.preload, under_way)
        compiled.keep(worker, spec, agent)
        return worker


def start(
    python: Path,
    code: bytes,
    label: str,
    limits: Limits,
    settings: Mapping[str, str],
    confinement: confine.Confinement = "none",
    preload: Sequence[str] = (),
    under_way: Callable[[], None] = nothing,
) -> AgentWorker:
    """A worker by an interpreter of this machine, which sees the variables of `settings`.

    `code`: the agent; `under_way`: see `Backend`.
    """
    folder = RunFolder(limits.disk)
    try:
        agent = folder.path / bundle_agent.NAME
        agent.write_bytes(code)
        variables = {**settings, **_environment(python)}
        place = confine.place(confinement, python, agent, folder, variables)
        command = [*place.wrapper, str(python), str(place.agent), "serve"]
        command += ["--confined", confinement]
        for path in (place.home, *place.private):
            command += ["--clear", str(path)]
        command += ["--disk", str(limits.disk)]
        command += ["--processes", str(limits.processes)]
        if limits.memory is not None:
            command += ["--memory", str(limits.memory)]
        command += ["--together", str(limits.memory or confine.memory())]
        command += [f"--preload={name}" for name in preload]
        command += ["--exchange", str(place.files)]
        variables |= {"HOME": str(place.home), "TMPDIR": str(place.home)}
        channel = ProcessChannel(command, variables, folder.path)
    except BaseException:
        folder.close()
        raise
    under_way()
    return AgentWorker(label, channel, folder, limits)


def _environment(python: Path) -> dict[str, str]:
    """What a worker sees of the environment variables: nothing of the caller's secrets."""
    own = threads()
    if "LD_LIBRARY_PATH" in os.environ:  # an interpreter may need it to start
        own["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return {
        **own,
        "PATH": f"{python.parent}{os.pathsep}{os.defpath}",
    }


class ProcessChannel:
    """The standard streams of a child process."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self._log = folder / "log"
        self._reading = threading.Lock()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                cwd=folder / "home",
                bufsize=0,
                start_new_session=True,  # Ctrl-C in a terminal is for us, not for it
            )
        self._stdin: IO[bytes] = self._process.stdin  # type: ignore[assignment]
        self._stdout: IO[bytes] = self._process.stdout  # type: ignore[assignment]
        self._finalizer = Finalizer(self, _end, self._process)

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._stdin.fileno(), view) :]
        except ValueError as error:  # closed
            raise BrokenPipeError(str(error)) from None

    def receive(self, timeout: float) -> bytes:
        with self._reading:
            if self._stdout.closed:
                return b""
            if not select.select([self._stdout], [], [], timeout)[0]:
                raise TimeoutError
            return os.read(self._stdout.fileno(), 1 << 16)

    def ending(self) -> Ending:
        try:
            code = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            return Ending(code=None, log=self._said())
        return Ending(code=code, log=self._said())

    def close(self) -> None:
        self._finalizer()
        # a thread that waits for an answer is woken by the end of the stream
        with self._reading:
            self._stdout.close()

    def _said(self) -> str:
        with contextlib.suppress(OSError), self._log.open("rb") as log:
            log.seek(max(0, self._log.stat().st_size - _LOG))
            return log.read().decode("utf-8", "replace")
        return ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the worker's standard input, which ends it and its jobs; kill it if it does not."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
