"""Which pairs of releases a run of the matrix is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise, product

from skmig import versions
from skmig.adapters.rules import LINE
from skmig.errors import UsageError

Pair = tuple[str, str]


def choose(
    *,
    named: Sequence[str] = (),
    sources: Sequence[str] = (),
    targets: Sequence[str] = (),
    adjacent: bool = False,
    everything: bool = False,
) -> list[Pair]:
    """All pairs that were asked for, each once; those of a grid coarse first.

    `named`: `A:B`, or several with commas.  `sources` and `targets`: a grid; one without the other
    stands for both.  `adjacent`: both directions of every boundary that has rules.  `everything`:
    all releases to all others.  Raises UsageError for nothing, UnsupportedError for a release that
    is not in the table.
    """
    line = versions.line()
    chosen = [_named(text) for item in named for text in item.split(",") if text.strip()]
    if sources or targets:
        starts, ends = (
            [versions.release(name).version for item in names for name in item.split(",") if name]
            for names in (sources or targets, targets or sources)
        )
        chosen += coarse_first(product(starts, ends))
    if adjacent:
        changed = {ruleset.since for ruleset in LINE}
        for older, newer in pairwise(line):
            if newer in changed:
                chosen += [(older, newer), (newer, older)]
    if everything:
        chosen += coarse_first(product(line, line))
    chosen = [pair for pair in dict.fromkeys(chosen) if pair[0] != pair[1]]
    if not chosen:
        raise UsageError(
            "no pair of two releases was chosen",
            hint="name some with `--pairs 1.1.0:1.6.1`, or `--from` and `--to`, `--adjacent`, "
            "`--all`",
        )
    return chosen


def coarse_first(pairs: Iterable[Pair]) -> list[Pair]:
    """Pairs of the first and the last release, then of the middle, then of the quarters, and so on.

    A run that is ended early has then seen the whole range.
    """
    listed = list(pairs)
    ends = sorted({name for pair in listed for name in pair}, key=versions.position)
    ranks: dict[str, int] = {}
    spans = [(0, len(ends) - 1)]
    for place in (0, len(ends) - 1):
        ranks.setdefault(ends[place], len(ranks))
    for first, last in spans:  # grows while it is read
        if last - first > 1:
            middle = (first + last) // 2
            ranks.setdefault(ends[middle], len(ranks))
            spans += [(first, middle), (middle, last)]
    return sorted(listed, key=lambda pair: max(ranks[name] for name in pair))


def _named(text: str) -> Pair:
    source, colon, target = text.strip().partition(":")
    if not colon:
        raise UsageError(f"`{text}` is not a pair of releases", hint="write it like 1.1.0:1.6.1")
    return versions.release(source).version, versions.release(target).version
