"""What is left when a run is ended from outside: nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from skmig.environments import bundle_agent, exchange, interpreters
from skmig.versions import releases

RUN = """
import os, threading
from skmig.environments import cleanup
from skmig.environments.base import Limits
from skmig.environments.client import AgentWorker
from skmig.environments.exchange import RunFolder
from skmig.environments.local import ProcessChannel

def work():
    folder = RunFolder()
    command = [{python!r}, {driver!r}, {agent!r}, "serve", "--exchange", str(folder.files)]
    channel = ProcessChannel(command, {{"PATH": os.defpath}}, folder.path)
    worker = AgentWorker("a test", channel, folder, Limits())
    print(folder.path, *worker.call("pid").result, flush=True)
    worker.call("sleep", seconds=600)

threading.excepthook = lambda _: None
thread = threading.Thread(target=work)
with cleanup.armed():
    thread.start()
    thread.join()
"""


@pytest.fixture
def run(tmp_path: Path) -> subprocess.Popen[str]:
    """A process with a worker that has a long job."""
    agent = tmp_path / bundle_agent.NAME
    agent.write_bytes(bundle_agent.agent_pyz())
    python = interpreters.find(releases()[-1].python) or Path(sys.executable)
    driver = Path(__file__).parents[1] / "agent" / "driver.py"
    code = RUN.format(python=str(python), driver=str(driver), agent=str(agent))
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def started(run: subprocess.Popen[str]) -> tuple[Path, int]:
    assert run.stdout is not None
    folder, _, worker = run.stdout.readline().split()
    assert Path(folder).is_dir()
    time.sleep(0.3)
    return Path(folder), int(worker)


def gone(pid: int) -> bool:
    for _ in range(200):
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, -2)]
)
def test_a_signal_leaves_nothing(
    run: subprocess.Popen[str], number: signal.Signals, code: int
) -> None:
    with run:
        folder, worker = started(run)
        run.send_signal(number)
        _, said = run.communicate(timeout=20)
    assert run.returncode == code, said
    assert not folder.exists()
    assert gone(worker)


def test_a_signal_in_the_middle_of_an_ending_waits_for_its_end() -> None:
    code = """
import os, signal
from skmig.environments.cleanup import Finalizer

class Owner: pass

def end(name):
    os.kill(os.getpid(), signal.SIGTERM)
    print(name, flush=True)

first, second = Owner(), Owner()
one, other = Finalizer(first, end, "one"), Finalizer(second, end, "other")
one()
print("not reached")
"""
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout.split()) == (143, ["one", "other"])


def test_a_signal_is_heard_while_the_main_thread_waits_for_a_lock() -> None:
    """Given to another thread, it stands for one that comes just before the wait begins."""
    code = """
import signal, threading
from skmig.environments.cleanup import Finalizer

class Owner: pass

owner = Owner()
open = Finalizer(owner, print, "ended")
lock = threading.Lock()
lock.acquire()

def get_one():
    threading.Event().wait(0.5)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

threading.Thread(target=get_one).start()
lock.acquire()
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stdout.split()) == (143, ["ended"])


def test_what_a_killed_process_left_is_swept(run: subprocess.Popen[str]) -> None:
    with run:
        folder, worker = started(run)
        exchange.sweep()
        assert folder.is_dir(), "it was in use"
        run.kill()
        run.communicate(timeout=20)
    assert gone(worker), "a worker must not outlive the one who started it"
    exchange.sweep()
    assert not folder.exists()


def test_handlers_stand_only_while_something_is_open() -> None:
    before = signal.getsignal(signal.SIGTERM)
    folder = exchange.RunFolder()
    assert signal.getsignal(signal.SIGTERM) is not before
    folder.close()
    folder.close()
    assert signal.getsignal(signal.SIGTERM) is before
    assert not folder.path.exists()


def test_strangers_are_not_swept() -> None:
    with tempfile.TemporaryDirectory(prefix="skmig-run-") as folder:
        exchange.sweep()
        assert Path(folder).is_dir(), "it may just be in the making"


def test_a_folder_in_the_making_is_swept_when_its_process_is_no_more() -> None:
    code = "from skmig.environments.exchange import _prefix; print(_prefix())"
    command = [sys.executable, "-c", f"{code}; input()"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        folder = Path(tempfile.mkdtemp(prefix=process.stdout.readline().strip()))
        exchange.sweep()
        assert folder.is_dir(), "its process is there"
        process.kill()
    exchange.sweep()
    assert not folder.exists()


def test_the_owner_of_a_folder_goes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who deletes it may be killed: what is left without an owner is not swept for a while."""
    folder = exchange.RunFolder()
    for name in ("a", "z"):
        (folder.files / name).write_bytes(b"")
        (folder.path / name).write_bytes(b"")
    owner, discard, owned = folder.path / "owner", exchange.tidy.discard, []

    def spy(path: str) -> None:
        owned.append(owner.exists())
        discard(path)

    monkeypatch.setattr(exchange.tidy, "discard", spy)
    folder.close()
    assert len(owned) >= 5
    assert all(owned)
    assert not folder.path.exists()
