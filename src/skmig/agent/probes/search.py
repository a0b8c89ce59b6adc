"""Leaves behind steps that have no inverse: found by mixing the columns of rows that are there."""

import numpy as np

from skmig.agent.predict import count_rows, take
from skmig.agent.probes.coverage import leaf_ids

ROUNDS = 12
CANDIDATES = 2048
MAX_IDS = 4000000


def more_leaves(estimator, data, call, limit, rng):
    """The data, and rows mixed from its columns that reach leaves which no row had reached."""
    if count_rows(data) >= limit or not hasattr(data, "shape") or len(data.shape) != 2:
        return data
    found = leaf_ids(estimator, data)
    if found is None:
        return data
    ids, total = found
    reached = set(np.unique(ids).tolist())
    count = min(CANDIDATES, max(MAX_IDS // ids.shape[1], 64))
    for _ in range(ROUNDS):
        if len(reached) >= total or count_rows(data) >= limit:
            break
        mixed = _mixed(data, count, rng)
        found = leaf_ids(estimator, mixed)
        if found is None:
            break
        keep = []
        for i, row in enumerate(found[0].tolist()):
            new = [leaf for leaf in row if leaf not in reached]
            if new:
                reached.update(new)
                keep.append(i)
        keep = keep[: limit - count_rows(data)]
        if keep:
            fresh = take(mixed, np.array(keep))
            if not call(fresh):
                break
            data = joined(data, fresh)
    return data


def _mixed(data, count, rng):
    """Rows that have some columns of one row and the rest of another."""
    size, width = data.shape
    first = take(data, rng.randint(size, size=count))
    second = take(data, rng.randint(size, size=count))
    swap = rng.uniform(size=(count, width)) < rng.choice([0.15, 0.5], size=(count, 1))
    if hasattr(first, "iloc"):
        first = first.reset_index(drop=True)
        second = second.reset_index(drop=True)
        for j in range(width):
            name = first.columns[j]
            first[name] = first[name].where(~swap[:, j], second[name])
        return first
    return np.where(swap, second, first)


def joined(one, other):
    """Rows of two inputs of the same kind, one after the other."""
    if hasattr(one, "iloc"):
        import pandas

        return pandas.concat([one, other], axis=0).reset_index(drop=True)
    if one.dtype != other.dtype and one.dtype.kind != "O" and other.dtype.kind != "O":
        other = other.astype(one.dtype)
    return np.concatenate([one, other])
