"""Runs the real command line, waits until it is where a fault shall meet it, and looks at the rest.

A `Case` is one model with folders of its own: what is in them after a run, and which processes,
containers and volumes still name them, is what the run left behind.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.faults.pickles import and_holds

from skmig import record
from skmig.agent.inline import MOST
from skmig.environments import engine

SKMIG = Path(sys.executable).with_name("skmig")
TARGET = "1.6.1"
# Generous: nothing here may fail because a machine is slow.
PATIENCE = 600.0


def chosen(some: Sequence[Any], every: Iterable[Any]) -> list[Any]:
    """The rows of a table of faults: `some` of them, or `every` one for `make faults`."""
    return list(every) if os.environ.get("SKMIG_FAULTS") == "all" else list(some)


class Run:
    """One command line in a process of its own; its stderr is read as it comes."""

    def __init__(
        self,
        words: Iterable[str | Path],
        variables: dict[str, str],
        *,
        before: Iterable[str] = (),
        **options: Any,
    ) -> None:
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        self.process = subprocess.Popen(
            [*before, str(SKMIG), *map(str, words)],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "COLUMNS": "", **variables},
            text=True,
            **options,
        )
        self.out = ""
        self._lines: list[str] = []
        self._told = threading.Condition()
        self._readers = []
        if self.process.stdout is not None:
            self._read(self._read_out)
        if self.process.stderr is not None:
            self._read(self._read_err)

    @property
    def err(self) -> str:
        with self._told:
            return "".join(self._lines)

    def wait_for(self, text: str) -> None:
        """Until a line of stderr holds `text`."""
        deadline = time.monotonic() + PATIENCE
        with self._told:
            while not any(text in line for line in self._lines):
                assert self.process.poll() is None, f"ended before `{text}`: {self._lines}"
                assert time.monotonic() < deadline, f"`{text}` never came: {self._lines}"
                self._told.wait(0.05)

    def wait_until(self, happened: Callable[[], Any]) -> Any:
        """Until `happened()` is true; gives what it said."""
        deadline = time.monotonic() + PATIENCE
        while not (found := happened()):
            assert self.process.poll() is None, f"ended too early: {self.err}"
            assert time.monotonic() < deadline, f"it never happened: {self.err}"
            time.sleep(0.005)
        return found

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait for its end; gives the exit code, negative for a signal."""
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        own = self.err.partition("the environment's traceback:")[0]  # which -v shows
        assert "Traceback" not in own, self.err
        assert "Exception ignored" not in self.err, self.err
        return code

    def _read(self, function: Callable[[], None]) -> None:
        thread = threading.Thread(target=function, daemon=True)
        thread.start()
        self._readers.append(thread)

    def _read_out(self) -> None:
        assert self.process.stdout is not None
        self.out = self.process.stdout.read()

    def _read_err(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._told:
                self._lines.append(line)
                self._told.notify_all()


class Case:
    """A model, a folder for its result, a folder for what is temporary."""

    def __init__(self, model: Path, *, backend: str = "local") -> None:
        # in a short path: sockets and messages hold it
        self.folder = Path(tempfile.mkdtemp(prefix="faults-"))
        self.backend = backend
        self.tmp = self.folder / "tmp"
        self.tmp.mkdir()
        self.out = self.folder / "out"
        self.out.mkdir()
        self.model = self.folder / model.name
        shutil.copyfile(model, self.model)
        self.digest = sha256(self.model)
        self.variables = {"TMPDIR": str(self.tmp)}
        self.runs: list[Run] = []

    def grow(self) -> None:
        """Make the model larger than what travels with a job, so that it is copied for itself."""
        self.model.write_bytes(and_holds(self.model, 2 * MOST))
        self.digest = sha256(self.model)

    @property
    def result(self) -> Path:
        return self.out / "model.pkl"

    @property
    def record(self) -> Path:
        return self.out / "model.skmig"

    def start(self, *words: str | Path, **options: Any) -> Run:
        """`skmig WORDS`, with this case's backend where the command has one."""
        plain = words[0] in ("inspect", "report", "agent", "build-images")
        chosen = [] if plain else ["--backend", self.backend]
        variables = {**self.variables, **options.pop("variables", {})}
        run = Run([*words, *chosen], variables, **options)
        self.runs.append(run)
        return run

    def migrate(self, *more: str | Path, **options: Any) -> Run:
        return self.start(
            *("migrate", self.model, "--to", TARGET, "-o", self.result, "-v"), *more, **options
        )

    def whole(self) -> bool:
        """Are the result and its record both there, of one run?  False: neither is."""
        names = sorted(path.name for path in self.out.iterdir()) if self.out.exists() else []
        if not names:
            return False
        assert names == [self.result.name, self.record.name], names
        assert record.read(self.record).manifest.result.sha256 == sha256(self.result)
        return True

    def left(self) -> list[str]:
        """What runs of this case left behind: temporary files, processes, containers, volumes."""
        found = [str(path) for path in self.tmp.iterdir()]
        found += [str(path) for path in self.folder.rglob(".skmig-*")]
        found += self.processes()
        if self.backend == "docker":
            found += self.in_engine()
        return found

    def processes(self) -> list[str]:
        """The processes in whose variables or command this case's folder stands."""
        return [f"{pid}: {said}" for pid, said in _processes(str(self.folder))]

    def in_engine(self) -> list[str]:
        client = engine.connect()
        try:
            found = []
            for run in self.runs:
                filters = {"label": f"skmig.pid={run.process.pid}"}
                found += [one["Id"] for one in client.api.containers(all=True, filters=filters)]
                volumes = client.api.volumes(filters=filters)["Volumes"] or []
                found += [one["Name"] for one in volumes]
            return found
        finally:
            client.close()

    def check(self) -> None:
        """After a fault: the original untouched, both outputs or neither, nothing left."""
        assert sha256(self.model) == self.digest
        self.whole()
        wait_gone(self.left)

    def goes_on(self) -> None:
        """The next run succeeds, and leaves nothing either."""
        again = self.migrate("--force")
        assert again.end() == 0, again.err
        assert self.whole()
        self.check()

    def close(self) -> None:
        for run in self.runs:
            run.process.kill()
            run.process.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)


def wait_gone(left: Callable[[], list[str]]) -> None:
    """What has been told to end may take a moment."""
    deadline = time.monotonic() + 60
    while found := left():
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def _processes(text: str) -> list[tuple[int, str]]:
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            said = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if text.encode() in said and state != "Z":
            found.append((int(folder.name), said[:200].decode(errors="replace")))
    return found


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


__all__ = ["PATIENCE", "TARGET", "Case", "Run", "chosen", "sha256", "wait_gone"]
