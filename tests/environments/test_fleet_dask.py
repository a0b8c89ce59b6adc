"""The same fleet on a Dask cluster: real processes, one of which is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.bucket import served
from tests.clusters import Processes, program
from tests.documents import checked

from skmig.fleet.ledger import Ledger

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("fleet")]

TOML = """
target = "1.6.1"
backend = "local"
models = ["models"]
output = "migrated"
report = "pages"
"""
# what tells when and where something was done, and the digest of the record that says it
PASSING = {"seconds": 0, "finished": "", "worker": "", "fresh": False, "record_sha256": ""}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Processes]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    processes = Processes(folder)
    try:
        processes.worker()
        processes.worker()
        yield processes
    finally:
        processes.close()


@pytest.fixture
def team(small: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "team"
    shutil.copytree(small, folder / "models")
    (folder / "models" / "broken.pkl").write_bytes(b"nothing that pickle wrote")
    (folder / "skmig.toml").write_text(TOML)
    return folder


def started(folder: Path, *words: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [program("skmig"), "migrate", "--json", *words],
        cwd=folder,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, Any]]]:
    out, err = process.communicate()
    assert "Traceback" not in err, err
    return process.returncode, checked(out, "migrated_fleet")["fleet"]["models"]


def rows(folder: Path) -> list[dict[str, Any]]:
    """What the ledger says, without what passes."""
    with Ledger(folder / ".skmig" / "ledger.sqlite") as ledger:
        return [item.as_json() | PASSING for item in ledger.entries()]


def whole(folder: Path) -> dict[Path, int]:
    """The pairs that are whole, and when their records were written."""
    return {
        path: path.stat().st_mtime_ns
        for path in folder.rglob("*.skmig")
        if not path.name.startswith(".") and path.with_suffix(".pkl").exists()
    }


def test_with_a_worker_killed_it_is_the_same(team: Path, cluster: Processes) -> None:
    code, alone = ended(started(team))
    assert code == 3
    assert sum(item["state"] == "migrated" for item in alone) == 12
    kept = rows(team)
    digests = {item["result"]: item["result_sha256"] for item in alone}
    for name in ("migrated", "pages", ".skmig"):
        shutil.rmtree(team / name)

    process = started(team, "--scheduler", cluster.address)
    while process.poll() is None and not whole(team / "migrated"):
        time.sleep(0.01)
    os.kill(cluster.workers[0].pid, signal.SIGKILL)
    before = whole(team / "migrated")
    assert process.poll() is None, "it was killed in the middle"
    code, entries = ended(process)
    assert code == 3
    assert rows(team) == kept
    assert {item["result"]: item["result_sha256"] for item in entries} == digests
    assert {item["worker"] for item in entries if item["fresh"]} >= {"worker1"}
    after = whole(team / "migrated")
    assert len(after) == 12
    assert {path: after[path] for path in before} == before, "nothing is done twice"
    assert not list(team.rglob(".skmig-shared-*"))

    # everything is done: no cluster is wanted
    code, entries = ended(started(team, "--scheduler", "tcp://127.0.0.1:1"))
    assert (code, [item for item in entries if item["fresh"]]) == (3, [])


def test_results_are_sent_back_where_nothing_is_shared(small: Path, tmp_path: Path) -> None:
    """The models lie in a store; the folder of the results is not that of the workers."""
    team, elsewhere = tmp_path / "team", tmp_path / "cluster"
    team.mkdir()
    elsewhere.mkdir()
    with served() as variables:
        script = (
            "import sys; from pathlib import Path; from skmig import storage; "
            "[storage.store(p, 's3://models/' + p.name, storage.digest(str(p)))"
            " for p in map(Path, sys.argv[1:])]"
        )
        paths = [str(small / f"1.1.3/model-0000{number}.pkl") for number in range(2)]
        environment = {**os.environ, **variables}
        subprocess.run([sys.executable, "-c", script, *paths], check=True, env=environment)
        processes = Processes(elsewhere, **variables)
        try:
            processes.worker()
            # a folder that only this process can see
            words = ["s3://models/", "--to", "1.6.1", "--backend", "local"]
            words += ["-o", "/proc/self/cwd/out", "--scheduler", processes.address]
            code, entries = ended(started(team, *words, **variables))
        finally:
            processes.close()
    assert code == 0
    assert [item["worker"] for item in entries] == ["worker0", "worker0"]
    assert len(whole(team / "out")) == 2
    assert not list(elsewhere.rglob("*.skmig"))


def test_no_scheduler_answers(team: Path) -> None:
    process = started(team, "--scheduler", "tcp://127.0.0.1:1")
    out, err = process.communicate()
    assert "Traceback" not in err
    said = checked(out, "failure")["error"]
    assert (process.returncode, said["exit_code"]) == (5, 5)
    assert "there is no Dask cluster" in said["message"]


def test_processes_of_this_machine(team: Path) -> None:
    (team / "skmig.toml").write_text(TOML.replace('["models"]', '["models/*/*-00000.pkl"]'))
    code, entries = ended(started(team, "--engine", "dask", "--jobs", "1"))
    assert code == 0
    assert [item["state"] for item in entries] == ["migrated"] * 2
    assert all(item["worker"] for item in entries)
