"""Objects without parameters and attributes, which two releases cannot pickle.

Python 3.11 gives such an object the state None, which `BaseEstimator.__getstate__` (base.py) takes
for a dict.  The first release in an environment of that Python has the defect, and the next.
"""

from __future__ import annotations

from skmig.adapters.ops import Refusal, Step
from skmig.adapters.shapes import tags
from skmig.payload import Obj

# what `fit` alone gives attributes
CLASSES = tags("preprocessing.KernelCenterer preprocessing.LabelEncoder")


def refuse_above(obj: Obj, step: Step) -> None:
    """Going up: the newer release is where the object would stay."""
    _refuse(obj, step, step.newer)


def refuse_below(obj: Obj, step: Step) -> None:
    """Going down: the older release is where the object would stay."""
    _refuse(obj, step, step.older)


def pass_below(obj: Obj, step: Step) -> None:
    """The older release is free of it."""


def _refuse(obj: Obj, step: Step, release: str) -> None:
    if not obj.state and step.target == release:
        raise Refusal(f"an object without parameters and attributes cannot be pickled by {release}")
