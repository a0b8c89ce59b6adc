"""Much more input than a probe may have, made without the probes: does a mutant answer otherwise?

The training input, its columns shuffled, random rows over wide ranges, and rows that are aimed at
the place that was changed: its old and its new value with their neighbours among the floats, rows
that reach a changed node of a tree, texts with a changed term.

Runs on Python 3.6 with numpy.
"""

import numpy as np

from skmig.agent.predict import count_rows, take

ROWS = 512
BASES = 16
MAX_COLUMNS = 24


def blocks(data, rng):
    """The inputs that do not depend on the mutant: a list of inputs of the kind of `data`."""
    found = [data]
    if hasattr(data, "tocsr"):
        from scipy import sparse

        return [data] + [sparse.csr_matrix(part) for part in _dense(data.toarray(), rng)]
    if hasattr(data, "iloc"):
        return [data] + _frames(data, rng)
    if isinstance(data, np.ndarray):
        if data.ndim == 2 and data.dtype.kind in "fiu":
            parts = _dense(data.astype(float), rng)
            same = [part.astype(data.dtype) for part in parts] if data.dtype.kind == "f" else parts
            return found + same
        if data.ndim == 2:
            return found + [_columns(data, rng)] + _gaps(data)
        if data.ndim == 1 and data.dtype.kind in "fiu":
            low, high = float(data.min()), float(data.max())
            wide = high - low + 1.0
            return found + [rng.uniform(low - wide, high + wide, size=ROWS)]
        return found + [data[rng.randint(len(data), size=4 * len(data))]]
    items = list(data)
    if items and isinstance(items[0], str):
        return found + [_texts(items, rng)]
    if items and isinstance(items[0], dict):
        return found + [_dicts(items, rng)]
    return found + [[items[i] for i in rng.randint(len(items), size=4 * len(items))]]


def _dense(rows, rng):
    """Random rows like those given, and far beyond them, and with holes."""
    whole = np.where(np.isfinite(rows), rows, 0.0)
    low, high, spread = whole.min(axis=0), whole.max(axis=0), whole.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    wide = high - low + spread
    count = max(min(ROWS, 400000 // rows.shape[1]), 32)
    size = (count, rows.shape[1])
    found = [
        _columns(rows, rng, count),
        whole.mean(axis=0) + spread * rng.normal(size=size),
        rng.uniform(low - wide, high + wide, size=size),
        whole.mean(axis=0) + 30 * spread * rng.normal(size=size),
        np.where(rng.uniform(size=size) < 0.5, 0.0, rng.uniform(low, high, size=size)),
    ]
    found += [np.abs(found[1]), np.round(np.abs(found[2]))]
    holes = np.array(found[0])
    holes[rng.uniform(size=size) < 0.2] = np.nan
    return found + [holes]


def _columns(rows, rng, count=ROWS):
    """Each column's own values, met by chance."""
    result = np.empty((count, rows.shape[1]), dtype=rows.dtype)
    for j in range(rows.shape[1]):
        result[:, j] = rows[rng.randint(len(rows), size=count), j]
    return result


def _gaps(rows):
    """An object array with each column missing once, and once unknown."""
    if rows.dtype != object:
        return []
    found = []
    for gap in (np.nan, None, "never seen"):
        part = np.array(rows[: rows.shape[1]], dtype=object)
        for j in range(len(part)):
            part[j, j] = gap
        found.append(part)
    return found


def _frames(data, rng):
    mixed = take(data, rng.randint(len(data), size=ROWS)).reset_index(drop=True)
    wide = mixed.copy()
    holes = mixed.copy()
    for name in data.columns:
        column = take(data[[name]], rng.randint(len(data), size=ROWS))[name]
        mixed[name] = np.asarray(column)
        if column.dtype.kind in "fiu":
            values = np.asarray(column, dtype=float)
            spread = np.nanstd(values) or 1.0
            wide[name] = np.asarray(mixed[name], dtype=float) + 5 * spread * rng.normal(size=ROWS)
            holes[name] = np.where(rng.uniform(size=ROWS) < 0.2, np.nan, mixed[name])
        elif column.dtype == object:
            gap = np.asarray(column, dtype=object).copy()
            gap[rng.uniform(size=ROWS) < 0.2] = "never seen"
            holes[name] = gap
    return [mixed, wide, holes]


def _texts(items, rng):
    words = sorted({word for text in items for word in text.split()})
    chosen = [words[i] for i in rng.randint(len(words), size=6 * 256)]
    mixed = [" ".join(chosen[6 * i : 6 * i + 1 + i % 6]) for i in range(256)]
    pairs = [a + " " + b for a, b in zip(items, items[1:])]
    cased = [text.upper() for text in items] + [text.replace(" ", ", ") for text in items]
    return words + mixed + pairs + cased + [item * 2 for item in items] + [""]


def _dicts(items, rng):
    values = {}
    for item in items:
        for name, value in item.items():
            values.setdefault(name, []).append(value)
    found = []
    for _ in range(256):
        row = {}
        for name in sorted(values):
            if rng.uniform() < 0.7:
                value = values[name][rng.randint(len(values[name]))]
                row[name] = value * 3.7 if isinstance(value, float) else value
        found.append(row)
    return found


# ------------------------------------------------------------------ aimed at a mutant
def aimed(data, site, said, rng):
    """Inputs that are aimed at what was changed: a list, of the kind of `data`."""
    if hasattr(data, "iloc"):
        return _aimed_frames(data, said, rng)
    sparse = hasattr(data, "tocsr")
    if sparse or (isinstance(data, np.ndarray) and data.ndim == 2 and data.dtype.kind in "fiu"):
        rows = data.toarray() if sparse else data
        found = _aimed_rows(rows.astype(np.float64), site, said, rng)
        if data.dtype == np.float32:
            found = [part.astype(np.float32) for part in found]
        if sparse:
            from scipy.sparse import csr_matrix

            found = [csr_matrix(part) for part in found]
        return found
    if isinstance(data, np.ndarray) and data.ndim == 1 and data.dtype.kind in "fiu":
        return [np.array(part) for part in [_near(said)] if len(part)]
    if isinstance(data, np.ndarray):
        return _aimed_objects(data, said)
    if count_rows(data) and isinstance(data[0], str):
        terms = [item for item in (said.get("old"), said.get("new")) if isinstance(item, str)]
        texts = terms + [" ".join(terms), " ".join(terms[::-1])]
        return [texts + [text + " " + term for text in data for term in terms]] if terms else []
    return []


def _near(said):
    """The old and the new number, what lies between them, and their neighbours."""
    found = []
    for value in (said.get("old"), said.get("new")):
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value:
            single = np.float32(value)
            found += [value, np.nextafter(value, -np.inf), np.nextafter(value, np.inf), -value]
            found += [single, np.nextafter(single, np.float32(-np.inf))]
            found += [np.nextafter(single, np.float32(np.inf)), value / 2, value * 2, 1e4 * value]
    if len(found) == 20:
        found.append((float(found[0]) + float(found[10])) / 2)
    return np.unique([float(value) for value in found if np.isfinite(value)])


def _aimed_rows(rows, site, said, rng):
    near = _near(said)
    bases = rows[rng.randint(len(rows), size=BASES)]
    bases = np.where(np.isfinite(bases), bases, 0.0)
    found = []
    if "node" in said:
        bases = _reaching(site.value, said["node"], bases, rng)
        found.append(bases)
        if "missing_go_to_left" in (site.value.dtype.names or ()):
            holes = np.array(bases)
            feature = _fields(site.value)[2][said["node"]]
            if 0 <= feature < holes.shape[1]:
                holes[:, feature] = np.nan
                found.append(holes)
    if len(near):
        columns = np.arange(rows.shape[1])
        if len(columns) > MAX_COLUMNS:
            columns = rng.choice(columns, size=MAX_COLUMNS, replace=False)
        parts = []
        for j in columns:
            part = np.repeat(bases, len(near), axis=0)
            part[:, j] = np.tile(near, len(bases))
            parts.append(part)
        found.append(np.concatenate(parts))
        found.append(np.repeat(near[:, np.newaxis], rows.shape[1], axis=1))
    return found


def _fields(nodes):
    """(left, right, feature, threshold, leaf) of the nodes of a tree of either kind."""
    names = nodes.dtype.names
    if "left_child" in names:
        left, right = nodes["left_child"], nodes["right_child"]
        return left, right, nodes["feature"], nodes["threshold"], left < 0
    threshold = nodes["num_threshold" if "num_threshold" in names else "threshold"]
    return (
        nodes["left"].astype(int),
        nodes["right"].astype(int),
        nodes["feature_idx"].astype(int),
        threshold,
        nodes["is_leaf"].astype(bool),
    )


def _reaching(nodes, node, bases, rng):
    """The rows, moved so that they fulfil every condition on the way to a node."""
    left, right, feature, threshold, leaf = _fields(nodes)
    parent = {}
    for i in np.flatnonzero(~leaf):
        parent[int(left[i])], parent[int(right[i])] = (int(i), True), (int(i), False)
    result = np.array(bases)
    low = np.full(result.shape[1], -np.inf)
    high = np.full(result.shape[1], np.inf)
    while node in parent:
        node, is_left = parent[node]
        j = int(feature[node])
        if j >= result.shape[1]:
            return result
        if is_left:
            high[j] = min(high[j], threshold[node])
        else:
            low[j] = max(low[j], threshold[node])
    for j in range(result.shape[1]):
        if np.isinf(low[j]) and np.isinf(high[j]):
            continue
        first = low[j] if np.isfinite(low[j]) else high[j] - abs(high[j]) - 1.0
        last = high[j] if np.isfinite(high[j]) else low[j] + abs(low[j]) + 1.0
        inside = (result[:, j] > low[j]) & (result[:, j] <= high[j])
        fresh = first + (last - first) * rng.uniform(0.05, 0.95, size=len(result))
        result[:, j] = np.where(inside, result[:, j], fresh)
    return result


def _aimed_objects(data, said):
    found = []
    for value in (said.get("old"), said.get("new")):
        if value is None:
            continue
        part = np.array(np.resize(data, (8,) + data.shape[1:]), dtype=object)
        if data.ndim == 1:
            part[:] = value
        else:
            for i in range(len(part)):
                part[i, i % data.shape[1]] = value
        found.append(part)
    return found


def _aimed_frames(data, said, rng):
    near = _near(said)
    found = []
    for name in data.columns[:MAX_COLUMNS]:
        kind = data[name].dtype.kind
        values = near if kind in "fiu" else [said.get("old"), said.get("new")]
        values = [value for value in values if value is not None]
        if not values:
            continue
        part = take(data, rng.randint(len(data), size=BASES * len(values))).reset_index(drop=True)
        part[name] = np.tile(np.asarray(values, dtype=float if kind in "fiu" else object), BASES)
        found.append(part)
    return found
