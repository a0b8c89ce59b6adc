"""scikit-learn 1.5.2: TransformedTargetRegressor has its own FunctionTransformer give arrays."""

from __future__ import annotations

from typing import Any

from skmig.adapters.forms import is_obj
from skmig.adapters.ops import Explained, Rewritten, Step, rules
from skmig.payload import Obj

SINCE = "1.5.2"

CONFIG = "_sklearn_output_config"


def _arrays_up(obj: Obj, step: Step) -> None:
    transformer = _transformer(obj)
    if is_obj(transformer) and obj.state.get("transformer") is None:
        transformer.state.setdefault(CONFIG, {"transform": "default"})


def _arrays_down(obj: Obj, step: Step) -> None:
    transformer = _transformer(obj)
    if is_obj(transformer) and transformer.state.get(CONFIG) == {"transform": "default"}:
        del transformer.state[CONFIG]


def _transformer(obj: Obj) -> Any:
    return obj.state.get("transformer_")


RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=("sklearn.compose.TransformedTargetRegressor",),
            to_new=_arrays_up,
            to_old=_arrays_down,
            why="compose/_target.py: _fit_transformer calls set_output(transform='default')",
        ),
        Explained(
            classes=("sklearn.preprocessing.FunctionTransformer",),
            names=(CONFIG,),
            why="compose/_target.py: the operation of TransformedTargetRegressor sets it",
        ),
    ],
)
