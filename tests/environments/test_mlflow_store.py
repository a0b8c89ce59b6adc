"""A store in MLflow's registry: what is only its own; tests/unit/test_store.py asks the rest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from tests.promoting import TOGGLE, started
from tests.tracking import THREE, Server, python_of

import skmig
from skmig import errors
from skmig.cli.app import run
from skmig.environments.base import EnvironmentSpec
from skmig.store import Store, open_store

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("mlflow")]

HERE = Path(__file__).parent
TARGET = "1.6.1"
_FIT = """
import pickle, sys
from sklearn.tree import DecisionTreeClassifier
model = DecisionTreeClassifier(random_state=0).fit([[0, 1], [1, 1], [2, 1], [3, 1]], [0, 0, 1, 2])
pickle.dump(model, open(sys.argv[1], "wb"))
"""
X = np.random.default_rng(0).normal(size=(30, 4))
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture(scope="module")
def server(tracking_server: Server) -> Server:
    return tracking_server


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("models")
    for number in range(2):
        model = LogisticRegression(C=1.0 + number).fit(X, Y)
        skmig.save(model, folder / f"model{number}.pkl", X, y=Y, rows=10)
    return [folder / f"model{number}.pkl" for number in range(2)]


@pytest.fixture
def place(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    monkeypatch.setenv("SKMIG_CACHE", str(tmp_path / "cache"))
    return f"models:/{tmp_path.name}"


@pytest.fixture
def two(place: str, models: list[Path]) -> tuple[Store, str, str]:
    """A store with two versions, of which the second is active in prod and the first was."""
    store = open_store(place)
    one, two = (store.add(model, "prod").version for model in models)
    store.promote(one, "prod")
    store.promote(two, "prod")
    return store, one, two


def aliases(server: Server, place: str) -> dict[str, str]:
    """Which version, by our names, each alias means."""
    name = place.removeprefix("models:/")
    found = server.ask(f"registered-models/get?name={name}")["registered_model"]
    versions = server.versions(name)
    return {
        item["alias"]: versions[item["version"]]["tags"].get("skmig.store.version", item["version"])
        for item in found.get("aliases", [])
    }


def ledger(server: Server, place: str) -> str:
    name = f"skmig%20store%20{place.removeprefix('models:/')}"
    found = server.ask(f"experiments/get-by-name?experiment_name={name}")["experiment"]
    return next(tag["value"] for tag in found["tags"] if tag["key"] == "skmig.ledger")


# ------------------------------------------------------------------ what MLflow's users see
def test_an_alias_follows_what_is_active(
    server: Server, place: str, two: tuple[Store, str, str], models: list[Path]
) -> None:
    store, first, second = two
    assert aliases(server, place) == {"prod": second}
    store.promote(first, "staging")
    store.rollback("prod")
    assert aliases(server, place) == {"prod": first, "staging": first}
    version = server.versions(place[8:])["1"]
    assert version["tags"]["skmig.store.version"] == first
    assert json.loads(version["tags"]["skmig.store.manifest"]) == store.version(first).as_json()
    assert version["tags"]["skmig.sha256"] == store.version(first).model.sha256
    assert version["description"] == f"{models[0].name}, added as {first} by skmig"


def test_mlflow_serves_what_was_migrated_and_promoted(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SKMIG_CACHE")
    source, result, rows = (tmp_path / name for name in ("old.pkl", "model.pkl", "rows.json"))
    subprocess.run([python_of(EnvironmentSpec(release=TARGET)), "-c", _FIT, source], check=True)
    words = ["--to", TARGET, "-o", str(result), "--backend", "local"]
    assert run(["migrate", str(source), *words]) == 0
    assert run(["store", "add", str(result), "--env", "prod", "--promote", "--store", place]) == 0
    rows.write_text(json.dumps({"inputs": [[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]]}))
    done = subprocess.run(
        [python_of(THREE), HERE / "mlflow_load.py", f"{place}@prod", rows],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"predictions": [[0, 1, 2]] * 2, "heard": []}
    assert run(["verify", f"{place}@prod", "--backend", "local"]) == 0


def test_what_mlflow_cannot_load_is_not_said_to_be_a_model(
    server: Server, place: str, tmp_path: Path
) -> None:
    model = LogisticRegression().fit(X, Y)
    skmig.save(model, tmp_path / "model.joblib", X, y=Y, rows=10)
    store = open_store(place)
    store.promote(store.add(tmp_path / "model.joblib", "prod").version, "prod")
    here = [item for item in server.artifacts.rglob("*") if ledger(server, place) in item.parts]
    assert sorted(item.name for item in here if item.is_file()) == ["model.joblib", "model.skmig"]
    assert (skmig.load(f"{place}#prod").predict(X) == model.predict(X)).all()


def test_versions_of_others_stay(server: Server, place: str, models: list[Path]) -> None:
    name = place.removeprefix("models:/")
    info = server.ask("runs/create", experiment_id="0")["run"]["info"]
    server.ask("registered-models/create", name=name)
    source = f"{info['artifact_uri']}/model"
    server.ask("model-versions/create", name=name, source=source, run_id=info["run_id"])
    for alias in ("champion", "prod"):  # the second is ours from the first promote on
        server.ask("registered-models/alias", name=name, alias=alias, version="1")
    before = server.versions(name)["1"]
    store = open_store(place)
    mine = store.add(models[0], "prod").version
    store.promote(mine, "prod")
    after = server.versions(name)["1"]
    assert {**after, "aliases": None} == {**before, "aliases": None}
    assert [item.version for item in store.versions()] == [mine]
    assert aliases(server, place) == {"champion": "1", "prod": mine}


# ------------------------------------------------------------------ what may go wrong there
def test_an_alias_that_was_moved_is_told_and_mended(
    server: Server, place: str, two: tuple[Store, str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    store, one, two_ = two
    number = next(n for n, item in server.versions(place[8:]).items()
                  if item["tags"]["skmig.store.version"] == one)  # fmt: skip
    server.ask("registered-models/alias", name=place[8:], alias="prod", version=number)
    assert run(["store", "active", "--env", "prod", "--store", place]) == 0
    out, err = capfd.readouterr()
    assert out.strip() == two_  # the history is what counts
    assert f"means version {number} of MLflow" in err
    with pytest.warns(UserWarning, match="the alias `prod`"):
        skmig.load(f"{place}#prod")
    assert store.promote(two_, "prod").number == 2
    assert aliases(server, place) == {"prod": two_}
    assert len(store.history("prod")) == 2


def test_the_history_cannot_be_written_over(
    server: Server, place: str, two: tuple[Store, str, str]
) -> None:
    key = "environments/prod/history/00000002.json"
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.ask("runs/log-parameter", run_id=ledger(server, place), key=key, value="{}")
    assert refused.value.code == 400
    assert len(open_store(place).history("prod")) == 2
    # but added to, which is noticed
    key = "environments/prod/history/00000003.json"
    server.ask("runs/log-parameter", run_id=ledger(server, place), key=key, value="{}")
    with pytest.raises(errors.UnreadableError, match="the history of `prod`"):
        open_store(place).active("prod")


def test_what_is_not_what_was_added_is_not_deployed(
    server: Server, place: str, two: tuple[Store, str, str], models: list[Path]
) -> None:
    store, one, two_ = two
    (file,) = (
        item
        for item in server.artifacts.rglob(models[0].name)
        if item.parents[1].name == "models" and ledger(server, place) in item.parts
    )
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + b"\0")
    for attempt in (
        lambda: store.rollback("prod"),
        lambda: store.promote(one, "staging"),
        lambda: store.version(one).local(),
    ):
        with pytest.raises(errors.UnreadableError, match="is not what was added"):
            attempt()
    file.unlink()
    with pytest.raises(errors.UnreadableError, match="it is not there"):
        store.rollback("prod")
    assert aliases(server, place) == {"prod": two_}
    # adding it again mends it
    store.add(models[0], "prod")
    assert file.read_bytes() == whole
    # a manifest is a tag, which anybody can write over
    number, said = next(
        (number, item["tags"]["skmig.store.manifest"])
        for number, item in server.versions(place[8:]).items()
        if item["tags"]["skmig.store.version"] == one
    )
    other = json.dumps({**json.loads(said), "metrics": {"auc": 1.0}}, indent=1, sort_keys=True)
    server.ask("model-versions/set-tag", name=place[8:], version=number,
               key="skmig.store.manifest", value=other)  # fmt: skip
    with pytest.raises(errors.UnreadableError, match="is not what was added"):
        store.rollback("prod")


def test_what_was_deleted_in_mlflow(
    server: Server, place: str, two: tuple[Store, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    _, one, two_ = two

    def failed(*words: str) -> str:
        assert run(["store", *words, "--store", place]) in (errors.UNREADABLE, errors.USAGE)
        said = capsys.readouterr().err
        assert "hint:" in said
        return said

    number = max(server.versions(place[8:]), key=int)
    request = {"name": place[8:], "version": number}
    server.delete("model-versions/delete", **request)
    assert "is not there any more" in failed("active", "--env", "prod")
    assert "there is no version" in failed("promote", two_, "--env", "prod")
    assert run(["store", "list", "--store", place]) == 0
    assert run(["store", "rollback", "--env", "prod", "--store", place]) == 0
    assert aliases(server, place) == {"prod": one}
    experiment = server.ask(f"runs/get?run_id={ledger(server, place)}")["run"]["info"]
    server.ask("experiments/delete", experiment_id=experiment["experiment_id"])
    assert "experiments restore" in failed("list")
    assert "experiments restore" in failed("promote", one, "--env", "prod")


# ------------------------------------------------------------------ many at once, and killed ones
_BIRTH = """
import sys, skmig
place, model = sys.argv[1:]
skmig.open_store  # imported, as what it needs
import skmig.store.registry, mlflow
print("ready", flush=True)
sys.stdin.readline()
store = skmig.open_store(place)
print(store.promote(store.add(model, "prod").version, "prod").version, flush=True)
"""


def test_a_store_is_made_once(server: Server, place: str, models: list[Path]) -> None:
    processes = [started(_BIRTH, place, models[0]) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = []
    for process in processes:
        out, err = process.communicate()
        assert process.returncode == 0, err
        answers.append(out.strip())
    entries = open_store(place).history("prod")
    assert sorted(entry.version for entry in entries) == sorted(answers)
    assert len(set(answers)) == 3
    assert aliases(server, place) == {"prod": entries[-1].version}
    found = server.ask("experiments/search", max_results=1000)["experiments"]
    assert [item["name"] for item in found if place[8:] in item["name"]] == [
        f"skmig store {place[8:]}"
    ]


def test_who_is_killed_leaves_nothing_broken(
    server: Server, place: str, two: tuple[Store, str, str]
) -> None:
    store, *names = two
    for delay in (0.0, 0.05):
        process = started(TOGGLE, place, *names)
        assert process.stdout is not None
        said = process.stdout.readline()
        time.sleep(delay)  # anywhere in between
        os.kill(process.pid, signal.SIGKILL)
        out, _ = process.communicate()
        promised = int((said + out).split()[-1])
        entries = store.history("prod")
        assert len(entries) >= promised  # what was said to be done is done
        last = store.promote(entries[-1].version, "prod")  # nothing new, but the alias follows
        assert (last.number, len(store.history("prod"))) == (len(entries), len(entries))
        assert aliases(server, place) == {"prod": last.version}


# ------------------------------------------------------------------ where no store can be
def test_where_no_store_can_be(
    place: str, models: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(place)
    for name in ("latest", "v3"):
        with pytest.raises(errors.UsageError, match="cannot be an environment in MLflow"):
            store.add(models[0], name)
    assert store.versions() == []
    for address in ("models:/a/3", "models:/a@prod", "models:/", f"models:/m-{'0a' * 16}"):
        with pytest.raises(errors.UsageError, match="not the address of a registered model"):
            open_store(address)
    with pytest.raises(errors.UsageError, match="a tracking URI is about"):
        open_store(tmp_path, tracking_uri="http://127.0.0.1:9")
    with pytest.raises(errors.UnreadableError, match="there is no store"):
        open_store("models:/never-made", create=False)


def test_a_folder_of_mlflow_is_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--store", "models:/churn", "--tracking-uri", "file:///tmp/mlruns"]
    assert run(["store", "list", *words]) == errors.USAGE
    assert "overwrite each other" in capsys.readouterr().err
