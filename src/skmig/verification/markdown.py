"""Verifications as a table in Markdown, for the summary of a step in GitHub Actions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from skmig.verification.answer import Verification

# what would be markup, or the end of a cell
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~-])")


def markdown(outcomes: Sequence[Verification]) -> str:
    """One row for each record, under a line that counts them."""
    good = sum(item.ok for item in outcomes)
    rows = [
        f"### skmig verify: {good} of {len(outcomes)} records hold",
        "",
        "| record | holds | because |",
        "|---|---|---|",
    ]
    rows += [
        f"| {_cell(str(item.record))} | {'yes' if item.ok else '**no**'} | {_because(item)} |"
        for item in outcomes
    ]
    return "\n".join(rows) + "\n\n"


def _because(item: Verification) -> str:
    return "<br>".join(map(_cell, (item.summary, *(f"with {text}" for text in item.loosened))))


def _cell(text: str) -> str:
    """Text in which nothing is markup: control characters and line ends are spaces."""
    return _MARKUP.sub(r"\\\1", re.sub(r"[\x00-\x1f\x7f]+", " ", text).replace("&", "&amp;"))
