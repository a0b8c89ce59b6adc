"""Columns that a selector chose, below the release that brought it."""

from __future__ import annotations

from skmig.adapters.chain import adapt
from skmig.payload import Obj

SELECTOR = "sklearn.compose.make_column_selector"


def transformer(**fitted: object) -> Obj:
    part = Obj("sklearn.preprocessing.StandardScaler", {"copy": True})
    chosen = ("b", part, Obj(SELECTOR, {"pattern": "^x"}))
    state = {"transformers": [("a", part, [0]), chosen], **fitted}
    return Obj("sklearn.compose.ColumnTransformer", state)


def test_a_selector_is_written_as_the_columns_that_it_chose() -> None:
    found = adapt(transformer(_columns=[[0], ["x1", "x2"]]), "0.22", "0.21.3")
    assert not found.refusals
    assert [columns for _, _, columns in found.graph.state["transformers"]] == [[0], ["x1", "x2"]]


def test_a_selector_that_chose_nothing_yet_is_refused() -> None:
    found = adapt(transformer(), "0.22", "0.21.3")
    assert any("make_column_selector" in item.text for item in found.refusals)
