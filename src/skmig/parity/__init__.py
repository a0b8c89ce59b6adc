"""Parity: do two releases give the same answers?  Comparison and verdict."""

from skmig.parity.compare import ATOL, RTOL, THE_TARGET_SAYS, Documented, beyond, compare
from skmig.parity.merge import Merger
from skmig.parity.naive import naive_sentence
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
    "Parity",
    "Verdict",
    "beyond",
    "compare",
    "difference",
    "naive_sentence",
]
