"""Census: what each class of this release of scikit-learn looks like, taken in its environment.

For every estimator, Gaussian process kernel and splitter: its module, its constructor parameters
with defaults, and its public methods.
"""

import importlib
import inspect
import pkgutil
import types
import warnings

import numpy as np

from skmig.agent.names import tag_of

# packages without estimators, or whose import has side effects
_SKIPPED = frozenset("tests conftest setup externals __check_build datasets _build_utils".split())
# what every estimator inherits, or metadata routing generates
_COMMON = frozenset("fit get_params set_params get_metadata_routing".split())
# methods that some releases offer as properties, to hide them where they do not apply
_PROPERTIES = frozenset(
    "predict predict_proba predict_log_proba decision_function transform inverse_transform "
    "score_samples fit_predict fit_transform partial_fit".split()
)


def modules():
    """Every importable module of scikit-learn, public and private."""
    import sklearn

    found = [sklearn]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # first: importing these is what makes experimental classes importable from public places
        _import_all("sklearn.experimental")
        for info in pkgutil.walk_packages(sklearn.__path__, "sklearn.", onerror=lambda name: None):
            if _SKIPPED.isdisjoint(info[1].split(".")):
                try:
                    found.append(importlib.import_module(info[1]))
                except Exception:  # noqa: S112 - an optional dependency is missing
                    continue
    return found


def _import_all(package):
    try:
        names = [
            info[1] for info in pkgutil.iter_modules(importlib.import_module(package).__path__)
        ]
    except ImportError:
        return
    for name in names:
        if name.startswith("enable_"):
            importlib.import_module(package + "." + name)


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


def take():
    """The census of this environment: tag -> entry."""
    result = {}
    for tag, cls in sorted(classes().items()):
        result[tag] = {
            "module": cls.__module__,
            "parameters": parameters(cls),
            "methods": methods(cls),
        }
    return result
