"""What loading a file as it is does in another release: one answer, with what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from skmig.parity.verdict import MethodParity, Parity, Verdict

_LOAD = ("load", "")


class Outcome(StrEnum):
    """What became of a file that was loaded as it is."""

    FINE = "fine"
    WARNS = "warns"  # it predicts the same, and says something while it loads
    UNPROVEN = "unproven"  # it loads, and nothing that it answers could be compared
    BROKEN = "broken"  # it predicts the same, and is no whole estimator any more
    DIFFERENT = "different"
    CRASHES = "crashes"  # it loads, and at least one method fails that worked
    REFUSES = "refuses"  # it does not load


@dataclass(frozen=True, kw_only=True)
class Naive:
    """The answer.  `sentence` says it to a person, and goes on from the name of the file.

    `methods` are those that were compared; `error` is what was raised while loading, or how the
    process ended, and `at` what it was doing then; `warnings` were given while loading;
    `broken` is what fails of what every estimator can do.
    """

    outcome: Outcome
    sentence: str
    methods: tuple[MethodParity, ...] = ()
    error: str = ""
    at: str = ""
    warnings: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Could the file be used as it is?"""
        return self.outcome in (Outcome.FINE, Outcome.WARNS)

    def as_json(self) -> dict[str, Any]:
        """Plain values for `--json` and the record."""
        return {
            "outcome": self.outcome.value,
            "ok": self.ok,
            "sentence": self.sentence,
            "error": self.error,
            "at": self.at,
            "warnings": list(self.warnings),
            "broken": list(self.broken),
            "methods": [item.as_json() for item in self.methods],
        }


def answered(
    found: Parity,
    *,
    warnings: Iterable[str] = (),
    broken: Mapping[str, Sequence[str]] | None = None,
    fitted: bool = True,
) -> Naive:
    """The answer for a file that was loaded and asked.

    `found` compares it with the source; `broken` is what fails by the path of each estimator.
    """
    said = tuple(warnings)
    failing = tuple(
        text if path == "model" else f"{path}: {text}"
        for path, texts in (broken or {}).items()
        for text in texts
    )
    outcome, sentence = _judged(found, said, failing, fitted)
    return Naive(
        outcome=outcome,
        sentence=sentence,
        methods=found.methods,
        warnings=said,
        broken=failing,
    )


def ended(how: str, at: str) -> Naive:
    """The answer for a file that could not be loaded, or ended the process that loaded it.

    `how` is an error or the end of the process; `at` is "load", or the method that was asked.
    """
    if at in _LOAD:
        return Naive(
            outcome=Outcome.REFUSES, sentence=f"it does not load: {how}", error=how, at="load"
        )
    sentence = f"it loads, and crashes at {at}: {how}"
    return Naive(outcome=Outcome.CRASHES, sentence=sentence, error=how, at=at)


def follows(said: Mapping[str, Any]) -> bool:
    """Does what `as_json` said of an answer follow from what it rests on?

    Raises KeyError, TypeError, ValueError or AttributeError for what is none.
    """
    if said["error"]:
        return ended(said["error"], said["at"]).as_json() == said
    methods = tuple(MethodParity.from_json(item) for item in said["methods"])
    found = Parity(methods=methods, rtol=0.0, atol=0.0)
    warnings, broken = tuple(said["warnings"]), tuple(said["broken"])
    return any(
        (said["outcome"], said["sentence"]) == _judged(found, warnings, broken, fitted)
        and said["ok"] == Naive(outcome=Outcome(said["outcome"]), sentence="").ok
        and said["methods"] == [item.as_json() for item in methods]
        for fitted in (True, False)
    )


def own_release(release: str) -> Naive:
    """The answer where the file is of the target release: there is nothing in between."""
    sentence = f"it is of scikit-learn {release} itself, and nothing has to be moved"
    return Naive(outcome=Outcome.FINE, sentence=sentence)


def _judged(
    found: Parity, warnings: tuple[str, ...], broken: tuple[str, ...], fitted: bool
) -> tuple[Outcome, str]:
    raised = [item for item in found.failures if item.text.startswith("the target raises")]
    wrong = [item for item in found.failures if item.verdict is Verdict.DIFFERENT]
    if raised:
        more = f" (and {len(raised) - 1} more methods)" if len(raised) > 1 else ""
        text = raised[0].text.removeprefix("the target raises ")
        return Outcome.CRASHES, f"it loads, and crashes at {_name(raised[0])}: {text}{more}"
    if wrong:
        said = "; ".join(_how_far(item) for item in wrong)
        return Outcome.DIFFERENT, f"it loads without an error and predicts something else: {said}"
    if found.failures:
        first = found.failures[0]
        return Outcome.DIFFERENT, f"it loads, but {_name(first)}: {first.text}"
    if broken:
        same = "it predicts the same" if found.proven else "it loads"
        return Outcome.BROKEN, f"{same}, but {'; '.join(broken)}"
    if fitted and not found.proven:
        return Outcome.UNPROVEN, "it loads, and nothing that it answers could be compared"
    same = "it would have predicted the same" if found.proven else "it loads; it is not fitted"
    if warnings:
        more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
        return Outcome.WARNS, f"{same}; while it loads it warns: {warnings[0]}{more}"
    return Outcome.FINE, same


def _how_far(item: MethodParity) -> str:
    if item.mismatched_labels and not item.max_abs:
        return f"{_name(item)}: {item.mismatched_labels} of {item.n} labels are others"
    if not item.max_abs:
        return f"{_name(item)}: {item.text}"
    changed = ""
    if item.mismatched_labels:
        changed = f" ({item.mismatched_labels} of {item.shape[0]} rows get another class)"
    return f"{_name(item)} by up to {item.max_abs:.2g}{changed}"


def _name(item: MethodParity) -> str:
    return item.method if item.path == "model" else f"{item.path}.{item.method}"
