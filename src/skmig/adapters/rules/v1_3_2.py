"""scikit-learn 1.3.2: KernelPCA's centerer gives arrays whatever the output configuration says."""

from __future__ import annotations

from skmig.adapters import columns
from skmig.adapters.ops import Explained, Rewritten, Step, rules
from skmig.payload import Obj

SINCE = "1.3.2"


def _centerer_up(obj: Obj, step: Step) -> None:
    columns.plain_output(obj, "_centerer")


def _centerer_down(obj: Obj, step: Step) -> None:
    """The older release reads it too."""


RULES = rules(
    SINCE,
    [
        Rewritten(
            classes=("sklearn.decomposition.KernelPCA",),
            to_new=_centerer_up,
            to_old=_centerer_down,
            why="decomposition/_kernel_pca.py: fit calls set_output(transform='default')",
        ),
        Explained(
            classes=("sklearn.preprocessing.KernelCenterer",),
            names=("_sklearn_output_config",),
            why="decomposition/_kernel_pca.py: fit calls set_output(transform='default')",
        ),
    ],
)
