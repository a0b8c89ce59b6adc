"""A tie at the last neighbour excuses what is made of the neighbours of that row, and no more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skmig.parity import Verdict, compare
from skmig.parity.sparse import compressed

DISTANCES = np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 2.0]])
OURS = {"distances": DISTANCES, "indices": np.array([[0, 1, 2], [3, 4, 5]])}
# in row 0 another of the points at distance 1
THEIRS = {"distances": DISTANCES, "indices": np.array([[0, 1, 7], [3, 4, 5]])}


def verdicts(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Verdict]:
    def side(methods: dict[str, Any]) -> dict[str, Any]:
        answers = {name: {"value": value} for name, value in methods.items()}
        return {"model": {"class": "a.B", "offers": list(methods), "methods": answers}}

    found = compare(side(ours), side(theirs)).methods
    return {item.method: item.verdict for item in found}


@pytest.mark.parametrize(
    ("method", "ours", "theirs"),
    [
        ("predict", np.array(["a", "b"]), np.array(["c", "b"])),
        ("predict", np.array([[0, 1], [1, 1]]), np.array([[1, 1], [1, 1]])),
        ("predict_proba", np.array([[0.6, 0.4], [1.0, 0.0]]), np.array([[0.4, 0.6], [1.0, 0.0]])),
        ("predict_proba", [np.array([[0.6], [1.0]])], [np.array([[0.4], [1.0]])]),
        ("score_samples", np.array([-1.0, -2.0]), np.array([-1.5, -2.0])),
        (
            "kneighbors_graph",
            compressed(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])),
            compressed(np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])),
        ),
    ],
)
def test_what_a_tie_decided(method: str, ours: Any, theirs: Any) -> None:
    found = verdicts({"kneighbors": OURS, method: ours}, {"kneighbors": THEIRS, method: theirs})
    assert found == {"kneighbors": Verdict.TIED, method: Verdict.TIED}
    clear = verdicts({"kneighbors": OURS, method: ours}, {"kneighbors": OURS, method: theirs})
    assert clear[method] is Verdict.DIFFERENT
    alone = verdicts({method: ours}, {method: theirs})
    assert alone[method] is Verdict.DIFFERENT


def test_a_row_without_a_tie_is_no_excuse() -> None:
    ours, theirs = np.array([1, 1]), np.array([0, 0])
    found = verdicts(
        {"kneighbors": OURS, "predict": ours}, {"kneighbors": THEIRS, "predict": theirs}
    )
    assert found["predict"] is Verdict.DIFFERENT


def test_other_distances_are_no_tie() -> None:
    far = {"distances": np.array([[0.0, 1.0, 3.0], [0.0, 1.0, 2.0]]), "indices": THEIRS["indices"]}
    ours, theirs = np.array([1, 1]), np.array([0, 1])
    found = verdicts({"kneighbors": OURS, "predict": ours}, {"kneighbors": far, "predict": theirs})
    assert set(found.values()) == {Verdict.DIFFERENT}


def test_a_graph_of_distances_shows_its_own_ties() -> None:
    ours = np.array([[0.5, 2.0, 2.0, 0.0], [1.0, 0.0, 0.0, 3.0]])
    other = np.array([[0.5, 2.0, 0.0, 2.0], [1.0, 0.0, 0.0, 3.0]])
    inner = np.array([[0.0, 2.0, 2.0, 0.5], [1.0, 0.0, 0.0, 3.0]])
    graph = {"transform": compressed(ours)}
    assert verdicts(graph, {"transform": compressed(other)}) == {"transform": Verdict.TIED}
    assert verdicts(graph, {"transform": compressed(inner)}) == {"transform": Verdict.DIFFERENT}
