"""Probes: inputs that are made from a fitted model alone, so that its answers can be compared.

`synthesise` never fails and never uses chance beyond its seed: where it knows little it says so
in the coverage, and what the model itself refuses is left out.
"""

import warnings

import numpy as np

from skmig.agent.predict import count_rows, has, one_job, quiet, take
from skmig.agent.probes.block import MATRIX, TEXT, Block, Context
from skmig.agent.probes.borders import with_borders
from skmig.agent.probes.coverage import measure
from skmig.agent.probes.features import count_features
from skmig.agent.probes.gaps import gaps_are_meant
from skmig.agent.probes.search import joined, more_leaves
from skmig.agent.probes.ties import without_ties
from skmig.agent.probes.wanted import to_input, wanted

MAX_OUTPUT_CELLS = 8000000
MAX_CELLS = 2000000
_MAIN = (
    "predict",
    "transform",
    "decision_function",
    "score_samples",
    "kneighbors",
    "predict_proba",
    "mahalanobis",
    "query",
)
_TRIES = 96
MAX_EXTRA = 64
MAX_WIDTH = 256
ROWS_CALLED_BACK = 64
UNKNOWN = "?new?"


def synthesise(estimator, limit=4096, seed=0):
    """Make probes for a fitted estimator.

    Returns {"input": X or None, "gaps": rows with missing values that are asked apart, where there
    are such, "kind": …, "coverage": {"rows": n, "leaves": [reached, total],
    "thresholds": […], "categories": […], "terms": […], "edges": […], "branches": […],
    "notes": […]}}; the coverage holds what applies.
    """
    rng = np.random.RandomState(seed)
    methods = [name for name in _MAIN if has(estimator, name)]
    if not methods:
        return _none("the class has no method that takes new rows")
    with quiet(), one_job(estimator):
        notes = []
        if _calls_back(estimator):
            limit = min(limit, ROWS_CALLED_BACK)
        try:
            block = wanted(estimator, None, Context(limit, rng))
        except Exception as exc:
            block = None
            notes.append("not made from the model: %s: %s" % (type(exc).__name__, exc))
        if block is None or not len(block):
            block = _fallback(estimator, methods, rng, notes)
        if block is None:
            return _none("the model does not say what its input is", notes)
        for method in methods:
            data, kind = _accepted(block, _caller(estimator, [method]))
            if data is not None:
                break
        if data is None:
            return _none("the model refuses every input that was made for it", notes)
        others = [name for name in methods if name != method and _caller(estimator, [name])(data)]
        call = _caller(estimator, [method] + others)
        if kind in ("matrix", "frame"):
            data = more_leaves(estimator, data, call, limit, rng)
            data = with_borders(estimator, data, call, rng)
        meant = gaps_are_meant(estimator)
        data = _with_extras(block, data, kind, call, rng, notes, meant)
        gaps = None
        if not meant and kind in ("matrix", "frame"):
            data, gaps = _apart(data, _gaps(estimator, kind, call, limit // 4, rng))
        notes.extend(["missing values apart: the trees never saw one"] if gaps is not None else [])
        data = _bounded(estimator, without_ties(estimator, data, notes))
        coverage = measure(estimator, data)
    coverage["notes"] = block.notes + notes + coverage.get("notes", [])
    probe = {"input": data, "kind": kind, "coverage": coverage}
    if gaps is not None:
        coverage["gaps"] = count_rows(gaps)
        probe["gaps"] = gaps
    return probe


def _calls_back(estimator):
    """Does it call a function of Python for every pair of rows?"""
    try:
        parameters = estimator.get_params(deep=True)
    except Exception:
        return False
    return any(
        callable(value) and not isinstance(value, type) and not hasattr(value, "get_params")
        for name, value in parameters.items()
        if name.rsplit("__", 1)[-1] in ("metric", "kernel", "affinity")
    )


def unasked():
    """No probes, because none are wanted."""
    return _none("only the data of the user was asked")


def _none(why, notes=()):
    return {
        "input": None,
        "kind": "none",
        "coverage": {"rows": 0, "notes": list(notes) + ["no probes: %s" % why]},
    }


def _fallback(estimator, methods, rng, notes):
    """Random rows, of a width that the model says or takes."""
    count = count_features(estimator)
    if not count:
        call = _caller(estimator, methods[:1])
        # one that takes any width has none of its own
        widths = [4] + list(range(1, MAX_WIDTH))
        count = next((n for n in widths if call(np.full((3, n), 0.5))), None)
    if not count:
        return None
    notes.append("random rows: the model says little about its input")
    return Block(MATRIX, rng.normal(size=(64, count)) * 2.0)


def _caller(estimator, methods):
    """Does the model take this input?  Asked by all of the methods."""

    def call(data):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for name in methods:
                    getattr(estimator, name)(take(data, np.arange(count_rows(data))))
        except MemoryError:
            raise
        except Exception:
            return False
        return True

    return call


def _accepted(block, call):
    """The block in the first form that the model takes whole, else the form with most rows."""
    best, kind_of_best = None, "none"
    for kind, form in _forms(block):
        try:
            data = form()
        except Exception:
            continue
        good = _good_rows(data, call)
        if good is not None and (best is None or count_rows(good) > 2 * count_rows(best)):
            best, kind_of_best = good, kind
        if best is not None and 2 * count_rows(best) > len(block):
            break
    return best, kind_of_best


def _forms(block):
    """Ways to hand the block over, most faithful first."""
    if block.kind != MATRIX:
        yield block.kind, lambda: block.rows
        if block.kind == TEXT:
            yield "tokens", lambda: [text.split() for text in block.rows]
            yield "matrix", lambda: np.array(block.rows, dtype=object).reshape(-1, 1)
        return
    framed = block.frame and block.names is not None
    yield "frame" if framed else "matrix", lambda: to_input(block)
    if framed:
        bare = Block(MATRIX, block.rows)
        yield "matrix", lambda: to_input(bare)
        # columns of several types, put together without their names, are objects
        yield "frame", lambda: to_input(block).astype(object)
    # some compiled code takes the precision that it was fitted in, and no other
    yield "matrix", lambda: np.asarray(block.rows, dtype=np.float32)
    yield "matrix", lambda: _absolute(block)
    yield "sparse", lambda: _sparse(block)
    yield "matrix", lambda: block.rows.astype(object)
    yield "matrix", lambda: block.rows.astype(str)
    if block.rows.shape[1] == 1:
        yield "labels", lambda: to_input(block)[:, 0]


def _absolute(block):
    """For models of counts and of positive numbers."""
    data = to_input(block)
    return data.abs() + 1e-3 if hasattr(data, "iloc") else np.abs(data) + 1e-3


def _sparse(block):
    from scipy import sparse

    data = np.array(block.rows, dtype=float)
    data[np.abs(data) < 0.5 * np.nanmedian(np.abs(data))] = 0.0
    return sparse.csr_matrix(data)


def _good_rows(data, call):
    """All rows, or those of the largest parts that the model takes; None where it takes none."""
    count = count_rows(data)
    if call(data):
        return data
    waiting, good, tries = [np.arange(count)], [], 0
    while waiting and tries < _TRIES:
        rows = waiting.pop(0)
        if len(rows) == count or not call(take(data, rows)):
            if len(rows) > 1:
                half = len(rows) // 2
                waiting += [rows[:half], rows[half:]]
        else:
            good.append(rows)
        tries += 1
    if not good:
        return None
    return take(data, np.sort(np.concatenate(good)))


# ------------------------------------------------------------------ missing and unknown values
def _with_extras(block, data, kind, call, rng, notes, gaps):
    """Rows with missing values and unknown categories, in the columns that may hold them.

    `gaps`: whether missing values mean anything to the model.
    """
    if block.kind != MATRIX or kind not in ("matrix", "frame") or not len(block.rows):
        return data
    for name, columns in (
        ("unknown", sorted(block.categories)),
        ("missing", list(range(block.rows.shape[1]))),
    ):
        columns = columns[:MAX_EXTRA]
        if name == "missing" and not gaps:
            continue
        rows = [_changed(block, i, j, name) for i, j in enumerate(columns)]
        accepted = _taken(block, kind, rows, call)
        if not accepted:
            continue
        some_of = "" if len(accepted) == len(columns) else " in some columns"
        if name == "missing":
            rows += _holes(block, [columns[i] for i in accepted], rng)
            accepted += list(range(len(columns), len(rows)))
        try:
            extra = _extra(block, kind, [rows[i] for i in accepted])
            longer = joined(data, extra)
        except Exception:
            continue
        if call(longer):
            data = longer
            notes.append("with %s values%s" % (name, some_of))
    return data


def _gaps(estimator, kind, call, limit, rng):
    """Rows with missing values for trees that never saw one, where their release takes such rows.

    They are asked apart: which way such a value goes is in the trees and must be kept, but a
    release whose trees take none can still say all that was learned.
    """
    try:
        block = wanted(estimator, None, Context(limit, rng, gaps=True))
        if block is None or block.kind != MATRIX or kind not in ("matrix", "frame"):
            return None
        data = to_input(Block(MATRIX, block.rows, names=block.names, frame=kind == "frame"))
        rows = np.flatnonzero(_missing(data))
        return _good_rows(take(data, rows), call) if len(rows) else None
    except MemoryError:
        raise
    except Exception:
        return None


def _missing(data):
    """Which rows miss a value."""
    found = data.isnull() if hasattr(data, "iloc") else np.array(data != data)
    return np.asarray(found).any(axis=1)


def _apart(data, gaps):
    """The rows that miss nothing, and the others with `gaps`: what one part of a model means by a
    missing value, another may not take."""
    try:
        missing = _missing(data)
        if not missing.any() or missing.all():
            return data, gaps
        others = take(data, np.flatnonzero(missing))
        gaps = others if gaps is None else joined(gaps, others)
        return take(data, np.flatnonzero(~missing)), gaps
    except Exception:
        return data, gaps


def _taken(block, kind, rows, call):
    """Which of the rows the model takes: all at once, or asked one by one."""

    def takes(chosen):
        try:
            return call(_extra(block, kind, [rows[i] for i in chosen]))
        except Exception:
            return False

    everything = list(range(len(rows)))
    if not rows or takes(everything):
        return everything
    return [i for i in everything if takes([i])]


def _extra(block, kind, rows):
    array = np.empty((len(rows), block.rows.shape[1]), dtype=block.rows.dtype)
    for i, row in enumerate(rows):
        array[i] = row
    return to_input(Block(MATRIX, array, names=block.names, frame=kind == "frame"))


def _changed(block, i, j, name):
    """A row of the block with an unknown or a missing value in column `j`."""
    row = np.array(block.rows[i % len(block)], dtype=block.rows.dtype)
    if name == "missing":
        row[j] = np.nan
        return row
    known = block.categories[j]
    numbers = [item for item in known if not isinstance(item, str)]
    row[j] = max(numbers) + 1 if numbers and len(numbers) == len(known) else UNKNOWN
    return row


def _holes(block, columns, rng):
    """Rows with several missing values, in columns that may miss."""
    rows = []
    for i in range(min(len(block), 32)):
        row = np.array(block.rows[-1 - i], dtype=block.rows.dtype)
        for j in columns:
            if rng.uniform() < 0.3:
                row[j] = np.nan
        rows.append(row)
    return rows


def _bounded(estimator, data):
    """Fewer rows where each makes a very wide answer."""
    widest = 1
    first = take(data, np.arange(1))
    for name in ("transform", "predict_proba", "decision_function", "apply"):
        if has(estimator, name):
            try:
                answer = getattr(estimator, name)(first)
                size = answer.nnz if hasattr(answer, "nnz") else np.prod(np.shape(answer))
                widest = max(widest, int(size))
            except Exception:
                continue
    width = int(np.prod(np.shape(first)[1:])) if hasattr(first, "shape") else 1
    keep = max(min(MAX_OUTPUT_CELLS // widest, MAX_CELLS // max(width, 1)), 16)
    count = count_rows(data)
    if count <= keep:
        return data
    return take(data, np.unique(np.linspace(0, count - 1, keep).astype(int)))
