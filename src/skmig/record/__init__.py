"""The record of a migration: manifest, bundle, report."""

from skmig.record.bundle import FACTS, SUFFIX, Record, beside, read, write
from skmig.record.manifest import (
    UNPROVEN,
    EnvironmentFact,
    FileFact,
    Manifest,
    commit,
    now,
    sha256,
    summary,
    who,
)
from skmig.record.placing import check_place, placed

__all__ = [
    "FACTS",
    "SUFFIX",
    "UNPROVEN",
    "EnvironmentFact",
    "FileFact",
    "Manifest",
    "Record",
    "beside",
    "check_place",
    "commit",
    "now",
    "placed",
    "read",
    "sha256",
    "summary",
    "who",
    "write",
]
