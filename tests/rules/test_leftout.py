"""Steps that are left out, in the spelling of older releases."""

from __future__ import annotations

from skmig.adapters.chain import adapt
from skmig.payload import Obj


def part() -> Obj:
    return Obj("sklearn.linear_model.Ridge", {"alpha": 1.0})


def test_what_is_left_out_of_a_pipeline_is_none_below_0_21() -> None:
    steps = [("a", "passthrough"), ("b", part())]
    found = adapt(Obj("sklearn.pipeline.Pipeline", {"steps": steps}), "0.21.1", "0.20.4")
    assert found.graph.state["steps"][0] == ("a", None)
    assert not found.refusals


def test_a_voter_that_is_left_out_is_none_and_then_gone_with_its_weight() -> None:
    voters = [("a", part()), ("b", "drop"), ("c", part())]
    state = {"estimators": voters, "weights": [1, 5, 2]}
    voting = Obj("sklearn.ensemble.VotingClassifier", state)
    older = adapt(voting, "0.21.1", "0.19.2").graph.state
    assert older["estimators"][1] == ("b", None)
    assert older["weights"] == [1, 5, 2]
    oldest = adapt(voting, "0.21.1", "0.18.2")
    assert [name for name, _ in oldest.graph.state["estimators"]] == ["a", "c"]
    assert oldest.graph.state["weights"] == [1, 2]
    assert any("(b)" in item.text for item in oldest.notes)


def test_a_transformer_that_is_left_out_of_a_union_is_none_below_0_20() -> None:
    state = {"transformer_list": [("a", "drop"), ("b", part())]}
    found = adapt(Obj("sklearn.pipeline.FeatureUnion", state), "0.20.0", "0.19.2").graph.state
    assert found["transformer_list"][0] == ("a", None)


def test_a_factorization_by_multiplication_cannot_go_where_its_solver_is_not() -> None:
    state = {"solver": "mu", "components_": None, "n_components": 2}
    found = adapt(Obj("sklearn.decomposition.NMF", state), "0.19.0", "0.18.2")
    assert any("solver='mu'" in item.text for item in found.losses)
