"""scikit-learn 1.1.3: OrdinalEncoder takes the codes back that are missing values."""

from __future__ import annotations

from skmig.adapters.ops import Changed, rules
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
        Changed(
            classes=("sklearn.preprocessing.OrdinalEncoder",),
            method="inverse_transform",
            when=lambda obj: "categories_" in obj.state and _gives_nan(obj),
            why="preprocessing/_encoders.py: before, a code that is nan was an error (#24087)",
        ),
    ],
)
