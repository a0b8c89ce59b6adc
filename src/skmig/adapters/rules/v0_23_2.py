"""scikit-learn 0.23.2: KMeans keeps its effective settings; Stacking computes `n_features_in_`.

Sources: doc/whats_new/v0.23.rst, the installed files of 0.23.1 and 0.23.2.
"""

from __future__ import annotations

from skmig.adapters import clustering, shapes
from skmig.adapters.ops import DERIVED, Added, Explained, Removed, rules

SINCE = "0.23.2"

_K_MEANS = ("sklearn.cluster.KMeans", "sklearn.cluster.MiniBatchKMeans")
_MINI_BATCH = ("sklearn.cluster.MiniBatchKMeans",)
_WHY = "cluster/_kmeans.py: `_check_params` keeps the settings that fit used"


RULES = rules(
    SINCE,
    [
        Added(
            classes=_K_MEANS,
            name="_algorithm",
            value=clustering.algorithm,
            neutral=DERIVED,
            why=_WHY,
        ),
        Added(classes=_K_MEANS, name="_n_init", value=clustering.n_init, neutral=DERIVED, why=_WHY),
        Added(
            classes=_K_MEANS,
            name="_tol",
            # the variance of the training data, which scales it, is gone: fit works it out anew
            value=lambda obj: obj.state.get("tol"),
            neutral=DERIVED,
            why=_WHY,
        ),
        Added(
            classes=_MINI_BATCH,
            name="_init_size",
            value=clustering.init_size,
            neutral=DERIVED,
            why=_WHY,
        ),
        Added(
            classes=_MINI_BATCH,
            name="_n_threads",
            value=1,
            neutral=DERIVED,
            why="cluster/_kmeans.py: predict reads it",
        ),
        Explained(
            classes=_MINI_BATCH,
            names=("init_size_", "n_features_in_"),
            why="cluster/_kmeans.py: partial_fit sets them too; a fitted model has them",
        ),
        Removed(
            classes=shapes.STACKING,
            name="n_features_in_",
            restore=shapes.n_features,
            neutral=DERIVED,
            when=shapes.known_features,
            why="ensemble/_stacking.py: a property, asked of the first estimator",
        ),
        Explained(
            classes=("sklearn.preprocessing.StandardScaler",),
            names=("n_samples_seen_",),
            why="the integer type of the scalar",
        ),
    ],
)
