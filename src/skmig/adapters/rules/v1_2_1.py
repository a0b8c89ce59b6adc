"""scikit-learn 1.2.1: periodic splines have as many names as columns."""

from __future__ import annotations

from skmig.adapters.forms import text
from skmig.adapters.ops import Changed, rules

SINCE = "1.2.1"

RULES = rules(
    SINCE,
    [
        Changed(
            classes=("sklearn.preprocessing.SplineTransformer",),
            method="get_feature_names_out",
            when=lambda obj: (
                "bsplines_" in obj.state and text(obj.state.get("extrapolation"), "periodic")
            ),
            why="preprocessing/_polynomial.py: periodic splines were named by their rows",
        ),
    ],
)
