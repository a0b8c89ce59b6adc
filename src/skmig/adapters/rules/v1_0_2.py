"""scikit-learn 1.0.2: weights of the Minkowski metric; RidgeClassifier predicts several labels.

Sources: doc/whats_new/v1.0.rst, the installed files of 1.0.1 and 1.0.2.  DistanceMetric moved from
sklearn.neighbors to sklearn.metrics; its neutral form did not.
"""

from __future__ import annotations

from skmig.adapters import metrics, shapes
from skmig.adapters.ops import DERIVED, Added, Refusal, Rewritten, Step, rules
from skmig.adapters.shapes import never, tags
from skmig.payload import Obj

SINCE = "1.0.2"


def _several_labels(obj: Obj) -> bool:
    binarizer = obj.state.get("_label_binarizer")
    kind = binarizer.state.get("y_type_", "") if isinstance(binarizer, Obj) else ""
    return str(kind).startswith("multilabel")


def _labels_up(obj: Obj, step: Step) -> None:
    """RidgeClassifierCV could be fitted on several labels, and predicted the best of them."""
    if _several_labels(obj):
        why = "of several labels is an indicator of each (linear_model/_ridge.py)"
        step.changed(obj, "predict", why)


def _labels_down(obj: Obj, step: Step) -> None:
    if _several_labels(obj):
        raise Refusal(f"several labels for a sample, which {step.older} predicts as one class")


RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=shapes.NEIGHBORS,
            to_new=metrics.weights_up,
            to_old=metrics.weights_down,
            names=("effective_metric_", "effective_metric_params_", "metric", "metric_params"),
            why="neighbors/_base.py:382: `w` is one of the metric's parameters",
        ),
        Rewritten(
            classes=tags("linear_model.RidgeClassifier linear_model.RidgeClassifierCV"),
            to_new=_labels_up,
            to_old=_labels_down,
            why="linear_model/_ridge.py: _RidgeClassifierMixin.predict",
        ),
        Added(
            classes=("sklearn.linear_model.LassoLarsIC",),
            name="noise_variance_",
            value=None,
            neutral=DERIVED,
            when=never,
            why="linear_model/_least_angle.py: estimated from the training data",
        ),
    ],
)
