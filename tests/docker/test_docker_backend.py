"""Workers in real containers: the round trip, what they cannot do, and that nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.environments.artifacts import that_runs

from skmig.environments import bundle_agent, choose, engine, leftovers
from skmig.environments.base import Backend, EnvironmentSpec, Limits, SilentProgress, Worker
from skmig.environments.recipes import recipe
from skmig.errors import (
    AgentError,
    EngineError,
    EnvironmentFailedError,
    OutOfMemoryError,
    TimeoutExpiredError,
)

pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("images")]

SPEC = EnvironmentSpec(release="1.6.1")
MINE = {"label": f"skmig.pid={os.getpid()}"}

SAYS_WHAT_IT_CAN = """
import json, os, socket, sys
def can(action):
    try:
        action()
    except Exception as error:
        return type(error).__name__
    return "yes"
exchange = sys.argv[-1]
seen = {
    "uid": os.getuid(),
    "root": can(lambda: open("/new", "w")),
    "agent": can(lambda: open(sys.argv[0], "w")),
    "beside": can(lambda: open(os.path.dirname(sys.argv[0]) + "/new", "w")),
    "network": can(lambda: socket.create_connection(("192.0.2.1", 80), 2)),
    "interfaces": [name for _, name in socket.if_nameindex()],
    "tmp": can(lambda: open("/tmp/new", "w")),
    "status": open("/proc/self/status").read(),
    "environ": dict(os.environ),
}
with open(os.path.join(exchange, "seen.json"), "w") as handle:
    json.dump(seen, handle)
os._exit(0)
"""


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    client = engine.connect()
    yield client
    client.close()


@pytest.fixture(scope="module")
def backend() -> Backend:
    return choose.backend("docker", SilentProgress())


@pytest.fixture(scope="module")
def worker(backend: Backend, client: Any) -> Iterator[Worker]:
    worker = backend.worker(SPEC, Limits(timeout=60), SilentProgress())
    yield worker
    worker.close()
    worker.close()
    assert left(client) == []


def left(client: Any, filters: dict[str, str] = MINE) -> list[str]:
    """The containers and volumes of this process."""
    return [
        *(one["Id"] for one in client.api.containers(all=True, filters=filters)),
        *(one["Name"] for one in client.api.volumes(filters=filters)["Volumes"] or []),
    ]


def test_an_environment_is_what_its_lock_says(backend: Backend, worker: Worker) -> None:
    assert backend.has(SPEC)
    assert backend.sandboxed
    assert worker.hello["sandboxed"] is True
    assert worker.hello["sklearn"] == SPEC.release
    pins = recipe(SPEC).pins
    assert {name: worker.hello["packages"].get(name) for name in pins} == dict(pins)


def test_files_go_in_and_out(worker: Worker, tmp_path: Path) -> None:
    content = os.urandom(3_000_001)
    (tmp_path / "a file.bin").write_bytes(content)
    (tmp_path / "code" / "inner").mkdir(parents=True)
    (tmp_path / "code" / "inner" / "module.py").write_text("")
    worker.put("a file.bin", tmp_path / "a file.bin")
    worker.put("é", b"")
    worker.put("code", tmp_path / "code")
    assert {"a file.bin", "é", "code"} <= set(worker.call("ping").result["exchange"])
    worker.get("a file.bin", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content
    with pytest.raises(EnvironmentFailedError, match="left no file `nothing`"):
        worker.get("nothing", tmp_path / "nothing")
    with pytest.raises(EnvironmentFailedError, match="out of a container failed"):
        worker.get("code", tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_long_lines_survive_the_frames(worker: Worker) -> None:
    text = "äx" * 500_000
    assert worker.call("ping", text=text).result["args"] == {"text": text}


def test_an_artifact_can_do_nothing_outside(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.put("model.pkl", that_runs(SAYS_WHAT_IT_CAN))
    with suppress(AgentError):  # it is no model
        worker.call("export", artifact="model.pkl", out="seen.json")
    worker.get("seen.json", tmp_path / "seen.json")
    seen = json.loads((tmp_path / "seen.json").read_text())
    status = dict(line.split(":\t", 1) for line in seen["status"].splitlines())
    assert seen["uid"] != 0
    assert seen["root"] == "OSError"
    assert seen["agent"] == "PermissionError"
    assert seen["beside"] == "PermissionError"
    assert seen["network"] == "OSError"
    assert seen["interfaces"] == ["lo"]
    assert seen["tmp"] == "yes"
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert not set(os.environ.get("PATH", "").split(os.pathsep)) <= set(seen["environ"].values())


def test_a_crash_is_an_answer(worker: Worker) -> None:
    worker.put("model.pkl", that_runs("import ctypes; ctypes.string_at(0)"))
    with pytest.raises(AgentError, match="SIGSEGV"):
        worker.call("export", artifact="model.pkl", out="out.skmig")
    assert worker.call("ping").result["args"] == {}


def test_limits_of_time_and_memory(backend: Backend, client: Any) -> None:
    worker = backend.worker(SPEC, Limits(timeout=5, memory=300 << 20), SilentProgress())
    try:
        worker.put("slow.pkl", that_runs("import time; time.sleep(600)"))
        with pytest.raises(TimeoutExpiredError, match="not finished after 5 s"):
            worker.call("export", artifact="slow.pkl", out="out.skmig")
        worker.put("big.pkl", that_runs("x = b'x' * (1 << 30)"))
        with pytest.raises(OutOfMemoryError, match=r"ran out of memory|was killed"):
            worker.call("export", artifact="big.pkl", out="out.skmig")
    finally:
        worker.close()


def test_a_container_that_is_gone(backend: Backend, client: Any) -> None:
    before = set(left(client))
    worker = backend.worker(SPEC, Limits(), SilentProgress())
    (container,) = (
        one["Id"]
        for one in client.api.containers(all=True, filters=MINE)
        if one["Id"] not in before
    )
    client.api.kill(container, signal="KILL")
    with pytest.raises(EnvironmentFailedError, match="the worker in the container"):
        worker.call("ping")
    assert set(left(client)) == before


RUN = """
from skmig.environments.base import EnvironmentSpec, Limits, SilentProgress
from skmig.environments.choose import backend
worker = backend("docker", SilentProgress()).worker(
    EnvironmentSpec(release={release!r}), Limits(), SilentProgress()
)
worker.put("model.pkl", {artifact!r})
print("ready", flush=True)
worker.call("export", artifact="model.pkl", out="out.skmig")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_an_ended_run(client: Any, number: signal.Signals) -> None:
    code = RUN.format(release=SPEC.release, artifact=that_runs("import time; time.sleep(600)"))
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        mine = {"label": f"skmig.pid={run.pid}"}
        assert len(left(client, mine)) == 2
        run.send_signal(number)
        run.communicate(timeout=60)
    if number is signal.SIGKILL:
        assert left(client, mine)
        leftovers.sweep(client)
    assert left(client, mine) == []


def test_the_sweep_spares_the_living(client: Any, worker: Worker) -> None:
    leftovers.sweep(client)
    assert worker.call("ping").result["args"] == {}


def test_without_an_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    said = SilentProgress()
    assert choose.backend("auto", said).name == "local"
    assert "no sandbox" in said.said[0]
    with pytest.raises(EngineError):
        choose.backend("docker", said)


def test_the_agent_is_not_in_the_image(client: Any) -> None:
    tag = f"skmig:{recipe(SPEC).tag}"
    said = client.containers.run(
        tag, ["python", "-c", "import os; print(os.path.exists('/skmig'))"], remove=True
    )
    assert said == b"False\n", f"{bundle_agent.NAME} comes with the job"
