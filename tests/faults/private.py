"""An engine of a test's own, which may be killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
from tests.faults.harness import PATIENCE

from skmig.environments import engine, images
from skmig.environments.base import EnvironmentSpec, SilentProgress


class PrivateEngine:
    """A dockerd with folders and a socket of its own."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder = folder
        self.data = data
        self.socket = folder / "s"
        self.host = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        run = self.folder / "run"
        for stale in (self.folder / "pid", run / "containerd" / "containerd.pid"):
            stale.unlink(missing_ok=True)
        words = [
            *("dockerd", f"--host={self.host}", f"--data-root={self.data}"),
            *(f"--exec-root={run}", f"--pidfile={self.folder / 'pid'}"),
            *("--bridge=none", "--iptables=false", "--ip6tables=false"),
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            said = (self.folder / "log").read_text(errors="replace")[-2000:]
            assert self.process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)

    def answers(self) -> bool:
        with contextlib.suppress(*engine.ENGINE_EXCEPTIONS, ValueError), self.client() as client:
            return bool(client.ping())
        return False

    @contextlib.contextmanager
    def client(self) -> Iterator[Any]:
        if not self.socket.exists():
            raise FileNotFoundError(self.socket)
        client = docker.DockerClient(base_url=self.host, timeout=600)
        try:
            yield client
        finally:
            client.close()

    def end(self, number: int) -> None:
        """SIGKILL: as if the machine's power failed for it.  SIGTERM: as `systemctl stop`."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        # its containerd is a child that outlives a kill
        for pid in self._others():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        while self._others() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.process = None

    def _others(self) -> list[int]:
        """The processes in whose command this engine's folder stands: containerd and shims."""
        found = []
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                if not any(str(self.folder).encode() in word for word in words):
                    continue
                if words[0].rpartition(b"/")[2].startswith(b"containerd") and state != "Z":
                    found.append(int(folder.name))
        return found

    def load(self, releases: tuple[str, ...], *bases: str) -> None:
        """The images of releases and of bases, from the engine that everybody uses."""
        shared = engine.connect()
        try:
            named = [
                images.ensure(shared, EnvironmentSpec(release=release), SilentProgress())
                for release in releases
            ]
            tags = [shared.images.get(name).tags[0] for name in named]
            with self.client() as client:
                for tag in (*tags, *bases):
                    client.images.load(shared.api.get_image(tag))
        finally:
            shared.close()

    def close(self) -> None:
        if self.process is not None:
            self.end(signal.SIGKILL)
        with open("/proc/mounts") as mounts:  # noqa: PTH123
            places = [line.split()[1] for line in mounts]
        for place in sorted(places, reverse=True):
            if place.startswith((str(self.folder), str(self.data))):
                subprocess.run(["umount", "--lazy", place], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
