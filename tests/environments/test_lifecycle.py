"""The story: train, capture, migrate, verify, promote, serve, roll back; each in its release."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import FITTED_BY

import skmig
from skmig import capture, errors, record, versions
from skmig.agent.capture import seal
from skmig.cli.app import run
from skmig.environments import bundle_agent, virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress
from skmig.payload import Bundle, write_bundle

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("migrate")]

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "src"
OLD, NEW = "1.1.3", "1.6.1"  # the oldest that runs on the oldest Python of skmig
NEWEST = versions.line()[-1]


def python_of(release: str) -> Path:
    return virtual.ensure(EnvironmentSpec(release=release), SilentProgress())


def ran(release: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """A script in the environment of a release: its lock, and skmig's sources on the path."""
    variables = {**os.environ, "PYTHONPATH": str(SOURCES), "OMP_NUM_THREADS": "1"}
    command = [str(python_of(release)), "-W", "error", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=variables)


def served(release: str, path: str | Path, rows: Path) -> dict[str, Any]:
    done = ran(release, HERE / "serving_day.py", path, rows)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["release"] == release
    assert found["imported"] == []
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models of OLD and their records, and what they answered then."""
    folder = tmp_path_factory.mktemp("trained")
    done = ran(OLD, HERE / "training_day.py", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def own(trained: Path, tmp_path: Path) -> Path:
    """A copy of one of them."""
    for name in ("churn.pkl", "churn.skmig"):
        shutil.copy(trained / name, tmp_path)
    return tmp_path / "churn.pkl"


def test_from_training_day_to_rollback(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = trained / "X.csv"
    then = {name: np.fromfile(trained / f"{name}.answers") for name in ("churn", "churn-new")}
    # where it was trained it can be served; where production is, the error says what to do
    found = served(OLD, trained / "churn.pkl", rows)
    assert (np.array(found["answers"]) == then["churn"]).all()
    assert [text.partition(": ")[2][:25] for text in found["said"]] == [
        "missing column `age`",
        "column `age` is object, a",
        "it has no names of column",
        "in another order columns ",
    ]
    refused = ran(NEW, HERE / "serving_day.py", trained / "churn.pkl", rows)
    assert f"`churn.pkl` is of scikit-learn {OLD}, and {NEW} is running here" in refused.stderr
    assert f"hint: run: skmig migrate {trained / 'churn.pkl'} --to {NEW}" in refused.stderr

    # nothing is asked of the user: the record knows release, environment and rows
    words = ["--to", NEW, "--backend", "local", "--output", str(tmp_path)]
    assert run(["migrate", str(trained / "churn.pkl"), str(trained / "churn-new.pkl"), *words]) == 0
    results = {name: tmp_path / f"{name}-{NEW}.pkl" for name in then}
    read = record.read(record.record_of(results["churn"]))
    assert read.manifest.data is not None
    assert (read.manifest.data["name"], read.manifest.data["asked"]) == ("churn.skmig", 50)
    assert read.manifest.notes == ()
    assert run(["verify", str(tmp_path), "--backend", "local"]) == 0

    store = str(tmp_path / "store")
    one, two = (skmig.open_store(store).add(results[name], "prod") for name in results)
    assert (one.data_snapshot, one.preprocessing_version) == ("s3://lake/churn@17", "3")
    assert one.metrics["accuracy"] > 0.9
    assert one.migrated_from is not None
    assert one.migrated_from["release"] == OLD
    for version in (one, two):
        assert run(["store", "promote", version.version, "--env", "prod", "--store", store]) == 0
    for name in ("churn-new", "churn"):
        found = served(NEW, f"{store}#prod", rows)
        np.testing.assert_allclose(found["answers"], then[name], rtol=1e-9)
        if name == "churn-new":
            assert run(["store", "rollback", "--env", "prod", "--store", store]) == 0
    capsys.readouterr()
    assert run(["store", "active", "--env", "prod", "--path", "--store", store]) == 0
    active = Path(capsys.readouterr().out.strip())
    assert run(["verify", str(active), "--python", str(python_of(NEW))]) == 0


def test_the_newest_saves_and_serves(tmp_path: Path) -> None:
    done = ran(NEWEST, HERE / "training_day.py", tmp_path)
    assert done.returncode == 0, done.stderr
    found = served(NEWEST, tmp_path / "churn.pkl", tmp_path / "X.csv")
    assert (np.array(found["answers"]) == np.fromfile(tmp_path / "churn.answers")).all()


# ------------------------------------------------------------------ captured later
def test_the_commands_capture_what_is_a_pickle_already(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By skmig, in an environment of its release; and by the agent, where skmig cannot be."""
    python = python_of(FITTED_BY)
    script = HERE / "training_day.py"
    subprocess.run([str(python), str(script), str(tmp_path), "pickle"], check=True)
    model, other, rows = tmp_path / "churn.pkl", tmp_path / "churn-new.pkl", tmp_path / "X.csv"
    assert run(["capture", str(model), "--data", str(rows), "--backend", "local"]) == 0
    agent = tmp_path / "agent.pyz"
    agent.write_bytes(bundle_agent.agent_pyz())
    command = [str(python), str(agent), "capture", str(other), "--data", str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2  # it is there
    by_skmig, by_agent = capture.read(model.with_suffix(".skmig")), capture.beside(other)
    assert by_agent is not None
    for name in ("release", "schema", "packages"):
        assert getattr(by_skmig, name) == getattr(by_agent, name)
    assert by_skmig.said["rows"] == by_agent.said["rows"] == {"own": 120, "of": 120}
    done = skmig.migrate(other, NEW, output=tmp_path / "new.pkl", backend="local")
    assert done.manifest.data is not None
    # --here is an environment of another release
    capsys.readouterr()
    words = ["capture", str(model), "--here", "--force"]
    assert run(words) == errors.UNSUPPORTED
    assert f"is of scikit-learn {FITTED_BY}" in capsys.readouterr().err


# ------------------------------------------------------------------ not trusted blindly
def _rewritten(path: Path, documents: dict[str, Any], **changes: Any) -> None:
    """A record of training day with other documents, sealed as a whole one is."""
    with Bundle(str(path)) as bundle:
        kept = {name: bundle.document(name) for name in bundle.documents()}
        said, facts = bundle.json("capture.json"), bundle.json("payload.json")
        draft = path.with_suffix(".part")
        write_bundle(str(draft), {**kept, **documents}, {"payload.json": facts})
    seal(str(draft), {**said, **changes})
    draft.replace(path)


def test_answers_that_were_never_given_are_refused(own: Path) -> None:
    place = record.record_of(own)
    answers = capture.read(place).document("own-expected")
    proba = answers["model"]["methods"]["predict_proba"]
    proba["value"] = proba["value"][:, ::-1].copy()
    _rewritten(place, {"own-expected": answers})
    assert capture.beside(own) is not None  # every digest is right
    with pytest.raises(
        errors.RefusedError, match="does not answer as it did on training day"
    ) as no:
        skmig.migrate(own, NEW, backend="local")
    assert any("predict_proba" in reason for reason in no.value.reasons)
    assert not own.with_name(f"churn-{NEW}.pkl").exists()


@pytest.mark.parametrize("pytz", ["2022.7", "1.0.999"])
def test_the_environment_of_training_day_is_made_again(pytz: str, own: Path) -> None:
    place = record.record_of(own)
    said = capture.read(place).said
    packages = {**said["environment"]["packages"], "pytz": pytz, "skmig": "0.0.1"}
    _rewritten(place, {}, environment={**said["environment"], "packages": packages})
    manifest = skmig.migrate(own, NEW, backend="local").manifest
    found = manifest.source_environment.packages
    if pytz == "2022.7":
        assert {**found, "skmig": "0.0.1"} == packages
        assert manifest.notes == ()
        # of a folder, the records of migrations are verified
        assert run(["verify", str(own.parent), "--backend", "local"]) == 0
    else:  # it is nowhere
        (note,) = manifest.notes
        assert note.startswith("the environment of training day could not be made again")
        assert found["pytz"] == said["environment"]["packages"]["pytz"]
