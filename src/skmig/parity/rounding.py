"""Differences that are rounding, and labels that are ties.

Some arithmetic cannot hold a relative tolerance of 1e-9: a sum of large terms that cancel (the
inverse of a whitened PCA, distances by the expansion of the square).  How far it can be trusted is
measured, not assumed: the source model is asked again on inputs that differ in the last bit, and
what its own answers move by is what rounding can do to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from skmig.parity.sparse import compressed, dense, is_sparse
from skmig.parity.verdict import MethodParity, Verdict

FACTOR = 8.0  # another order of summation moves an answer a few times further than one nudge
# of the largest value in the row: beyond it another leaf or label was reached
LIMIT = 1e-6
LIMIT_SINGLE = 1e-4  # 1e-6 is 8 units of single precision, which a sum of a few terms loses
SINGLE = np.dtype(np.float32).itemsize
SPREAD = 8.0  # times the median row: as far may a row move that did not jump
COMMON = 4.0  # times LIMIT: where most rows move further than that, nothing is excused by them
SMALL = 1e-4  # of the largest row: what is left of rows that cancel
FEW = 8  # rows say nothing of what is usual for their kind


def forgive(expected: Any, actual: Any, noise: Any, rtol: float, atol: float) -> Any:
    """`actual` with every float that rounding explains replaced by the expected one.

    `noise`: how far the source's own answer moves, value by value, in the answer's own nesting
    (see the agent's `rounding`); NaN in rows that were not asked, which get no slack.
    """
    if isinstance(noise, dict) and isinstance(expected, dict) and isinstance(actual, dict):
        return {
            name: (_forgive_lists if name == "distances" else forgive)(
                expected.get(name), item, noise.get(name), rtol, atol
            )
            for name, item in actual.items()
        }
    if is_sparse(expected) and is_sparse(actual):
        wholes = dense(expected), dense(actual)
        if any(whole is None for whole in wholes):
            return actual
        return compressed(forgive(*wholes, noise, rtol, atol))
    if isinstance(noise, list) and isinstance(expected, list | tuple):
        if not len(noise) == len(expected) == len(actual):
            return actual
        parts = zip(expected, actual, noise, strict=True)
        if not _of_one_kind(expected):
            return type(actual)(forgive(*part, rtol, atol) for part in parts)
        # a mean and its deviation, or stages: a row is as large as in the largest of them
        sizes = np.max([_sizes(item) for item in expected], axis=0)
        return type(actual)(_forgive_part(*part, rtol, atol, sizes) for part in parts)
    return _forgive_part(expected, actual, noise, rtol, atol)


def _of_one_kind(parts: Any) -> bool:
    """Are all parts of an answer floats, with a row for each row of the input?"""
    return (
        all(
            isinstance(part, np.ndarray) and part.dtype.kind == "f" and part.ndim and part.size
            for part in parts
        )
        and len({len(part) for part in parts}) == 1
    )


def _sizes(array: Any) -> Any:
    """The largest finite number of each row."""
    finite = np.where(np.isfinite(array), np.abs(array), 0.0)
    return finite.reshape(len(array), -1).max(axis=1)


def _forgive_part(
    expected: Any, actual: Any, noise: Any, rtol: float, atol: float, sizes: Any = None
) -> Any:
    values = (expected, actual, noise)
    if not all(isinstance(item, np.ndarray) and item.dtype.kind == "f" for item in values):
        return actual
    if not expected.shape == actual.shape == noise.shape or not expected.size:
        return actual
    return _forgive_array(expected, actual, noise, rtol, atol, sizes)


def _forgive_lists(expected: Any, actual: Any, noise: Any, rtol: float, atol: float) -> Any:
    """The distances within a radius: an array for each row, of as many as there are."""
    if not all(isinstance(item, list) for item in (expected, actual, noise)):
        return forgive(expected, actual, noise, rtol, atol)
    lengths = [len(row) for row in expected]
    if lengths != [len(row) for row in actual] or len(noise) != len(lengths):
        return actual
    rows = [i for i, count in enumerate(lengths) if count and noise[i] is not None]
    if not rows or any(len(noise[i]) != lengths[i] for i in rows):
        return actual
    # rows of one length: what is missing repeats the largest distance
    width = max(lengths[i] for i in rows)
    places = []
    for i in rows:
        place = np.full(width, np.argmax(expected[i]))
        place[: lengths[i]] = np.arange(lengths[i])
        places.append(place)
    before, after, gaps = (
        np.array([side[i][place] for i, place in zip(rows, places, strict=True)], dtype=float)
        for side in (expected, actual, noise)
    )
    result = list(actual)
    for i, row in zip(rows, _forgive_array(before, after, gaps, rtol, atol), strict=True):
        result[i] = row[: lengths[i]]
    return result


def _forgive_array(
    expected: Any, actual: Any, noise: Any, rtol: float, atol: float, sizes: Any = None
) -> Any:
    """`sizes`: how large each row is, where the array is not all of the answer."""
    count = len(expected)
    gaps = noise.reshape(count, -1)
    asked = ~np.isnan(gaps).any(axis=1)
    if not asked.any():
        return actual
    with np.errstate(all="ignore"):
        before = np.where(np.isfinite(expected), np.abs(expected), 0.0).reshape(count, -1)
        after = np.where(np.isfinite(actual), np.abs(actual), np.inf).reshape(count, -1)
        own = before.max(axis=1)
        size = own if sizes is None else sizes
        moved = np.where(asked, gaps.max(axis=1), np.inf)
        single = min(expected.dtype.itemsize, actual.dtype.itemsize) <= SINGLE
        limit = LIMIT_SINGLE if single else LIMIT
        # a row that jumped did so for another reason, and that it did excuses nothing; rows that
        # move as far as most of them did not jump, however small their own values are
        common = float(np.median(moved[asked]))
        if common > COMMON * limit * float(np.median(size[asked])):
            common = 0.0
        usual = _usual_of_small(own, moved, limit)
        calm = moved <= np.maximum(limit * size, SPREAD * np.maximum(common, usual))
        if not calm.any():
            return actual
        # a value that no nudge happened to move is not more exact than the others of its column;
        # in single precision values move in steps, so that many do not move by chance
        middle = _root_mean_square if single else np.median
        typical = np.maximum(middle(gaps[calm], axis=0), usual[:, None])
        slack = FACTOR * np.where(calm[:, None], np.fmax(gaps, typical), typical)
        # where all of a value cancels (the distance of a point to itself) what is left is nothing
        # but rounding, and may be 0 that no nudge moves: it is as exact as others of its kind
        least = limit * before.max(axis=0)
        kind = (before <= least) & calm[:, None]
        rest = np.minimum(FACTOR * float(np.median(gaps[kind])), least) if kind.any() else 0.0
        nothing = (before <= rest) & (after <= rest) & calm[:, None]
        slack = np.where(nothing, np.fmax(slack, rest), slack)
        slack = np.where(asked[:, None], slack, 0.0).reshape(expected.shape)
        near = np.abs(actual - expected) <= atol + rtol * np.abs(expected) + slack
    return np.where(near, expected, actual).astype(actual.dtype)


def _root_mean_square(values: Any, axis: int) -> Any:
    return np.sqrt(np.mean(np.square(values), axis=axis))


def _usual_of_small(size: Any, moved: Any, limit: float) -> Any:
    """How far the median moves of those rows that are much smaller than the largest; 0 for others.

    The deviation of a Gaussian process at the points that it was fitted on is of that kind: the
    root of what is left when a variance cancels.
    """
    small = np.isfinite(moved) & (size <= SMALL * size.max())
    usual = float(np.median(moved[small])) if small.sum() >= FEW else 0.0
    return np.where(small & (usual <= limit * size.max()), usual, 0.0)


def note() -> str:
    """What is said of a method whose differences are rounding."""
    return (
        f"within {FACTOR:g} times what a last-bit change of the input does to the source's answer"
    )


_SCORES = ("predict_proba", "decision_function")


def tied_labels(
    result: MethodParity,
    expected: Mapping[str, Any],
    actual: Mapping[str, Any],
    rtol: float,
    atol: float,
) -> MethodParity:
    """`tied` where labels differ only in rows whose two best scores are equal.

    `expected` and `actual` are all answers of one estimator by method.  Every score that the
    source gives must be equal, on both sides: a label need not follow from each of them.
    """
    if result.method not in ("predict", "staged_predict"):
        return result
    prefix = result.method[: -len("predict")]
    ours, theirs = (side[result.method].get("value") for side in (expected, actual))
    names = [prefix + name for name in _SCORES if "value" in expected.get(prefix + name, {})]
    if ours is None or theirs is None or not names:
        return result
    count = 0
    for name in names:
        for side in (expected, actual):
            scores = side.get(name, {}).get("value")
            try:
                stages = zip(ours, theirs, scores, strict=True) if prefix else ()
                found = [_ties(*stage, rtol, atol) for stage in stages or [(ours, theirs, scores)]]
            except (TypeError, ValueError, IndexError):
                return result
            if any(item is None for item in found):
                return result
            count = sum(item or 0 for item in found)
    note = f"{count} labels differ, all in rows whose two best scores are equal"
    return replace(result, verdict=Verdict.TIED, text="", notes=(*result.notes, note))


def _ties(ours: Any, theirs: Any, scores: Any, rtol: float, atol: float) -> int | None:
    """How many labels differ; None where one does whose scores are not equal."""
    ours, theirs, scores = np.asarray(ours), np.asarray(theirs), np.asarray(scores)
    if ours.shape != theirs.shape or ours.ndim != 1 or scores.dtype.kind != "f":
        return None
    if len(scores) != len(ours):
        return None
    rows = scores[ours != theirs]
    if rows.ndim == 2 and rows.shape[1] == 1:
        rows = rows[:, 0]
    if rows.ndim == 1:
        tied = np.abs(rows) <= atol
    else:
        best = np.sort(rows, axis=1)
        tied = best[:, -1] - best[:, -2] <= atol + rtol * np.abs(best[:, -1])
    return len(rows) if tied.all() else None
