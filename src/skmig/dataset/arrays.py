"""Arrays of numpy, and sparse matrices of scipy."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from skmig.dataset.dataset import Source
from skmig.dataset.values import Array, frame, neutral_matrix
from skmig.errors import DataError
from skmig.payload import New


def npy(path: Path, shown: Path | None = None) -> Source:
    """An array; `shown` is the file that it is in for the user.

    Each block maps the file anew: what is mapped for long counts as memory of this process.
    """
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    names = array.dtype.names
    if array.ndim not in (1, 2) or (names is not None and array.ndim != 1):
        raise DataError(
            f"`{shown or path}` holds an array of shape {array.shape}",
            hint="One row per input is needed.",
        )
    if names is None and array.ndim == 1 and array.dtype.kind in "US":
        return Source(
            rows=len(array), blocks=lambda n: ([str(item) for item in x] for x in _parts(path, n))
        )
    if names is None:
        return Source(rows=len(array), blocks=lambda n: _parts(path, n))
    return Source(
        rows=len(array),
        names=names,
        blocks=lambda n: (
            frame({name: np.ascontiguousarray(part[name]) for name in names})
            for part in _parts(path, n)
        ),
    )


def npz(path: Path, folder: Path) -> Source:
    """An array alone or named `X`, or a sparse matrix as `scipy.sparse.save_npz` writes it.

    What is in the archive is unpacked into `folder`, so that it can be mapped.
    """
    with zipfile.ZipFile(path) as archive:
        names = {name.removesuffix(".npy") for name in archive.namelist()}
        if {"format", "shape", "data"} <= names:
            parts = {name: _unpacked(archive, name, folder) for name in sorted(names)}
            return _sparse(parts, path)
        chosen = [name for name in ("X", "data", "arr_0") if name in names]
        if not chosen and len(names) != 1:
            raise DataError(
                f"`{path}` holds {', '.join(sorted(names)) or 'nothing'}: which is the input?",
                hint="Save the input alone, or under the name `X`.",
            )
        return npy(_unpacked(archive, chosen[0] if chosen else names.pop(), folder), path)


def _unpacked(archive: zipfile.ZipFile, name: str, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    place = folder / f"{len(list(folder.iterdir()))}.npy"
    with archive.open(f"{name}.npy") as member, place.open("wb") as file:
        shutil.copyfileobj(member, file, 1 << 20)
    return place


def _mapped(path: Path) -> Array:
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _parts(path: Path, size: int) -> Iterator[Array]:
    for start in range(0, len(_mapped(path)), size):
        yield np.array(_mapped(path)[start : start + size])


def _sparse(parts: dict[str, Path], path: Path) -> Source:
    raw = np.load(parts["format"], allow_pickle=False).item()
    kind = raw.decode() if isinstance(raw, bytes) else str(raw)
    shape = tuple(int(n) for n in np.load(parts["shape"], allow_pickle=False))
    wanted = ("row", "col") if kind == "coo" else ("indices", "indptr")
    if kind not in ("csr", "csc", "coo") or not all(name in parts for name in wanted):
        raise DataError(
            f"`{path}` holds a sparse matrix of format `{kind}`",
            hint="Save it with `scipy.sparse.save_npz(path, X.tocsr())`.",
        )
    if kind == "csr":
        return Source(rows=shape[0], blocks=lambda n: _csr(parts, shape, n))
    return Source(rows=shape[0], blocks=lambda n: _other(parts, kind, shape, n))


def _csr(parts: dict[str, Path], shape: tuple[int, ...], size: int) -> Iterator[New]:
    for start in range(0, shape[0], size):
        ends = np.array(_mapped(parts["indptr"])[start : start + size + 1])
        first, last = int(ends[0]), int(ends[-1])
        args: dict[str, Any] = {
            "data": np.array(_mapped(parts["data"])[first:last]),
            "indices": np.array(_mapped(parts["indices"])[first:last]),
            "indptr": ends - ends[0],
            "shape": (len(ends) - 1, shape[1]),
        }
        yield New("scipy.sparse.csr_matrix", args)


def _other(parts: dict[str, Path], kind: str, shape: tuple[int, ...], size: int) -> Iterator[New]:
    """Forms whose rows lie all over the file: read whole."""
    from scipy import sparse

    names = ("row", "col") if kind == "coo" else ("indices", "indptr")
    data, one, two = (np.load(parts[name], allow_pickle=False) for name in ("data", *names))
    content = (data, (one, two)) if kind == "coo" else (data, one, two)
    whole = getattr(sparse, f"{kind}_matrix")(content, shape=shape).tocsr()
    for start in range(0, shape[0], size):
        yield neutral_matrix(whole[start : start + size], f"scipy.sparse.{kind}_matrix")
