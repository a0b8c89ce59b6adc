"""scikit-learn 1.5.2: TransformedTargetRegressor has its transformer give arrays."""

from __future__ import annotations

from skmig.adapters import columns
from skmig.adapters.ops import Explained, Rewritten, Step, rules
from skmig.payload import Obj

SINCE = "1.5.2"


def _transformer_up(obj: Obj, step: Step) -> None:
    columns.plain_output(obj, "transformer_")


def _transformer_down(obj: Obj, step: Step) -> None:
    """The older release reads it too."""


RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=("sklearn.compose.TransformedTargetRegressor",),
            to_new=_transformer_up,
            to_old=_transformer_down,
            why="compose/_target.py: _fit_transformer calls set_output(transform='default')",
        ),
        Explained(
            classes=("sklearn.preprocessing.FunctionTransformer",),
            names=("_sklearn_output_config",),
            why="compose/_target.py: _fit_transformer calls set_output(transform='default')",
        ),
    ],
)
