"""Bytes for the machine: reads what it needs, and steps over what nobody looks at."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import BinaryIO

from skmig.agent.containers import open_stream

KEPT_BYTES = 1 << 16  # longer texts and byte strings are only counted
_STEP = 1 << 20


class EndedError(Exception):
    """The stream ended inside an opcode or before STOP."""


class Stream:
    """An artifact's pickle bytes.  Positions count in the decompressed stream."""

    def __init__(self, raw: BinaryIO, size: int | None, check: Callable[[], None]) -> None:
        self.raw = raw
        self.size = size  # of an uncompressed file, in which skipping is seeking
        self.check = check  # raises when reading has taken too long

    def tell(self) -> int:
        return self.raw.tell()

    def take(self, count: int) -> bytes:
        """Exactly `count` bytes."""
        data = self.raw.read(count)
        if len(data) != count:
            raise EndedError
        return data

    def skip(self, count: int) -> None:
        """Go `count` bytes on without looking at them."""
        if self.size is not None:
            if count > self.size - self.raw.tell():
                raise EndedError
            self.raw.seek(count, os.SEEK_CUR)
            return
        while count > 0:
            data = self.raw.read(min(count, _STEP))
            if not data:
                raise EndedError
            self.check()
            count -= len(data)

    def line(self) -> bytes | None:
        """The bytes up to the next newline, without it; None if they are too many to keep."""
        data = self.raw.readline(KEPT_BYTES)
        if data.endswith(b"\n"):
            return data[:-1]
        while data and not data.endswith(b"\n"):
            self.check()
            data = self.raw.readline(_STEP)
        if not data:
            raise EndedError
        return None

    def peek(self) -> bytes:
        """Some of the bytes that follow, which stay where they are; b"" at the end."""
        data: bytes = self.raw.peek(2)  # type: ignore[attr-defined]
        return data


def open_artifact(path: str, check: Callable[[], None]) -> tuple[Stream, str]:
    """The stream of a file and its compression.  Raises ContainerError and OSError."""
    raw, compression = open_stream(path)
    size = os.fstat(raw.fileno()).st_size if compression == "none" else None
    return Stream(raw, size, check), compression
