"""Rows to ask both sides about: the folder's input example, or rows as its signature says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from skmig.errors import UnreadableError
from skmig.registry.folder import ModelFolder, inside

_LONGEST = 64 << 20  # bytes of an example
_ROWS = 16  # that are made from a signature
_NUMBERS = {"double", "float", "integer", "long", "boolean"}


def of(folder: ModelFolder, place: Path) -> tuple[Path, str] | None:
    """Write the rows into the folder `place`: their file, and what they are.

    None where the folder says nothing that can be used, which is no fault of the model.
    """
    for values, what in ((_example(folder), "input example"), (_made(folder), "signature")):
        if values is None:
            continue
        stem = place / what.replace(" ", "_")
        if isinstance(values, np.ndarray):
            np.save(stem.with_suffix(".npy"), values, allow_pickle=False)
            return stem.with_suffix(".npy"), what
        text = "".join(json.dumps(row) + "\n" for row in values)
        stem.with_suffix(".jsonl").write_text(text, "utf-8")
        return stem.with_suffix(".jsonl"), what
    return None


def _example(folder: ModelFolder) -> Any:
    """The input example as a list of dicts (named columns) or an array; None where there is none.

    Forms (mlflow/models/utils.py): a frame by its orient (`split`, before 1.12 `records`), an
    array as `{"inputs": …}`, and what the user gave as JSON.
    """
    info = folder.said.get("saved_input_example_info")
    name = info.get("artifact_path") if isinstance(info, dict) else None
    if not isinstance(name, str):
        return None
    try:
        file = inside(folder.path, name)
        if file.suffix != ".json" or file.stat().st_size > _LONGEST:
            return None
        said = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError, UnreadableError):
        return None
    return _rows(said)


def _rows(said: Any) -> Any:
    if isinstance(said, dict):
        if isinstance(said.get("data"), list):  # a frame, split
            columns, data = said.get("columns"), said["data"]
            if not isinstance(columns, list) or not all(isinstance(it, str) for it in columns):
                return _array(data)
            if not all(isinstance(row, list) and len(row) == len(columns) for row in data):
                return None
            said = [dict(zip(columns, row, strict=True)) for row in data]
        elif isinstance(said.get("inputs"), list):
            return _array(said["inputs"])
        else:
            return None
    if isinstance(said, list) and said and all(isinstance(row, dict) for row in said):
        return said
    return _array(said)


def _array(values: Any) -> np.ndarray[Any, Any] | None:
    try:
        found = np.asarray(values)
    except ValueError:  # rows of different lengths
        return None
    return found if found.ndim == 2 and found.size and found.dtype.kind in "biuf" else None


def _made(folder: ModelFolder) -> Any:
    """Rows of the types that the signature says; None where one is not of numbers."""
    columns = folder.inputs
    if columns is None:
        return None
    draw = np.random.default_rng(0)
    spec = columns[0].get("tensor-spec")
    if len(columns) == 1 and isinstance(spec, dict):
        shape = spec.get("shape")
        if not (isinstance(shape, list) and len(shape) == 2 and type(shape[1]) is int):
            return None
        if not 0 < shape[1] <= 100_000 or spec.get("dtype") not in ("float64", "float32"):
            return None
        return draw.normal(size=(_ROWS, shape[1])).astype(spec["dtype"])
    names = [item.get("name") for item in columns]
    kinds = [item.get("type") for item in columns]
    if not all(isinstance(kind, str) and kind in _NUMBERS for kind in kinds):
        return None
    drawn = [_column(str(kind), draw) for kind in kinds]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        return np.array(drawn, dtype=float).T
    return [dict(zip(names, row, strict=True)) for row in zip(*drawn, strict=True)]


def _column(kind: str, draw: np.random.Generator) -> list[Any]:
    values: Any
    if kind in ("integer", "long"):
        values = draw.integers(0, 10, _ROWS)
    elif kind == "boolean":
        values = draw.integers(0, 2, _ROWS).astype(bool)
    else:
        values = draw.normal(size=_ROWS)
    found: list[Any] = values.tolist()
    return found
