"""A fleet whose models lie in MLflow's registry: a real server, versions and folders as results."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.documents import checked
from tests.environments.test_mlflow import TARGET, TWO, Server, description, skmig

from skmig import errors, record

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("mlflow")]

TOML = """
target = "1.6.1"
backend = "local"
tracking-uri = "{uri}"
fail-on = "{fail_on}"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With two registered models of one version each."""
    started = Server(tmp_path_factory.mktemp("server"))
    started.train(TWO, "fraud-cards", "frame")
    started.train(TWO, "fraud-transfers", "array")
    for name in ("fraud-cards", "fraud-transfers"):
        started.ask("registered-models/set-tag", name=name, key="team", value="fraud")
    yield started
    started.close()


@pytest.fixture
def team(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def wanted(server: Server, folder: Path, text: str, fail_on: str = "refused") -> None:
    (folder / "skmig.toml").write_text(TOML.format(uri=server.uri, fail_on=fail_on) + text)


def migrated(*words: str, code: int = 0) -> dict[str, Any]:
    """One run: what became of each model, by its place."""
    found, out, err = skmig("migrate", "--json", *words)
    assert found == code, out + err
    return {item["place"]: item for item in checked(out, "migrated_fleet")["fleet"]["models"]}


def planned() -> list[str]:
    _code, out, _err = skmig("plan", "--json")
    return [item["would"] for item in checked(out, "foreseen")["outlook"]["models"]]


def versions(server: Server) -> dict[str, list[str]]:
    return {name: sorted(server.versions(name)) for name in ("fraud-cards", "fraud-transfers")}


def fresh(entries: dict[str, Any]) -> list[str]:
    return sorted(place for place, item in entries.items() if item["fresh"])


def test_results_are_versions(server: Server, team: Path) -> None:
    wanted(server, team, 'models = ["models:/fraud-*"]\nregister = true\nalias = "champion"')
    cards, transfers = "models:/fraud-cards/1", "models:/fraud-transfers/1"
    before = versions(server)
    assert planned() == ["migrate", "migrate"]
    assert versions(server) == before

    first = migrated()
    assert [first[place]["result"] for place in (cards, transfers)] == [
        "models:/fraud-cards/2",
        "models:/fraud-transfers/2",
    ]
    tags = server.versions("fraud-cards")["2"]["tags"]
    assert tags["skmig.sha256"] == first[cards]["result_sha256"]
    assert tags["skmig.record_sha256"] == first[cards]["record_sha256"]
    assert (tags["skmig.source_version"], tags["skmig.target_release"]) == (cards, TARGET)
    assert "compared on the rows of its input example, too" in first[cards]["notes"]
    champion = server.ask("registered-models/alias?name=fraud-cards&alias=champion")
    assert champion["model_version"]["version"] == "2"

    # the newest version of each is now one of skmig's own: there is nothing to do
    assert fresh(migrated()) == []
    assert planned() == ["nothing", "nothing"]
    assert versions(server) == {"fraud-cards": ["1", "2"], "fraud-transfers": ["1", "2"]}
    code, out, err = skmig("verify", "--json")
    assert code == 0, out + err
    said = checked(out, "verified")["records"]
    assert [item["record"] for item in said] == [
        "models:/fraud-cards/2",
        "models:/fraud-transfers/2",
    ]

    # who registered a version and died before it was said: it is taken as it is
    ledger = team / ".skmig" / "ledger.sqlite"
    with sqlite3.connect(ledger) as opened:
        opened.execute("UPDATE models SET state = 'running', entry = NULL, lease = 0, owner = ''")
    opened.close()
    again = migrated()
    assert versions(server) == {"fraud-cards": ["1", "2"], "fraud-transfers": ["1", "2"]}
    for place in (cards, transfers):
        assert again[place]["essence"] == first[place]["essence"]
        assert again[place]["result"] == first[place]["result"]

    # one that is gone is made anew, and only that
    server.ask("registered-models/alias", name="fraud-cards", alias="old", version="1")
    delete(server, "fraud-cards", "2")
    assert fresh(migrated()) == [cards]
    assert versions(server)["fraud-cards"] == ["1", "3"]

    # without the ledger it is not known how these versions were made
    shutil.rmtree(team / ".skmig")
    found = migrated(code=errors.UsageError.code)
    assert "`models:/fraud-cards/3` is there already" in found[cards]["summary"]
    assert "--force" in found[cards]["error"]["hint"]
    assert fresh(migrated("--force")) == [cards, transfers]
    assert versions(server) == {"fraud-cards": ["1", "3", "4"], "fraud-transfers": ["1", "2", "3"]}
    assert fresh(migrated()) == []


def delete(server: Server, name: str, version: str) -> None:
    import json
    import urllib.request

    request = urllib.request.Request(
        f"{server.uri}/api/2.0/mlflow/model-versions/delete",
        data=json.dumps({"name": name, "version": version}).encode(),
        headers={"Content-Type": "application/json"},
        method="DELETE",
    )
    urllib.request.urlopen(request).close()


def test_results_are_folders(server: Server, team: Path) -> None:
    server.ask("registered-models/alias", name="fraud-cards", alias="stable", version="1")
    wanted(
        server,
        team,
        """
output = "migrated"
report = "pages"
models = ["models:/fraud-*@stable", "mlflow:name = 'fraud-transfers'", "models:/nothing/1"]
""",
    )
    before = versions(server)
    newest = max(before["fraud-transfers"])
    other = "models:/fraud-transfers/1" if newest != "1" else f"models:/fraud-transfers/{newest}"
    found = migrated()
    assert sorted(found) == ["models:/fraud-cards/1", other]
    folder = team / "migrated" / f"fraud-cards-1-{TARGET}"
    assert description(folder)["flavors"]["sklearn"]["sklearn_version"] == TARGET
    entry = found["models:/fraud-cards/1"]
    assert Path(entry["result"]).parent == folder
    assert record.sha256(Path(entry["result"])) == entry["result_sha256"]
    assert (team / "pages" / f"fraud-cards-1-{TARGET}.html").is_file()
    assert fresh(migrated()) == []
    assert skmig("verify")[0] == 0
    Path(entry["record"]).unlink()
    assert fresh(migrated()) == ["models:/fraud-cards/1"]
    assert versions(server) == before
    code, out, err = skmig("verify", "--json")
    assert code == 0, out + err
    wanted(server, team, "models = [\"mlflow:tags.team = 'fraud'\"]\noutput = 'tagged'")
    assert len(migrated()) == 2


def test_what_cannot_be(server: Server, team: Path) -> None:
    for text, said in (
        ("models = ['models:/fraud-*']", "is a folder, and has no place"),
        ("models = ['models:/fraud-cards']\noutput = 'x'", "does not say which version"),
        ("models = ['models:/fraud-*']\noutput = 'x'\nalias = 'a'", "`alias` is about"),
        ("models = ['runs:/0123/model']\nregister = true", "no registered model that could"),
        ("models = ['mlflow:nonsense']\noutput = 'x'", "failed to list the registered models"),
    ):
        wanted(server, team, text)
        code, _out, err = skmig("migrate")
        assert code in (errors.UsageError.code, errors.EnvironmentFailedError.code), err
        assert said in err
