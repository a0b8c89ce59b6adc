"""Interesting numbers that a fitted estimator knows: ranges, edges, stored points, magnitudes."""

import numpy as np

from skmig.agent.probes.block import MATRIX, Block, combine, merge
from skmig.agent.probes.features import count_features, fitted, stored_points

# rows of the training data, or points in its space
_POINTS = (
    "_fit_X",
    "X_train_",
    "X_fit_",
    "support_vectors_",
    "cluster_centers_",
    "means_",
    "theta_",
    "centroids_",
    "subcluster_centers_",
    "training_data_",
    "components_",
    "feature_log_prob_",
)
_CENTRES = (
    "mean_",
    "center_",
    "x_mean_",
    "_x_mean",
    "X_offset_",
    "statistics_",
    "location_",
    "xbar_",
)
_SPREADS = ("scale_", "x_std_", "_x_std", "max_abs_", "data_range_")
MAX_CELLS = 2000000


def numeric_rows(estimator, ctx):
    """Rows for an estimator of numbers; None where not even the number of columns is known."""
    count = count_features(estimator)
    if not count:
        return None
    limit = max(min(ctx.limit, MAX_CELLS // count), 16)
    rng = ctx.rng
    points = _points(estimator, count, limit // 2, rng)
    values = _values(estimator, count)
    centre, spread = _scale(estimator, count, points, values)
    blocks = []
    if points is not None and len(points):
        noise = rng.normal(size=points.shape) * spread * 0.1
        blocks.append(_matrix(points if _is_data(estimator) else points + noise))
        if _is_data(estimator):
            few = max(limit // 4, 1)
            blocks.append(_matrix(points[:few] + noise[:few]))
            # so near that what a point moves by is large beside its distance
            blocks.append(_matrix(points[:few] + 1e-2 * noise[:few]))
    if any(len(column) for column in values):
        columns = [
            np.asarray(column if len(column) else [centre[j]], dtype=float)
            for j, column in enumerate(values)
        ]
        blocks.append(combine(columns, limit // 2, rng))
    alone = min(count, limit // 4)
    units = np.tile(centre, (alone, 1))
    chosen = np.unique(np.linspace(0, count - 1, alone).astype(int))
    units[np.arange(len(chosen)), chosen] += spread[chosen]
    blocks.append(_matrix(units[: len(chosen)]))
    number = min(256, limit // 4 + 4)
    blocks.append(_matrix(centre + spread * rng.normal(size=(number, count))))
    wide = centre + 10.0 * spread * rng.normal(size=(max(number // 4, 2), count))
    blocks.append(_matrix(wide))
    # the scale of the weights need not be that of the data
    plain = rng.normal(size=(max(number // 4, 2), count))
    blocks.append(_matrix(np.concatenate([plain, np.zeros((1, count)), np.ones((1, count))])))
    blocks.append(_matrix(centre + 100.0 * spread * rng.normal(size=(8, count))))
    block = merge(blocks)
    block.rows = block.rows[:limit] if len(block) > limit + 64 else block.rows
    return block


def _matrix(rows):
    return Block(MATRIX, np.asarray(rows, dtype=float))


def _is_data(estimator):
    """Are the stored points rows of the training data itself?"""
    return stored_points(estimator) is not None or any(
        fitted(estimator, name) is not None
        for name in ("_fit_X", "X_train_", "X_fit_", "support_vectors_")
    )


def _points(estimator, count, limit, rng):
    found = []
    for name in _POINTS:
        value = stored_points(estimator) if name == "_fit_X" else fitted(estimator, name)
        value = fitted(estimator, name) if value is None else value
        if not getattr(value, "shape", ()) or len(value.shape) != 2 or value.shape[1] != count:
            continue
        rows = np.arange(value.shape[0])
        if len(rows) > limit:
            rows = np.sort(rng.choice(len(rows), size=limit, replace=False))
        part = value.tocsr()[rows].toarray() if hasattr(value, "tocsr") else value[rows]
        try:
            found.append(np.asarray(part, dtype=float))
        except (TypeError, ValueError):
            continue
        if name in ("_fit_X", "X_train_", "X_fit_"):
            break
    return np.concatenate(found)[:limit] if found else None


def _per_feature(estimator, name, count):
    value = fitted(estimator, name)
    if value is None or isinstance(value, str):
        return None
    try:
        value = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return value if value.shape == (count,) else None


def _values(estimator, count):
    """Lists of interesting values per feature."""
    values = [[] for _ in range(count)]

    def add(arrays):
        for array in arrays:
            if array is not None:
                for j in range(count):
                    if np.isfinite(array[j]):
                        values[j].append(float(array[j]))

    low, high = (_per_feature(estimator, name, count) for name in ("data_min_", "data_max_"))
    add([low, high])
    if low is not None and high is not None:
        add([(low + high) / 2, high + (high - low), low - (high - low)])
    for centre_name, spread_name in (("mean_", "scale_"), ("center_", "scale_")):
        centre = _per_feature(estimator, centre_name, count)
        spread = _per_feature(estimator, spread_name, count)
        if centre is not None:
            spread = np.ones(count) if spread is None else spread
            add([centre, centre + spread, centre - spread, centre + 3 * spread])
    largest = _per_feature(estimator, "max_abs_", count)
    if largest is not None:
        add([largest, -largest, 0 * largest, largest / 3, 2 * largest])
    add([_per_feature(estimator, "statistics_", count)])
    _add_edges(estimator, values, count)
    return values


def _add_edges(estimator, values, count):
    quantiles = fitted(estimator, "quantiles_")
    if getattr(quantiles, "shape", ()) and quantiles.shape[-1] == count:
        for j in range(count):
            chosen = np.linspace(0, len(quantiles) - 1, 32).astype(int)
            values[j].extend(float(v) for v in np.unique(quantiles[chosen, j]))
            values[j].extend([float(quantiles[0, j]) - 1.0, float(quantiles[-1, j]) + 1.0])
    edges = fitted(estimator, "bin_edges_")
    splines = fitted(estimator, "bsplines_")
    if edges is None and splines is not None:
        edges = [spline.t for spline in splines]
    if edges is not None and len(edges) == count:
        for j in range(count):
            for edge in np.asarray(edges[j], dtype=float)[:512]:
                # some releases compare with a tolerance of 1e-5, and call what is less the edge
                step = max(abs(edge), 1.0) * 2e-5
                below, above = np.nextafter(edge, [-np.inf, np.inf])
                values[j].extend([edge - step, below, edge, above, edge + step])
    variances = fitted(estimator, "var_")
    variances = fitted(estimator, "sigma_") if variances is None else variances
    means = fitted(estimator, "theta_")
    if means is not None and np.shape(variances) == np.shape(means) and np.ndim(means) == 2:
        for j in range(count):
            for m, v in zip(means[:, j], np.sqrt(np.abs(variances[:, j]))):
                values[j].extend([float(m), float(m + v), float(m - v)])
    if type(estimator).__name__ == "Binarizer":
        limit = float(estimator.threshold)
        for j in range(count):
            values[j].extend([limit, float(np.nextafter(limit, np.inf)), limit - 1.0, limit + 1.0])


def _scale(estimator, count, points, values):
    """Where the data of each feature lies and how wide it is, from whatever says it."""
    centre, spread = np.zeros(count), np.ones(count)
    if points is not None and len(points) > 1:
        with np.errstate(all="ignore"):
            centre, spread = np.nanmean(points, axis=0), np.nanstd(points, axis=0)
    elif any(len(column) > 1 for column in values):
        for j, column in enumerate(values):
            if len(column) > 1:
                centre[j], spread[j] = np.median(column), np.std(column)
    else:
        spread = _magnitudes(estimator, count)
    for name in _CENTRES:
        known = _per_feature(estimator, name, count)
        if known is not None and (points is None or not len(points)):
            centre = known
            break
    for name in _SPREADS:
        known = _per_feature(estimator, name, count)
        if known is not None and (points is None or not len(points)):
            spread = known
            break
    for name in ("var_", "sigma_"):
        # of each class: the means of the classes may lie closer together than the data do
        known = fitted(estimator, name)
        if np.ndim(known) == 2 and np.shape(known)[1] == count:
            spread = np.maximum(spread, np.sqrt(np.abs(known).max(axis=0)))
    centre = np.where(np.isfinite(centre), centre, 0.0)
    return centre, np.where(np.isfinite(spread) & (spread > 0), spread, 1.0)


def _magnitudes(estimator, count):
    """For a linear model: a step in a feature that moves the answer by about one."""
    weights = fitted(estimator, "coef_")
    if weights is None:
        return np.ones(count)
    weights = weights.toarray() if hasattr(weights, "toarray") else np.asarray(weights)
    if weights.dtype.kind not in "fiu" or not weights.size or weights.shape[-1] != count:
        return np.ones(count)
    size = np.abs(weights.reshape(-1, count)).max(axis=0)
    usual = np.median(size[size > 0]) if (size > 0).any() else 1.0
    return 1.0 / np.clip(size, usual / 10.0, usual * 10.0)
