"""Serves a model; run by the interpreter of a release, which has none of skmig's dependencies.

`serving_day.py PATH ROWS.csv`: prints what it answers, as JSON, after the wrapper went through all
that an estimator of this release goes through.
"""

import json
import pickle
import sys

import pandas as pd
import sklearn
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

import skmig
from skmig import errors


def main(path, rows):
    X = pd.read_csv(rows)
    served = skmig.load(path)
    check_is_fitted(served)
    assert is_classifier(served)
    answers = served.predict_proba(X)
    assert (skmig.load(path, bare=True).predict_proba(X) == answers).all()
    assert (pickle.loads(pickle.dumps(served)).predict_proba(X) == answers).all()
    assert (Pipeline([("model", served)]).predict_proba(X) == answers).all()
    labels = served.predict(X)
    new = clone(served)
    try:
        check_is_fitted(new)
        raise AssertionError("a clone is fitted")
    except sklearn.exceptions.NotFittedError:
        pass
    assert new.set_params(model__model__C=1.0).fit(X, labels).score(X, labels) > 0.9
    assert cross_val_score(served, X, labels, cv=3).min() > 0.5
    GridSearchCV(served, {"model__model__C": [0.1, 1.0]}, cv=2).fit(X, labels)
    assert "LogisticRegression" in repr(served)
    assert list(served.feature_names_in_) == list(X.columns)
    said = []
    for bad in (X.drop(columns="age"), X.assign(age="old"), X.to_numpy(), X[X.columns[::-1]]):
        try:
            served.predict(bad)
        except errors.InputError as error:
            said.append(str(error))
    missing = {"docker", "rich", "typer", "packaging", "uv"} & set(sys.modules)
    print(
        json.dumps(
            {
                "release": sklearn.__version__,
                "answers": answers.ravel().tolist(),
                "said": said,
                "imported": sorted(missing),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
