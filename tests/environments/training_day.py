"""Trains two small models on a table; run by the interpreter of a release.

`training_day.py FOLDER [pickle]`: written by `skmig.save`, or by pickle alone.
"""

import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def table(rows, seed):
    random = np.random.RandomState(seed)
    return pd.DataFrame(
        {
            "age": random.randint(18, 80, rows),
            "income": random.normal(size=rows).round(3),
            "plan": random.choice(["basic", "plus", "pro"], rows),
        }
    )


def model(X, y, C):
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["age", "income"]),
            ("plan", OneHotEncoder(handle_unknown="ignore"), ["plan"]),
        ]
    )
    return Pipeline([("columns", columns), ("model", LogisticRegression(C=C))]).fit(X, y)


def main(folder, how=""):
    folder = Path(folder)
    X = table(120, 0)
    y = (X["income"] + X["age"] / 40.0 > 1.0).astype(int)
    X.to_csv(folder / "X.csv", index=False)
    for name, C in (("churn", 1.0), ("churn-new", 0.01)):
        path = folder / (name + ".pkl")
        fitted = model(X, y, C)
        if how == "pickle":
            path.write_bytes(pickle.dumps(fitted))
            continue
        import skmig

        said = {"metrics": {"accuracy": fitted.score(X, y)}, "data_snapshot": "s3://lake/churn@17"}
        skmig.save(fitted, path, X, y=y, rows=50, preprocessing_version="3", **said)
        fitted.predict_proba(X).tofile(str(folder / (name + ".answers")))


if __name__ == "__main__":
    main(*sys.argv[1:])
