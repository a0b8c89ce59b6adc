"""scikit-learn 1.3.1: a wider feature index in histogram trees; AdaBoost's SAMME vote.

- `feature_idx` of a histogram tree's nodes is signed and as wide as a pointer
  (ensemble/_hist_gradient_boosting/common.pxd: node_struct).
- AdaBoostClassifier with `algorithm="SAMME"` lets a wrong vote count -1/(K-1) instead of 0
  (ensemble/_weight_boosting.py: decision_function; changelog 1.3.1, issue 26521).  The new value
  is an increasing function of the old one: labels stay, values differ.
- PLS models remember whether `y` was one-dimensional (cross_decomposition/_pls.py).
"""

from __future__ import annotations

from skmig.adapters.forms import text, with_type
from skmig.adapters.ops import Changed, Explained, Refusal, Rewritten, Step, fitted, rules
from skmig.payload import Obj

SINCE = "1.3.1"

SAMME_METHODS = (
    "decision_function",
    "predict_proba",
    "predict_log_proba",
    "staged_decision_function",
    "staged_predict_proba",
)


def _wide(obj: Obj, step: Step) -> None:
    obj.state["nodes"] = with_type(obj.state["nodes"], "feature_idx", "i8")


def _narrow(obj: Obj, step: Step) -> None:
    nodes = obj.state["nodes"]
    if (nodes["feature_idx"] < 0).any():
        raise Refusal("a histogram tree holds a negative feature index")
    obj.state["nodes"] = with_type(nodes, "feature_idx", "u4")


def _votes(obj: Obj) -> bool:
    return fitted(obj) and text(obj.state.get("algorithm"), "SAMME")


def _flat_up(obj: Obj, step: Step) -> None:
    """An older model gives a column for a single target, however y was given."""
    if fitted(obj):
        obj.state.setdefault("_predict_1d", False)


def _flat_down(obj: Obj, step: Step) -> None:
    if obj.state.pop("_predict_1d", False):
        why = "of a flat y is a column, flat only since 1.3.1 (cross_decomposition/_pls.py)"
        step.changed(obj, "predict", why)


RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=("sklearn.ensemble.TreePredictor",),
            names=("nodes",),
            to_new=_wide,
            to_old=_narrow,
            why="ensemble/_hist_gradient_boosting/common.pxd: node_struct.feature_idx",
        ),
        *(
            Changed(
                classes=("sklearn.ensemble.AdaBoostClassifier",),
                method=method,
                when=_votes,
                why="ensemble/_weight_boosting.py: a wrong vote counts -1/(n_classes - 1)",
            )
            for method in SAMME_METHODS
        ),
        Rewritten(
            classes=(
                "sklearn.cross_decomposition.CCA",
                "sklearn.cross_decomposition.PLSCanonical",
                "sklearn.cross_decomposition.PLSRegression",
            ),
            to_new=_flat_up,
            to_old=_flat_down,
            names=("_predict_1d",),
            why="cross_decomposition/_pls.py: predict",
        ),
        Explained(
            classes=("sklearn.compose.ColumnTransformer",),
            names=("sparse_output_",),
            why="compose/_column_transformer.py: bool instead of numpy.bool_",
        ),
    ],
)
