"""Serving day: a model that is checked before it is loaded, and whose inputs are checked.

Runs in the user's own production process, of which it needs numpy and scikit-learn only.
"""

from skmig.serving.loading import load
from skmig.serving.schema import Schema

__all__ = ["Schema", "load"]
