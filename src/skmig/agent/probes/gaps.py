"""Do missing values mean anything to a model?

Since 1.3 trees take missing values, whether or not they were fitted on any, and releases before it
take none.  Where a tree never saw one, it sends them to the larger side of each split: that is a
courtesy of the release, and not part of the model.  So is what a selector lets through because
its tree would take it.
"""

import numpy as np

MAX_DEPTH = 40
# parts that get the same input, and each of which must take it
_TOGETHER = ("VotingClassifier", "VotingRegressor", "StackingClassifier", "StackingRegressor")
_PARTS = (
    "transformers_",
    "transformer_list",
    "estimators_",
    "calibrated_classifiers_",
    "best_estimator_",
    "estimator_",
    "estimator",
    "base_estimator_",
    "base_estimator",
)


def gaps_are_meant(estimator):
    """False for models whose only use of missing values is that courtesy."""
    if "location_" in getattr(estimator, "__dict__", {}):
        return False  # covariances of before 0.20 do not look at what they measure, and say nan
    return _meant(estimator, set(), 0) is not False


def _meant(value, seen, depth):
    """True, False, or None for what has no opinion: it takes missing values as it takes others."""
    if depth > MAX_DEPTH or id(value) in seen or not hasattr(value, "__dict__"):
        return None
    seen.add(id(value))
    name, state = type(value).__name__, value.__dict__
    if "Imputer" in name or name.startswith("HistGradient") or name.endswith("Indicator"):
        return True
    if "tree_" in state:
        return _saw_missing(state["tree_"])
    if isinstance(state.get("steps"), list):
        # the first that minds decides, since the others get what it gives
        said = (_meant(item, seen, depth + 1) for item in _flat(state["steps"], 0))
        return next((opinion for opinion in said if opinion is not None), None)
    said = [_meant(item, seen, depth + 1) for part in _PARTS for item in _flat(state.get(part), 0)]
    if name in _TOGETHER and False in said:
        return False
    if True in said:
        return True
    # a tree that a selector fitted, and did not keep
    unfitted = ("Tree" in name or "Forest" in name) and hasattr(value, "get_params")
    return False if unfitted or False in said else None


def _flat(value, depth):
    """The objects in lists, tuples and arrays of objects."""
    if isinstance(value, np.ndarray):
        value = list(value.flat) if value.dtype == object else []
    if not isinstance(value, (list, tuple)):
        return [] if value is None or isinstance(value, (str, bytes)) else [value]
    if depth > MAX_DEPTH:
        return []
    return [inner for item in value for inner in _flat(item, depth + 1)]


def _saw_missing(tree):
    """Did the best splits see missing values?  (tree/_splitter.pyx: missing_go_to_left)"""
    if not hasattr(tree, "missing_go_to_left"):
        return False
    inner = np.asarray(tree.children_left) >= 0
    size = np.asarray(tree.n_node_samples)
    left = size[np.asarray(tree.children_left)[inner]]
    right = size[np.asarray(tree.children_right)[inner]]
    sent_left = np.asarray(tree.missing_go_to_left).astype(bool)[inner]
    apart = np.asarray(tree.threshold)[inner] > np.finfo(np.float32).max
    return bool((sent_left != (left > right)).any() or apart.any())
