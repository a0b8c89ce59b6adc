"""Fits the models of the migration tests; runs in the environment of an old release.

`python fitted.py FOLDER`, with this file's folder as the place of `train.py`.
"""

import pickle
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import train
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

folder = Path(sys.argv[1])


class Harmful:
    """Leaves a file behind when it is unpickled."""

    def __reduce__(self):
        import os

        return os.system, ("touch '%s'" % (folder / "harmed"),)


def dump(name, value):
    (folder / name).write_bytes(pickle.dumps(value))


X, y = load_iris(return_X_y=True)
frame = pd.DataFrame({"age": [20.0, 30, 40, 50, 60, 70], "town": list("abcabc")})
logistic = LogisticRegression(max_iter=500).fit(X, y)
dump("logistic.pkl", logistic)
dump("space ü.pkl", logistic)
forest = make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)).fit(X, y)
joblib.dump(forest, folder / "forest.joblib", compress=("gzip", 3))
columns = ColumnTransformer([("n", StandardScaler(), ["age"]), ("c", OneHotEncoder(), ["town"])])
dump("table.pkl", make_pipeline(columns, LogisticRegression()).fit(frame, [0, 1] * 3))
texts = make_pipeline(TfidfVectorizer(), LogisticRegression())
dump("texts.pkl", texts.fit(["hello world", "good day", "bad day"], [0, 1, 0]))
dump("several.pkl", {"model": logistic, "parts": [StandardScaler().fit(X)], "number": 3})
dump("unfitted.pkl", LogisticRegression())
dump("harmful.pkl", {"model": logistic, "more": Harmful()})
own = make_pipeline(FunctionTransformer(train.double), train.Shift(2), LinearRegression())
own.fit(X, X.sum(axis=1))
dump("module.pkl", own)
main = sys.modules["__main__"]
for value in (train.double, train.Shift):
    value.__module__ = "__main__"
    setattr(main, value.__name__, value)
dump("script.pkl", own)
np.save(str(folder / "X.npy"), X[:7])
