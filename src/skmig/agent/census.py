"""Census: what each class of this release of scikit-learn looks like, taken in its environment.

For every estimator, Gaussian process kernel and splitter: its module, its constructor parameters
with defaults, and its public methods; and for these and everything else that fitted models hold,
the attributes with their types over all specimens of the zoo.
"""

import importlib
import inspect
import io
import json
import os
import pkgutil
import types
import warnings

import numpy as np

from skmig.agent import seen
from skmig.agent.load import use_code
from skmig.agent.names import tag_of
from skmig.agent.walk import walk

# modules without estimators that a model could hold, or whose import has side effects
_SKIPPED = frozenset(
    "tests conftest setup externals __check_build datasets _build_utils estimator_checks "
    "mocking _mocking testing _testing _test_common".split()
)
# what every estimator inherits, or metadata routing generates
_COMMON = frozenset("fit get_params set_params get_metadata_routing".split())
# methods that some releases offer as properties, to hide them where they do not apply
_PROPERTIES = frozenset(
    "predict predict_proba predict_log_proba decision_function transform inverse_transform "
    "score_samples fit_predict fit_transform partial_fit".split()
)


def modules():
    """Every importable module of scikit-learn, public and private."""
    sklearn = importlib.import_module("sklearn")
    found = [sklearn]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # first: importing these is what makes experimental classes importable from public places
        _enable_experimental()
        for info in pkgutil.walk_packages(sklearn.__path__, "sklearn.", onerror=_ignore):
            if _SKIPPED.isdisjoint(info[1].split(".")):
                try:
                    found.append(importlib.import_module(info[1]))
                except Exception:  # an optional dependency is missing
                    continue
    return found


def _ignore(name):
    """A package that cannot be imported has no classes to list."""


def _enable_experimental():
    try:
        package = importlib.import_module("sklearn.experimental")
    except ImportError:
        return
    for info in pkgutil.iter_modules(package.__path__):
        if info[1].startswith("enable_"):
            importlib.import_module("sklearn.experimental." + info[1])


def classes():
    """All classes with constructor parameters that a model can hold: public tag -> class."""
    result = {}
    for module in modules():
        for thing in list(vars(module).values()):
            if not inspect.isclass(thing) or not thing.__module__.startswith("sklearn."):
                continue
            if not _SKIPPED.isdisjoint(thing.__module__.split(".")):
                continue
            if _can_be_held(thing):
                result[tag_of(thing)] = thing
    return result


def _can_be_held(cls):
    """Is it a class with parameters of which a model can hold an instance?"""
    if inspect.isabstract(cls) or cls.__name__.lstrip("_").startswith(("Base", "Mock")):
        return False
    splitter = hasattr(cls, "split") and hasattr(cls, "get_n_splits")
    return hasattr(cls, "get_params") or splitter


def parameters(cls):
    """Constructor parameters with their defaults, in the wire's JSON spelling."""
    # a deprecated class of the older releases hides its constructor behind a wrapper
    init = getattr(cls.__init__, "deprecated_original", cls.__init__)
    if init is object.__init__:
        return {}
    result = {}
    for name, parameter in list(inspect.signature(init).parameters.items())[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        result[name] = spell(parameter.default)
    return result


def spell(value):
    """A parameter default as the wire spells it; `{"t": "required"}` where there is none."""
    if value is inspect.Parameter.empty:
        return {"t": "required"}
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if np.isfinite(value) else {"t": "float", "v": repr(value)}
    if isinstance(value, np.generic):
        return {"t": "scalar", "dtype": value.dtype.str, "v": value.item()}
    if type(value) in (tuple, list):
        return {"t": type(value).__name__, "v": [spell(item) for item in value]}
    if type(value) is dict:
        return {"t": "dict", "v": {key: spell(item) for key, item in value.items()}}
    if isinstance(value, type):
        return {"t": "name", "k": "type", "c": tag_of(value)}
    if callable(value) and hasattr(value, "__name__"):
        return {"t": "name", "k": "function", "c": tag_of(value)}
    if type(value).__name__ == "Memory":
        # the default of a few classes was a cache that caches nothing
        return {"t": "new", "c": "joblib.Memory", "a": {"location": None}}
    raise TypeError("a parameter default of %s" % type(value))


def methods(cls):
    """Names of the public methods."""
    result = []
    for name in dir(cls):
        if name.startswith("_") or name in _COMMON or name.endswith("_request"):
            continue
        plain = isinstance(inspect.getattr_static(cls, name), (types.FunctionType, classmethod))
        if plain or name in _PROPERTIES or _is_conditional(inspect.getattr_static(cls, name)):
            result.append(name)
    return sorted(result)


def _is_conditional(descriptor):
    """A method that exists only where the wrapped estimator has it."""
    return type(descriptor).__module__.startswith("sklearn.utils")


def take(specimens, unavailable):
    """The census of this environment.

    `specimens` are functions by name, as in `tests/zoo/specimens`, that give a dict with the
    fitted `model`; `unavailable` is the exception they raise where this release cannot make one.
    The result has `classes` (tag -> entry), `specimens` (their names, which the numbers in the
    entries count), `unavailable` and `failed` (name -> why).
    """
    result = {"specimens": [], "unavailable": {}, "failed": {}}
    entries = {
        tag: {"module": cls.__module__, "parameters": parameters(cls), "methods": methods(cls)}
        for tag, cls in classes().items()
    }
    known = {tag: entry["parameters"] for tag, entry in entries.items()}
    for tag, found in seen.collect(_graphs(specimens, unavailable, result), known).items():
        entry = entries.setdefault(tag, {"module": None, "parameters": None, "methods": []})
        entry.update(found.entry())
    result["classes"] = entries
    return result


def _graphs(specimens, unavailable, result):
    """Fit and walk each specimen; note in `result` what became of it."""
    for name, make in specimens.items():
        try:
            graph = walk(make()["model"])
        except unavailable as exc:
            result["unavailable"][name] = str(exc)
            continue
        except Exception as exc:
            result["failed"][name] = "%s: %s" % (type(exc).__name__, exc)
            continue
        result["specimens"].append(name)
        yield len(result["specimens"]) - 1, graph


def run(args, exchange):
    """The job `census`: the module `specimens` in `code` says what to fit; writes `out`."""
    use_code(exchange, args.get("code", ()))
    zoo = importlib.import_module("specimens")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = take(zoo.SPECIMENS, zoo.Unavailable)
    with io.open(os.path.join(exchange, args["out"]), "w", encoding="utf-8") as handle:
        json.dump(result, handle, sort_keys=True)
    return {
        "classes": len(result["classes"]),
        "specimens": len(result["specimens"]),
        "unavailable": result["unavailable"],
        "failed": result["failed"],
    }
