"""Names of scores across the releases that changed them."""

from __future__ import annotations

from typing import Any

import pytest

from skmig.adapters.chain import adapt
from skmig.adapters.scores import ROOT, SQUARED
from skmig.payload import Obj

SEARCH = "sklearn.model_selection.GridSearchCV"


@pytest.mark.parametrize(
    ("source", "target", "given", "expected"),
    [
        ("0.19.2", "0.20.0", "log_loss", "neg_log_loss"),
        ("0.21.3", "0.22", "brier_score_loss", "neg_brier_score"),
        ("0.22", "0.21.3", "neg_brier_score", "brier_score_loss"),
        ("1.5.2", "1.6.0", "max_error", "neg_max_error"),
        ("1.6.0", "1.5.2", {"worst": "neg_max_error"}, {"worst": "max_error"}),
        ("1.5.2", "1.6.0", ["r2", "max_error"], {"r2": "r2", "max_error": "neg_max_error"}),
        ("1.5.2", "1.6.0", ("r2",), ("r2",)),
    ],
)
def test_names_of_scores_follow(source: str, target: str, given: Any, expected: Any) -> None:
    result = adapt(Obj(SEARCH, {"scoring": given}), source, target)
    assert result.graph.state["scoring"] == expected


def test_a_root_is_a_function_or_a_setting() -> None:
    scorer = Obj("sklearn.metrics._PredictScorer", {"_score_func": SQUARED, "_kwargs": {}})
    assert adapt(scorer, "1.3.2", "1.4.0").graph.state["_score_func"] == SQUARED
    scorer.state["_kwargs"] = {"squared": False}
    newer = adapt(scorer, "1.3.2", "1.4.0").graph
    assert newer.state["_score_func"] == ROOT
    assert newer.state["_kwargs"] == {}
    older = adapt(newer, "1.4.0", "1.3.2").graph
    assert older.state["_score_func"] == SQUARED
    assert older.state["_kwargs"] == {"squared": False}
    assert adapt(scorer, "0.22", "0.21.3").refusals
