"""scikit-learn 1.5.2: TransformedTargetRegressor has its transformer give arrays."""

from __future__ import annotations

from skmig.adapters.ops import Explained, rules

SINCE = "1.5.2"

RULES = rules(
    SINCE,
    [
        Explained(
            classes=("sklearn.preprocessing.FunctionTransformer",),
            names=("_sklearn_output_config",),
            why="compose/_target.py: _fit_transformer calls set_output(transform='default')",
        ),
    ],
)
