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

import numpy as np

from skmig.agent import beginnings

# rows for methods whose answer is much larger than their input, or costs much more than predict
ROWS_SMALL = 64
ROWS_TINY = 16
STAGES = 16
MAX_DEPTH = 6
SWAYS, SWAYS_FIRST = 8, 2  # one nudge of terms that cancel may leave their difference as it was
# a relative change that no tolerance would notice
NOISE = 1e-11
# a relative change that no rounding makes
JUMP = 1e-6

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
)
# methods that some estimators answer by chance
CHANCY = ("predict", "predict_proba", "predict_log_proba", "transform")
WITHOUT_DATA = (
    "get_feature_names_out",
    "get_feature_names",
    "get_support",
    "get_depth",
    "get_n_leaves",
)
# what an estimator that cannot be asked about new rows has to say about its own
FITTED = ("labels_", "embedding_", "negative_outlier_factor_", "row_labels_", "column_labels_")


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


def some(data, limit):
    """At most `limit` rows, evenly chosen; always a copy."""
    count = count_rows(data)
    rows = np.arange(count)
    if count > limit:
        rows = np.unique(np.linspace(0, count - 1, limit).astype(int))
    return take(data, rows)


# ------------------------------------------------------------------ one job at a time
@contextlib.contextmanager
def one_job(estimator):
    """Parallel sums depend on the order in which threads finish: no `n_jobs` meanwhile."""
    changed = []
    for item in _within(estimator):
        state = vars(item)
        if state.get("n_jobs", 1) != 1:
            changed.append((state, state["n_jobs"]))
            state["n_jobs"] = 1
    try:
        yield
    finally:
        for state, value in changed:
            state["n_jobs"] = value


def _within(estimator):
    """An estimator and every one inside it."""
    result, seen, stack = [], set(), [(estimator, 0)]
    while stack:
        value, depth = stack.pop()
        if depth > 2 * MAX_DEPTH or id(value) in seen:
            continue
        if isinstance(value, (list, tuple)):
            children = value
        elif isinstance(value, dict):
            children = value.values()
        elif isinstance(value, np.ndarray) and value.dtype == object:
            children = value.ravel()
        elif hasattr(value, "get_params") and isinstance(getattr(value, "__dict__", None), dict):
            result.append(value)
            children = list(vars(value).values())
        else:
            continue
        seen.add(id(value))
        plain = (str, bytes, int, float, np.generic, type(None))
        stack.extend((item, depth + 1) for item in children if not isinstance(item, plain))
    return result


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


def outputs(estimator, probe):
    """The answers of every prediction-like method, as {method: {"value": …} or {"error": …}}.

    `probe`: {"input": X}, or None where there is no input.  Warnings stand beside an answer.
    """
    answers = collections.OrderedDict()
    data = None if probe is None else probe.get("input")
    with one_job(estimator):
        if data is not None:
            for name in ON_DATA:
                if has(estimator, name):
                    _ask_on_data(answers, estimator, name, data, probe.get("swayed", False))
                    if name in CHANCY:
                        _settle(answers, estimator, name, data)
            _ask_spread(answers, estimator, data)
        for name in WITHOUT_DATA:
            if has(estimator, name):
                answers[name] = _ask(getattr, estimator, name)
        if not (has(estimator, "predict") or has(estimator, "transform")):
            for name in FITTED:
                if name in getattr(estimator, "__dict__", ()):
                    answers[name] = {"value": copy.deepcopy(estimator.__dict__[name])}
    return dict(answers)


def _ask_on_data(answers, estimator, name, data, swayed):
    if name == "inverse_transform":
        own = answers.get("transform", {})
        if "value" in own:
            # some inverses work in place
            given = _in_order(copy.deepcopy(own["value"]))
            if swayed:
                # the input of the inverse moves too, or the way there and back would cancel
                given = given if _sway(given) is None else _sway(given)
            answers[name] = _ask(getattr, estimator, name, given)
            whole = _without_missing(own["value"])
            if "error" in answers[name] and whole is not None:
                answers[name] = _ask(getattr, estimator, name, whole)
        return
    rows = some(data, _ROWS.get(name, count_rows(data)))
    shape = {"kneighbors": _kneighbors, "radius_neighbors": _radius_neighbors}.get(name)
    if name.startswith("staged_"):
        answers[name] = _ask(
            lambda e, n: lambda x: _collected(getattr(e, n)(x)), estimator, name, rows
        )
    elif shape is not None:
        answers[name] = _ask(lambda e, n: lambda x: shape(getattr(e, n), x), estimator, name, rows)
    else:
        answers[name] = _ask(getattr, estimator, name, rows)


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
    own = [name for name in ON_DATA + WITHOUT_DATA if name in dir(type(estimator))]
    if not inner or inner[-1] is estimator:
        return own
    passed = offers(inner[-1])
    return [name for name in own if name in passed]


def rounding(estimator, probe, answers):
    """How far each row of an answer moves when the last bits of the input do: {method: rows}.

    What is far below any tolerance is left out.
    """
    data = None if probe is None else probe.get("input")
    result = {}
    unmoved = True
    for seed in range(SWAYS):
        # a model that reads single precision does not see the last bits of doubles at all
        single = unmoved and seed >= SWAYS_FIRST
        first = SWAYS_FIRST * (1 + single)
        if seed == first and not any(gap is not None for gap in result.values()):
            break
        swayed = None if data is None else _sway(data, seed, single)
        if swayed is None:
            return {}
        moved = outputs(estimator, dict(probe, input=swayed, swayed=True))
        for name, answer in moved.items():
            pair = answers.get(name, {}).get("value"), answer.get("value")
            unmoved = unmoved and (single or _moved(*pair, noise=0.0) is None)
            result[name] = _larger(result.get(name), _moved(*pair))
    boosters = beginnings.found(_within(estimator))
    if boosters:
        # what made a row jump says nothing of the rounding of its first prediction
        result = {
            name: _calm(gap, answers[name]["value"])
            for name, gap in result.items()
            if gap is not None
        }
        for seed in range(SWAYS):
            with beginnings.swayed(boosters, seed):
                moved = outputs(estimator, probe)
            for name, answer in moved.items():
                pair = answers.get(name, {}).get("value"), answer.get("value")
                result[name] = _larger(result.get(name), _moved(*pair))
    return {name: gap for name, gap in result.items() if gap is not None}


def _larger(one, two):
    """The larger of two sets of gaps, whatever their nesting."""
    if one is None or two is None:
        return two if one is None else one
    if isinstance(one, dict):
        return {name: _larger(one[name], two[name]) for name in one}
    if isinstance(one, list):
        return [_larger(*pair) for pair in zip(one, two)]
    return np.maximum(one, two)


def _calm(gap, answer):
    """The same gaps, without those of rows that reached another leaf."""
    if isinstance(gap, dict):
        return {name: _calm(item, answer[name]) for name, item in gap.items()}
    if isinstance(gap, list):
        return [_calm(*pair) for pair in zip(gap, answer)]
    if gap is None:
        return None
    return np.where(gap > JUMP * _sizes(answer), 0.0, gap)


def _sizes(answer):
    """The largest number of each row."""
    finite = np.abs(np.where(np.isfinite(answer), answer, 0))
    return finite.reshape(len(answer), -1).max(axis=1)


def _moved(one, two, noise=NOISE):
    """How far each row of an answer moved, in the nesting of the answer; None for no floats."""
    if isinstance(one, dict) and isinstance(two, dict) and set(one) == set(two):
        result = {name: _moved(item, two[name], noise) for name, item in one.items()}
        return result if any(item is not None for item in result.values()) else None
    if isinstance(one, (list, tuple)) and isinstance(two, (list, tuple)) and len(one) == len(two):
        result = [_moved(a, b, noise) for a, b in zip(one, two)]
        return result if any(item is not None for item in result) else None
    for value in (one, two):
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.size:
            return None
    if one.shape != two.shape or not one.ndim:
        return None
    with np.errstate(all="ignore"):
        gap = np.abs(one - two)
        gap = np.where(np.isfinite(gap), gap, 0).reshape(len(one), -1).max(axis=1)
        size = _sizes(one)
    return gap.astype(np.float64) if (gap > noise * size).any() else None


def _sway(data, seed=0, single=False):
    """The same input, numbers moved by their last bit up or down; None for no numbers.

    `single`: by the last bit of their single precision.
    """
    if isinstance(data, np.ndarray) and data.dtype.kind == "f":
        ways = np.random.RandomState(seed).choice([-np.inf, np.inf], size=data.shape)
        read = data.astype(np.float32) if single else data
        return np.nextafter(read, ways.astype(read.dtype)).astype(data.dtype)
    if hasattr(data, "iloc") and hasattr(data, "columns"):
        result = data.copy()
        for place, name in enumerate(data.columns):
            moved = _sway(np.asarray(data[name]), seed + SWAYS * place, single)
            if moved is not None:
                result[name] = moved
        return result
    if hasattr(data, "tocsr"):
        result = data.copy()
        result.data = _sway(result.data, seed, single)
        return result if result.data is not None else None
    return None


def _settle(answers, estimator, name, data):
    """An answer that chance decides cannot be compared: it is asked for twice."""
    if "value" not in answers[name] or isinstance(
        getattr(estimator, "random_state", 0), (int, np.integer)
    ):
        return
    rows = some(data, ROWS_TINY)
    first, second = (_ask(getattr, estimator, name, rows) for _ in range(2))
    if not _same(first.get("value"), second.get("value")):
        answers[name] = {"error": "Random: two calls of `%s` give different answers" % name}


def _same(one, two):
    if type(one) is not type(two) or not isinstance(one, np.ndarray):
        return type(one) is type(two)
    if one.shape != two.shape:
        return False
    return bool(((one == two) | ((one != one) & (two != two))).all())


def _without_missing(value):
    """The rows of an array that miss nothing: not every inverse takes what a transform let pass."""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.ndim != 2:
        return None
    full = ~np.isnan(value).any(axis=1)
    return value[full] if full.any() and not full.all() else None


def _ask_spread(answers, estimator, data):
    """What Bayesian regressors say about their own uncertainty."""
    if not has(estimator, "predict"):
        return
    try:
        parameters = inspect.signature(estimator.predict).parameters
    except (TypeError, ValueError):
        return
    for flag, limit in (("return_std", count_rows(data)), ("return_cov", ROWS_SMALL)):
        if flag in parameters:
            answers["predict(%s)" % flag] = _ask(
                lambda e, n, f=flag: lambda x: getattr(e, n)(x, **{f: True}),
                estimator,
                "predict",
                some(data, limit),
            )


def _ask(look_up, estimator, name, *args):
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
        try:
            with quiet():
                check(estimator)
        except Exception as exc:
            failures.append("%s: %s: %s" % (name, type(exc).__name__, exc))
    return failures


def _check_params(estimator):
    if hasattr(estimator, "get_params"):
        estimator.get_params(deep=True)


def _check_clone(estimator):
    if hasattr(estimator, "get_params"):
        from sklearn.base import clone

        copied = clone(estimator)
        copied.set_params(**copied.get_params(deep=False))


def _check_pickle(estimator):
    pickle.loads(pickle.dumps(estimator, protocol=pickle.HIGHEST_PROTOCOL))
