"""Verify: does a result still answer as its record says?  Needs only the two files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig import parity, pipeline, plan, record, rows, versions
from skmig.environments.base import EnvironmentSpec
from skmig.errors import SkmigError, UnreadableError
from skmig.parity import Parity


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The answer for one record: `ok`, one sentence, and the comparison where it was made."""

    record: Path
    result: Path
    ok: bool
    summary: str
    parity: Parity | None = None
    data: Parity | None = None
    error: SkmigError | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "record": str(self.record),
            "result": str(self.result),
            "ok": self.ok,
            "summary": self.summary,
            "error": None if self.error is None else self.error.as_json(),
            "parity": None if self.parity is None else self.parity.as_json(),
            "data": None if self.data is None else self.data.as_json(),
        }


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to verify.  `original` repeats the whole comparison from the artifact itself, and is what
    answers to the rows of `data` (at most `sample` of them).
    """

    original: Path | None = None
    data: Path | None = None
    sample: int | None = None
    code: tuple[Path, ...] = ()


def failed(path: Path, error: SkmigError) -> Verification:
    """The answer for a record that could not be asked."""
    return Verification(record=path, result=path, ok=False, summary=error.message, error=error)


def record_of(path: Path) -> Path:
    """The record for a path that names the record or the result."""
    if path.suffix == record.SUFFIX:
        return path
    whole = record.beside(path, whole=True)
    return whole if whole.is_file() else record.beside(path)


def records_below(folder: Path) -> list[Path]:
    """Every record below a folder, sorted.  Raises UnreadableError when there is none."""
    found = sorted(folder.rglob(f"*{record.SUFFIX}"))
    if not found:
        raise UnreadableError(
            f"there is no record below `{folder}`",
            hint="name a record, or the folder that `skmig migrate` wrote to",
        )
    return found


def verify(path: Path, shop: pipeline.Workshop, options: Options) -> Verification:
    """Verify one record.

    Raises UnreadableError for a record that is missing, damaged or was changed.  A result that is
    missing or changed is an answer: no.
    """
    place = record_of(path)
    read = record.read(place)
    manifest = read.manifest
    # a result may have got another name since
    result = place.parent / manifest.result.name if path == place else path
    if not result.is_file():
        return Verification(
            record=place, result=result, ok=False, summary=f"the result `{result.name}` is missing"
        )
    if record.sha256(result) != manifest.result.sha256:
        if result.name != manifest.result.name:
            raise UnreadableError(
                f"`{place.name}` is the record of `{manifest.result.name}`, not of `{result.name}`",
                hint=f"verify the record itself: skmig verify {place}",
            )
        summary = f"`{result.name}` is not the file that was migrated: its digest differs"
        return Verification(record=place, result=result, ok=False, summary=summary)
    expected = _expected_again(read, shop, options) if options.original else None
    found = _ask(read, result, shop, options, expected)
    name = f"{manifest.result.name} under scikit-learn {manifest.target_environment.release}"
    summary, ok, on_data = f"{name}: {found.summary}", found.ok, None
    if options.data is not None:
        asked = rows.Rows(
            data=options.data, original=options.original, sample=options.sample, code=options.code
        )
        spec = _spec(manifest.target_environment, options)
        answer = rows.compare(asked, read, result, spec, (shop, shop))
        summary += f" On {answer.words}: {answer.parity.summary}"
        on_data, ok = answer.parity, ok and answer.parity.ok
    elif rows.unproven(manifest):
        summary, ok = f"{name}: {rows.unproven(manifest)}", False
    return Verification(
        record=place, result=result, ok=ok, summary=summary, parity=found, data=on_data
    )


def _ask(
    read: record.Record,
    result: Path,
    shop: pipeline.Workshop,
    options: Options,
    expected: Any,
) -> parity.Parity:
    manifest = read.manifest
    spec = _spec(manifest.target_environment, options)
    answers = shop.path(".skmig")
    with shop.worker(spec, "target") as worker:
        shop.progress.step(f"asking {result.name} again with {spec.release}")
        worker.put("result.model", result)
        worker.put("record.skmig", read.path)
        code = pipeline.put_code(worker, spec)
        worker.call(
            "predict",
            artifact="result.model",
            format=manifest.format,
            bundle="record.skmig",
            out="answers.skmig",
            code=code,
            allow=manifest.options["allow"],
        )
        worker.get("answers.skmig", answers)
    return parity.compare(
        read.document("expected") if expected is None else expected,
        pipeline.read_document(answers, "actual"),
        rtol=manifest.options["rtol"],
        atol=manifest.options["atol"],
        documented=[parity.Documented(**item) for item in manifest.documented],
        accept=manifest.options["accept"],
        rounding=read.document("rounding"),
    )


def _expected_again(read: record.Record, shop: pipeline.Workshop, options: Options) -> Any:
    """What the original answers now, in its own environment."""
    manifest = read.manifest
    assert options.original is not None
    if not options.original.is_file() or record.sha256(options.original) != manifest.source.sha256:
        raise UnreadableError(
            f"`{options.original}` is not the original of this record: its digest differs",
            hint=f"the original is `{manifest.source.name}`, sha256 {manifest.source.sha256[:16]}…",
        )
    settings = plan.Settings(
        target=manifest.target_environment.release,
        source=manifest.source_environment.release,
        trust=tuple(manifest.options["trust"]),
        requirements=manifest.source_environment.requirements,
        code=options.code,
    )
    request = pipeline.Request(
        artifact=options.original, result=read.path, record=read.path, settings=settings
    )
    planned = pipeline.prepare(request)
    answers = shop.path(".skmig")
    pipeline.check_trust(
        options.original, settings, pipeline.finding_names(planned.facts), shop.backend
    )
    with shop.worker(planned.plan.source, "source") as worker:
        shop.progress.step(f"asking {options.original.name} again")
        worker.put(options.original.name, options.original)
        worker.put("record.skmig", read.path)
        worker.call(
            "predict",
            artifact=options.original.name,
            bundle="record.skmig",
            out="expected.skmig",
            code=pipeline.put_code(worker, planned.plan.source),
            encoding=planned.plan.encoding,
            reader=planned.plan.reader,
            strict=False,
        )
        worker.get("expected.skmig", answers)
    return pipeline.read_document(answers, "actual")


def _spec(fact: record.EnvironmentFact, options: Options) -> EnvironmentSpec:
    release = versions.release(fact.release).version
    return EnvironmentSpec(release=release, requirements=fact.requirements, code=options.code)
