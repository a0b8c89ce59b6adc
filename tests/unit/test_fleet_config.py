"""`skmig.toml`: what it may say, and how it is told what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from skmig import fleet
from skmig.cli.app import run
from skmig.errors import SkmigError, UnreadableError, UsageError
from skmig.registry import Wanted

WHOLE = """
target = "1.6.1"
output = "migrated"
report = "s3://bucket/pages/"
rtol = 1e-7
accept = ["KMeans.predict"]
fail-on = "error"
memory = "2g"
page = "fleet.html"
tracking-uri = "http://mlflow:5000"

[[models]]
paths = ["models/**/*.pkl", "s3://bucket/models/"]

[[models]]
paths = ["models:/fraud-*", "mlflow:tags.team = 'fraud'"]
register = true
alias = "champion"

[[models]]
paths = ["churn"]
target = "1.7.0"
data = "churn.csv"
trust = ["ours"]
"""


def written(folder: Path, text: str, name: str = "skmig.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_all_of_it_is_understood(tmp_path: Path) -> None:
    (tmp_path / "churn.csv").write_text("a\n1\n")
    found = fleet.read(written(tmp_path, WHOLE))
    first, registered, second = found.groups
    assert registered.models == ("models:/fraud-*", "mlflow:tags.team = 'fraud'")
    wanted = Wanted(tracking_uri="http://mlflow:5000", register=True, alias="champion")
    assert registered.mlflow == wanted
    assert not first.mlflow.registers
    assert first.models == (str(tmp_path / "models/**/*.pkl"), "s3://bucket/models/")
    assert first.output == str(tmp_path / "migrated")
    assert first.report == "s3://bucket/pages/"
    assert (first.settings.target, first.settings.rtol) == ("1.6.1", 1e-7)
    assert first.settings.memory == 2 << 30
    assert first.settings.data is None
    assert (second.settings.target, second.settings.rtol) == ("1.7.0", 1e-7)
    assert second.settings.data == tmp_path / "churn.csv"
    assert second.settings.accept == ("KMeans.predict",)
    assert second.settings.trust == ("ours",)
    assert found.fail_on == "error"
    assert found.ledger == tmp_path / ".skmig" / "ledger.sqlite"
    assert found.page == tmp_path / "fleet.html"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("target = '1.6.1'\nmodls = ['a']", ["skmig.toml:2", "`modls`", "did you mean `models`?"]),
        ("models = ['a']\ntarget = '1.6.1'\nrtool = 1", ["skmig.toml:3", "`rtool`", "`rtol`"]),
        ("target = '1.6.1'\n[[models]]\npath = ['a']", ["skmig.toml:3", "models[0]", "`paths`"]),
        ("models = ['a']", ["no target release"]),
        ("target = '1.6.1'", ["names no models"]),
        ("models = ['a']\ntarget = '1.6.1'\nrtol = true", ["skmig.toml:3", "not a number"]),
        ("models = ['a']\ntarget = '1.6.1'\naccept = 'x'", ["skmig.toml:3", "list of texts"]),
        ("models = [1]\ntarget = '1.6.1'", ["models that are no text"]),
        ("models = ['a']\ntarget = '1.6.1'\nfail-on = 'all'", ["`all`", "refused, different"]),
        ("models = ['a']\ntarget = '1.6.99'", ["1.6.99"]),
        ("models = ['a']\ntarget = '1.6.1'\ndata = 'none.csv'", ["none.csv"]),
        ("models = ['a'\ntarget = '1.6.1'", ["is not TOML", "line 2"]),
        (
            "models = ['a']\ntarget = '1.6.1'\nregister = true",
            ["skmig.toml:3", "no model of MLflow"],
        ),
        ("models = ['a']\ntarget = '1.6.1'\nmemory = 'much'", ["`much`"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(SkmigError) as caught:
        fleet.read(written(tmp_path, text))
    said = f"{caught.value.message} {caught.value.hint}"
    assert [word for word in words if word not in said] == []


def test_it_is_found_above(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert fleet.find(inner) is None
    written(tmp_path, "[tool.other]\nx = 1", "pyproject.toml")
    assert fleet.find(inner) is None
    project = written(
        tmp_path / "a", "[tool.skmig]\nmodels = ['m']\ntarget = '1.6.1'", "pyproject.toml"
    )
    assert fleet.find(inner) == project
    assert fleet.read(project).groups[0].models == (str(tmp_path / "a" / "m"),)
    own = written(tmp_path / "a", "models = ['x']\ntarget = '1.6.1'")
    assert fleet.find(inner) == own


def test_nothing_named_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("migrate", "plan"):
        assert run([command]) == UsageError.code
        assert "no skmig.toml" in capsys.readouterr().err
    written(tmp_path, "models = ['none/*.pkl']\ntarget = '1.6.1'")
    for command in ("migrate", "plan"):
        assert run([command]) == UnreadableError.code
        assert "there is no model in" in capsys.readouterr().err
    assert run(["migrate", "--rtol", "1"]) == UsageError.code
    assert "--rtol" in capsys.readouterr().err
