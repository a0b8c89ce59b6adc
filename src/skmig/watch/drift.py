"""Is a column still as it was?  Statistics by scipy; a finding needs an effect and evidence.

An effect alone alarms on every small window, evidence alone on every large one.  Evidence is a
p-value, adjusted for all that was asked of all columns (Benjamini and Hochberg: at a level of 0.01
at most 1 % of the alarms are expected to be false).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from skmig.watch.profile import Profile
from skmig.watch.rows import Column

BINS = 10
DISCRETE = 10  # a number with at most so many different values is compared value by value
FREE_TEXT = 50  # different texts, of which a column of texts has more, and few of them twice
_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """From which size on a change is one.  All are compared with `>=`, `alpha` with `<`."""

    psi: float = 0.2
    ks: float = 0.2
    share: float = 0.1  # of one label or category
    missing: float = 0.05
    unseen: float = 0.01
    outside: float = 0.05
    alpha: float = 0.01
    rows: int = 100  # a window with less is not judged


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One question to one column.

    `check`: distribution, missing, unseen, outside or type.  `large`: the effect is as large as a
    threshold; `p` is the probability of as much by chance (adjusted).  `before` and `now` are the
    shares, or the medians, that `text` names; `psi` and `ks` are there where they were computed.
    """

    column: str
    role: str
    check: str
    large: bool
    before: float | None = None
    now: float | None = None
    psi: float | None = None
    ks: float | None = None
    p: float = 1.0
    drift: bool = False
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def judge(found: list[Finding], limits: Thresholds) -> list[Finding]:
    """The findings with adjusted p-values, and which of them are drift."""
    if not found:
        return []
    adjusted = stats.false_discovery_control([item.p for item in found])
    return [
        replace(item, p=float(p), drift=bool(item.large and p < limits.alpha))
        for item, p in zip(found, adjusted, strict=True)
    ]


def compare(
    column: Column,
    before: Profile,
    now: Profile,
    limits: Thresholds,
    categories: frozenset[Any] | None = None,
) -> Iterator[Finding]:
    """What is asked of one column.  `categories`: all that it may have."""
    yield _missing(column, before, now, limits)
    if not before.there or not now.there:
        return
    kind = kind_of(before) if categories is None else "categories"
    if kind in ("numbers", "discrete", "text"):
        strange = now.texts if kind != "text" else now.there - now.texts
        yield _unexpected(column, "type", strange, before, now, limits, _TYPES[kind])
    if kind == "discrete" or kind == "categories":
        yield from _by_value(column, before, now, limits, categories, kind)
    if kind in ("numbers", "text"):
        yield from _by_number(column, before, now, limits, kind)


_TYPES = {"numbers": "are text", "discrete": "are text", "text": "are numbers"}


def kind_of(profile: Profile) -> str:
    """How a column is compared: numbers, discrete, categories, or text (by its length)."""
    distinct = len(profile.counts)
    if profile.texts * 2 <= profile.there:
        return "numbers" if distinct > DISCRETE else "discrete"
    return "text" if distinct > max(FREE_TEXT, profile.there / 2) else "categories"


def _missing(column: Column, before: Profile, now: Profile, limits: Thresholds) -> Finding:
    was, is_ = _part(before.missing, before.rows), _part(now.missing, now.rows)
    table = np.array([[now.missing, now.there], [before.missing, before.there]])
    return Finding(
        column=column.name,
        role=column.role,
        check="missing",
        large=abs(is_ - was) >= limits.missing,
        before=was,
        now=is_,
        p=_chi2(table),
        text=f"{_percent(is_)} are missing, {_percent(was)} were",
    )


def _unexpected(
    column: Column,
    check: str,
    count: int,
    before: Profile,
    now: Profile,
    limits: Thresholds,
    words: str,
    certain: bool = False,
) -> Finding:
    """Values of which the baseline has none."""
    share = _part(count, now.there)
    table = [[count, now.there - count], [0, before.there]]
    p = float(stats.fisher_exact(table, alternative="greater").pvalue)
    return Finding(
        column=column.name,
        role=column.role,
        check=check,
        large=share >= limits.unseen,
        before=0.0,
        now=share,
        p=0.0 if certain and count else p,
        text=f"{_percent(share)} {words}",
    )


def _by_value(
    column: Column,
    before: Profile,
    now: Profile,
    limits: Thresholds,
    categories: frozenset[Any] | None,
    kind: str,
) -> Iterator[Finding]:
    allowed = set(before.counts) if categories is None else set(categories)
    strange = [value for value in now.counts if value not in allowed]
    count = sum(now.counts[value] for value in strange) + now.uncounted
    if kind == "categories" or column.role == "prediction":
        names = ", ".join(repr(value) for value in sorted(strange, key=str)[:_SHOWN])
        more = f" and {len(strange) - _SHOWN} more" if len(strange) > _SHOWN else ""
        words = "have values that the baseline has not" + (f": {names}{more}" if names else "")
        certain = categories is not None
        yield _unexpected(column, "unseen", count, before, now, limits, words, certain)
    elif before.numbers.size and now.numbers.size:
        yield _outside(column, before.numbers, now.numbers, limits, "")
    both = list(dict.fromkeys([*before.counts, *now.counts]))
    table = np.array([[side.counts[value] for value in both] for side in (before, now)])
    moved = {value: now.share(value) - before.share(value) for value in both}
    most = max(both, key=lambda value: abs(moved[value]))
    psi = _psi(table[0], table[1])
    text = (
        f"{_named(most)} is {_percent(now.share(most))} of the rows, it was "
        f"{_percent(before.share(most))} (PSI {psi:.2f})"
    )
    yield Finding(
        column=column.name,
        role=column.role,
        check="distribution",
        large=psi >= limits.psi or abs(moved[most]) >= limits.share,
        before=before.share(most),
        now=now.share(most),
        psi=psi,
        p=_chi2(table),
        text=text,
    )


def _by_number(
    column: Column, before: Profile, now: Profile, limits: Thresholds, kind: str
) -> Iterator[Finding]:
    one, two = ((side.lengths if kind == "text" else side.numbers) for side in (before, now))
    if not one.size or not two.size:
        return
    what = "length of text" if kind == "text" else ""
    yield _outside(column, one, two, limits, what)
    tested = stats.ks_2samp(one, two)
    finite = one[np.isfinite(one)]
    if not finite.size:
        return
    edges = np.unique(np.quantile(finite, np.linspace(0, 1, _bins(len(finite)) + 1)[1:-1]))
    counted = [
        np.bincount(np.searchsorted(edges, part, side="right"), minlength=len(edges) + 1)
        for part in (one, two)
    ]
    psi, ks = _psi(*counted), float(tested.statistic)
    middle = [float(np.median(part)) for part in (one, two)]
    label = f"the {what} has a median of" if what else "the median is"
    yield Finding(
        column=column.name,
        role=column.role,
        check="distribution",
        large=psi >= limits.psi or ks >= limits.ks,
        before=middle[0] if np.isfinite(middle[0]) else None,
        now=middle[1] if np.isfinite(middle[1]) else None,
        psi=psi,
        ks=ks,
        p=float(tested.pvalue),
        text=f"{label} {middle[1]:.4g}, it was {middle[0]:.4g} (PSI {psi:.2f}, KS {ks:.2f})",
    )


def _outside(column: Column, one: Any, two: Any, limits: Thresholds, what: str) -> Finding:
    """Values below the least or above the greatest of the baseline.

    Of n values of the same distribution the share outside the range of m earlier ones follows
    Beta(2, m - 1) (David and Nagaraja, Order Statistics, 2.3), their count a beta-binomial.
    """
    low, high = float(one.min()), float(one.max())
    count = int(((two < low) | (two > high)).sum())
    share = _part(count, len(two))
    p = 1.0
    if count and len(one) > 1:
        p = float(stats.betabinom.sf(count - 1, len(two), 2, len(one) - 1))
    of = f" ({what})" if what else ""
    return Finding(
        column=column.name,
        role=column.role,
        check="outside",
        large=share >= limits.outside,
        before=0.0,
        now=share,
        p=p,
        text=f"{_percent(share)} lie outside {low:.4g} to {high:.4g}{of}",
    )


def _bins(rows: int) -> int:
    return max(2, min(BINS, rows // 10))


def _psi(one: Any, two: Any) -> float:
    """The population stability index: the sum of both relative entropies.

    Half a row is added to each cell, so that an empty one has no infinite weight.
    """
    first, second = one + 0.5, two + 0.5
    return float(stats.entropy(first, second) + stats.entropy(second, first))


def _chi2(table: Any) -> float:
    """The p-value of homogeneity; values that are too rare for the test count as one."""
    table = table[:, table.any(axis=0)]
    total = table.sum()
    expected = table.sum(axis=1)[:, None] * table.sum(axis=0)[None, :] / total
    rare = (expected < 5).any(axis=0)
    columns = [table[:, i] for i in np.flatnonzero(~rare)]
    if rare.any():
        columns.append(table[:, rare].sum(axis=1))
    if len(columns) < 2:
        return 1.0
    if len(columns) == 2:
        return float(stats.fisher_exact(np.stack(columns, axis=1)).pvalue)
    return float(stats.chi2_contingency(np.stack(columns, axis=1), correction=False).pvalue)


def _part(count: int, rows: int) -> float:
    return count / rows if rows else 0.0


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _named(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
