"""What a job left, and what it changed."""

from __future__ import annotations

import os
from pathlib import Path

from skmig.agent import tidy


def test_a_file_that_is_written_back_is_still_the_same(tmp_path: Path) -> None:
    """ext4 gives a large file one more block when it reaches the disk; no job did that."""
    path = tmp_path / "model.pkl"
    with path.open("wb") as handle:
        for _ in range(200):
            handle.write(os.urandom(1 << 20))
    place = tidy.Place(str(tmp_path), [])
    place.begin()
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
    assert place.excess(100 << 20, 0, 0) is None
    assert place.clear(set(), set()) is None
    assert path.stat().st_size == 200 << 20


def test_a_file_that_a_job_writes_is_not(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(bytes(1000))
    place = tidy.Place(str(tmp_path), [])
    place.begin()
    path.write_bytes(b"1" * 1000)
    assert place.excess(100, 0, 0) == ("DiskLimit", "wrote more than 100 bytes into the exchange")
    assert place.clear(set(), set()) == "model.pkl"
