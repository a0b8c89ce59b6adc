"""Rows close to the borders between classes, and to where a number passes zero.

There a small change of a weight is large beside the answer itself.  They are close to the border
and not on it, where rounding would decide.
"""

import numpy as np

from skmig.agent.predict import count_rows, has, take
from skmig.agent.probes.search import joined
from skmig.agent.rounding import stepwise

PAIRS = 96
HALVINGS = 14  # nearer than that, rounding would be large beside the answer; two at a time
NEAR = 1e-2  # of what the answers are like elsewhere


def with_borders(estimator, data, call, rng):
    """The data, and rows between two of them whose scores have another sign."""
    names = ("decision_function", "predict_proba", "predict")
    score = next((name for name in names if has(estimator, name)), None)
    # the scores of trees have steps, whose edges are known
    if score is None or count_rows(data) < 2 or stepwise(estimator):
        return data
    if not (hasattr(data, "iloc") or (isinstance(data, np.ndarray) and data.ndim == 2)):
        return data
    try:
        rows = _between(lambda part: _scores(estimator, score, part), data, rng)
        if rows is None or not call(rows):
            return data
        longer = joined(data, rows)
    except MemoryError:
        raise
    except Exception:
        return data
    return longer if call(longer) else data


def _scores(estimator, name, data):
    values = np.asarray(getattr(estimator, name)(data))
    if name == "predict_proba":
        values = values - 0.5
    if values.dtype.kind != "f" or values.ndim > 2:
        return None
    return values.reshape(len(values), -1)


def _between(scores, data, rng):
    values = scores(data)
    if values is None or not np.isfinite(values).any():
        return None
    first, second, column = _pairs(values, rng)
    if not len(first):
        return None
    low, high = take(data, first), take(data, second)
    if not hasattr(low, "iloc") and low.dtype.kind not in "f":
        return None
    sign = np.sign(values[first, column])
    for _ in range(HALVINGS // 2):
        # a call costs more than its rows: all that two halvings may ask is asked at once
        half = _middle(low, high)
        lower, upper = _middle(low, half), _middle(half, high)
        here = scores(joined(joined(lower, half), upper))
        here = here[np.arange(3 * len(first)), np.tile(column, 3)].reshape(3, -1)
        as_lower, same, as_upper = np.sign(here) == sign
        low, high = _where(same, half, low), _where(same, high, half)
        half, same = _where(same, upper, lower), np.where(same, as_upper, as_lower)
        low, high = _where(same, half, low), _where(same, high, half)
    usual = np.nanmedian(np.abs(values), axis=0)[column]
    rows = [low, high]
    near = [np.abs(scores(part)[np.arange(len(first)), column]) <= NEAR * usual for part in rows]
    kept = [take(part, np.flatnonzero(close)) for part, close in zip(rows, near)]
    kept = [part for part in kept if count_rows(part)]
    if not kept:
        return None  # a score of steps has no values near zero
    return kept[0] if len(kept) == 1 else joined(*kept)


def _pairs(values, rng):
    """Rows that have another sign in one column of the scores: for each column its share."""
    first, second, columns = [], [], []
    share = max(PAIRS // values.shape[1], 4)
    for j in range(min(values.shape[1], PAIRS)):
        above, below = np.flatnonzero(values[:, j] > 0), np.flatnonzero(values[:, j] < 0)
        if len(above) and len(below):
            first.extend(above[rng.randint(len(above), size=share)])
            second.extend(below[rng.randint(len(below), size=share)])
            columns.extend([j] * share)
    return np.array(first, int), np.array(second, int), np.array(columns, int)


def _middle(low, high):
    """Half-way, in the columns that are numbers."""
    if not hasattr(low, "iloc"):
        return (low / 2 + high / 2).astype(low.dtype)
    result = low.reset_index(drop=True)
    for place, name in enumerate(result.columns):
        one, two = low.iloc[:, place], high.iloc[:, place]
        if one.dtype.kind == "f" and two.dtype.kind == "f":
            result[name] = np.asarray(one) / 2 + np.asarray(two) / 2
    return result


def _where(chosen, one, other):
    if not hasattr(one, "iloc"):
        return np.where(chosen[:, np.newaxis], one, other)
    one, other = one.reset_index(drop=True), other.reset_index(drop=True)
    return one.where(np.repeat(chosen[:, np.newaxis], one.shape[1], axis=1), other)
