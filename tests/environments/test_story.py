"""The example that docs/lifecycle.md tells, from start to end, each step in its own release."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from examples import lifecycle

from skmig import store

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("migrate")]

TOLD = Path(__file__).parents[2] / "docs" / "lifecycle.md"


def steps(text: str) -> list[str]:
    """The commands, and what is said of them."""
    return [line for line in text.splitlines() if line.startswith(("$ ", "# "))]


def test_the_story_is_what_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lifecycle", str(tmp_path)])
    assert lifecycle.main() == 0
    said = capsys.readouterr().out

    # each command, and what it ended with, was checked by the example itself
    told = next(text for text in TOLD.read_text("utf-8").split("```") if "$ skmig capture" in text)
    assert steps(told) == steps(said)

    assert "methods answer otherwise, and packages changed" in said
    assert "scikit-learn is 1.6.1, the record has 1.1.0" in said
    answered = re.findall(r"^(\S+) answered 270 tickets: (.*)$", said, re.MULTILINE)
    assert [counts for _, counts in answered] == [
        answered[0][1],
        answered[1][1],
        answered[0][1],
    ]
    assert "delivery" not in answered[1][1]
    assert "`prediction`" in said
    with_history = store.open_store(tmp_path / "store", create=False)
    assert [entry.action for entry in with_history.history("prod")] == [
        "promote",
        "promote",
        "rollback",
    ]
    assert with_history.active("prod").version == answered[0][0]
