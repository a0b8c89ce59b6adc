"""The run: one artifact through the stages, each taking and giving a frozen dataclass."""

from skmig.pipeline.captured import known
from skmig.pipeline.exchange import put_code, read_document
from skmig.pipeline.naive import naively
from skmig.pipeline.own_rows import compare_rows, result_side, source_side
from skmig.pipeline.passed import Exported, Migration, Planned, Request
from skmig.pipeline.saying import documented, said_by_rules, words_for
from skmig.pipeline.stages import check_apart, check_outputs, export, finish, migrate, prepare
from skmig.pipeline.strange import data_of
from skmig.pipeline.trust import check_trust, finding_names
from skmig.pipeline.untouched import check_untouched
from skmig.workshop import Workshop, here, workshop

__all__ = [
    "Exported",
    "Migration",
    "Planned",
    "Request",
    "Workshop",
    "check_apart",
    "check_outputs",
    "check_trust",
    "check_untouched",
    "compare_rows",
    "data_of",
    "documented",
    "export",
    "finding_names",
    "finish",
    "here",
    "known",
    "migrate",
    "naively",
    "prepare",
    "put_code",
    "read_document",
    "result_side",
    "said_by_rules",
    "source_side",
    "words_for",
    "workshop",
]
