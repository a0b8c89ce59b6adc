"""scikit-learn 1.4.1.post1: ARDRegression gives standard deviations for a DataFrame."""

from __future__ import annotations

from skmig.adapters.ops import Accepted, rules

SINCE = "1.4.1.post1"

RULES = rules(
    SINCE,
    [
        # how an index by rows and columns fails depends on the release of pandas
        *(
            Accepted(
                classes=("sklearn.linear_model.ARDRegression",),
                what="a DataFrame with return_std=True",
                error=error,
                why="linear_model/_bayes.py: predict",
            )
            for error in (
                "InvalidIndexError: (slice(",
                "TypeError: '(slice(",
                "TypeError: unhashable type: 'slice'",
            )
        ),
    ],
)
