"""A log, read in parts: whose rows these are, and profiles of those of a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from skmig.errors import DataError, UnreadableError
from skmig.watch import segments
from skmig.watch.baseline import Baseline, Profiles, matched
from skmig.watch.profile import Profile
from skmig.watch.records import Known
from skmig.watch.rows import Column

_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Log:
    """The segments of a log that are of one model."""

    path: Path
    readers: tuple[segments.Reader, ...]
    newest: float | None

    def profiles(self, since: float, until: float) -> tuple[int, Profiles]:
        """How many rows there are from `since` to `until`, and what each column is like."""
        rows = 0
        found: Profiles = {}
        for reader in self.readers:
            for part in reader.parts(since, until):
                rows += len(part.times)
                for column, values in zip(part.columns, part.values, strict=True):
                    found.setdefault(column, Profile()).add(values)
        return rows, found


def opened(path: Path, known: Known, since: float) -> Log:
    """A log of this model.  Segments that ended before `since` are not opened, but for the last.

    Raises UnreadableError for what is no log or is damaged, DataError for one of another model.
    """
    if not path.exists():
        raise UnreadableError(
            f"there is no log `{path}`",
            hint=f'the serving code makes it: skmig.PredictionLog("{path}")',
        )
    files = segments.files(path) if path.is_dir() else [path]
    if not files and any(path.iterdir()):
        raise UnreadableError(
            f"`{path}` is a folder without a segment of a log ({' or '.join(segments.PATTERNS)})",
            hint="name the folder that was given to skmig.PredictionLog",
        )
    # half an hour for clocks that differ
    recent = [item for item in files if segments.last_written(item) >= since - 1800]
    chosen = recent or files[-1:]
    readers = [found for item in chosen if (found := segments.reader(item)) is not None]
    digests = {known.artifact.sha256, known.origin.sha256, ""}
    own = [item for item in readers if item.meta.get("model", "") in digests]
    if readers and not own:
        raise DataError(
            f"the log `{path}` is of another model than `{known.artifact.name}`",
            causes=(f"it says sha256 {readers[-1].meta['model'][:16]}…",),
            hint="name the record of the model that is served, or the log of this one",
        )
    times = [latest for item in own if (latest := item.newest()) is not None]
    return Log(path=path, readers=tuple(own), newest=max(times, default=None))


def named(found: Profiles, baseline: Baseline, log: Path) -> tuple[Profiles, tuple[str, ...]]:
    """A log's profiles under the baseline's names, and notes on columns that only one has.

    Raises DataError where they have no input column in common.
    """
    inputs = [column.name for column in found if column.role == "input"]
    own = [column.name for column in baseline.profiles if column.role == "input"]
    names = matched(baseline, inputs)
    found = {
        Column(names.get(column.name, column.name), column.role)
        if column.role == "input"
        else column: profile
        for column, profile in found.items()
    }
    shared = [column for column in found if column in baseline.profiles]
    if inputs and own and not any(column.role == "input" for column in shared):
        raise DataError(
            f"the log `{log}` has other columns than the model: {_listed(inputs)}",
            causes=(f"the baseline has {_listed(own)}",),
            hint="is it the log of this model?  Arrays get names with "
            "skmig.PredictionLog(…, record=MODEL)",
        )
    notes = []
    absent = [
        column.name
        for column in baseline.profiles
        if column not in found and (column.role == "input" or _any(found, column.role))
    ]
    more = [column.name for column in found if column not in baseline.profiles]
    if absent:
        notes.append(f"not in the log, and not compared: {_listed(absent)}")
    if more:
        notes.append(f"not in the baseline, and not compared: {_listed(more)}")
    return {column: found[column] for column in shared}, tuple(notes)


def _any(found: Profiles, role: str) -> bool:
    return any(column.role == role for column in found)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(f"`{name}`" for name in names[:_NAMED]) + more
