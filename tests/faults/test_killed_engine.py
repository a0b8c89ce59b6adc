"""An engine that is killed or stopped in the middle of everything, and what docker runs leave."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.faults.harness import TARGET, Case, Run, chosen, wait_gone
from tests.faults.pickles import and_runs
from tests.faults.private import PrivateEngine

from skmig import versions

pytestmark = [
    pytest.mark.docker,
    pytest.mark.environments,
    pytest.mark.xdist_group("faults"),
    # the SDK forgets its socket where the engine that this test has just killed does not answer
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ENDS = (signal.SIGKILL, signal.SIGTERM)

SOURCE = "1.1.0"
BUILT = "1.1.1"  # the release whose image is only built here, on the same base as SOURCE
BASE = f"python:{versions.release(BUILT).python}-slim-bookworm"


@pytest.fixture(scope="module")
def own() -> Iterator[PrivateEngine]:
    """An engine with the images of two releases, on a disk that can be filled."""
    if os.geteuid() != 0:
        pytest.skip("starting an engine needs root")
    data = Path(tempfile.mkdtemp(prefix="fd-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2500m", "tmpfs", str(data)], check=True)
    one = PrivateEngine(Path(tempfile.mkdtemp(prefix="fe-")), data)
    try:
        one.start()
        one.load((SOURCE, TARGET), BASE)
        yield one
    finally:
        one.close()
        gc.collect()  # forgotten sockets, while this module's filter stands


@pytest.fixture
def case(fitted: Path, own: PrivateEngine) -> Iterator[Case]:
    if own.process is None:
        own.start()
    one = Case(fitted / "logistic.pkl", backend="docker")
    one.variables["DOCKER_HOST"] = own.host
    yield one
    one.close()
    gc.collect()


def held(own: PrivateEngine) -> list[str]:
    """The containers and volumes in the engine."""
    with own.client() as client:
        return [
            *(one["Id"] for one in client.api.containers(all=True)),
            *(one["Name"] for one in client.api.volumes()["Volumes"] or []),
        ]


def at_line(text: str) -> Callable[[Run, PrivateEngine], None]:
    return lambda run, own: run.wait_for(text)


def at_container(run: Run, own: PrivateEngine) -> None:
    def there() -> bool:
        filters = {"label": f"skmig.pid={run.process.pid}"}
        with own.client() as client:
            return bool(client.api.containers(all=True, filters=filters))

    run.wait_until(there)


def at_event(name: str) -> Callable[[Run, PrivateEngine], None]:
    """When the engine says that it does this: events are kept, so that none is missed."""

    def wait(run: Run, own: PrivateEngine) -> None:
        seen = threading.Event()

        def listen() -> None:
            with contextlib.suppress(Exception), own.client() as client:
                for event in client.api.events(since=0, decode=True):
                    mine = any(str(run.process.pid) == value for value in labels(event))
                    if mine and event.get("Action") == name:
                        seen.set()
                        return

        def labels(event: dict[str, Any]) -> list[str]:
            return [str(one) for one in event.get("Actor", {}).get("Attributes", {}).values()]

        threading.Thread(target=listen, daemon=True).start()
        run.wait_until(seen.is_set)

    return wait


STAGES = {
    "start": at_container,
    "copy in": at_event("extract-to-dir"),
    "export": at_line("exporting "),
    "copy out": at_event("archive-path"),
    "restore": at_line("building "),
    "predict": at_line("questioning "),
}


def is_clean_failure(run: Run) -> None:
    assert run.end() == 5, run.err
    assert "hint:" in run.err
    assert "engine" in run.err or "container" in run.err, run.err
    assert "memory" not in run.err, "nobody knows that"


@pytest.mark.parametrize(
    ("stage", "number"),
    chosen(
        [("copy in", signal.SIGTERM), ("copy out", signal.SIGKILL), ("predict", signal.SIGTERM)],
        itertools.product(STAGES, ENDS),
    ),
)
def test_the_engine_goes(
    case: Case, own: PrivateEngine, stage: str, number: signal.Signals
) -> None:
    if stage.startswith("copy"):
        case.grow()
    run = case.migrate()
    STAGES[stage](run, own)
    own.end(number)
    is_clean_failure(run)
    assert not case.whole()
    assert list(case.tmp.iterdir()) == []
    assert case.processes() == []
    own.start()
    again = case.migrate()
    assert again.end() == 0, again.err
    assert case.whole()
    assert held(own) == [], "what the dead engine kept is swept"
    case.check()


@pytest.mark.parametrize("number", chosen([signal.SIGKILL], ENDS))
def test_the_engine_goes_in_a_job(case: Case, own: PrivateEngine, number: signal.Signals) -> None:
    """While a job runs in the container, for certain."""
    case.model.write_bytes(and_runs(case.model, "import time; time.sleep(3600)"))
    run = case.migrate()
    run.wait_until(lambda: in_a_job(own))
    own.end(number)
    is_clean_failure(run)
    assert list(case.tmp.iterdir()) == []
    own.start()


def in_a_job(own: PrivateEngine) -> bool:
    """Does a container run a child of its worker?"""
    with own.client() as client:
        for container in client.api.containers():
            with contextlib.suppress(Exception):
                if len(client.api.top(container["Id"])["Processes"]) >= 2:
                    return True
    return False


@pytest.mark.parametrize("number", chosen([signal.SIGKILL], ENDS))
def test_the_engine_goes_in_a_build(case: Case, own: PrivateEngine, number: signal.Signals) -> None:
    words, variables = ("build-images", BUILT, "-v"), {"SKMIG_CACHE": str(case.tmp / "c")}
    run = case.start(*words, variables=variables)
    run.wait_for("Step ")
    run.wait_until(lambda: held(own))
    own.end(number)
    is_clean_failure(run)
    own.start()
    with own.client() as client:  # as a build leaves it that is killed when it is nearly done
        client.images.get(f"skmig:{SOURCE}").tag("skmig", f"{BUILT}-building-0000dead")
    again = case.start(*words, variables=variables)
    again.wait_for("Step ")
    again.send(signal.SIGINT)
    assert again.end() == 130, again.err
    assert built_partly(own) == []
    with own.client() as client:
        left = client.api.containers(all=True)
        assert [(one["Labels"], one["State"]) for one in left] == []
    wait_gone(case.processes)


def built_partly(own: PrivateEngine) -> list[str]:
    with own.client() as client:
        return [tag for image in client.images.list() for tag in image.tags if "building" in tag]


@pytest.mark.parametrize(
    ("stage", "number"),
    chosen(
        [("start", signal.SIGINT), ("restore", signal.SIGTERM)],
        itertools.product(STAGES, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)),
    ),
)
def test_a_signal(case: Case, own: PrivateEngine, stage: str, number: signal.Signals) -> None:
    if stage.startswith("copy"):
        case.grow()
    run = case.migrate()
    STAGES[stage](run, own)
    for _ in range(3):
        run.send(number)
    assert run.end() == 128 + number, run.err
    assert not case.whole()
    case.check()
    assert held(own) == []


@pytest.mark.parametrize("stage", chosen(["export"], STAGES))
def test_sigkill_and_again(case: Case, own: PrivateEngine, stage: str) -> None:
    if stage.startswith("copy"):
        case.grow()
    other = case.start("check", case.model, "--to", TARGET, "-v")
    other.wait_for("exporting ")
    other.send(signal.SIGSTOP)
    run = case.migrate()
    STAGES[stage](run, own)
    run.send(signal.SIGKILL)
    run.end()
    again = case.migrate()
    assert again.end() == 0, again.err
    other.send(signal.SIGCONT)
    assert other.end() in (0, 1), other.err
    assert case.whole()
    case.check()
    assert held(own) == []


def test_no_room_in_the_engine(case: Case, own: PrivateEngine) -> None:
    run = case.migrate()
    filler, more = own.data / "filler", own.data / "more"
    try:
        run.wait_for("exporting ")
        fill(filler)
        assert run.end() in (0, 5), run.err
        if run.process.returncode:
            assert "no space left" in run.err.lower()
        fill(more)  # what the first run gave back when it ended
        blocked = case.migrate("--force")
        assert blocked.end() == 5
        assert "no space left on the engine's disk" in blocked.err
        assert "docker system" in blocked.err
        case.check()
        build = case.start("build-images", BUILT)
        assert build.end() == 5
        assert "hint:" in build.err
    finally:
        filler.unlink(missing_ok=True)
        more.unlink(missing_ok=True)
    case.goes_on()
    assert held(own) == []


def fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as handle, contextlib.suppress(OSError):
        for size in (1 << 24, 1 << 16, 1 << 12):
            with contextlib.suppress(OSError):
                while handle.write(bytes(size)):
                    pass


def test_out_of_memory(case: Case, own: PrivateEngine) -> None:
    case.model.write_bytes(and_runs(case.model, "x = [b'x' * (1 << 20) for _ in range(8000)]"))
    run = case.migrate("--memory", "400m")
    assert run.end() == 5, run.err
    assert "memory" in run.err
    assert "--memory" in run.err
    assert held(own) == []
    assert list(case.tmp.iterdir()) == []
