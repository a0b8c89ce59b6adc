"""Parity: do two releases give the same answers?  Comparison, verdict, and the user's own data."""

from skmig.parity.compare import ATOL, RTOL, Documented, compare
from skmig.parity.data import check_columns, read_data
from skmig.parity.naive import naive_sentence
from skmig.parity.sketch import sketches
from skmig.parity.values import Difference, difference
from skmig.parity.verdict import MethodParity, Parity, Verdict

__all__ = [
    "ATOL",
    "RTOL",
    "Difference",
    "Documented",
    "MethodParity",
    "Parity",
    "Verdict",
    "check_columns",
    "compare",
    "difference",
    "naive_sentence",
    "read_data",
    "sketches",
]
