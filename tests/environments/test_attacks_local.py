"""Hostile pickles in local environments that bubblewrap confines, and what is left without it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.attacks import bench
from tests.attacks.forging import ANSWERS, FILES, PAYLOADS
from tests.attacks.lasting import ENDLESS, GREEDY, TAMPERING
from tests.attacks.reaching import ATTACKS, NETWORK, WORKER
from tests.attacks.reaching import FILES as PLACES

from skmig.adapters import chain
from skmig.agent.wire import write_bundle
from skmig.environments import confine
from skmig.environments.base import EnvironmentSpec, Limits, SilentProgress, Worker
from skmig.environments.client import AgentWorker
from skmig.environments.exchange import RunFolder
from skmig.environments.local import LocalBackend
from skmig.errors import (
    BUG,
    EnvironmentFailedError,
    SkmigError,
    TimeoutExpiredError,
    UsageError,
)
from skmig.pipeline import read_document
from skmig.versions import line

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("attacks")]

SMALL = Limits(timeout=120, memory=400 << 20, disk=200 << 20, processes=64)
LARGE = Limits(timeout=120)
Opener = Callable[..., Worker]


@pytest.fixture(scope="module")
def confined() -> Iterator[None]:
    """bubblewrap, or the test is skipped."""
    if shutil.which("bwrap") is None and not os.environ.get("SKMIG_REQUIRE_BUBBLEWRAP"):
        pytest.skip("no bubblewrap: `make bubblewrap`")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(confine.VARIABLE, "bwrap")
        yield


@pytest.fixture(scope="module")
def opener(confined: None) -> Iterator[Opener]:
    """Gives the worker of some limits, another one where the last was ended."""
    opened: dict[tuple[str, Limits], Any] = {}

    def give(limits: Limits, release: str = line()[-1]) -> Worker:
        found = opened.get((release, limits))
        if found is None or found.closed:
            spec = EnvironmentSpec(release=release)
            found = LocalBackend().worker(spec, limits, SilentProgress())
            opened[release, limits] = found
        return found  # type: ignore[no-any-return]

    yield give
    for worker in opened.values():
        worker.close()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bench.Host]:
    with bench.host(tmp_path_factory.mktemp("host")) as opened:
        yield opened


@pytest.fixture(scope="module")
def another(opener: Opener, host: bench.Host) -> Worker:
    worker = opener(Limits(timeout=61))
    worker.put(host.facts["name"], host.secret.encode())
    return worker


@pytest.mark.parametrize("release", [line()[0], line()[-1]], ids=["oldest", "newest"])
@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ATTACKS])
def test_nothing_is_reached(
    opener: Opener, another: Worker, host: bench.Host, tmp_path: Path, release: str, code: str
) -> None:
    worker = opener(LARGE, release)
    seen = bench.reached(worker, code, host.facts, tmp_path)
    assert seen["got"] is None, seen
    assert host.knocks == []
    assert bench.survives(worker)
    assert host.facts["name"] in another.call("ping").result["exchange"]


@pytest.mark.parametrize("name", ENDLESS)
def test_time_is_limited(opener: Opener, host: bench.Host, name: str) -> None:
    worker = opener(Limits(timeout=2))
    assert isinstance(bench.attack(worker, ENDLESS[name], host.facts), TimeoutExpiredError)
    assert bench.survives(worker)


@pytest.mark.parametrize("name", GREEDY)
def test_what_it_takes_is_limited(opener: Opener, host: bench.Host, name: str) -> None:
    code, says = GREEDY[name]
    error = bench.attack(opener(SMALL), code, host.facts)
    assert re.search(says, error.message), error
    assert bench.survives(opener(SMALL))


@pytest.mark.parametrize("release", [line()[0], line()[-1]], ids=["oldest", "newest"])
def test_the_next_job_finds_the_place_as_new(
    opener: Opener, host: bench.Host, tmp_path: Path, release: str
) -> None:
    bench.is_as_new(opener(LARGE, release), host.facts, tmp_path)


@pytest.mark.parametrize("name", sorted(TAMPERING)[::2])  # a start each; the others: in docker
def test_what_it_may_only_read_is_watched(opener: Opener, host: bench.Host, name: str) -> None:
    bench.is_noticed(opener(LARGE), name, host.facts)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_forged_answer_is_none(opener: Opener, host: bench.Host, name: str) -> None:
    bench.is_no_answer(opener(LARGE), name, host.facts)


@pytest.mark.parametrize("name", FILES)
def test_only_a_file_comes_out(opener: Opener, host: bench.Host, tmp_path: Path, name: str) -> None:
    bench.is_no_file(opener(LARGE), name, host.facts, tmp_path)


def carry_over(bundle: Path, target: Worker) -> None:
    """What a migration does with a payload, from the source to the target."""
    adapted = chain.adapt(read_document(bundle, "model"), line()[-2], line()[-1])
    write_bundle(str(bundle), {"model": adapted.graph})
    target.put("adapted.skmig", bundle)
    target.call(
        "restore", bundle="adapted.skmig", document="model", out="made.pkl", format="pickle"
    )


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_forged_payload_is_refused(
    opener: Opener, host: bench.Host, tmp_path: Path, name: str
) -> None:
    """It is said to be well, and is refused by the host that reads it, or by the target."""
    source, target = opener(LARGE), opener(Limits(timeout=61))
    source.put("model.pkl", bench.that_attacks(PAYLOADS[name], host.facts))
    source.call("export", artifact="model.pkl", out="seen.json")
    source.get("seen.json", tmp_path / "forged.skmig")
    with pytest.raises(SkmigError) as caught:
        carry_over(tmp_path / "forged.skmig", target)
    assert caught.value.code != BUG
    assert bench.survives(target)
    assert not Path("/tmp/planted").exists()


# ------------------------------------------------------------------ without
OPEN = {
    "none": [
        NETWORK["tcp to the host"],
        NETWORK["an abstract socket of the host"],
        PLACES["a file of the host"],
        PLACES["what other workers have"].replace('"/"', 'os.path.dirname(facts["path"])'),
    ],
    "unshare": [PLACES["a file of the host"]],
}
CLOSED = {
    # from root, nothing is hidden
    "none": [WORKER["the descriptors of the worker"].replace("processes()", "[os.getppid()]")]
    if os.geteuid()
    else [],
    "unshare": [
        *(code for name, code in NETWORK.items() if name != "the engine's socket"),
        *(code for name, code in WORKER.items() if name != "being spared when memory is short"),
    ],
}


@pytest.mark.parametrize("how", ["none", "unshare"])
def test_what_less_confinement_lets_through(
    monkeypatch: pytest.MonkeyPatch, host: bench.Host, tmp_path: Path, how: str
) -> None:
    """The attacks are real: what stops them is the confinement, and SECURITY.md says which."""
    monkeypatch.setenv(confine.VARIABLE, how)
    try:
        worker = LocalBackend().worker(EnvironmentSpec(release=line()[-1]), LARGE, SilentProgress())
    except EnvironmentFailedError as error:
        pytest.skip(str(error.causes))
    (host.path.parent / host.facts["name"]).write_text("")
    try:
        assert worker.hello["confinement"] == how
        for code in OPEN[how]:
            assert bench.reached(worker, code, host.facts, tmp_path)["got"], code
        host.knocks.clear()
        for code in CLOSED[how]:
            seen = bench.reached(worker, code, host.facts, tmp_path)
            assert seen["got"] is None, (code, seen)
        assert host.knocks == []
        assert bench.survives(worker)
    finally:
        worker.close()


def test_a_link_under_the_name_of_an_input_is_not_written_through(
    monkeypatch: pytest.MonkeyPatch, host: bench.Host
) -> None:
    monkeypatch.setenv(confine.VARIABLE, "none")
    worker = LocalBackend().worker(EnvironmentSpec(release=line()[-1]), LARGE, SilentProgress())
    try:
        assert isinstance(worker, AgentWorker)
        assert isinstance(worker._exchange, RunFolder)
        (worker._exchange.files / "next.pkl").symlink_to(host.path)
        worker.put("next.pkl", b"I0\n.")
    finally:
        worker.close()
    assert host.path.read_text() == host.secret


def test_what_is_demanded_is_had_or_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(confine.VARIABLE, "sandbox")
    with pytest.raises(UsageError, match="SKMIG_CONFINE is `sandbox`"):
        confine.chosen()
    monkeypatch.setenv("PATH", str(tmp_path))
    confine._fails.cache_clear()
    try:
        monkeypatch.setenv(confine.VARIABLE, "bwrap")
        with pytest.raises(EnvironmentFailedError, match="cannot be confined by `bwrap`"):
            confine.chosen()
        monkeypatch.delenv(confine.VARIABLE)
        assert confine.chosen() == "none"
    finally:
        confine._fails.cache_clear()
