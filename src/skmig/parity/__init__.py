"""Parity: do two releases give the same answers?  Comparison and verdict."""

from skmig.parity.compare import ATOL, RTOL, THE_TARGET_SAYS, Documented, beyond, compare, used
from skmig.parity.merge import Merger
from skmig.parity.naive import Naive, Outcome, answered, ended, follows, own_release
from skmig.parity.sketch import Sketches
from skmig.parity.values import Difference, difference
from skmig.parity.verdict import MethodParity, Parity, Verdict

__all__ = [
    "ATOL",
    "RTOL",
    "THE_TARGET_SAYS",
    "Difference",
    "Documented",
    "Merger",
    "MethodParity",
    "Naive",
    "Outcome",
    "Parity",
    "Sketches",
    "Verdict",
    "answered",
    "beyond",
    "compare",
    "difference",
    "ended",
    "follows",
    "own_release",
    "used",
]
