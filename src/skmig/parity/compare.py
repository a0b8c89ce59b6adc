"""Compare what two releases answered, method by method."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skmig.parity import rounding as arithmetic
from skmig.parity.values import Difference, difference
from skmig.parity.verdict import MethodParity, Parity, Verdict

RTOL = 1e-9
ATOL = 1e-12

THE_TARGET_SAYS = "the target says: "

# methods whose answer is another method's, in another form
_FOLLOWS = {
    "predict": ("staged_predict",),
    "predict_proba": ("predict_log_proba", "staged_predict_proba"),
    "decision_function": ("staged_decision_function",),
}
_SCORES = ("predict_proba", "predict_log_proba", "decision_function")
# what follows from the nearest neighbours, where the estimator has them
_BY_NEIGHBOURS = ("predict", *_SCORES, "score_samples", "kneighbors_graph")
# a list that these answer has an item for each row; of others it has one for each stage or output
_BY_ITEM = ("transform", "inverse_transform", "radius_neighbors")


@dataclass(frozen=True, kw_only=True)
class Documented:
    """A change of scikit-learn's own: `method` of the node at `path` (of class `tag`) answers
    otherwise for the same state; `text` cites where.  `accepted`: the user said so already.

    A method `raises ValueError: Input` is every method that the target answers with that error.
    """

    path: str
    method: str
    text: str
    tag: str = ""
    accepted: bool = False


def compare(
    expected: Mapping[str, Any],
    actual: Mapping[str, Any],
    *,
    rtol: float = RTOL,
    atol: float = ATOL,
    documented: Iterable[Documented | tuple[str, str, str]] = (),
    accept: Iterable[str] = (),
    rounding: Mapping[str, Any] | None = None,
    numbers: Any = None,
) -> Parity:
    """Compare the documents `expected` and `actual`.

    `documented`: what scikit-learn itself changed between the two releases; such a method gets
    the verdict `changed` where its answers differ.  It holds only when `accept` names it, as
    `SVC.decision_function`.  What only the target has is not compared.  `rounding`: how
    far the source's own answers move when the last bits of the input do, by path, method and value.
    `numbers`: those of the rows, where they are a part of more (of the user's data).
    """
    known = [
        item
        if isinstance(item, Documented)
        else Documented(path=item[0], method=item[1], text=item[2])
        for item in documented
    ]
    accepted = frozenset(accept)
    found: list[MethodParity] = []
    for path, entry in expected.items():
        other = actual.get(path)
        for method, answer in entry["methods"].items():
            if other is None:
                found.append(_missing(path, method, "the target has no such estimator"))
                continue
            reply = other["methods"].get(method)
            if method == "inverse_transform" and "error" in other["methods"].get("transform", {}):
                continue  # it is asked about what transform gives, and the answer stands there
            ask = _Asked(path, method, rtol, atol, numbers)
            result = ask.judge(answer, reply)
            if result is None:
                continue
            # a flag (`predict(return_std)`) is in the signature of the class or is not
            offered = method in other.get("offers", ())
            if reply is None and offered and "value" in answer:
                # the class has the method and the model has not: something that it needs is missing
                result = replace(
                    result, verdict=Verdict.DIFFERENT, text="the target's model lacks it"
                )
            if result.verdict is Verdict.DIFFERENT and reply is not None:
                result = arithmetic.tied_labels(
                    result, entry["methods"], other["methods"], rtol, atol
                )
                result = _by_neighbours(ask, result, entry["methods"], reply)
                noise = (rounding or {}).get(path, {}).get(method)
                result = _rounded(ask, result, answer, reply, noise)
            tag = str(entry.get("class", ""))
            found.append(_excused(result, tag, known, accepted))
    return Parity(methods=tuple(found), rtol=rtol, atol=atol)


def _missing(path: str, method: str, text: str) -> MethodParity:
    return MethodParity(path=path, method=method, verdict=Verdict.MISSING, text=text)


@dataclass(frozen=True)
class _Asked:
    """One method of one estimator, and how its answers are compared."""

    path: str
    method: str
    rtol: float
    atol: float
    numbers: Any = None

    def judge(self, expected: Any, actual: Any) -> MethodParity | None:
        """The verdict on one method; None where the source did not have it either."""
        path, method = self.path, self.method
        refused = str(expected.get("error", ""))
        if _kind(refused) == "AttributeError" and (
            actual is None or _kind(actual.get("error", "")) in ("AttributeError", "")
        ):
            # the name is there, the method is not: a pipeline or search without it inside
            return None
        if actual is None:
            text = "the class of the target does not have this method"
            return MethodParity(path=path, method=method, verdict=Verdict.GONE, text=text)
        raised = str(actual.get("error", ""))
        if refused or raised:
            return _errors(path, method, refused, raised)
        found = self.difference(expected, actual)
        result = MethodParity(
            path=path,
            method=method,
            verdict=_verdict(found),
            n=found.n,
            shape=found.shape or (),
            max_abs=found.max_abs,
            max_rel=found.max_rel,
            max_ulp=found.max_ulp,
            worst_row=found.worst_row,
            mismatched_labels=found.mismatched,
            text="; ".join(found.problems),
            notes=tuple(found.notes),
        )
        if method == "kneighbors" and result.verdict is Verdict.DIFFERENT:
            return _tied(result, expected["value"], actual["value"], self.rtol, self.atol)
        if method in _SCORES:
            return _with_labels(result, expected["value"], actual["value"])
        return result

    def difference(self, expected: Any, actual: Any) -> Difference:
        rows = expected.get("rows")  # it was asked for these only
        numbers = self.numbers
        if rows is not None:
            numbers = rows if numbers is None else np.asarray(numbers)[rows]
        return difference(
            expected["value"],
            actual["value"],
            rtol=self.rtol,
            atol=self.atol,
            numbers=numbers,
            by_item=self.method in _BY_ITEM,
        )


def _verdict(found: Difference) -> Verdict:
    if found.problems:
        return Verdict.DIFFERENT
    return Verdict.IDENTICAL if found.exact else Verdict.CLOSE


def _kind(error: str) -> str:
    return error.split(":", 1)[0].strip()


def _errors(path: str, method: str, refused: str, raised: str) -> MethodParity:
    if refused == raised:
        return MethodParity(path=path, method=method, verdict=Verdict.ERROR_EQUAL, text=refused)
    if refused:
        # where the source has no answer there is none to preserve
        note = f"{THE_TARGET_SAYS}{raised}" if raised else "the target answers"
        return MethodParity(
            path=path, method=method, verdict=Verdict.ERROR_EQUAL, text=refused, notes=(note,)
        )
    if _kind(raised) == "AttributeError" and f"does not provide {method}" in raised:
        # a method that its class passes on to others, one of which has it only in newer releases
        text = f"the classes of the target do not all have this method: {raised}"
        return MethodParity(path=path, method=method, verdict=Verdict.GONE, text=text)
    text = f"the target raises {raised}"
    return MethodParity(path=path, method=method, verdict=Verdict.DIFFERENT, text=text)


def _rounded(
    ask: _Asked, result: MethodParity, answer: Any, reply: Any, noise: Any
) -> MethodParity:
    """`close` where every difference is of the size that a last-bit change of the input makes."""
    if result.verdict is not Verdict.DIFFERENT or noise is None or "value" not in reply:
        return result
    forgiven = arithmetic.forgive(answer["value"], reply["value"], noise, ask.rtol, ask.atol)
    again = ask.judge(answer, {**reply, "value": forgiven})
    if again is None or not again.ok:
        return result
    verdict = again.verdict if again.verdict is Verdict.TIED else Verdict.CLOSE
    notes = (*again.notes, arithmetic.note())
    return replace(result, verdict=verdict, text="", notes=notes)


def beyond(
    expected: Mapping[str, Any], actual: Mapping[str, Any], found: Parity
) -> dict[str, dict[str, list[int] | None]]:
    """The methods whose difference may be rounding, by path, with the rows in which it stands.

    None for the rows: all that the method was asked for.
    """
    result: dict[str, dict[str, list[int] | None]] = {}
    for item in found.methods:
        if item.verdict not in (Verdict.DIFFERENT, Verdict.CHANGED):
            continue
        answer = expected[item.path]["methods"][item.method]
        reply = actual[item.path]["methods"].get(item.method, {})
        if "value" not in answer or "value" not in reply:
            continue
        ask = _Asked(item.path, item.method, found.rtol, found.atol)
        rows = None if "rows" in answer else sorted(ask.difference(answer, reply).rows)
        result.setdefault(item.path, {})[item.method] = rows
    return result


# ------------------------------------------------------------------ neighbours at equal distances
def _tied(
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
    for row in rows:
        after = None if further is None else further[row]
        if not _same_ties(first[row], ours[row], theirs[row], after, rtol, atol):
            return result
    note = f"{len(rows)} rows have neighbours at equal distances in another order"
    return replace(result, verdict=Verdict.TIED, text="", notes=(*result.notes, note))


def _by_neighbours(
    ask: _Asked, result: MethodParity, expected: Mapping[str, Any], reply: Any
) -> MethodParity:
    """`tied` where an answer that follows from neighbours differs only in rows in which the last
    neighbour is as far away as the first that is left out.
    """
    answer, known = expected[result.method], expected.get("kneighbors", {})
    value = known.get("value")
    if result.verdict is not Verdict.DIFFERENT or result.method not in _BY_NEIGHBOURS:
        return result
    if "rows" in answer or "rows" in known or not isinstance(value, Mapping) or "next" not in value:
        return result
    if "value" not in answer or "value" not in reply:
        return result
    last, after = np.asarray(value["distances"])[:, -1], np.asarray(value["next"])
    tied = np.abs(after - last) <= ask.atol + ask.rtol * np.abs(last)
    found = ask.difference(answer, reply)
    rows = sorted(found.rows)
    shaped = np.shape(answer["value"]) == np.shape(reply["value"])
    if not rows or not shaped or rows[-1] >= len(tied) or not tied[rows].all():
        return result
    note = f"{len(rows)} rows differ, all with a tie at the last neighbour"
    return replace(result, verdict=Verdict.TIED, text="", notes=(*result.notes, note))


def _same_ties(
    distances: Any, ours: Any, theirs: Any, after: Any, rtol: float, atol: float
) -> bool:
    """`after`: the distance of the next neighbour, the first that is not listed."""
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


# ------------------------------------------------------------------ scores and their labels
def _with_labels(result: MethodParity, expected: Any, actual: Any) -> MethodParity:
    """How many rows would get another label from these scores."""
    if not (isinstance(expected, np.ndarray) and isinstance(actual, np.ndarray)):
        return result
    if expected.shape != actual.shape or expected.dtype.kind != "f" or actual.dtype.kind != "f":
        return result
    if expected.ndim == 2 and expected.shape[1] > 1:
        count = int((_best(expected) != _best(actual)).sum())
    elif result.method == "decision_function" and expected.ndim == 1:
        count = int(((expected > 0) != (actual > 0)).sum())
    else:
        return result
    if not count:
        return result
    note = f"{count} rows have another best class"
    return replace(result, mismatched_labels=count, notes=(*result.notes, note))


def _best(scores: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(np.argmax(np.where(np.isnan(scores), -np.inf, scores), axis=1))


# ------------------------------------------------------------------ changes of scikit-learn's own
def _excused(
    result: MethodParity, tag: str, known: list[Documented], accepted: frozenset[str]
) -> MethodParity:
    if result.verdict is not Verdict.DIFFERENT:
        return result
    for change in known:
        if not _concerns(change, result):
            continue
        classes = {name.rsplit(".", 1)[-1] for name in (tag, change.tag) if name}
        named = {
            f"{name}.{method}" for name in classes for method in (change.method, result.method)
        }
        return replace(
            result,
            verdict=Verdict.CHANGED,
            text=f"{change.text} ({result.text})",
            accepted=change.accepted or bool(named & accepted),
        )
    return result


def _concerns(change: Documented, result: MethodParity) -> bool:
    inside = change.path == result.path or change.path.startswith(
        (result.path + ".", result.path + "[")
    )
    if change.method.startswith("raises "):
        return inside and result.text.startswith(f"the target {change.method}")
    return inside and result.method in (change.method, *_FOLLOWS.get(change.method, ()))
