"""How often does `skmig watch` cry wolf, and what does it see?  `python -m bench.drift`.

Rows of 20 columns (normal, lognormal, few whole numbers, categories; some values are missing) are
drawn for a baseline and for windows.  Quiet windows are of the same distribution; in the others one
column moved.  Prints a table in Markdown: the windows with any drift, in percent.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np

from skmig.watch import drift
from skmig.watch.profile import Profile
from skmig.watch.rows import Column

COLUMNS = 20
SIZES = ((200, 100), (200, 1000), (200, 10_000), (2000, 100), (2000, 1000))
LIMITS = drift.Thresholds()
MOVES = (
    "none",
    "mean by 0.25 sd",
    "mean by 0.5 sd",
    "mean by 1 sd",
    "12 % missing",
    "a category in 5 %",
)


def drawn(random: np.random.Generator, kind: int, size: int, move: str = "none") -> list[Any]:
    if kind == 0:
        shift = float(move.split()[2]) if move.startswith("mean") else 0.0
        values: list[Any] = random.normal(shift, 1, size).tolist()
    elif kind == 1:
        values = random.lognormal(3, 1, size).tolist()
    elif kind == 2:
        values = random.poisson(1, size).tolist()
    else:
        values = random.choice(list("aaabbcd"), size).tolist()
    share = 0.12 if move.endswith("missing") else 0.02
    gone = random.random(size) < share
    values = [None if lost else item for item, lost in zip(values, gone, strict=True)]
    if move == "a category in 5 %":
        values[: max(1, size // 20)] = ["new"] * max(1, size // 20)
    return values


def profile(values: list[Any]) -> Profile:
    found = Profile()
    found.add(values)
    return found


def alarmed(random: np.random.Generator, before: int, now: int, move: str) -> bool:
    """Does one window say drift?  The first column moves, of the kind that can."""
    asked: list[drift.Finding] = []
    for i in range(COLUMNS):
        kind = (3 if move == "a category in 5 %" else 0) if i == 0 else i % 4
        one = profile(drawn(random, kind, before))
        two = profile(drawn(random, kind, now, move if i == 0 else "none"))
        asked += drift.compare(Column(f"x{i}"), one, two, LIMITS)
    return any(item.drift for item in drift.judge(asked, LIMITS))


def table(windows: int) -> Iterator[str]:
    yield f"| rows of training | rows of a window | {' | '.join(MOVES)} |"
    yield "|---" * (2 + len(MOVES)) + "|"
    for before, now in SIZES:
        random = np.random.default_rng(0)
        shares = []
        for move in MOVES:
            count = windows if move == "none" else windows // 5
            found = sum(alarmed(random, before, now, move) for _ in range(count))
            shares.append(f"{100 * found / count:.0f}")
        yield f"| {before} | {now} | {' | '.join(shares)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=100)
    for line in table(parser.parse_args().windows):
        print(line, flush=True)


if __name__ == "__main__":
    main()
