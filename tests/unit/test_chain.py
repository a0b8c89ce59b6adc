"""The walk over boundaries, with rules made for the test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skmig import versions
from skmig.adapters import chain
from skmig.adapters.ops import (
    DERIVED,
    Added,
    Born,
    Changed,
    Gone,
    Moved,
    Refusal,
    Removed,
    Renamed,
    Retyped,
    Rewritten,
    RuleSet,
    rules,
)
from skmig.payload import Obj

TAG, OTHER = "test.Model", "test.Other"
OLD, MIDDLE, NEW = versions.line()[:3]


def refuse_negative(obj: Obj, step: Any) -> None:
    if obj.state["scale_"] < 0:
        raise Refusal(f"a negative scale is not known before {step.newer}")


def nothing(obj: Obj, step: Any) -> None:
    """Going up, everything is known."""


FIRST = rules(
    MIDDLE,
    [
        Renamed(classes=(TAG,), old="w_", new="weights_"),
        Added(
            classes=(TAG,), name="n_", value=lambda obj: obj.state["weights_"].size, neutral=DERIVED
        ),
        Removed(classes=(TAG,), name="flag_", restore=False, neutral=(False,)),
        Rewritten(classes=(OTHER,), to_new=nothing, to_old=refuse_negative),
    ],
)
SECOND = rules(
    NEW,
    [
        Retyped(
            classes=(TAG,),
            name="weights_",
            to_new=lambda value: value.astype(float),
            to_old=lambda value: value.astype(int),
        ),
        Changed(classes=(TAG,), method="predict", why="ties go the other way"),
        Gone(classes=("test.Gone",), why="use test.Model"),
        Born(classes=("test.Born",)),
    ],
)


@pytest.fixture(autouse=True)
def line(monkeypatch: pytest.MonkeyPatch) -> tuple[RuleSet, ...]:
    found = (FIRST, SECOND)
    monkeypatch.setattr(chain, "LINE", found)
    return found


def model(**more: Any) -> Obj:
    return Obj(TAG, {"w_": np.array([1, 2]), "flag_": False, **more})


def test_up_and_down_again() -> None:
    start = model()
    up = chain.adapt(start, OLD, NEW)
    assert set(up.graph.state) == {"weights_", "n_"}
    assert up.graph.state["weights_"].dtype == float
    assert up.graph.state["n_"] == 2
    assert (up.refusals, up.losses) == ((), ())
    down = chain.adapt(up.graph, NEW, OLD)
    assert set(down.graph.state) == {"w_", "flag_"}
    assert down.graph.state["w_"].tolist() == [1, 2]
    assert down.graph.state["flag_"] is False
    assert (down.refusals, down.losses) == ((), ())


def test_the_input_stays_as_it_was() -> None:
    start = model()
    before = dict(start.state)
    chain.adapt(start, OLD, NEW)
    assert start.state == before
    assert list(start.state) == list(before)


def test_the_way_has_a_direction() -> None:
    assert [item.name for item in chain.boundaries(OLD, NEW)] == [
        f"{OLD} → {MIDDLE}",
        f"{MIDDLE} → {NEW}",
    ]
    assert [item.name for item in chain.boundaries(NEW, OLD)] == [
        f"{NEW} → {MIDDLE}",
        f"{MIDDLE} → {OLD}",
    ]
    assert chain.boundaries(OLD, OLD) == []


def test_what_was_applied_is_named_in_order() -> None:
    applied = chain.adapt([model(), model()], OLD, NEW).applied
    assert applied[0] == f"{MIDDLE}: Renamed w_, weights_ (2)"
    assert applied[-1] == f"{NEW}: Changed (2)"
    assert not any("test.Gone" in text or "Born" in text for text in applied)


def test_what_cannot_be_expressed_is_collected() -> None:
    graph = [model(flag_=True), Obj(OTHER, {"scale_": -1.0}), Obj("test.Gone", {})]
    up = chain.adapt(graph, OLD, NEW)
    assert [(item.path, item.boundary) for item in up.losses] == [("model[0]", f"{OLD} → {MIDDLE}")]
    assert "flag_" in up.losses[0].text
    (refusal,) = up.refusals
    assert refusal.path == "model[2]"
    assert refusal.text.endswith("use test.Model")
    down = chain.adapt([Obj(OTHER, {"scale_": -1.0}), Obj("test.Born", {})], NEW, OLD)
    assert [item.path for item in down.refusals] == ["model[1]", "model[0]"]


def test_a_refusal_does_not_end_the_walk() -> None:
    graph = {"first": Obj(OTHER, {"scale_": -1.0}), "second": Obj(OTHER, {"scale_": -2.0})}
    found = chain.adapt(graph, MIDDLE, OLD)
    assert [item.path for item in found.refusals] == ["model['first']", "model['second']"]


def test_changes_are_said_with_their_method() -> None:
    (change,) = chain.adapt(model(), OLD, NEW).changes
    assert (change.path, change.method, change.text) == (
        "model",
        "predict",
        "ties go the other way",
    )


def test_what_is_shared_is_moved_once() -> None:
    inner = model()
    array = np.empty(1, dtype=object)
    array[0] = inner
    found = chain.adapt({"one": inner, "two": [inner], "three": array}, OLD, NEW)
    assert found.graph["one"] is found.graph["two"][0]
    assert found.graph["one"] is found.graph["three"][0]
    assert found.applied[0].endswith("(1)")


def test_a_cycle_ends() -> None:
    one = model()
    one.state["self_"] = [one]
    found = chain.adapt(one, OLD, NEW)
    assert found.graph.state["self_"][0] is found.graph


def test_arrays_that_no_rule_touched_are_shared() -> None:
    kept = np.arange(5.0)
    start = model(kept_=kept)
    found = chain.adapt(start, OLD, NEW)
    assert found.graph.state["kept_"] is kept
    ((made, by),) = found.made
    assert made is found.graph.state["weights_"]
    assert by == f"{NEW}: Retyped weights_"


def test_refusals_can_be_foreseen_from_classes_alone() -> None:
    tags = {"model": TAG, "model.a": "test.Gone", "model.b": "test.Born"}
    up = chain.foreseen_refusals(chain.boundaries(OLD, NEW), tags)
    assert [item.path for item in up] == ["model.a"]
    down = chain.foreseen_refusals(chain.boundaries(NEW, OLD), tags)
    assert [item.path for item in down] == ["model.b"]


def test_settings_come_and_go_by_the_census(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {OLD: {"a": 1, "gone": None}, MIDDLE: {"a": 1, "new": "auto"}}
    monkeypatch.setattr(chain.census, "parameters", lambda release, tag: settings.get(release))
    plain = chain.adapt(Obj(TAG, {"a": 5, "gone": None}), OLD, MIDDLE)
    assert plain.graph.state == {"a": 5, "new": "auto"}
    assert plain.notes == ()
    special = chain.adapt(Obj(TAG, {"a": 5, "gone": 7}), OLD, MIDDLE)
    (note,) = special.notes
    assert "gone=7" in note.text
    assert special.losses == ()
    back = chain.adapt(plain.graph, MIDDLE, OLD)
    assert back.graph.state == {"a": 5, "gone": None}


# ------------------------------------------------------------------ what moved
def test_what_moved_is_seen_and_not_told() -> None:
    up = chain.adapt([model(), model(), Obj(OTHER, {"scale_": 1.0})], OLD, NEW).moved
    first, second = up
    assert (first.boundary, first.tag, first.objects) == (f"{OLD} → {MIDDLE}", TAG, 2)
    assert (first.added, first.dropped, first.renamed, first.rewritten) == (
        ("n_",),
        ("flag_",),
        (("w_", "weights_"),),
        (),
    )
    assert (second.boundary, second.rewritten) == (f"{MIDDLE} → {NEW}", ("weights_",))
    down = chain.adapt(chain.adapt(model(), OLD, NEW).graph, NEW, OLD).moved
    assert down[1].renamed == (("weights_", "w_"),)
    assert (down[1].added, down[1].dropped) == (("flag_",), ("n_",))


def test_containers_that_change_in_place_have_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(obj: Obj, step: Any) -> None:
        obj.state["steps"].append(1)
        obj.state["names"]["b"] = 2
        obj.state["same"] = np.array([1.0])

    rule = rules(MIDDLE, [Rewritten(classes=(TAG,), to_new=fill, to_old=nothing)])
    monkeypatch.setattr(chain, "LINE", (rule,))
    start = Obj(TAG, {"steps": [], "names": {"a": 1}, "same": np.array([1.0]), "kept": [1]})
    (move,) = chain.adapt(start, OLD, MIDDLE).moved
    assert move.rewritten == ("names", "steps")


def test_objects_that_come_and_go_and_change_their_class(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrap(obj: Obj, step: Any) -> None:
        obj.state = {"inner": Obj("test.Made")}

    rule = rules(
        MIDDLE,
        [
            Moved(old="test.Former", new="test.Present"),
            Rewritten(classes=(OTHER,), to_new=wrap, to_old=nothing),
        ],
    )
    monkeypatch.setattr(chain, "LINE", (rule,))
    graph = [Obj("test.Former"), Obj(OTHER, {"inner": Obj("test.Left")})]
    moved = {item.tag: item for item in chain.adapt(graph, OLD, MIDDLE).moved}
    assert moved["test.Former"].became == "test.Present"
    assert moved["test.Made"].made
    assert moved["test.Left"].left
    assert moved[OTHER].rewritten == ("inner",)
