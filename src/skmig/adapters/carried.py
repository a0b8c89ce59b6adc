"""What became of a model's state: measured on the loaded result, by digest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from skmig.adapters import chain
from skmig.payload import ARRAY, digest, is_plain_array, leaves

UNKNOWN = ""  # the key of a state that could not be looked into


@dataclass(frozen=True, kw_only=True)
class Place:
    """An array by its path, and how many more there are like it (of a hundred trees, one is said).

    `by` is the operation that made it, where one did.
    """

    path: str
    count: int
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class State:
    """The state of the loaded result, held against the graph that it was built from.

    `arrays` of the result, of which `carried` are bit for bit those of the source's model;
    `rewritten` are those that a rule made, and arrived bit for bit as it made them; `derived` are
    those that the target computed itself while it built or loaded the model; `left` are arrays
    of the graph that are not in the result.  `values` counts everything else (numbers, texts,
    vocabularies, classes), of which `others` are not as they were handed over.  A field of a
    structured array counts as an array.  `unknown` says why nothing could be measured.
    """

    arrays: int = 0
    carried: int = 0
    rewritten: tuple[Place, ...] = ()
    derived: tuple[Place, ...] = ()
    left: tuple[Place, ...] = ()
    values: int = 0
    others: tuple[Place, ...] = ()
    unknown: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain values for the record."""
        lists = {
            name: [asdict(item) for item in getattr(self, name)]
            for name in ("rewritten", "derived", "left", "others")
        }
        return {**asdict(self), **lists}


def measure(source: Any, adapted: chain.Adapted, found: Mapping[str, str]) -> State:
    """Hold `found`, the digests of the loaded result by path, against the adapted graph.

    `source` is the graph that was adapted: the chain shares the arrays that no rule replaced, so
    that one that moved to another name is known.
    """
    if UNKNOWN in found:
        return State(unknown=found[UNKNOWN])
    own = {id(array) for array in chain.arrays(source)}
    makers = {id(array): by for array, by in adapted.made}
    former = {path: leaf for path, leaf, _whole in leaves(source) if is_plain_array(leaf)}
    given = {path: (leaf, whole) for path, leaf, whole in leaves(adapted.graph)}
    arrays = carried = values = 0
    rewritten, derived, others = [], [], []
    for path, seen in found.items():
        leaf, whole = given.get(path, (None, None))
        arrived = path in given and digest(leaf) == seen
        if not seen.startswith(ARRAY):
            values += 1
            others += [] if arrived else [(path, "")]
            continue
        arrays += 1
        if not arrived:
            derived.append((path, ""))
        elif id(whole) in own or (path in former and digest(former[path]) == seen):
            carried += 1
        else:
            rewritten.append((path, makers.get(id(whole), "")))
    left = [
        (path, "")
        for path, (leaf, _whole) in given.items()
        if is_plain_array(leaf) and path not in found
    ]
    return State(
        arrays=arrays,
        carried=carried,
        rewritten=_places(rewritten),
        derived=_places(derived),
        left=_places(left),
        values=values,
        others=_places(others),
    )


def _places(found: list[tuple[str, str]]) -> tuple[Place, ...]:
    groups: dict[tuple[str, str], list[str]] = {}
    for path, by in found:
        groups.setdefault((re.sub(r"\[\d+\]", "[]", path), by), []).append(path)
    return tuple(
        Place(path=paths[0], count=len(paths), by=by) for (_shape, by), paths in groups.items()
    )
