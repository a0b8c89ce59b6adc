"""Metrics of neighbours by the names of each release, in the settings and in the trees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skmig.adapters.chain import Adapted, adapt
from skmig.payload import New, Obj

NEAREST = "sklearn.neighbors.KNeighborsClassifier"
WEIGHTS = np.array([1.0, 0.25, 4.0])


def tree(metric: str, **args: Any) -> New:
    inside = New("sklearn.metrics.DistanceMetric", {"metric": metric, **args})
    return New("sklearn.neighbors.BallTree", {"metric": inside})


def model(metric: str, *, in_tree: bool = True, **params: Any) -> Obj:
    state = {
        "metric": metric,
        "metric_params": {key: value for key, value in params.items() if key != "p"},
        "p": params.get("p", 2),
        "effective_metric_": metric,
        "effective_metric_params_": dict(params),
        "_tree": tree(metric, **params) if in_tree else None,
        "_fit_method": "ball_tree" if in_tree else "brute",
    }
    return Obj(NEAREST, state)


def moved(graph: Obj, source: str, target: str) -> Obj:
    result: Adapted = adapt(graph, source, target)
    assert not result.refusals
    assert not result.losses
    found: Obj = result.graph
    return found


@pytest.mark.parametrize("p", [1.5, 3.0])
@pytest.mark.parametrize("in_tree", [True, False])
def test_wminkowski_is_minkowski_with_its_weights_to_the_power(p: float, in_tree: bool) -> None:
    old = model("wminkowski", in_tree=in_tree, w=WEIGHTS, p=p)
    new = moved(old, "1.2.2", "1.3.0")
    assert new.state["metric"] == new.state["effective_metric_"] == "minkowski"
    found = [new.state["effective_metric_params_"], new.state["metric_params"]]
    if in_tree:
        found.append(new.state["_tree"].args["metric"].args)
        assert found[-1]["metric"] == "minkowski"
    for values in found:
        np.testing.assert_allclose(values["w"], WEIGHTS**p)
    assert found[0]["p"] == p
    one, two = np.array([1.0, 2.0, 3.0]), np.array([0.0, 5.0, -1.0])
    before = ((WEIGHTS * np.abs(one - two)) ** p).sum() ** (1 / p)
    after = (found[0]["w"] * np.abs(one - two) ** p).sum() ** (1 / p)
    assert after == pytest.approx(before)
    np.testing.assert_array_equal(old.state["metric_params"]["w"], WEIGHTS)


def test_weights_of_minkowski_come_back_as_wminkowski() -> None:
    new = model("minkowski", w=WEIGHTS, p=3.0)
    old = moved(new, "1.3.0", "1.0.1")
    assert old.state["effective_metric_"] == old.state["metric"] == "wminkowski"
    assert old.state["_tree"].args["metric"].args["metric"] == "wminkowski"
    again = moved(old, "1.0.1", "1.3.0")
    for values in (again.state["metric_params"], again.state["_tree"].args["metric"].args):
        np.testing.assert_allclose(values["w"], WEIGHTS)
    np.testing.assert_allclose(old.state["effective_metric_params_"]["w"] ** 3, WEIGHTS)


def test_without_weights_nothing_is_weighed() -> None:
    new = model("minkowski", w=None, p=3.0)
    old = moved(new, "1.3.0", "1.0.1")
    assert old.state["effective_metric_"] == "minkowski"
    assert "w" not in old.state["effective_metric_params_"]


def test_other_names_of_the_same_metric() -> None:
    hamming = moved(model("matching", in_tree=False), "1.2.2", "1.3.0")
    assert hamming.state["metric"] == hamming.state["effective_metric_"] == "hamming"
    brute = moved(model("sokalmichener", in_tree=False), "1.8.0", "1.9.0")
    assert brute.state["metric"] == brute.state["effective_metric_"] == "rogerstanimoto"
    in_tree = moved(model("sokalmichener"), "1.8.0", "1.9.0")
    assert in_tree.state["metric"] == "sokalmichener"


def test_a_tree_of_booleans_is_measured_anew() -> None:
    """`matching` took the centre (0.5, 0.5) for (True, True); to `hamming` it is like no point."""
    booleans = model("matching")
    booleans.state["_tree"].args.update(
        data=np.array([[0.0, 1.0], [1.0, 1.0]]),
        idx_array=np.array([0, 1]),
        node_data=np.array([(0, 2, 1, 0.5)], "i8, i8, i8, f8"),
        node_bounds=np.array([[[0.5, 0.5]]]),
    )
    nodes = booleans.state["_tree"].args["node_data"]
    nodes.dtype.names = ("idx_start", "idx_end", "is_leaf", "radius")
    tree = moved(booleans, "1.2.2", "1.3.0").state["_tree"].args
    assert tree["metric"].args["metric"] == "hamming"
    assert tree["node_data"]["radius"].tolist() == [1.0]
    booleans.state["_tree"].args["data"] = np.array([[0.0, 2.0], [1.0, 1.0]])
    (refusal,) = adapt(booleans, "1.2.2", "1.3.0").refusals
    assert "every number but 0" in refusal.text


def test_a_metric_without_a_successor_says_what_to_do() -> None:
    (refusal,) = adapt(model("kulsinski"), "1.2.2", "1.3.0").refusals
    assert "fit it anew" in refusal.text


@pytest.mark.parametrize(("metric", "name"), [("seuclidean", "V"), ("mahalanobis", "VI")])
def test_variances_that_nobody_gave_are_lost(metric: str, name: str) -> None:
    (loss,) = adapt(model(metric, in_tree=False), "0.24.2", "1.0").losses
    assert name in loss.text
    moved(model(metric, in_tree=False, **{name: np.eye(2)}), "0.24.2", "1.0")
    moved(model(metric), "0.24.2", "1.0")


def test_a_tree_of_1_0_2_names_its_weights_otherwise_than_its_model() -> None:
    """There the tree is by wminkowski with the roots of the weights, the model by minkowski."""
    weights = np.array([1.0, 8.0])
    inside = New(
        "sklearn.metrics.DistanceMetric",
        {"metric": "wminkowski", "p": 3.0, "w": weights ** (1 / 3)},
    )
    tree = New("sklearn.neighbors.BallTree", {"metric": inside, "data": np.eye(2)})
    state = {
        "effective_metric_": "minkowski",
        "effective_metric_params_": {"p": 3, "w": weights},
        "_tree": tree,
    }
    model = Obj("sklearn.neighbors.KNeighborsClassifier", state)
    newer = adapt(model, "1.0.2", "1.1.0").graph.state["_tree"].args["metric"].args
    assert newer["metric"] == "minkowski"
    np.testing.assert_array_equal(newer["w"], weights)
    older = adapt(model, "1.0.2", "1.0.1").graph.state["_tree"].args["metric"].args
    assert older["metric"] == "wminkowski"
    np.testing.assert_allclose(older["w"], [1.0, 2.0])
