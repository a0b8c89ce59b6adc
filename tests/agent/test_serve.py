"""The forking worker under the oldest and the newest Python, with jobs that behave badly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from skmig.environments import bundle_agent, interpreters
from skmig.environments.base import Limits
from skmig.environments.client import AgentWorker
from skmig.environments.exchange import RunFolder
from skmig.environments.local import ProcessChannel
from skmig.errors import (
    AgentError,
    EnvironmentFailedError,
    ImportInAgentError,
    OutOfMemoryError,
    TimeoutExpiredError,
)
from skmig.versions import releases

DRIVER = Path(__file__).with_name("driver.py")
Start = Callable[..., AgentWorker]


@pytest.fixture(scope="module", params=["oldest", "newest"])
def python(request: pytest.FixtureRequest) -> str:
    """A bare interpreter, without numpy and scikit-learn: the worker has to bear it."""
    version = releases()[0 if request.param == "oldest" else -1].python
    found = interpreters.find(version)
    if found is None:
        pytest.skip(f"no Python {version} on this machine")
    return str(found)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("agent") / bundle_agent.NAME
    path.write_bytes(bundle_agent.agent_pyz())
    return path


@pytest.fixture
def start(python: str, agent: Path) -> Iterator[Start]:
    opened: list[AgentWorker] = []

    def start(*, memory: int | None = None, timeout: float = 30) -> AgentWorker:
        folder = RunFolder()
        command = [python, str(DRIVER), str(agent), "serve", "--exchange", str(folder.files)]
        command += ["--memory", str(memory)] if memory else []
        channel = ProcessChannel(command, {"PATH": os.defpath}, folder.path)
        opened.append(AgentWorker("a test", channel, folder, Limits(timeout=timeout)))
        return opened[-1]

    yield start
    for worker in opened:
        worker.close()


def gone(pid: int) -> bool:
    """Is a process no more?  One that was killed needs a moment to go."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_bare_interpreter_is_said_to_be_bare(start: Start) -> None:
    worker = start()
    assert worker.hello["sklearn"] is None
    assert worker.hello["numpy"] is None
    assert worker.hello["sandboxed"] is False
    assert worker.hello["implementation"] == "CPython"


def test_files_and_arguments_arrive(start: Start, tmp_path: Path) -> None:
    worker = start()
    worker.put("a file.bin", b"\0\n" * 10)
    reply = worker.call("ping", text="é\n", number=1.5)
    assert reply.result == {"args": {"text": "é\n", "number": 1.5}, "exchange": ["a file.bin"]}
    worker.get("a file.bin", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"\0\n" * 10


def test_every_job_has_a_process_of_its_own(start: Start) -> None:
    worker = start()
    (one, parent), (other, same) = (worker.call("pid").result for _ in range(2))
    assert one != other
    assert parent == same
    assert gone(one)


def test_a_crash_is_an_answer_with_the_signal_and_the_place(start: Start) -> None:
    worker = start()
    with pytest.raises(AgentError, match=r"crashed: ended by signal 11 \(SIGSEGV\)") as caught:
        worker.call("crash")
    assert caught.value.details["signal"] == signal.SIGSEGV
    assert "in crash" in caught.value.details["log"]
    assert worker.call("ping").result["args"] == {}


def test_a_job_that_takes_too_long_is_ended(start: Start) -> None:
    worker = start(timeout=0.3)
    began = time.monotonic()
    with pytest.raises(TimeoutExpiredError, match=r"not finished after 0\.3 s"):
        worker.call("sleep", seconds=600)
    assert time.monotonic() - began < 10
    assert worker.call("ping").result["args"] == {}


def test_what_a_job_leaves_is_killed(start: Start) -> None:
    worker = start()
    for pid in worker.call("leave").result:
        assert gone(pid)


def test_a_job_that_dies_while_others_hold_its_pipes(start: Start) -> None:
    worker = start()
    began = time.monotonic()
    with pytest.raises(AgentError, match="ended by itself with code 3"):
        worker.call("leave", die=True)
    assert time.monotonic() - began < 10


def test_output_of_a_job_is_not_taken_for_an_answer(start: Start) -> None:
    worker = start()
    assert worker.call("shout", size=3_000_000).result == {"big": "y" * 3_000_000}
    assert worker.call("ping").result["args"] == {}


def test_memory_is_limited(start: Start) -> None:
    worker = start(memory=256 << 20)
    assert worker.call("eat", size=1 << 20).result == 1 << 20
    with pytest.raises(OutOfMemoryError, match="ran out of memory"):
        worker.call("eat", size=1 << 30)


@pytest.mark.parametrize(
    ("code", "names", "hint"),
    [
        ("import nowhere.at_all", "`nowhere`", "--with nowhere==VERSION"),
        (
            "import pickle; pickle.loads(b'c__main__\\nTransformer\\n.')",
            "`Transformer` of the module `__main__`",
            "--code train.py",
        ),
    ],
)
def test_a_missing_import_is_named(start: Start, code: str, names: str, hint: str) -> None:
    with pytest.raises(ImportInAgentError) as caught:
        start().call("fail", code=code)
    assert names in caught.value.message
    assert hint in caught.value.hint


def test_a_failure_says_stage_path_and_trace(start: Start) -> None:
    with pytest.raises(
        AgentError, match=r"\(load at `model\.steps\[1\]`\): ValueError: no"
    ) as caught:
        start().call("fail", code="raise ValueError('no')")
    assert 'exec(args["code"], {})' in caught.value.details["trace"]


def test_an_answer_that_is_no_json_is_an_error(start: Start) -> None:
    with pytest.raises(AgentError, match="TypeError"):
        start().call("odd")


def test_an_unknown_job_is_an_error(start: Start) -> None:
    with pytest.raises(AgentError, match="no job `nothing`"):
        start().call("nothing")


def test_two_workers_at_once(start: Start) -> None:
    workers = [start(), start()]
    seconds: list[float] = []
    threads = [
        threading.Thread(
            target=lambda w=worker: seconds.append(w.call("sleep", seconds=0.5).seconds)
        )
        for worker in workers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seconds) == 2


def test_a_worker_that_is_gone(start: Start) -> None:
    worker = start()
    os.kill(worker.call("pid").result[1], signal.SIGTERM)
    with pytest.raises(EnvironmentFailedError, match="ended"):
        worker.call("ping")


def test_closing_ends_a_running_job(start: Start) -> None:
    worker = start()
    seen: list[BaseException] = []

    def call() -> None:
        try:
            worker.call("sleep", seconds=600)
        except BaseException as error:
            seen.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    time.sleep(0.3)
    worker.close()
    thread.join(10)
    assert isinstance(seen[0], EnvironmentFailedError)


def test_it_ends_with_its_input_and_takes_its_job_along(python: str, agent: Path) -> None:
    command = [python, str(DRIVER), str(agent), "serve", "--exchange", str(agent.parent)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert "hello" in json.loads(process.stdout.readline())
        process.stdin.write(b'{"id": 1, "job"')
        process.stdin.flush()
        time.sleep(0.05)
        process.stdin.write(
            b': "pid"}\nnonsense\n{"id": 2, "job": "leave", "args": {"hang": true}}\n'
        )
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["result"][1] == process.pid
        answer = json.loads(process.stdout.readline())
        assert answer["error"]["kind"] == "ProtocolError"
        time.sleep(0.3)
        children = _below(process.pid)
        assert children
        process.stdin.close()
        assert process.wait(10) == 0
    assert all(gone(pid) for pid in children)


def _below(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                child = int(path.parent.name)
                found += [child, *_below(child)]
    return found


def test_the_same_sources_give_the_same_file(agent: Path) -> None:
    assert bundle_agent.agent_pyz() == agent.read_bytes()


def test_the_file_is_a_program(agent: Path) -> None:
    done = subprocess.run([sys.executable, str(agent)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage: agent.pyz" in done.stderr
