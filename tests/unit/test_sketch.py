"""Sketches: what is kept of the outputs for a picture."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from skmig.parity.sketch import METHODS, POINTS, Sketches
from skmig.parity.values import ulps
from skmig.payload import New


def sketches(*pairs: tuple[Any, Any]) -> list[dict[str, Any]]:
    found = Sketches()
    for expected, actual in pairs:
        found.add(expected, actual)
    return found.as_json()


def answering(value: Any) -> dict[str, Any]:
    return {"model": {"methods": {"predict": {"value": value}}}}


def sketch(one: Any, two: Any) -> dict[str, Any] | None:
    return next(iter(sketches((answering(one), answering(two)))), None)


def made(one: Any, two: Any) -> dict[str, Any]:
    found = sketch(one, two)
    assert found is not None
    json.dumps(found, allow_nan=False)
    assert sum(found["ulps"]) == found["values"]
    return found


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_steps_between_floats_are_counted(dtype: Any) -> None:
    start = np.array([1.0, -1.0, 0.0, 1.0], dtype=dtype)
    moved = start.copy()
    for _ in range(5):
        moved = np.nextafter(moved, np.array([2, 0, 1, -9], dtype=dtype))
    assert ulps(start, moved).tolist() == [5, 5, 5, 5]
    assert ulps(moved, start).tolist() == [5, 5, 5, 5]
    low, high = np.finfo(dtype).min, np.finfo(dtype).max
    bits = 8 * np.dtype(dtype).itemsize - 1
    mantissa = np.finfo(dtype).nmant
    largest = 2 * ((1 << bits) - (1 << mantissa) - 1)
    assert ulps(np.array([low]), np.array([high])).tolist() == [largest]
    assert ulps(np.array([0.0], dtype), np.array([-0.0], dtype)).tolist() == [0]


def test_a_histogram_has_one_place_for_each_power_of_two() -> None:
    start = np.ones(6)
    bits = start.view(np.int64) + np.array([0, 1, 2, 3, 4, 1 << 40])
    found = made(start, bits.view(np.float64))
    assert found["ulps"][:4] == [1, 1, 2, 1]
    assert len(found["ulps"]) == 42
    assert found["ulps"][41] == 1


def test_what_is_not_finite_is_counted_and_not_drawn() -> None:
    found = made(np.array([1.0, np.nan, np.inf]), np.array([1.0, np.nan, np.inf]))
    assert (found["values"], found["not_finite"]) == (1, 2)
    assert found["points"] == [[1.0, 1.0]]


def test_all_forms_of_answers() -> None:
    dense = np.array([[0.0, 2.0], [3.0, 0.0]])
    csr = {
        "data": np.array([2.0, 3.0]),
        "indices": np.array([1, 0]),
        "indptr": np.array([0, 1, 2]),
        "shape": (2, 2),
    }
    frame = New(
        "pandas.DataFrame", {"columns": ["a", "b"], "values": [dense[:, 0], np.array(["x", "y"])]}
    )
    for value, count in (
        (dense, 4),
        (New("scipy.sparse.csr_matrix", csr), 2),
        (frame, 2),
        ({"distances": dense, "indices": np.array([[0, 1]])}, 4),
        ([dense, dense], 8),
    ):
        assert made(value, value)["values"] == count
    for value in (np.array([1, 2]), np.array(["a"]), "text", None, np.array([]), np.array([1j])):
        assert sketch(value, value) is None
    assert sketch(dense, dense[:1]) is None


def test_what_differs_most_is_always_kept() -> None:
    source = np.random.default_rng(0).normal(size=10_000)
    target = source.copy()
    target[[5000, 77]] += [1.0, 0.25]
    found = made(source, target)
    points = found["points"]
    assert POINTS - 20 <= len(points) <= POINTS
    for place in (5000, 77, int(source.argmin()), int(source.argmax())):
        assert [source[place], target[place]] in points
    assert found == made(source, target)
    assert len(made(source, source)["points"]) == POINTS


def test_methods_that_differ_come_before_equal_ones() -> None:
    same = {"value": np.ones(3)}
    names = [f"m{i}" for i in range(METHODS + 5)]
    expected = {"model": {"methods": dict.fromkeys(names, same)}}
    actual = {
        "model": {"methods": {**dict.fromkeys(names, same), names[-1]: {"value": np.ones(3) * 2}}}
    }
    found = sketches((expected, actual))
    assert [item["method"] for item in found] == [*names[: METHODS - 1], names[-1]]


def test_errors_and_gone_methods_have_none() -> None:
    expected = {"model": {"methods": {"a": {"error": "ValueError: x"}, "b": {"value": np.ones(2)}}}}
    assert sketches((expected, {})) == []
    actual = {"model": {"methods": {"a": {"value": np.ones(2)}}}}
    assert sketches((expected, actual)) == []


def test_parts_are_one_answer() -> None:
    source = np.random.default_rng(0).normal(size=5_000)
    target = source.copy()
    target[[3000, 77]] += [1.0, 0.25]
    parts = [
        (answering(source[i : i + 512]), answering(target[i : i + 512]))
        for i in range(0, len(source), 512)
    ]
    (found,), whole = sketches(*parts), made(source, target)
    assert (found["values"], found["ulps"]) == (whole["values"], whole["ulps"])
    assert len(found["points"]) <= POINTS
    for place in (3000, 77, int(source.argmin()), int(source.argmax())):
        assert [source[place], target[place]] in found["points"]
