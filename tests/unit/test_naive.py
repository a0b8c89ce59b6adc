"""What a plain load would have done, told from what it answered."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from skmig import parity
from skmig.parity import Outcome

SCORES = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])


def document(**methods: Any) -> dict[str, Any]:
    answers = {
        name: {"error": value} if isinstance(value, str) else {"value": value}
        for name, value in methods.items()
    }
    return {"model": {"class": "sklearn.svm.SVC", "offers": list(methods), "methods": answers}}


SOURCE = document(predict=np.array([0, 1, 1]), predict_proba=SCORES)
SAME = document(predict=np.array([0, 1, 1]), predict_proba=SCORES.copy())
OTHER = document(predict=np.array([0, 0, 1]), predict_proba=SCORES[[0, 0, 2]])
RAISES = document(predict="AttributeError: no `w_`", predict_proba="AttributeError: no `w_`")
SHORT = document(predict=np.array([0, 1]), predict_proba=SCORES[:2])
WARNING = "UserWarning: Trying to unpickle estimator SVC from version 1.1.0"
VERSION = {"warnings": [WARNING]}
BROKEN = {"broken": {"model": ["repr: AttributeError: no `x`"], "model['b']": ["clone: no"]}}

CASES = [
    (SAME, {}, Outcome.FINE, "it would have predicted the same"),
    (SAME, VERSION, Outcome.WARNS, "the same; while it loads it warns: UserWarning: Trying"),
    (SAME, VERSION | BROKEN, Outcome.BROKEN, "same, but repr: AttributeError: no `x`; model['b']"),
    (OTHER, VERSION, Outcome.DIFFERENT, "predict: 1 of 3 labels are others; predict_proba by up"),
    (OTHER, BROKEN, Outcome.DIFFERENT, "0.5 (1 of 3 rows get another class)"),
    (RAISES, {}, Outcome.CRASHES, "at predict: AttributeError: no `w_` (and 1 more methods)"),
    (SHORT, {}, Outcome.DIFFERENT, "predict: "),
    ({}, {}, Outcome.DIFFERENT, "it loads, but predict: the target has no such estimator"),
]


@pytest.mark.parametrize(("actual", "more", "outcome", "text"), CASES)
def test_the_outcome_and_its_sentence(
    actual: dict[str, Any], more: dict[str, Any], outcome: Outcome, text: str
) -> None:
    found = parity.answered(parity.compare(SOURCE, actual), **more)
    assert found.outcome is outcome
    assert text in found.sentence
    assert found.ok == (outcome in (Outcome.FINE, Outcome.WARNS))


@pytest.mark.parametrize(("fitted", "ok"), [(True, False), (False, True)])
def test_where_nothing_could_be_asked(fitted: bool, ok: bool) -> None:
    found = parity.answered(parity.compare({}, {}), fitted=fitted)
    assert found.ok == ok
    assert found.sentence.startswith("it loads")


def test_how_a_process_ended() -> None:
    crash = "the process is ended by signal 11 (SIGSEGV)"
    for at in ("load", ""):
        found = parity.ended(crash, at)
        assert (found.outcome, found.ok) == (Outcome.REFUSES, False)
        assert found.sentence == f"it does not load: {crash}"
    found = parity.ended(crash, "kneighbors")
    assert found.outcome is Outcome.CRASHES
    assert found.sentence == f"it loads, and crashes at kneighbors: {crash}"


ANSWERS = [
    *(parity.answered(parity.compare(SOURCE, actual), **more) for actual, more, *_ in CASES),
    parity.ended("MemoryError: ", "predict"),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda item: str(item.outcome))
def test_an_answer_follows_from_what_it_rests_on(answer: parity.Naive) -> None:
    said = json.loads(json.dumps(answer.as_json()))
    assert parity.follows(said)
    for change in ({"outcome": "fine" if not answer.ok else "refuses"}, {"sentence": "It is."}):
        assert not parity.follows({**said, **change})
