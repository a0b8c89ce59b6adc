"""The original of a record, asked again in its own environment."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig import parity, pipeline, plan, record
from skmig.errors import SkmigError, UnreadableError
from skmig.payload import digests
from skmig.verification import trust
from skmig.verification.answer import Options
from skmig.version import __version__


@dataclass(frozen=True, kw_only=True)
class Questions:
    """A bundle with probes, and what the source answers to them; `own`: those of the record."""

    bundle: Path
    expected: Any
    rounding: Any
    own: bool = True

    @classmethod
    def of(cls, read: record.Record) -> Questions:
        """Those of a record."""
        expected, rounding = read.document("expected"), read.document("rounding")
        return cls(bundle=read.path, expected=expected, rounding=rounding)


def ask(
    read: record.Record,
    said: Questions,
    shop: pipeline.Workshop,
    options: Options,
) -> tuple[Questions, list[str]]:
    """The questions and answers of the original itself, and where the record has others.

    The whole export is made again.  Raises UnreadableError for a file that is not the original.
    """
    planned = _planned(read, options)
    said_trust = tuple(read.manifest.options["trust"])
    own = dataclasses.replace(planned.request.settings, trust=options.trust)
    trust.check(planned.request.artifact, planned.facts, own, said_trust, shop.backend)
    manifest, problems = read.manifest, []
    exported = pipeline.export(planned, shop, target_too=False)
    model, probes, expected, rounding = (
        pipeline.read_document(exported.bundle, name)
        for name in ("model", "probes", "expected", "rounding")
    )
    same = digests(probes) == digests(read.document("probes"))
    again = Questions(bundle=exported.bundle, expected=expected, rounding=rounding, own=same)
    # another skmig may make other probes, to which the record has no answers
    if not same and manifest.skmig == __version__:
        problems.append("the probes in the record are not those of the original")
    if same and digests(rounding) != digests(said.rounding):
        problems.append("the rounding in the record is not that of the original")
    if digests(model) != digests(read.document("model")):
        problems.append("the model in the record is not the original")
    if again.own and not _same(read, said, again):
        problems.append("the outputs in the record are not those of the original")
    return again, problems


def _planned(read: record.Record, options: Options) -> pipeline.Planned:
    manifest, artifact = read.manifest, options.original
    assert artifact is not None
    if not artifact.is_file() or record.sha256(artifact) != manifest.source.sha256:
        raise UnreadableError(
            f"`{artifact}` is not the original of this record: its digest differs",
            hint=f"the original is `{manifest.source.name}`, sha256 {manifest.source.sha256[:16]}…",
        )
    settings = plan.Settings(
        target=manifest.target_environment.release,
        source=manifest.source_environment.release,
        trust=(*options.trust, *manifest.options["trust"]),
        requirements=manifest.source_environment.requirements,
        code=options.code,
        data_only=manifest.options["data_only"],
    )
    return pipeline.prepare(
        pipeline.Request(artifact=artifact, result=read.path, record=read.path, settings=settings)
    )


def _same(read: record.Record, said: Questions, again: Questions) -> bool:
    with whole(read.path):
        return parity.compare(
            said.expected,
            again.expected,
            rtol=parity.RTOL,
            atol=parity.ATOL,
            rounding=again.rounding,
        ).ok


@contextlib.contextmanager
def whole(place: Path) -> Iterator[None]:
    """What no rule and no comparison can work with was not written by skmig, whatever its seal."""
    try:
        yield
    except SkmigError:
        raise
    except Exception as exc:
        raise UnreadableError(
            f"what is in the record `{place.name}` does not fit together",
            causes=(f"{type(exc).__name__}: {exc}",),
            hint="restore the record from where it was stored, or migrate the original again",
        ) from exc
