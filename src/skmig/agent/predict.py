"""Predict: what every prediction-like method of a fitted model answers on its probes.

The calls are a fixed list of plans, so that two releases are asked the same questions in the same
order.  A method that raises is an answer too.  The model is left as it was: inputs are copied,
and settings that are changed for the time of the calls are put back.
"""

import collections
import contextlib
import copy
import inspect
import pickle
import types
import warnings
from typing import List

import numpy as np

from skmig.agent.sway import sway

# rows for methods whose answer is much larger than their input, or costs much more than predict
ROWS_SMALL = 64
ROWS_TINY = 16
STAGES = 16
MAX_DEPTH = 6

ON_DATA = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "predict_joint_log_proba",
    "decision_function",
    "score_samples",
    "transform",
    "inverse_transform",
    "kneighbors",
    "radius_neighbors",
    "kneighbors_graph",
    "apply",
    "decision_path",
    "staged_predict",
    "staged_predict_proba",
    "staged_decision_function",
    "mahalanobis",
    "query",
)
# what is asked about the missing values that the model never saw (`gaps` of a probe)
MISSING = "(missing)"
ON_GAPS = ("predict", "predict_proba", "decision_function", "score_samples", "transform", "apply")
# methods that some estimators answer by chance
CHANCY = ("predict", "predict_proba", "predict_log_proba", "transform")
WITHOUT_DATA = (
    "get_feature_names_out",
    "get_feature_names",
    "get_support",
    "get_depth",
    "get_n_leaves",
)
# one answer to all rows together: no row has an answer of its own
TOGETHER = ("predict(return_cov)",)
# what recursive elimination passes on to the estimator inside, which selects nothing itself
_ELIMINATION = ("RFE", "RFECV")
_SCORES = ("predict", "predict_proba", "predict_log_proba", "decision_function")
# what an estimator that cannot be asked about new rows has to say about its own
FITTED = (
    "labels_",
    "embedding_",
    "negative_outlier_factor_",
    "row_labels_",
    "column_labels_",
    "covariance_",
    # of a search that fitted no best estimator
    "best_index_",
    "best_score_",
)
# of a bare tree; what is asked for is what the tree holds at least
NEIGHBOURS = 5


_NOTED: List[str] = []


def tell(path):
    """Keep in the file `path` what is being done: where a process was that did not come back."""
    _NOTED[:] = [path]


def doing(what):
    """Say what is done from now on, if somebody wants to know."""
    for path in _NOTED:
        with open(path, "w") as handle:
            handle.write(what)


def estimators(artifact, path="model"):
    """The objects of an artifact whose outputs are compared, as a list of (path, object).

    The artifact itself where it has prediction-like methods, else the ones in its dicts, lists
    and tuples.  The inside of a pipeline is not listed: the pipeline answers for it.
    """
    found = []
    _collect(artifact, path, found, set(), 0)
    return found


def _collect(value, path, found, seen, depth):
    if depth > MAX_DEPTH or id(value) in seen:
        return
    if isinstance(value, dict):
        children = [("%s[%r]" % (path, key), item) for key, item in value.items()]
    elif isinstance(value, (list, tuple)):
        children = [("%s[%d]" % (path, i), item) for i, item in enumerate(value)]
    else:
        if _answers(value):
            seen.add(id(value))
            found.append((path, value))
        return
    seen.add(id(value))
    for place, item in children:
        _collect(item, place, found, seen, depth + 1)


def _answers(value):
    if isinstance(value, (type, types.FunctionType, types.ModuleType, np.ndarray, np.generic)):
        return False
    if type(value).__module__.split(".")[0] in ("builtins", "numpy", "pandas", "scipy"):
        return False
    return any(has(value, name) for name in ON_DATA + ("get_params",))


def has(estimator, name):
    """Does the object offer the method?  Searches and pipelines decide when they are asked."""
    try:
        kind = type(estimator)
        if not (
            hasattr(kind, name)
            or hasattr(kind, "__getattr__")
            or kind.__getattribute__ is not object.__getattribute__
            or name in getattr(estimator, "__dict__", ())
        ):
            return False  # most of what is asked, and the long way takes long
        with quiet():
            return callable(getattr(estimator, name, None))
    except Exception:
        # the attribute exists but refuses to be looked at: the call will say why
        return True


@contextlib.contextmanager
def quiet():
    """No warnings of scikit-learn, numpy or the model's own code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with np.errstate(all="ignore"):
            yield


# ------------------------------------------------------------------ rows of any input
def count_rows(data):
    """How many rows an input has, whatever it is made of."""
    shape = getattr(data, "shape", None)
    return int(shape[0]) if shape else len(data)


def take(data, rows):
    """The given rows of an input, as a copy of the same kind."""
    if hasattr(data, "iloc"):
        return data.iloc[rows].copy()
    if isinstance(data, np.ndarray):
        return data[rows]
    if hasattr(data, "tocsr"):
        return data.tocsr()[rows].asformat(data.format)
    return [copy.deepcopy(data[i]) for i in rows]


def evenly(count, limit):
    """The numbers of at most `limit` of `count` rows, evenly chosen."""
    if count > limit:
        return np.unique(np.linspace(0, count - 1, limit).astype(int))
    return np.arange(count)


def take_all(data):
    """All rows of an input, as a copy."""
    return take(data, np.arange(count_rows(data)))


def some(data, limit):
    """At most `limit` rows, evenly chosen; always a copy."""
    return take(data, evenly(count_rows(data), limit))


# ------------------------------------------------------------------ one job at a time
@contextlib.contextmanager
def one_job(estimator):
    """Parallel sums depend on the order in which threads finish: no `n_jobs` meanwhile."""
    changed = []
    _set_one_job(estimator, changed, set(), 0)
    try:
        yield
    finally:
        for state, value in changed:
            state["n_jobs"] = value


def _set_one_job(value, changed, seen, depth):
    if depth > 2 * MAX_DEPTH or id(value) in seen:
        return
    if isinstance(value, (list, tuple)):
        children = value
    elif isinstance(value, dict):
        children = value.values()
    elif isinstance(value, np.ndarray) and value.dtype == object:
        children = value.ravel()
    elif hasattr(value, "get_params") and isinstance(getattr(value, "__dict__", None), dict):
        state = value.__dict__
        if state.get("n_jobs", 1) != 1:
            changed.append((state, state["n_jobs"]))
            state["n_jobs"] = 1
        children = list(state.values())
    else:
        return
    seen.add(id(value))
    for item in children:
        if isinstance(item, (str, bytes, int, float, np.generic, type(None))):
            continue
        _set_one_job(item, changed, seen, depth + 1)


# ------------------------------------------------------------------ the plans
def _collected(stages):
    """The stages of a generator, evenly chosen: the first and the last are always there."""
    stages = [np.array(stage) for stage in stages]
    if len(stages) > STAGES:
        chosen = np.unique(np.linspace(0, len(stages) - 1, STAGES).astype(int))
        stages = [stages[i] for i in chosen]
    return stages


def _plain(value):
    """Iterators become lists, so that the answer can be looked at twice."""
    if isinstance(value, (types.GeneratorType, map, filter, zip)):
        return list(value)
    return value


def _kneighbors(method, rows):
    distances, indices = method(rows)
    answer = {"distances": distances, "indices": indices}
    try:
        # how far away the first one is that was left out: only where it is as far as the last one
        # is it the search's choice which of them is listed
        further, _ = method(rows, n_neighbors=indices.shape[1] + 1)
        answer["next"] = further[:, -1]
    except Exception:
        # there are no more points
        pass
    return answer


def _query(method, rows):
    count = min(NEIGHBOURS, np.shape(method.__self__.data)[0])
    distances, indices = method(rows, k=count)
    return {"distances": distances, "indices": indices}


def _radius_neighbors(method, rows):
    distances, indices = method(rows)
    # the neighbours within a radius are a set: they come in the order of the search
    order = [np.argsort(np.asarray(row), kind="mergesort") for row in indices]
    return {
        "distances": [np.asarray(row)[o] for row, o in zip(distances, order)],
        "indices": [np.asarray(row)[o] for row, o in zip(indices, order)],
    }


_ROWS = {
    "kneighbors_graph": ROWS_SMALL,
    "radius_neighbors": ROWS_TINY,
    "decision_path": ROWS_SMALL,
    "staged_predict": ROWS_SMALL,
    "staged_predict_proba": ROWS_SMALL,
    "staged_decision_function": ROWS_SMALL,
}


def outputs(estimator, probe, only=None, state=True):
    """The answers of every prediction-like method, as {method: {"value": …} or {"error": …}}.

    `probe`: {"input": X}, or None where there is no input.  `only`: the names of the methods that
    are wanted, None for all.  `state`: also ask what no rows are needed for, and what is one answer
    to all rows together.  Warnings stand beside an answer, and beside one to some of the rows only,
    the numbers of these `rows`.
    """
    answers = collections.OrderedDict()
    data = None if probe is None else probe.get("input")
    asked = _Wanted(only)
    with one_job(estimator):
        if data is not None:
            for name in ON_DATA:
                if name in asked and has(estimator, name):
                    _ask_on_data(answers, estimator, name, data, probe.get("swayed", False))
                    if name in CHANCY and not probe.get("swayed", False):
                        _settle(answers, estimator, name, data)
            _ask_spread(answers, estimator, data, asked, state)
            if not probe.get("swayed", False):
                _mark_ties(answers, estimator, data)
        gaps = None if probe is None else probe.get("gaps")
        for name in ON_GAPS if gaps is not None else ():
            if name + MISSING in asked and has(estimator, name):
                answers[name + MISSING] = _ask(getattr, estimator, name, take_all(gaps))
        if state:
            _ask_state(answers, estimator, asked)
    return {name: answer for name, answer in answers.items() if only is None or name in only}


class _Wanted(object):
    """Which methods are asked: an inverse is asked about what the transform gave."""

    def __init__(self, only):
        self.only = only

    def __contains__(self, name):
        if self.only is None or name in self.only:
            return True
        return name == "transform" and "inverse_transform" in self.only


def _ask_state(answers, estimator, asked):
    for name in WITHOUT_DATA:
        if name in asked and has(estimator, name):
            answers[name] = _ask(getattr, estimator, name)
    if not any("value" in answers.get(name, {}) for name in ON_DATA):
        fitted = getattr(_last(estimator), "__dict__", {})
        for name in FITTED:
            if name in asked and name in fitted:
                answers[name] = {"value": copy.deepcopy(fitted[name])}


def _last(estimator):
    """What a pipeline or a search hands the answers of on, down to an estimator of its own."""
    for _ in range(MAX_DEPTH):
        state = getattr(estimator, "__dict__", {})
        steps = state.get("steps")
        if isinstance(steps, list) and steps:
            estimator = steps[-1][1]
        elif state.get("best_estimator_") is not None:
            estimator = state["best_estimator_"]
        else:
            break
    return estimator


def _ask_on_data(answers, estimator, name, data, swayed):
    if name == "inverse_transform":
        own = answers.get("transform", {})
        if "value" in own:
            # some inverses work in place
            given = _in_order(copy.deepcopy(own["value"]))
            if swayed:
                # the input of the inverse moves too, or the way there and back would cancel
                given = given if sway(given) is None else sway(given)
            answers[name] = _ask(getattr, estimator, name, given)
            full = _without_missing(own["value"])
            if "error" in answers[name] and full is not None:
                answers[name] = _ask(getattr, estimator, name, own["value"][full])
                answers[name]["rows"] = full
            if "chance" in own:
                answers[name]["chance"] = own["chance"]
        return
    count = count_rows(data)
    chosen = evenly(count, _ROWS.get(name, count))
    rows = take(data, chosen)
    shape = {
        "kneighbors": _kneighbors,
        "radius_neighbors": _radius_neighbors,
        "query": _query,
    }.get(name)
    if name.startswith("staged_"):
        answers[name] = _ask(
            lambda e, n: lambda x: _collected(getattr(e, n)(x)), estimator, name, rows
        )
    elif shape is not None:
        answers[name] = _ask(lambda e, n: lambda x: shape(getattr(e, n), x), estimator, name, rows)
    else:
        answers[name] = _ask(getattr, estimator, name, rows)
    if len(chosen) < count:
        answers[name]["rows"] = chosen


def _in_order(value):
    """A sparse matrix with its entries in the order of columns, in which every release reads it."""
    if hasattr(value, "sort_indices"):
        value.sort_indices()
    return value


def offers(estimator):
    """The methods that the class has, whether or not this object can use them.

    What only passes a call on offers what the estimator inside does.
    """
    steps = getattr(estimator, "steps", None)
    if steps and isinstance(steps, list):
        inner = [step for _name, step in steps if step is not None and step != "passthrough"]
    else:
        inner = [getattr(estimator, "best_estimator_", estimator)]
    known = set(dir(type(estimator)))
    own = [name for name in ON_DATA + WITHOUT_DATA if name in known]
    if type(estimator).__name__ in _ELIMINATION and hasattr(estimator, "estimator_"):
        passed = offers(estimator.estimator_)
        return [name for name in own if name in passed or name not in _SCORES]
    if not inner or inner[-1] is estimator:
        return own
    passed = offers(inner[-1])
    return [name for name in own if name in passed]


def _settle(answers, estimator, name, data):
    """An answer that chance decides need not be the same: it is asked for twice."""
    if "value" not in answers[name]:
        return
    rows = some(data, ROWS_TINY)
    first, second = (_ask(getattr, estimator, name, rows) for _ in range(2))
    if not _same(first.get("value"), second.get("value")):
        # where the seed is part of the model, another release may still draw the same
        answers[name]["chance"] = "Random: two calls of `%s` give different answers" % name


def _mark_ties(answers, estimator, data):
    """The rows in which it is up to the search which of two neighbours comes last."""
    from skmig.agent.probes.ties import clear_rows

    with quiet():
        clear = clear_rows(estimator, data)
    if clear is not None and not clear.all():
        for name in CHANCY:
            if "value" in answers.get(name, {}):
                answers[name]["tied"] = np.flatnonzero(~clear).tolist()


def _same(one, two):
    if type(one) is not type(two) or not isinstance(one, np.ndarray):
        return type(one) is type(two)
    if one.shape != two.shape:
        return False
    return bool(((one == two) | ((one != one) & (two != two))).all())


def _without_missing(value):
    """The numbers of the rows that miss nothing: not every inverse takes what a transform let pass.

    None where these are all rows, or none.
    """
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.ndim != 2:
        return None
    full = ~np.isnan(value).any(axis=1)
    return np.flatnonzero(full) if full.any() and not full.all() else None


def _ask_spread(answers, estimator, data, asked, together):
    """What Bayesian regressors say about their own uncertainty.

    `together`: also their covariance, which is one answer to all rows.
    """
    if not has(estimator, "predict"):
        return
    try:
        parameters = inspect.signature(estimator.predict).parameters
    except (TypeError, ValueError):
        return
    count = count_rows(data)
    for flag, limit in (("return_std", count), ("return_cov", ROWS_SMALL)):
        name = "predict(%s)" % flag
        if flag not in parameters or name not in asked or (name in TOGETHER and not together):
            continue
        chosen = evenly(count, limit)
        answers[name] = _ask(
            lambda e, n, f=flag: lambda x: getattr(e, n)(x, **{f: True}),
            estimator,
            "predict",
            take(data, chosen),
        )
        if len(chosen) < count:
            answers[name]["rows"] = chosen


def _ask(look_up, estimator, name, *args):
    doing(name)
    answer = {}
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            answer["value"] = _plain(look_up(estimator, name)(*args))
        except MemoryError:
            raise
        except Exception as exc:
            answer["error"] = "%s: %s" % (type(exc).__name__, exc)
    said = sorted({"%s: %s" % (item.category.__name__, item.message) for item in caught})
    if said:
        answer["warnings"] = said
    return answer


# ------------------------------------------------------------------ is it a whole estimator?
def checks(estimator):
    """What fails of that which any estimator can do, one sentence each; empty when all is well."""
    failures = []
    for name, check in (
        ("get_params", _check_params),
        ("clone", _check_clone),
        ("repr", repr),
        ("pickle", _check_pickle),
    ):
        doing(name)
        try:
            with quiet():
                check(estimator)
        except Exception as exc:
            failures.append("%s: %s: %s" % (name, type(exc).__name__, exc))
    return failures


def _check_params(estimator):
    if hasattr(estimator, "get_params"):
        estimator.get_params(deep=True)


def _forgets(estimator):
    """Does its class not keep what it must be constructed with?  Then it can clone no object."""
    known = inspect.signature(type(estimator).__init__).parameters.values()
    required = [
        each.name
        for each in list(known)[1:]
        if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
    ]
    return not all(hasattr(estimator, name) for name in required)


def _check_clone(estimator):
    if hasattr(estimator, "get_params") and not _forgets(estimator):
        from sklearn.base import clone

        copied = clone(estimator)
        copied.set_params(**copied.get_params(deep=False))


def _check_pickle(estimator):
    pickle.loads(pickle.dumps(estimator, protocol=pickle.HIGHEST_PROTOCOL))
