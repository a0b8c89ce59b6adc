"""scikit-learn 1.2.2: `estimator_` is an attribute; OneHotEncoder drops after grouping.

Sources: doc/whats_new/v1.2.rst, the installed files of 1.2.1 and 1.2.2: ensemble/_base.py
(`_validate_estimator`), preprocessing/_encoders.py (`_set_drop_idx`).
"""

from __future__ import annotations

import numpy as np

from skmig.adapters import shapes
from skmig.adapters.ops import Renamed, Rewritten, Step, rules
from skmig.payload import Obj

SINCE = "1.2.2"


def _drop_up(obj: Obj, step: Step) -> None:
    """Before, `drop_idx_` counted categories after the infrequent ones were grouped."""
    state = obj.state
    if "drop_idx_" not in state or "_drop_idx_after_grouping" in state:
        return
    grouped = state["_drop_idx_after_grouping"] = state["drop_idx_"]
    mappings = state.get("_default_to_infrequent_mappings")
    if grouped is None or not state.get("_infrequent_enabled") or mappings is None:
        return
    given = np.empty(len(grouped), dtype=object)
    for i, (index, mapping) in enumerate(zip(grouped, mappings, strict=True)):
        unmapped = index is None or mapping is None
        given[i] = index if unmapped else np.flatnonzero(np.asarray(mapping) == index)[0]
    state["drop_idx_"] = given


def _drop_down(obj: Obj, step: Step) -> None:
    if "_drop_idx_after_grouping" in obj.state:
        obj.state["drop_idx_"] = obj.state.pop("_drop_idx_after_grouping")


RULES = rules(
    SINCE,
    [
        Renamed(
            classes=(
                *shapes.ADABOOST,
                *shapes.BAGGING,
                *shapes.FORESTS,
                *shapes.ISOLATION_FOREST,
            ),
            old="_estimator",
            new="estimator_",
            why="ensemble/_base.py: `_validate_estimator` sets estimator_",
        ),
        Rewritten(
            classes=("sklearn.preprocessing.OneHotEncoder",),
            to_new=_drop_up,
            to_old=_drop_down,
            names=("drop_idx_", "_drop_idx_after_grouping"),
            why="preprocessing/_encoders.py: `_set_drop_idx` (#25589)",
        ),
    ],
)
