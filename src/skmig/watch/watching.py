"""`skmig watch`: the recent rows of a log, and the probes, held against a record."""

from __future__ import annotations

import datetime
import time

from skmig.environments.base import Progress, SilentProgress
from skmig.errors import UnreadableError, UsageError
from skmig.watch import baseline as baselines
from skmig.watch import drift, reading, records, replay
from skmig.watch.answer import Options, Replay, Rows, Watched
from skmig.watch.baseline import Baseline
from skmig.watch.records import Known

_SKEW = 300.0  # seconds that clocks may differ before it is said
_NAMED = 3


def watch(
    known: Known,
    options: Options,
    *,
    now: float | None = None,
    progress: Progress | None = None,
) -> Watched:
    """Ask what the options ask for.  `now`: seconds since 1970, default the clock.

    Raises UsageError (nothing to do), UnreadableError (no log, no rows to compare with, damage),
    DataError (the log of another model), UntrustedError.
    """
    now = time.time() if now is None else now
    if options.log is None and not options.probes:
        raise UsageError(
            "there is nothing to watch",
            hint="name the log of the serving code with --log, or replay the probes with --probes",
        )
    notes: list[str] = []
    found = None if options.log is None else _rows(known, options, now, notes)
    replayed = None
    if options.probes:
        replayed = replay.replay(known, options, progress or SilentProgress(), notes)
    return Watched(
        model=known.model,
        record=known.path,
        summary=_summary(found, replayed, options),
        notes=tuple(notes),
        log=found,
        probes=replayed,
        at=now,
    )


def _rows(known: Known, options: Options, now: float, notes: list[str]) -> Rows:
    assert options.log is not None
    since = now - options.window
    earliest = since - (options.against or 0.0)
    log = reading.opened(options.log, known, earliest)
    base = _baseline(known, options, log, since)
    # what comes from the future is recent, too: some clock is wrong, and that is said
    rows, profiles = log.profiles(since, float("inf"))
    notes += _clocks(log, now, rows)
    judged = rows >= options.limits.rows and base.rows >= 1
    findings: list[drift.Finding] = []
    if rows:
        profiles, odd = reading.named(profiles, base, options.log)
        notes += odd
    if judged:
        asked = [
            item
            for column, profile in profiles.items()
            for item in drift.compare(
                column,
                base.profiles[column],
                profile,
                options.limits,
                base.categories.get(column.name) if column.role == "input" else None,
            )
        ]
        findings = drift.judge(asked, options.limits)
    if 0 < base.rows < options.limits.rows:
        notes.append(f"{base.words} are few: only large changes can be told from chance")
    return Rows(
        rows=rows,
        window=options.window,
        baseline=base.words,
        judged=judged,
        newest=log.newest,
        findings=tuple(findings),
    )


def _baseline(known: Known, options: Options, log: reading.Log, since: float) -> Baseline:
    if options.against is not None:
        rows, profiles = log.profiles(since - options.against, since)
        words = f"the {rows} rows of the {_span(options.against)} before"
        return Baseline(words=words, rows=rows, profiles=profiles, categories={})
    source: Known | None = known
    if options.baseline is not None:
        source = records.read(options.baseline)
    elif known.rows is None:
        source = records.of_origin(known) or known
    found = None if source is None else baselines.from_record(source)
    if found is None:
        hint = "compare with earlier rows of the log: --against 7d"
        if known.manifest is not None:
            hint += f"; or name the record of training of `{known.origin.name}` with --baseline"
        else:
            hint += f"; or capture with rows: skmig capture {known.model} --data FILE --force"
        raise UnreadableError(
            f"the record `{known.path.name}` has no rows of training to compare with", hint=hint
        )
    return found


def _clocks(log: reading.Log, now: float, rows: int) -> list[str]:
    if log.newest is None:
        return ["the log is empty: nothing was ever written to it"]
    ahead = log.newest - now
    if ahead > _SKEW:
        return [
            f"the latest row is {_span(ahead)} in the future: the clock here or that of the "
            "serving machine is wrong"
        ]
    if not rows:
        then = datetime.datetime.fromtimestamp(log.newest, datetime.UTC).isoformat(" ", "seconds")
        return [f"the latest row is of {then}"]
    return []


def _summary(found: Rows | None, replayed: Replay | None, options: Options) -> str:
    said = []
    if found is not None:
        span = f"the last {_span(found.window)}"
        drifted = list(dict.fromkeys(item.column for item in found.drifted))
        columns = len({(item.column, item.role) for item in found.findings})
        if not found.rows:
            said.append(f"no rows in {span}: nothing to judge")
        elif not found.judged:
            few = f"{found.rows} of {options.limits.rows} rows"
            if found.rows >= options.limits.rows:
                few = "no rows before them"
            said.append(f"too few rows in {span} ({few}): not judged")
        elif drifted:
            more = f" and {len(drifted) - _NAMED} more" if len(drifted) > _NAMED else ""
            names = ", ".join(f"`{name}`" for name in drifted[:_NAMED])
            said.append(f"{names}{more} drifted in {found.rows} rows of {span}")
        else:
            said.append(f"no drift in {columns} columns and {found.rows} rows of {span}")
    if replayed is not None:
        said.append(_replayed(replayed))
    return "; ".join(said)


def _replayed(found: Replay) -> str:
    if found.failure:
        text = f"the model can no longer be asked: {found.failure}"
    elif found.different:
        text = f"{len(found.different)} of {len(found.methods)} methods answer otherwise"
    else:
        text = "the probes are answered as recorded"
    if not found.packages:
        return text
    changed = "; ".join(found.packages[:_NAMED])
    more = f" and {len(found.packages) - _NAMED} more" if len(found.packages) > _NAMED else ""
    joint = ", but" if not (found.failure or found.different) else ", and"
    return f"{text}{joint} packages changed: {changed}{more}"


def _span(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
