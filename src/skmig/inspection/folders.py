"""Which files of a folder are looked at: whatever could be a model, by its content or its name."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from skmig.agent.containers import detect
from skmig.inspection import refused
from skmig.inspection.mlflow import DESCRIPTION

SUFFIXES = {
    ".pkl", ".pickle", ".joblib", ".skops", ".sav", ".model", ".p", ".pk", ".dat", ".z", ".gz",
    ".bz2", ".xz", ".lzma", ".lz4", ".bin", ".pt", ".pth", ".ckpt", ".dill", ".npy",
}  # fmt: skip
_OLD_STARTS = (b"c", b"(", b"]", b"}")  # of protocols 0 and 1


def is_model_folder(path: Path) -> bool:
    """Is this a folder that is one model, as MLflow writes it?"""
    return (path / DESCRIPTION).is_file()


def models_in(folder: Path) -> Iterator[tuple[Path, bool]]:
    """(file, whether it may be a model) for every file below a folder, in the order of names.

    Links to folders are not followed, and what is no regular file is not opened.
    """
    for place, below, names in os.walk(folder):
        below.sort()
        for name in sorted(names):
            path = Path(place) / name
            yield path, _may_be_model(path)


def _may_be_model(path: Path) -> bool:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as handle:
            head = handle.read(64)
        if head.startswith(refused.NPY):
            return not refused.plain_array(path)  # it may belong to a model, which reads it
        if path.suffix.lower() in SUFFIXES:
            return True
    except OSError:
        return path.suffix.lower() in SUFFIXES
    if head[:1] == b"\x80":
        return len(head) > 1 and head[1] <= 5
    if detect(head) != "none" or head[:4] == b"PK\x03\x04":
        return True
    # text that a pickle of protocol 0 or 1 could begin with; prose has a space early on
    return head[:1] in _OLD_STARTS and not head.isspace() and b" " not in head[:16]
