"""The user's rows in parts: they answer as the whole does, and nothing is lost at a seam."""

from __future__ import annotations

import copy
import itertools
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmig import streaming
from skmig.agent.run import run
from skmig.dataset import Chunk
from skmig.environments.base import Reply, SilentProgress
from skmig.errors import AgentError, DataError
from skmig.parity import Parity, Verdict
from skmig.parity.compare import ATOL, RTOL

X = np.random.default_rng(0).normal(size=(3000, 3))
y = (X @ [1.0, -2.0, 0.5] > 0).astype(int)
MODEL = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)


class Here:
    """A worker whose jobs run in this process, with the release that is installed here."""

    hello: ClassVar[dict[str, Any]] = {}

    def __init__(self, folder: Path, model: Any) -> None:
        folder.mkdir()
        self.folder = folder
        self.jobs: list[str] = []
        (folder / "model.pkl").write_bytes(pickle.dumps(model))

    def put(self, name: str, source: Path | bytes) -> None:
        assert isinstance(source, Path)
        (self.folder / name).unlink(missing_ok=True)
        shutil.copyfile(source, self.folder / name)

    def get(self, name: str, target: Path) -> None:
        shutil.copyfile(self.folder / name, target)

    def call(self, job: str, /, **args: Any) -> Reply:
        self.jobs.append(job)
        for part in args.get("parts", [args]):
            (self.folder / part["out"]).unlink(missing_ok=True)
        answer = run(job, args, str(self.folder))
        if not answer["ok"]:
            raise AgentError(str(answer["error"]))
        return Reply(result=answer["result"], seconds=0.01)

    def close(self) -> None: ...


Compare = Callable[..., Parity]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    def compare(model: Any, other: Any, rows: Any = X, **expected: Any) -> Parity:
        sides = tuple(
            streaming.Side(
                worker=Here(tmp_path / name, value),
                arguments={"artifact": "model.pkl", "reader": "pickle", "strict": False},
            )
            for name, value in (("source", model), ("target", other))
        )
        names = itertools.count()

        def chunks(size: int) -> Iterator[Chunk]:
            for start in range(0, len(rows), size):
                part = rows[start : start + size]
                yield Chunk(numbers=np.arange(start, start + len(part)), value=part)

        def refused(_answers: Any) -> None:
            raise DataError("refused")

        found = streaming.compare(
            len(rows),
            chunks,
            3,
            (sides[0], sides[1]),
            streaming.Terms(rtol=RTOL, atol=ATOL),
            place=lambda suffix: tmp_path / f"{next(names)}{suffix}",
            progress=SilentProgress(),
            refused=refused,
        )
        assert not list(tmp_path.glob("*.skmig"))
        assert [side.worker.jobs.count("sway") for side in sides] == [expected.get("sways", 0), 0]
        return found

    return compare


def by_name(found: Parity) -> dict[str, Any]:
    return {item.method: item for item in found.methods}


def test_every_row_is_counted_once(compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "ROWS", 512)
    found = by_name(compare(MODEL, MODEL))
    assert set(found) == {"predict", "predict_proba", "predict_log_proba", "decision_function"}
    assert {item.verdict for item in found.values()} == {Verdict.IDENTICAL}
    assert found["predict"].n == 3000
    assert found["predict_proba"].shape == (3000, 2)
    assert found["predict"].notes == ()


def test_the_worst_row_has_its_number_in_the_file(compare: Compare) -> None:
    class Shifted(BaseEstimator):
        def __init__(self, row: Any = None) -> None:
            self.row = row

        def predict(self, data: Any) -> Any:
            hit = (data == self.row).all(axis=1) if self.row is not None else False
            return data[:, 0] + hit * 1e-3

    globals()["Shifted"] = Shifted
    Shifted.__qualname__ = "Shifted"
    found = by_name(compare(Shifted(), Shifted(X[2345]), sways=1))["predict"]
    assert found.verdict is Verdict.DIFFERENT
    assert found.worst_row == 2345
    assert "in row 2345: " in found.text
    assert found.n == 3000
    assert found.max_abs == pytest.approx(1e-3)


def test_one_label_of_all_rows_is_seen(compare: Compare) -> None:
    other = copy.deepcopy(MODEL)
    other[-1].intercept_ += 1e-3
    found = by_name(compare(MODEL, other, sways=3))
    assert found["predict"].mismatched_labels == int((MODEL.predict(X) != other.predict(X)).sum())
    assert not found["decision_function"].ok


def test_rows_that_the_source_refuses_are_listed_and_the_others_compared(compare: Compare) -> None:
    rows = np.array(["a", "b"] * 1500, dtype=object).reshape(-1, 1)
    model = OneHotEncoder().fit(rows)
    rows = rows.copy()
    rows[[700, 2999]] = "private"
    found = by_name(compare(model, model, rows))["transform"]
    assert found.verdict is Verdict.IDENTICAL
    assert found.shape == (2998, 2)
    # and what the error quotes of a row is not repeated
    said = "2 rows have no answer in the source, the first is row 700: ValueError"
    assert found.notes == (said,)


def test_rows_that_only_the_target_refuses_are_a_difference(compare: Compare) -> None:
    rows = np.array(["a", "b"] * 1500, dtype=object).reshape(-1, 1)
    model = OneHotEncoder(handle_unknown="ignore").fit(rows)
    other = copy.deepcopy(model).set_params(handle_unknown="error")
    rows = rows.copy()
    rows[2999] = "new"
    found = by_name(compare(model, other, rows))["transform"]
    assert found.verdict is Verdict.DIFFERENT
    assert found.text.startswith("the target raises ValueError")


def test_what_an_error_quotes_of_a_row_is_not_repeated(compare: Compare) -> None:
    class Quoting(BaseEstimator):
        def __init__(self, word: str = "") -> None:
            self.word = word

        def predict(self, data: Any) -> Any:
            return data[:, 0]

        def transform(self, data: Any) -> Any:
            raise ValueError(f"{self.word} {data[0, 0]!r}")

    globals()["Quoting"] = Quoting
    Quoting.__qualname__ = "Quoting"
    found = by_name(compare(Quoting("a"), Quoting("b")))["transform"]
    assert (found.verdict, found.text) == (Verdict.ERROR_EQUAL, "ValueError")
    assert found.notes == ("the target says: ValueError",)


def test_data_that_the_source_refuses(compare: Compare) -> None:
    with pytest.raises(DataError, match="refused"):
        compare(MODEL, MODEL, X[:, :2])


def test_rounding_is_measured_where_answers_differ(compare: Compare) -> None:
    """Distances as differences of large squares, added up in another order."""
    points = X[:200] + 1e3
    model = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(points)
    other = copy.deepcopy(model)
    other._fit_X = np.asfortranarray(points)
    other._fit_X += 1e-9
    found = by_name(compare(model, other, points[:100] + 0.1, sways=2))["kneighbors"]
    assert found.verdict is Verdict.CLOSE
    assert any("last-bit change" in note for note in found.notes)


def test_what_depends_on_the_whole_is_asked_once_and_said(
    compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Centered(BaseEstimator):
        def transform(self, data: Any) -> Any:
            return data - data.mean(axis=0)

        def predict(self, data: Any) -> Any:
            return data[:, 0]

    globals()["Centered"] = Centered
    Centered.__qualname__ = "Centered"
    monkeypatch.setattr(streaming, "ROWS", 1000)
    found = by_name(compare(Centered(), Centered()))
    assert found["predict"].n == 3000
    assert found["transform"].n == streaming.FIRST * 3
    assert found["transform"].notes == (
        "asked for 256 of 3000 rows: the answer to one depends on those asked with it",
    )


def test_what_is_asked_for_some_rows_of_each_part_says_so(compare: Compare) -> None:
    model = NearestNeighbors(n_neighbors=2).fit(X[:100])
    found = by_name(compare(model, model))
    assert found["kneighbors"].n == 3000 * 2 * 2 + 3000
    assert found["radius_neighbors"].notes == ("asked for 48 of 3000 rows",)
