"""Differences that rounding explains, and those that it must not excuse."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.parity import Verdict, compare


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


def test_single_precision_moves_in_steps() -> None:
    """A row that no last bit moved may still be a step off; one that jumped stays different."""
    expected = np.array([0.5, 0.4, 0.9998017, 0.3], dtype=np.float32)
    noise = np.array([2e-6, 1e-6, 0.0, 3e-6])
    actual = expected + np.array([0, 0, 4e-6, 2e-6], dtype=np.float32)
    assert verdict(expected, actual, noise) is Verdict.CLOSE
    assert verdict(expected, actual, np.array([2e-6, 1e-6, 0.0, 3e-3])) is Verdict.DIFFERENT
    steps = np.array([1e-9, 1e-9, 0.0, 4e-7])  # above the limit of doubles, 11 units of this row
    actual = expected + np.array([0, 0, 0, 2e-6], dtype=np.float32)
    assert verdict(expected, actual, steps) is Verdict.CLOSE
    assert verdict(expected.astype(float), actual.astype(float), steps) is Verdict.DIFFERENT
