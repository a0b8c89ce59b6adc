"""What the outputs look like: for each method of floats a few pairs and a histogram.

Made when both answers are at hand, small enough to be kept in the record, so that a report can be
drawn from the record alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from skmig.parity.values import Difference, is_sparse, plain, together, ulps
from skmig.payload import New

POINTS = 300  # pairs that are kept of one method
WORST = 20  # of which so many are those that differ most
METHODS = 24  # that get a sketch; those that differ most come first
_POWERS = np.array([1 << i for i in range(64)], dtype=np.uint64)

Array = np.ndarray[Any, Any]


def sketches(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A sketch of each method whose answers hold floats, for the documents of `compare`.

    Each is plain JSON: `path`, `method`, `values` (how many pairs of finite floats there are),
    `not_finite` (how many pairs are not in the sketch), `ulps` (how many pairs are equal, 1, 2 to
    3, 4 to 7, … representable floats apart) and `points` ([source, target], at most POINTS of
    them, in the order of the answer; those that differ most are always among them).
    """
    found = []
    for path, entry in expected.items():
        replies = actual.get(path, {}).get("methods", {})
        for method, answer in entry["methods"].items():
            reply = replies.get(method, {})
            if "value" in answer and "value" in reply:
                made = sketch(answer["value"], reply["value"])
                if made is not None:
                    found.append({"path": path, "method": method, **made})
    # stable: what differs equally stays in the order of the document
    kept = sorted(range(len(found)), key=lambda i: -len(found[i]["ulps"]))[:METHODS]
    return [found[i] for i in sorted(kept)]


def sketch(one: Any, two: Any) -> dict[str, Any] | None:
    """The sketch of one answer and the other; None where they have no floats in common."""
    pairs = list(_pairs(one, two))
    if not pairs:
        return None
    finite = [np.isfinite(a) & np.isfinite(b) for a, b in pairs]
    steps = np.concatenate([ulps(a[f], b[f]) for (a, b), f in zip(pairs, finite, strict=True)])
    source, target = (
        np.concatenate([pair[i][f] for pair, f in zip(pairs, finite, strict=True)]).astype(float)
        for i in (0, 1)
    )
    counts = np.bincount(np.searchsorted(_POWERS, steps, side="right"), minlength=1)
    kept = _kept(source, target)
    return {
        "values": len(source),
        "not_finite": int(sum((~f).sum() for f in finite)),
        "ulps": counts.tolist(),
        "points": np.stack([source[kept], target[kept]], axis=1).tolist(),
    }


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
            both = together(one, two)
            if both is not None and list(one.args["shape"]) == list(two.args["shape"]):
                yield from _pairs(both[1], both[2])
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
