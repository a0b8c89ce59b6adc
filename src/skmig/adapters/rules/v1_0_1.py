"""scikit-learn 1.0.1: deviations and covariances of Gaussian processes with several outputs.

Sources: doc/whats_new/v1.0.rst, the installed files of 1.0 and 1.0.1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters.ops import Changed, Retyped, rules
from skmig.payload import Obj

SINCE = "1.0.1"


def _several_outputs(obj: Obj) -> bool:
    targets: Any = obj.state.get("y_train_")
    return targets is not None and targets.ndim == 2 and targets.shape[1] > 1


def _one_for_all(scale: Any) -> Any:
    """The older release multiplies all outputs by one number."""
    return 1 if isinstance(scale, np.ndarray) and (scale == 1).all() else scale


RULES = rules(
    SINCE,
    [
        Retyped(
            classes=("sklearn.gaussian_process.GaussianProcessRegressor",),
            name="_y_train_std",
            to_new=lambda scale: scale,
            to_old=_one_for_all,
            why="gaussian_process/_gpr.py: predict",
        ),
        *(
            Changed(
                classes=("sklearn.gaussian_process.GaussianProcessRegressor",),
                method=f"predict({flag})",
                when=_several_outputs,
                why=f"gaussian_process/_gpr.py: predict with {flag} answers for each output; "
                "before, once for all of them, or with an error where they were normalized",
            )
            for flag in ("return_std", "return_cov")
        ),
    ],
)
