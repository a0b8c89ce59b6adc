"""Parity: do two releases give the same answers?  Comparison and verdict."""

from skmig.parity.compare import ATOL, RTOL, Documented, beyond, compare
from skmig.parity.merge import Merger
from skmig.parity.naive import naive_sentence
from skmig.parity.sketch import Sketches
from skmig.parity.values import Difference, difference
from skmig.parity.verdict import MethodParity, Parity, Verdict

__all__ = [
    "ATOL",
    "RTOL",
    "Difference",
    "Documented",
    "Merger",
    "MethodParity",
    "Parity",
    "Sketches",
    "Verdict",
    "beyond",
    "compare",
    "difference",
    "naive_sentence",
]
