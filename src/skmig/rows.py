"""The user's rows, put to an original and to the result that its record speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from skmig import inputs, parity, pipeline, plan, record, streaming
from skmig.environments.base import EnvironmentSpec
from skmig.errors import UnreadableError, UsageError


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A file of data, and how to come by the model that answers for it."""

    data: Path
    original: Path | None
    sample: int | None = None
    code: tuple[Path, ...] = ()
    trust: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was found; `words` say on what."""

    words: str
    parity: parity.Parity


def compare(
    rows: Rows,
    read: record.Record,
    result: Path,
    spec: EnvironmentSpec,
    shops: tuple[pipeline.Workshop, pipeline.Workshop],
) -> Answer:
    """Compare the original of a record with its `result`, in the environment `spec`, on rows.

    `shops` are those of the source and of the target.  Raises UsageError without an original: the
    record holds none of the rows.  Raises UnreadableError for another original, and DataError.
    """
    manifest, original = read.manifest, rows.original
    if original is None:
        raise UsageError(
            "verifying on --data needs the original too: a record holds no answer to your rows",
            hint=f"add --original {manifest.source.name}",
        )
    if not original.is_file() or record.sha256(original) != manifest.source.sha256:
        raise UnreadableError(
            f"`{original}` is not the original of this record: its digest differs",
            hint=f"the original is `{manifest.source.name}`, sha256 {manifest.source.sha256[:16]}…",
        )
    settings = plan.Settings(
        target=manifest.target_environment.release,
        source=manifest.source_environment.release,
        trust=(*rows.trust, *manifest.options["trust"]),
        requirements=manifest.source_environment.requirements,
        code=rows.code,
    )
    request = pipeline.Request(
        artifact=original, result=read.path, record=read.path, settings=settings
    )
    planned = pipeline.prepare(request)
    source, target = shops
    pipeline.check_trust(original, settings, pipeline.finding_names(planned.facts), source.backend)
    target.progress.step(f"reading {rows.data.name}")
    given = inputs.read(rows.data, planned.facts, source.path(""), rows.sample)
    graph = read.document("model")
    inputs.check_columns(given, graph)
    found_in = planned.plan.source
    with source.worker(found_in, "source") as one, target.worker(spec, "target") as two:
        for path in (original, *planned.facts.sidecars):
            one.put(path.name, path)
        two.put("result.model", result)
        way = planned.plan
        code = pipeline.put_code(one, found_in), pipeline.put_code(two, spec)
        sides = (
            pipeline.source_side(one, original, code[0], way.encoding, way.reader),
            pipeline.result_side(two, manifest.format, code[1], manifest.options["allow"]),
        )
        terms = streaming.Terms(
            rtol=manifest.options["rtol"],
            atol=manifest.options["atol"],
            documented=tuple(parity.Documented(**item) for item in manifest.documented),
            accept=tuple(manifest.options["accept"]),
        )
        found = pipeline.compare_rows(given, graph, sides, terms, target)
    return Answer(words=pipeline.words_for(given), parity=found)


def unproven(manifest: record.Manifest) -> str:
    """Why nothing can be asked again from a record alone; "" where something can."""
    if not manifest.options.get("data_only") or manifest.data is None:
        return ""
    return (
        "the record holds no inputs, since it was made with --data-only on "
        f"`{manifest.data['name']}` (sha256 {manifest.data['sha256'][:16]}…): verify with --data "
        "and --original"
    )
