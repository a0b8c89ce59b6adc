"""A real Dask scheduler and its workers, as processes of this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


class Processes:
    """A scheduler and workers, each a process of this machine."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.variables = {**os.environ, **variables}
        self.address = f"tcp://127.0.0.1:{free_port()}"
        port = self.address.rpartition(":")[2]
        words = ["scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
        self.scheduler = self._start("scheduler", words)
        self.workers: list[subprocess.Popen[bytes]] = []

    def worker(self) -> None:
        name = f"worker{len(self.workers)}"
        (self.folder / name).mkdir()
        words = ["worker", self.address, "--no-nanny", "--nthreads", "1", "--name", name]
        words += ["--no-dashboard", "--local-directory", str(self.folder / name)]
        self.workers.append(self._start(name, words))

    def _start(self, name: str, words: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [program("dask"), *words], stdout=log, stderr=log, env=self.variables
            )

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.terminate()
        for process in (*self.workers, self.scheduler):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
