"""Scores by name and by function: what they are called from release to release.

A name that a release does not know would only be found out by the next fit.
"""

from __future__ import annotations

from typing import Any

from skmig.adapters.ops import Refusal, Retyped, Step
from skmig.adapters.shapes import tags
from skmig.payload import Name, Obj

SCORERS = tags(
    "metrics._PredictScorer metrics._ProbaScorer metrics._ThresholdScorer metrics._Scorer"
)
# the last two came later than some of the boundaries at which names changed
SCORED = tags(
    "feature_selection.RFECV linear_model.LogisticRegressionCV linear_model.RidgeCV "
    "linear_model.RidgeClassifierCV model_selection.GridSearchCV "
    "model_selection.RandomizedSearchCV model_selection.HalvingGridSearchCV "
    "model_selection.HalvingRandomSearchCV feature_selection.SequentialFeatureSelector"
)
SQUARED = Name("function", "sklearn.metrics.mean_squared_error")
ROOT = Name("function", "sklearn.metrics.root_mean_squared_error")


def renamed(older: dict[str, str], newer: dict[str, str], why: str) -> Retyped:
    """The parameter `scoring` where names of scores changed: `older` going up, `newer` down."""

    def by(table: dict[str, str]) -> Any:
        def function(value: Any) -> Any:
            if isinstance(value, str):
                return table.get(value, value)
            if isinstance(value, dict):
                return {name: function(score) for name, score in value.items()}
            if isinstance(value, list | tuple) and any(name in table for name in value):
                # the results, and `refit`, go on under the names that were given
                return {name: function(name) for name in value}
            return value

        return function

    return Retyped(classes=SCORED, name="scoring", to_new=by(older), to_old=by(newer), why=why)


def root_up(scorer: Obj, step: Step) -> None:
    """`mean_squared_error(squared=False)` is a function of its own."""
    keywords = scorer.state.get("_kwargs") or {}
    if scorer.state.get("_score_func") == SQUARED and keywords.get("squared") is False:
        scorer.state["_score_func"] = ROOT
        scorer.state["_kwargs"] = {k: v for k, v in keywords.items() if k != "squared"}


def root_down(scorer: Obj, step: Step) -> None:
    """The root was a setting of `mean_squared_error`."""
    if scorer.state.get("_score_func") == ROOT:
        scorer.state["_score_func"] = SQUARED
        scorer.state["_kwargs"] = {**(scorer.state.get("_kwargs") or {}), "squared": False}


def root_refused(scorer: Obj, step: Step) -> None:
    """Before, there was no root at all."""
    keywords = scorer.state.get("_kwargs") or {}
    if scorer.state.get("_score_func") == SQUARED and keywords.get("squared") is False:
        raise Refusal(f"a scorer by the root mean squared error needs {step.newer} or newer")


def keep(scorer: Obj, step: Step) -> None:
    """The other side knows it."""
