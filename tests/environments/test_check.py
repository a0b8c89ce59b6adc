"""Check: what simply loading a file of another release does, each way it can end."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import FITTED_BY

import skmig
from skmig import errors
from skmig.cli.app import run
from skmig.environments import virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress
from skmig.parity import Outcome

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("migrate")]

TARGET, OLD = "1.6.1", "1.0"
TICKETS = Path(__file__).parents[2] / "examples" / "tickets.joblib"

# a class that behaves in its own release, and in another does what MODE says
UNSTEADY = """
import os, pickle, signal, sys, time
import numpy as np
import sklearn
from sklearn.linear_model import LinearRegression

HOME = "{home}"

def misbehave(mode):
    if sklearn.__version__ == HOME:
        return
    if mode.endswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    elif mode.endswith("hang"):
        time.sleep(600)
    elif mode.endswith("memory"):
        raise MemoryError
    elif mode.endswith("raise"):
        raise ValueError("not in %s" % HOME)

class Unsteady(LinearRegression):
    mode = ""
    def __setstate__(self, state):
        self.__dict__.update(state)
        if self.mode.startswith("load"):
            misbehave(self.mode)
    def predict(self, X):
        if self.mode.startswith("predict"):
            misbehave(self.mode)
        return super().predict(X)

if __name__ == "__main__":
    import unsteady
    for mode in sys.argv[1:]:
        model = unsteady.Unsteady().fit(np.eye(3), [1.0, 2.0, 3.0])
        model.mode = mode
        with open(mode + ".pkl", "wb") as handle:
            pickle.dump(model, handle)
"""
SCRIPT = """
import pickle, numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
X = np.random.RandomState(0).rand(60, 3)
y = (X[:, 0] > 0.5) * 1
for name, model in (
    ("knn", KNeighborsClassifier(algorithm="kd_tree")),
    ("pipe", make_pipeline(StandardScaler(), LogisticRegression())),
    ("scaler", StandardScaler()),
):
    with open(name + ".pkl", "wb") as handle:
        pickle.dump(model.fit(X, y), handle)
"""
MODES = [
    f"{at}-{how}" for at in ("load", "predict") for how in ("crash", "hang", "memory", "raise")
]


def fit(folder: Path, release: str, script: str, *words: str, name: str = "fit.py") -> Path:
    (folder / name).write_text(script)
    python = virtual.ensure(EnvironmentSpec(release=release), SilentProgress())
    subprocess.run([str(python), name, *words], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fit(tmp_path_factory.mktemp("old"), OLD, SCRIPT)


@pytest.fixture(scope="module")
def unsteady(tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = UNSTEADY.replace("{home}", FITTED_BY)
    return fit(tmp_path_factory.mktemp("own"), FITTED_BY, script, *MODES, name="unsteady.py")


def checked(
    capsys: pytest.CaptureFixture[str], path: Path, *words: str | Path, to: str = TARGET
) -> tuple[int, dict[str, Any]]:
    argv = ["check", str(path), "--to", to, *map(str, words), "--backend", "local", "--json"]
    code = run(argv)
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] == (code == 0)
    return code, document["check"]


def test_it_predicts_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = Path(shutil.copy(TICKETS, tmp_path))
    code, found = checked(capsys, model)
    assert (code, found["outcome"]) == (errors.ANSWER_IS_NO, Outcome.DIFFERENT)
    labels = {item["method"]: item["mismatched_labels"] for item in found["methods"]}
    assert labels["predict"] > 0
    assert found["next"]["command"].startswith(f"skmig migrate {model} --to {TARGET}")
    # nothing is written
    assert list(tmp_path.iterdir()) == [model]
    assert run(["check", str(model), "--to", TARGET, "--backend", "local"]) == code
    out = capsys.readouterr().out
    assert out.startswith("no: tickets.joblib in scikit-learn")
    assert "\nnext: skmig migrate " in out


def test_the_same_answer_is_kept_in_the_record(tmp_path: Path) -> None:
    done = skmig.migrate(TICKETS, TARGET, output=tmp_path, backend="local", compare_naive=True)
    alone = skmig.check(TICKETS, TARGET, backend="local")
    assert done.manifest.naive == alone.naive.as_json()


@pytest.mark.parametrize(
    ("name", "to", "outcome", "text"),
    [
        ("knn", TARGET, Outcome.REFUSES, "ModuleNotFoundError: No module named 'sklearn.neigh"),
        ("pipe", TARGET, Outcome.BROKEN, "it predicts the same, but get_params: AttributeError"),
        ("scaler", "1.0.2", Outcome.WARNS, "while it loads it warns: UserWarning: Trying to un"),
        ("knn", OLD, Outcome.FINE, f"it is of scikit-learn {OLD} itself"),
    ],
)
def test_each_way_it_can_end(
    name: str,
    to: str,
    outcome: Outcome,
    text: str,
    old: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, found = checked(capsys, old / f"{name}.pkl", to=to)
    assert found["outcome"] == outcome
    assert text in found["sentence"]
    assert code == (0 if outcome in (Outcome.WARNS, Outcome.FINE) else 1)
    assert bool(found["next"]["command"]) == (outcome is not Outcome.FINE)


@pytest.mark.parametrize("mode", MODES)
def test_how_a_process_ends_is_an_answer(
    mode: str, unsteady: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at, how = mode.split("-")
    text = {
        "crash": "the process is ended by signal 11 (SIGSEGV)",
        "hang": "it does not come to an end within 20 s",
        "memory": "it runs out of memory",
        "raise": f"ValueError: not in {FITTED_BY}",
    }[how]
    words = ("--from", FITTED_BY, "--code", unsteady / "unsteady.py", "--timeout", "20")
    code, found = checked(capsys, unsteady / f"{mode}.pkl", *words)
    assert code == errors.ANSWER_IS_NO
    begin = "it does not load: " if at == "load" else "it loads, and crashes at predict: "
    assert found["sentence"].startswith(begin + text)
    assert found["outcome"] == (Outcome.REFUSES if at == "load" else Outcome.CRASHES)
    assert f"--code {unsteady / 'unsteady.py'}" in found["next"]["command"]


def test_what_is_not_trusted_is_not_loaded(
    fitted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["check", str(fitted / "harmful.pkl"), "--to", TARGET, "--backend", "local"]
    assert run(words) == errors.UNREADABLE
    assert "posix.system" in capsys.readouterr().err
    assert not (fitted / "harmed").exists()
