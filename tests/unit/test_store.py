"""The model store: nothing is lost, nothing is half-done, and tampering is noticed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from tests import bucket
from tests.documents import checked
from tests.promoting import TOGGLE, started

import skmig
from skmig import errors
from skmig.cli.app import run
from skmig.store import Store, open_store

pytestmark = pytest.mark.xdist_group("store")

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three models, each with its record."""
    folder = tmp_path_factory.mktemp("models")
    for number in range(3):
        model = LogisticRegression(C=1.0 + number).fit(X, Y)
        said = {"metrics": {"accuracy": 0.9 + number / 100}, "data_snapshot": f"snapshot-{number}"}
        skmig.save(model, folder / f"model{number}.pkl", X, y=Y, rows=20, **said)
    return [folder / f"model{number}.pkl" for number in range(3)]


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    with bucket.served() as variables, pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield variables


REGISTRY = pytest.param("registry", marks=pytest.mark.environments)


@pytest.fixture(params=["folder", "bucket", REGISTRY])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: Any) -> str:
    """Where a new store may lie: a folder, a bucket of a real server, MLflow's registry."""
    if request.param == "folder":
        return str(tmp_path / "store")
    if request.param == "registry":
        monkeypatch.setenv("MLFLOW_TRACKING_URI", request.getfixturevalue("tracking_server").uri)
    else:
        request.getfixturevalue("server")
    monkeypatch.setenv("SKMIG_CACHE", str(tmp_path / "cache"))
    if request.param == "registry":
        return f"models:/unit-{tmp_path.name}"
    return f"s3://{bucket.BUCKET}/{tmp_path.name}"


@pytest.fixture
def local(tmp_path: Path, models: list[Path]) -> tuple[Store, list[str]]:
    """A store in a folder with three versions for prod."""
    store = open_store(tmp_path / "store")
    return store, [store.add(model, "prod").version for model in models]


# ------------------------------------------------------------------ versions
def test_a_version_says_what_its_record_says(place: str, models: list[Path]) -> None:
    store = open_store(place)
    first = store.add(models[0], "prod")
    assert first.version == f"{first.created[:10].replace('-', '.')}.prod"
    assert (first.metrics, first.data_snapshot) == ({"accuracy": 0.9}, "snapshot-0")
    assert first.framework["numpy"] == np.__version__
    store.promote(first.version, "prod")
    second = store.add(models[1], "prod", preprocessing_version="7", metrics={"auc": 0.5})
    assert second.version == first.version.replace(".prod", ".2.prod")
    assert (second.metrics, second.preprocessing_version) == ({"auc": 0.5}, "7")
    assert second.rollback_target == first.version
    other = store.add(models[1], "staging")
    assert [item.version for item in store.versions()] == sorted(
        (first.version, second.version, other.version),
        key=lambda name: (".2." in name, name),
    )
    assert store.version(second.version) == second
    with pytest.raises(errors.UsageError, match="there is no version"):
        store.version("2020.01.01.prod")


def test_what_has_no_record_or_another_one_is_no_version(
    tmp_path: Path, models: list[Path]
) -> None:
    store = open_store(tmp_path / "store")
    bare = Path(shutil.copy(models[0], tmp_path))
    with pytest.raises(errors.UnreadableError, match="there is no record"):
        store.add(bare, "prod")
    shutil.copy(models[1].with_suffix(".skmig"), bare.with_suffix(".skmig"))
    with pytest.raises(errors.UnreadableError, match="digest differs"):
        store.add(bare, "prod")
    with pytest.raises(errors.UsageError, match="not the name of an environment"):
        store.add(models[0], "../prod")
    assert store.versions() == []


# ------------------------------------------------------------------ deployments
def test_the_way_there_and_back(place: str, models: list[Path]) -> None:
    store = open_store(place)
    one, two, three = (store.add(model, "prod").version for model in models)
    for version in (one, two, three):
        store.promote(version, "prod")
    assert store.promote(three, "prod").number == 3  # it is active already
    assert store.rollback("prod").version == two
    assert store.rollback("prod").version == one
    with pytest.raises(errors.RefusedError, match="there is nothing before"):
        store.rollback("prod")
    assert store.rollback("prod", to=three).rollback_target == two
    with pytest.raises(errors.UsageError, match="is the active version"):
        store.rollback("prod", to=three)
    never = store.add(models[0], "prod").version
    with pytest.raises(errors.RefusedError, match="never active"):
        store.rollback("prod", to=never)
    assert [(entry.action, entry.version) for entry in open_store(place).history("prod")] == [
        *(("promote", version) for version in (one, two, three)),
        *(("rollback", version) for version in (two, one, three)),
    ]
    assert store.environments() == ["prod"]
    with pytest.raises(errors.UsageError, match="nothing is active in `dev`"):
        store.active("dev")
    served = skmig.load(f"{place}#prod")
    assert (served.predict(X) == LogisticRegression(C=3.0).fit(X, Y).predict(X)).all()


# ------------------------------------------------------------------ tampering
def test_what_is_not_what_was_added_is_not_deployed(local: tuple[Store, list[str]]) -> None:
    store, (one, two, _) = local
    store.promote(one, "prod")
    store.promote(two, "prod")
    folder = Path(store.storage.where)
    model = folder / store.version(one).files[0]
    model.write_bytes(model.read_bytes() + b"\0")
    for attempt in (
        lambda: store.rollback("prod"),
        lambda: store.rollback("prod", to=one),
        lambda: store.promote(one, "staging"),
        lambda: store.version(one).local(),
    ):
        with pytest.raises(errors.UnreadableError, match="is not what was added"):
            attempt()
    assert store.active("prod").version == two
    # nor is another manifest under its name
    manifest = folder / "versions" / f"{two}.json"
    said = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**said, "metrics": {"accuracy": 1.0}}))
    with pytest.raises(errors.UnreadableError, match="not what it was when it was promoted"):
        store.active("prod")


def _edit(name: str, **changes: Any) -> Any:
    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}, indent=1))

    return change


@pytest.mark.parametrize(
    "change",
    [
        _edit("history/00000001.json", by="somebody"),
        _edit("history/00000003.json", by="somebody"),
        lambda folder: (folder / "history" / "00000001.json").unlink(),
        lambda folder: (folder / "history" / "00000002.json").unlink(),
        lambda folder: (folder / "history" / "00000003.json").unlink(),
        lambda folder: shutil.copy(
            folder / "history" / "00000001.json", folder / "history" / "00000004.json"
        ),
        lambda folder: (folder / "history" / "00000003.json").write_text("{}"),
        lambda folder: (folder / "history" / "00000003.json").write_bytes(b""),
        lambda folder: (folder / "active.json").write_text("nothing"),
    ],
    ids=["first", "last", "no first", "no middle", "no last", "again", "empty", "cut", "pointer"],
)
def test_a_history_that_was_changed_is_noticed(local: tuple[Store, list[str]], change: Any) -> None:
    store, names = local
    for name in names:
        store.promote(name, "prod")
    assert len(store.history("prod")) == 3
    change(Path(store.storage.where) / "environments" / "prod")
    for attempt in (
        lambda: store.history("prod"),
        lambda: store.active("prod"),
        lambda: store.rollback("prod"),
        lambda: store.promote(names[0], "prod"),
    ):
        with pytest.raises(errors.UnreadableError, match="the history of `prod`"):
            attempt()


# ------------------------------------------------------------------ many at once
_PROMOTE = """
import sys, skmig
place, model, env, count = sys.argv[1:]
store = skmig.open_store(place)
sys.stdin.readline()  # all begin together
for _ in range(int(count)):
    print(store.promote(store.add(model, env).version, env).version, flush=True)
"""


def test_of_many_at_once_none_is_lost(place: str, models: list[Path]) -> None:
    store = open_store(place)
    many, each = (4, 3) if "://" in place else (6, 4)
    if place.startswith("models:"):
        many, each = 3, 2  # each starts with MLflow's client, which takes its time
    processes = [
        started(_PROMOTE, place, str(models[i % 3]), "prod", str(each)) for i in range(many)
    ]
    answers = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        out, err = process.communicate()
        assert process.returncode == 0, err
        answers += out.split()
    assert len(set(answers)) == len(answers) == many * each
    entries = store.history("prod")
    assert sorted(entry.version for entry in entries) == sorted(answers)
    assert [entry.number for entry in entries] == list(range(1, many * each + 1))
    assert store.active("prod").version == entries[-1].version
    (pointer,) = store.storage.read(["environments/prod/active.json"])
    assert json.loads(pointer)["sha256"] == entries[-1].sha256
    # each goes back to what was before it, whoever was faster
    former = [None, *(entry.version for entry in entries[:-1])]
    assert [entry.rollback_target for entry in entries] == former


def test_who_is_killed_leaves_nothing_broken(
    local: tuple[Store, list[str]], models: list[Path]
) -> None:
    store, names = local
    for delay in (0.0, 0.003, 0.01, 0.02, 0.05):
        process = started(TOGGLE, store.storage.where, *names)
        assert process.stdout is not None
        said = process.stdout.readline()
        time.sleep(delay)  # anywhere in between
        os.kill(process.pid, signal.SIGKILL)
        out, _ = process.communicate()
        promised = int((said + out).split()[-1])
        entries = store.history("prod")
        assert len(entries) >= promised  # what was said to be done is done
        assert store.active("prod").version == entries[-1].version
        # and who deploys next, were it the same again, lets the pointer follow
        last = store.promote(names[len(entries) % 3], "prod")
        (pointer,) = store.storage.read(["environments/prod/active.json"])
        assert json.loads(pointer)["sha256"] == last.sha256


# ------------------------------------------------------------------ the commands
def test_the_commands(place: str, models: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    def asked(*words: str, code: int = 0) -> dict[str, Any]:
        assert run(["store", *words, "--store", place, "--json"]) == code
        return checked(capsys.readouterr().out, "failure" if code else f"store_{words[0]}")

    assert asked("list", code=errors.UNREADABLE)["error"]["message"].startswith("there is no store")
    first = asked("add", str(models[0]), "--env", "prod", "--promote")
    assert first["deployment"]["action"] == "promote"
    one = first["version"]["version"]
    two = asked("add", str(models[1]), "--env", "prod")["version"]["version"]
    assert asked("promote", two, "--env", "prod")["deployment"]["rollback_target"] == one
    assert asked("list")["active"] == {"prod": two}
    assert asked("show", two)["version"]["data_snapshot"] == "snapshot-1"
    assert asked("rollback", "--env", "prod")["deployment"]["version"] == one
    assert len(asked("history", "--env", "prod")["deployments"]) == 3
    found = asked("active", "--env", "prod", "--path")
    assert Path(found["path"]).read_bytes() == models[0].read_bytes()
    assert asked("rollback", "--env", "prod", code=errors.ANSWER_IS_NO)
    for words in (["list"], ["show", one], ["history", "--env", "prod"]):
        assert run(["store", *words, "--store", place]) == 0
        assert one in capsys.readouterr().out


def test_where_no_store_can_be(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(errors.UsageError, match="no store, and not empty"):
        open_store(tmp_path)
    with pytest.raises(errors.UsageError, match="only once"):
        open_store("memory://store")
    with pytest.raises(errors.UnreadableError, match="no store"):
        open_store(tmp_path / "notes.txt")
