"""The user's own data, from a file to a verdict, in local environments."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skmig import errors, record
from skmig.cli.app import run

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("migrate")]

TARGET = "1.6.1"


class Run:
    """One command line: its exit code, and what it said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *words: str | Path) -> tuple[int, str]:
        code = run([*map(str, words), "--backend", "local"])
        out, err = self.capsys.readouterr()
        assert "Traceback" not in err
        return code, out + err

    def json(self, *words: str | Path) -> tuple[int, dict[str, Any]]:
        code = run([*map(str, words), "--backend", "local", "--json"])
        return code, json.loads(self.capsys.readouterr().out)


@pytest.fixture
def skmig(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


@pytest.fixture
def models(fitted: Path, tmp_path: Path) -> Path:
    """A copy of the fitted models that a test may write to."""
    return Path(shutil.copytree(fitted, tmp_path / "models"))


CASES = [
    ("logistic.pkl", "good.csv", "1,2,3,4\n5,6,7,8\n", ""),
    ("logistic.pkl", "few.csv", "1,2,3\n", "3 columns, the model was fitted on 4"),
    ("logistic.pkl", "bad.csv", "a,b,c,d\n1,2,3,4\n1,2,3,x\n", "holds text: `x` in row 3"),
    ("logistic.pkl", "text.txt", "hello\nworld\n", "refuses the data of `text.txt`"),
    ("logistic.pkl", "data.xls", "1", "kind that cannot be read"),
    ("table.pkl", "more.csv", "town,x,age\na,1,20\nc,2,30\n", ""),
    ("table.pkl", "bad.csv", "city,age\na,20\n", "lacks column `town`"),
    ("texts.pkl", "good.csv", "text\nhello day\nbad\n", ""),
    ("texts.pkl", "two.csv", "text,more\nhello,2\n", "takes documents"),
]


@pytest.mark.parametrize(("name", "file", "content", "wrong"), CASES)
def test_data_of_the_user(
    name: str, file: str, content: str, wrong: str, models: Path, skmig: Run
) -> None:
    (models / file).write_text(content)
    words = ("--to", TARGET, "--data", models / file, "-o", models / "out.pkl")
    code, said = skmig("migrate", models / name, *words)
    if wrong:
        assert code == errors.UNREADABLE
        assert wrong in said
        assert not (models / "out.pkl").exists()
    else:
        assert code == 0
        assert f"On 2 rows of `{file}`: " in said
        assert "probes        model: 2 rows" not in said


@pytest.fixture
def many(models: Path) -> Path:
    """Many rows for the model of the irises; one of them is not a number."""
    rows = np.random.default_rng(0).normal(3, 2, (3000, 4))
    rows[1234, 2] = np.nan
    np.savetxt(models / "many.csv", rows, delimiter=",", fmt="%.17g")
    return models / "many.csv"


def test_the_record_holds_what_was_found_and_no_row(models: Path, many: Path, skmig: Run) -> None:
    model = models / "logistic.pkl"
    code, document = skmig.json("migrate", model, "--to", TARGET, "--data", many)
    assert code == 0
    found = record.read(models / f"logistic-{TARGET}.skmig")
    said = found.manifest.data
    assert said is not None
    assert document["migration"].get("manifest", document["migration"])["data"] == said
    assert (said["name"], said["rows"], said["asked"]) == ("many.csv", 3000, 3000)
    assert said["sha256"] == record.sha256(many)
    methods = {item["method"]: item for item in said["parity"]["methods"]}
    assert methods["predict"]["n"] == 2999
    refused = "1 rows have no answer in the source, the first is row 1234: ValueError"
    assert any(note.startswith(refused) for note in methods["predict"]["notes"])
    # the probes are there as ever
    assert len(found.document("probes")["model"]["input"]) > 100
    size = found.path.stat().st_size
    assert skmig("migrate", model, "--to", TARGET, "--force")[0] == 0
    assert abs(found.path.stat().st_size - size) < 4000


def test_a_sample_and_nothing_but_the_data(models: Path, many: Path, skmig: Run) -> None:
    model, result = models / "logistic.pkl", models / f"logistic-{TARGET}.pkl"
    data = ("--data", many, "--sample", "500")
    code, said = skmig("migrate", model, "--to", TARGET, *data, "--data-only", "--compare-naive")
    assert code == 0
    assert "On 500 of 3000 rows of `many.csv`: " in said
    manifest = record.read(result.with_suffix(".skmig")).manifest
    assert manifest.coverage["model"]["rows"] == 0
    assert manifest.data is not None
    assert manifest.data["sha256"] == record.sha256(many)
    # there is nothing in the record that could be asked again
    code, said = skmig("verify", result)
    assert code == errors.ANSWER_IS_NO
    assert "verify with --data and --original" in said
    code, said = skmig("verify", result, *data)
    assert code == errors.USAGE
    assert "--original" in said
    code, said = skmig("verify", result, *data, "--original", model)
    assert (code, said[:5]) == (0, "yes: ")
    assert "On 500 of 3000 rows of `many.csv`: " in said


def test_options_that_need_data(models: Path, skmig: Run) -> None:
    for word in (("--data-only",), ("--sample", "5")):
        code, said = skmig("migrate", models / "logistic.pkl", "--to", TARGET, *word)
        assert code == errors.USAGE
        assert "--data" in said
