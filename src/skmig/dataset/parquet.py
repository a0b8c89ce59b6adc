"""Tables of parquet, where pyarrow is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from skmig.dataset.dataset import Source, unique
from skmig.dataset.values import Array, frame, objects
from skmig.errors import DataError


def read(path: Path) -> Source:
    """A table.  Whole numbers, and truths, that miss somewhere in the file are another type in all
    of it: as they are in a frame of pandas.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as exc:
        raise DataError(
            "reading parquet needs pyarrow, which is not installed",
            hint="Run `pip install 'skmig[parquet]'`, or give the data as csv.",
        ) from exc

    def batches(size: int) -> Iterator[Any]:
        with parquet.ParquetFile(path) as file:
            try:
                for batch in file.iter_batches(batch_size=size):
                    if batch.num_rows:
                        yield batch
            except pyarrow.ArrowException as exc:
                raise ValueError(str(exc)) from exc

    try:
        with parquet.ParquetFile(path) as file:
            schema, count = file.schema_arrow, file.metadata.num_rows
    except pyarrow.ArrowException as exc:
        raise ValueError(str(exc)) from exc
    names = tuple(schema.names)
    unique(path, names)
    kinds = {field.name: _kind(field.type) for field in schema}
    missing = dict.fromkeys(names, 0)
    texts: dict[str, tuple[int, str]] = {}
    start = 1
    for batch in batches(1 << 16):
        for name in names:
            column = batch.column(name)
            missing[name] += column.null_count
            if kinds[name] == "text" and name not in texts and column.null_count < len(column):
                row = next(i for i, item in enumerate(column) if item.is_valid)
                texts[name] = (start + row, str(column[row].as_py()))
        start += batch.num_rows

    def frames(size: int) -> Iterator[Any]:
        for batch in batches(size):
            columns = {name: batch.column(name) for name in names}
            yield frame(
                {
                    name: _array(column, kinds[name], missing[name])
                    for name, column in columns.items()
                }
            )

    return Source(rows=count, blocks=frames, names=names, texts=texts)


def _kind(found: Any) -> str:
    from pyarrow import types

    for kind in ("boolean", "integer", "floating"):
        if getattr(types, f"is_{kind}")(found):
            return kind
    return "text"


def _array(column: Any, kind: str, missing: int) -> Array:
    if kind == "boolean" and not missing:
        return np.array(column.to_pylist(), dtype=bool)
    if kind == "integer" and not missing:
        return np.array(column.to_numpy(zero_copy_only=False)).astype(np.int64)
    if kind in ("integer", "floating"):
        return np.array(column.to_numpy(zero_copy_only=False)).astype(np.float64)
    return objects(column.to_pylist())
