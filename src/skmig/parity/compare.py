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

# methods whose answer is another method's, in another form
_FOLLOWS = {
    "predict": ("staged_predict",),
    "predict_proba": ("predict_log_proba", "staged_predict_proba"),
    "decision_function": ("staged_decision_function",),
    "transform": ("inverse_transform",),  # it is asked about what transform gives
}
_SCORES = ("predict_proba", "predict_log_proba", "decision_function")


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
) -> Parity:
    """Compare the documents `expected` and `actual`.

    `documented`: what scikit-learn itself changed between the two releases; such a method gets
    the verdict `changed` where its answers differ.  It holds only when `accept` names it, as
    `SVC.decision_function`.  What only the target has is not compared.  `rounding`: how
    far the source's own answers move when the last bits of the input do, by path, method and row.
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
            if answer.get("whole") and reply is not None and not reply.get("whole"):
                reply = _whole(reply, entry["methods"]["transform"])
            result = _method(path, method, answer, reply, rtol, atol)
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
                if answer.get("tied"):
                    result = _without_ties(result, answer, reply, rtol, atol)
                noise = (rounding or {}).get(path, {}).get(method)
                result = _rounded(result, answer, reply, noise, rtol, atol)
            tag = str(entry.get("class", ""))
            found.append(_excused(result, tag, known, accepted))
    return Parity(methods=tuple(found), rtol=rtol, atol=atol)


def _whole(reply: Mapping[str, Any], transformed: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rows of an inverse for which nothing was missing: the source takes no others."""
    value, given = reply.get("value"), transformed["value"]
    if not isinstance(value, np.ndarray) or len(value) != len(given):
        return reply
    return {**reply, "value": value[~np.isnan(given).any(axis=1)]}


def _missing(path: str, method: str, text: str) -> MethodParity:
    return MethodParity(path=path, method=method, verdict=Verdict.MISSING, text=text)


def _method(
    path: str, method: str, expected: Any, actual: Any, rtol: float, atol: float
) -> MethodParity | None:
    """The verdict on one method; None where the source did not have it either."""
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
    chance = str(expected.get("chance", ""))
    if raised and chance:
        refused = chance
    if refused or raised:
        return _errors(path, method, refused, raised)
    found = difference(expected["value"], actual["value"], rtol=rtol, atol=atol)
    if found.problems and chance:
        return _errors(path, method, chance, "")
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
        return _tied(result, expected["value"], actual["value"], rtol, atol)
    if method in _SCORES:
        return _with_labels(result, expected["value"], actual["value"])
    return result


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
        note = f"the target says: {raised}" if raised else "the target answers"
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
    result: MethodParity, answer: Any, reply: Any, noise: Any, rtol: float, atol: float
) -> MethodParity:
    """`close` where every difference is of the size that a last-bit change of the input makes."""
    if result.verdict is not Verdict.DIFFERENT or noise is None or "value" not in reply:
        return result
    forgiven = arithmetic.forgive(answer["value"], reply["value"], noise, rtol, atol)
    again = _method(result.path, result.method, answer, {**reply, "value": forgiven}, rtol, atol)
    if again is None or not again.ok:
        return result
    verdict = again.verdict if again.verdict is Verdict.TIED else Verdict.CLOSE
    notes = (*again.notes, arithmetic.note())
    return replace(result, verdict=verdict, text="", notes=notes)


# ------------------------------------------------------------------ neighbours at equal distances
def _without_ties(
    result: MethodParity, expected: Any, actual: Any, rtol: float, atol: float
) -> MethodParity:
    """`tied` where an answer differs only in rows whose last neighbour is one of several."""
    one, two = expected["value"], actual.get("value")
    if not isinstance(one, np.ndarray) or not isinstance(two, np.ndarray) or len(one) != len(two):
        return result
    rows = expected["tied"]
    one, two = (np.delete(value, rows, axis=0) for value in (one, two))
    if not len(one) or difference(one, two, rtol=rtol, atol=atol).problems:
        return result
    note = f"{len(rows)} rows, the last neighbour of which is one of several equally far away"
    return replace(result, verdict=Verdict.TIED, text="", notes=(*result.notes, note))


def _tied(
    result: MethodParity, expected: Any, actual: Any, rtol: float, atol: float
) -> MethodParity:
    """Distances agree, and indices differ only among neighbours that are equally far away."""
    try:
        first, second = np.asarray(expected["distances"]), np.asarray(actual["distances"])
        ours, theirs = np.asarray(expected["indices"]), np.asarray(actual["indices"])
    except (KeyError, TypeError, IndexError, ValueError):
        return result
    if first.shape != second.shape or ours.shape != theirs.shape or first.shape != ours.shape:
        return result
    if difference(first, second, rtol=rtol, atol=atol).problems:
        return result
    rows = np.flatnonzero((ours != theirs).any(axis=1))
    if not all(_same_ties(first[r], ours[r], theirs[r], rtol, atol) for r in rows):
        return result
    note = f"{len(rows)} rows have neighbours at equal distances in another order"
    return replace(result, verdict=Verdict.TIED, text="", notes=(*result.notes, note))


def _same_ties(distances: Any, ours: Any, theirs: Any, rtol: float, atol: float) -> bool:
    for first, last in _groups(distances, rtol, atol):
        same = set(ours[first:last].tolist()) == set(theirs[first:last].tolist())
        # the last group may be cut: which of its members are listed is the search's choice
        if not same and last < len(distances):
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
    # what a step gives is what the steps after it read
    within = inside and change.path != result.path and change.method == "transform"
    return within or (inside and result.method in (change.method, *_FOLLOWS.get(change.method, ())))
