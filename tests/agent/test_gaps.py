"""Missing values are probed where they mean something to the model, and only there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.covariance import EmpiricalCovariance
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import RFE, SequentialFeatureSelector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skmig.agent import probes
from skmig.agent.probes.gaps import gaps_are_meant

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)
BOOSTING = HistGradientBoostingClassifier(max_iter=3)
HOLES = np.where(RNG.uniform(size=X.shape) < 0.2, np.nan, X)


@pytest.mark.parametrize(
    ("model", "data", "meant"),
    [
        (RandomForestClassifier(5, random_state=0), X, False),
        (RandomForestClassifier(5, random_state=0), HOLES, True),
        (DecisionTreeRegressor(random_state=0), X, False),
        (make_pipeline(StandardScaler(), DecisionTreeRegressor(random_state=0)), X, False),
        (make_pipeline(SimpleImputer(), DecisionTreeRegressor(random_state=0)), HOLES, True),
        (HistGradientBoostingRegressor(max_iter=3), X, True),
        (StandardScaler(), X, True),
        (EmpiricalCovariance(), X, False),
        (CalibratedClassifierCV(DecisionTreeClassifier(max_depth=3), cv=2), X, False),
        (SequentialFeatureSelector(DecisionTreeClassifier(max_depth=3), cv=2), X, False),
        (make_pipeline(RFE(DecisionTreeClassifier()), BOOSTING), X, False),
        (make_pipeline(RFE(DecisionTreeClassifier()), BOOSTING), HOLES, True),
        (VotingClassifier([("a", BOOSTING), ("b", DecisionTreeClassifier(max_depth=3))]), X, False),
        (StackingClassifier([("a", BOOSTING)], DecisionTreeClassifier(max_depth=3), cv=2), X, True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_gaps(model: Any, data: Any, meant: bool) -> None:
    model = clone(model).fit(data, Y)
    assert gaps_are_meant(model) is meant
    made = probes.synthesise(model)
    assert bool(np.isnan(np.asarray(made["input"], dtype=float)).any()) is meant
