"""The record of a migration: manifest, bundle, report."""

from skmig.record.bundle import (
    CAPTURE,
    FACTS,
    SUFFIX,
    Record,
    beside,
    ends_well,
    is_capture,
    member_digests,
    read,
    record_of,
    write,
)
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
    "CAPTURE",
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
    "ends_well",
    "is_capture",
    "member_digests",
    "now",
    "placed",
    "read",
    "record_of",
    "sha256",
    "summary",
    "who",
    "write",
]
