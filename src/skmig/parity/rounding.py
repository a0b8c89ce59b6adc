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
LIMIT = 1e-6  # of the largest value in the row: beyond it another leaf or label was reached


def within_rounding(
    result: MethodParity, expected: Any, actual: Any, noise: Any, rtol: float, atol: float
) -> MethodParity:
    """`close` where every difference is of the size that a last-bit change of the input makes.

    `noise`: for each row, how far the source's own answer moved (see the agent's `rounding`).
    """
    floats = all(
        isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size
        for value in (expected, actual, noise)
    )
    if not floats or expected.shape != actual.shape or noise.shape != expected.shape[:1]:
        return result
    column = (-1,) + (1,) * (expected.ndim - 1)
    with np.errstate(all="ignore"):
        known = np.where(np.isfinite(expected), np.abs(expected), 0.0)
        size = known.reshape(len(known), -1).max(axis=1)
        # a row that jumped did so for another reason: it has no slack at all
        calm = noise <= LIMIT * size
        typical = float(np.median(noise[calm])) if calm.any() else 0.0
        slack = np.where(calm, FACTOR * np.maximum(noise, typical), 0.0)
        allowed = atol + rtol * np.abs(expected) + slack.reshape(column)
        same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
        gap = np.abs(actual - expected)
    if not (same | (gap <= allowed)).all():
        return result
    note = (
        f"within {FACTOR:g} times what a last-bit change of the input does to the source's answer"
    )
    return replace(result, verdict=Verdict.CLOSE, text="", notes=(*result.notes, note))


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
        if scores is None:
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
