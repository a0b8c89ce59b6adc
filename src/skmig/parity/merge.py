"""Many comparisons of parts of the same rows, as one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from skmig.parity.verdict import MethodParity, Parity, Verdict

_ORDER = tuple(Verdict)
_COUNTED = re.compile(r"(\d+) (.*)")


@dataclass
class _Merged:
    """One method, so far.

    `refused`, by what the source says: how many rows it refuses, the number of the first, and
    whether each was asked alone.
    """

    item: MethodParity
    rows: int = 0
    parts_that_differ: int = 0
    counts: dict[str, int | None] = field(default_factory=dict)
    refused: dict[str, tuple[int, int, bool]] = field(default_factory=dict)


class Merger:
    """Adds up comparisons of parts: counts are added, distances are the largest, the verdict is the
    worst.

    Rows that the source refuses are counted and listed; the verdict is that of the rows that it
    answers, and `error_equal` where there are none.
    """

    def __init__(self, rtol: float, atol: float) -> None:
        self.rtol = rtol
        self.atol = atol
        self._methods: dict[tuple[str, str], _Merged] = {}

    @property
    def compared(self) -> bool:
        """Has a row got an answer that was compared?"""
        return any(
            merged.item.n and not merged.item.method.startswith("get_")
            for merged in self._methods.values()
        )

    def answered(self, path: str, method: str) -> bool:
        """Has the source answered any row?"""
        merged = self._methods.get((path, method))
        return merged is not None and merged.item.verdict is not Verdict.ERROR_EQUAL

    def add(self, found: Parity, rows: Mapping[tuple[str, str], Any]) -> None:
        """`rows`: the numbers of the rows that each method was asked for."""
        for item in found.methods:
            key = (item.path, item.method)
            self._add(key, item, rows.get(key, ()))

    def _add(self, key: tuple[str, str], item: MethodParity, numbers: Any) -> None:
        known = self._methods.get(key)
        if known is None:
            known = self._methods[key] = _Merged(item=replace(item, notes=()))
        elif item.verdict is not Verdict.ERROR_EQUAL:
            known.item = _both(known.item, item)
        for note in item.notes:
            counted = _COUNTED.fullmatch(note)
            text = counted[2] if counted else note
            if counted is None:
                known.counts.setdefault(text, None)
            else:
                known.counts[text] = (known.counts.get(text) or 0) + int(counted[1])
        if item.verdict is Verdict.ERROR_EQUAL and len(numbers):
            count, first, alone = known.refused.get(item.text, (0, int(numbers[0]), True))
            alone = alone and len(numbers) == 1
            known.refused[item.text] = (count + len(numbers), first, alone)
        known.rows += len(numbers)
        known.parts_that_differ += item.verdict is Verdict.DIFFERENT

    def result(self, rows: int, why: Mapping[tuple[str, str], str]) -> Parity:
        """All as one comparison of `rows` rows.  `why`: why a method was asked for fewer."""
        methods = []
        for key, known in self._methods.items():
            item, text = known.item, known.item.text
            if known.parts_that_differ > 1:
                text += f" (and in {known.parts_that_differ - 1} other parts of the data)"
            notes = [
                note if count is None else f"{count} {note}" for note, count in known.counts.items()
            ]
            if item.verdict is not Verdict.ERROR_EQUAL:
                notes += [
                    f"{count} rows have no answer in the source"
                    f"{'' if alone else ', or were asked together with one that has none'}, "
                    f"the first is row {first}: {said}"
                    for said, (count, first, alone) in known.refused.items()
                ]
            if known.rows and known.rows < rows:
                notes.append(f"asked for {known.rows} of {rows} rows{why.get(key, '')}")
            methods.append(replace(item, text=text, notes=tuple(notes)))
        return Parity(methods=tuple(methods), rtol=self.rtol, atol=self.atol)


def _both(one: MethodParity, two: MethodParity) -> MethodParity:
    """Two parts of one method; that with the larger violation says where the worst row is."""
    if one.verdict is Verdict.ERROR_EQUAL:
        return replace(two, notes=())
    worse = (_ORDER.index(two.verdict) > _ORDER.index(one.verdict)) or (
        two.verdict is one.verdict and two.max_abs > one.max_abs
    )
    leading = two if worse else one
    shape = one.shape
    if one.shape and two.shape and one.shape[1:] == two.shape[1:]:
        shape = (one.shape[0] + two.shape[0], *one.shape[1:])
    return replace(
        leading,
        n=one.n + two.n,
        shape=shape,
        max_abs=max(one.max_abs, two.max_abs),
        max_rel=max(one.max_rel, two.max_rel),
        max_ulp=max(one.max_ulp, two.max_ulp),
        mismatched_labels=one.mismatched_labels + two.mismatched_labels,
        accepted=leading.accepted,
        notes=(),
    )
