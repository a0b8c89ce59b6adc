"""The Python functions: the same as the commands, with typed results."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skmig import inspection, pipeline, record, several, versions
from skmig.ahead import Ahead
from skmig.environments.base import Progress, SilentProgress
from skmig.errors import SkmigError, UnreadableError, UsageError
from skmig.payload import Bundle, WireError
from skmig.plan import Plan, Settings
from skmig.plan import make as make_plan
from skmig.record import record_of
from skmig.several import Outcome

if TYPE_CHECKING:  # what a migration does not need is imported by who does
    from skmig import checking, verification

ARTIFACT_SUFFIXES = frozenset(
    {
        ".pkl",
        ".pickle",
        ".joblib",
        ".sav",
        ".skops",
        ".model",
        ".dat",
        ".p",
        ".gz",
        ".bz2",
        ".xz",
        ".z",
        ".lz4",
    }
)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """An artifact, and the folder that it lies in below the one that was named."""

    path: Path
    folder: Path = Path()


def inspect(path: str | Path) -> inspection.Facts:
    """What a pickle or joblib file is, without running any of it.

    Raises UnreadableError for what cannot be read, with the reason.
    """
    return inspection.inspect(Path(path))


def migrate(
    path: str | Path,
    to: str | None = None,
    *,
    output: str | Path | None = None,
    report: str | Path | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
    ahead: Ahead | None = None,
    **options: Any,
) -> pipeline.Migration:
    """Move one fitted model to another release, and prove that it predicts the same.

    `to` is the target release; `options` are the fields of `Settings` (`source="1.1.0"`,
    `backend="local"`, `rtol=1e-9`, …), or `settings` gives them all.  `output` is the result's
    file, or a folder for it; default `<stem>-<target><suffix>` beside the artifact.  The record is
    written beside the result, and `report` (a file, or a folder for it) as one HTML page.  `ahead`
    is what was begun of it already (`skmig.ahead`).  Raises the errors of `skmig.errors`; nothing
    is written unless parity holds.
    """
    settings = checked(_settings(to, settings, options))
    artifact = Path(path)
    place = None if output is None else Path(output)
    if place is None or place.is_dir():
        place = result_name(artifact, settings, place)
    request = request_for(artifact, place, settings)
    if report is not None:
        request = replace(request, report=report_place(request.record, Path(report)))
    # before any environment is built
    planned = pipeline.prepare(request, None if ahead is None else ahead.facts)
    pipeline.check_outputs(request)
    with contextlib.ExitStack() as stack:
        shop = (
            stack.enter_context(pipeline.workshop(settings, progress or SilentProgress(), one=True))
            if ahead is None
            else ahead.shop
        )
        # with a room, small files travel with the jobs
        return pipeline.migrate(planned, shop.at("model", None))


def _settings(to: str | None, settings: Settings | None, options: dict[str, Any]) -> Settings:
    known = {field.name for field in fields(Settings)} - {"target"}
    unknown = sorted(options.keys() - known)
    if unknown:
        raise UsageError(
            f"there is no option `{unknown[0]}`", hint=f"options are: {', '.join(sorted(known))}"
        )
    if settings is None and to is None:
        raise UsageError("no target release was named", hint='say it, such as to="1.6.1"')
    if settings is None:
        return Settings(target=to or "", **options)
    return replace(settings, target=to or settings.target, **options)


def migrate_all(
    artifacts: Iterable[Chosen],
    *,
    settings: Settings,
    output: Path | None = None,
    reports: Path | None = None,
    progress: Progress | None = None,
) -> Iterator[Outcome]:
    """Migrate several models with shared environments, several at a time; goes on after errors.

    `output` is a folder, in which the folders of the artifacts are kept; default: beside each.
    `reports` is such a folder for a page of each.  Raises UsageError for one that is a file.
    """
    for option, place in (("--output", output), ("--report", reports)):
        if place is not None and place.exists() and not place.is_dir():
            raise UsageError(
                f"`{place}` is a file, and several models need a folder",
                hint=f"name a folder with {option}; it is made if it is not there",
            )
    with pipeline.workshop(settings, progress or SilentProgress()) as shop:
        requests = _requests(artifacts, settings, output, reports)
        yield from several.migrate(requests, shop)


def _requests(
    artifacts: Iterable[Chosen], settings: Settings, output: Path | None, reports: Path | None
) -> Iterator[tuple[Path, pipeline.Request | SkmigError]]:
    """What is to be done for each artifact, or why it cannot be; no two write to one place."""
    taken: set[Path] = set()
    for item in artifacts:
        artifact = item.path
        folder = None if output is None else output / item.folder
        request = request_for(artifact, result_name(artifact, settings, folder), settings)
        if request.record in taken:
            # two results that differ in nothing but their suffix
            request = replace(request, record=record.beside(request.result, whole=True))
        if reports is not None:
            page_of = report_name(request.record, reports / item.folder)
            request = replace(request, report=page_of)
        twice = taken.intersection(request.outputs)
        taken.update(request.outputs)
        if twice:
            yield (
                artifact,
                UsageError(
                    f"`{min(twice)}` would be written for `{artifact}` and for another model",
                    hint="migrate them one by one, each with its own --output",
                ),
            )
        else:
            yield artifact, request


def plan(artifact: Path, settings: Settings) -> Plan:
    """What `migrate` would do, from the file alone: nothing is started."""
    place = result_name(artifact, settings, None)
    request, _ = pipeline.known(request_for(artifact, place, settings))
    return make_plan(inspection.inspect(artifact), request.settings)


def check(
    path: str | Path,
    to: str | None = None,
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> checking.Check:
    """What happens if a file is simply loaded in another release; writes nothing.

    `to`, `settings` and `options` as for `migrate`.  That the file does not load, or ends the
    process that loads it, is an answer; raises the errors of `skmig.errors` where its own release
    cannot be asked.
    """
    from skmig import checking

    settings = checked(_settings(to, settings, options))
    with pipeline.workshop(settings, progress or SilentProgress()) as shop:
        return checking.check(Path(path), shop, settings)


def checked(settings: Settings) -> Settings:
    """The settings with the target's full name; what cannot be right is said before any work.

    Raises UnsupportedError (a release), UsageError (a path that is not there, options that do not
    go together).
    """
    checked_paths(settings)
    for name, wanted in (("--data-only", settings.data_only), ("--sample", settings.sample)):
        if wanted and settings.data is None:
            raise UsageError(f"{name} is about --data, which is not given", hint="add --data FILE")
    if settings.sample is not None and settings.sample < 1:
        raise UsageError("--sample takes a number of rows", hint="such as --sample 100000")
    if settings.source is not None:
        versions.release(settings.source)
    return replace(settings, target=versions.release(settings.target).version)


def checked_paths(settings: Settings) -> None:
    """Raises UsageError for a path that is not there."""
    for name, paths in (
        ("--code", settings.code),
        ("--data", (settings.data,)),
        ("--source-lock", (settings.source_lock,)),
        ("--target-lock", (settings.target_lock,)),
    ):
        for path in paths:
            if path is not None and not path.exists():
                raise UsageError(f"there is no `{path}`", hint=f"check the path given with {name}")


def verify_all(
    paths: Iterable[Path],
    *,
    options: verification.Options | None = None,
    settings: Settings | None = None,
    here: Path | bool = False,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Iterator[verification.Verification]:
    """Verify records, results and every record below folders; goes on after errors.

    Of `settings` count `backend`, `timeout` and `memory`.  `here`: in this interpreter's
    environment, or in that of the interpreter at a path; nothing is made then.  `jobs` at a time;
    the answers come in the order of the records.
    """
    from skmig import verification

    options = options or verification.Options()
    if options.original is not None:
        jobs = 1  # the source's worker answers for one record at a time
    settings = settings or Settings(target="")
    progress = progress or SilentProgress()
    places = []
    for path in paths:
        places += verification.records_below(path) if path.is_dir() else [path]
    if options.sha256 is not None and len(places) != 1:
        raise UsageError(
            f"{len(places)} records cannot have one digest",
            hint="name one record with --record-sha256",
        )
    with contextlib.ExitStack() as stack:
        shop = source = stack.enter_context(
            pipeline.workshop(settings, progress, pipeline.here(here) if here else None)
        )
        if here and options.original is not None:  # it is of another release
            source = stack.enter_context(pipeline.workshop(settings, progress))
        shops = verification.Shops(target=shop, source=source)
        roles: queue.SimpleQueue[str] = queue.SimpleQueue()
        for number in range(jobs):
            roles.put(f"target{number}")

        def one(place: Path) -> verification.Verification:
            role, started = roles.get(), time.monotonic()
            try:
                outcome = verification.verify(place, shops, options, role)
            except SkmigError as error:
                outcome = verification.failed(place, error)
            finally:
                roles.put(role)
            return replace(outcome, seconds=time.monotonic() - started)

        pool = ThreadPoolExecutor(jobs, thread_name_prefix="skmig-verify")
        # what still runs ends when its worker is closed
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        yield from pool.map(one, places)


def verify(
    path: str | Path,
    *,
    backend: str = "auto",
    original: str | Path | None = None,
    data: str | Path | None = None,
    sample: int | None = None,
    code: tuple[Path, ...] = (),
    trust: tuple[str, ...] = (),
    here: str | Path | bool = False,
    record_sha256: str | None = None,
    progress: Progress | None = None,
) -> verification.Verification:
    """Ask a migrated model again and hold its answers and its state against its record.

    `path` is the record or the result; `original` repeats the whole comparison, and compares on the
    rows of the file `data` too (at most `sample` of them, evenly chosen); `here` asks in
    this interpreter's environment, or in that of the interpreter at a path; `record_sha256` is the
    digest of the record as it was kept elsewhere.  Raises UnreadableError for a record that is
    missing, damaged or was changed.
    """
    from skmig import verification

    options = verification.Options(
        original=None if original is None else Path(original),
        data=None if data is None else Path(data),
        sample=sample,
        code=code,
        trust=trust,
        sha256=record_sha256,
    )
    settings = Settings(target="", backend=backend)
    where = here if isinstance(here, bool) else Path(here)
    (outcome,) = verify_all(
        [Path(path)], options=options, settings=settings, here=where, progress=progress
    )
    if outcome.error is not None:
        raise outcome.error
    return outcome


def request_for(artifact: Path, place: Path, settings: Settings) -> pipeline.Request:
    """The request for one artifact whose result shall be at `place`."""
    bundle = record.beside(place)
    return pipeline.Request(artifact=artifact, result=place, record=bundle, settings=settings)


def report_place(bundle: Path, place: Path) -> Path:
    """Where the page of a record goes when `place` was named: a file, or a folder for it."""
    return report_name(bundle, place) if place.is_dir() else place


def report_name(bundle: Path, folder: Path) -> Path:
    """`model-1.6.1.html` for the record `model-1.6.1.skmig`."""
    return folder / f"{bundle.stem}.html"


def read_record(path: str | Path) -> record.Record:
    """The record at `path`, or that of the result at `path`.

    Raises UnreadableError for one that is missing, damaged or was changed.
    """
    return record.read(record_of(Path(path)))


def report(path: str | Path) -> str:
    """The report of a record (or of the result beside it) as one HTML page.

    Raises UnreadableError for a record that is missing, damaged or was changed.
    """
    from skmig.record import page  # it takes long to import

    return page.of(read_record(path))


def write_report(read: record.Record, place: Path, *, force: bool = False) -> Path:
    """Write the page of a record; gives where.  `place` is a file, or a folder for it.

    Raises UsageError, OutputExistsError, OutputError and UnreadableError.
    """
    place = report_place(read.path, place)
    if place.resolve() in (read.path.resolve(), read.result.resolve()):
        raise UsageError(
            f"`{place}` is what the report is about",
            hint="give the report a name of its own, such as --html report.html",
        )
    record.check_place((place,), force)
    from skmig.record import page  # it takes long to import

    text = page.of(read)
    with record.placed((place,), force=force) as (draft,):
        draft.write_text(text, "utf-8")
    return place


def result_name(artifact: Path, settings: Settings, folder: Path | None) -> Path:
    """`<stem>-<target><suffix>`, in `folder` or beside the artifact."""
    suffix = artifact.suffix if artifact.suffix != record.SUFFIX else ".pkl"
    if settings.format == "skops":
        suffix = ".skops"
    name = f"{artifact.stem}-{settings.target}{suffix}"
    return (folder or artifact.parent) / name


def expand(paths: Sequence[Path]) -> tuple[list[Chosen], list[Path]]:
    """Files as named, folders as the artifacts in them; and what was passed over.

    Results of earlier migrations (files whose record lies beside them) are passed over.
    Raises UnreadableError for a path that does not exist, and where there is no artifact at all.
    """
    chosen: list[Chosen] = []
    passed: list[Path] = []
    for path in paths:
        if path.is_dir():
            for item in sorted(path.rglob("*")):
                if not item.is_file() or item.suffix == record.SUFFIX:
                    continue
                if _is_artifact(item):
                    chosen.append(Chosen(path=item, folder=item.parent.relative_to(path)))
                else:
                    passed.append(item)
        elif path.exists():
            chosen.append(Chosen(path=path))
        else:
            raise UnreadableError(f"there is no file `{path}`", hint="check the path")
    if not chosen:
        raise UnreadableError(
            f"there is no model in {', '.join(f'`{path}`' for path in paths)}",
            hint="name the model's own file: in folders only files are taken that look like one",
        )
    return chosen, passed


def _is_artifact(path: Path) -> bool:
    if path.name.startswith(".") or is_result(path):
        return False
    if path.suffix.lower() in ARTIFACT_SUFFIXES:
        return True
    with path.open("rb") as handle:
        head = handle.read(2)
    return len(head) == 2 and head[0] == 0x80 and 2 <= head[1] <= 5  # the opcode PROTO


def is_result(path: Path) -> bool:
    beside = record_of(path)
    if not beside.is_file():
        return False
    try:
        with Bundle(str(beside)) as bundle:
            return bool(bundle.json("manifest.json")["result"]["name"] == path.name)
    except (WireError, OSError, KeyError, TypeError):
        return False  # a payload, or something of another's
