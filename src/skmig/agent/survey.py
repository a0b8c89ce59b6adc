"""Lists what scikit-learn defines, module by module: `python -m skmig.agent.survey`, one JSON.

Only what a module itself defines is listed, not what it imports: `sklearn.base` holds the module
`warnings` and many a class of other libraries, and none of them is scikit-learn's.
`skmig.inspect.table` merges the answers of all releases.

Runs on Python 3.6 with the standard library and the scikit-learn to be listed.
"""

import importlib
import json
import pkgutil
import sys
import types
import warnings

SKIPPED = ("tests", "externals", "conftest", "_build_utils", "setup", "datasets")
FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)


def modules():
    """Every module of scikit-learn that can be imported here, without tests and vendored code."""
    import sklearn

    queue = [sklearn]
    while queue:
        module = queue.pop(0)
        yield module
        for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
            if found[1] in SKIPPED:
                continue
            name = module.__name__ + "." + found[1]
            try:
                queue.append(importlib.import_module(name))
            except Exception as error:  # optional parts (array API, matplotlib) may be missing
                sys.stderr.write("%s: %s\n" % (name, error))


def listing():
    """`{"release": ..., "modules": {name: {"classes": [...], "functions": [...]}}}`."""
    import sklearn

    found = {}
    for module in modules():
        classes, functions = [], []
        for name, value in sorted(vars(module).items()):
            # Cython modules before 3.0 give their functions the bare module name, or none.
            home = getattr(value, "__module__", None)
            if home not in (module.__name__, module.__name__.rpartition(".")[2], None):
                continue
            if getattr(value, "__name__", None) != name:
                continue
            if isinstance(value, type):
                classes.append(name)
            elif isinstance(value, FUNCTIONS) or "cython" in type(value).__name__:
                functions.append(name)
        if classes or functions:
            found[module.__name__] = {"classes": classes, "functions": functions}
    return {"release": sklearn.__version__, "modules": found}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    json.dump(listing(), sys.stdout, sort_keys=True)
