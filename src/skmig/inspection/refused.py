"""What stands in a file that is refused: said with the refusal, so that it does not go unseen.

A zip archive and a `.npy` file are no models, and nothing is migrated from them.  But `torch.load`
and `numpy.load` take pickles out of them, and who scans a folder wants to know.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from skmig.agent.containers import MAX_STREAM, ContainerError, Decompressed, detect, is_pickle_start
from skmig.inspection import judge, tree
from skmig.inspection.arrays import npy_has_objects
from skmig.inspection.machine import Machine
from skmig.inspection.stream import EndedError, Stream
from skmig.inspection.trace import DamagedError, TooMuchError, Trace

MAX_CAUSES = 20
MAX_MEMBERS = 1000
NPY = b"\x93NUMPY"
_ZIP = b"PK\x03\x04"
_HEAD = 16
_PICKLES = (".pkl", ".pickle", ".joblib")  # of protocol 0; the others begin with 0x80
_UNREAD = (
    EndedError, DamagedError, TooMuchError, ContainerError, zipfile.BadZipFile, zlib.error,
    struct.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, MemoryError,
)  # fmt: skip


def causes(path: Path) -> tuple[str, ...]:
    """Sentences about the pickles in a zip archive or a `.npy` file; () for any other file."""
    said: list[str] = []
    budget = Trace(folder=str(path))
    if not path.is_file():
        return ()  # to open a pipe may take for ever
    try:
        with path.open("rb") as handle:
            head = handle.read(len(NPY))
        if head == NPY:
            _look(lambda: path.open("rb"), "", budget, said)
        elif head[:4] == _ZIP:
            for name, opened in _members(path, said):
                _look(opened, name, budget, said)
    except _UNREAD:
        pass  # it is refused all the same
    return shortened(said)


def sentences(trace: Trace, where: str = "") -> Iterator[str]:
    """What was found before reading ended: a file may break after it has done its harm."""
    for item in judge.findings(trace, tree.Found()):
        if item.severity != "odd":
            yield f"{item.severity} at byte {item.position:,}{where}: {item.text}"


def shortened(said: list[str]) -> tuple[str, ...]:
    more = [f"and {len(said) - MAX_CAUSES} more"] if len(said) > MAX_CAUSES else []
    return (*said[:MAX_CAUSES], *more)


def plain_array(path: Path) -> bool:
    """Is this a `.npy` file of numbers or texts, in which no pickle can be?"""
    try:
        with path.open("rb") as handle:
            return not npy_has_objects(handle, path.name)
    except (OSError, ValueError):
        return False


def _members(path: Path, said: list[str]) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    with zipfile.ZipFile(path) as archive:
        members = [item for item in archive.infolist() if not item.is_dir()]
        for item in members[:MAX_MEMBERS]:
            yield item.filename, lambda item=item: archive.open(item)  # type: ignore[misc]
    if len(members) > MAX_MEMBERS:
        said.append(f"only {MAX_MEMBERS:,} of its {len(members):,} members were looked at")


def _look(opened: Callable[[], IO[bytes]], member: str, budget: Trace, said: list[str]) -> None:
    """Read a pickle, compressed or not, or the objects of an array, if it is one."""
    trace = budget.inner()
    try:
        with opened() as handle:
            stream = _stream(handle, member, trace)
            if stream is not None:
                Machine(stream, trace, depth=1).run()
    except _UNREAD:
        pass  # what it imports before it breaks is imported
    budget.add(trace)
    said.extend(sentences(trace, f" of its member `{member[:100]}`" if member else ""))


def _stream(handle: IO[bytes], name: str, trace: Trace) -> Stream | None:
    """The pickle in it; None if there is none."""
    buffered = io.BufferedReader(handle)  # type: ignore[type-var]
    head = buffered.peek(_HEAD)[:_HEAD]
    raw: BinaryIO = buffered
    if head.startswith(NPY):
        return Stream(raw, None, trace.check) if npy_has_objects(raw, name) else None
    if detect(head) != "none":
        raw = io.BufferedReader(Decompressed(raw, detect(head), MAX_STREAM))
    elif head[:1] != b"\x80" and not name.lower().endswith(_PICKLES):
        return None  # text looks like a pickle of protocol 0
    return Stream(raw, None, trace.check) if is_pickle_start(raw.peek(2)) else None  # type: ignore[attr-defined]
