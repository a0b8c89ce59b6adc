"""Differences that are rounding, and labels that are ties.

Some arithmetic cannot hold a relative tolerance of 1e-9: a sum of large terms that cancel (the
inverse of a whitened PCA, distances by the expansion of the square).  How far it can be trusted is
measured, not assumed: the source model is asked again on inputs that differ in the last bit, and
what its own answers move by is what rounding can do to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skmig.parity.sparse import compressed, dense, is_sparse
from skmig.parity.verdict import MethodParity, Verdict

FACTOR = 16.0  # another order of summation moves an answer a few times further than one nudge
LIMIT = 1e-6  # of the largest value in the row: beyond it another leaf or label was reached
SINGLE_LIMIT = 1e-4  # the same where the input has single precision
CANCELS = 4.0  # times what the expansion of a square loses: nothing is left of a distance


@dataclass(frozen=True)
class _Noise:
    """How far the rows of an answer move, and what is known about it (see the agent)."""

    moves: Any
    single: bool = False
    lost: Any = None

    @classmethod
    def of(cls, noise: Any) -> _Noise:
        if isinstance(noise, dict) and "moves" in noise:
            return cls(noise["moves"], bool(noise["single"]), noise["lost"])
        return cls(noise)

    def inside(self, moves: Any) -> _Noise:
        return replace(self, moves=moves)

    @property
    def limit(self) -> float:
        return SINGLE_LIMIT if self.single else LIMIT


def forgive(expected: Any, actual: Any, noise: Any, rtol: float, atol: float) -> Any:
    """`actual` with every float that rounding explains replaced by the expected one.

    `noise`: how far the source's own answer moves, row by row, in the answer's own nesting (see
    the agent's `rounding`).
    """
    return _forgive(expected, actual, _Noise.of(noise), rtol, atol)


def _forgive(expected: Any, actual: Any, noise: _Noise, rtol: float, atol: float) -> Any:
    moves = noise.moves
    if isinstance(expected, dict) and isinstance(actual, dict):
        inner = moves if isinstance(moves, dict) else {}
        return {
            name: (_forgive_lists if name == "distances" else _forgive)(
                expected.get(name), item, noise.inside(inner.get(name)), rtol, atol
            )
            for name, item in actual.items()
        }
    if is_sparse(expected) and is_sparse(actual):
        wholes = dense(expected), dense(actual)
        if any(whole is None for whole in wholes):
            return actual
        return compressed(_forgive(*wholes, noise, rtol, atol))
    if isinstance(moves, list) and isinstance(expected, list | tuple):
        if not len(moves) == len(expected) == len(actual):
            return actual
        parts = zip(expected, actual, moves, strict=True)
        return type(actual)(
            _forgive(one, two, noise.inside(part), rtol, atol) for one, two, part in parts
        )
    if not all(
        isinstance(item, np.ndarray) and item.dtype.kind == "f" for item in (expected, actual)
    ):
        return actual
    if moves is None and noise.lost is not None:
        moves = np.zeros(expected.shape[:1])
    if not isinstance(moves, np.ndarray) or moves.dtype.kind != "f":
        return actual
    if expected.shape != actual.shape or moves.shape != expected.shape[:1] or not expected.size:
        return actual
    return _forgive_array(expected, actual, noise.inside(moves), rtol, atol)


def _forgive_lists(expected: Any, actual: Any, noise: _Noise, rtol: float, atol: float) -> Any:
    """The distances within a radius: a list for each row, of as many as there are."""
    if not all(isinstance(item, list) for item in (expected, actual)):
        return _forgive(expected, actual, noise, rtol, atol)
    moves = noise.moves if isinstance(noise.moves, list) else [None] * len(expected)
    lengths = [len(row) for row in expected]
    if lengths != [len(row) for row in actual] or len(moves) != len(lengths) or not any(lengths):
        return actual
    inside = np.arange(max(lengths)) < np.array(lengths)[:, np.newaxis]
    both = np.full((2, *inside.shape), np.nan)
    both[0, inside], both[1, inside] = np.concatenate(expected), np.concatenate(actual)
    moved = [0.0 if row is None or not len(row) else float(np.max(row)) for row in moves]
    forgiven = _forgive_array(both[0], both[1], noise.inside(np.array(moved)), rtol, atol)
    return [row[:count] for row, count in zip(forgiven, lengths, strict=True)]


def _forgive_array(expected: Any, actual: Any, noise: _Noise, rtol: float, atol: float) -> Any:
    moves, limit = noise.moves, noise.limit
    across = (-1,) + (1,) * (expected.ndim - 1)
    with np.errstate(all="ignore"):
        known = np.where(np.isfinite(expected), np.abs(expected), 0.0)
        size = known.reshape(len(known), -1).max(axis=1)
        # a row that jumped did so for another reason: it has no slack at all; rows that move as
        # far as most of them did not jump, however small their own values are
        common = float(np.median(moves))
        if common > FACTOR * limit * float(np.median(size)):
            common = 0.0
        calm = moves <= np.maximum(limit * size, FACTOR * common)
        typical = float(np.median(moves[calm])) if calm.any() else 0.0
        slack = np.where(calm, FACTOR * np.maximum(moves, typical), 0.0).reshape(across)
        near = np.abs(actual - expected) <= atol + rtol * np.abs(expected) + slack
        # a difference that cancels to nothing is cut off at 0, and then does not move in each row
        most = float(moves[calm].max()) if calm.any() else 0.0
        nothing = np.minimum(FACTOR * most, limit * size)
        if noise.lost is not None and np.shape(noise.lost) == nothing.shape:
            nothing = np.maximum(nothing, CANCELS * np.asarray(noise.lost))
        nothing = nothing.reshape(across)
        near |= (np.abs(expected) <= nothing) & (np.abs(actual) <= nothing)
    return np.where(near, expected, actual).astype(actual.dtype)


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
