"""Parity: do two releases give the same answers?  Comparison, verdict, and the user's own data."""

from skmig.parity.compare import ATOL, RTOL, Documented, compare
from skmig.parity.data import check_columns, read_data
from skmig.parity.naive import Naive, Outcome, answered, ended, own_release
from skmig.parity.values import Difference, difference
from skmig.parity.verdict import MethodParity, Parity, Verdict

__all__ = [
    "ATOL",
    "RTOL",
    "Difference",
    "Documented",
    "MethodParity",
    "Naive",
    "Outcome",
    "Parity",
    "Verdict",
    "answered",
    "check_columns",
    "compare",
    "difference",
    "ended",
    "own_release",
    "read_data",
]
