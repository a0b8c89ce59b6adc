"""Compare what two releases answered, method by method."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skmig.parity import neighbours
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
    "transform": ("inverse_transform",),  # it is asked about what transform gives
}
# answers of an estimator of which those around it make answers of other methods: votes, averages,
# calibrated probabilities, selected features, the input of a next step
_MATERIAL = ("predict", "predict_proba", "decision_function", "transform", "feature_importances_")
# on these paths to it, a method is handed on to the method of the same name
_HANDED_ON = re.compile(r"(\.steps\[\d+\]\[1\]|\.best_estimator_)*")
_SCORES = ("predict_proba", "predict_log_proba", "decision_function")
# a list that these answer has an item for each row; of others it has one for each stage or output
_BY_ITEM = ("transform", "inverse_transform", "radius_neighbors")


@dataclass(frozen=True, kw_only=True)
class Documented:
    """A change of scikit-learn's own: `method` of the node at `path` (of class `tag`) answers
    otherwise for the same state; `text` cites where.  `accepted`: the user said so already.

    A method `raises ValueError: Input` is every method that the target answers with that error.
    What combines the answers of others (a vote, a calibration) may answer any method by them.
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
        rows: np.ndarray[Any, Any] | None = None
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
                noise = (rounding or {}).get(path, {}).get(method)
                result = _rounded(ask, result, answer, reply, noise)
                if rows is None:
                    rows = neighbours.cut(entry["methods"], other["methods"], rtol, atol)
                result = _among_ties(ask, result, answer, reply, rows, noise)
            tag = str(entry.get("class", ""))
            found.append(_excused(result, tag, known, accepted))
    return Parity(methods=tuple(found), rtol=rtol, atol=atol)


def used(accept: Iterable[str], found: Parity, documented: Iterable[Documented]) -> tuple[str, ...]:
    """Those names of `accept` without which parity would not hold."""
    changed = [item for item in found.methods if item.verdict is Verdict.CHANGED]
    needed = {
        method
        for change in documented
        if not change.accepted
        for item in changed
        if _concerns(change, item)
        for method in (change.method, item.method)
    }
    return tuple(sorted({name for name in accept if name.rpartition(".")[2] in needed}))


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
        chance = str(expected.get("chance", ""))
        if raised and chance:
            refused = chance
        if refused or raised:
            return _errors(path, method, refused, raised)
        found = self.difference(expected, actual)
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
        if method in ("kneighbors", "query") and result.verdict is Verdict.DIFFERENT:
            pair = expected["value"], actual["value"]
            return neighbours.tied(result, *pair, self.rtol, self.atol)
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
def _among_ties(
    ask: _Asked,
    result: MethodParity,
    answer: Any,
    reply: Any,
    rows: np.ndarray[Any, Any],
    noise: Any,
) -> MethodParity:
    """`tied` where what is made of the neighbours differs only in rows where a tie chose them."""
    if result.verdict is not Verdict.DIFFERENT or "value" not in reply:
        return result
    pair = answer.get("value"), reply["value"]
    left = neighbours.without(ask.method, *pair, rows, ask.rtol, ask.atol)
    if left is None:
        return result
    again = ask.judge(answer, {**reply, "value": left})
    if again is None:
        return result
    again = _rounded(ask, again, answer, {**reply, "value": left}, noise)
    if not again.ok:
        return result
    note = "differs only in rows whose last neighbours are equally far away"
    return replace(result, verdict=Verdict.TIED, text="", notes=(*result.notes, note))


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
    if not inside:
        return False
    if result.method in (change.method, *_FOLLOWS.get(change.method, ())):
        return True
    way = change.path[len(result.path) :]
    made_of_it = change.method == "transform" or not _HANDED_ON.fullmatch(way)
    return bool(way) and made_of_it and change.method in _MATERIAL
