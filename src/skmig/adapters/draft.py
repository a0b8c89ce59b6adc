"""Candidate operations for a new rule module: `python -m skmig.adapters.draft RELEASE`."""

from __future__ import annotations

import sys
from collections import defaultdict

from skmig.adapters.check import ADDED, BORN, GONE, REMOVED, Difference, adjacent, unexplained


def draft(newer: str) -> str:
    """A rule module for the differences that nothing explains yet."""
    return module(newer, unexplained(adjacent(newer), newer))


def module(newer: str, differences: list[Difference]) -> str:
    """A rule module as Python text: one operation for each difference.

    Everything that needs thought is spelled `TODO`: the draft is not valid Python before that is
    filled in, so that no draft can land as it is.
    """
    grouped: dict[str, list[str]] = defaultdict(list)
    for difference in differences:
        grouped[_operation(difference)].append(difference.tag)
    operations = [text.replace("CLASSES", _classes(tags)) for text, tags in sorted(grouped.items())]
    names = sorted({text.partition("(")[0].strip() for text in grouped})
    return "\n".join(
        [
            f'"""scikit-learn {newer}: TODO say what changed."""',
            "",
            "from __future__ import annotations",
            "",
            f"from skmig.adapters.ops import {', '.join([*names, 'rules'])}",
            "",
            f'SINCE = "{newer}"',
            "",
            "RULES = rules(",
            "    SINCE,",
            "    [",
            *operations,
            "    ],",
            ")",
            "",
        ]
    )


def _operation(difference: Difference) -> str:
    """One operation, `CLASSES` standing for its classes; equal texts are one operation."""
    before, after = "|".join(difference.old), "|".join(difference.new)
    why = "why=TODO),"
    if difference.kind in (BORN, GONE):
        return f"        {'Born' if difference.kind == BORN else 'Gone'}(classes=(CLASSES), {why}"
    name = f"name={difference.name!r}"
    if difference.kind == ADDED:
        return (
            f"        Added(classes=(CLASSES), {name}, value=TODO, neutral=TODO, {why}  # {after}"
        )
    if difference.kind == REMOVED:
        return (
            f"        Removed(classes=(CLASSES), {name}, restore=TODO, neutral=TODO, {why}"
            f"  # {before}"
        )
    return (
        f"        Retyped(classes=(CLASSES), {name}, to_new=TODO, to_old=TODO, {why}"
        f"  # {before} -> {after}"
    )


def _classes(tags: list[str]) -> str:
    return "".join(f'"{tag}", ' for tag in sorted(set(tags))).rstrip()


if __name__ == "__main__":
    sys.stdout.write("\n".join(draft(release) for release in sys.argv[1:]))
