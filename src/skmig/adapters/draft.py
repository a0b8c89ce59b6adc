"""Candidate operations for a new rule module: `python -m skmig.adapters.draft RELEASE`."""

from __future__ import annotations

import sys
from collections import defaultdict

from skmig.adapters.check import (
    ADDED,
    BORN,
    GONE,
    REMOVED,
    RETYPED,
    Difference,
    adjacent,
    unexplained,
)


def draft(newer: str) -> str:
    """A rule module for the differences that nothing explains yet."""
    return module(newer, unexplained(adjacent(newer), newer))


def module(newer: str, differences: list[Difference]) -> str:
    """A rule module as Python text: one operation for each difference.

    Everything that needs thought is spelled `TODO`, a name that does not exist: no draft can be
    imported as it is.
    """
    statements: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for item in differences:
        change = f"{'|'.join(item.old)} -> {'|'.join(item.new)}" if item.name else ""
        statements[item.tag, item.kind, item.name].add(change)
    grouped: dict[str, list[str]] = defaultdict(list)
    for (tag, kind, name), types in statements.items():
        grouped[_operation(kind, name, "; ".join(sorted(types)))].append(tag)
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


def _operation(kind: str, name: str, types: str) -> str:
    """One operation, `CLASSES` standing for its classes; equal texts are one operation."""
    call, arguments = {
        BORN: ("Born", ()),
        GONE: ("Gone", ()),
        ADDED: ("Added", ("value", "neutral")),
        REMOVED: ("Removed", ("restore", "neutral")),
        RETYPED: ("Retyped", ("to_new", "to_old")),
    }[kind]
    named = [f'name="{name}"'] if name else []
    todo = [f"{argument}=TODO" for argument in (*arguments, "why")]
    comment = f"  # {types}" if types else ""
    return f"        {call}(classes=(CLASSES), {', '.join([*named, *todo])}),{comment}"


def _classes(tags: list[str]) -> str:
    return "".join(f'"{tag}", ' for tag in sorted(set(tags))).rstrip()


if __name__ == "__main__":
    sys.stdout.write("\n".join(draft(release) for release in sys.argv[1:]))
