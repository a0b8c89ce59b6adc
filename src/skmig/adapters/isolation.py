"""The path lengths of IsolationForest, by the formula of each release.

A score is 2 to the power of -(mean depth of the leaf + average path length of its samples) over
the average path length of `max_samples_`.  Until 0.18 that length has a logarithm of n (and not of
n - 1), until 0.20 it is 1 for a leaf of one sample; 1.3 stores depths and lengths of all nodes and
scores by nothing else but these and the denominator (ensemble/_iforest.py: _average_path_length,
_compute_score_samples).  So an old forest keeps its scores where they are stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skmig import versions
from skmig.adapters.forms import depths, members, tree_of
from skmig.adapters.ops import Refusal, Step
from skmig.payload import Obj

LENGTHS, DEPTHS = "_average_path_length_per_tree", "_decision_path_lengths"
# of scores that are computed in another order of operations; different scores are farther apart
ROUNDING = 1e-12
_EULER_OF_0_18 = 0.5772156649
Formula = Callable[[Any], "np.ndarray[Any, Any]"]


def length(n_samples: Any) -> np.ndarray[Any, Any]:
    """Since 0.21: 0 for one sample and 1 for two."""
    n = np.asarray(n_samples, dtype=np.float64)
    result = np.where(n == 2, 1.0, 0.0)
    many = n > 2
    rest = n[many] - 1.0
    result[many] = 2.0 * (np.log(rest) + np.euler_gamma) - 2.0 * rest / n[many]
    return result


def length_of_one(n_samples: Any) -> np.ndarray[Any, Any]:
    """In 0.19 and 0.20: 1 for one sample, the formula for two."""
    n = np.asarray(n_samples, dtype=np.float64)
    result = np.ones(n.shape)
    rest = n[n > 1] - 1.0
    result[n > 1] = 2.0 * (np.log(rest) + np.euler_gamma) - 2.0 * rest / n[n > 1]
    return result


def length_by_all(n_samples: Any) -> np.ndarray[Any, Any]:
    """Until 0.18: the logarithm of all samples."""
    n = np.asarray(n_samples, dtype=np.float64)
    result = np.ones(n.shape)
    many = n[n > 1]
    result[n > 1] = 2.0 * (np.log(many) + _EULER_OF_0_18) - 2.0 * (many - 1.0) / many
    return result


def keep(obj: Obj, step: Step, formula: Formula, stored: str) -> None:
    """Going up from a release with another formula: store what it says, where that is possible.

    `stored`: the first release that scores by stored path lengths.
    """
    if not obj.state.get("estimators_") or LENGTHS in obj.state:
        return
    size = [obj.state["max_samples_"]]
    ours, theirs = float(formula(size)[0]), float(length(size)[0])
    if versions.position(step.target) < versions.position(stored) or not theirs:
        _lose(obj, step)
        return
    obj.state[LENGTHS], obj.state[DEPTHS] = caches(obj, formula, theirs / ours)
    nudge(obj, -ROUNDING)


def nudge(obj: Obj, step: float) -> None:
    """Move the threshold off the scores that are equal to it but for rounding.

    It is a percentile of scores, and many samples can have the score that it is.  Since 0.20 they
    are no outliers, until 0.19 they are.
    """
    old = obj.state.get("behaviour", "old") == "old" and "_threshold_" in obj.state
    name = "_threshold_" if old else "offset_"
    if name in obj.state and (old or obj.state.get("contamination") != "auto"):
        obj.state[name] = np.float64(obj.state[name] + step)


def refuse_down(obj: Obj, step: Step) -> None:
    """An older formula cannot say what a newer one does: nothing is stored there."""
    if obj.state.get("estimators_"):
        _lose(obj, step)


def _lose(obj: Obj, step: Step) -> None:
    step.loss(
        obj,
        f"the average path length of an isolation tree is another in {step.older} than in "
        f"{step.newer} (ensemble/_iforest.py: _average_path_length), so that every score "
        "would be another",
    )


def caches(
    obj: Obj, formula: Formula = length, factor: float = 1.0
) -> tuple[tuple[np.ndarray[Any, Any], ...], tuple[np.ndarray[Any, Any], ...]]:
    """Lengths and depths of every node of every tree.

    `factor` stands for another denominator: depth + length - 1 is multiplied by it.
    """
    trees = [tree.state["nodes"] for tree in map(tree_of, members(obj)) if tree is not None]
    deep = tuple(depths(nodes) for nodes in trees)
    found = []
    for nodes, depth in zip(trees, deep, strict=True):
        lengths = formula(nodes["n_node_samples"])
        if factor != 1.0:
            lengths = factor * (depth + lengths - 1.0) - (depth - 1.0)
        found.append(lengths)
    return tuple(found), deep


def store(obj: Obj, step: Step) -> None:
    """What 1.3 keeps after `fit`; an older formula's lengths stand already."""
    if "estimators_" in obj.state and LENGTHS not in obj.state:
        obj.state[LENGTHS], obj.state[DEPTHS] = caches(obj)


def forget(obj: Obj, step: Step) -> None:
    """The other side computes them from the trees, so they must be what it computes."""
    found, _ = obj.state.pop(LENGTHS, None), obj.state.pop(DEPTHS, None)
    if found is None:
        return
    ours, _ = caches(obj)
    if not all(np.allclose(a, b, rtol=1e-9, atol=0) for a, b in zip(found, ours, strict=True)):
        raise Refusal(
            "the stored path lengths are those of a forest that came from another formula; "
            f"scikit-learn {step.older} computes them anew and would score otherwise"
        )
