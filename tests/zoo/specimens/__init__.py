"""The zoo: small fitted models of every class, in many configurations.

`SPECIMENS` maps `Class@configuration` to a function that gives `{"model": fitted, "X": input for
outputs}`, or raises `Unavailable` where this release of scikit-learn cannot make it.  The folder
above this one goes onto the import path: `import specimens`.
"""

import importlib

from specimens import composed, features, linear, others, spaces, trees
from specimens.kit import Unavailable

__all__ = ["SPECIMENS", "Unavailable"]

# what makes experimental classes importable, where they are
_EXPERIMENTAL = (
    ("enable_iterative_imputer", "sklearn.impute", "IterativeImputer"),
    ("enable_hist_gradient_boosting", "sklearn.ensemble", "HistGradientBoostingClassifier"),
    ("enable_halving_search_cv", "sklearn.model_selection", "HalvingGridSearchCV"),
)
for _name, _package, _class in _EXPERIMENTAL:
    try:
        if not hasattr(importlib.import_module(_package), _class):
            importlib.import_module("sklearn.experimental." + _name)
    except ImportError:
        pass  # not in this release

SPECIMENS = {}
for _module in (trees, linear, spaces, features, composed, others):
    for _name, _function in _module.SPECIMENS.items():
        if _name in SPECIMENS:
            raise ValueError("two specimens named %s" % _name)
        SPECIMENS[_name] = _function
