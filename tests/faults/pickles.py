"""Models that do something when they are loaded."""

from __future__ import annotations

from pathlib import Path

from tests.environments.artifacts import that_runs


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
