"""Histogram gradient boosting below 0.22."""

from __future__ import annotations

from skmig.adapters.chain import adapt
from skmig.payload import Obj

REGRESSOR = "sklearn.ensemble.HistGradientBoostingRegressor"


def test_absolute_errors_are_refused_where_their_loss_is_not() -> None:
    for loss, refusals in (("least_absolute_deviation", 1), ("least_squares", 0)):
        found = adapt(Obj(REGRESSOR, {"loss": loss, "n_features_": 2}), "0.22", "0.21.3")
        assert len(found.refusals) == refusals
