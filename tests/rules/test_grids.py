"""What a search would try again is spelled as the target spells it."""

from __future__ import annotations

from typing import Any

from skmig.adapters.chain import adapt
from skmig.payload import Obj

SGD = Obj("sklearn.linear_model.SGDClassifier", {"loss": "hinge"})
PIPE = Obj("sklearn.pipeline.Pipeline", {"steps": [("clf", SGD)]})
BOOST = Obj(
    "sklearn.ensemble.AdaBoostClassifier",
    {"base_estimator": Obj("sklearn.tree.DecisionTreeClassifier", {"max_depth": 1})},
)


def search(estimator: Obj, grid: Any) -> Obj:
    state = {"estimator": estimator, "param_grid": grid}
    return Obj("sklearn.model_selection.GridSearchCV", state)


def grid(graph: Obj, source: str, target: str) -> Any:
    return adapt(graph, source, target).graph.state["param_grid"]


def test_values_follow_the_rule_of_their_parameter() -> None:
    older = search(PIPE, [{"clf__loss": ["hinge", "log"], "clf__alpha": (1, 2)}, {"clf": [SGD]}])
    newer = adapt(older, "1.0.2", "1.1.0").graph
    first, second = newer.state["param_grid"]
    assert first == {"clf__loss": ["hinge", "log_loss"], "clf__alpha": (1, 2)}
    assert second["clf"][0].tag == SGD.tag
    assert grid(newer, "1.1.0", "1.0.2")[0] == {
        "clf__loss": ["hinge", "log"],
        "clf__alpha": (1, 2),
    }


def test_names_follow_the_estimator_that_they_lead_through() -> None:
    older = search(BOOST, {"base_estimator__max_depth": [1, 2], "n_estimators": [3]})
    expected = {"estimator__max_depth": [1, 2], "n_estimators": [3]}
    newer = adapt(older, "1.1.3", "1.2.0").graph
    assert newer.state["param_grid"] == expected
    assert grid(newer, "1.2.0", "1.1.3") == older.state["param_grid"]


def test_what_the_target_has_not_is_left_out_and_said() -> None:
    model = Obj("sklearn.linear_model.LogisticRegression", {"multi_class": "ovr", "C": 1.0})
    moved = adapt(search(model, {"multi_class": ["ovr"], "C": [1, 2]}), "1.7.2", "1.8.0")
    assert moved.graph.state["param_grid"] == {"C": [1, 2]}
    assert any("`multi_class`" in note.text for note in moved.notes)
