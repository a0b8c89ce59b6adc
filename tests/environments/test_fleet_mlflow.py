"""A fleet whose models lie in MLflow's registry: a real server, versions and folders as results."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.documents import checked
from tests.environments.test_mlflow import TARGET, TWO, Server, description

from skmig import errors, record

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("mlflow")]

# a command may be followed by the number of a folder, in which it runs
SCRIPT = """
import contextlib, json, sys
from skmig.cli.app import run
for words in json.load(sys.stdin):
    place = words.pop(1) if words[1].isdigit() else "."
    with contextlib.chdir(place):
        print(json.dumps(run(words)))
"""
TOML = """
target = "1.6.1"
backend = "local"
tracking-uri = "{uri}"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With two registered models of one version each."""
    started = Server(tmp_path_factory.mktemp("server"))
    started.train(TWO, "fraud-cards", "frame")
    started.train(TWO, "fraud-transfers", "array")
    started.ask("registered-models/set-tag", name="fraud-transfers", key="team", value="second")
    yield started
    started.close()


@pytest.fixture
def team(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def wanted(server: Server, folder: Path, text: str) -> None:
    (folder / "skmig.toml").write_text(TOML.format(uri=server.uri) + text)


def commands(*lines: str) -> list[tuple[int, dict[str, Any]]]:
    """Exit codes and documents of command lines, in one process, which imports MLflow once."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps([[*line.split(), "--json"] for line in lines]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    decoder, found, rest = json.JSONDecoder(), [], done.stdout.strip()
    while rest:
        said, end = decoder.raw_decode(rest)
        found.append(said)
        rest = rest[end:].lstrip()
    assert len(found) == 2 * len(lines), done.stderr
    return list(zip(found[1::2], found[::2], strict=True))


def models(document: dict[str, Any]) -> dict[str, Any]:
    """What became of each model, by its place."""
    said = checked(json.dumps(document), "migrated_fleet")["fleet"]["models"]
    return {item["place"]: item for item in said}


def would(document: dict[str, Any]) -> list[str]:
    said = checked(json.dumps(document), "foreseen")["outlook"]["models"]
    return [item["would"] for item in said]


def versions(server: Server) -> dict[str, list[str]]:
    return {name: sorted(server.versions(name)) for name in ("fraud-cards", "fraud-transfers")}


def delete(server: Server, name: str, version: str) -> None:
    request = urllib.request.Request(
        f"{server.uri}/api/2.0/mlflow/model-versions/delete",
        data=json.dumps({"name": name, "version": version}).encode(),
        headers={"Content-Type": "application/json"},
        method="DELETE",
    )
    urllib.request.urlopen(request).close()


def fresh(entries: dict[str, Any]) -> list[str]:
    return sorted(place for place, item in entries.items() if item["fresh"])


def test_results_are_versions(server: Server, team: Path) -> None:
    wanted(server, team, 'models = ["models:/fraud-*"]\nregister = true\nalias = "champion"')
    cards, transfers = "models:/fraud-cards/1", "models:/fraud-transfers/1"
    done = commands("plan", "migrate", "migrate", "plan", "verify")
    assert [code for code, _ in done] == [0] * 5, done
    plan, one, two, after, verified = (document for _, document in done)
    assert (would(plan), would(after)) == (["migrate"] * 2, ["nothing"] * 2)
    first = models(one)
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

    # the newest version of each was now one of skmig's own: there was nothing to do
    assert fresh(models(two)) == []
    assert versions(server) == {"fraud-cards": ["1", "2"], "fraud-transfers": ["1", "2"]}
    said = checked(json.dumps(verified), "verified")["records"]
    made = ["models:/fraud-cards/2", "models:/fraud-transfers/2"]
    assert [item["record"] for item in said] == made

    # who registered a version and died before it was said: it is taken as it is;
    # one that is gone is made anew
    ledger = team / ".skmig" / "ledger.sqlite"
    with sqlite3.connect(ledger) as opened:
        opened.execute("UPDATE models SET state = 'running', entry = NULL, lease = 0, owner = ''")
    opened.close()
    delete(server, "fraud-cards", "2")
    ((code, document),) = commands("migrate")
    again = models(document)
    assert code == 0
    assert versions(server) == {"fraud-cards": ["1", "3"], "fraud-transfers": ["1", "2"]}
    assert again[transfers]["result"] == "models:/fraud-transfers/2"
    for place in (cards, transfers):
        assert again[place]["essence"] == first[place]["essence"]

    # without the ledger it is not known how these versions were made
    shutil.rmtree(team / ".skmig")
    wanted(server, team, 'models = ["models:/fraud-cards@champion"]\nregister = true')
    (code, document), (forced, other), (last, nothing) = commands(
        "migrate", "migrate --force", "migrate"
    )
    assert (code, forced, last) == (errors.UsageError.code, 0, 0)
    found = models(document)[cards]
    assert "`models:/fraud-cards/3` is there already" in found["summary"]
    assert "--force" in found["error"]["hint"]
    assert (fresh(models(other)), fresh(models(nothing))) == ([cards], [])
    assert versions(server)["fraud-cards"] == ["1", "3", "4"]


def test_results_are_folders(server: Server, team: Path) -> None:
    server.ask("registered-models/alias", name="fraud-cards", alias="stable", version="1")
    text = """
output = "migrated"
report = "pages"
models = ["models:/fraud-*@stable", "mlflow:tags.team = 'second'", "models:/nothing/1"]
"""
    # an example that the model refuses: it is compared on rows made from it alone
    for example in server.artifacts.rglob("input_example.json"):
        rows = json.loads(example.read_text())
        if "inputs" in rows:
            example.write_text('{"inputs": [[1.0, 2.0]]}')
    wanted(server, team, text)
    before = versions(server)
    cards, odd = "models:/fraud-cards/1", "models:/fraud-transfers/1"
    (code, one), (again, two), (verified, _records) = commands("migrate", "migrate", "verify")
    assert (code, again, verified) == (0, 0, 0)
    found = models(one)
    assert sorted(found) == [cards, odd]
    assert fresh(models(two)) == []
    assert any("input example was not used" in note for note in found[odd]["notes"])
    folder = team / "migrated" / f"fraud-cards-1-{TARGET}"
    assert description(folder)["flavors"]["sklearn"]["sklearn_version"] == TARGET
    assert Path(found[cards]["result"]).parent == folder
    assert record.sha256(Path(found[cards]["result"])) == found[cards]["result_sha256"]
    assert (team / "pages" / f"fraud-cards-1-{TARGET}.html").is_file()
    Path(found[cards]["record"]).unlink()
    # on a cluster the client does it
    ((code, document),) = commands("migrate --engine dask --jobs 1")
    assert (code, fresh(models(document))) == (0, [cards])
    assert versions(server) == before


def test_what_cannot_be(server: Server, team: Path) -> None:
    wrong = {
        "models = ['models:/fraud-*']": "is a folder, and has no place",
        "models = ['models:/fraud-cards']\noutput = 'x'": "does not say which version",
        "models = ['models:/fraud-*']\noutput = 'x'\nalias = 'a'": "`alias` is about",
        "models = ['mlflow:nonsense']\noutput = 'x'": "failed to list the registered models",
        "models = ['models:/nothing-*']\nregister = true": "there is no model in",
    }
    for number, text in enumerate(wrong):
        (team / str(number)).mkdir()
        wanted(server, team / str(number), text)
    done = commands(*(f"migrate {number}" for number in range(len(wrong))))
    for (code, document), said in zip(done, wrong.values(), strict=True):
        assert code in (errors.UsageError.code, errors.UNREADABLE, errors.ENVIRONMENT)
        assert said in document["error"]["message"]
        assert document["error"]["hint"]
