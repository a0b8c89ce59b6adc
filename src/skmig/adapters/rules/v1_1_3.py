"""scikit-learn 1.1.3: codes that are missing values; the first release for Python 3.11.

Under that Python it cannot pickle an empty object (base.py, `BaseEstimator.__getstate__`).
"""

from __future__ import annotations

from skmig.adapters import empty
from skmig.adapters.ops import Changed, Rewritten, rules
from skmig.payload import Obj

SINCE = "1.1.3"


def _gives_nan(obj: Obj) -> bool:
    codes = [obj.state.get("unknown_value")]
    if obj.state.get("_missing_indices"):
        codes.append(obj.state.get("encoded_missing_value"))
    return any(isinstance(code, float) and code != code for code in codes)


RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=empty.CLASSES,
            to_new=empty.refuse_above,
            to_old=empty.pass_below,
            why="base.py: `__getstate__` takes the None of an empty object for a dict",
        ),
        Changed(
            classes=("sklearn.preprocessing.OrdinalEncoder",),
            method="inverse_transform",
            when=lambda obj: "categories_" in obj.state and _gives_nan(obj),
            why="preprocessing/_encoders.py: before, a code that is nan was an error (#24087)",
        ),
    ],
)
