"""Neighbours at equal distances: which of them is found is up to the search.

Where the last neighbours of a row are equally far away, another order of the search finds others,
and what is made of them (labels, averages, graphs) differs as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
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
@dataclass(frozen=True)
class Tied:
    """The rows of `count` in which the first neighbour left out is as far as the last one."""

    rows: np.ndarray[Any, Any]
    count: int = 0


def tied_rows(expected: Mapping[str, Any], method: str, rtol: float, atol: float) -> Tied:
    """Where a search may find other neighbours; `expected`: what the source answers, by method.

    An estimator that searches itself says how far the next neighbour is; of one that stands inside
    another the agent has marked the rows.
    """
    marked = expected[method].get("tied")
    if marked is not None and len(marked):
        return Tied(np.asarray(marked, dtype=int), max(marked) + 1)
    none = Tied(np.zeros(0, dtype=int))
    known = expected.get("kneighbors", {})
    value = known.get("value")
    if "rows" in known or not isinstance(value, Mapping) or "next" not in value:
        return none
    distances, after = np.asarray(value["distances"]), np.asarray(value["next"])
    if distances.ndim != 2 or after.shape != distances.shape[:1] or not distances.size:
        return none
    last = distances[:, -1]
    tied = np.abs(after - last) <= atol + rtol * np.abs(last)
    return Tied(np.flatnonzero(tied), len(distances))


def without(method: str, expected: Any, actual: Any, tied: Tied, rtol: float, atol: float) -> Any:
    """`actual` with the expected answer in every row that a tie decided; None if there is none."""
    if method not in _MADE_OF_THEM:
        return None
    if method in _GRAPHS and is_sparse(expected) and is_sparse(actual):
        return _graph(expected, actual, tied, rtol, atol)
    if isinstance(expected, list) and isinstance(actual, list):  # an answer for each output
        parts = [_rows(*pair, tied.rows) for pair in zip(expected, actual, strict=False)]
        return None if any(part is None for part in parts) or not parts else parts
    return _rows(expected, actual, tied.rows)


def _rows(expected: Any, actual: Any, rows: np.ndarray[Any, Any]) -> Any:
    if not (isinstance(expected, np.ndarray) and isinstance(actual, np.ndarray)):
        return None
    if expected.shape != actual.shape or not len(rows) or rows.max() >= len(actual):
        return None
    result = actual.copy()
    result[rows] = expected[rows]
    return result


def _graph(expected: Any, actual: Any, tied: Tied, rtol: float, atol: float) -> Any:
    """A graph of neighbours; where it holds their distances, it shows its own ties."""
    one, two = dense(expected), dense(actual)
    if one is None or two is None or one.shape != two.shape:
        return None
    rows = [row for row in range(len(one)) if _same_edges(one[row], two[row], rtol, atol)]
    if (one[one != 0] == 1).all():
        known = set(tied.rows.tolist())
        rows = [row for row, place in enumerate(_chosen(len(one), tied.count)) if place in known]
    if not rows:
        return None
    two = two.copy()
    two[rows] = one[rows]
    return compressed(two)


def _chosen(length: int, count: int) -> list[int]:
    """Which of `count` rows a shorter answer has: evenly chosen ones (see the agent)."""
    if length >= count:
        return list(range(length))
    return [int(i) for i in np.unique(np.linspace(0, count - 1, length).astype(int))]


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
