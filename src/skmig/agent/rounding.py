"""Rounding: how far the answers of a model move when the last bits of its input do.

Measured on the source, and only where rounding can be felt: what decides by comparing numbers
(trees) answers the same or jumps, and a jump is no rounding.
"""

import copy

import numpy as np

from skmig.agent.predict import has, outputs
from skmig.agent.sway import SWAYS, sway

FIRST = 2  # one nudge of terms that cancel may leave their difference as it was
MAX_WHOLE = 4000000  # cells of a sparse answer that is looked at whole
# a relative change that no tolerance would notice
NOISE = 1e-11
# what boosting begins with (ensemble/_gb.py, ensemble/gradient_boosting.py)
_CONSTANT = (
    "DummyClassifier",
    "DummyRegressor",
    "ZeroEstimator",
    "MeanEstimator",
    "QuantileEstimator",
    "LogOddsEstimator",
    "ScaledLogOddsEstimator",
    "PriorProbabilityEstimator",
)


def rounding(estimator, probe, answers, only=None):
    """How far each value of an answer moves when the last bits of the input do: {method: gaps}.

    `answers`: what the model answers to the input itself.  `only`: the methods that are asked.
    Gaps have the nesting and the shape of the answer.  A method that moves by less than any
    tolerance would notice is left out, and not asked more than twice.
    """
    data = None if probe is None else probe.get("input")
    result = {}
    if data is None or stepwise(estimator):
        return result
    unmoved = True
    for seed in range(SWAYS):
        # a model that reads single precision does not see the last bits of doubles at all
        single = unmoved and seed >= FIRST
        if seed == FIRST * (1 + single) and not result:
            break
        swayed = sway(data, seed, single)
        if swayed is None:
            return {}
        wanted = set(result) if seed >= FIRST and result else only
        moved = outputs(estimator, dict(probe, input=swayed, swayed=True), wanted)
        for name, answer in moved.items():
            pair = answers.get(name, {}).get("value"), answer.get("value")
            unmoved = unmoved and (single or _moved(*pair, noise=0.0) is None)
            gaps = _larger(result.get(name), _moved(*pair))
            if gaps is not None:
                result[name] = gaps
    if has(estimator, "get_precision"):
        for seed in range(FIRST):
            for name, answer in outputs(_swayed(estimator, seed), probe, only).items():
                pair = answers.get(name, {}).get("value"), answer.get("value")
                gaps = _larger(result.get(name), _moved(*pair))
                if gaps is not None:
                    result[name] = gaps
    return result


def _swayed(estimator, seed):
    """A copy whose arrays are moved by their last bits.

    A matrix that is inverted on every call is rounded as if it had been another one by that much,
    whatever the input is.
    """
    other = copy.copy(estimator)
    for i, (name, value) in enumerate(sorted(other.__dict__.items())):
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            other.__dict__[name] = sway(value, seed + SWAYS * (i + 1))
    return other


def stepwise(estimator):
    """Does it decide by comparing numbers alone, as trees and ensembles of trees do?

    Its answer to a row is a sum of stored values, whatever the last bits of the row.
    """
    state = getattr(estimator, "__dict__", {})
    steps = state.get("steps")
    if steps and isinstance(steps, list):
        return stepwise(steps[-1][1])
    if state.get("best_estimator_") is not None:
        return stepwise(state["best_estimator_"])
    if "tree_" in state or "_predictors" in state:
        return True
    parts = state.get("estimators_")
    if parts is None or "final_estimator_" in state or not _is_constant(state.get("init_")):
        return False
    parts = parts.ravel().tolist() if isinstance(parts, np.ndarray) else list(parts)
    return bool(parts) and all(stepwise(part) for part in parts)


def _is_constant(first):
    """Does boosting begin with the same numbers for every row?"""
    return first is None or isinstance(first, str) or type(first).__name__ in _CONSTANT


def _larger(one, two):
    """The larger of two sets of gaps, whatever their nesting."""
    if one is None or two is None:
        return two if one is None else one
    if isinstance(one, dict):
        return {name: _larger(one[name], two[name]) for name in one}
    if isinstance(one, list):
        return [_larger(*pair) for pair in zip(one, two)]
    return np.maximum(one, two)


def _moved(one, two, noise=NOISE):
    """How far each value of an answer moved, in the nesting of the answer; None for no floats."""
    if isinstance(one, dict) and isinstance(two, dict) and set(one) == set(two):
        result = {name: _moved(item, two[name], noise) for name, item in one.items()}
        return result if any(item is not None for item in result.values()) else None
    if isinstance(one, (list, tuple)) and isinstance(two, (list, tuple)) and len(one) == len(two):
        result = [_moved(a, b, noise) for a, b in zip(one, two)]
        return result if any(item is not None for item in result) else None
    one, two = _whole(one), _whole(two)
    for value in (one, two):
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.size:
            return None
    if one.shape != two.shape or not one.ndim:
        return None
    with np.errstate(all="ignore"):
        gap = np.abs(one - two)
        gap = np.where(np.isfinite(gap), gap, 0)
        size = np.abs(np.where(np.isfinite(one), one, 0)).reshape(len(one), -1).max(axis=1)
        felt = gap.reshape(len(one), -1).max(axis=1) > noise * size
    return gap.astype(np.float64) if felt.any() else None


def _whole(value):
    """A sparse answer as an array, if it is small."""
    if hasattr(value, "tocsr") and np.prod(value.shape) <= MAX_WHOLE:
        return value.toarray()
    return value
