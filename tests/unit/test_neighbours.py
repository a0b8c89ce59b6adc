"""A tie at the last neighbour excuses what is made of the neighbours of that row, and no more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skmig.parity import Verdict, compare
from skmig.parity.sparse import compressed

DISTANCES = np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 2.0]])
NEXT = np.array([1.0, 3.0])  # in row 0 as far away as the last one that is listed
OURS = {"distances": DISTANCES, "indices": np.array([[0, 1, 2], [3, 4, 5]]), "next": NEXT}
CLEAR = {**OURS, "next": np.array([2.0, 3.0])}
# in row 0 another of the points at distance 1
THEIRS = {"distances": DISTANCES, "indices": np.array([[0, 1, 7], [3, 4, 5]]), "next": NEXT}


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
    clear = verdicts({"kneighbors": CLEAR, method: ours}, {"kneighbors": CLEAR, method: theirs})
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
    far = {**THEIRS, "distances": np.array([[0.0, 1.0, 3.0], [0.0, 1.0, 2.0]])}
    ours, theirs = np.array([1, 1]), np.array([1, 0])
    found = verdicts({"kneighbors": OURS, "predict": ours}, {"kneighbors": far, "predict": theirs})
    assert set(found.values()) == {Verdict.DIFFERENT}


def test_a_graph_of_distances_shows_its_own_ties() -> None:
    ours = np.array([[0.5, 2.0, 2.0, 0.0], [1.0, 0.0, 0.0, 3.0]])
    other = np.array([[0.5, 2.0, 0.0, 2.0], [1.0, 0.0, 0.0, 3.0]])
    inner = np.array([[0.0, 2.0, 2.0, 0.5], [1.0, 0.0, 0.0, 3.0]])
    graph = {"transform": compressed(ours)}
    assert verdicts(graph, {"transform": compressed(other)}) == {"transform": Verdict.TIED}
    assert verdicts(graph, {"transform": compressed(inner)}) == {"transform": Verdict.DIFFERENT}


def test_a_graph_of_fewer_rows_has_evenly_chosen_ones() -> None:
    """The agent asks for 64 rows of a graph at most: of 127, every second."""
    count = 127
    distances = np.tile([0.0, 1.0, 1.0], (count, 1))
    indices = np.tile([0, 1, 2], (count, 1))
    other = indices.copy()
    other[2, 2] = 3  # the second of the chosen rows
    after = np.full(count, 5.0)
    after[2] = 1.0
    graph = np.tile([1.0, 1.0, 1.0, 0.0], (64, 1))
    for row, found in ((1, Verdict.TIED), (2, Verdict.DIFFERENT)):
        theirs = graph.copy()
        theirs[row] = [1.0, 1.0, 0.0, 1.0]
        verdict = verdicts(
            {
                "kneighbors": {"distances": distances, "indices": indices, "next": after},
                "kneighbors_graph": compressed(graph),
            },
            {
                "kneighbors": {"distances": distances, "indices": other, "next": after},
                "kneighbors_graph": compressed(theirs),
            },
        )
        assert verdict["kneighbors_graph"] is found
