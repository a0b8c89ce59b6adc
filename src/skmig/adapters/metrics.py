"""Metrics of neighbours that releases know by other names, or not at all.

`wminkowski` is `sum((w·|x - y|)**p)**(1/p)`, weighted Minkowski `sum(w·|x - y|**p)**(1/p)`: the one
is the other with the weights to the power of p (metrics/_dist_metrics.pyx).  `sokalmichener` and
`rogerstanimoto` are the same number, as are `matching` and `hamming` of booleans.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skmig.adapters.forms import text
from skmig.adapters.ops import Refusal, Step
from skmig.payload import New, Obj

_TREES = ("_tree", "tree_")
_PARAMETERS = ("metric_params", "effective_metric_params_")


def _names(obj: Obj) -> list[str]:
    return [name for name in ("metric", "effective_metric_") if name in obj.state]


def rename_metric(obj: Obj, old: str, new: str) -> None:
    """Another name of the same metric, in the settings and in the tree."""
    for name in _names(obj):
        if text(obj.state[name], old):
            obj.state[name] = new
    _in_tree(obj, old, lambda args: {**args, "metric": new})


def _in_tree(obj: Obj, metric: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    for name in _TREES:
        tree = obj.state.get(name)
        if isinstance(tree, New) and _metric_of(tree) == metric:
            inside = tree.args["metric"]
            other = New(inside.tag, change(inside.args))
            obj.state[name] = New(tree.tag, {**tree.args, "metric": other})


def _metric_of(tree: New) -> Any:
    inside = tree.args.get("metric")
    return inside.args.get("metric") if isinstance(inside, New) else None


def _reweigh(obj: Obj, old: str, new: str, power: Callable[[float], float]) -> None:
    """From one of the two weighted Minkowski metrics to the other."""
    given = obj.state.get("effective_metric_params_") or obj.state.get("metric_params") or {}
    p = float(given.get("p", obj.state.get("p", 2)))

    def other(values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "w": np.asarray(values["w"], dtype=np.float64) ** power(p)}

    for name in _PARAMETERS:
        values = obj.state.get(name)
        if isinstance(values, dict) and values.get("w") is not None:
            obj.state[name] = other(values)
    effective = obj.state.get("effective_metric_params_")
    if isinstance(effective, dict):
        effective.setdefault("p", p)
    rename_metric(obj, old, new)
    _in_tree(obj, new, other)


# ------------------------------------------------------------------ scikit-learn 1.3.0
def _remeasured(args: dict[str, Any]) -> dict[str, Any]:
    """The radii of a ball tree by hamming: its centres are no booleans, as they were to matching.

    neighbors/_ball_tree.pyx: init_node
    """
    data, order, nodes = (np.asarray(args[name]) for name in ("data", "idx_array", "node_data"))
    if not np.isin(data, (0, 1)).all():
        raise Refusal("the metric 'matching' took every number but 0 for True; 'hamming' does not")
    nodes = nodes.copy()
    for node, centre in zip(nodes, args["node_bounds"][0], strict=True):
        inside = data[order[node["idx_start"] : node["idx_end"]]]
        node["radius"] = (inside != centre).mean(axis=1).max()
    return {**args, "node_data": nodes}


def known_up(obj: Obj, step: Step) -> None:
    for name in _TREES:
        tree = obj.state.get(name)
        if isinstance(tree, New) and _metric_of(tree) == "matching":
            obj.state[name] = New(tree.tag, _remeasured(tree.args))
    rename_metric(obj, "matching", "hamming")
    if any(text(obj.state[name], "wminkowski") for name in _names(obj)):
        _reweigh(obj, "wminkowski", "minkowski", lambda p: p)
    if any(text(obj.state[name], "kulsinski") for name in _names(obj)):
        raise Refusal(
            f"the metric 'kulsinski' was removed in scikit-learn {step.newer}: fit it anew with "
            "another metric, or with a function"
        )


def known_down(obj: Obj, step: Step) -> None:
    """The metrics of this release all exist in the older one."""


# ------------------------------------------------------------------ scikit-learn 1.1.0
def weights_in_tree(obj: Obj, step: Step) -> None:
    """1.0.2 builds its trees of weighted Minkowski by wminkowski (metrics/_dist_metrics.pyx)."""
    given = obj.state.get("effective_metric_params_")
    weights = given.get("w") if isinstance(given, dict) else None
    if weights is not None and text(obj.state.get("effective_metric_"), "minkowski"):
        _in_tree(obj, "wminkowski", lambda args: {**args, "metric": "minkowski", "w": weights})


def weights_as_they_are(obj: Obj, step: Step) -> None:
    """1.0.2 takes weighted Minkowski too, and makes of it what it does."""


# ------------------------------------------------------------------ scikit-learn 1.0.2
def weights_up(obj: Obj, step: Step) -> None:
    given = obj.state.get("effective_metric_params_")
    if obj.state.get("effective_metric_") == "minkowski" and isinstance(given, dict):
        given.setdefault("w", None)


def weights_down(obj: Obj, step: Step) -> None:
    """Weights came to the Minkowski metric with 1.0.2; before, it was a metric of its own."""
    given = obj.state.get("effective_metric_params_")
    if not isinstance(given, dict) or "w" not in given:
        return
    if given["w"] is None:
        del given["w"]
    elif obj.state.get("effective_metric_") == "minkowski":
        if not np.isfinite(given.get("p", 2)):
            raise Refusal(f"the Minkowski metric of p=inf has weights, unlike in {step.older}")
        weights_in_tree(obj, step)
        _reweigh(obj, "minkowski", "wminkowski", lambda p: 1 / p)


# ------------------------------------------------------------------ scikit-learn 1.0
def variances_up(obj: Obj, step: Step) -> None:
    """Without them, an older release worked them out from every input (metrics/pairwise.py)."""
    state = obj.state
    for metric, name in (("seuclidean", "V"), ("mahalanobis", "VI")):
        known = state.get("effective_metric_params_") or {}
        used = text(state.get("effective_metric_"), metric)
        if used and state.get("_tree") is None and not {name, "V"} & set(known):
            step.loss(
                obj,
                f"metric={metric!r} without `{name}`: {step.older} works it out from each input, "
                f"{step.newer} wants it; give it in metric_params and fit anew",
            )


def variances_down(obj: Obj, step: Step) -> None:
    """They are given."""


# ------------------------------------------------------------------ scikit-learn 1.9.0
def brute_up(obj: Obj, step: Step) -> None:
    """The scipy of this release has no sokalmichener any more; trees have one of their own."""
    if obj.state.get("_tree") is None:
        rename_metric(obj, "sokalmichener", "rogerstanimoto")


def brute_down(obj: Obj, step: Step) -> None:
    """The older release has both."""
