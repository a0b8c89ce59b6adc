"""scikit-learn 0.24.2: no kept inverse in Gaussian process regression, KernelPCA's repaired.

Sources: doc/whats_new/v0.24.rst, the installed files of 0.24.1 and 0.24.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters.ops import DERIVED, Changed, Removed, Rewritten, Step, fitted, has, rules
from skmig.payload import Obj

SINCE = "0.24.2"

_HALVING = tuple(f"sklearn.model_selection.Halving{name}SearchCV" for name in ("Grid", "Random"))
_PER_ITERATION = ("iter", "n_resources")


def _results(kind: Any) -> Any:
    def change(obj: Obj, step: Step) -> None:
        results = obj.state.get("cv_results_")
        for name in _PER_ITERATION:
            if isinstance(results, dict) and name in results:
                results[name] = kind(results[name])

    return change


RULES = rules(
    SINCE,
    [
        Removed(
            classes=("sklearn.gaussian_process.GaussianProcessRegressor",),
            name="_K_inv",
            restore=None,
            neutral=DERIVED,
            when=has("L_"),
            why="gaussian_process/_gpr.py: a cache; None is worked out at the first prediction",
        ),
        Changed(
            classes=("sklearn.gaussian_process.GaussianProcessRegressor",),
            method="predict(return_std)",
            when=has("L_"),
            why="gaussian_process/_gpr.py: the variance, a difference of nearly equal numbers, is "
            "no longer worked out from an explicit inverse of the kernel",
        ),
        Changed(
            classes=("sklearn.decomposition.KernelPCA",),
            method="inverse_transform",
            when=lambda obj: fitted(obj) and bool(obj.state.get("fit_inverse_transform")),
            why="decomposition/_kernel_pca.py: 0.23.0 to 0.24.1 added alpha to the diagonal of "
            "the kernel of new samples",
        ),
        Rewritten(
            classes=_HALVING,
            to_new=_results(np.asarray),
            to_old=_results(list),
            names=("cv_results_",),
            why="model_selection/_search.py: cv_results_ holds arrays, not lists",
        ),
    ],
)
