"""The sentences of every report: no more than was seen, and no less."""

from __future__ import annotations

from typing import Any

from tests import records

from skmig.record import findings


def method(**changes: Any) -> dict[str, Any]:
    first = records.compared()[0]["methods"][1]
    return {**first, "notes": [], "text": "", "max_abs": 0.0, "verdict": "close", **changes}


def manifest(*methods: dict[str, Any], **changes: Any) -> Any:
    found = records.compared()[0]
    return records.manifest(parity={**found, "methods": list(methods)}, verdict="close", **changes)


def test_another_width_is_no_distance() -> None:
    one = manifest(method(notes=["dtype int32 instead of int64"]))
    assert findings.answer(one)[1].endswith("value for value")
    assert findings.proven(one)[0] == (
        "120 values of decision_function are equal, with a remark: dtype int32 instead of int64."
    )


def test_what_only_rounding_explains_is_not_called_within_tolerance() -> None:
    rounded = manifest(method(max_abs=1e-6, notes=["within 16 times what …"]))
    said = findings.proven(rounded)
    assert not any("within rtol" in line for line in said)
    assert any("1e-06" in line and "within 16 times" in line for line in said)


def test_the_largest_difference_is_named_with_its_method() -> None:
    found = findings.proven(
        manifest(
            method(max_abs=1e-15), method(path="model['b']", method="transform", max_abs=2e-13)
        )
    )
    assert (
        "240 values are within rtol=1e-09, atol=1e-12: decision_function, model['b'].transform. "
        "The largest difference is 2e-13, in model['b'].transform." in found
    )


def test_what_could_not_be_compared_is_not_proven() -> None:
    gone = method(verdict="gone", n=0, text="the class does not have it")
    changed = method(verdict="changed", text="ties go the other way", accepted=True)
    said = findings.unproven(manifest(gone, changed))
    assert "decision_function is gone in the target: the class does not have it" in said
    assert (
        "decision_function was changed by scikit-learn itself, and accepted: ties go the other way"
        in said
    )


def test_whose_the_rows_were_is_said() -> None:
    said = findings.unproven(manifest(method(), data=records.data()))
    assert (
        "Inputs other than the 4 rows made from the model itself and 40 of 50 rows of `rows.csv` "
        "were not asked." in said
    )
    where = "On 40 of 50 rows of `rows.csv`: "
    assert f"{where}score_samples raises in the source too: ValueError: not for this kernel" in said
    assert any(
        line.startswith(f"{where}55 values are identical")
        for line in findings.proven(manifest(method(), data=records.data()))
    )


def test_a_difference_on_the_users_rows_is_a_no() -> None:
    bad = {**records.compared()[0], "ok": False}
    assert findings.answer(records.manifest(data=records.data(parity=bad)))[0] == "no"


def test_only_pairs_of_numbers_are_shares() -> None:
    coverage = {"rows": 5, "terms": [3, 4], "notes": ["with a", "with b"], "kinds": ["x", "y"]}
    assert findings.shares(coverage) == [("terms", (3, 4))]
    assert findings.coverage_line(coverage) == "5 rows, 3 of 4 terms, with a, with b"


def test_every_kind_of_move_has_its_words() -> None:
    base = dict.fromkeys(("added", "dropped", "renamed", "rewritten"), ())
    plain = {**records.MOVE, **base, "objects": 1}
    moves = (
        records.MOVE,
        {**plain, "became": "sklearn.svm.SVC"},
        {**plain, "made": True},
        {**plain, "left": True},
    )
    assert findings.moved(records.manifest(moved=moves)) == [
        "1.2.2 → 1.3.0  DecisionTreeClassifier (3): added monotonic_cst; dropped _former; "
        "renamed old_ to new_; rewrote tree_",
        "1.2.2 → 1.3.0  DecisionTreeClassifier: became SVC",
        "1.2.2 → 1.3.0  DecisionTreeClassifier: made",
        "1.2.2 → 1.3.0  DecisionTreeClassifier: left",
    ]
