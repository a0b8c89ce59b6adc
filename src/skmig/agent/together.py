"""Together: is the answer to a row the same, whatever other rows are asked with it?

What is read in parts can only stand for the whole where it is.
"""

import numpy as np

from skmig.agent.predict import count_rows, outputs, take

# far above what another order of summation does, far below what another mean of the batch does
LIMIT = 1e-5
TIES = 0.01  # the share of labels that may be ties, which the last bit decides
MAX_ROWS = 512


def leaning(estimator, data, answers):
    """The methods whose answer to the first rows is another one without the rows after them.

    `answers`: what `outputs` gave for all of the rows.
    """
    count = min(count_rows(data) // 2, MAX_ROWS)
    names = {name for name, answer in answers.items() if "value" in answer and "rows" not in answer}
    if not count or not names:
        return []
    part = outputs(estimator, {"input": take(data, np.arange(count))}, names, False)
    rows = count_rows(data)
    return sorted(
        name
        for name in names
        if name in part and not _same(answers[name]["value"], part[name].get("value"), rows, count)
    )


def _same(whole, part, rows, count):
    """Is `part` the beginning of `whole`, of which `rows` is the number of rows?"""
    if part is None:
        return True  # a refusal: it is found row by row
    if isinstance(whole, dict):
        return all(_same(whole[name], part.get(name), rows, count) for name in whole)
    if isinstance(whole, (list, tuple)):
        if len(whole) == rows:
            whole, part = _numbers(whole[:count]), _numbers(part[:count])
        elif len(whole) != len(part):
            return False
        else:
            return all(_same(a, b, rows, count) for a, b in zip(whole, part))
    if hasattr(whole, "tocsr"):
        return whole.shape[0] != rows or (
            whole.shape[1:] == part.shape[1:] and _close(*_aligned(whole.tocsr()[:count], part))
        )
    whole, part = np.asarray(whole), np.asarray(part)
    if not whole.ndim or len(whole) != rows:
        return True
    return _close(whole[:count], part)


def _aligned(one, two):
    """The values of two sparse matrices at every place that either of them stores."""
    gap = abs(one - two.tocsr())
    size = abs(one).max() if one.nnz else 0.0
    return np.array([0.0, size]), np.array([gap.max() if gap.nnz else 0.0, size])


def _numbers(items):
    """A list of answers, one for each row, as an array of texts."""
    return np.array([str(np.asarray(item).tolist()) for item in items], dtype=object)


def _close(one, two):
    if one.shape != two.shape:
        return False
    if one.dtype.kind not in "fc" or two.dtype.kind not in "fc":
        other = ~((one == two) | ((one != one) & (two != two)))
        return bool(np.mean(other) <= TIES) if other.size else True
    with np.errstate(all="ignore"):
        size = np.abs(np.where(np.isfinite(one), one, 0)).max() if one.size else 0.0
        near = (one == two) | (np.abs(one - two) <= LIMIT * size) | (np.isnan(one) & np.isnan(two))
    return bool(near.all())
