"""Metadata requests as scorers keep them (utils/_metadata_requests.py)."""

from __future__ import annotations

from typing import Any

from skmig.adapters import shapes
from skmig.adapters.forms import is_obj
from skmig.adapters.ops import Step
from skmig.payload import Obj

REQUEST = "sklearn.utils.MetadataRequest"
METHOD_REQUEST = "sklearn.utils.MethodMetadataRequest"
PASSTHROUGH = "sklearn.metrics._PassthroughScorer"
SCORERS = ("sklearn.metrics._Scorer", "sklearn.metrics._CurveScorer")
SCORERS_OF_THREE = shapes.tags(
    "metrics._PredictScorer metrics._ProbaScorer metrics._ThresholdScorer"
)
SIMPLE_METHODS = (
    "fit",
    "partial_fit",
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score",
    "split",
    "transform",
    "inverse_transform",
)
# these hand metadata on and request none themselves
_ROUTERS = ("sklearn.pipeline.", "sklearn.model_selection.")


def passthrough_requests(scorer: Obj) -> Obj:
    """The requests of a `_PassthroughScorer`: those of its estimator's `score`."""
    owner = "_PassthroughScorer"
    estimator = scorer.state.get("_estimator")
    routes = isinstance(estimator, Obj) and estimator.tag.startswith(_ROUTERS)
    state: dict[str, Any] = {"owner": owner}
    for method in SIMPLE_METHODS:
        asked = {"sample_weight": None} if method == "score" and not routes else {}
        state[method] = Obj(METHOD_REQUEST, {"_requests": asked, "owner": owner, "method": method})
    return Obj(REQUEST, state)


def owner_of(request: Obj) -> Any:
    """The owner of a `MetadataRequest`, which until 1.3 only the requests of its methods name."""
    return next((part.state.get("owner") for part in request.state.values() if is_obj(part)), None)


def keep(obj: Obj, step: Step) -> None:
    """An older release has no requests."""


def drop(obj: Obj, step: Step) -> None:
    """What a release without routing does not ask for: nothing but a fit in a router reads it."""
    if obj.state.pop("_metadata_request", None) is not None:
        step.note(obj, f"the metadata that it requests: {step.older} has no routing")


def owner_name(owner: Any) -> Any:
    """An owner by the name of its class, as releases before 1.8 say it."""
    return owner.tag.rsplit(".", 1)[1] if is_obj(owner) else owner
