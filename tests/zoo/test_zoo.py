"""The zoo in the scikit-learn installed here: what it promises to the tests that use it."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.zoo.census import text

from skmig.agent import census


@pytest.fixture(scope="module")
def zoo() -> Iterator[Any]:
    """The module `specimens`, importable as in an environment."""
    folder = str(Path(__file__).parent)
    sys.path.insert(0, folder)
    try:
        import specimens

        yield specimens
    finally:
        sys.path.remove(folder)


@pytest.fixture(scope="module")
def taken(zoo: Any) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return census.take(zoo.SPECIMENS, zoo.Unavailable)


@pytest.mark.slow
def test_every_specimen_is_fitted_or_says_why_not(zoo: Any, taken: dict[str, Any]) -> None:
    assert taken["failed"] == {}
    assert set(taken["specimens"]) | set(taken["unavailable"]) == set(zoo.SPECIMENS)
    assert all(taken["unavailable"].values())
    assert len(taken["specimens"]) > 800


@pytest.mark.slow
def test_a_census_knows_attributes_types_and_where_they_were(taken: dict[str, Any]) -> None:
    ridge = taken["classes"]["sklearn.linear_model.Ridge"]
    assert ridge["parameters"]["alpha"] == 1.0
    assert ridge["attributes"]["coef_"] == ["ndarray<f4,1d>", "ndarray<f8,1d>", "ndarray<f8,2d>"]
    assert {"coef_", "intercept_", "n_features_in_"} <= set(ridge["always"])
    # the number of the only specimen of that type
    single = ridge["only"]["coef_"]["ndarray<f4,1d>"]
    assert taken["specimens"][int(single)] == "Ridge@float32"
    assert "alpha" not in ridge["attributes"]
    # what stands inside models is there too, compiled or not
    assert taken["classes"]["sklearn.tree.Tree"]["parameters"] is None
    assert "nodes" in taken["classes"]["sklearn.tree.Tree"]["always"]
    assert "sklearn.calibration._CalibratedClassifier" in taken["classes"]


@pytest.mark.slow
def test_outputs_can_be_asked_for_what_a_specimen_gives(zoo: Any) -> None:
    for name in (
        "RandomForestClassifier@missing",
        "Pipeline@text",
        "GridSearchCV@pipeline-columns",
    ):
        specimen = zoo.SPECIMENS[name]()
        assert len(specimen["model"].predict(specimen["X"])) == len(specimen["X"])


@pytest.mark.slow
def test_specimens_are_deterministic(zoo: Any) -> None:
    for name in ("RandomForestClassifier@random-state-object", "MLPClassifier@default"):
        first, second = zoo.SPECIMENS[name](), zoo.SPECIMENS[name]()
        one, other = (each["model"].predict_proba(each["X"]) for each in (first, second))
        assert (one == other).all()


def test_what_a_release_lacks_is_said(zoo: Any) -> None:
    with pytest.raises(zoo.Unavailable, match="n_values"):
        zoo.SPECIMENS["OneHotEncoder@n-values"]()


def test_a_census_file_is_the_same_whatever_the_order() -> None:
    classes = {"sklearn.b.B": {"parameters": {}}, "sklearn.a.A": {"parameters": None}}
    turned = dict(reversed(classes.items()))
    empty: dict[str, Any] = {"specimens": [], "unavailable": {}}
    one, other = (text("1.0", {**empty, "classes": each}) for each in (classes, turned))
    assert one == other
    assert one.startswith('{"GENERATED"')
