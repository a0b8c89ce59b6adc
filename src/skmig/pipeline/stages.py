"""The stages of a run, in their order, and the whole run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from skmig import inputs, inspection, parity, plan, record
from skmig.adapters import carried, chain
from skmig.errors import (
    AgentError,
    DifferentError,
    RefusedError,
    SkmigError,
    UsageError,
)
from skmig.payload import write_bundle
from skmig.pipeline import captured
from skmig.pipeline.exchange import put_code, read_document, read_documents, user_data
from skmig.pipeline.naive import is_fitted, load_naively
from skmig.pipeline.own_rows import compare_data
from skmig.pipeline.passed import Adapted, Compared, Exported, Migration, Planned, Request, Restored
from skmig.pipeline.saying import comparisons, documented, how_to_accept, make_manifest, sentence
from skmig.pipeline.strange import data_of
from skmig.pipeline.trust import check_trust, dangers, finding_names
from skmig.pipeline.untouched import check_untouched
from skmig.workshop import Workshop, machine


def prepare(request: Request, facts: inspection.Facts | None = None) -> Planned:
    """Inspect the artifact and plan its way; refuse what certainly cannot go.

    `facts`: what was read of it already.
    """
    request, capture = captured.known(request)
    facts = facts or inspection.inspect(request.artifact)
    made = plan.make(facts, request.settings)
    _refuse(made.refusals, (), made.source.release, made.target.release)
    return Planned(request=request, facts=facts, plan=made, capture=capture)


def export(planned: Planned, shop: Workshop, *, target_too: bool = True) -> Exported:
    """Load, walk and question the model in the source environment.

    `target_too`: the target's environment is started meanwhile.
    """
    settings, made = planned.request.settings, planned.plan
    check_trust(planned.request.artifact, settings, finding_names(planned.facts), shop.backend)
    given = settings.data
    rows, notes = None, tuple[str, ...]()
    if given is not None:
        shop.progress.step(f"reading {given.name}")
        rows = inputs.read(given, planned.facts, shop.path(""), settings.sample)
    elif target_too:
        rows, notes = captured.own_rows(planned, shop)
    if target_too:
        shop.start(made.target, "target")
    bundle = shop.path(".skmig")
    digests = {planned.request.artifact: planned.facts.sha256}
    digests |= {sidecar: record.sha256(sidecar) for sidecar in planned.facts.sidecars}
    planned = captured.with_environment(planned, shop)
    made = planned.plan
    with shop.worker(made.source, "source") as worker:
        shop.progress.step(f"exporting {planned.request.artifact.name} with {made.source.release}")
        # sidecars of old joblib are found by the artifact's own name
        name = planned.request.artifact.name
        worker.put(name, planned.request.artifact)
        for sidecar in planned.facts.sidecars:
            worker.put(sidecar.name, sidecar)
        check_untouched(digests)
        arguments: dict[str, Any] = {
            "artifact": name,
            "out": "exported.skmig",
            "code": put_code(worker, made.source),
            "encoding": made.encoding,
            "reader": made.reader,
            "probes": {"limit": 0 if settings.data_only else settings.probe_rows, "seed": 0},
        }
        if rows is not None and not target_too:
            # a payload: there is no later question to this worker
            worker.put("data.skmig", user_data(rows, shop))
            arguments["data"] = "data.skmig"
        captured.check(planned, worker, arguments, shop)
        reply = worker.call("export", **arguments)
        worker.get("exported.skmig", bundle)
        fact = shop.fact(made.source, worker)
    if rows is None:
        shop.done(made.source, "source")
    else:
        model = read_document(bundle, "model")
        inputs.check_columns(rows, model)
        if not target_too:
            inputs.check_answers(rows, model, read_document(bundle, "expected"))
    facts = planned.facts
    return Exported(
        request=planned.request,
        bundle=bundle,
        source=record.FileFact(
            name=planned.request.artifact.name, sha256=facts.sha256, size=facts.size
        ),
        environment=fact,
        coverage=dict(reply.result["coverage"]),
        target=made.target,
        format=made.format,
        compress=made.compress,
        allow=tuple(sorted({*facts.third_party, *settings.modules})),
        notes=made.notes + notes + dangers(facts),
        encoding=made.encoding,
        reader=made.reader,
        findings=finding_names(facts),
        sidecars=facts.sidecars,
        source_spec=made.source,
        rows=rows,
        digests=digests,
        capture=planned.capture,
    )


def adapt(exported: Exported, shop: Workshop) -> Adapted:
    """Move the payload over the line of releases, by the rules."""
    documents = read_documents(exported.bundle, "model", "probes", "expected", "rounding")
    graph, probes, expected, rounding = documents
    source, target = exported.environment.release, exported.target.release
    allowed = exported.request.settings.allow_substitution
    with data_of(exported.request.artifact.name):
        adapted = chain.adapt(graph, source, target, substitution=allowed)
    losses = () if exported.request.settings.allow_loss else adapted.losses
    _refuse(adapted.refusals, losses, source, target)
    bundle = shop.path(".skmig")
    write_bundle(str(bundle), {"model": adapted.graph, "probes": probes})
    return Adapted(
        exported=exported,
        bundle=bundle,
        adapted=adapted,
        before=graph,
        expected=expected,
        rounding=rounding,
    )


def restore(adapted: Adapted, shop: Workshop) -> Restored:
    """Build and dump the model in the target; load it again in a fresh process and question it."""
    exported = adapted.exported
    target = exported.target
    result, answers = shop.path(".model"), shop.path(".skmig")
    with shop.worker(target, "target") as worker:
        shop.progress.step(f"building {exported.request.result.name} with {target.release}")
        worker.put("adapted.skmig", adapted.bundle)
        code = put_code(worker, target)
        try:
            worker.call(
                "restore",
                bundle="adapted.skmig",
                document="model",
                out="result.model",
                format=exported.format,
                compress=exported.compress,
                code=code,
                allow=exported.allow,
            )
        except AgentError as error:
            raise _without_name(error, exported) from error
        shop.progress.step(f"questioning {exported.request.result.name} with {target.release}")
        reply = worker.call(
            "predict",
            artifact="result.model",
            format=exported.format,
            bundle="adapted.skmig",
            out="answers.skmig",
            code=code,
            allow=exported.allow,
        )
        worker.get("result.model", result)
        worker.get("answers.skmig", answers)
        fact = shop.fact(target, worker)
    if exported.rows is None:
        shop.done(target, "target")
    arrived, actual = read_documents(answers, "state", "actual")
    with data_of(exported.request.artifact.name):
        state = carried.measure(adapted.before, adapted.adapted, arrived)
    return Restored(
        adapted=adapted,
        result=result,
        actual=actual,
        environment=fact,
        failures=dict(reply.result["failures"]),
        state=state,
    )


def _without_name(error: AgentError, exported: Exported) -> SkmigError:
    """A function that only other releases have (`r_regression`) cannot be named in the target."""
    if not error.details.get("absent"):
        return error
    return RefusedError(
        f"scikit-learn {exported.target.release} cannot express this model of "
        f"{exported.environment.release}",
        reasons=(f"{error.details['path']}: {error.details['message']}",),
        hint="choose another --to",
    )


def compare(restored: Restored, shop: Workshop) -> Compared:
    """Hold every answer of the target against the source's."""
    shop.progress.step("comparing outputs")
    exported = restored.adapted.exported
    settings = exported.request.settings
    adapted = restored.adapted
    sketches = parity.Sketches()
    with data_of(exported.request.artifact.name):
        found = parity.compare(
            adapted.expected,
            restored.actual,
            rtol=settings.rtol,
            atol=settings.atol,
            documented=documented(adapted.adapted),
            accept=settings.accept,
            rounding=adapted.rounding,
        )
        sketches.add(adapted.expected, restored.actual)
    return Compared(restored=restored, parity=found, sketches=sketches)


def write(compared: Compared, shop: Workshop) -> Migration:
    """Write the result and its record, both or neither.  Raises RefusedError when parity failed."""
    shop.progress.step("writing the result")
    restored = compared.restored
    exported = restored.adapted.exported
    request = exported.request
    if restored.failures:
        raise AgentError(
            f"the model that was built for scikit-learn {exported.target.release} is not whole",
            causes=tuple(
                f"{path}: {text}" for path, texts in restored.failures.items() for text in texts
            ),
            hint="nothing was written; this is a missing rule of skmig, please report it",
        )
    if not compared.whole.ok:
        raise DifferentError(
            f"`{request.artifact.name}` does not predict the same under scikit-learn "
            f"{exported.target.release}: {sentence(compared)}",
            reasons=tuple(
                f"{where}{item.path}.{item.method}: {item.text or item.verdict.value}"
                for where, part in comparisons(compared)
                for item in part.failures
            ),
            hint=f"nothing was written; {how_to_accept(compared)}",
        )
    if not compared.whole.proven and is_fitted(restored.adapted.adapted.graph):
        raise RefusedError(
            f"nothing that `{request.artifact.name}` answers could be compared",
            reasons=tuple(
                f"{item.path}.{item.method}: {item.text}" for item in compared.whole.methods
            ),
            hint="nothing was written; give inputs that the model takes with --data",
        )
    check_untouched(exported.digests)
    with record.placed(request.outputs, force=request.settings.force) as drafts:
        result, bundle, *reports = drafts
        shutil.copyfile(restored.result, result)
        commit = shop.commit(request.artifact.resolve().parent)
        manifest = make_manifest(compared, result, commit)
        sketches = {
            "probes": compared.sketches.as_json(),
            "data": compared.data_sketches.as_json(),
        }
        said = None if exported.capture is None else dict(exported.capture.said)
        manifest = record.write(bundle, manifest, exported.bundle, sketches, said)
        for place in reports:
            from skmig.record import page  # it takes long to import, and most want none

            place.write_text(page.page(manifest, sketches), "utf-8")
    return Migration(
        artifact=request.artifact,
        result=request.result,
        record=request.record,
        report=request.report,
        manifest=manifest,
    )


# the target's half begins with a payload: `skmig import` enters here
TARGET_STAGES: tuple[Callable[[Any, Workshop], Any], ...] = (
    adapt,
    restore,
    compare,
    compare_data,
    load_naively,
    write,
)


def migrate(planned: Planned, shop: Workshop) -> Migration:
    """One planned artifact through all stages."""
    with machine():
        check_outputs(planned.request)
        return finish(export(planned, shop), shop)


def check_outputs(request: Request) -> None:
    """Can the outputs be written?  Raises UsageError, OutputExistsError and OutputError."""
    check_apart(request.artifact, request.outputs)
    if request.result == request.record:
        raise UsageError(
            f"`{request.result}` would be the result and its record at once",
            hint=f"give the result another suffix than {record.SUFFIX}",
        )
    if len({place.resolve() for place in request.outputs}) < len(request.outputs):
        raise UsageError(
            f"`{request.report}` would be the report and the result or its record at once",
            hint="give the report a name of its own, such as --report report.html",
        )
    record.check_place(request.outputs, request.settings.force)


def check_apart(artifact: Path, outputs: tuple[Path, ...]) -> None:
    """The original is what one goes back to: not even --force replaces it.  Raises UsageError."""
    for place in outputs:
        if place.exists() and place.samefile(artifact):
            raise UsageError(
                f"`{place}` is the original, which is never replaced",
                hint="choose another --output",
            )


def finish(exported: Exported, shop: Workshop) -> Migration:
    """The stages from a payload to the result and its record."""
    carried: Any = exported
    for stage in TARGET_STAGES:
        carried = stage(carried, shop)
    assert isinstance(carried, Migration)
    return carried


def _refuse(
    refusals: tuple[chain.Statement, ...],
    losses: tuple[chain.Statement, ...],
    source: str,
    target: str,
) -> None:
    reasons = tuple(
        f"{item.path} ({item.tag.rsplit('.', 1)[1]}): {item.text}" for item in (*refusals, *losses)
    )
    if reasons:
        hint = "choose another --to"
        if losses and not refusals:
            hint = "accept the loss with --allow-loss (it is listed in the record), or " + hint
        elif reasons and all("--allow-substitution" in text for text in reasons):
            hint = "allow it with --allow-substitution (it is listed in the record), or " + hint
        raise RefusedError(
            f"scikit-learn {target} cannot express this model of {source}",
            reasons=tuple(dict.fromkeys(reasons)),
            hint=hint,
        )
