"""Training day: a model and its record, written together where the model was trained.

Runs in the user's own environment, of which it needs numpy and scikit-learn only.
"""

from skmig.capture.reading import Capture, beside, read

__all__ = ["Capture", "beside", "read"]
