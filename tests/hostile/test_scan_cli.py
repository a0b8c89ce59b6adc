"""`skmig inspect` in CI: exit codes, folders, JSON and SARIF."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from skmig import errors
from skmig.cli.app import run
from tests.documents import checked
from tests.hostile import corpus

# the official schema, which refuses what it does not know
SARIF = Path(__file__).parent / "data" / "sarif-2.1.0.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clean model, a dangerous one, one with code of a third party, a damaged one, a text."""
    place = tmp_path / "models"
    (place / "deep ü").mkdir(parents=True)
    hostile = corpus.pickles("true")
    (place / "clean.pkl").write_bytes(pickle.dumps(StandardScaler().fit([[0.0], [1.0]])))
    (place / "deep ü" / "dangerous.joblib").write_bytes(hostile["reduce-protocol-0"])
    (place / "third.dat").write_bytes(b"cxgboost.sklearn\nXGBClassifier\n.")
    (place / "damaged.pkl").write_bytes(hostile["truncated-after-the-call"])
    (place / "notes.txt").write_text("a model of the second kind")
    return place


@pytest.mark.parametrize(
    ("name", "fail_on", "code"),
    [
        ("clean.pkl", None, 0),
        ("third.dat", None, errors.ANSWER_IS_NO),
        ("third.dat", "unknown", errors.ANSWER_IS_NO),
        ("third.dat", "dangerous", 0),
        ("third.dat", "never", 0),
        ("deep ü/dangerous.joblib", "dangerous", errors.ANSWER_IS_NO),
        ("deep ü/dangerous.joblib", "never", 0),
        ("damaged.pkl", "never", errors.UNREADABLE),
        ("", None, errors.UNREADABLE),
    ],
)
def test_exit_codes(folder: Path, name: str, fail_on: str | None, code: int) -> None:
    more = [] if fail_on is None else ["--fail-on", fail_on]
    assert run(["inspect", str(folder / name), *more]) == code


def test_a_folder_is_gone_through(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(folder), "--json"]) == errors.UNREADABLE
    captured = capsys.readouterr()
    document = checked(captured.out)
    assert not document["clean"]
    said = {Path(item["path"]).name: item["clean"] for item in document["artifacts"]}
    assert said == {"clean.pkl": True, "dangerous.joblib": False, "third.dat": False}
    (failed,) = document["failed"]
    assert Path(failed["path"]).name == "damaged.pkl"
    assert any("os.system" in cause for cause in failed["error"]["causes"])
    assert "passed over 1 files" in captured.err


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    assert run(["inspect", str(tmp_path)]) == errors.UNREADABLE


def test_arrays_beside_a_model_are_passed_over(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = folder / "old"
    place.mkdir()
    (folder / "clean.pkl").rename(place / "model.pkl")
    np.save(place / "model.pkl_01.npy", np.arange(3))
    assert run(["inspect", str(place)]) == 0
    assert "passed over 1 files" in capsys.readouterr().err
    np.save(place / "model.pkl_02.npy", np.array([corpus.Evil("true")]), allow_pickle=True)
    assert run(["inspect", str(place)]) == errors.UNREADABLE
    assert "posix.system" in capsys.readouterr().err


def test_a_clean_file_is_said_to_be_clean(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(folder / "clean.pkl"), "--json"]) == 0
    assert checked(capsys.readouterr().out)["clean"]


def sarif(document: str) -> list[dict[str, Any]]:
    """The results of a SARIF log, which is checked first."""
    log = json.loads(document)
    jsonschema.Draft202012Validator(json.loads(SARIF.read_text("utf-8"))).validate(log)
    (only,) = log["runs"]
    rules = [rule["id"] for rule in only["tool"]["driver"]["rules"]]
    for item in only["results"]:
        assert rules[item["ruleIndex"]] == item["ruleId"]
        assert item["partialFingerprints"]
    results: list[dict[str, Any]] = only["results"]
    return results


def test_sarif(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "found.sarif"
    assert run(["inspect", str(folder), "--sarif", str(place)]) == errors.UNREADABLE
    results = sarif(place.read_text("utf-8"))
    found = {
        (item["ruleId"], item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        for item in results
    }
    base = folder.as_uri()
    assert found == {
        ("skmig/dangerous", f"{base}/deep%20%C3%BC/dangerous.joblib"),
        ("skmig/unknown", f"{base}/third.dat"),
        ("skmig/unreadable", f"{base}/damaged.pkl"),
    }
    (dangerous,) = [item for item in results if item["ruleId"] == "skmig/dangerous"]
    assert dangerous["level"] == "error"
    assert dangerous["locations"][0]["physicalLocation"]["region"]["byteOffset"] == 0
    capsys.readouterr()
    assert run(["inspect", str(folder / "clean.pkl"), "--sarif", "-"]) == 0
    assert sarif(capsys.readouterr().out) == []


def test_sarif_and_json_want_one_stdout(folder: Path) -> None:
    path = str(folder / "clean.pkl")
    assert run(["inspect", path, "--json", "--sarif", "-"]) == errors.USAGE
    assert run(["inspect", path, "--sarif", str(folder / "no" / "x")]) == errors.ENVIRONMENT
