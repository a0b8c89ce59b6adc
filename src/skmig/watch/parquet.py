"""A segment of a log in Parquet: a batch is a file, which is whole or not there.

While a segment `S.parquet` is written, its batches are `S.000001.parquet`, …; each is written under
another name, brought to the disk, and renamed.  When it ends, `S.parquet` takes their place: from
the moment that it is there they do not count, so that a row stands once at every moment.

The first column is `logged_at`.  A column of values that Parquet has no one type for (numbers
beside texts) is written as JSON.  `skmig` in a file's metadata says which columns are, and whose
rows these are.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig.errors import UnreadableError, UsageError
from skmig.watch.rows import FORMAT, Column, Part, Value

SUFFIX = ".parquet"
_TIME = "logged_at"
_KEY = b"skmig"
_READ = 5000  # rows that are in memory at once
_GROUP = 50_000  # rows that are compressed together when a segment ends
_LATEST = 9e12  # seconds: about what a timestamp in microseconds holds


def check() -> None:
    """Raises UsageError where pyarrow is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "a log in Parquet needs pyarrow, which is not installed",
            causes=(str(error),),
            hint="pip install 'skmig[parquet]', or pyarrow alone where the model is served",
        ) from error


class Segment:
    """The files that this process writes one after the other."""

    def __init__(self, path: Path, columns: Sequence[Column], meta: Mapping[str, str]) -> None:
        self.path = path
        self.columns = tuple(columns)
        self.born = time.time()
        self.size = 0
        self._meta = {"format": FORMAT, **meta}
        self._names = _names(self.columns)
        self._count = 0

    @property
    def gone(self) -> bool:
        return not self.path.parent.is_dir()

    def write(self, times: Sequence[float], values: Sequence[Sequence[Value]]) -> None:
        """Append rows, all or none; `values` are by column.  Raises OSError, pyarrow's errors."""
        import pyarrow as pa

        arrays, mixed = [pa.array(map(_micros, times), pa.timestamp("us", "UTC"))], []
        for number, items in enumerate(values):
            try:
                array = pa.array(items)
            except (pa.ArrowException, UnicodeEncodeError):
                array = _as_json(items)
                mixed.append(number)
            arrays.append(array)
        table = pa.table(arrays, [_TIME, *self._names])
        table = table.replace_schema_metadata(self._said(mixed))
        self._count += 1
        place = self.path.with_name(f"{self.path.stem}.{self._count:06}{SUFFIX}")
        self.size += _write(place, table.schema, [table])

    def close(self) -> None:
        """One file.  Where that fails, the batches are as good, and stay."""
        places = _batches(self.path)
        if len(places) == 1:
            places[0].replace(self.path)
        elif places:
            self._join(places)

    def _join(self, places: list[Path]) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        schemas = [parquet.read_schema(place) for place in places]
        marked = {number for schema in schemas for number in _told(schema)["mixed"]}
        types: list[Any] = [schemas[0].types[0]]
        mixed = []
        for number in range(len(self.columns)):
            kinds = {schema.types[number + 1] for schema in schemas} - {pa.null()}
            if number in marked or (len(kinds) > 1 and kinds != {pa.int64(), pa.float64()}):
                mixed.append(number)
                types.append(pa.string())
            else:
                numbers = pa.float64() if len(kinds) > 1 else pa.null()
                types.append(kinds.pop() if len(kinds) == 1 else numbers)
        fields = zip([_TIME, *self._names], types, strict=True)
        whole = pa.schema(list(fields), metadata=self._said(mixed))
        _write(self.path, whole, _grouped(_alike(place, whole, mixed) for place in places))
        _sync(self.path.parent)
        for place in places:
            with contextlib.suppress(OSError):
                place.unlink()

    def _said(self, mixed: list[int]) -> dict[bytes, bytes]:
        columns = [[item.name, item.role] for item in self.columns]
        said = {"meta": self._meta, "columns": columns, "mixed": mixed}
        return {_KEY: json.dumps(said).encode()}


def _names(columns: Iterable[Column]) -> list[str]:
    """No two are the same: an input may be called as a prediction is."""
    found: dict[str, None] = {_TIME: None}
    for column in columns:
        name = column.name
        while name in found:
            name += "_"
        found[name] = None
    return list(found)[1:]


def _micros(moment: float) -> int | None:
    return round(moment * 1e6) if abs(moment) < _LATEST else None


def _as_json(items: Iterable[Value]) -> Any:
    import pyarrow as pa

    return pa.array([None if item is None else json.dumps(item) for item in items], pa.string())


def _write(place: Path, schema: Any, tables: Iterable[Any]) -> int:
    """A file that is whole or not there, also after a power cut; gives its size."""
    from pyarrow import parquet

    draft = place.with_name(f".{place.name}.part")
    try:
        with draft.open("wb") as handle:
            with parquet.ParquetWriter(handle, schema, write_page_checksum=True) as writer:
                for table in tables:
                    writer.write_table(table)
            handle.flush()
            os.fsync(handle.fileno())
            size = handle.tell()
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return size


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _alike(place: Path, whole: Any, mixed: list[int]) -> Any:
    """The rows of a batch under the schema of all.

    Raises ArrowInvalid for a whole number beside fractions that no float is equal to.
    """
    import pyarrow as pa

    table = _opened(place).read(use_threads=False)
    already = _told(table.schema)["mixed"]
    arrays = []
    for number, (array, wanted) in enumerate(zip(table.columns, whole.types, strict=True), -1):
        if number in mixed and number not in already:
            arrays.append(_as_json(array.to_pylist()))
        else:
            arrays.append(array.cast(wanted))
    return pa.table(arrays, schema=whole)


def _grouped(tables: Iterable[Any]) -> Iterator[Any]:
    import pyarrow as pa

    some: list[Any] = []
    for table in tables:
        some.append(table)
        if sum(item.num_rows for item in some) >= _GROUP:
            yield pa.concat_tables(some).combine_chunks()
            some = []
    if some:
        yield pa.concat_tables(some).combine_chunks()


# ------------------------------------------------------------------ files
def files(folder: Path) -> list[Path]:
    """The segments of this format in a folder, with those of which nothing is whole."""
    found = {_segment(item) for item in folder.glob(f"*{SUFFIX}")}
    found |= {_segment(item) for item in folder.glob(f".*{SUFFIX}.part")}
    return list(found)


def pieces(path: Path) -> list[Path]:
    """The files of a segment."""
    drafts = path.parent.glob(f".{path.stem}.*part")
    return [path, *_batches(path), *(item for item in drafts if _segment(item) == path)]


def _segment(file: Path) -> Path:
    """Which segment a file is of."""
    return file.with_name(file.name.lstrip(".").partition(".")[0] + SUFFIX)


def _batches(path: Path) -> list[Path]:
    return sorted(
        item for item in path.parent.glob(f"{path.stem}.*{SUFFIX}") if _segment(item) == path
    )


def _stored(path: Path) -> list[Path]:
    """Where the rows of a segment are now."""
    found = _batches(path)
    # looked at last: batches are only deleted when it is there
    return [path] if path.is_file() else found


# ------------------------------------------------------------------ reading
@dataclass(frozen=True, kw_only=True)
class Reader:
    """One segment, to be read while it may be written to."""

    path: Path
    columns: tuple[Column, ...]
    meta: Mapping[str, str]

    def newest(self) -> float | None:
        """The time of the latest row."""
        with _guarded(self.path):
            latest = [float(times.max()) for _, _, times in _rows(self.path, [_TIME])]
        return max(latest, default=None)

    def parts(self, since: float, until: float) -> Iterator[Part]:
        """The rows of `since` <= time < `until`, some at a time.  Raises UnreadableError."""
        with _guarded(self.path):
            for said, rows, times in _rows(self.path):
                chosen = (times >= since) & (times < until)
                if not chosen.any():
                    continue
                kept = rows.filter(_mask(chosen))
                mixed = set(said["mixed"])
                yield Part(
                    columns=self.columns,
                    times=tuple(times[chosen].tolist()),
                    values=tuple(
                        tuple(_values(kept.column(number + 1), number in mixed))
                        for number in range(len(self.columns))
                    ),
                )


def _opened(place: Path) -> Any:
    """Raises FileNotFoundError; reading from it, OSError for bytes that were changed."""
    from pyarrow import parquet

    return parquet.ParquetFile(place, page_checksum_verification=True)


def _values(array: Any, mixed: bool) -> list[Value]:
    found: list[Value] = array.to_pylist()
    if mixed:
        return [None if item is None else json.loads(str(item)) for item in found]
    return found


def _mask(chosen: Any) -> Any:
    import pyarrow as pa

    return pa.array(chosen)


def _rows(path: Path, columns: list[str] | None = None) -> Iterator[tuple[Any, Any, Any]]:
    """All rows that have a time, some at a time: what their file says, they, and their times."""
    from pyarrow import compute

    read = 0
    places = _stored(path)
    while places:
        place = places.pop(0)
        try:
            file = _opened(place)
        except FileNotFoundError:
            # the whole has taken the place of the batches since they were listed
            places = [path] if place != path and path.is_file() else []
            continue
        with file:
            said = _told(file.schema_arrow)
            skipped = read if place == path else 0
            for rows in file.iter_batches(_READ, columns=columns, use_threads=False):
                if place != path:
                    read += rows.num_rows
                elif skipped:
                    rows, skipped = rows.slice(skipped), max(0, skipped - rows.num_rows)
                rows = rows.filter(compute.is_valid(rows.column(0)))
                if rows.num_rows:
                    micros = rows.column(0).cast("int64").to_numpy(zero_copy_only=False)
                    yield said, rows, micros / 1e6


def reader(path: Path) -> Reader | None:
    """One segment; None for one that is gone, or to which nothing was ever written.

    Raises UnreadableError for a file that is damaged, or none.
    """
    from pyarrow import parquet

    with _guarded(path):
        for _ in range(2):
            try:
                places = _stored(path)
                if not places:
                    return None
                said = _told(parquet.read_schema(places[0]))
                break
            except FileNotFoundError:  # as in _rows
                continue
        else:
            return None
    columns = tuple(Column(name, role) for name, role in said["columns"])
    return Reader(path=path, meta=said["meta"], columns=columns)


def _told(schema: Any) -> dict[str, Any]:
    """What a file says of itself.  Raises ValueError where it is none of ours."""
    text = (schema.metadata or {}).get(_KEY)
    if text is None:
        raise ValueError("it is a table of something else")
    said: dict[str, Any] = json.loads(text)
    form = said["meta"]["format"]
    if form != FORMAT:
        raise ValueError(f"its format is `{form}`")
    return said


@contextlib.contextmanager
def _guarded(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableError(
            f"`{path}` is no segment of a prediction log, or it is damaged",
            causes=(str(error),),
            hint="move its files out of the log's folder; the other segments are whole",
        ) from error
