"""What the outputs look like: for each method of floats a few pairs and a histogram.

Made when both answers are at hand, small enough to be kept in the record, so that a report can be
drawn from the record alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skmig.parity.sparse import entries, is_sparse, together
from skmig.parity.values import Difference, plain, ulps
from skmig.payload import New

POINTS = 300  # pairs that are kept of one method
WORST = 20  # of which so many are those that differ most
METHODS = 24  # that get a sketch; those that differ most come first
_POWERS = np.array([1 << i for i in range(64)], dtype=np.uint64)

Array = np.ndarray[Any, Any]


@dataclass
class _Sketch:
    """Of one method, so far."""

    pairs: bool = True
    not_finite: int = 0
    ulps: Array = field(default_factory=lambda: np.zeros(65, dtype=np.int64))
    source: Array = field(default_factory=lambda: np.empty(0))
    target: Array = field(default_factory=lambda: np.empty(0))

    def add(self, one: Array, two: Array) -> None:
        finite = np.isfinite(one) & np.isfinite(two)
        self.not_finite += int((~finite).sum())
        one, two = one[finite], two[finite]
        places = np.searchsorted(_POWERS, ulps(one, two), side="right")
        self.ulps += np.bincount(places, minlength=65)
        if not self.pairs:
            return
        source = np.concatenate([self.source, one.astype(float)])
        target = np.concatenate([self.target, two.astype(float)])
        kept = _kept(source, target)
        self.source, self.target = source[kept], target[kept]

    @property
    def largest(self) -> int:
        """The last place of the histogram that holds something."""
        return int(np.flatnonzero(self.ulps).max(initial=0))

    def as_json(self) -> dict[str, Any]:
        return {
            "values": int(self.ulps.sum()),
            "not_finite": self.not_finite,
            "ulps": self.ulps[: self.largest + 1].tolist(),
            "points": np.stack([self.source, self.target], axis=1).tolist(),
        }


class Sketches:
    """A sketch of each method whose answers hold floats; answers are added part by part.

    `pairs`: also keep some of the answers.  Those to the user's own rows are nobody else's.
    """

    def __init__(self, *, pairs: bool = True) -> None:
        self._pairs = pairs
        self._known: dict[tuple[str, str], _Sketch] = {}

    def add(self, expected: Mapping[str, Any], actual: Mapping[str, Any]) -> None:
        """Add the documents that `compare` takes."""
        for path, entry in expected.items():
            replies = actual.get(path, {}).get("methods", {})
            for method, answer in entry["methods"].items():
                reply = replies.get(method, {})
                if "value" in answer and "value" in reply:
                    for one, two in _pairs(answer["value"], reply["value"]):
                        self._known.setdefault((path, method), _Sketch(self._pairs)).add(one, two)

    def as_json(self) -> list[dict[str, Any]]:
        """At most METHODS sketches, those that differ most, in the order of the documents.

        Each is plain: `path`, `method`, `values` (how many pairs of finite floats there are),
        `not_finite` (how many pairs are not in the sketch), `ulps` (how many pairs are equal, 1, 2
        to 3, 4 to 7, … representable floats apart) and `points` ([source, target], at most POINTS
        of them; those that differ most are always among them).
        """
        found = list(self._known.items())
        kept = sorted(range(len(found)), key=lambda i: -found[i][1].largest)[:METHODS]
        return [
            {"path": path, "method": method, **sketch.as_json()}
            for (path, method), sketch in (found[i] for i in sorted(kept))
        ]


def _kept(source: Array, target: Array) -> Array:
    """Which pairs to keep: all, or those that differ most and others over the whole range."""
    if len(source) <= POINTS:
        return np.arange(len(source))
    with np.errstate(over="ignore"):
        gap = np.abs(target - source)
    worst = np.argsort(-gap, kind="stable")[: min(WORST, int((gap > 0).sum()))]
    order = np.argsort(source, kind="stable")
    even = np.linspace(0, len(order) - 1, POINTS - len(worst)).round().astype(int)
    return np.unique(np.concatenate([worst, order[even]]))


def _pairs(one: Any, two: Any) -> Iterator[tuple[Array, Array]]:
    """The float arrays at the same places of two neutral values, flat and of one dtype."""
    ignored = Difference(rtol=0.0, atol=0.0)
    one, two = plain(ignored, one), plain(ignored, two)
    if isinstance(one, New) and isinstance(two, New):
        if is_sparse(one) and is_sparse(two):
            left, right = entries(one), entries(two)
            same = list(one.args["shape"]) == list(two.args["shape"])
            if left is not None and right is not None and same:
                _keys, first, second = together(left, right)
                yield from _pairs(first, second)
        elif one.tag == two.tag:
            yield from _pairs(one.args, two.args)
    elif isinstance(one, np.ndarray) and isinstance(two, np.ndarray):
        if one.dtype.kind == two.dtype.kind == "f" and one.shape == two.shape and one.size:
            wide = np.result_type(one.dtype, two.dtype)
            yield one.astype(wide).ravel(), two.astype(wide).ravel()
    elif isinstance(one, Mapping) and isinstance(two, Mapping):
        for key, item in one.items():
            if key in two:
                yield from _pairs(item, two[key])
    elif isinstance(one, list | tuple) and isinstance(two, list | tuple):
        for item, other in zip(one, two, strict=False):
            yield from _pairs(item, other)
