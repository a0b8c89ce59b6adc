"""Serving day: checked before anything runs; inputs that are not as in training are named."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

import skmig
from skmig import errors
from skmig.agent.schema import schema_of
from skmig.serving import Schema
from skmig.serving.served import Served

CITIES = ["Bern", "Oslo", "Rom"]
X = pd.DataFrame(
    {
        "age": [31, 45, 22, 60],
        "income": [1.5, 2.0, 0.5, 9.25],
        "city": pd.Categorical(["Bern", "Rom", "Bern", "Oslo"], categories=CITIES),
        "plan": ["a", "b", "a", "c"],
        "member": [True, False, True, True],
    }
)


class Codes(ClassifierMixin, BaseEstimator):
    """Answers with the codes that it sees, as libraries do that read categoricals by code."""

    def fit(self, X: Any, y: Any = None) -> Codes:
        self.classes_ = np.array([-1, 0, 1, 2])
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X: Any) -> Any:
        return X["city"].cat.codes.to_numpy()


@pytest.fixture
def schema() -> Schema:
    return Schema(schema_of(X))


# ------------------------------------------------------------------ what is wrong is named
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X: X.drop(columns=["age", "plan"]), ["missing columns `age`, `plan`"]),
        (lambda X: X.assign(zip=1), ["unexpected column `zip`"]),
        (
            lambda X: X[["income", "age", "city", "plan", "member"]],
            ["in another order columns `income`, `age`"],
        ),
        (lambda X: X.assign(age=X["age"].astype(str)), ["column `age` is", "was int64"]),
        (lambda X: X.assign(age=X["age"] + 0.5), ["`age` is float64 with 31.5"]),
        (lambda X: X.assign(income="much"), ["column `income`", "was float64"]),
        (lambda X: X.assign(plan=7), ["column `plan` is int64"]),
        (lambda X: X.assign(member=2), ["column `member` is int64 with 2"]),
        (lambda X: X.assign(age=pd.Timestamp("2026-01-01")), ["column `age` is datetime64"]),
        (
            lambda X: X.assign(city=["Bern", "Paris", "Paris", "Ulm"]),
            ["column `city`", "'Paris', 'Ulm' (3 rows)"],
        ),
        (lambda X: pd.concat([X, X[["age"]]], axis=1), ["more than once column `age`"]),
        (lambda X: X.to_numpy(), ["no names of columns (an array)", "`age`, `income`"]),
        (lambda X: X["age"], ["no names of columns"]),
        (
            lambda X: X[["plan", "age"]].assign(age="old", zip=1),
            ["missing columns `income`", "unexpected column `zip`", "another order", "`age` is"],
        ),
    ],
)
def test_what_is_not_as_in_training_is_named(change: Any, words: list[str], schema: Schema) -> None:
    with pytest.raises(errors.InputError) as caught:
        schema.check(change(X))
    assert isinstance(caught.value, ValueError)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda X: X,
        lambda X: X.iloc[:0],
        lambda X: X.iloc[:1],
        lambda X: X.set_axis(["w", "x", "y", "z"], axis=0),
        lambda X: X.assign(income=[1, 2, 3, 4]),
        lambda X: X.assign(income=True),
        lambda X: X.assign(age=X["age"].astype(float)),
        lambda X: X.assign(age=X["age"].astype("int8")),
        lambda X: X.assign(age=X["age"].astype("Int64")),
        lambda X: X.assign(age=[31.0, np.nan, 22.0, 60.0]),
        lambda X: X.assign(age=pd.array([31, None, 22, 60], dtype="Float64")),
        lambda X: X.assign(age=X["age"].astype(object)),
        lambda X: X.assign(member=[1, 0, 1, 1]),
        lambda X: X.assign(plan=None),
        lambda X: X.assign(plan=np.nan),
        lambda X: X.assign(plan=pd.Categorical(X["plan"])),
        lambda X: X.assign(plan=X["plan"].astype(object)),
        lambda X: X.assign(city=X["city"].astype(object)),
        lambda X: X.assign(city=["Bern", None, "Bern", "Oslo"]),
    ],
)
def test_what_loses_nothing_is_as_good(change: Any, schema: Schema) -> None:
    given = change(X)
    before = given.copy(deep=True)
    checked = schema.check(given)
    assert checked["city"].dtype == X["city"].dtype
    pd.testing.assert_frame_equal(given, before)  # the caller's rows stay as they are
    others = [name for name in X if name != "city"]
    pd.testing.assert_frame_equal(checked[others], given[others])


def test_a_batch_without_all_categories_has_the_codes_of_training() -> None:
    model = Served(Codes().fit(X), Schema(schema_of(X)))
    batch = X.iloc[1:2].assign(city=pd.Categorical(["Rom"]))
    assert Codes().fit(X).predict(batch) == [0]  # which would be Bern
    assert model.predict(batch) == [2]
    assert model.predict(batch.assign(city="Rom")) == [2]
    backwards = X.assign(city=X["city"].cat.set_categories(CITIES[::-1]))
    assert (model.predict(backwards) == X["city"].cat.codes).all()


def test_unknown_categories_by_choice() -> None:
    strange = X.assign(city=["Bern", "Paris", "Bern", "Oslo"])
    checked = {}
    for choice in ("warn", "ignore"):
        model = Served(Codes().fit(X), Schema(schema_of(X)), unknown=choice)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            checked[choice] = model.check_input(strange)
        assert [str(item.message)[:13] for item in caught] == ["column `city`"] * (choice == "warn")
        # what the model makes of it is for it to say
        assert list(checked[choice]["city"]) == list(strange["city"])


def test_arrays_texts_and_tables_of_others() -> None:
    array = np.arange(6.0).reshape(3, 2)
    of_array = Schema(schema_of(array))
    for good in (array, array.astype(int), array.tolist(), sparse.csr_matrix(array)):
        assert of_array.check(good) is good
    of_array.check(pd.DataFrame(array))
    for bad, words in (
        (array[:, :1], "the rows have 1 columns, and the model was trained on 2"),
        (array[0], "where rows of 2 columns are wanted"),
        (array.astype(str), "the array is <U"),
        (pd.DataFrame(array).assign(more="x"), "the rows have 3 columns"),
        (sparse.csr_matrix(array[:, :1]), "the rows have 1 columns"),
    ):
        with pytest.raises(errors.InputError, match=words):
            of_array.check(bad)
    whole = Schema(schema_of(array.astype(int)))
    assert whole.check(array) is array
    with pytest.raises(errors.InputError, match=r"with 0\.5, and was int64"):
        whole.check(array + 0.5)
    of_texts = Schema(schema_of(["one", "two"]))
    of_texts.check(pd.Series(["three"]))
    with pytest.raises(errors.InputError, match="row 1 is float"):
        of_texts.check(["three", 0.5])
    with pytest.raises(errors.InputError, match="a table where documents"):
        of_texts.check(X)


def test_tables_of_others(tmp_path: Path) -> None:
    import polars as pl
    import pyarrow as pa

    of_table = Schema(schema_of(X[["age", "city", "plan"]]))
    good = {"age": [31, 45], "city": ["Bern", "Rom"], "plan": ["a", "b"]}
    for make in (pl.from_dict, pa.table):
        table = make(good)
        assert of_table.check(table) is table
        for change, words in (
            ({"age": ["old", "new"]}, "column `age` is "),
            ({"age": [1.5, 2.0]}, r"with 1\.5, and was int64"),
            ({"city": ["Ulm", "Rom"]}, "column `city` has values"),
            ({"zip": [1, 2]}, "unexpected column `zip`"),
        ):
            with pytest.raises(errors.InputError, match=words):
                of_table.check(make({**good, **change}))
    numbers = pl.from_dict({"age": [31, 45, 22, 60], "income": [1.5, 2.0, 0.5, 9.25]})
    skmig.save(LogisticRegression().fit(numbers, [0, 1, 0, 1]), tmp_path / "m.pkl", numbers)
    assert (skmig.load(tmp_path / "m.pkl").predict(numbers) == [0, 1, 0, 1]).all()
    with pytest.raises(errors.InputError, match="missing column `age`"):
        skmig.load(tmp_path / "m.pkl").predict(numbers.drop("age"))


# ------------------------------------------------------------------ a scikit-learn estimator
NUMBERS = X[["age", "income"]]
LABELS = np.array([0, 1, 0, 1])


@pytest.fixture
def served(tmp_path: Path) -> Any:
    model = make_pipeline(StandardScaler(), LogisticRegression(C=2.0)).fit(NUMBERS, LABELS)
    skmig.save(model, tmp_path / "model.pkl", NUMBERS)
    return skmig.load(tmp_path / "model.pkl")


def test_it_answers_like_the_model(served: Any) -> None:
    model = served.model
    for name in ("predict", "predict_proba", "decision_function"):
        assert (getattr(served, name)(NUMBERS) == getattr(model, name)(NUMBERS)).all()
        with pytest.raises(errors.InputError, match="missing column `age`"):
            getattr(served, name)(NUMBERS[["income"]])
    assert served.score(NUMBERS, LABELS) == 1.0
    assert not hasattr(served, "transform")
    assert hasattr(Served(StandardScaler().fit(NUMBERS)), "transform")
    assert list(served.classes_) == [0, 1]
    assert served.n_features_in_ == 2
    assert list(served.feature_names_in_) == ["age", "income"]
    assert is_classifier(served)
    assert is_regressor(Served(LinearRegression()))
    assert "LogisticRegression" in repr(served)
    assert served._repr_html_()


def test_it_stays_an_estimator(served: Any, tmp_path: Path) -> None:
    check_is_fitted(served)
    assert served.get_params()["model__logisticregression__C"] == 2.0
    again = pickle.loads(pickle.dumps(served))
    assert (again.predict(NUMBERS) == served.predict(NUMBERS)).all()
    with pytest.raises(errors.InputError):
        again.predict(NUMBERS[["income"]])
    new = clone(served).set_params(model__logisticregression__C=0.5)
    with pytest.raises(NotFittedError):
        check_is_fitted(new)
    assert new.fit(NUMBERS, LABELS).model_.named_steps["logisticregression"].C == 0.5
    check_is_fitted(new)
    # what it is fitted on is what it takes from then on
    new.fit(NUMBERS.rename(columns={"age": "years"}), LABELS)
    with pytest.raises(errors.InputError, match="missing column `years`"):
        new.predict(NUMBERS)
    assert (Pipeline([("model", served)]).predict(NUMBERS) == served.predict(NUMBERS)).all()
    many = pd.concat([NUMBERS] * 5, ignore_index=True)
    assert cross_val_score(served, many, np.tile(LABELS, 5), cv=2).min() == 1.0
    grid = GridSearchCV(served, {"model__logisticregression__C": [0.1, 1.0]}, cv=2)
    assert grid.fit(many, np.tile(LABELS, 5)).best_score_ == 1.0
    # what is saved is the model itself
    skmig.save(served, tmp_path / "again.pkl", NUMBERS)
    assert type(skmig.load(tmp_path / "again.pkl", bare=True)) is Pipeline


def test_transformers_and_what_learns_on(tmp_path: Path) -> None:
    scaler = Served(StandardScaler().fit(NUMBERS), Schema(schema_of(NUMBERS)))
    both = Pipeline([("scale", scaler), ("model", LogisticRegression())]).fit(NUMBERS, LABELS)
    assert (both.predict(NUMBERS) == LABELS).all()
    assert list(scaler.get_feature_names_out()) == ["age", "income"]
    named = clone(scaler).fit(NUMBERS).set_output(transform="pandas")
    assert list(named.transform(NUMBERS).columns) == ["age", "income"]
    assert (clone(scaler).fit_transform(NUMBERS) == scaler.transform(NUMBERS)).all()
    learner = Served(SGDClassifier().fit(NUMBERS, LABELS), Schema(schema_of(NUMBERS)))
    assert learner.partial_fit(NUMBERS, LABELS) is learner
    with pytest.raises(errors.InputError):
        learner.partial_fit(NUMBERS[["age"]], LABELS)
    texts = ["good day", "bad night"]
    vectorizer = CountVectorizer().fit(texts)
    skmig.save(vectorizer, tmp_path / "texts.pkl", texts)
    loaded = skmig.load(tmp_path / "texts.pkl")
    assert (loaded.transform(texts) != vectorizer.transform(texts)).nnz == 0
    with pytest.raises(errors.InputError, match="documents"):
        loaded.transform(NUMBERS)


# ------------------------------------------------------------------ before anything runs
class Trap:
    """What runs when it is loaded."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return os.mkdir, (self.place,)


def test_what_the_record_is_not_of_is_never_loaded(served: Any, tmp_path: Path) -> None:
    path, sprung = tmp_path / "model.pkl", tmp_path / "sprung"
    whole, record = path.read_bytes(), path.with_suffix(".skmig").read_bytes()
    path.write_bytes(pickle.dumps(Trap(str(sprung))))
    for options in ({}, {"check": False}, {"bare": True}, {"check": "warn"}):
        with pytest.raises(errors.UnreadableError, match="its digest differs"):
            skmig.load(path, **options)
    path.with_suffix(".skmig").unlink()
    with pytest.raises(errors.UnreadableError, match="there is no record") as caught:
        skmig.load(path)
    assert "skmig capture" in caught.value.hint
    assert not sprung.exists()
    path.write_bytes(whole)
    path.with_suffix(".skmig").write_bytes(record)
    assert (skmig.load(path, bare=True).predict(NUMBERS) == LABELS).all()
    with pytest.raises(errors.UnreadableError, match="not the record with the digest"):
        skmig.load(path, sha256="0" * 64)
    with pytest.raises(errors.UsageError, match="not a choice"):
        skmig.load(path, unknown="maybe")  # type: ignore[arg-type]


def test_what_is_no_estimator_is_loaded_bare(tmp_path: Path) -> None:
    both = {"clf": LogisticRegression().fit(NUMBERS, LABELS), "threshold": 0.5}
    skmig.save(both, tmp_path / "both.pkl", NUMBERS)
    with pytest.raises(errors.UsageError, match="holds a dict"):
        skmig.load(tmp_path / "both.pkl")
    assert skmig.load(tmp_path / "both.pkl", bare=True)["threshold"] == 0.5


def test_importing_skmig_imports_nothing_heavy() -> None:
    script = (
        "import sys, skmig; print([n for n in ('sklearn', 'numpy', 'docker') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
