"""The schema of what `--json` prints, held against what is printed."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sklearn.linear_model import LogisticRegression
from tests import records
from tests.documents import checked, schema

from skmig import errors, record
from skmig.cli.app import run
from skmig.parity import MethodParity, Verdict

DOCS = Path(__file__).parents[2] / "docs" / "report.md"
FORMS = [item["$ref"].rpartition("/")[2] for item in schema()["anyOf"]]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(LogisticRegression().fit([[0.0], [1.0]], [0, 1])))
    return path


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


def test_every_form_is_described() -> None:
    text = DOCS.read_text("utf-8")
    for form in FORMS:
        assert schema()["$defs"][form]["description"]
        assert f"`{form}`" in text


def test_the_manifest_is_described_wholly() -> None:
    described = schema()["$defs"]["manifest"]
    names = {field.name for field in dataclasses.fields(record.Manifest)}
    assert set(described["properties"]) == names == set(described["required"])
    move = schema()["$defs"]["move"]["properties"]
    assert set(move) == set(records.MOVE)


def test_methods_and_verdicts_are_described_wholly() -> None:
    names = {field.name for field in dataclasses.fields(MethodParity)} | {"ok"}
    assert set(schema()["$defs"]["method"]["properties"]) == names
    assert schema()["$defs"]["verdict"]["enum"] == [item.value for item in Verdict]
    codes = schema()["$defs"]["error"]["properties"]["exit_code"]["enum"]
    assert codes == [code for code in errors.EXIT_CODES if code]


@pytest.mark.parametrize(
    ("words", "form"),
    [
        (["inspect", "FILE"], "inspected"),
        (["inspect", "FILE", "BROKEN"], "inspected"),
        (["inspect", "BROKEN"], "failure"),
        (["migrate", "FILE", "--from", "1.1.0", "--to", "1.6.1", "--dry-run"], "planned"),
        (["migrate", "FILE", "BROKEN", "--to", "1.6.1", "--dry-run"], "planned"),
        (["migrate", "FILE", "--to", "1.6.1", "--bogus"], "failure"),
        (["migrate", "FILE", "BROKEN", "--to", "1.6.1", "--report", "FILE"], "failure"),
        (["report", "RECORD"], "reported"),
        (["report", "RECORD", "--html", "FOLDER/new.html"], "reported"),
        (["report", "FILE"], "failure"),
        (["verify", "RECORD"], "verified"),
        (["verify", "FOLDER/none"], "failure"),
        (["support", "SVC"], "supported"),
        (["support"], "supported"),
        (["agent", "-o", "FOLDER/agent.pyz"], "agent"),
        (["doctor"], "looked"),
        (["watch", "RECORD"], "failure"),
        (["check-models", "FILE", "--lock", "FOLDER/gone.lock"], "failure"),
        (["check-models", "FILE", "--lock", "LOCK"], "models_checked"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_what_is_printed_is_what_is_described(
    words: list[str], form: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = model.parent
    (folder / "broken.pkl").write_bytes(b"no model")
    (folder / "none").mkdir()
    (folder / "requirements.txt").write_text("scikit-learn==1.6.1")
    names = {
        "FILE": str(model),
        "BROKEN": str(folder / "broken.pkl"),
        "LOCK": str(folder / "requirements.txt"),
        "RECORD": str(records.written(folder)),
    }
    argv = [names.get(word, word.replace("FOLDER", str(folder))) for word in words]
    run([*argv, "--json"])
    checked(capsys.readouterr().out, form)


def test_the_schema_can_say_no() -> None:
    for text in ("{}", '{"schema_version": 1, "ok": true}', '{"schema_version": 2, "ok": false}'):
        with pytest.raises(AssertionError, match=r"^\$"):
            checked(text)


def test_a_failure_says_the_version_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migrate", "nope.pkl", "--to", "1.6.1", "--json"]) == errors.UNREADABLE
    document: dict[str, Any] = checked(capsys.readouterr().out, "failure")
    assert document["schema_version"] == 1
