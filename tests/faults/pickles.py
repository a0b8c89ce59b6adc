"""Models that do something when they are loaded."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from tests.environments.artifacts import that_runs


def and_holds(model: Path, size: int) -> bytes:
    """A pickled model (protocol 4, one frame) in a tuple with so many bytes."""
    content = model.read_bytes()
    assert content.startswith(b"\x80\x04\x95")
    held = b"B" + struct.pack("<I", size) + os.urandom(size)
    return b"\x80\x04(" + held + content[11:-1] + b"t."


def and_runs(model: Path, code: str) -> bytes:
    """A pickled model (protocol 4, one frame) in a tuple with what runs when it is loaded."""
    content = model.read_bytes()
    assert content.startswith(b"\x80\x04\x95")
    return (
        b"\x80\x04("
        + that_runs(code).replace(b"__builtin__", b"builtins")[:-1]
        + content[11:-1]
        + b"t."
    )
