"""Data that does not fit a model is refused by the model's file alone, before anything starts."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmig import inputs, inspection
from skmig.errors import DataError

FRAME = pandas.DataFrame({"a": np.arange(12.0), "b": np.arange(12.0)[::-1], "c": np.ones(12)})
TARGET = [0, 1] * 6
PIPELINE = make_pipeline(StandardScaler(), LogisticRegression())
BY_NAME = make_column_transformer((StandardScaler(), ["a", "c"]))
MODELS = {
    "pipeline": PIPELINE.fit(FRAME, TARGET),
    "search": GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2).fit(FRAME, TARGET),
    "columns": make_pipeline(BY_NAME, LogisticRegression()).fit(FRAME, TARGET),
    "words": make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["p", "qq"] * 6, TARGET),
}
GOOD = "a,b,c\n1,2,3\n"


def read(folder: Path, model: Any, text: str, name: str = "data.csv") -> inputs.Inputs:
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    joblib.dump(model, folder / "model.joblib")
    (folder / name).write_text(text)
    found = [
        inputs.read(folder / name, inspection.inspect(folder / file), folder / "unpacked", 2)
        for file in ("model.pkl", "model.joblib")
    ]
    return found[0]


@pytest.mark.parametrize(
    ("model", "text", "said"),
    [
        ("pipeline", "a,b\n1,2\n", "lacks column `c`"),
        ("pipeline", "a,b,c,d\n1,2,3,4\n", "has the extra column `d`"),
        ("pipeline", "a,c,b\n1,2,3\n", "in another order than the model's: column 2 is `c`"),
        ("pipeline", "a,b,c\n1,2,3\n4,five,6\n", "column `b` of `data.csv` holds text: `five`"),
        ("pipeline", "a,b,c\n1,2,3\n4,five,6\n", "in row 3, and StandardScaler takes numbers"),
        ("pipeline", "1,2\n", "has 2 columns, the model was fitted on 3"),
        ("search", "a,b\n1,2\n", "lacks column `c`"),
        ("columns", "a,b\n1,2\n", "lacks column `c`"),
        ("words", "a,b\nx,y\n", "takes documents"),
    ],
)
def test_what_does_not_fit(model: str, text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, MODELS[model], text)
    assert said in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("model", ["pipeline", "search", "columns"])
def test_what_fits(model: str, tmp_path: Path) -> None:
    assert read(tmp_path, MODELS[model], GOOD).rows == 1


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    assert read(tmp_path, MODELS["columns"], "x,c,b,a\nt,1,2,3\n").rows == 1


def test_one_column_of_text_is_documents(tmp_path: Path) -> None:
    found = read(tmp_path, MODELS["words"], 'text\np qq\n" "\nq\n')
    (chunk,) = found.chunks(5)
    assert chunk.value == ["p qq", "q"]  # two of three rows
    assert chunk.numbers.tolist() == [0, 2]
