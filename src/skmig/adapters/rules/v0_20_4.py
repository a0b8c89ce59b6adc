"""scikit-learn 0.20.4: ColumnTransformer remembers the columns that it was fitted on.

compose/_column_transformer.py: _validate_remainder.  0.21.1 and 0.21.2 left before this and do
not have it, 0.21.3 has it again.  The two attributes are carried through those two, which do not
read them: otherwise a newer release would not know the names any more.
"""

from __future__ import annotations

from skmig.adapters.columns import COLUMN_TRANSFORMER
from skmig.adapters.early import n_columns
from skmig.adapters.ops import DERIVED, Added, has, rules
from skmig.adapters.shapes import never

SINCE = "0.20.4"

RULES = rules(
    SINCE,
    [
        Added(
            classes=(COLUMN_TRANSFORMER,),
            name="_n_features",
            value=n_columns,
            neutral=DERIVED,
            when=has("transformers_"),
            why="compose/_column_transformer.py: _validate_remainder",
        ),
        Added(
            classes=(COLUMN_TRANSFORMER,),
            name="_df_columns",
            value=None,
            neutral=DERIVED,
            when=never,
            why="compose/_column_transformer.py: transform only warns of another order by it",
        ),
    ],
)
