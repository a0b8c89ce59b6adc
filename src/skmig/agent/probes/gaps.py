"""Do missing values mean anything to a model?

Since 1.3 trees take missing values, whether or not they were fitted on any, and releases before it
take none.  Where a tree never saw one, it sends them to the larger side of each split: that is a
courtesy of the release, and not part of the model.
"""

import numpy as np

MAX_DEPTH = 40


def gaps_are_meant(estimator):
    """False for models whose only use of missing values is that courtesy."""
    if "location_" in getattr(estimator, "__dict__", {}):
        return False  # covariances of before 0.20 do not look at what they measure, and say nan
    trees, fillers = [], []
    _collect(estimator, trees, fillers, set(), 0)
    return bool(fillers) or not trees or any(_saw_missing(tree) for tree in trees)


def _collect(value, trees, fillers, seen, depth):
    """Compiled trees, and whatever fills gaps or takes them itself, inside an estimator."""
    if depth > MAX_DEPTH or id(value) in seen or value is None:
        return
    if isinstance(value, (list, tuple)):
        for item in value:
            _collect(item, trees, fillers, seen, depth + 1)
        return
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            _collect(list(value.flat), trees, fillers, seen, depth + 1)
        return
    if not hasattr(value, "get_params") or not hasattr(value, "__dict__"):
        return
    seen.add(id(value))
    name = type(value).__name__
    if "Imputer" in name or name.startswith("HistGradient") or name.endswith("Indicator"):
        fillers.append(value)
    tree = value.__dict__.get("tree_")
    if tree is not None:
        trees.append(tree)
    for part in ("steps", "transformers_", "transformer_list", "estimators_", "best_estimator_"):
        _collect(value.__dict__.get(part), trees, fillers, seen, depth + 1)
    for part in ("estimator_", "estimator", "base_estimator_", "final_estimator_"):
        _collect(value.__dict__.get(part), trees, fillers, seen, depth + 1)


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
