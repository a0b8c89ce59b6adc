"""The model store: versions of models, where each is deployed, and the way back.

Laid out as files (or objects) that are created once and never changed:

    store.json                              says that this is a store
    models/<digest>/                        a model and its record, by the digest of both
    versions/2026.11.21.prod.json           a version: what was added, when, by whom, why
    environments/prod/history/00000001.json a deployment; holds the digest of the one before it
    environments/prod/active.json           the last deployment again, for who cannot list

In MLflow's registry the same names are kept as said in `registry.py`.

A deployment is the creation of the next number, which only one of many at once can do.  So the
history is the truth, nothing can be lost, and what was killed leaves nothing half-done.
"""

from skmig.store.history import Entry
from skmig.store.stores import Store, open_store
from skmig.store.versions import Version

__all__ = ["Entry", "Store", "Version", "open_store"]
