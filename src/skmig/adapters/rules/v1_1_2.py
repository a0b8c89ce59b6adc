"""scikit-learn 1.1.2: SimpleImputer remembers the type of the data that it was fitted on.

Source: impute/_base.py:292 of 1.1.2 (`_validate_input`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters.ops import DERIVED, Added, has, rules
from skmig.payload import Obj

SINCE = "1.1.2"


def _dtype(obj: Obj) -> Any:
    """The statistics have the type of the data, for numbers and for objects."""
    statistics = obj.state["statistics_"]
    return statistics.dtype if isinstance(statistics, np.ndarray) else np.dtype(np.float64)


RULES = rules(
    SINCE,
    [
        Added(
            classes=("sklearn.impute.SimpleImputer",),
            name="_fit_dtype",
            value=_dtype,
            neutral=DERIVED,
            when=has("statistics_"),
            why="impute/_base.py:292: transform keeps objects where fit saw objects",
        ),
    ],
)
