"""How specimens are written down: lazily, so that one table serves every release.

A *row* is `(class, label, data, parameters)`.  The class is a path below `sklearn`, the data a few
words (see `specimens.data`), and parameters are values, or one of the classes here, which are
looked up in the release at hand.  What a release does not have raises `Unavailable`.

Runs on Python 3.6 and every release of scikit-learn in the table.
"""

import importlib
import inspect
import itertools
import warnings

from specimens import data


class Unavailable(Exception):
    """This release has no such class, parameter, option or input."""


class Make(object):
    """An estimator to be constructed: a path below `sklearn` and parameters."""

    def __init__(self, _path, **parameters):
        self.path = _path
        self.parameters = parameters


class Fitted(object):
    """An estimator to be constructed and fitted on `words`."""

    def __init__(self, _make, words):
        self.make = _make
        self.words = words


class Ref(object):
    """A function or class by its whole dotted path."""

    def __init__(self, path):
        self.path = path


class Call(object):
    """The result of calling what stands at a dotted path."""

    def __init__(self, _path, *args, **kwargs):
        self.path, self.args, self.kwargs = _path, args, kwargs


class Either(object):
    """The first of several spellings that this release accepts, newest first."""

    def __init__(self, *spellings):
        self.spellings = spellings


# parameters that were renamed: today's name, and what to use where it is not known
RENAMED = {
    "estimator": "base_estimator",
    "sparse_output": "sparse",
    "covariance_estimator": None,
    "metric": "affinity",
    "n_features_to_select": None,
}


def look_up(path):
    """The object at a dotted path.  Raises Unavailable."""
    parts = path.split(".")
    for split in range(len(parts) - 1, 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:split]))
        except ImportError:
            continue
        try:
            for part in parts[split:]:
                thing = getattr(thing, part)
        except AttributeError:
            break
        return thing
    raise Unavailable("no `%s`" % path)


def construct(path, parameters, choice):
    """Construct the class `path` of sklearn."""
    cls = look_up("sklearn." + path)
    init = getattr(cls.__init__, "deprecated_original", cls.__init__)
    known = set(inspect.signature(init).parameters)
    settings = {}
    for name, value in parameters.items():
        if name not in known:
            older = RENAMED.get(name)
            if older is None or older not in known:
                raise Unavailable("`%s` has no parameter `%s`" % (path, name))
            name = older
        settings[name] = resolve(value, choice)
    return cls(**settings)


def resolve(value, choice):
    """A parameter's value in this release; `choice` maps id(Either) to a spelling."""
    if isinstance(value, Make):
        return construct(value.path, value.parameters, choice)
    if isinstance(value, Fitted):
        bundle = data.load(value.words)
        return fit(resolve(value.make, choice), bundle)
    if isinstance(value, Ref):
        return look_up(value.path)
    if isinstance(value, Call):
        return look_up(value.path)(*resolve(value.args, choice), **resolve(value.kwargs, choice))
    if isinstance(value, Either):
        return choice[id(value)]
    if type(value) in (list, tuple):
        return type(value)([resolve(item, choice) for item in value])
    if type(value) is dict:
        return {key: resolve(item, choice) for key, item in value.items()}
    return value


def choices(value):
    """Every `Either` inside a parameter value."""
    if isinstance(value, Either):
        return [value]
    if isinstance(value, Make):
        return choices(value.parameters)
    if isinstance(value, Fitted):
        return choices(value.make)
    if type(value) in (list, tuple):
        return list(itertools.chain.from_iterable(choices(item) for item in value))
    if type(value) is dict:
        return choices(list(value.values()))
    return []


def fit(model, bundle):
    """Fit as the words of the data say: with weights, in parts, twice."""
    keywords = {} if bundle.weights is None else {"sample_weight": bundle.weights}
    if bundle.partial:
        half = len(bundle.y) // 2 if bundle.y is not None else bundle.X.shape[0] // 2
        accepts = "classes" in inspect.signature(model.partial_fit).parameters
        first = {"classes": sorted(set(bundle.y))} if accepts else {}
        for rows, more in ((slice(0, half), first), (slice(half, None), {})):
            target = None if bundle.y is None else bundle.y[rows]
            model.partial_fit(bundle.X[rows], target, **more)
        return model
    if bundle.y is None:
        model.fit(bundle.X, **keywords)
    else:
        model.fit(bundle.X, bundle.y, **keywords)
    if bundle.again:
        model.set_params(**bundle.again)
        model.fit(bundle.X, bundle.y, **keywords)
    return model


# what a release raises when it does not know an option or cannot take an input; deliberately wide,
# and held in check by a test that the newest releases can fit everything
REFUSALS = (ValueError, TypeError, LookupError, AttributeError, NotImplementedError)


def specimen(row):
    """The function that fits one row."""
    path, _label, words, parameters = row

    def run():
        bundle = data.load(words)
        eithers = choices(parameters)
        failure = None
        for spelling in itertools.product(*(either.spellings for either in eithers)):
            choice = {id(either): one for either, one in zip(eithers, spelling)}
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    model = construct(path, parameters, choice)
                    if not bundle.unfitted:
                        model = fit(model, bundle)
                return {"model": model, "X": bundle.X_out}
            except REFUSALS as exc:
                failure = exc
        raise Unavailable("%s: %s" % (type(failure).__name__, str(failure).split("\n")[0][:200]))

    run.__doc__ = "%s on %s" % (path, words)
    return run


def table(rows):
    """Rows as a dict: `Class@label` -> function."""
    result = {}
    for row in rows:
        name = "%s@%s" % (row[0].rsplit(".", 1)[1], row[1])
        if name in result:
            raise ValueError("two specimens named %s" % name)
        result[name] = specimen(row)
    return result
