"""Parity: do two releases give the same answers?  Comparison, verdict, and the user's own data."""

from skmig.parity.compare import ATOL, RTOL, Documented, compare, used
from skmig.parity.data import check_columns, read_data
from skmig.parity.naive import Naive, Outcome, answered, ended, follows, own_release
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
    "follows",
    "own_release",
    "read_data",
    "used",
]
