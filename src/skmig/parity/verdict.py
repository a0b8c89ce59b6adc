"""What a comparison found: per method and as a whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """The answer for one method, or for a model as a whole."""

    IDENTICAL = "identical"  # every bit, every label, every dtype
    CLOSE = "close"  # floats within tolerance, or only a width of a dtype differs
    TIED = "tied"  # neighbours at equal distances in another order
    ERROR_EQUAL = "error_equal"  # both sides raise the same class of exception
    GONE = "gone"  # the target's class does not have the method any more
    CHANGED = "changed"  # scikit-learn itself changed the answer; a rule cites where
    DIFFERENT = "different"
    MISSING = "missing"  # the target did not answer at all


_HOLDS = frozenset(
    {Verdict.IDENTICAL, Verdict.CLOSE, Verdict.TIED, Verdict.ERROR_EQUAL, Verdict.GONE}
)
_ORDER = tuple(Verdict)


@dataclass(frozen=True, kw_only=True)
class MethodParity:
    """One method of one estimator.

    `n` is the number of values compared and `shape` that of the answer (empty where it is not
    one array).  `max_ulp` counts representable floats between the two answers, at the worst
    place.  `worst_row` is the row of the largest violation, or of the largest difference.
    `mismatched_labels` counts labels (or other exact values) that differ.
    """

    path: str
    method: str
    verdict: Verdict
    n: int = 0
    shape: tuple[int, ...] = ()
    max_abs: float = 0.0
    max_rel: float = 0.0
    max_ulp: int = 0
    worst_row: int | None = None
    mismatched_labels: int = 0
    text: str = ""
    notes: tuple[str, ...] = ()
    accepted: bool = False

    @property
    def ok(self) -> bool:
        """Does parity hold for this method?"""
        return self.verdict in _HOLDS or (self.verdict is Verdict.CHANGED and self.accepted)

    def as_json(self) -> dict[str, Any]:
        """Plain values for `--json` and the record."""
        return asdict(self) | {
            "verdict": self.verdict.value,
            "shape": list(self.shape),
            "ok": self.ok,
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> MethodParity:
        """Raises KeyError, TypeError or ValueError for what is none."""
        said = {name: item for name, item in value.items() if name != "ok"}
        said["verdict"] = Verdict(said["verdict"])
        return cls(**{**said, "shape": tuple(said["shape"]), "notes": tuple(said["notes"])})


@dataclass(frozen=True, kw_only=True)
class Parity:
    """The whole comparison.  `summary` is one sentence for a person."""

    methods: tuple[MethodParity, ...]
    rtol: float
    atol: float

    @property
    def ok(self) -> bool:
        """Does parity hold?  A comparison of nothing proves nothing, but it is no difference."""
        return all(item.ok for item in self.methods)

    @property
    def verdict(self) -> Verdict:
        """The worst of all methods; what is equal in another way counts as identical."""
        plain = (Verdict.ERROR_EQUAL, Verdict.GONE)
        verdicts = [item.verdict for item in self.methods if item.verdict not in plain]
        return max(verdicts, key=_ORDER.index, default=Verdict.IDENTICAL)

    @property
    def proven(self) -> bool:
        """Was any answer compared, beyond names and shapes that the state itself holds?"""
        return any(item.n and not item.method.startswith("get_") for item in self.methods)

    @property
    def failures(self) -> tuple[MethodParity, ...]:
        """The methods for which parity does not hold."""
        return tuple(item for item in self.methods if not item.ok)

    @property
    def summary(self) -> str:
        compared = [item for item in self.methods if item.n]
        if not self.methods:
            return "Nothing was compared: the model has no method that could be asked."
        if self.failures:
            first = self.failures[0]
            more = f", and {len(self.failures) - 1} more" if len(self.failures) > 1 else ""
            return f"`{first.path}`.{first.method}: {first.text or first.verdict.value}{more}."
        counts = Counter(item.verdict for item in compared)
        values = sum(item.n for item in compared)
        same = counts[Verdict.IDENTICAL]
        text = f"{same} of {len(compared)} methods answer identically on {values} values"
        rest = []
        close = [item for item in compared if item.verdict is Verdict.CLOSE]
        if close:
            worst = max(close, key=lambda item: item.max_abs)
            rest.append(
                f"{len(close)} within rtol={self.rtol:g}, atol={self.atol:g} "
                f"(at most {worst.max_abs:.2g}, {worst.method})"
            )
        for verdict, words in (
            (Verdict.TIED, "with equal neighbours in another order"),
            (Verdict.CHANGED, "changed by scikit-learn and accepted"),
            (Verdict.ERROR_EQUAL, "raising the same error in both"),
            (Verdict.GONE, "gone in the target"),
        ):
            names = [item.method for item in self.methods if item.verdict is verdict]
            if names:
                rest.append(f"{len(names)} {words} ({', '.join(sorted(set(names)))})")
        return "; ".join([text, *rest]) + "."

    def as_json(self) -> dict[str, Any]:
        """Plain values for `--json` and the record."""
        return {
            "verdict": self.verdict.value,
            "ok": self.ok,
            "summary": self.summary,
            "rtol": self.rtol,
            "atol": self.atol,
            "methods": [item.as_json() for item in self.methods],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Parity:
        """The comparison that `as_json` said; what follows from the methods is not read.

        Raises KeyError, TypeError or ValueError for what is none.
        """
        methods = tuple(MethodParity.from_json(item) for item in value["methods"])
        return cls(methods=methods, rtol=value["rtol"], atol=value["atol"])
