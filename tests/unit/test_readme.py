"""The README says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from skmig import errors
from skmig.cli.app import parser

README = Path(__file__).parents[2] / "README.md"


def test_exit_codes_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| (.+) \|$", README.read_text("utf-8"), re.MULTILINE))
    assert {int(code): text for code, text in rows.items()} == errors.EXIT_CODES


def test_every_command_is_shown() -> None:
    text = README.read_text("utf-8")
    for command in parser([]).registered_commands:
        assert f"skmig {command.name}" in text


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README.read_text("utf-8")):
        assert (README.parent / target).exists(), target
