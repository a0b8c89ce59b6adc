"""Comparison of answers: what counts as equal, what is reported, what is not accepted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skmig.parity import Documented, Parity, Verdict, compare, difference
from skmig.payload import New

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
arrays = hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=2, max_side=6))


def answers(**methods: Any) -> dict[str, Any]:
    return {"model": {"class": "sklearn.svm.SVC", "methods": methods}}


def one(value: Any, other: Any, method: str = "predict", **options: Any) -> Any:
    """The verdict on one method that answered `value` in the source and `other` in the target."""
    found = compare(
        answers(**{method: {"value": value}}), answers(**{method: {"value": other}}), **options
    )
    return found.methods[0]


# ------------------------------------------------------------------ floats
@given(arrays)
def test_what_is_equal_is_identical(array: np.ndarray[Any, Any]) -> None:
    found = one(array, array.copy())
    assert found.verdict is Verdict.IDENTICAL
    assert (found.n, found.max_abs, found.max_ulp) == (array.size, 0.0, 0)


@given(st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=1), st.data())
def test_one_ulp_is_close_and_reported(items: list[float], data: st.DataObject) -> None:
    array = np.array(items)
    place = data.draw(st.integers(0, len(items) - 1))
    other = array.copy()
    other[place] = np.nextafter(other[place], np.inf)
    found = one(array, other)
    assert found.verdict is Verdict.CLOSE
    assert found.ok
    assert found.max_ulp == 1
    assert found.worst_row == place
    assert found.max_abs == abs(other[place] - array[place])


@given(
    st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1),
    st.data(),
    st.sampled_from([-1.0, 1.0]),
)
def test_beyond_the_tolerance_is_different(
    items: list[float], data: st.DataObject, sign: float
) -> None:
    array = np.array(items)
    place = data.draw(st.integers(0, len(items) - 1))
    other = array.copy()
    other[place] += sign * (1e-11 + 1e-8 * abs(array[place]))
    found = one(array, other)
    assert found.verdict is Verdict.DIFFERENT
    assert not found.ok
    assert found.worst_row == place


@given(arrays, st.floats(min_value=0, max_value=1), st.floats(min_value=0, max_value=1))
def test_the_verdict_is_that_of_numpy(
    array: np.ndarray[Any, Any], rtol: float, atol: float
) -> None:
    with np.errstate(all="ignore"):
        other = array * (1 + 1e-3)
        expected = np.allclose(other, array, rtol=rtol, atol=atol, equal_nan=True)
    assert one(array, other, rtol=rtol, atol=atol).ok == expected


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (np.nan, 0.0),
        (0.0, np.nan),
        (np.inf, -np.inf),
        (np.inf, 1.7e308),
        (1.7e308, np.inf),
        (np.nan, np.inf),
    ],
)
def test_what_is_not_finite_must_be_at_the_same_place(value: float, other: float) -> None:
    found = one(np.array([1.0, value]), np.array([1.0, other]), rtol=1e6, atol=1e6)
    assert found.verdict is Verdict.DIFFERENT
    assert found.worst_row == 1


def test_a_zero_of_another_sign_is_not_identical() -> None:
    assert one(np.array([0.0]), np.array([-0.0])).verdict is Verdict.CLOSE


def test_single_precision_is_compared_within_its_own_rounding() -> None:
    value = np.array([1.0, 2.0], dtype=np.float32)
    assert one(value, np.nextafter(value, np.float32(9))).verdict is Verdict.CLOSE
    assert one(value, value * np.float32(1.0001)).verdict is Verdict.DIFFERENT


def test_ulps_are_counted_through_zero() -> None:
    tiny = np.nextafter(0.0, 1.0)
    assert difference(np.array([-tiny]), np.array([tiny]), rtol=0, atol=1).max_ulp == 2


# ------------------------------------------------------------------ labels, dtypes, shapes
@pytest.mark.parametrize(
    ("labels", "wrong"),
    [
        (np.array([1, 2, 3]), np.array([1, 2, 4])),
        (np.array(["a", "b"]), np.array(["a", "c"])),
        (np.array(["a", "b"], dtype=object), np.array(["a", "c"], dtype=object)),
        (np.array([True, False]), np.array([True, True])),
        (np.array([b"a"]), np.array([b"b"])),
    ],
)
def test_labels_are_exact(labels: Any, wrong: Any) -> None:
    assert one(labels, labels.copy()).verdict is Verdict.IDENTICAL
    found = one(labels, wrong, rtol=1e9, atol=1e9)
    assert found.verdict is Verdict.DIFFERENT
    assert found.mismatched_labels == 1
    assert found.worst_row == len(labels) - 1


def test_a_width_of_a_dtype_is_reported_and_no_difference() -> None:
    found = one(np.array([1, 2], dtype=np.int64), np.array([1, 2], dtype=np.int32))
    assert found.verdict is Verdict.CLOSE
    assert "int32 instead of int64" in found.notes[0]
    found = one(np.array(["ab"]), np.array(["ab"], dtype=object))
    assert found.verdict is Verdict.CLOSE
    assert one(np.array(["ab"]), np.array(["ab"], dtype="<U9")).ok


@pytest.mark.parametrize(
    "other", [np.array([1.0, 0.5]), np.array([True, False]), np.array(["1", "0"])]
)
def test_another_kind_is_a_difference(other: Any) -> None:
    found = one(np.array([1, 0]), other)
    assert found.verdict is Verdict.DIFFERENT
    assert "dtype" in found.text


def test_labels_that_stand_as_floats_are_equal_and_noted() -> None:
    found = one(np.array([1, 0]), np.array([1.0, 0.0]))
    assert found.verdict is Verdict.CLOSE
    assert "dtype float64 instead of int64" in found.notes[0]


def test_a_shape_is_a_difference() -> None:
    found = one(np.zeros((3, 1)), np.zeros(3))
    assert found.verdict is Verdict.DIFFERENT
    assert "(3,)" in found.text


def test_true_is_not_one() -> None:
    assert not one([True], [1]).ok


# ------------------------------------------------------------------ containers
def csr(data: Any, indices: Any, indptr: Any, tag: str = "csr_matrix") -> New:
    return New(
        f"scipy.sparse.{tag}",
        {
            "data": np.array(data, dtype=float),
            "indices": np.array(indices, dtype=np.int32),
            "indptr": np.array(indptr, dtype=np.int32),
            "shape": (2, 3),
        },
    )


def test_sparse_matrices_are_compared_by_what_they_hold() -> None:
    value = csr([1, 2, 3], [0, 2, 1], [0, 2, 3])
    assert one(value, csr([2, 1, 3], [2, 0, 1], [0, 2, 3])).verdict is Verdict.IDENTICAL
    stored = one(value, csr([1, 2, 3, 0], [0, 2, 1, 2], [0, 2, 4]))
    assert (stored.verdict, stored.notes) == (
        Verdict.CLOSE,
        ("1 stored zeros instead of 0",),
    )
    assert one(value, csr([1, 2, 3], [0, 2, 1], [0, 2, 3], "csr_array")).verdict is Verdict.CLOSE
    moved = one(value, csr([1, 2, 3], [0, 2, 2], [0, 2, 3]))
    assert moved.verdict is Verdict.DIFFERENT
    assert moved.worst_row == 1
    wrong = one(value, csr([1, 2, 3.001], [0, 2, 1], [0, 2, 3]))
    assert (wrong.verdict, wrong.worst_row) == (Verdict.DIFFERENT, 1)
    assert "worst in row 1" in wrong.text


def test_the_pattern_of_a_sparse_matrix() -> None:
    value = csr([1, 2, 1e-13], [0, 2, 1], [0, 2, 3])
    lacking = one(value, csr([1, 2], [0, 2], [0, 2, 2]))
    assert lacking.notes == ("1 places are zero in one of the two only",)
    assert lacking.verdict is Verdict.CLOSE
    large = csr([1, 2, 1e-11], [0, 2, 1], [0, 2, 3])
    assert not one(large, csr([1, 2], [0, 2], [0, 2, 2])).ok


def test_what_is_missing_in_another_way_is_noted() -> None:
    found = one(np.array(["a", None], dtype=object), np.array(["a", np.nan], dtype=object))
    assert found.verdict is Verdict.CLOSE
    assert found.notes == ("missing values as nan instead of None",)


def test_a_sparse_source_in_single_precision_is_held_to_it() -> None:
    value = csr([1, 2, 1 / 3], [0, 2, 1], [0, 2, 3])
    single = csr([1, 2, 1 / 3], [0, 2, 1], [0, 2, 3])
    single.args["data"] = single.args["data"].astype(np.float32)
    assert one(single, value).verdict is Verdict.CLOSE
    assert one(value, single).verdict is Verdict.DIFFERENT  # the source knew better
    single.args["data"] = single.args["data"] * np.float32(1 + 1e-5)
    assert one(single, value).verdict is Verdict.DIFFERENT


def test_row_and_column_forms_of_a_matrix_are_one() -> None:
    turned = New(
        "scipy.sparse.csc_matrix",
        {
            "data": np.array([1.0, 3.0, 2.0]),
            "indices": np.array([0, 1, 0]),
            "indptr": np.array([0, 1, 2, 3]),
            "shape": (2, 3),
        },
    )
    assert one(csr([1, 2, 3], [0, 2, 1], [0, 2, 3]), turned).verdict is Verdict.CLOSE


def table(values: list[Any], names: list[str]) -> New:
    index = New("pandas.RangeIndex", {"start": 0, "stop": 2, "step": 1, "name": None})
    columns = New("pandas.Index", {"values": np.array(names, dtype=object), "name": None})
    return New("pandas.DataFrame", {"columns": columns, "index": index, "values": values})


def test_frames_are_compared_by_column() -> None:
    words = np.array(["x", None], dtype=object)
    value = table([np.array([1.0, 2.0]), words], ["a", "b"])
    assert one(value, value).verdict is Verdict.IDENTICAL
    typed = New("pandas.array", {"items": ["x", None], "dtype": "str"})
    assert one(value, table([np.array([1.0, 2.0]), typed], ["a", "b"])).verdict is Verdict.CLOSE
    assert not one(value, table([np.array([1.0, 2.0]), words], ["a", "c"])).ok
    assert not one(value, table([np.array([1.0, 3.0]), words], ["a", "b"])).ok


def test_lists_of_arrays_keep_their_place() -> None:
    stages = [np.zeros(3), np.ones(3)]
    wrong = [np.zeros(3), np.array([1.0, 1.0, 2.0])]
    assert one(stages, [item.copy() for item in stages], "staged_predict").ok
    found = one(stages, wrong, "staged_predict")
    assert "[1]" in found.text
    assert found.worst_row == 2
    assert not one(stages, stages[:1], "staged_predict").ok


# ------------------------------------------------------------------ neighbours
def neighbors(distances: Any, indices: Any, after: Any) -> dict[str, Any]:
    return {
        "distances": np.array(distances, dtype=float),
        "indices": np.array(indices),
        "next": np.array(after, dtype=float),
    }


def test_neighbours_at_equal_distances_may_change_places() -> None:
    value = neighbors([[0, 1, 1, 2], [0, 1, 2, 2]], [[5, 7, 8, 9], [1, 2, 3, 4]], [3, 2])
    other = neighbors([[0, 1, 1, 2], [0, 1, 2, 2]], [[5, 8, 7, 9], [1, 2, 3, 6]], [3, 2])
    found = one(value, other, "kneighbors")
    assert found.verdict is Verdict.TIED
    assert found.ok
    assert "2 rows" in found.notes[0]


def test_other_neighbours_are_a_difference() -> None:
    value = neighbors([[0, 1, 1, 2]], [[5, 7, 8, 9]], [3])
    assert not one(value, neighbors([[0, 1, 1, 2]], [[7, 5, 8, 9]], [3]), "kneighbors").ok
    assert not one(value, neighbors([[0, 1, 1, 3]], [[5, 7, 8, 9]], [3]), "kneighbors").ok


def test_another_last_neighbour_is_a_tie_only_where_the_next_is_as_near() -> None:
    """With one neighbour, every index could be another one at the same distance."""
    value, other = (
        neighbors([[1], [2]], [[5], [7]], [3, 3]),
        neighbors([[1], [2]], [[7], [5]], [3, 3]),
    )
    assert one(value, other, "kneighbors").verdict is Verdict.DIFFERENT
    value, other = (
        neighbors([[1], [2]], [[5], [7]], [1, 2]),
        neighbors([[1], [2]], [[6], [8]], [1, 2]),
    )
    assert one(value, other, "kneighbors").verdict is Verdict.TIED
    for side in (value, other):
        del side["next"]  # there are no more points
    assert one(value, other, "kneighbors").verdict is Verdict.DIFFERENT


# ------------------------------------------------------------------ methods
def test_the_same_error_on_both_sides_is_equal_and_listed() -> None:
    failing = answers(predict_proba={"error": "NotFittedError: probability=False"})
    found = compare(failing, failing)
    assert found.methods[0].verdict is Verdict.ERROR_EQUAL
    assert found.ok
    assert "predict_proba" in found.summary


def test_an_error_in_the_target_alone_is_a_difference() -> None:
    found = compare(
        answers(predict={"value": np.zeros(2)}),
        answers(predict={"error": "AttributeError: no `_n_support`"}),
    )
    assert not found.ok
    assert "_n_support" in found.summary


def test_a_method_that_the_target_lacks_is_listed() -> None:
    found = compare(answers(get_feature_names={"value": ["a"]}), answers())
    assert found.methods[0].verdict is Verdict.GONE
    assert found.ok
    assert "get_feature_names" in found.summary


def test_a_method_that_only_the_target_has_is_not_compared() -> None:
    assert compare(answers(), answers(score_samples={"value": np.zeros(2)})).methods == ()


def test_an_estimator_that_the_target_lacks_fails() -> None:
    found = compare(answers(predict={"value": np.zeros(2)}), {})
    assert found.methods[0].verdict is Verdict.MISSING
    assert not found.ok


def test_nothing_compared_is_said() -> None:
    assert "Nothing was compared" in compare({}, {}).summary


def test_scores_say_which_labels_would_change() -> None:
    value, other = np.array([[0.6, 0.4], [0.3, 0.7]]), np.array([[0.4, 0.6], [0.3, 0.7]])
    assert one(value, other, "predict_proba").mismatched_labels == 1
    assert (
        one(np.array([0.5, -1.0]), np.array([-0.5, -1.0]), "decision_function").mismatched_labels
        == 1
    )


# ------------------------------------------------------------------ documented changes
CHANGE = Documented(
    path="model.steps[1][1]",
    method="decision_function",
    text="multiclass.py:441",
    tag="sklearn.svm.SVC",
)


def changed(accept: tuple[str, ...] = (), method: str = "decision_function") -> Parity:
    return compare(
        answers(**{method: {"value": np.zeros(2)}}),
        answers(**{method: {"value": np.ones(2)}}),
        documented=[CHANGE],
        accept=accept,
    )


def test_a_documented_change_holds_only_when_it_is_accepted() -> None:
    assert changed().methods[0].verdict is Verdict.CHANGED
    assert not changed().ok
    assert "multiclass.py:441" in changed().summary
    assert changed(("SVC.decision_function",)).ok
    assert not changed(("SVR.decision_function",)).ok


def test_a_change_excuses_no_other_method() -> None:
    assert changed(("SVC.decision_function",), method="predict").methods[0].verdict is (
        Verdict.DIFFERENT
    )


@pytest.mark.parametrize(
    ("inner", "method", "asked", "verdict"),
    [
        # a vote, or a calibration, makes its answers of those of its members
        ("model.estimators_[0]", "predict_proba", "transform", Verdict.CHANGED),
        ("model.steps[1][1].estimators_[0]", "predict_proba", "predict", Verdict.CHANGED),
        # a later step reads what an earlier one gives
        ("model.steps[0][1]", "transform", "predict", Verdict.CHANGED),
        # these hand a method on as it is
        ("model.best_estimator_.steps[1][1]", "predict_proba", "predict", Verdict.DIFFERENT),
        ("model", "predict_proba", "predict", Verdict.DIFFERENT),
        # no answer is made of these
        ("model.estimators_[0]", "get_feature_names", "transform", Verdict.DIFFERENT),
        ("model.estimators_[0]", "raises ValueError: Input", "predict", Verdict.DIFFERENT),
    ],
)
def test_what_combines_others_changes_with_them(
    inner: str, method: str, asked: str, verdict: Verdict
) -> None:
    found = compare(
        answers(**{asked: {"value": np.zeros(2)}}),
        answers(**{asked: {"value": np.ones(2)}}),
        documented=[Documented(path=inner, method=method, text="cited", tag="sklearn.a.Inner")],
    )
    assert found.methods[0].verdict is verdict


def test_a_documented_change_that_changed_nothing_is_identical() -> None:
    same = answers(decision_function={"value": np.zeros(2)})
    assert compare(same, same, documented=[CHANGE]).verdict is Verdict.IDENTICAL


# ------------------------------------------------------------------ as a whole
def test_the_summary_is_one_sentence_and_the_json_is_plain() -> None:
    value = np.array([1.0, 2.0])
    found = compare(
        answers(predict={"value": np.array([1, 2])}, decision_function={"value": value}),
        answers(
            predict={"value": np.array([1, 2])},
            decision_function={"value": np.nextafter(value, 3.0)},
        ),
    )
    assert found.ok
    assert found.verdict is Verdict.CLOSE
    assert found.summary.startswith("1 of 2 methods answer identically on 4 values; 1 within")
    document = found.as_json()
    assert document["verdict"] == "close"
    assert document["methods"][1]["max_ulp"] == 1


@given(st.lists(finite, min_size=1), st.lists(finite, min_size=1))
def test_comparison_never_raises(left: list[float], right: list[float]) -> None:
    found = one(np.array(left), right)
    assert found.ok is (found.verdict in (Verdict.IDENTICAL, Verdict.CLOSE))


def test_an_input_that_the_target_rejects_is_told_from_any_other_error() -> None:
    known = [Documented(path="model", method="raises ValueError: Input", text="rejects NaN")]
    expected = {"model": {"methods": {"predict": {"value": np.ones(2)}}}}

    def verdict(error: str) -> Verdict:
        actual = {"model": {"methods": {"predict": {"error": error}}}}
        return compare(expected, actual, documented=known).methods[0].verdict

    assert verdict("ValueError: Input contains NaN.") is Verdict.CHANGED
    assert verdict("ValueError: shapes differ") is Verdict.DIFFERENT
    gone = "AttributeError: Estimator a does not provide predict. Did you mean another?"
    assert verdict(gone) is Verdict.GONE


def test_an_answer_of_chance_is_listed_where_it_differs() -> None:
    before = answers(predict={"value": [1], "chance": "Random: two calls differ"})
    for after, verdict in (
        ({"value": [1]}, Verdict.IDENTICAL),
        ({"value": [0]}, Verdict.ERROR_EQUAL),
        ({"error": "ValueError: no"}, Verdict.ERROR_EQUAL),
    ):
        found = compare(before, answers(predict=after))
        assert [item.verdict for item in found.methods] == [verdict]


def test_what_changed_in_a_step_changes_what_its_pipeline_answers() -> None:
    before, after = answers(predict={"value": [1]}), answers(predict={"value": [0]})
    for path, verdict in (("model.steps[0][1]", Verdict.CHANGED), ("model", Verdict.DIFFERENT)):
        change = (path, "transform", "an edge belongs to the next bin")
        found = compare(before, after, documented=[change])
        assert [item.verdict for item in found.methods] == [verdict]
