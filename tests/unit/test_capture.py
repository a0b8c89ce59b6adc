"""Training day: the model and its record, both or neither, and believed no further than checked."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from tests.documents import checked

import skmig
from skmig import capture, dataset, errors, record
from skmig.agent import predict
from skmig.agent.build import Builder
from skmig.cli.app import run

RNG = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "age": RNG.integers(18, 80, 60),
        "income": RNG.normal(size=60),
        "city": pd.Categorical(RNG.choice(["Bern", "Rom"], 60), categories=["Bern", "Oslo", "Rom"]),
        "plan": RNG.choice(["a", "b"], 60),
    }
)
Y = (X["income"] > 0).astype(int)


def fitted() -> Any:
    columns = make_column_transformer(
        (StandardScaler(), ["age", "income"]),
        (OneHotEncoder(handle_unknown="ignore"), ["city", "plan"]),
    )
    return make_pipeline(columns, LogisticRegression()).fit(X, Y)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> capture.Capture:
    return skmig.save(
        fitted(),
        tmp_path_factory.mktemp("template") / "model.pkl",
        X,
        y=Y,
        metrics={"auc": np.float64(0.9), "lost": float("nan"), "folds": np.arange(2)},
        metadata={"team": "risk"},
        training_date="2026-11-21",
        data_snapshot="s3://lake@17",
        preprocessing_version="4",
        rows=25,
    )


@pytest.fixture
def saved(template: capture.Capture, tmp_path: Path) -> capture.Capture:
    """A copy of a model and its record, which a test may change."""
    for path in (template.model, template.path):
        shutil.copy(path, tmp_path)
    return capture.read(tmp_path / template.path.name)


def test_the_record_says_how_it_was(saved: capture.Capture) -> None:
    said = saved.said
    assert saved.artifact == record.FileFact.of(saved.model)
    assert saved.release == sklearn.__version__
    assert saved.packages["numpy"] == np.__version__
    # where the packages came from, as far as installers keep it
    assert said["packages"]["numpy"]["record"].startswith("sha256:")
    assert said["packages"]["skmig"]["editable"] is True
    assert said["system"]["libc"].startswith("glibc")
    assert {item["user_api"] for item in said["system"]["libraries"]} >= {"blas"}
    assert said["metrics"] == {"auc": 0.9, "lost": "nan", "folds": [0, 1]}
    assert (said["training_date"], said["data_snapshot"]) == ("2026-11-21", "s3://lake@17")
    assert said["target"]["labels"] == {str(k): int(n) for k, n in Y.value_counts().items()}
    columns = {column["name"]: column for column in said["schema"]["columns"]}
    assert list(columns) == list(X.columns)
    assert columns["city"]["categories"] == ["Bern", "Oslo", "Rom"]
    assert [columns[name]["kind"] for name in columns] == ["int", "float", "category", "text"]


def test_its_rows_can_be_asked_again(saved: capture.Capture, tmp_path: Path) -> None:
    assert (saved.said["rows"], saved.has_rows) == ({"own": 25, "of": 60}, True)
    rows = dataset.open_dataset(saved.path, tmp_path)
    assert (rows.rows, rows.names) == (25, tuple(X.columns))
    model = joblib.load(saved.model)
    kept = np.unique(np.linspace(0, 59, 25).astype(int))
    answers = saved.document("own-expected")["model"]["methods"]["predict"]["value"]
    assert (answers == model.predict(X.iloc[kept])).all()
    assert [len(chunk.numbers) for chunk in rows.chunks(10)] == [10, 10, 5]
    ages = np.concatenate([chunk.value.args["values"][0] for chunk in rows.chunks(10)])
    assert (ages == X["age"].iloc[kept]).all()


def _frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": pd.array([1, None, 3] * 4, dtype="Int64"),
            "c": pd.Categorical(list("ab") * 6),
            "o": np.array(["u", "v", None] * 4, dtype=object),
            "t": pd.date_range("2026-01-01", periods=12, tz="UTC"),
        },
        index=range(5, 17),
    )


@pytest.mark.parametrize(
    "rows",
    [
        np.arange(24.0).reshape(12, 2),
        np.arange(24.0, dtype="f4").reshape(12, 2).tolist(),
        sparse.random(12, 5, density=0.4, format="csr", random_state=0),
        sparse.random(12, 5, density=0.4, format="csc", random_state=0),
        [f"text {number}" for number in range(12)],
        pd.Series([f"text {number}" for number in range(12)]),
        [{"a": float(number), "b": "x"} for number in range(12)],
        _frame(),
        _frame()[["x"]].set_axis([7], axis=1),
    ],
    ids=lambda rows: type(rows).__name__,
)
def test_rows_of_every_kind_come_back_in_parts(rows: Any, tmp_path: Path) -> None:
    saved = skmig.save(FunctionTransformer(), tmp_path / "model.pkl", rows)
    found = dataset.open_dataset(saved.path, tmp_path)
    assert found.rows == 12
    parts = [Builder()(chunk.value, "rows") for chunk in found.chunks(5)]
    assert [predict.count_rows(part) for part in parts] == [5, 5, 2]
    if sparse.issparse(rows):
        assert (sparse.vstack(parts) != rows).nnz == 0
    elif isinstance(rows, pd.DataFrame):
        whole = pd.concat(parts, ignore_index=True)
        pd.testing.assert_frame_equal(whole, rows.reset_index(drop=True), check_freq=False)
    else:
        whole = [item for part in parts for item in list(part)]
        assert all(np.all(one == other) for one, other in zip(whole, list(rows), strict=True))


def test_no_row_is_kept_where_none_shall_be(tmp_path: Path) -> None:
    saved = skmig.save(fitted(), tmp_path / "model.pkl", X, rows=0)
    assert not saved.has_rows
    assert saved.schema is not None
    with zipfile.ZipFile(saved.path) as archive:
        assert not [name for name in archive.namelist() if name.startswith("own")]


@pytest.mark.parametrize("name", ["m.pkl", "m.joblib", "m.pkl.gz", "m.xz", "m.sav"])
def test_every_format_is_read_back(name: str, tmp_path: Path) -> None:
    saved = skmig.save(fitted(), tmp_path / name, X, rows=5)
    assert saved.model.name == name
    assert (skmig.load(saved.model).predict(X) == fitted().predict(X)).all()
    assert skmig.inspect(saved.model).release == sklearn.__version__


# ------------------------------------------------------------------ both or neither
@pytest.mark.parametrize(
    ("model", "sample", "error"),
    [
        (lambda: make_pipeline(FunctionTransformer(lambda x: x)), X, errors.AgentError),
        (fitted, X.drop(columns="age"), errors.DataError),
        (fitted, np.zeros((3, 2)), errors.DataError),
    ],
    ids=["a lambda", "other columns", "another width"],
)
def test_nothing_is_left_of_what_fails(
    model: Callable[[], Any], sample: Any, error: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(error):
        skmig.save(model(), tmp_path / "model.pkl", sample)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_stays(saved: capture.Capture) -> None:
    before = saved.model.read_bytes(), saved.path.read_bytes()
    with pytest.raises(errors.OutputExistsError):
        skmig.save(LogisticRegression().fit(X[["age"]], Y), saved.model, X[["age"]])
    assert (saved.model.read_bytes(), saved.path.read_bytes()) == before
    again = skmig.save(LogisticRegression().fit(X[["age"]], Y), saved.model, X[["age"]], force=True)
    assert again.said["class"].endswith("LogisticRegression")
    with pytest.raises(errors.UsageError, match="at once"):
        skmig.save(fitted(), saved.path.with_name("x.skmig"), X)


def test_a_process_that_is_killed_leaves_no_half(tmp_path: Path) -> None:
    script = """
import os, signal, sys
import numpy as np
from sklearn.linear_model import LogisticRegression
from skmig.agent import capture
import skmig
# killed when both are drawn, and neither has its name
capture.seal = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
X = np.eye(4)
skmig.save(LogisticRegression().fit(X, [0, 1, 0, 1]), sys.argv[1], X)
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "model.pkl")], check=False)
    assert done.returncode == -9
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".pkl", ".skmig")]


# ------------------------------------------------------------------ not trusted blindly
def _resealed(path: Path) -> None:
    """Change a member and what the archive says of itself, but not the digest of the member."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["model/graph.json"] += b" "
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.comment = b"sha256:" + b"0" * 64
    data = path.read_bytes()
    path.write_bytes(data[:-64] + hashlib.sha256(data[:-64]).hexdigest().encode())


def _flipped(place: int) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[place] ^= 1
        path.write_bytes(data)

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        *(_flipped(place) for place in (0, 1000, 5000, -1, -100, -2000)),
        _resealed,
    ],
)
def test_a_record_that_was_changed_is_none(
    saved: capture.Capture, change: Callable[[Path], None]
) -> None:
    assert capture.read(saved.path).said == saved.said
    change(saved.path)
    with pytest.raises(errors.UnreadableError):
        capture.read(saved.path)
    with pytest.raises(errors.UnreadableError):
        skmig.load(saved.model)


def test_another_model_under_the_name_is_an_error_that_says_so(saved: capture.Capture) -> None:
    joblib.dump(LogisticRegression().fit(X[["age"]], Y), saved.model)
    with pytest.raises(errors.UnreadableError, match="their digests differ") as caught:
        capture.beside(saved.model)
    assert "skmig capture" in caught.value.hint
    # and `migrate` says it before anything is started
    assert run(["migrate", str(saved.model), "--to", "1.6.1"]) == errors.UNREADABLE
    assert run(["migrate", str(saved.model), "--to", "1.6.1", "--dry-run"]) == errors.UNREADABLE


def test_a_migration_never_replaces_the_record_of_training_day(
    saved: capture.Capture, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--to", "1.6.1", "--output", str(saved.model.with_suffix(".joblib")), "--force"]
    assert run(["migrate", str(saved.model), *words]) == errors.USAGE
    assert "which is never replaced" in capsys.readouterr().err


# ------------------------------------------------------------------ the command
def test_the_command_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, rows = tmp_path / "model.joblib", tmp_path / "X.csv"
    joblib.dump(fitted(), model)
    X.to_csv(rows, index=False)
    metrics = tmp_path / "metrics.json"
    metrics.write_text('{"auc": 0.9}')
    words = ["capture", str(model), "--here", "--data", str(rows), "--metrics", str(metrics)]
    assert run([*words, "--rows", "12", "--json"]) == 0
    document = checked(capsys.readouterr().out, "captured")
    assert document["capture"]["rows"]["own"] == 12
    assert document["capture"]["metrics"] == {"auc": 0.9}
    assert (skmig.load(model, unknown="ignore").predict(X) == fitted().predict(X)).all()
    assert run([*words, "--json"]) == errors.USAGE  # it is there
    checked(capsys.readouterr().out, "failure")
    assert run([*words, "--force"]) == 0
    assert "12 of yours" not in capsys.readouterr().out
    X.drop(columns="age").to_csv(rows, index=False)
    assert run([*words, "--force"]) == errors.UNREADABLE
    metrics.write_text("[1]")
    assert run([*words, "--force"]) == errors.UNREADABLE
    assert "not an object" in capsys.readouterr().err
