"""How far the first prediction of GradientBoosting can be trusted, where it is single precision.

GradientBoosting reads single precision, hands that on to the estimator in `init_`, and adds what
it answers to the sum of its trees (ensemble/_gb.py: `_raw_predict_init`).  Linear algebra on
single precision answers in it, and the last bits are another release's choice.  No nudge of the
input shows that: it moves nothing, or it moves a row to another leaf.  So the answer is nudged.
"""

import contextlib

import numpy as np


class Swayed(object):
    """An estimator whose answers in single precision are moved by their last bit."""

    def __init__(self, estimator, seed):
        self.estimator = estimator
        self.seed = seed

    def __getattr__(self, name):
        return getattr(self.estimator, name)

    def predict(self, rows):
        return self._moved(self.estimator.predict(rows))

    def predict_proba(self, rows):
        return self._moved(self.estimator.predict_proba(rows))

    def _moved(self, answer):
        if getattr(answer, "dtype", None) != np.float32:
            return answer
        ways = np.random.RandomState(self.seed).choice([-np.inf, np.inf], size=answer.shape)
        return np.nextafter(answer, ways.astype(np.float32))


def found(estimators):
    """Those of `estimators` that begin with what another estimator answers."""
    return [
        item
        for item in estimators
        if type(item).__name__.startswith("GradientBoosting")
        and hasattr(vars(item).get("init_"), "get_params")
        and not type(item.init_).__name__.startswith("Dummy")
    ]


@contextlib.contextmanager
def swayed(boosters, seed):
    """The first predictions of `boosters` are nudged meanwhile."""
    kept = [(booster, booster.init_) for booster in boosters]
    try:
        for booster, first in kept:
            booster.init_ = Swayed(first, seed)
        yield
    finally:
        for booster, first in kept:
            booster.init_ = first
