"""The census keeps the rules honest: what differs between two releases, some rule explains."""

from __future__ import annotations

import json
from typing import Any

import pytest

from skmig import versions
from skmig.adapters import census, check, draft
from skmig.adapters.check import Difference, Seen
from skmig.adapters.ops import Added, Born, Explained, Renamed, rules
from skmig.agent.seen import ranges


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What the newest release cannot fit, because scikit-learn took it away.
NOT_IN_THE_NEWEST = words(
    "AdaBoostClassifier@real AdaBoostClassifier@samme CalibratedClassifierCV@prefit "
    "ColumnTransformer@force-int DPGMM@default ElasticNet@normalize GMM@default GMM@full "
    "GaussianProcess@default GradientBoostingRegressor@init-quantile GraphLasso@default "
    "GraphLassoCV@default GridSearchCV@old Imputer@default IsolationForest@new-behaviour "
    "KNeighborsClassifier@wminkowski KernelRidge@callable LDA@default LSHForest@default "
    "Lasso@normalize LinearRegression@normalize LogisticRegression@auto "
    "LogisticRegression@binary-multinomial LogisticRegression@liblinear-multiclass "
    "LogisticRegression@multinomial LogisticRegression@ovr LogisticRegressionCV@liblinear "
    "NMF@alpha OneHotEncoder@n-values ProjectedGradientNMF@default QDA@default "
    "RandomizedLasso@default RandomizedLogisticRegression@default RandomizedPCA@default "
    "RandomizedPCA@whiten Ridge@normalize VBGMM@default"
)
# Without a model in some releases: a base class, what fails there by its own defaults, and what the
# zoo fits by its successor's name.
WITHOUT = words(
    "GeneralizedLinearRegressor LatentDirichletAllocation MultiOutputEstimator QuantileRegressor "
    "RandomizedSearchCV"
)
ANSWERS = words("predict transform fit_predict fit_transform score_samples kneighbors mahalanobis")


@pytest.mark.parametrize("newer", versions.line()[1:])
def test_every_difference_is_explained(newer: str) -> None:
    left = check.unexplained(check.adjacent(newer), newer)
    assert not left, "\n".join(["no rule explains:", *map(str, left)])


@pytest.mark.parametrize("release", versions.line())
def test_a_census_is_whole(release: str) -> None:
    found = check.seen(release)
    fitted = {name.partition("@")[0] for name in found.specimens}
    missing = {
        tag.rpartition(".")[2]
        for tag, entry in found.classes.items()
        if entry["parameters"] is not None and ANSWERS & set(entry["methods"])
        if not entry.get("fits")
    }
    assert {name for name in missing - fitted if not name.startswith("_")} <= WITHOUT
    assert len(found.specimens) > 650
    for tag, entry in found.classes.items():
        census.parameters(release, tag)  # every default has a plain form
        for name, kinds in entry.get("attributes", {}).items():
            assert kinds, f"{tag}.{name} has no type"
            assert set(found.types[tag][name]) <= found.holders[tag]
        assert set(entry.get("always", ())) <= set(entry.get("attributes", ()))


def test_the_newest_release_fits_all_that_was_not_taken_away() -> None:
    path = versions.releases()[-1].folder / "census.json"
    unavailable = json.loads(path.read_text("utf-8"))["unavailable"]
    assert set(unavailable) == NOT_IN_THE_NEWEST


def test_the_census_sees_what_is_known_to_have_changed() -> None:
    found = {
        (item.tag.rpartition(".")[2], item.name): item.kind
        for newer in ("1.0", "1.3.0", "1.5.0")
        for item in check.differences(check.adjacent(newer), newer)
    }
    assert found["GaussianNB", "sigma_"] == check.REMOVED
    assert found["GaussianNB", "var_"] == check.ADDED
    assert found["Tree", "nodes"] == check.RETYPED
    assert found["TfidfTransformer", "_idf_diag"] == check.REMOVED


def test_numbers_and_ranges_are_inverse() -> None:
    assert ranges({0, 1, 2, 7, 9, 10}) == "0-2,7,9-10"
    assert set(check.numbers("0-2,7,9-10")) == {0, 1, 2, 7, 9, 10}
    assert ranges(set()) == ""
    assert list(check.numbers("")) == []


def a_census(specimens: str, **attributes: Any) -> Seen:
    """A census of one class `A`, with `attributes` as name -> specimen -> type."""
    names = frozenset(specimens.split())
    types = {
        name: {where: frozenset({kind}) for where, kind in found.items()}
        for name, found in attributes.items()
    }
    classes = {"sklearn.a.A": {"parameters": {}}}
    return Seen(names, classes, {"sklearn.a.A": names}, {"sklearn.a.A": types})


def test_only_what_both_releases_can_fit_is_compared() -> None:
    old = a_census("A@x", coef_={"A@x": "int"})
    new = a_census("A@x A@y", coef_={"A@x": "int", "A@y": "str"}, more_={"A@y": "int"})
    assert check.compare(old, new) == []


def test_a_type_that_changes_in_one_configuration_only_is_found() -> None:
    old = a_census("A@x A@y", coef_={"A@x": "int", "A@y": "int"})
    new = a_census("A@x A@y", coef_={"A@x": "int", "A@y": "str"})
    (found,) = check.compare(old, new)
    assert (found.kind, found.old, found.new) == (check.RETYPED, ("int",), ("str",))
    assert found.specimens == ("A@y",)
    assert "A@y" in str(found)


def test_the_precision_of_float32_input_needs_no_rule() -> None:
    old = a_census("A@float32", coef_={"A@float32": "ndarray<f8,1d>"})
    new = a_census("A@float32", coef_={"A@float32": "ndarray<f4,1d>"})
    assert check.compare(old, new) == []
    # but in any other specimen it does
    old = a_census("A@x", coef_={"A@x": "ndarray<f8,1d>"})
    new = a_census("A@x", coef_={"A@x": "ndarray<f4,1d>"})
    assert len(check.compare(old, new)) == 1


ATTRIBUTE = Difference(tag="sklearn.a.A", kind=check.ADDED, name="more_", new=("int",))
CLASS = Difference(tag="sklearn.a.A", kind=check.BORN)


def test_an_operation_explains_its_own_class_and_name_only() -> None:
    mine, other = ("sklearn.a.A",), ("sklearn.a.B",)
    assert not check.explained(ATTRIBUTE, None)
    assert check.explained(
        ATTRIBUTE, rules("1.0", [Renamed(classes=mine, old="less_", new="more_")])
    )
    assert not check.explained(
        ATTRIBUTE, rules("1.0", [Explained(classes=other, names=("more_",))])
    )
    assert not check.explained(ATTRIBUTE, rules("1.0", [Explained(classes=mine, names=("less_",))]))
    assert not check.explained(ATTRIBUTE, rules("1.0", [Born(classes=mine)]))
    assert check.explained(CLASS, rules("1.0", [Born(classes=mine)]))
    assert not check.explained(CLASS, rules("1.0", [Born(classes=other)]))


def test_a_draft_states_every_difference_and_cannot_be_used_as_it_is() -> None:
    text = draft.module("1.0", [ATTRIBUTE, CLASS])
    with pytest.raises(NameError, match="TODO"):
        exec(compile(text, "draft", "exec"), {})
    filled: dict[str, Any] = {"TODO": "because"}
    exec(compile(text, "draft", "exec"), filled)
    added, born = filled["RULES"].ops
    assert isinstance(added, Added)
    assert (added.name, added.classes) == ("more_", ("sklearn.a.A",))
    assert isinstance(born, Born)
