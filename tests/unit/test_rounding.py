"""Differences that rounding explains, and those that it must not excuse."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from skmig.agent import predict
from skmig.agent.jobs import walk_answers
from skmig.agent.rounding import rounding
from skmig.parity import Parity, Verdict, compare
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


def column(*gaps: float) -> Any:
    """Noise in the second of two columns."""
    return np.array([[0, gap] for gap in gaps], dtype=float)


EXPECTED = np.array([[1.0, 1e-9], [2.0, 3.0], [5.0, 6.0]])


def test_a_difference_of_the_size_of_the_noise_is_close() -> None:
    actual = EXPECTED + np.array([[0, 2e-12], [0, 0], [0, 0]])
    assert verdict(EXPECTED, actual) is Verdict.DIFFERENT
    assert verdict(EXPECTED, actual, column(1e-12, 0, 0)) is Verdict.CLOSE


def test_more_than_the_noise_is_different() -> None:
    actual = EXPECTED + np.array([[0, 2e-8], [0, 0], [0, 0]])
    assert verdict(EXPECTED, actual, column(1e-10, 0, 0)) is Verdict.DIFFERENT


def test_a_row_that_jumps_has_no_slack() -> None:
    """A last bit that leads to another leaf excuses nothing in that row."""
    actual = EXPECTED * (1 + 1e-7)
    assert verdict(EXPECTED, actual, np.full((3, 2), 0.5)) is Verdict.DIFFERENT


def test_a_small_value_that_moves_as_all_others_did_not_jump() -> None:
    """Terms of one size cancelled to 1e-3: its rounding is that of the terms."""
    expected, noise = np.array([50.0, 60.0, 1e-3]), np.array([4e-6, 4e-6, 4e-6])
    actual = expected + np.array([0, 0, 3e-6])
    assert verdict(expected, actual, noise) is Verdict.CLOSE
    assert verdict(expected, actual, np.array([0, 0, 4e-6])) is Verdict.DIFFERENT


def test_small_values_that_all_move_alike_did_not_jump() -> None:
    """The deviation of a Gaussian process is the root of next to nothing at many points."""
    expected = np.array([0.4] * 30 + [1e-5] * 10)
    noise = np.array([1e-16] * 30 + [2e-11] * 10)
    actual = expected.copy()
    actual[-1] += 5e-11
    assert verdict(expected, actual, noise) is Verdict.CLOSE
    actual[-1] += 5e-10
    assert verdict(expected, actual, noise) is Verdict.DIFFERENT
    alone = expected[:-5], actual[:-5].copy(), noise[:-5]  # too few to say what is usual
    alone[1][-1] += 5e-11
    assert verdict(*alone) is Verdict.DIFFERENT
    large = expected.copy()
    large[0] += 1e-9
    assert verdict(expected, large, noise) is Verdict.DIFFERENT


def test_inside_of_an_answer() -> None:
    expected = {"distances": np.array([[1e-8, 1.0]]), "indices": np.array([[0, 1]])}
    actual = {"distances": np.array([[3e-8, 1.0]]), "indices": np.array([[0, 1]])}
    noise = {"distances": np.array([[2e-8, 0]]), "indices": None}
    assert verdict(expected, actual, None, "kneighbors") is Verdict.DIFFERENT
    assert verdict(expected, actual, noise, "kneighbors") is Verdict.CLOSE
    other = {**actual, "indices": np.array([[7, 1]])}
    assert verdict(expected, other, noise, "kneighbors") is Verdict.DIFFERENT


def test_a_noisy_column_excuses_no_other() -> None:
    expected = np.array([[1e6, 1e-3], [2e6, 2e-3], [3e6, 3e-3]])
    noise = np.array([[1e-3, 0.0], [1e-3, 0.0], [1e-3, 0.0]])
    actual = expected.copy()
    actual[:, 0] += 5e-3
    assert verdict(expected, actual, noise) is Verdict.CLOSE
    actual[1, 1] += 1e-10  # a ten-millionth of the value, a millionth of the other's noise
    assert verdict(expected, actual, noise) is Verdict.DIFFERENT


def test_what_all_cancels_may_be_zero_and_nothing_else_may() -> None:
    """Distances to three points, of which each row is one."""
    expected = np.array([[3e-8, 2.0, 3.0], [2.0, 0.0, 1.0], [3.0, 1.0, 2e-8]])
    noise = np.array([[3e-8, 0, 0], [0, 0, 0], [0, 0, 2e-8]])
    actual = expected.copy()
    actual[1, 1] = 2e-8
    assert verdict(expected, actual, noise) is Verdict.CLOSE
    actual[1, 1] = 1e-6
    assert verdict(expected, actual, noise) is Verdict.DIFFERENT
    actual[1] = [2.0, 0.0, 1 + 2e-8]
    assert verdict(expected, actual, noise) is Verdict.DIFFERENT


def test_rows_that_were_not_asked_get_no_slack() -> None:
    noise = column(1e-12, np.nan, 1e-12)
    actual = EXPECTED.copy()
    actual[0, 1] += 2e-12
    assert verdict(EXPECTED, actual, noise) is Verdict.CLOSE
    actual[1, 1] += 1e-8
    assert verdict(EXPECTED, actual, noise) is Verdict.DIFFERENT


def test_where_most_rows_jump_nothing_is_excused() -> None:
    expected = np.linspace(1.0, 2.0, 50)
    actual = expected.copy()
    actual[7] *= 1 + 3e-8
    assert verdict(expected, actual, np.full(50, 1e-5)) is Verdict.DIFFERENT
    assert verdict(expected, actual, np.full(50, 1e-8)) is Verdict.CLOSE


# ------------------------------------------------------------------ small changes of real models
DATA = np.random.default_rng(0).normal(size=(200, 4))
TARGET = DATA @ [1.0, -2.0, 0.5, 3.0] + np.sin(DATA[:, 0])


def after(model: Any, change: Any, data: Any = DATA) -> Parity:
    """What is found where the target's model differs by `change`, with all excuses there are."""
    probe = {"input": data}
    before = predict.outputs(model, probe)
    other = copy.deepcopy(model)
    change(other)
    offers = predict.offers(model)
    expected, actual = (
        walk_answers({"model": {"class": "a.B", "offers": offers, "methods": methods}})
        for methods in (before, predict.outputs(other, probe))
    )
    return compare(expected, actual, rounding={"model": rounding(model, probe, before)})


def one_weight(relative: float) -> Any:
    def change(model: Any) -> None:
        model.coef_[1] *= 1 + relative

    return change


@pytest.mark.parametrize("rate", [0.1, 1e-6])
def test_one_leaf_is_seen_however_little_it_counts(rate: float) -> None:
    """Last bits of an input lead to another leaf: how far that is, is no measure of rounding."""
    model = GradientBoostingRegressor(n_estimators=40, learning_rate=rate, random_state=0)
    model.fit(DATA, TARGET + 100)
    first = model.estimators_[0, 0].tree_
    data = DATA.copy()
    data[:150, first.feature[0]] = first.threshold[0]  # most rows may go either way

    def change(other: Any) -> None:
        last = other.estimators_[-1, 0].tree_
        last.value[int(last.apply(data[:1].astype(np.float32))[0])] += 1e-6 / rate

    assert not after(model, change, data).ok


def test_one_weight_is_seen_beyond_the_tolerance() -> None:
    linear = LinearRegression().fit(DATA, TARGET)
    assert not after(linear, one_weight(1e-7)).ok
    assert after(linear, one_weight(1e-13)).ok


def test_where_arithmetic_is_bad_the_bound_is_what_was_measured() -> None:
    """Distances as differences of large squares: their noise is all that is excused."""
    model = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(DATA + 1e3)
    data = DATA + 1e3 + 0.1
    probe = {"input": data}
    gaps = rounding(model, probe, predict.outputs(model, probe))["kneighbors"]["distances"]
    noise = np.median(gaps)

    def shift(by: float) -> Any:
        def change(other: Any) -> None:
            other._fit_X += by / 2  # in each of four coordinates

        return change

    assert after(model, shift(noise), data).ok
    assert not after(model, shift(20 * noise), data).ok


def test_a_swapped_label_is_no_tie() -> None:
    model = KNeighborsClassifier(4).fit(DATA, TARGET > 0)

    def swap(other: Any) -> None:
        other.classes_ = other.classes_[::-1]

    assert not after(model, swap).ok


# ------------------------------------------------------------------ ties
def labels(ours: Any, theirs: Any, scores: Any, others: Any = None, **more: Any) -> Any:
    """What is said of `predict` by the scores of both sides."""
    value = {"value": np.array(scores)}
    other = value if others is None else {"value": np.array(others)}
    more = {name: {"value": np.array(item)} for name, item in more.items()}
    found = compare(
        answers(predict={"value": np.array(ours)}, predict_proba=value, **more),
        answers(predict={"value": np.array(theirs)}, predict_proba=other, **more),
    )
    return found.methods[0]


SCORES = [[0.5, 0.5], [0.1, 0.9]]


def test_labels_of_equal_scores_are_tied_and_others_are_not() -> None:
    tied = labels([0, 1], [1, 1], SCORES)
    assert tied.verdict is Verdict.TIED
    assert tied.notes == ("1 labels differ, all in rows whose two best scores are equal",)
    assert labels([0, 1], [1, 0], SCORES).verdict is Verdict.DIFFERENT


def test_every_score_of_both_sides_has_to_be_tied() -> None:
    """A label need not follow from the probabilities (those of an SVC are another model)."""
    decided = labels([0, 1], [1, 1], SCORES, decision_function=[-0.3, 2.0])
    assert decided.verdict is Verdict.DIFFERENT
    both = labels([0, 1], [1, 1], SCORES, decision_function=[[0.0], [2.0]])
    assert both.verdict is Verdict.TIED
    target = labels([0, 1], [1, 1], SCORES, [[0.4, 0.6], [0.1, 0.9]])
    assert target.verdict is Verdict.DIFFERENT


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
    moved = {"distances": np.array([[0.0, 0.0], [4e-8, 0.0]])}
    assert (
        verdict(expected, actual, {"distances": np.zeros((2, 2))}, "kneighbors")
        is Verdict.DIFFERENT
    )
    assert verdict(expected, actual, moved, "kneighbors") is Verdict.CLOSE
    larger = {"distances": np.array([[2e-6, 1.0], [0.0, 1.0]])}
    assert verdict(expected, larger, moved, "kneighbors") is Verdict.DIFFERENT


def test_another_scale_in_another_row_excuses_nothing() -> None:
    expected = np.array([[3.0, 5.0], [3.0, 5.0], [1e9, 2e9]])
    actual = expected + np.array([[1.0, 0], [0, 0], [0, 0]])
    assert (
        verdict(expected, actual, np.array([[0.0, 0.0], [0.0, 0.0], [10.0, 0.0]]))
        is Verdict.DIFFERENT
    )


def test_distances_within_a_radius_are_rows_of_several_lengths() -> None:
    expected = {"distances": [np.array([0.0, 2.0]), np.array([1.0])]}
    actual = {"distances": [np.array([5e-8, 2.0]), np.array([1.0])]}
    moved = {"distances": [np.array([4e-8, 0.0]), np.array([0.0])]}
    assert verdict(expected, actual, None, "radius_neighbors") is Verdict.DIFFERENT
    assert verdict(expected, actual, moved, "radius_neighbors") is Verdict.CLOSE
    fewer = {"distances": [np.array([0.0]), np.array([1.0])]}
    assert verdict(expected, fewer, moved, "radius_neighbors") is Verdict.DIFFERENT


def test_a_sparse_answer_rounds_as_the_whole_one_does() -> None:
    whole = np.array([[0.0, 5e-8, 1.0], [2.0, 0.0, 0.0]])
    other = np.array([[0.0, 0.0, 1.0], [2.0, 0.0, 0.0]])
    ours, theirs = compressed(whole), compressed(other)
    noise = np.array([[0.0, 4e-8, 0.0], [0.0, 0.0, 0.0]])
    assert verdict(ours, theirs) is Verdict.DIFFERENT
    assert verdict(ours, theirs, noise) is Verdict.CLOSE
    assert verdict(ours, compressed(other * 1.001), noise) is Verdict.DIFFERENT


def test_single_precision_moves_in_steps() -> None:
    """A row that no last bit moved may still be a step off; that one jumped excuses no more."""
    expected = np.array([0.5, 0.4, 0.9998017, 0.3], dtype=np.float32)
    noise = np.array([2e-6, 1e-6, 0.0, 3e-6])
    actual = expected + np.array([0, 0, 4e-6, 2e-6], dtype=np.float32)
    assert verdict(expected, actual, noise) is Verdict.CLOSE
    jumped = np.array([2e-6, 1e-6, 0.0, 3e-3])
    assert verdict(expected, actual, jumped) is Verdict.CLOSE
    further = expected + np.array([0, 0, 0, 2e-5], dtype=np.float32)
    assert verdict(expected, further, jumped) is Verdict.DIFFERENT
    steps = np.array([1e-9, 1e-9, 0.0, 4e-7])  # above the limit of doubles, 11 units of this row
    actual = expected + np.array([0, 0, 0, 2e-6], dtype=np.float32)
    assert verdict(expected, actual, steps) is Verdict.CLOSE
    assert verdict(expected.astype(float), actual.astype(float), steps) is Verdict.DIFFERENT


def test_a_deviation_is_as_exact_as_what_it_deviates_from() -> None:
    """The variance of a Gaussian process cancels at its own points: all of them are small there."""
    mean, small = np.array([1.0, 2.0, 3.0]), np.full(3, 1e-5)
    noise = [np.full(3, 1e-16), np.full(3, 2e-10)]
    moved = [mean, small + 4e-10]
    assert verdict([mean, small], moved, noise, "predict(return_std)") is Verdict.CLOSE
    assert verdict(small, moved[1], noise[1]) is Verdict.DIFFERENT  # alone it says nothing
    further = [mean, small + 4e-9]
    assert verdict([mean, small], further, noise, "predict(return_std)") is Verdict.DIFFERENT
