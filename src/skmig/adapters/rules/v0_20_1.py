"""scikit-learn 0.20.1: OneHotEncoder keeps `n_values` as given and uses `_n_values`."""

from __future__ import annotations

from skmig.adapters import encoders
from skmig.adapters.ops import Explained, Rewritten, rules

SINCE = "0.20.1"

RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=(encoders.ONE_HOT_ENCODER,),
            to_new=encoders.used_up,
            to_old=encoders.used_down,
            names=("_n_values",),
            why="preprocessing/_encoders.py: _handle_deprecations",
        ),
        Rewritten(
            classes=("sklearn.preprocessing.KBinsDiscretizer",),
            to_new=encoders.bins_up,
            to_old=encoders.bins_down,
            why="preprocessing/_discretization.py: fit",
        ),
        Explained(
            classes=(encoders.ONE_HOT_ENCODER,),
            names=("categories_",),
            why="preprocessing/_discretization.py: those of bins are whole numbers",
        ),
    ],
)
