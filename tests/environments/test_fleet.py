"""A fleet on one machine: what a run does, and what a second one has left to do."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from tests.documents import checked

from skmig import fleet, record
from skmig.cli.app import run
from skmig.fleet import needed
from skmig.fleet.ledger import Ledger

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("fleet")]

TOML = """
target = "1.6.1"
backend = "local"
models = ["models"]
output = "migrated"
report = "pages"
page = "fleet.html"
junit = "fleet.xml"
"""


@pytest.fixture
def team(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with models and a skmig.toml, in which commands run."""
    shutil.copytree(small, tmp_path / "models")
    (tmp_path / "models" / "broken.pkl").write_bytes(b"nothing that pickle wrote")
    (tmp_path / "skmig.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def migrated(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """One run, by the place of each model below the folder."""
    code = run(["migrate", "--json", *words])
    said = checked(capsys.readouterr().out, "migrated_fleet")
    return code, {
        str(Path(item["place"]).relative_to(Path.cwd() / "models")): item
        for item in said["fleet"]["models"]
    }


def fresh(entries: dict[str, Any]) -> list[str]:
    return sorted(name for name, item in entries.items() if item["fresh"])


def test_only_what_is_missing_or_changed_is_done(
    team: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, first = migrated(capsys)
    assert code == 3, "one cannot be read"
    assert Counter(item["state"] for item in first.values()) == {"migrated": 12, "error": 1}
    for item in first.values():
        if item["state"] == "migrated":
            read = record.read(Path(item["record"]))
            assert record.sha256(Path(item["result"])) == item["result_sha256"]
            assert read.manifest.result.sha256 == item["result_sha256"]
            assert read.manifest.verdict == item["verdict"]
            assert Path(item["report"]).is_file()
    cases = ET.parse(team / "fleet.xml").getroot()
    assert (cases.get("tests"), cases.get("errors"), cases.get("failures")) == ("13", "1", "0")
    page = (team / "fleet.html").read_text("utf-8")
    assert "12 of 13 models migrated" in page
    assert "is not a pickle" in page
    assert "://" not in page, "it needs nothing else"

    code, second = migrated(capsys)
    assert code == 3
    assert fresh(second) == []
    assert {name: {**item, "fresh": True} for name, item in second.items()} == first

    # an output that is gone, one that is another, one whose model changed, a failure
    Path(first["1.1.3/model-00000.pkl"]["record"]).unlink()
    Path(first["1.1.3/model-00001.pkl"]["result"]).write_bytes(b"another")
    shutil.copy(team / "models/1.1.3/model-00002.pkl", team / "models/1.1.3/model-00003.pkl")
    os.utime(first["1.1.3/model-00004.pkl"]["result"])
    _code, third = migrated(capsys, "--retry-failed")
    wanted = [f"1.1.3/model-0000{number}.pkl" for number in (0, 1, 3)]
    assert fresh(third) == [*wanted, "broken.pkl"]
    for name in wanted[:2]:
        assert third[name]["essence"] == first[name]["essence"]
        assert third[name]["result_sha256"] == first[name]["result_sha256"]
    code, fourth = migrated(capsys, "--fail-on", "never")
    assert (code, fresh(fourth)) == (0, [])

    # verify follows the same file: what was made and is gone is an error
    assert run(["verify", "--json"]) == 0
    said = checked(capsys.readouterr().out, "verified")["records"]
    assert [item["ok"] for item in said] == [True] * 12
    Path(first["1.1.3/model-00005.pkl"]["record"]).unlink()
    Path(first["1.1.3/model-00004.pkl"]["result"]).unlink()
    assert run(["verify", "--json"]) == 3
    said = checked(capsys.readouterr().out, "verified")["records"]
    assert [item["ok"] for item in said] == [True] * 10 + [False] * 2
    assert said[-2]["summary"] == "the result `model-00004-1.6.1.pkl` is missing"
    assert said[-1]["error"]["kind"] == "UnreadableError"

    # other settings: everything is made anew, and what was refused is asked again
    (team / "skmig.toml").write_text(TOML + "rtol = 1e-6\n")
    _code, fifth = migrated(capsys)
    assert len(fresh(fifth)) == 13


def test_a_place_that_the_ledger_does_not_know_is_left(
    team: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (team / "skmig.toml").write_text(TOML.replace('["models"]', '["models/1.1.3/*1.pkl"]'))
    place = team / "migrated" / "model-00001-1.6.1.pkl"
    place.parent.mkdir()
    place.write_bytes(b"mine")
    code, entries = migrated(capsys)
    (entry,) = entries.values()
    assert (code, entry["error"]["kind"]) == (2, "OutputExistsError")
    assert place.read_bytes() == b"mine"
    code, entries = migrated(capsys, "--force")
    assert (code, fresh(entries)) == (0, ["1.1.3/model-00001.pkl"])
    assert place.read_bytes() != b"mine"


def test_all_are_compared_on_the_same_rows(team: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = np.random.default_rng(0).normal(size=(300, 5))
    np.savetxt(team / "rows.csv", rows, delimiter=",")
    own = TOML.replace('["models"]', '["models/1.1.3"]') + 'data = "rows.csv"\n'
    (team / "skmig.toml").write_text(own)
    code, entries = migrated(capsys)
    assert (code, len(entries)) == (0, 6)
    for item in entries.values():
        data = record.read(Path(item["record"])).manifest.data
        assert data is not None
        assert data["asked"] == 300


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [str(Path(sys.executable).with_name("skmig")), "migrate", "--json", *words]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def kept(folder: Path) -> dict[str, tuple[int, str]]:
    """Of each result: when it was written, and its digest."""
    return {
        path.name + path.parent.name: (
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in folder.rglob("*.pkl")
        if not path.name.startswith(".")
    }


def test_a_killed_run_is_taken_up(team: Path, capsys: pytest.CaptureFixture[str]) -> None:
    process = started(team)
    ledger = team / ".skmig" / "ledger.sqlite"
    while process.poll() is None and not kept(team / "migrated"):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    before = kept(team / "migrated")
    records = {path.stem for path in (team / "migrated").rglob("*.skmig")}
    assert before
    with sqlite3.connect(ledger) as connection:
        states = Counter(row[0] for row in connection.execute("SELECT state FROM models"))
    connection.close()
    assert states["running"]
    code, entries = migrated(capsys)
    assert code == 3
    assert sum(item["state"] == "migrated" for item in entries.values()) == 12
    after = kept(team / "migrated")
    assert len(after) == 12
    # what was whole with its record was not made again
    again = {name for name in before if before[name] != after[name]}
    assert all(Path(name).stem not in records for name in again)
    with Ledger(ledger) as opened:
        assert len(list(opened.entries())) == 13


def test_two_runs_at_a_time_share_the_work(team: Path) -> None:
    running = [started(team) for _ in range(2)]
    said = [checked(process.communicate()[0], "migrated_fleet") for process in running]
    entries = [{item["place"]: item for item in one["fleet"]["models"]} for one in said]
    for place in entries[0]:
        both = [one[place] for one in entries]
        assert [item["fresh"] for item in both].count(True) == 1, place
        assert {**both[0], "fresh": None} == {**both[1], "fresh": None}
    assert len(kept(team / "migrated")) == 12


def test_interrupted_it_leaves_nothing_half_done(
    team: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process = started(team)
    while process.poll() is None and not kept(team / "migrated"):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130, err
    assert checked(out, "failure")["error"]["kind"] == "Interrupted"
    code, entries = migrated(capsys)
    assert (code, len(entries)) == (3, 13)
    for item in entries.values():
        if item["state"] == "migrated":
            record.read(Path(item["record"]))


def test_plan_says_it_beforehand(team: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reduced = pickle.dumps({"no": "model"})
    (team / "models" / "empty.pkl").write_bytes(reduced)
    assert run(["plan", "--json"]) == 3
    said = checked(capsys.readouterr().out, "foreseen")["outlook"]
    would = Counter(item["would"] for item in said["models"])
    assert would == {"migrate": 12, "fail": 2}
    environments = {item["release"]: item["models"] for item in said["environments"]}
    assert environments == {"0.24.2": 6, "1.1.3": 6, "1.6.1": 12}
    assert all(item["there"] for item in said["environments"] if item["release"] != "1.6.1")
    assert not (team / "migrated").exists()
    assert not (team / ".skmig").exists(), "it writes nothing"
    named, untold = needed.releases(fleet.read(team / "skmig.toml"))
    assert named == {(): ["0.24.2", "1.1.3", "1.6.1"]}
    assert sorted(Path(place).name for place in untold) == ["broken.pkl", "empty.pkl"]
    assert run(["plan"]) == 3
    assert "12 to be migrated" in capsys.readouterr().out
