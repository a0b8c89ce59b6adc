"""Hostile pickles in real containers: nothing outside is reached, and all of it is said."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.attacks import bench
from tests.attacks.forging import ANSWERS, FILES, PAYLOADS, WORDS
from tests.attacks.lasting import ENDLESS, GREEDY, TAMPERING
from tests.attacks.reaching import ATTACKS

from skmig.environments import choose
from skmig.environments.base import Backend, EnvironmentSpec, Limits, SilentProgress, Worker
from skmig.errors import TimeoutExpiredError

pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("images")]

SPEC = EnvironmentSpec(release="1.6.1")
SMALL = Limits(timeout=120, memory=400 << 20, disk=200 << 20, processes=64)
Opener = Callable[[Limits], Worker]


@pytest.fixture(scope="module")
def backend() -> Backend:
    return choose.backend("docker", SilentProgress())


@pytest.fixture(scope="module")
def opener(backend: Backend) -> Iterator[Opener]:
    """Gives the worker of some limits, another one where the last was ended."""
    opened: dict[Limits, Any] = {}

    def give(limits: Limits) -> Worker:
        found = opened.get(limits)
        if found is None or found.closed:
            found = opened[limits] = backend.worker(SPEC, limits, SilentProgress())
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
    """A second worker at the same time, with a file that is none of the first one's business."""
    worker = opener(Limits(timeout=61))
    worker.put(host.facts["name"], host.secret.encode())
    return worker


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in ATTACKS])
def test_nothing_is_reached(
    opener: Opener, another: Worker, host: bench.Host, tmp_path: Path, code: str
) -> None:
    worker = opener(Limits(timeout=120))
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


def test_a_flood_of_words_is_cut(opener: Opener, host: bench.Host) -> None:
    code = "text = b'x' * (1 << 20)\nfor _ in range(1000): os.write(1, text)\nos._exit(7)"
    error = bench.attack(opener(Limits(timeout=120)), code, host.facts)
    assert len(error.details["log"]) <= 8192  # type: ignore[attr-defined]


def test_the_next_job_finds_the_place_as_new(
    opener: Opener, host: bench.Host, tmp_path: Path
) -> None:
    bench.is_as_new(opener(Limits(timeout=120)), host.facts, tmp_path)


@pytest.mark.parametrize("name", sorted(TAMPERING)[1::2])  # a start each; the others: locally
def test_what_it_may_only_read_is_watched(opener: Opener, host: bench.Host, name: str) -> None:
    bench.is_noticed(opener(Limits(timeout=120)), name, host.facts)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_forged_answer_is_none(opener: Opener, host: bench.Host, name: str) -> None:
    bench.is_no_answer(opener(Limits(timeout=120)), name, host.facts)


@pytest.mark.parametrize("name", FILES)
def test_only_a_file_comes_out(opener: Opener, host: bench.Host, tmp_path: Path, name: str) -> None:
    bench.is_no_file(opener(Limits(timeout=120)), name, host.facts, tmp_path)


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """`skmig migrate` of a hostile file, as a user runs it."""
    artifact = folder / "model.pkl"
    # an estimator with the attack among its attributes, or the scan says that it is no model
    head = b"csklearn.linear_model._ridge\nRidge\n)R}(V_sklearn_version\nV1.6.1\nValpha\n"
    artifact.write_bytes(head + bench.that_attacks(code, {})[:-1] + b"ub.")
    digest = hashlib.sha256(artifact.read_bytes()).digest()
    program = str(Path(sys.executable).with_name("skmig"))
    command = [program, "migrate", str(artifact), "--backend", "docker"]
    done = subprocess.run(
        [*command, "--from", "1.6.1", "--to", "1.3.0", "--color", "always"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert hashlib.sha256(artifact.read_bytes()).digest() == digest
    assert list(folder.iterdir()) == [artifact], "nothing is written"
    assert "error:" in done.stderr, done
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("name", ["a call", "other places"])
def test_a_forged_payload_is_refused(tmp_path: Path, name: str) -> None:
    done = run(tmp_path, PAYLOADS[name])
    assert done.returncode in (1, 3, 4, 6), done.stderr


def test_its_words_are_only_words(tmp_path: Path) -> None:
    done = run(tmp_path, f"raise ValueError({WORDS!r})")
    assert done.returncode == 6
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr)  # our own colours
    assert "title" in said
    assert not [c for c in set(said) if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]
    assert not re.search(r"^\s*::|##\[", said, re.MULTILINE)
    assert "\x1b[31mred" not in done.stderr
    assert done.stdout == ""
