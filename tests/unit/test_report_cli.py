"""`skmig report`: a record rendered again, on the terminal, as JSON and as a page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests import records

import skmig
from skmig import errors, record
from skmig.cli.app import run


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return records.written(tmp_path)


def test_the_terminal_is_the_default(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(written)]) == 0
    first = capsys.readouterr().out
    assert first.startswith("model.pkl moved from")
    # the result's name is as good, whether or not it is there
    assert run(["report", str(record.read(written).result)]) == 0
    assert capsys.readouterr().out == first


def test_a_page_is_written_once(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = written.parent / "new" / "report.html"
    assert run(["report", str(written), "--html", str(place)]) == 0
    assert capsys.readouterr().out == f"{place}\n"
    assert place.read_text("utf-8") == skmig.report(written)
    place.write_text("mine")
    assert run(["report", str(written), "--html", str(place)]) == errors.USAGE
    assert "is there already" in capsys.readouterr().err
    assert place.read_text() == "mine"
    assert run(["report", str(written), "--html", str(place), "--force"]) == 0
    assert place.read_text("utf-8") == skmig.report(written)


def test_a_folder_gets_the_name_of_the_record(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", str(written), "--html", str(written.parent)]) == 0
    assert (written.parent / "model-1.6.1.html").is_file()


@pytest.mark.parametrize("name", ["model-1.6.1.skmig", "model-1.6.1.pkl"])
def test_what_it_is_about_is_not_replaced(
    name: str, written: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = written.parent / name
    if not place.exists():
        place.write_bytes(b"the result")
    before = place.read_bytes()
    monkeypatch.chdir(written.parent)
    spellings = [name, str(place), os.path.join(".", name)]  # noqa: PTH118 - Path would drop the dot
    for spelling in spellings:
        argv = ["report", str(written), "--html", spelling, "--force"]
        assert run(argv) == errors.USAGE
        assert "is what the report is about" in capsys.readouterr().err
    assert place.read_bytes() == before


def test_a_changed_record_is_not_rendered(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(written.read_bytes())
    content[len(content) // 3] ^= 1
    written.write_bytes(content)
    assert run(["report", str(written)]) == errors.UNREADABLE
    assert capsys.readouterr().out == ""
