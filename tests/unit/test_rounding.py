"""Differences that rounding explains, and those that it must not excuse."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.parity import Verdict, compare
from skmig.parity.sparse import compressed


def answers(**methods: Any) -> dict[str, Any]:
    offers = ["predict", "predict_proba", "transform"]
    return {"model": {"class": "a.B", "offers": offers, "methods": methods}}


def verdict(expected: Any, actual: Any, noise: Any = None, method: str = "transform") -> Verdict:
    rounding = None if noise is None else {"model": {method: noise}}
    found = compare(
        answers(**{method: {"value": expected}}),
        answers(**{method: {"value": actual}}),
        rounding=rounding,
    )
    return found.methods[0].verdict


EXPECTED = np.array([[1.0, 1e-9], [2.0, 3.0], [5.0, 6.0]])


def test_a_difference_of_the_size_of_the_noise_is_close() -> None:
    actual = EXPECTED + np.array([[0, 2e-12], [0, 0], [0, 0]])
    assert verdict(EXPECTED, actual) is Verdict.DIFFERENT
    assert verdict(EXPECTED, actual, np.array([1e-12, 0, 0])) is Verdict.CLOSE


def test_more_than_the_noise_is_different() -> None:
    actual = EXPECTED + np.array([[0, 2e-8], [0, 0], [0, 0]])
    assert verdict(EXPECTED, actual, np.array([1e-10, 0, 0])) is Verdict.DIFFERENT


def test_a_row_that_jumps_has_no_slack() -> None:
    """A last bit that leads to another leaf excuses nothing in that row."""
    actual = EXPECTED * (1 + 1e-7)
    assert verdict(EXPECTED, actual, np.array([0.5, 0.5, 0.5])) is Verdict.DIFFERENT


def test_a_small_value_that_moves_as_all_others_did_not_jump() -> None:
    """Terms of one size cancelled to 1e-3: its rounding is that of the terms."""
    expected, noise = np.array([50.0, 60.0, 1e-3]), np.array([4e-6, 4e-6, 4e-6])
    actual = expected + np.array([0, 0, 3e-6])
    assert verdict(expected, actual, noise) is Verdict.CLOSE
    assert verdict(expected, actual, np.array([0, 0, 4e-6])) is Verdict.DIFFERENT


def test_inside_of_an_answer() -> None:
    expected = {"distances": np.array([[1e-8, 1.0]]), "indices": np.array([[0, 1]])}
    actual = {"distances": np.array([[3e-8, 1.0]]), "indices": np.array([[0, 1]])}
    noise = {"distances": np.array([2e-8]), "indices": None}
    assert verdict(expected, actual, None, "kneighbors") is Verdict.DIFFERENT
    assert verdict(expected, actual, noise, "kneighbors") is Verdict.CLOSE
    other = {**actual, "indices": np.array([[7, 1]])}
    assert verdict(expected, other, noise, "kneighbors") is Verdict.DIFFERENT


def labels(ours: list[int], theirs: list[int], scores: list[list[float]]) -> Verdict:
    value = {"value": np.array(scores)}
    found = compare(
        answers(predict={"value": np.array(ours)}, predict_proba=value),
        answers(predict={"value": np.array(theirs)}, predict_proba=value),
    )
    return found.methods[0].verdict


def test_labels_of_equal_scores_are_tied_and_others_are_not() -> None:
    assert labels([0, 1], [1, 1], [[0.5, 0.5], [0.1, 0.9]]) is Verdict.TIED
    assert labels([0, 1], [1, 0], [[0.5, 0.5], [0.1, 0.9]]) is Verdict.DIFFERENT


def test_a_method_that_the_class_has_and_the_model_lost_is_a_difference() -> None:
    expected = answers(predict_proba={"value": np.ones((2, 2))})
    lost = compare(expected, answers()).methods[0]
    assert lost.verdict is Verdict.DIFFERENT
    gone = compare(expected, {"model": {"class": "a.B", "offers": [], "methods": {}}}).methods[0]
    assert gone.verdict is Verdict.GONE


def test_what_cancels_to_nothing_is_nothing_where_other_rows_show_how_much() -> None:
    """A point's distance to itself is cut off at 0: it does not move in every row."""
    expected = {"distances": np.array([[0.0, 1.0], [0.0, 1.0]])}
    actual = {"distances": np.array([[6e-8, 1.0], [0.0, 1.0]])}
    moved = {"distances": np.array([0.0, 4e-8])}
    assert verdict(expected, actual, {"distances": np.zeros(2)}, "kneighbors") is Verdict.DIFFERENT
    assert verdict(expected, actual, moved, "kneighbors") is Verdict.CLOSE
    larger = {"distances": np.array([[2e-6, 1.0], [0.0, 1.0]])}
    assert verdict(expected, larger, moved, "kneighbors") is Verdict.DIFFERENT


def test_another_scale_in_another_row_excuses_nothing() -> None:
    expected = np.array([[3.0, 5.0], [3.0, 5.0], [1e9, 2e9]])
    actual = expected + np.array([[1.0, 0], [0, 0], [0, 0]])
    assert verdict(expected, actual, np.array([0.0, 0.0, 10.0])) is Verdict.DIFFERENT


def test_distances_within_a_radius_are_rows_of_several_lengths() -> None:
    expected = {"distances": [np.array([0.0, 2.0]), np.array([1.0])]}
    actual = {"distances": [np.array([5e-8, 2.0]), np.array([1.0])]}
    moved = {"distances": [np.array([4e-8, 0.0]), None]}
    assert verdict(expected, actual, None, "radius_neighbors") is Verdict.DIFFERENT
    assert verdict(expected, actual, moved, "radius_neighbors") is Verdict.CLOSE
    fewer = {"distances": [np.array([0.0]), np.array([1.0])]}
    assert verdict(expected, fewer, moved, "radius_neighbors") is Verdict.DIFFERENT


def test_a_sparse_answer_rounds_as_the_whole_one_does() -> None:
    whole = np.array([[0.0, 5e-8, 1.0], [2.0, 0.0, 0.0]])
    other = np.array([[0.0, 0.0, 1.0], [2.0, 0.0, 0.0]])
    ours, theirs, noise = compressed(whole), compressed(other), np.array([4e-8, 0.0])
    assert verdict(ours, theirs) is Verdict.DIFFERENT
    assert verdict(ours, theirs, noise) is Verdict.CLOSE
    assert verdict(ours, compressed(other * 1.001), noise) is Verdict.DIFFERENT


def test_what_the_expansion_of_a_square_loses_of_a_distance_is_nothing() -> None:
    """One release has 0, the other the root of the rounding of x·x; nothing need move."""
    expected, actual = np.array([[0.0], [1.0]]), np.array([[8e-8], [1.0]])
    known = {"moves": None, "single": False, "lost": np.array([8e-8, 8e-8])}
    assert verdict(expected, actual) is Verdict.DIFFERENT
    assert verdict(expected, actual, known) is Verdict.CLOSE
    assert verdict(expected, actual * 10, known) is Verdict.DIFFERENT
    # a distance that is not nothing has no slack by it
    assert verdict(expected + 1, expected + 1 + 8e-8, known) is Verdict.DIFFERENT


def test_single_precision_moves_further_before_it_jumps() -> None:
    expected, moves = np.array([[1.0], [2.0]]), np.array([5e-5, 0.0])
    actual = expected + np.array([[1e-4], [0.0]])
    for single, found in ((False, Verdict.DIFFERENT), (True, Verdict.CLOSE)):
        known = {"moves": moves, "single": single, "lost": None}
        assert verdict(expected, actual, known) is found
