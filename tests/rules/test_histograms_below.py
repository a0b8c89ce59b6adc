"""Histogram gradient boosting below 0.22."""

from __future__ import annotations

from skmig.adapters.chain import adapt
from skmig.payload import New, Obj

REGRESSOR = "sklearn.ensemble.HistGradientBoostingRegressor"


def test_absolute_errors_are_squared_where_their_loss_is_not() -> None:
    state = {
        "loss": "least_absolute_deviation",
        "loss_": New("sklearn.ensemble.LeastAbsoluteDeviation"),
        "n_features_": 2,
    }
    found = adapt(Obj(REGRESSOR, state), "0.22", "0.21.3")
    assert not found.refusals
    assert found.graph.state["loss"] == "least_squares"
    assert found.graph.state["loss_"].tag == "sklearn.ensemble.LeastSquares"
    assert any("squared errors" in note.text for note in found.notes)
