"""Rows whose answer is a coin toss: neighbours equally far away, of which one is left out.

Which one is left out is up to the search, and differs between releases of numpy.
"""

import numpy as np

from skmig.agent.predict import count_rows, has, take
from skmig.agent.probes.features import inner

CLOSE = 1e-9
MAX_DEPTH = 6
MAX_MEMBERS = 12
# a weight of 1 / distance is no number at a stored point: whether it is there is up to rounding
THERE = 1e-6


def without_ties(estimator, data, notes):
    """The rows without a tie at the last neighbour; all rows where nearly all have one."""
    keep = _clear(estimator, data, 0)
    if keep is None or keep.all() or keep.sum() < min(16, len(keep)):
        return data
    notes.append("%d rows with a tie at the last neighbour left out" % (~keep).sum())
    return take(data, np.flatnonzero(keep))


def _clear(estimator, data, depth):
    """Which rows have their last neighbour clearly nearer than the next one, in every search that
    stands in the estimator; None without any."""
    if depth > MAX_DEPTH or estimator is None or isinstance(estimator, str):
        return None
    found = []
    try:
        found.append(_own(estimator, data))
        state = getattr(estimator, "__dict__", {})
        if isinstance(state.get("steps"), list):
            rows = take(data, np.arange(count_rows(data)))
            for i, (_, step) in enumerate(state["steps"]):
                found.append(_clear(step, rows, depth + 1))
                last = i + 1 == len(state["steps"])
                if step is not None and not isinstance(step, str) and not last:
                    rows = step.transform(rows)
        members = [part[1] for part in state.get("transformer_list") or ()]
        if "estimators_features_" not in state:
            members += inner(estimator)[:MAX_MEMBERS]
        found.extend(_clear(member, data, depth + 1) for member in members)
    except Exception:
        # what cannot be asked has nothing to say
        pass
    found = [keep for keep in found if keep is not None and len(keep) == count_rows(data)]
    return np.logical_and.reduce(found) if found else None


def _own(estimator, data):
    """The same for an estimator that searches neighbours itself."""
    count = getattr(estimator, "n_neighbors", None)
    if isinstance(count, (int, np.integer)) and _imputes(estimator):
        return _clear_donors(estimator, data, int(count))
    # manifolds look up the neighbours of new points
    search = getattr(estimator, "nbrs_", estimator)
    if not has(search, "kneighbors") or not isinstance(count, (int, np.integer)):
        return None
    known = getattr(search, "n_samples_fit_", None) or np.shape(search._fit_X)[0]
    if count >= known:
        return None
    distances, _ = search.kneighbors(data, n_neighbors=int(count) + 1)
    last, after = distances[:, -2], distances[:, -1]
    return after - last > CLOSE * np.abs(after)


def _imputes(estimator):
    return getattr(estimator, "metric", None) == "nan_euclidean" and has(estimator, "transform")


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
