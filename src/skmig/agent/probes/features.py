"""How many features a fitted estimator reads, and what they are called, in every release."""

import numpy as np

_COUNTS = ("n_features_in_", "n_features_", "_n_features", "n_input_features_", "n_features")
# fitted arrays with one entry per feature, in the last or the first axis
_LAST_AXIS = (
    "x_mean_",
    "_x_mean",
    "X_train_",
    "_fit_X",
    "X_fit_",
    "support_vectors_",
    "cluster_centers_",
    "means_",
    "theta_",
    "feature_log_prob_",
    "centroids_",
    "xbar_",
    "location_",
    "components_",
    "coef_",
    "training_data_",
    "quantiles_",
    "subcluster_centers_",
    "X_",
    "X",
    "K_fit_rows_",
)
_FIRST_AXIS = (
    "mean_",
    "scale_",
    "data_max_",
    "max_abs_",
    "center_",
    "statistics_",
    "lambdas_",
    "variances_",
    "scores_",
    "support_",
    "bin_edges_",
    "n_bins_",
    "n_values_",
    "categories_",
    "dictionary",
    "x_weights_",
    "bsplines_",
    "random_weights_",
    "n_categories_",
)
INNER = (
    "best_estimator_",
    "estimator_",
    "_estimator",
    "base_estimator_",
    "regressor_",
    "classifier_",
    "transformer_",
)


def fitted(estimator, name):
    """A fitted attribute, without asking properties that raise or warn."""
    value = getattr(estimator, "__dict__", {}).get(name)
    if value is None and isinstance(getattr(type(estimator), name, None), property):
        try:
            value = getattr(estimator, name)
        except Exception:
            return None
    return value


def stored_points(estimator):
    """The points of a bare KDTree or BallTree, which has no state that could be looked at."""
    if type(estimator).__name__ in ("KDTree", "BallTree") and hasattr(estimator, "query"):
        return np.asarray(estimator.data)
    return None


def inner(estimator):
    """The estimators inside a meta-estimator that read the same input, in a fixed order."""
    found = []
    for name in INNER:
        value = getattr(estimator, "__dict__", {}).get(name)
        # a prototype that each member is cloned from may have the name of a fitted one
        if hasattr(value, "get_params") and _is_fitted(value):
            found.append(value)
    for name in ("estimators_", "calibrated_classifiers_"):
        value = getattr(estimator, "__dict__", {}).get(name)
        if value is None:
            continue
        for item in np.asarray(value, dtype=object).ravel() if not found else ():
            if isinstance(item, tuple):
                item = item[1]
            if hasattr(item, "predict") or hasattr(item, "predict_proba"):
                found.append(item)
    for name in ("estimator", "base_estimator"):
        value = getattr(estimator, "__dict__", {}).get(name)
        # prefit wrappers and the calibrated classifiers of an ensemble hold what they were given
        if not found and _is_fitted(value):
            found.append(value)
    return found


def _is_fitted(value):
    state = getattr(value, "__dict__", None)
    if not isinstance(state, dict) or isinstance(value, type):
        return False
    if any(name.endswith("_") and not name.startswith("_") for name in state):
        return True
    if hasattr(value, "steps"):
        return any(_is_fitted(step[1]) for step in value.steps)
    return _is_fitted(state.get("estimator"))


def count_features(estimator):
    """The number of columns of the estimator's input, or None where nothing says it."""
    points = stored_points(estimator)
    if points is not None:
        return int(points.shape[1])
    for name in _COUNTS:
        value = fitted(estimator, name)
        if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value > 0:
            if name != "n_features" or hasattr(estimator, "hash_function") is False:
                return int(value)
    tree = fitted(estimator, "tree_")
    if tree is not None:
        return int(tree.n_features) if hasattr(tree, "n_features") else np.shape(tree.data)[1]
    if getattr(estimator, "metric", None) == "precomputed" and fitted(estimator, "n_samples_fit_"):
        return int(estimator.n_samples_fit_)
    shape = fitted(estimator, "shape_fit_")
    if shape is not None:
        return int(shape[1])
    weights = fitted(estimator, "coefs_")
    if weights:
        return int(np.shape(weights[0])[0])
    diagonal = fitted(estimator, "_idf_diag")
    if diagonal is not None:
        return int(diagonal.shape[0])
    for name in _LAST_AXIS:
        value = fitted(estimator, name)
        if getattr(value, "shape", ()):
            return int(value.shape[-1])
    for name in _FIRST_AXIS:
        value = fitted(estimator, name)
        if isinstance(value, (list, np.ndarray)) and len(value):
            return len(value)
    for part in inner(estimator):
        count = count_features(part)
        if count:
            return count
    steps = getattr(estimator, "steps", None)
    for _, step in steps or ():
        if hasattr(step, "get_params"):
            return count_features(step)
    booster = getattr(estimator, "get_booster", None)
    if booster is not None:
        try:
            return int(booster().num_features())
        except Exception:
            return None
    return None


def names_of(estimator):
    """The columns' names where the estimator was fitted on a frame, else None."""
    names = fitted(estimator, "feature_names_in_")
    if names is None:
        names = fitted(estimator, "_df_columns")
    if names is not None:
        return list(names)
    steps = getattr(estimator, "steps", None)
    if steps:
        return next((names_of(step) for _, step in steps if hasattr(step, "get_params")), None)
    for part in inner(estimator)[:1]:
        return names_of(part)
    return None
