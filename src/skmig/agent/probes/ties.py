"""Rows whose answer is a coin toss: neighbours equally far away, of which one is left out.

Which one is left out is up to the search, and differs between releases of numpy.
"""

import numpy as np

from skmig.agent.predict import count_rows, has, take

CLOSE = 1e-9
# a weight of 1 / distance is no number at a stored point: whether it is there is up to rounding
THERE = 1e-6


def clear_rows(estimator, data):
    """Which rows have no tie at the last neighbour, in any step; None where none is asked for."""
    if not any(_counts(step) for step in _parts(estimator)):
        return None
    try:
        keep = np.ones(count_rows(data), dtype=bool)
        for step, inner in _steps(estimator, data):
            keep &= _clear(step, inner)
    except Exception:
        return None
    return keep


def without_ties(estimator, data, notes):
    """The rows without a tie at the last neighbour; all rows where nearly all have one."""
    keep = clear_rows(estimator, data)
    if keep is None:
        return data
    if keep.all() or keep.sum() < min(16, len(keep)):
        return data
    notes.append("%d rows with a tie at the last neighbour left out" % (~keep).sum())
    return take(data, np.flatnonzero(keep))


def _parts(estimator):
    """The steps of a model, or the model itself."""
    best = getattr(estimator, "__dict__", {}).get("best_estimator_")
    estimator = estimator if best is None else best
    return [step for _, step in getattr(estimator, "steps", None) or [("", estimator)]]


def _counts(step):
    """Does it ask for a number of neighbours?"""
    return isinstance(getattr(step, "n_neighbors", None), (int, np.integer))


def _steps(estimator, data):
    """The steps of a model, each with what it gets."""
    inner = take(data, np.arange(count_rows(data)))
    steps = _parts(estimator)
    for step in steps[:-1]:
        if step is not None and not isinstance(step, str):
            yield step, inner
            inner = step.transform(inner)
    yield steps[-1], inner


def _clear(estimator, data):
    """Which rows have their last neighbour clearly nearer than the next one."""
    if not _counts(estimator):
        return True
    count = estimator.n_neighbors
    if getattr(estimator, "metric", None) == "nan_euclidean":
        return _clear_donors(estimator, data, int(count))
    if not has(estimator, "kneighbors"):
        return True
    distances, _ = estimator.kneighbors(data, n_neighbors=int(count) + 1)
    last, after = distances[:, -2], distances[:, -1]
    return after - last > CLOSE * np.abs(after)


def _clear_donors(imputer, data, count):
    """Which rows have, for each value that they miss, clear neighbours that have one."""
    from sklearn.metrics.pairwise import nan_euclidean_distances

    rows, stored = np.array(data, dtype=float), imputer._fit_X
    missing = imputer.missing_values
    gaps = [np.isnan(a) if missing != missing else a == missing for a in (rows, stored)]
    distances = nan_euclidean_distances(rows, stored, missing_values=missing)
    keep = np.ones(len(rows), dtype=bool)
    for place in range(rows.shape[1]):
        near = np.sort(distances[np.ix_(gaps[0][:, place], ~gaps[1][:, place])], axis=1)
        clear = np.ones(len(near), dtype=bool)
        if near.shape[1] > count:
            clear = near[:, count] - near[:, count - 1] > CLOSE * near[:, count]
        if near.shape[1] and imputer.weights != "uniform":
            clear &= ~(near[:, 0] <= THERE * near[:, -1])
        keep[gaps[0][:, place]] &= clear
    return keep
