"""Neighbours at equal distances: which of them is found is up to the search.

Where the last neighbours of a row are equally far away, another order of the search finds others,
and what is made of them (labels, averages, graphs) differs as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from skmig.parity.sparse import compressed, dense, is_sparse
from skmig.parity.values import difference
from skmig.parity.verdict import MethodParity, Verdict

# what is made of the neighbours of a row
_MADE_OF_THEM = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score_samples",
    "transform",
    "kneighbors_graph",
)
_GRAPHS = ("transform", "kneighbors_graph")


def tied(
    result: MethodParity, expected: Any, actual: Any, rtol: float, atol: float
) -> MethodParity:
    """Distances agree, and indices differ only among neighbours that are equally far away."""
    try:
        first, second = np.asarray(expected["distances"]), np.asarray(actual["distances"])
        ours, theirs = np.asarray(expected["indices"]), np.asarray(actual["indices"])
        further = expected.get("next")
    except (KeyError, TypeError, IndexError, ValueError):
        return result
    if first.shape != second.shape or ours.shape != theirs.shape or first.shape != ours.shape:
        return result
    if difference(first, second, rtol=rtol, atol=atol).problems:
        return result
    if (
        further is not None
        and difference(further, actual.get("next"), rtol=rtol, atol=atol).problems
    ):
        return result
    rows = np.flatnonzero((ours != theirs).any(axis=1))
    if not all(
        _same_ties(first[row], ours[row], theirs[row], _after(further, row), rtol, atol)
        for row in rows
    ):
        return result
    note = f"{len(rows)} rows have neighbours at equal distances in another order"
    return replace(result, verdict=Verdict.TIED, text="", notes=(*result.notes, note))


def _after(further: Any, row: Any) -> Any:
    """The distance of the first neighbour of a row that is not listed; None where none is left."""
    return None if further is None else further[row]


def _same_ties(
    distances: Any, ours: Any, theirs: Any, after: Any, rtol: float, atol: float
) -> bool:
    for first, last in _groups(distances, rtol, atol):
        if set(ours[first:last].tolist()) == set(theirs[first:last].tolist()):
            continue
        # a last group that is cut: which of its members are listed is the search's choice
        cut = last == len(distances) and after is not None
        if not cut or abs(after - distances[first]) > atol + rtol * abs(distances[first]):
            return False
    return True


def _groups(distances: Any, rtol: float, atol: float) -> Iterator[tuple[int, int]]:
    """Runs of equal distances in one sorted row."""
    start = 0
    for i in range(1, len(distances) + 1):
        if i == len(distances) or abs(distances[i] - distances[start]) > atol + rtol * abs(
            distances[start]
        ):
            yield start, i
            start = i


# ------------------------------------------------------------------ what is made of them
def cut(
    expected: Mapping[str, Any], actual: Mapping[str, Any], rtol: float, atol: float
) -> np.ndarray[Any, Any]:
    """The rows in which a tie at the last neighbour was decided otherwise, by number.

    `expected` and `actual` are all answers of one estimator by method.
    """
    none = np.zeros(0, dtype=int)
    try:
        ours, theirs = (side["kneighbors"]["value"] for side in (expected, actual))
        distances, others = np.asarray(ours["distances"]), np.asarray(theirs["distances"])
        first, second = np.asarray(ours["indices"]), np.asarray(theirs["indices"])
        further = ours.get("next")
    except (KeyError, TypeError, IndexError, ValueError):
        return none
    if not distances.shape == others.shape == first.shape == second.shape or first.ndim != 2:
        return none
    rows = [
        row
        for row in np.flatnonzero((first != second).any(axis=1))
        if set(first[row].tolist()) != set(second[row].tolist())
        and not difference(distances[row], others[row], rtol=rtol, atol=atol).problems
        and _same_ties(distances[row], first[row], second[row], _after(further, row), rtol, atol)
    ]
    return np.array(rows, dtype=int)


def without(
    method: str, expected: Any, actual: Any, rows: np.ndarray[Any, Any], rtol: float, atol: float
) -> Any:
    """`actual` with the expected answer in every row that a tie decided; None if there is none."""
    if method not in _MADE_OF_THEM:
        return None
    if method in _GRAPHS and is_sparse(expected) and is_sparse(actual):
        return _graph(expected, actual, rows, rtol, atol)
    if isinstance(expected, list) and isinstance(actual, list):  # an answer for each output
        parts = [_rows(*pair, rows) for pair in zip(expected, actual, strict=False)]
        return None if any(part is None for part in parts) or not parts else parts
    return _rows(expected, actual, rows)


def _rows(expected: Any, actual: Any, rows: np.ndarray[Any, Any]) -> Any:
    if not (isinstance(expected, np.ndarray) and isinstance(actual, np.ndarray)):
        return None
    if expected.shape != actual.shape or not len(rows) or rows.max() >= len(actual):
        return None
    result = actual.copy()
    result[rows] = expected[rows]
    return result


def _graph(expected: Any, actual: Any, rows: np.ndarray[Any, Any], rtol: float, atol: float) -> Any:
    """A graph of neighbours; where it holds their distances, it shows its own ties."""
    one, two = dense(expected), dense(actual)
    if one is None or two is None or one.shape != two.shape:
        return None
    tied = [row for row in range(len(one)) if _same_edges(one[row], two[row], rtol, atol)]
    if (one[one != 0] == 1).all():
        # a graph has at most ROWS_SMALL rows of the input, evenly chosen (see the agent)
        tied = rows[rows < len(one)].tolist() if len(one) > rows.max(initial=-1) else []
    if not tied:
        return None
    two = two.copy()
    two[tied] = one[tied]
    return compressed(two)


def _same_edges(one: Any, two: Any, rtol: float, atol: float) -> bool:
    """The same distances, from other points only where they are those of the last neighbour."""
    ours, theirs = np.flatnonzero(one), np.flatnonzero(two)
    if len(ours) != len(theirs) or not len(ours):
        return False
    first, second = (side[np.argsort(row[side])] for side, row in ((ours, one), (theirs, two)))
    if difference(one[first], two[second], rtol=rtol, atol=atol).problems:
        return False
    # of a graph nobody knows what it left out: equal distances are taken for a tie
    return _same_ties(one[first], first, second, one[first][-1], rtol, atol)
