"""How large an object is to who follows every reference, as `repr`, a copy or a comparison may.

A hundred lists, each of which holds the one before fifty times, are a few kilobytes, load at once,
and never end for who walks them without noting where it was: "a billion laughs".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from skmig.inspection.stubs import branches
from skmig.inspection.trace import Trace
from skmig.inspection.tree import children

MAX_UNFOLDED = 10**10  # a model of 8 million objects, each of them in a thousand places


def look(root: Any, trace: Trace) -> None:
    """Note it if `root`, or what was dropped on the way to it, unfolds to too much."""
    if _unfolded([root, *trace.dropped], trace) > MAX_UNFOLDED:
        text = (
            f"refers to its own parts so often that it unfolds to more than {MAX_UNFOLDED:,} "
            "objects: who follows every reference does not end"
        )
        trace.note("expands", "", 0, text)


def _unfolded(roots: list[Any], trace: Trace) -> int:
    """The most objects in one place, each counted wherever it stands; a circle is followed once."""
    sizes: dict[int, int] = {}  # id -> objects below it; 0 while they are being counted
    path: list[tuple[int, Iterator[Any], int]] = []
    for root in roots:
        if branches(root) and id(root) not in sizes:
            sizes[id(root)] = 0
            path.append((id(root), _below(root), 1))
        while path:
            place, below, size = path.pop()
            for item in below:
                known = sizes.get(id(item))
                if known is None:
                    sizes[id(item)] = 0
                    path += [(place, below, size), (id(item), _below(item), 1)]
                    break
                size = min(size + known, MAX_UNFOLDED + 1)
            else:
                sizes[place] = size
                if path:
                    above, rest, so_far = path[-1]
                    path[-1] = above, rest, min(so_far + size, MAX_UNFOLDED + 1)
                if len(sizes) % 4096 == 0:
                    trace.check()
    return max(sizes.values(), default=0)


def _below(value: Any) -> Iterator[Any]:
    return (item for _, item in children(value) if branches(item))
