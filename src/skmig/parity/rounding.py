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

from skmig.parity.verdict import MethodParity, Verdict

FACTOR = 16.0  # another order of summation moves an answer a few times further than one nudge
# of the largest value in the row: beyond it another leaf or label was reached
LIMIT = 1e-6
LIMIT_SINGLE = 1e-4  # 1e-6 is 8 units of single precision, which a sum of a few terms loses


def forgive(expected: Any, actual: Any, noise: Any, rtol: float, atol: float) -> Any:
    """`actual` with every float that rounding explains replaced by the expected one.

    `noise`: how far the source's own answer moves, row by row, in the answer's own nesting (see
    the agent's `rounding`).
    """
    if isinstance(noise, dict) and isinstance(expected, dict) and isinstance(actual, dict):
        return {
            name: forgive(expected.get(name), item, noise.get(name), rtol, atol)
            for name, item in actual.items()
        }
    if isinstance(noise, list) and isinstance(expected, list | tuple):
        if not len(noise) == len(expected) == len(actual):
            return actual
        parts = zip(expected, actual, noise, strict=True)
        return type(actual)(forgive(*part, rtol, atol) for part in parts)
    values = (expected, actual, noise)
    if not all(isinstance(item, np.ndarray) and item.dtype.kind == "f" for item in values):
        return actual
    if expected.shape != actual.shape or noise.shape != expected.shape[:1] or not expected.size:
        return actual
    return _forgive_array(expected, actual, noise, rtol, atol)


def _forgive_array(expected: Any, actual: Any, noise: Any, rtol: float, atol: float) -> Any:
    with np.errstate(all="ignore"):
        known = np.where(np.isfinite(expected), np.abs(expected), 0.0)
        size = known.reshape(len(known), -1).max(axis=1)
        single = min(expected.dtype.itemsize, actual.dtype.itemsize) <= 4
        limit = LIMIT_SINGLE if single else LIMIT
        # a row that jumped did so for another reason: it has no slack at all; rows that move as
        # far as most of them did not jump, however small their own values are
        common = float(np.median(noise))
        if common > FACTOR * limit * float(np.median(size)):
            common = 0.0
        calm = noise <= np.maximum(limit * size, FACTOR * common)
        # answers in single precision move in steps, so that many rows do not move by chance
        middle = _root_mean_square if single else np.median
        typical = float(middle(noise[calm])) if calm.any() else 0.0
        slack = np.where(calm, FACTOR * np.maximum(noise, typical), 0.0)
        slack = slack.reshape((-1,) + (1,) * (expected.ndim - 1))
        near = np.abs(actual - expected) <= atol + rtol * np.abs(expected) + slack
    return np.where(near, expected, actual).astype(actual.dtype)


def _root_mean_square(values: Any) -> Any:
    return np.sqrt(np.mean(np.square(values)))


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

    `expected` and `actual` are all answers of one estimator by method.
    """
    if result.method not in ("predict", "staged_predict"):
        return result
    prefix = result.method[: -len("predict")]
    ours, theirs = (side[result.method].get("value") for side in (expected, actual))
    for name in _SCORES:
        scores = expected.get(prefix + name, {}).get("value")
        if scores is None or ours is None or theirs is None:
            continue
        stages = zip(ours, theirs, scores, strict=False) if prefix else ((ours, theirs, scores),)
        try:
            if all(_only_ties(*stage, rtol, atol) for stage in stages):
                note = "labels differ only in rows whose two best scores are equal"
                return replace(result, verdict=Verdict.TIED, text="", notes=(*result.notes, note))
        except (TypeError, ValueError, IndexError):
            continue
    return result


def _only_ties(ours: Any, theirs: Any, scores: Any, rtol: float, atol: float) -> bool:
    ours, theirs, scores = np.asarray(ours), np.asarray(theirs), np.asarray(scores)
    if ours.shape != theirs.shape or ours.ndim != 1 or scores.dtype.kind != "f":
        return False
    rows = scores[ours != theirs]
    if scores.ndim == 1:
        return bool((np.abs(rows) <= atol).all())
    best = np.sort(rows, axis=1)
    return bool((best[:, -1] - best[:, -2] <= atol + rtol * np.abs(best[:, -1])).all())
