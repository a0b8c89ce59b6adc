"""The run: one artifact through the stages, each taking and giving a frozen dataclass."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig import inputs, inspection, parity, plan, record, streaming
from skmig.adapters import carried, chain
from skmig.environments import builder, choose, cleanup
from skmig.environments.base import Backend, EnvironmentSpec, Limits, Progress, Worker
from skmig.errors import (
    AgentError,
    DataError,
    EnvironmentFailedError,
    OutOfMemoryError,
    RefusedError,
    SkmigError,
    TimeoutExpiredError,
    UntrustedError,
    UsageError,
)
from skmig.parity import Naive, Parity, Sketches
from skmig.payload import Bundle, Obj, WireError, write_bundle
from skmig.plan import Plan, Settings
from skmig.record import Manifest, page
from skmig.version import __version__


# ------------------------------------------------------------------ what passes between stages
@dataclass(frozen=True, kw_only=True)
class Request:
    """One artifact and where its result and record shall be, and the report if one is wanted."""

    artifact: Path
    result: Path
    record: Path
    settings: Settings
    report: Path | None = None

    @property
    def outputs(self) -> tuple[Path, ...]:
        places = (self.result, self.record)
        return places if self.report is None else (*places, self.report)


@dataclass(frozen=True, kw_only=True)
class Planned:
    request: Request
    facts: inspection.Facts
    plan: Plan


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A payload and all that the target's half of a migration needs to know of it."""

    request: Request
    bundle: Path
    source: record.FileFact
    environment: record.EnvironmentFact
    coverage: dict[str, Any]
    target: EnvironmentSpec
    format: str
    compress: tuple[str, int] | None = None
    allow: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    encoding: str | None = None
    reader: str | None = None
    findings: tuple[str, ...] = ()
    sidecars: tuple[Path, ...] = ()
    source_spec: EnvironmentSpec | None = None
    rows: inputs.Inputs | None = None


@dataclass(frozen=True, kw_only=True)
class Adapted:
    exported: Exported
    bundle: Path
    adapted: chain.Adapted
    before: Any  # the graph that was adapted


@dataclass(frozen=True, kw_only=True)
class Restored:
    adapted: Adapted
    result: Path
    answers: Path
    environment: record.EnvironmentFact
    failures: dict[str, list[str]]
    state: carried.State


@dataclass(frozen=True, kw_only=True)
class Compared:
    restored: Restored
    parity: Parity
    sketches: Sketches
    data: Parity | None = None
    data_sketches: Sketches = dataclasses.field(default_factory=Sketches)
    naive: Naive | None = None

    @property
    def whole(self) -> Parity:
        """What was found on the probes and on the user's data together."""
        more = () if self.data is None else self.data.methods
        return dataclasses.replace(self.parity, methods=self.parity.methods + more)


@dataclass(frozen=True, kw_only=True)
class Migration:
    """What `migrate` gives: the verdict, where the files are, and the whole manifest."""

    artifact: Path
    result: Path
    record: Path
    manifest: Manifest
    report: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """What was written."""
        places = (self.result, self.record)
        return places if self.report is None else (*places, self.report)

    @property
    def summary(self) -> str:
        return self.manifest.summary

    def as_json(self) -> dict[str, Any]:
        return {
            "artifact": str(self.artifact),
            "result": str(self.result),
            "record": str(self.record),
            "report": None if self.report is None else str(self.report),
            "manifest": self.manifest.as_json(),
        }


# ------------------------------------------------------------------ environments of a run
class Workshop:
    """The environments of a run: each worker is started once, used by many, and always ended."""

    def __init__(self, backend: Backend, limits: Limits, progress: Progress) -> None:
        self.backend = backend
        self.limits = limits
        self.progress = progress
        self._numbers = itertools.count()
        self._pool = ThreadPoolExecutor(thread_name_prefix="skmig-environment")
        self._workers: dict[tuple[EnvironmentSpec, str], Future[Worker]] = {}
        self._starting = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="skmig-")

    def __enter__(self) -> Workshop:
        return self

    def __exit__(self, *exc: object) -> None:
        if isinstance(exc[1], KeyboardInterrupt | SystemExit):
            builder.abort()  # or an image that is being built would be waited for
        for future in self._workers.values():
            future.cancel()
        for future in self._workers.values():
            with contextlib.suppress(BaseException):
                future.result().close()
        self._pool.shutdown(cancel_futures=True)
        self._folder.cleanup()

    def start(self, spec: EnvironmentSpec, role: str) -> None:
        """Begin to make an environment and its worker, without waiting."""
        with self._starting:
            if (spec, role) not in self._workers:
                self._workers[spec, role] = self._pool.submit(
                    self.backend.worker, spec, self.limits, self.progress
                )

    @contextlib.contextmanager
    def worker(self, spec: EnvironmentSpec, role: str) -> Iterator[Worker]:
        """The worker of an environment; one that broke is not used again.

        `role` keeps the source's worker, where untrusted code ran, apart from the target's.
        """
        self.start(spec, role)
        try:
            worker = self._workers[spec, role].result()
            yield worker
        except (EnvironmentFailedError, KeyboardInterrupt) as error:
            if isinstance(error, KeyboardInterrupt):
                builder.abort()
            self.end(spec, role)
            raise

    def end(self, spec: EnvironmentSpec, role: str) -> None:
        """End a worker; who wants it again gets a new one."""
        worker = self._workers.pop((spec, role), None)
        if worker is not None:
            with contextlib.suppress(BaseException):
                worker.result().close()

    def keep_only(self, spec: EnvironmentSpec, role: str) -> None:
        """End the workers of a role in other environments: a machine has not room for many."""
        for other, its_role in tuple(self._workers):
            if its_role == role and other != spec:
                self.end(other, role)

    def path(self, suffix: str) -> Path:
        """A new file name in the run's temporary folder."""
        return Path(self._folder.name) / f"{next(self._numbers)}{suffix}"

    def fact(self, spec: EnvironmentSpec, worker: Worker) -> record.EnvironmentFact:
        hello = worker.hello
        return record.EnvironmentFact(
            release=spec.release,
            backend=self.backend.name,
            python=str(hello["python"]),
            platform=str(hello["platform"]),
            packages=dict(hello["packages"]),
            lock=choose.lock_digest(spec),
            requirements=spec.requirements,
        )


@contextlib.contextmanager
def workshop(
    settings: Settings, progress: Progress, backend: Backend | None = None
) -> Iterator[Workshop]:
    """A workshop with `backend`, or with the one that the settings ask for."""
    limits = Limits(timeout=settings.timeout, memory=settings.memory)
    with (
        cleanup.armed(),
        Workshop(backend or choose.backend(settings.backend, progress), limits, progress) as opened,
    ):
        yield opened


# ------------------------------------------------------------------ the stages
def prepare(request: Request) -> Planned:
    """Inspect the artifact and plan its way; refuse what certainly cannot go."""
    facts = inspection.inspect(request.artifact)
    made = plan.make(facts, request.settings)
    _refuse(made.refusals, (), made.source.release, made.target.release)
    return Planned(request=request, facts=facts, plan=made)


def export(planned: Planned, shop: Workshop, *, target_too: bool = True) -> Exported:
    """Load, walk and question the model in the source environment.

    `target_too`: the target's environment is started meanwhile.
    """
    settings, made = planned.request.settings, planned.plan
    check_trust(planned.request.artifact, settings, finding_names(planned.facts), shop.backend)
    given = settings.data
    rows = None
    if given is not None:
        shop.progress.step(f"reading {given.name}")
        rows = inputs.read(given, planned.facts, shop.path(""), settings.sample)
    if target_too:
        shop.start(made.target, "target")
    bundle = shop.path(".skmig")
    with shop.worker(made.source, "source") as worker:
        shop.progress.step(f"exporting {planned.request.artifact.name} with {made.source.release}")
        # sidecars of old joblib are found by the artifact's own name
        name = planned.request.artifact.name
        worker.put(name, planned.request.artifact)
        for sidecar in planned.facts.sidecars:
            worker.put(sidecar.name, sidecar)
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
            worker.put("data.skmig", _user_data(rows, shop))
            arguments["data"] = "data.skmig"
        reply = worker.call("export", **arguments)
        worker.get("exported.skmig", bundle)
        fact = shop.fact(made.source, worker)
    if rows is not None:
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
        notes=made.notes + _dangers(facts),
        encoding=made.encoding,
        reader=made.reader,
        findings=finding_names(facts),
        sidecars=facts.sidecars,
        source_spec=made.source,
        rows=rows,
    )


def adapt(exported: Exported, shop: Workshop) -> Adapted:
    """Move the payload over the line of releases, by the rules."""
    graph = read_document(exported.bundle, "model")
    source, target = exported.environment.release, exported.target.release
    allowed = exported.request.settings.allow_substitution
    adapted = chain.adapt(graph, source, target, substitution=allowed)
    losses = () if exported.request.settings.allow_loss else adapted.losses
    _refuse(adapted.refusals, losses, source, target)
    bundle = shop.path(".skmig")
    probes = read_document(exported.bundle, "probes")
    write_bundle(str(bundle), {"model": adapted.graph, "probes": probes})
    return Adapted(
        exported=exported,
        bundle=bundle,
        adapted=adapted,
        before=graph,
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
    return Restored(
        adapted=adapted,
        result=result,
        answers=answers,
        environment=fact,
        failures=dict(reply.result["failures"]),
        state=carried.measure(adapted.before, adapted.adapted, read_document(answers, "state")),
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
    expected = read_document(exported.bundle, "expected")
    actual = read_document(restored.answers, "actual")
    found = parity.compare(
        expected,
        actual,
        rtol=settings.rtol,
        atol=settings.atol,
        documented=documented(restored.adapted.adapted),
        accept=settings.accept,
        rounding=read_document(exported.bundle, "rounding"),
    )
    sketches = parity.Sketches()
    sketches.add(expected, actual)
    return Compared(restored=restored, parity=found, sketches=sketches)


def compare_data(compared: Compared, shop: Workshop) -> Compared:
    """Hold every answer to the user's own rows against the source's (when there are any)."""
    restored = compared.restored
    exported = restored.adapted.exported
    settings, source = exported.request.settings, exported.source_spec
    if exported.rows is None or source is None:
        return compared
    graph = read_document(exported.bundle, "model")
    with shop.worker(source, "source") as one, shop.worker(exported.target, "target") as two:
        sides = (
            _exported_side(one, exported, source),
            result_side(two, exported.format, put_code(two, exported.target), exported.allow),
        )
        terms = streaming.Terms(
            rtol=settings.rtol,
            atol=settings.atol,
            documented=tuple(documented(restored.adapted.adapted)),
            accept=settings.accept,
        )
        sketches = parity.Sketches(pairs=False)
        found = compare_rows(exported.rows, graph, sides, terms, shop, sketches)
    return dataclasses.replace(compared, data=found, data_sketches=sketches)


def compare_rows(
    rows: inputs.Inputs,
    graph: Any,
    sides: tuple[streaming.Side, streaming.Side],
    terms: streaming.Terms,
    shop: Workshop,
    sketches: parity.Sketches | None = None,
) -> Parity:
    """Compare what source and target say to the user's rows.  `graph`: the exported model.

    Raises DataError where the source refuses the rows.
    """
    try:
        return streaming.compare(
            rows.rows,
            rows.chunks,
            rows.data.width,
            sides,
            terms,
            place=shop.path,
            progress=shop.progress,
            refused=lambda answers: inputs.check_answers(rows, graph, answers),
            sketches=sketches,
        )
    except WireError as exc:
        raise _not_given(rows, exc) from exc


def source_side(
    worker: Worker, artifact: Path, code: list[str], encoding: str | None, reader: str | None
) -> streaming.Side:
    """The source's worker, where the artifact lies under its own name."""
    arguments: Mapping[str, Any] = {
        "artifact": artifact.name,
        "code": code,
        "encoding": encoding,
        "reader": reader,
        "strict": False,
    }
    return streaming.Side(worker=worker, arguments=arguments)


def _exported_side(worker: Worker, exported: Exported, spec: EnvironmentSpec) -> streaming.Side:
    code = put_code(worker, spec)
    artifact = exported.request.artifact
    return source_side(worker, artifact, code, exported.encoding, exported.reader)


def result_side(
    worker: Worker, file_format: str, code: list[str], allow: tuple[str, ...]
) -> streaming.Side:
    """The target's worker, where the result lies as `result.model`."""
    arguments: Mapping[str, Any] = {
        "artifact": "result.model",
        "format": file_format,
        "code": code,
        "allow": allow,
    }
    return streaming.Side(worker=worker, arguments=arguments)


def load_naively(compared: Compared, shop: Workshop) -> Compared:
    """What would have happened: the original, loaded in the target as it is (when asked for)."""
    exported = compared.restored.adapted.exported
    if not exported.request.settings.compare_naive:
        return compared
    return dataclasses.replace(compared, naive=naively(exported, shop))


def naively(exported: Exported, shop: Workshop) -> Naive:
    """Load the original in the target as it is, and hold its answers against the source's.

    It runs its own code, so that this worker is never the one that builds.  That it cannot be
    loaded, ends its process or takes too long is an answer.
    """
    request, target = exported.request, exported.target
    settings = request.settings
    check_trust(request.artifact, settings, exported.findings, shop.backend)
    answers, place = shop.path(".skmig"), shop.path(".txt")
    questions, expected = _questions(exported, shop)
    with shop.worker(target, "naive") as worker:
        shop.progress.step(f"loading {request.artifact.name} as it is with {target.release}")
        for path in (request.artifact, *exported.sidecars):
            worker.put(path.name, path)
        worker.put("probes.skmig", questions)
        code = put_code(worker, target)
        try:
            reply = worker.call(
                "predict",
                artifact=request.artifact.name,
                bundle="probes.skmig",
                out="naive.skmig",
                code=code,
                reader=exported.reader,
                allow=exported.allow,
                strict=False,
                plain=True,
                at="at.txt",
            )
        except (AgentError, TimeoutExpiredError, OutOfMemoryError) as error:
            with contextlib.suppress(EnvironmentFailedError):  # it may be gone with its files
                worker.get("at.txt", place)
            if not isinstance(error, AgentError):
                shop.end(target, "naive")
            return parity.ended(_how_it_ended(error, settings), _said_in(place))
        worker.get("naive.skmig", answers)
    found = parity.compare(
        expected,
        read_document(answers, "actual"),
        rtol=settings.rtol,
        atol=settings.atol,
        rounding=None
        if questions != exported.bundle
        else read_document(exported.bundle, "rounding"),
    )
    return parity.answered(
        found,
        warnings=reply.result["warnings"],
        broken=reply.result["failures"],
        fitted=_is_fitted(read_document(exported.bundle, "model")),
    )


def _how_it_ended(error: SkmigError, settings: Settings) -> str:
    if isinstance(error, TimeoutExpiredError):
        return f"it does not come to an end within {settings.timeout:g} s"
    if isinstance(error, OutOfMemoryError):
        return "it runs out of memory"
    said = error.details if isinstance(error, AgentError) else {}
    if said.get("signal"):
        return f"the process is {said['message']}"
    if said.get("stage") in ("build", "walk"):
        raise error  # not the model's doing
    return f"{said['kind']}: {said['message']}" if "kind" in said else error.message


def _said_in(place: Path) -> str:
    return place.read_text(encoding="utf-8") if place.exists() else ""


def _questions(exported: Exported, shop: Workshop) -> tuple[Path, Any]:
    """What a plain load is asked, and what the source said to it: the probes, or where there are
    none the first rows of the user's.
    """
    expected = read_document(exported.bundle, "expected")
    source, settings = exported.source_spec, exported.request.settings
    if exported.rows is None or source is None or not settings.data_only:
        return exported.bundle, expected
    first = next(exported.rows.chunks(settings.probe_rows)).value
    bundle, answers = shop.path(".skmig"), shop.path(".skmig")
    probe = {"input": first, "coverage": {}, "kind": "data"}
    write_bundle(str(bundle), {"probes": dict.fromkeys(expected, probe)})
    with shop.worker(source, "source") as worker:
        side = _exported_side(worker, exported, source)
        worker.put("probes.skmig", bundle)
        worker.call("predict", **side.arguments, bundle="probes.skmig", out="first.skmig")
        worker.get("first.skmig", answers)
    return bundle, read_document(answers, "actual")


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
        raise RefusedError(
            f"`{request.artifact.name}` does not predict the same under scikit-learn "
            f"{exported.target.release}: {_found(compared)}",
            reasons=tuple(
                f"{where}{item.path}.{item.method}: {item.text or item.verdict.value}"
                for where, part in _parts(compared)
                for item in part.failures
            ),
            hint=f"nothing was written; {_how_to_accept(compared)}",
        )
    if not compared.whole.proven and _is_fitted(restored.adapted.adapted.graph):
        raise RefusedError(
            f"nothing that `{request.artifact.name}` answers could be compared",
            reasons=tuple(
                f"{item.path}.{item.method}: {item.text}" for item in compared.whole.methods
            ),
            hint="nothing was written; give inputs that the model takes with --data",
        )
    with record.placed(request.outputs) as (result, bundle, *reports):
        result.write_bytes(restored.result.read_bytes())
        manifest = _manifest(compared, result)
        sketches = {
            "probes": compared.sketches.as_json(),
            "data": compared.data_sketches.as_json(),
        }
        manifest = record.write(bundle, manifest, exported.bundle, sketches)
        for place in reports:
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


# ------------------------------------------------------------------ parts of stages
def check_trust(
    artifact: Path, settings: Settings, findings: tuple[str, ...], backend: Backend
) -> None:
    """Outside a sandbox, only an artifact whose every global is known may be loaded.

    Raises UntrustedError, which names each global that the user would have to trust.
    """
    if backend.sandboxed:
        return
    trusted = settings.trust + settings.modules + tuple(_code_modules(settings.code))
    strange = [name for name in findings if not _is_trusted(name, trusted)]
    if strange:
        raise UntrustedError(
            f"`{artifact.name}` names what is not known to be safe: "
            f"{', '.join(strange[:8])}{' …' if len(strange) > 8 else ''}",
            hint="use --backend docker, where it runs in a sandbox, or trust each by name with "
            f"--trust {strange[0].rpartition('.')[0] or strange[0]}",
        )


def finding_names(facts: inspection.Facts) -> tuple[str, ...]:
    """The globals of an artifact that are not on the allowlist."""
    return tuple(sorted({item.name for item in facts.findings}))


def _dangers(facts: inspection.Facts) -> tuple[str, ...]:
    return tuple(
        f"the original {item.text}; it did so in the source environment only"
        for item in facts.findings
        if item.severity == "dangerous"
    )


def _is_trusted(name: str, trusted: tuple[str, ...]) -> bool:
    return any(name == item or name.startswith(item + ".") for item in trusted)


def _code_modules(code: tuple[Path, ...]) -> Iterator[str]:
    """What the user handed over with --code is the user's own."""
    for path in code:
        if path.is_dir():
            yield from (
                item.stem for item in path.iterdir() if item.is_dir() or item.suffix == ".py"
            )
        else:
            yield from (path.stem, "__main__")


def put_code(worker: Worker, spec: EnvironmentSpec) -> list[str]:
    """Copy the user's code into the exchange; gives its names there."""
    names = []
    for i, path in enumerate(spec.code):
        name = f"code{i}" if path.is_dir() else path.name
        worker.put(name, path)
        names.append(name)
    return names


def read_document(bundle: Path, name: str) -> Any:
    """A document of a bundle that came out of an environment.  Raises AgentError."""
    try:
        with Bundle(str(bundle)) as opened:
            return opened.document(name)
    except (WireError, OSError) as exc:
        raise AgentError(
            f"the environment answered with a payload that is not valid: {exc}"
        ) from exc


def _user_data(rows: inputs.Inputs, shop: Workshop) -> Path:
    bundle = shop.path(".skmig")
    try:
        write_bundle(str(bundle), {"rows": rows.whole()})
    except WireError as exc:
        raise _not_given(rows, exc) from exc
    return bundle


def _not_given(rows: inputs.Inputs, exc: WireError) -> DataError:
    return DataError(
        f"`{rows.data.path}` cannot be given to a model: {exc}",
        hint="give numbers and text only",
    )


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


def _manifest(compared: Compared, result: Path) -> record.Manifest:
    restored = compared.restored
    adapted = restored.adapted
    exported = adapted.exported
    request, settings = exported.request, exported.request.settings
    said = adapted.adapted
    spoken = said_by_rules(said)
    return record.Manifest(
        skmig=__version__,
        created=record.now(),
        user=record.who(),
        commit=record.commit(request.artifact.resolve().parent),
        source=exported.source,
        rollback=exported.source,
        result=record.FileFact.of(result, request.result.name),
        format=exported.format,
        source_environment=exported.environment,
        target_environment=restored.environment,
        **(spoken | {"notes": exported.notes + spoken["notes"]}),
        coverage=exported.coverage,
        state=restored.state.as_json(),
        options={
            "rtol": settings.rtol,
            "atol": settings.atol,
            # of what loosens, that which was used: the rest was not needed
            "accept": list(parity.used(settings.accept, compared.whole, documented(said))),
            "allow_loss": bool(said.losses),
            "allow_substitution": bool(said.substitutions),
            "trust": list(settings.trust),
            "allow": list(exported.allow),
            "data_only": settings.data_only,
        },
        parity=compared.parity.as_json(),
        data=_data_fact(compared),
        verdict=compared.whole.verdict if compared.whole.proven else record.UNPROVEN,
        summary=record.summary(
            exported.source, exported.environment, restored.environment, _found(compared)
        ),
        naive={} if compared.naive is None else compared.naive.as_json(),
    )


def said_by_rules(said: chain.Adapted) -> dict[str, Any]:
    """What a manifest says of the way, by field."""
    return {
        "rules": said.applied,
        "losses": _lines(said.losses),
        "substitutions": _lines(said.substitutions),
        "notes": _lines(said.notes),
        "changes": _lines(said.changes),
        "documented": tuple(dataclasses.asdict(item) for item in documented(said)),
        "moved": tuple(item.as_json() for item in said.moved),
    }


def _data_fact(compared: Compared) -> dict[str, Any] | None:
    """What the record says of the user's data: which file it was and what was found, no row."""
    rows = compared.restored.adapted.exported.rows
    if rows is None or compared.data is None:
        return None
    return {
        **dataclasses.asdict(record.FileFact.of(rows.data.path)),
        "rows": rows.data.rows,
        "asked": rows.rows,
        "words": words_for(rows),
        "parity": compared.data.as_json(),
    }


def documented(said: chain.Adapted) -> list[parity.Documented]:
    """What scikit-learn itself changed for this model, as the comparison wants it."""
    return [
        parity.Documented(
            path=item.path, method=item.method, text=item.text, tag=item.tag, accepted=accepted
        )
        for statements, accepted in ((said.changes, False), (said.substitutions, True))
        for item in statements
        if item.method
    ]


def _how_to_accept(compared: Compared) -> str:
    if any(item.verdict is not parity.Verdict.CHANGED for item in compared.whole.failures):
        return "see the methods above; only what scikit-learn itself changed can be accepted"
    changes = documented(compared.restored.adapted.adapted)
    names = sorted({f"{item.tag.rpartition('.')[2]}.{item.method}" for item in changes})
    return f"accept what scikit-learn changed with {' '.join(f'--accept {n}' for n in names)}"


def _is_fitted(graph: Any) -> bool:
    """Does anything in a graph have a fitted attribute (`coef_`)?"""
    waiting, seen = [graph], set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Obj):
            if any(name.endswith("_") and not name.startswith("_") for name in value.state):
                return True
            waiting += value.state.values()
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value
    return False


def _lines(statements: tuple[chain.Statement, ...]) -> tuple[str, ...]:
    """One line for each thing said; of a hundred trees it is said once."""
    places: dict[tuple[str, str, str], dict[str, None]] = {}
    for item in statements:
        said = (item.tag.rsplit(".", 1)[1], item.boundary, item.text)
        places.setdefault(said, {})[item.path] = None
    return tuple(
        f"{next(iter(paths))} ({name}){_more(len(paths) - 1)}, {boundary}: {text}"
        for (name, boundary, text), paths in places.items()
    )


def _more(count: int) -> str:
    return f" and {count} more" if count else ""


def _found(compared: Compared) -> str:
    return " ".join(f"{where}{part.summary}" for where, part in _parts(compared))


def words_for(rows: inputs.Inputs) -> str:
    """Which rows were asked."""
    of = "" if rows.rows == rows.data.rows else f" of {rows.data.rows}"
    return f"{rows.rows}{of} rows of `{rows.data.path.name}`"


def _parts(compared: Compared) -> list[tuple[str, Parity]]:
    """The comparisons that were made, each with the words that say on what."""
    exported = compared.restored.adapted.exported
    parts = [("", compared.parity)]
    if compared.data is not None and exported.rows is not None:
        said = f"On {words_for(exported.rows)}: ", compared.data
        parts = [said] if exported.request.settings.data_only else [*parts, said]
    return parts
