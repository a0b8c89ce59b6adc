"""Rows whose answer is a coin toss: neighbours equally far away, of which one is left out.

Which one is left out is up to the search, and differs between releases of numpy.
"""

import numpy as np

from skmig.agent.predict import count_rows, has, take

CLOSE = 1e-9


def without_ties(estimator, data, notes):
    """The rows without a tie at the last neighbour; all rows where nearly all have one."""
    try:
        last, inner = _last_step(estimator, data)
        keep = _clear(last, inner)
    except Exception:
        return data
    if keep is None or keep.all() or keep.sum() < min(16, len(keep)):
        return data
    notes.append("%d rows with a tie at the last neighbour left out" % (~keep).sum())
    return take(data, np.flatnonzero(keep))


def _last_step(estimator, data):
    inner = take(data, np.arange(count_rows(data)))
    best = getattr(estimator, "__dict__", {}).get("best_estimator_")
    estimator = estimator if best is None else best
    steps = getattr(estimator, "steps", None)
    if not steps:
        return estimator, inner
    for _, step in steps[:-1]:
        if step is not None and not isinstance(step, str):
            inner = step.transform(inner)
    return steps[-1][1], inner


def _clear(estimator, data):
    """Which rows have their last neighbour clearly nearer than the next one; None without any."""
    count = getattr(estimator, "n_neighbors", None)
    if not has(estimator, "kneighbors") or not isinstance(count, (int, np.integer)):
        return None
    distances, _ = estimator.kneighbors(data, n_neighbors=int(count) + 1)
    last, after = distances[:, -2], distances[:, -1]
    return after - last > CLOSE * np.abs(after)
