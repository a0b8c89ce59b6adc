"""scikit-learn 1.1.3: the first for Python 3.11, under which it cannot pickle an empty object.

Source: base.py of 1.1.3, `BaseEstimator.__getstate__`.
"""

from __future__ import annotations

from skmig.adapters import empty
from skmig.adapters.ops import Rewritten, rules

SINCE = "1.1.3"

RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=empty.CLASSES,
            to_new=empty.refuse_above,
            to_old=empty.pass_below,
            why="base.py: `__getstate__` takes the None of an empty object for a dict",
        ),
    ],
)
