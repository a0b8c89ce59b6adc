"""MLflow: models of its registry and model folders, in and out.

Nothing in a model folder is imported or run here: `MLmodel` and the files beside it are read as
data, and the model's own file goes the way of every other artifact.
"""

from skmig.registry.folder import ModelFolder
from skmig.registry.migrating import Moved, Wanted, fetched, migrate, planned
from skmig.tracking import Address, Tracking, Version, is_address

__all__ = [
    "Address",
    "ModelFolder",
    "Moved",
    "Tracking",
    "Version",
    "Wanted",
    "fetched",
    "is_address",
    "migrate",
    "planned",
]
