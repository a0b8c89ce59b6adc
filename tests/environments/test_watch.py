"""Watch, where a model is really served: dependencies that change, and what training day kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.documents import checked

import skmig
from skmig import errors
from skmig.cli.app import run
from skmig.environments import locks, virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("migrate")]

ROOT = Path(__file__).parents[2]
TARGET, NEWER = "1.1.3", "1.6.1"


def uv(*words: str | Path) -> str:
    done = subprocess.run(
        [locks.find_uv(), "--quiet", *map(str, words)], check=True, capture_output=True, text=True
    )
    return done.stdout


def python_of(release: str) -> Path:
    return virtual.ensure(EnvironmentSpec(release=release), SilentProgress())


@pytest.fixture
def serving(tmp_path: Path) -> Path:
    """The interpreter of an environment of its own, as a deployment has one."""
    folder = tmp_path / "serving"
    uv("venv", "--no-project", "--python", python_of(TARGET), folder)
    python = folder / "bin" / "python"
    uv("pip", "sync", "--python", python, ROOT / "images" / TARGET / "requirements.lock")
    return python


@pytest.fixture(scope="module")
def pair(fitted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated model with its record."""
    folder = tmp_path_factory.mktemp("pair")
    skmig.migrate(fitted / "texts.pkl", TARGET, output=folder, backend="local")
    return folder / f"texts-{TARGET}.pkl"


def said(capsys: pytest.CaptureFixture[str], *words: Any) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = run(["watch", *map(str, words), "--json"])
    return code, checked(capsys.readouterr().out)


def test_dependencies_that_really_change(
    pair: Path, serving: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (pair, "--probes", "--python", serving)
    code, found = said(capsys, *words)
    assert (code, found["summary"]) == (0, "the probes are answered as recorded")
    assert found["probes"]["methods"]
    assert found["notes"] == []

    # another numpy: the answers are the same, and it is said all the same
    uv("pip", "install", "--python", serving, "numpy==1.24.4")
    code, found = said(capsys, *words)
    assert code == errors.ANSWER_IS_NO
    assert found["probes"]["packages"] == ["numpy is 1.24.4, the record has 1.23.5"]
    assert all(item["ok"] for item in found["probes"]["methods"])
    # what is meant to be there is no change
    freeze = tmp_path / "freeze.txt"
    freeze.write_text(uv("pip", "freeze", "--python", serving))
    assert said(capsys, *words, "--packages", freeze)[0] == 0

    # another scikit-learn: it loads without an error, and says something else
    uv("pip", "install", "--python", serving, f"scikit-learn=={NEWER}", "numpy==1.24.4")
    place = tmp_path / "skmig.prom"
    code, found = said(capsys, *words, "--packages", freeze, "--prometheus", place)
    assert code == errors.ANSWER_IS_NO
    assert f"scikit-learn is {NEWER}, the record has {TARGET}" in found["probes"]["packages"]
    different = {item["method"] for item in found["probes"]["methods"] if not item["ok"]}
    assert "predict_proba" in different
    assert "skmig_watch_probes_ok" in place.read_text()
    # and what a person is told
    assert run(["watch", *map(str, words)]) == errors.ANSWER_IS_NO
    out = capsys.readouterr().out
    assert "methods answer otherwise, and packages changed" in out
    assert "  output   model.predict_proba: " in out

    # none at all: that is an answer, too
    uv("pip", "uninstall", "--python", serving, "scikit-learn")
    code, found = said(capsys, *words)
    assert code == errors.ANSWER_IS_NO
    assert "sklearn" in found["probes"]["failure"]
    assert f"scikit-learn is not there, the record has {TARGET}" in found["probes"]["packages"]


def test_what_cannot_be_replayed(
    pair: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (pair, pair.with_suffix(".skmig")):
        shutil.copy(name, tmp_path)
    model = tmp_path / pair.name
    code, found = said(capsys, model, "--probes", "--python", tmp_path / "none")
    assert (code, "no interpreter" in found["error"]["message"]) == (2, True)
    code, found = said(capsys, model, "--probes", "--packages", tmp_path / "none.txt")
    assert (code, "pip freeze" in found["error"]["hint"]) == (3, True)
    model.write_bytes(model.read_bytes() + b".")
    code, found = said(capsys, model, "--probes")
    assert (code, "its digest differs" in found["error"]["message"]) == (3, True)
    model.unlink()
    code, found = said(capsys, model.with_suffix(".skmig"), "--probes")
    assert (code, "there is no model" in found["error"]["message"]) == (3, True)


SERVE = """
import sys
import numpy as np, skmig
log = skmig.PredictionLog(sys.argv[2], record=sys.argv[1])
log.add(np.zeros((3, 4)), np.zeros(3))
log.close()
assert (log.written, log.error) == (3, None), log.error
for name in ("rich", "docker", "packaging", "typer", "scipy", "sklearn"):
    assert name not in sys.modules, name
"""


def test_the_log_needs_nothing_of_the_serving_environment(
    fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside numpy: it is a place where skmig's own requirements need not be."""
    skmig.migrate(fitted / "logistic.pkl", NEWER, output=tmp_path, backend="local")
    model = tmp_path / f"logistic-{NEWER}.pkl"
    subprocess.run(
        [str(python_of(NEWER)), "-c", SERVE, str(model), str(tmp_path / "log")],
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    code, found = said(capsys, model, "--log", tmp_path / "log", "--against", "1d")
    assert (code, found["log"]["rows"]) == (0, 3)


# ------------------------------------------------------------------ with what training day kept
TRAIN = """
import sys
import numpy as np, skmig
from sklearn.ensemble import RandomForestClassifier
X = np.random.default_rng(0).normal(size=(400, 3))
model = RandomForestClassifier(5, random_state=0).fit(X, X[:, 0] > 0)
skmig.save(model, sys.argv[1], X)
"""


def test_against_the_rows_of_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "model.pkl"
    subprocess.run([sys.executable, "-c", TRAIN, str(model)], check=True)
    code, found = said(capsys, model, "--probes")
    assert (code, found["probes"]["packages"], found["notes"]) == (0, [], [])

    def log(name: str, move: float) -> Path:
        rows = np.random.default_rng(1).normal(move, 1, (300, 3))
        form = "parquet" if move else "sqlite"
        with skmig.PredictionLog(tmp_path / name, record=model, format=form) as writer:
            for i in range(0, 300, 10):
                writer.add(rows[i : i + 10], rows[i : i + 10, 0] > 0, time=time.time())
        return tmp_path / name

    code, found = said(capsys, model, "--log", log("fine", 0.0))
    assert (code, found["notes"]) == (0, [])
    assert found["log"]["baseline"] == "the 200 rows of training in model.skmig"
    assert {item["column"] for item in found["log"]["findings"]} == {"x0", "x1", "x2", "prediction"}
    code, found = said(capsys, model, "--log", log("moved", 1.5))
    assert code == errors.ANSWER_IS_NO
    # a log of other columns
    with skmig.PredictionLog(tmp_path / "other") as writer:
        writer.add([{"a": 1, "b": 2}] * 200)
    code, found = said(capsys, model, "--log", tmp_path / "other")
    assert (code, found["error"]["kind"]) == (3, "DataError")
    assert "has other columns than the model: `a`, `b`" in found["error"]["message"]

    # what it was migrated to is held against the same rows
    import sklearn

    target = "1.5.2" if sklearn.__version__ != "1.5.2" else "1.6.1"
    skmig.migrate(model, target, backend="local")
    code, found = said(capsys, tmp_path / f"model-{target}.pkl", "--log", tmp_path / "moved")
    assert code == errors.ANSWER_IS_NO
    assert found["log"]["baseline"] == "the 200 rows of training in model.skmig"
    (tmp_path / "model.skmig").rename(tmp_path / "away.skmig")
    words = (tmp_path / f"model-{target}.pkl", "--log", tmp_path / "moved")
    code, found = said(capsys, *words)
    assert (code, "--baseline" in found["error"]["hint"]) == (3, True)
    assert said(capsys, *words, "--baseline", tmp_path / "away.skmig")[0] == errors.ANSWER_IS_NO
