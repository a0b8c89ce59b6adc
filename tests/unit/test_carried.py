"""The state of a loaded result, held against what it was built from."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from skmig.adapters import carried, chain
from skmig.payload import Name, New, Obj, digests

NODES = np.array([(1, 0.5), (2, -0.25)], dtype=[("feature", "<i8"), ("threshold", "<f8")])


def model() -> Obj:
    tree = Obj("sklearn.tree.Tree", {"nodes": NODES.copy(), "count": 2})
    words = {"good": 0, "bad": np.int64(1)}
    names = np.array(["a", None], dtype=object)
    return Obj(
        "sklearn.ensemble.Forest",
        {
            "trees_": [tree, copy.deepcopy(tree)],
            "coef_": np.arange(6.0).reshape(2, 3),
            "words_": words,
            "names_": names,
            "metric_": New("sklearn.metrics.Metric", {"p": 2, "weights": np.ones(2)}),
            "rate": np.float32(0.1),
            "nothing": float("nan"),
        },
    )


def adapted(graph: Any, made: tuple[tuple[Any, str], ...] = ()) -> chain.Adapted:
    said: dict[str, Any] = dict.fromkeys(("applied", "refusals", "losses", "notes", "changes"), ())
    return chain.Adapted(graph=graph, made=made, **said)


def test_everything_arrived() -> None:
    source = model()
    moved = chain.copy_graph(source)
    found = carried.measure(source, adapted(moved), digests(copy.deepcopy(moved)))
    # two fields for each of two trees, coef_ and the weights of the metric
    assert (found.arrays, found.carried) == (6, 6)
    assert found.rewritten == found.derived == found.left == found.others == ()
    assert found.values > 0


def test_what_a_rule_made_is_named() -> None:
    source = model()
    moved = chain.copy_graph(source)
    moved.state["coef_"] = moved.state["coef_"] * 2
    moved.state["renamed_"] = moved.state["metric_"].args.pop("weights")
    made = ((moved.state["coef_"], "1.4.0: Rewritten coef_"),)
    found = carried.measure(source, adapted(moved, made), digests(moved))
    # under another name it is still the source's own array
    assert (found.arrays, found.carried) == (6, 5)
    (place,) = found.rewritten
    assert place == carried.Place(path="model.coef_", count=1, by="1.4.0: Rewritten coef_")


def test_what_the_target_did_is_named() -> None:
    source = model()
    moved = chain.copy_graph(source)
    result = copy.deepcopy(moved)
    for tree in result.state["trees_"]:
        tree.state["nodes"]["threshold"] += 1
        tree.state["bounds"] = np.zeros(2)
    del result.state["metric_"]
    result.state["words_"]["good"] = 7
    found = carried.measure(source, adapted(moved), digests(result))
    assert (found.arrays, found.carried) == (7, 3)
    assert {(item.path, item.count) for item in found.derived} == {
        ("model.trees_[0].nodes['threshold']", 2),
        ("model.trees_[0].bounds", 2),
    }
    assert [item.path for item in found.left] == ["model.metric_.weights"]
    assert [item.path for item in found.others] == ["model.words_"]


def test_what_cannot_be_looked_into_is_said() -> None:
    found = carried.measure(model(), adapted(model()), {carried.UNKNOWN: "it holds a lambda"})
    assert found.as_json()["unknown"] == "it holds a lambda"
    assert found.arrays == 0


def changed(place: str) -> Obj:
    """The model with one bit or type of it changed."""
    other = model()
    state = other.state
    if place == "bit":
        state["coef_"][0, 0] = -0.0
    elif place == "shape":
        state["coef_"] = state["coef_"].reshape(3, 2)
    elif place == "dtype":
        state["coef_"] = state["coef_"].astype(np.float32)
    elif place == "field":
        state["trees_"][1].state["nodes"]["threshold"][1] = np.nextafter(-0.25, 1)
    elif place == "order of words":
        state["words_"] = dict(reversed(state["words_"].items()))
    elif place == "type of a number":
        state["words_"]["bad"] = 1
    elif place == "text":
        state["names_"][0] = "b"
    elif place == "class":
        other.tag = "sklearn.ensemble.Other"
    elif place == "parameter":
        state["metric_"].args["p"] = 2.0
    elif place == "width":
        state["rate"] = np.float64(state["rate"])
    else:
        state["nothing"] = Name("function", "numpy.nan")
    return other


PLACES = ("bit", "shape", "dtype", "field", "order of words", "type of a number", "text", "class")


@pytest.mark.parametrize("place", [*PLACES, "parameter", "width", "name"])
def test_every_change_is_seen_at_its_place(place: str) -> None:
    one, two = digests(model()), digests(changed(place))
    assert one.keys() == two.keys()
    assert sum(one[path] != two[path] for path in one) == 1


def test_how_it_lies_in_memory_means_nothing() -> None:
    other = model()
    other.state["coef_"] = np.asfortranarray(other.state["coef_"])
    other.state = dict(reversed(other.state.items()))
    other.state["nothing"] = -float("nan")
    assert digests(other) == digests(model())


def test_odd_values_have_digests() -> None:
    looped: list[Any] = [Obj("test.A")]
    looped.append(looped)
    values = {
        "empty": np.zeros((0, 3)),
        "times": np.array(["2020-01-01", "NaT"], dtype="M8[s]"),
        "texts": np.array(["", ""]),
        "scalar": np.array(3.0),
        "nothing": np.zeros(2, dtype="V0"),
        "types": [np.dtype([("a", "<f4", (2,))]), 1j, b"x", "\ud800", {1, "b"}, frozenset()],
        "keys": {(1, 2): looped, 3: looped, np.float64(0.5): np.ones(1)},
    }
    assert len(digests(values)) >= len(values)
