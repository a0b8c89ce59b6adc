"""scikit-learn 0.21.3: ColumnTransformer remembers its columns again (see 0.20.4)."""

from __future__ import annotations

from skmig.adapters.columns import COLUMN_TRANSFORMER
from skmig.adapters.early import keep_columns, learn_columns
from skmig.adapters.ops import Rewritten, rules

SINCE = "0.21.3"

RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=(COLUMN_TRANSFORMER,),
            to_new=learn_columns,
            to_old=keep_columns,
            names=("_n_features", "_df_columns"),
            why="compose/_column_transformer.py: _validate_remainder",
        )
    ],
)
