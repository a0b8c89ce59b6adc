"""Files of this machine and of object stores, by one set of functions.

A *place* is a path of this machine or a URI (`s3://bucket/models/a.pkl`); URIs go through fsspec,
which `skmig[storage]` brings.
"""

from skmig.storage.once import check_creates_once, create, names, read, replace
from skmig.storage.places import below, is_uri, join, local, name, parent, suffix
from skmig.storage.stores import Stored, digest, fetch, listing, look, remove, store

__all__ = [
    "Stored",
    "below",
    "check_creates_once",
    "create",
    "digest",
    "fetch",
    "is_uri",
    "join",
    "listing",
    "local",
    "look",
    "name",
    "names",
    "parent",
    "read",
    "remove",
    "replace",
    "store",
    "suffix",
]
