"""Public tags: names of classes and functions that survive the moves of private modules.

`sklearn.ensemble._gb.GradientBoostingClassifier` and `sklearn.ensemble.gradient_boosting.…` are
both `sklearn.ensemble.GradientBoostingClassifier`.  Looking a tag up imports modules of
scikit-learn, numpy, scipy, pandas and of what the user named (`allow`); nothing else.
"""

import importlib
import pkgutil
import sys
import types
import warnings
from typing import Any, Dict, Tuple

import numpy as np

# functions and types of the standard library that a model may name
BUILTINS = frozenset(
    "bool int float complex str bytes list tuple set frozenset dict object type "
    "len abs min max sum sorted round repr any all hash map filter zip enumerate iter".split()
)
# containers of the standard library, which are made by what they hold
COLLECTIONS = frozenset("Counter OrderedDict defaultdict deque".split())
# functions of numpy that read, write or run
NUMPY_DENIED = frozenset(
    "load loads save savez savez_compressed savetxt loadtxt genfromtxt fromfile fromregex memmap "
    "DataSource get_include lookfor source info test show_config deprecate safe_eval "
    "open_memmap frompyfunc vectorize apply_along_axis apply_over_axes fromfunction "
    "piecewise errstate set_printoptions seterrcall seterr seterrobj setbufsize "
    "set_numeric_ops set_string_function ndfromtxt mafromtxt recfromcsv recfromtxt bench who "
    "add_docstring add_newdoc add_newdoc_ufunc disp array2string".split()
)
# parts of scipy that read or write files, or run its tests
SCIPY_DENIED = frozenset("save_npz load_npz test".split())
# Parts of scikit-learn that fetch, read, write or run: no model is made of them.
SKLEARN_DENIED = frozenset(
    "externals conftest tests datasets _build_utils __check_build _min_dependencies "
    "_distributor_init setup".split()
)
SKLEARN_MODULES_DENIED = frozenset(
    "testing _testing estimator_checks _test_common mocking _mocking _show_versions "
    "_openmp_helpers _openmp_prefetch".split()
)
SKLEARN_FUNCTIONS_DENIED = frozenset("export_graphviz makedirs _open_text show_versions".split())
# Private functions skip the checks of the public ones; these are what models were seen to hold.
SKLEARN_PRIVATE = frozenset(
    "_passthrough_scorer _identity _kmeans_single_elkan _kmeans_single_lloyd".split()
)
# `operator` without what calls or reaches whatever it is given
OPERATOR_DENIED = frozenset("call methodcaller attrgetter".split())
# methods and attributes by which an object writes, runs, or shows more than itself
METHODS_DENIED = frozenset(
    "tofile dump dumps ctypes base data setflags setfield eval query pipe apply applymap agg "
    "aggregate map transform to_pickle to_csv to_excel to_hdf to_sql to_json to_parquet "
    "to_feather to_stata to_html to_latex to_clipboard to_string to_xml to_orc to_gbq "
    "to_markdown gi_frame gi_code cr_frame f_globals f_locals f_builtins func_globals".split()
)
# Where a name stands in two modules of one package, the one that models are made of is here:
# a drawing helper of sklearn.tree has a Tree of its own, and 0.21 and 0.22 kept deprecated copies
# of gradient boosting's losses.
HOMES = {
    "sklearn.tree": ("_tree",),
    "sklearn.ensemble": ("_gb_losses",),
}
# functions that numpy 2 no longer has, by the name that every release has
NUMPY_RENAMED = {
    "alltrue": "all",
    "cumproduct": "cumprod",
    "product": "prod",
    "round_": "round",
    "row_stack": "vstack",
    "sometrue": "any",
}
NUMPY_MODULES = ("numpy", "numpy.linalg", "numpy.fft", "numpy.char")
SCIPY_MODULES = frozenset(
    "scipy." + part
    for part in "special stats sparse sparse.linalg interpolate linalg spatial.distance".split()
)


class UnknownNameError(LookupError):
    """A tag that this environment does not have (`absent`), or that must not be looked up."""

    def __init__(self, tag, why, absent=False):
        LookupError.__init__(self, "`%s` %s" % (tag, why))
        self.tag = tag
        self.why = why
        self.absent = absent


def tag_of(thing):
    """The public tag of a class or function."""
    module = getattr(thing, "__module__", None) or ""
    name = getattr(thing, "__qualname__", None) or thing.__name__
    if isinstance(thing, np.ufunc):
        return _ufunc_tag(thing)
    parts = module.split(".")
    if parts[0] == "_loss":  # a Cython module that forgot its package (1.5 to 1.8)
        return "sklearn._loss." + name
    if parts[0] == "sklearn" and len(parts) > 1:
        return "sklearn.%s.%s" % (parts[1], name)
    if parts[0] == "numpy" or module == "":
        public = getattr(np, thing.__name__, None)
        if public is thing:
            return "numpy." + thing.__name__
        for place in NUMPY_MODULES[1:]:
            if getattr(sys.modules.get(place), thing.__name__, None) is thing:
                return "%s.%s" % (place, thing.__name__)
        if module == "":
            return "builtins." + name
    if parts[0] == "scipy" and len(parts) > 2:
        public = getattr(importlib.import_module(".".join(parts[:2])), name, None)
        if public is thing:
            return ".".join(parts[:2]) + "." + name
    if parts[0] in ("__builtin__", "builtins"):
        return "builtins." + name
    return _shortest(thing, parts, name) + "." + name


def _shortest(thing, parts, name):
    """Where a library shows a class or function to its users: private modules come and go."""
    for i in range(1, len(parts)):
        place = ".".join(parts[:i])
        if getattr(sys.modules.get(place), name, None) is thing:
            return place
    return ".".join(parts)


def _ufunc_tag(function):
    if getattr(np, function.__name__, None) is function:
        return "numpy." + function.__name__
    try:
        special = importlib.import_module("scipy.special")
    except ImportError:
        special = None
    if special is not None and getattr(special, function.__name__, None) is function:
        return "scipy.special." + function.__name__
    raise UnknownNameError(function.__name__, "is a ufunc of neither numpy nor scipy.special")


def may_bind(kind, name, allow=()):
    """May a model hold the method `name` of objects of the class `kind`?

    Methods of scikit-learn, of text and containers, of numpy's arrays as far as they compute, and
    of what the user named.
    """
    if not isinstance(name, str) or name.startswith("_"):
        return False
    root = kind.__module__.split(".")[0]
    if root in allow or root == "sklearn":
        return True
    if name in METHODS_DENIED:
        return False
    return root in ("builtins", "re", "_sre", "numpy", "scipy", "datetime", "collections", "math")


_FOUND: Dict[Tuple[str, Tuple[str, ...]], Any] = {}


def find(tag, allow=()):
    """The class or function behind `tag`.

    `allow`: top-level modules beyond the scientific stack that may be imported, because the user
    named them.  Raises UnknownNameError.
    """
    key = (tag, tuple(allow))
    if key not in _FOUND:
        _FOUND[key] = _find(tag, allow)
    return _FOUND[key]


def _find(tag, allow):
    module, _, name = tag.rpartition(".")
    root = module.split(".")[0]
    if module == "builtins":
        if name not in BUILTINS:
            raise UnknownNameError(tag, "is not a builtin that a model may name")
        return getattr(importlib.import_module("builtins"), name)
    if module == "collections" and name in COLLECTIONS:
        return _attribute(tag, module, name)
    if root == "sklearn":
        return _find_sklearn(tag, module, name)
    if root == "numpy":
        home = importlib.import_module(module) if module in NUMPY_MODULES else None
        renamed = NUMPY_RENAMED.get(name) if home is np else None
        thing = getattr(home, renamed or name, None)
        public = callable(thing) and not name.startswith("_")
        if not public or name in NUMPY_DENIED:
            raise UnknownNameError(
                tag,
                "is not a function or type of numpy that a model may name",
                absent=thing is None and name not in NUMPY_DENIED,
            )
        return thing
    if root == "scipy":
        if module not in SCIPY_MODULES:
            raise UnknownNameError(tag, "is not in a part of scipy that a model may name")
        thing = _attribute(tag, module, name)
        if name in SCIPY_DENIED or name.startswith("_") or not callable(thing):
            raise UnknownNameError(tag, "is no function or type of scipy that a model may name")
        return thing
    if module == "operator" and (name in OPERATOR_DENIED or name.startswith("_")):
        raise UnknownNameError(tag, "is not a function that a model may name")
    if root in allow or module in ("operator", "math"):
        return _attribute(tag, module, name)
    raise UnknownNameError(tag, "belongs to a module that was not allowed by name")


def _attribute(tag, module, name):
    """What stands under a name that may have classes in it: `package.module.Class.method`."""
    parts = tag.split(".")
    for i in range(len(parts) - 1, 0, -1):
        place = ".".join(parts[:i])
        try:
            thing = importlib.import_module(place)
        except ImportError as exc:
            missing = getattr(exc, "name", None)
            if i > 1 and missing and (place + ".").startswith(missing + "."):
                continue  # a class, not a module; or one that moved
            raise UnknownNameError(tag, "cannot be imported here: %s" % exc)
        for part in parts[i:]:
            thing = getattr(thing, part, None)
        if thing is not None:
            return thing
        break
    raise UnknownNameError(tag, "is not in %s of this environment" % _installed(parts[0]))


def _installed(root):
    """A package as it is here, with its version where it says one."""
    version = getattr(sys.modules.get(root), "__version__", None)
    return "the `%s`%s" % (root, "" if version is None else " %s" % version)


def _find_sklearn(tag, module, name):
    parts = module.split(".")
    if len(parts) != 2 or parts[1] in SKLEARN_DENIED or name in SKLEARN_FUNCTIONS_DENIED:
        raise UnknownNameError(tag, "is not a public tag")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shims of moved modules warn when they are imported
        try:
            package = importlib.import_module(module)
        except ImportError:
            raise UnknownNameError(
                tag, "does not exist in this release of scikit-learn", absent=True
            )
        found = _named(package, name, tag)
        for home in HOMES.get(module, ()):
            try:
                found = found or _named(importlib.import_module(module + "." + home), name, tag)
            except ImportError:
                continue
        if found is None and hasattr(package, "__path__"):
            for info in sorted(
                pkgutil.walk_packages(package.__path__, module + ".", onerror=lambda _name: None),
                key=lambda item: item[1].count("."),
            ):
                below = info[1].split(".")
                if ".tests" in info[1] or below[-1] == "setup" or _denied(below):
                    continue
                try:
                    found = _named(importlib.import_module(info[1]), name, tag)
                except Exception:
                    continue
                if found is not None:
                    break
    if found is None:
        raise UnknownNameError(tag, "does not exist in this release of scikit-learn", absent=True)
    return found


def _is_compiled(thing):
    """A bare compiled function believes its arguments: it is for scikit-learn's own classes."""
    return not isinstance(thing, (type, types.FunctionType)) and type(thing).__name__ in (
        "builtin_function_or_method",
        "cython_function_or_method",
        "fused_cython_function",
    )


def _denied(parts):
    return any(part in SKLEARN_MODULES_DENIED for part in parts)


def _named(module, name, tag):
    thing = module
    try:
        for part in name.split("."):
            thing = getattr(thing, part, None)
    except ImportError:  # how sklearn says that a class is experimental
        return None
    if isinstance(thing, types.ModuleType) or not callable(thing):
        return None
    if name.startswith("_") and not isinstance(thing, type):
        if name not in SKLEARN_PRIVATE and not tag.startswith("sklearn.utils."):
            return None
    if _denied((getattr(thing, "__module__", None) or "").split(".")) or _is_compiled(thing):
        return None
    try:
        return thing if tag_of(thing) == tag else None
    except Exception:
        return None
