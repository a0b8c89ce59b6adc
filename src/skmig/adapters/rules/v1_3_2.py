"""scikit-learn 1.3.2: KernelPCA's centerer gives arrays whatever the output configuration says."""

from __future__ import annotations

from skmig.adapters.ops import Explained, rules

SINCE = "1.3.2"

RULES = rules(
    SINCE,
    [
        Explained(
            classes=("sklearn.preprocessing.KernelCenterer",),
            names=("_sklearn_output_config",),
            why="decomposition/_kernel_pca.py: fit calls set_output(transform='default')",
        ),
    ],
)
