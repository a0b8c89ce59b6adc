"""A short run of the fuzzer, and that it would notice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fuzz import pickles

from skmig.inspection import calls, machine
from skmig.inspection.stubs import Instance


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_mutated_pickles_give_findings_or_clean_errors() -> None:
    tried, failed = pickles.run(seed=20, count=4000)
    assert (tried, failed) == (4000, [])


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_it_notices_a_memo_that_is_read_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    read = machine.Machine.get
    monkeypatch.setattr(machine.Machine, "get", lambda self, i: read(self, 0 if i == 1 else i))
    assert pickles.run(seed=3, count=20_000)[1]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_it_notices_a_call_that_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def unseen(_trace: Any, cls: Any, args: Any, _keywords: Any, position: int, _new: bool) -> Any:
        return Instance(cls, args, position)

    monkeypatch.setattr(calls, "instance", unseen)
    assert pickles.run(seed=3, count=20_000)[1]


def test_kept_inputs_are_read(tmp_path: Path) -> None:
    kept = sorted(pickles.KEPT.glob("*.pkl"))
    assert len(kept) > 20
    assert sum(path.stat().st_size for path in kept) <= pickles.MAX_KEPT
    for path in kept:
        assert pickles.wrong(path.read_bytes()) is None, path
        assert pickles.whole(path.read_bytes(), tmp_path) is None, path
