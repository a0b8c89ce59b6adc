"""scikit-learn 0.19.1: SGD keeps what was given; what it uses stands in `_max_iter` and `_tol`.

linear_model/stochastic_gradient.py: BaseSGD.__init__ and _validate_params.  In 0.19.0 the
constructor overwrote `max_iter`, and `n_iter` was not kept, which made clones fail.
"""

from __future__ import annotations

from skmig.adapters.early import epochs, meaning
from skmig.adapters.ops import Rewritten, Step, rules
from skmig.adapters.shapes import SGD
from skmig.payload import Obj

SINCE = "0.19.1"

SEARCHES = (
    "sklearn.model_selection.GridSearchCV",
    "sklearn.model_selection.RandomizedSearchCV",
)


def _keep(obj: Obj, step: Step) -> None:
    state = obj.state
    if "max_iter" not in state:
        return
    state.setdefault("n_iter", None)
    if "coef_" in state:
        state["_max_iter"], state["_tol"] = epochs(state)


def _overwrite(obj: Obj, step: Step) -> None:
    state = obj.state
    if "max_iter" not in state:
        return
    state["max_iter"], state["tol"] = epochs(state)
    for name in ("n_iter", "_max_iter", "_tol"):
        state.pop(name, None)


RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=SGD,
            to_new=_keep,
            to_old=_overwrite,
            names=("n_iter", "max_iter", "tol", "_max_iter", "_tol"),
            why="linear_model/stochastic_gradient.py: _validate_params",
        ),
        *meaning(
            {"return_train_score": SEARCHES},
            down={"warn": True},
            why="model_selection/_search.py: 'warn' computes the training scores",
        ),
    ],
)
