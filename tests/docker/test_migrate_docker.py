"""The whole path in containers: the same result, a real sandbox, and nothing left."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import FITTED_BY
from tests.environments.test_check import UNSTEADY, fit
from tests.environments.test_migrate import TARGET, Run, interrupted, loaded

from skmig import errors, record
from skmig.agent import inline
from skmig.cli.app import run
from skmig.environments import engine

pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("images")]


@pytest.fixture
def skmig(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Whatever a test does, no container and no volume of ours outlives it."""
    yield
    client = engine.connect()
    filters = {"label": "skmig.pid"}
    found = client.api.containers(all=True, filters=filters)
    found += client.api.volumes(filters=filters)["Volumes"] or []
    client.close()
    owners = [int(item["Labels"]["skmig.pid"]) for item in found]
    # others may use the same engine meanwhile
    assert not [pid for pid in owners if pid == os.getpid() or not Path(f"/proc/{pid}").exists()]


def test_a_model_moves_and_is_verified(fitted: Path, skmig: Run, tmp_path: Path) -> None:
    result = tmp_path / "logistic.pkl"
    words = ("--to", TARGET, "-o", result, "--compare-naive")
    code, said = skmig("migrate", fitted / "logistic.pkl", *words, backend="docker")
    assert code == errors.MIGRATED, said
    manifest = record.read(result.with_suffix(".skmig")).manifest
    assert manifest.source_environment.backend == manifest.target_environment.backend == "docker"
    assert manifest.naive
    assert loaded(result) == f"{TARGET} [0]"
    code, said = skmig("verify", result, backend="docker")
    assert (code, said[:5]) == (errors.MIGRATED, "yes: ")


def test_many_models_share_a_container_and_not_their_files(
    fitted: Path, skmig: Run, tmp_path: Path
) -> None:
    """Small files travel with the requests; one that is too large for that is copied."""
    folder, large = tmp_path / "models", tmp_path / "large.pkl"
    folder.mkdir()
    # what follows a pickle's end is not read, but it is copied
    large.write_bytes((fitted / "logistic.pkl").read_bytes() + b"\n" * (inline.MOST + 1))
    for number in range(4):
        shutil.copy(fitted / "logistic.pkl", folder / f"{number}.pkl")
    shutil.copy(large, folder / "large.pkl")
    code, said = skmig("migrate", folder, "--to", TARGET, "-o", tmp_path / "out", backend="docker")
    assert code == errors.MIGRATED, said
    alone = tmp_path / "alone.pkl"
    words = ("--to", TARGET, "-o", alone)
    code, said = skmig("migrate", fitted / "logistic.pkl", *words, backend="docker")
    assert code == errors.MIGRATED, said
    results = sorted((tmp_path / "out").glob("*.pkl"))
    assert [place.stem for place in results] == [
        *(f"{number}-{TARGET}" for number in range(4)),
        f"large-{TARGET}",
    ]
    assert {place.read_bytes() for place in results} == {alone.read_bytes()}


def test_a_process_that_ends_is_an_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = UNSTEADY.replace("{home}", FITTED_BY)
    for mode, begin in (
        ("load-crash", "it does not load: the process is ended by signal 11"),
        ("predict-crash", "it loads, and crashes at predict: the process is ended by signal 11"),
    ):
        fit(tmp_path, FITTED_BY, script, mode, name="unsteady.py")
        words = ["--to", TARGET, "--from", FITTED_BY, "--code", str(tmp_path / "unsteady.py")]
        path = str(tmp_path / f"{mode}.pkl")
        assert run(["check", path, *words, "--backend", "docker", "--json"]) == errors.ANSWER_IS_NO
        assert json.loads(capsys.readouterr().out)["check"]["sentence"].startswith(begin)


def test_what_a_file_does_stays_in_the_sandbox(fitted: Path, skmig: Run, tmp_path: Path) -> None:
    result = tmp_path / "harmful.pkl"
    words = ("--to", TARGET, "-o", result)
    code, said = skmig("migrate", fitted / "harmful.pkl", *words, backend="docker")
    assert code == errors.MIGRATED, said
    assert "posix.system" in said
    assert not (fitted / "harmed").exists()
    assert b"posix" not in result.read_bytes()
    assert b"touch" not in result.read_bytes()


def test_too_little_memory(fitted: Path, skmig: Run, tmp_path: Path) -> None:
    words = ("--to", TARGET, "-o", tmp_path / "out.pkl", "--memory", "64m")
    code, said = skmig("migrate", fitted / "logistic.pkl", *words, backend="docker")
    assert code == errors.ENVIRONMENT
    assert "memory" in said
    assert list(tmp_path.iterdir()) == []


def test_no_engine(
    fitted: Path, skmig: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    words = ("--to", TARGET, "-o", tmp_path / "out.pkl")
    code, said = skmig("migrate", fitted / "logistic.pkl", *words, backend="docker")
    assert code == errors.ENVIRONMENT
    assert "--backend local" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "ends"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_an_interruption_leaves_nothing(
    number: signal.Signals, ends: int, fitted: Path, tmp_path: Path
) -> None:
    model, slow = tmp_path / "model.pkl", tmp_path / "slow.py"
    shutil.copy(fitted / "logistic.pkl", model)
    slow.write_text("import time\ntime.sleep(300)\n")
    words = ["migrate", str(model), "--to", TARGET, "--backend", "docker", "--code", str(slow)]
    code, said, left = interrupted(words, number, tmp_path)
    assert code == ends
    assert json.loads(said)["error"]["kind"] == "Interrupted"
    assert left == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.pkl", "slow.py", "temporary"]
