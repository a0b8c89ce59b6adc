"""scikit-learn 0.20.3: OneHotEncoder's `_n_values` is "auto" outside legacy mode, too."""

from __future__ import annotations

from skmig.adapters import encoders
from skmig.adapters.ops import Rewritten, rules

SINCE = "0.20.3"

RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=(encoders.ONE_HOT_ENCODER,),
            to_new=encoders.auto_up,
            to_old=encoders.auto_down,
            names=("_n_values",),
            why="preprocessing/_encoders.py: _handle_deprecations",
        )
    ],
)
