"""Reads the census: what each class of a release looks like in its own environment."""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np

from skmig import versions
from skmig.payload import Name, New


class _Required:
    """Stands for the default of a parameter that has none; no payload can hold it."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


@functools.cache
def classes(release: str) -> dict[str, Any]:
    """The census of `release`: tag -> entry; empty while it has not been taken."""
    path = versions.release(release).folder / "census.json"
    if not path.is_file():
        return {}
    entries: dict[str, Any] = json.loads(path.read_text("utf-8"))["classes"]
    return entries


@functools.cache
def parameters(release: str, tag: str) -> dict[str, Any] | None:
    """Constructor parameters of a class with their defaults; None if the census lacks it."""
    entry = classes(release).get(tag)
    if entry is None or entry.get("parameters") is None:
        return None
    return {name: plain(value) for name, value in entry["parameters"].items()}


def plain(node: Any) -> Any:
    """A parameter default from its JSON spelling: scalars, special floats, tuples, lists, names."""
    if not isinstance(node, dict):
        return node
    kind = node["t"]
    if kind == "float":
        return float(node["v"])
    if kind == "name":
        return Name(node["k"], node["c"])
    if kind in ("tuple", "list"):
        return (tuple if kind == "tuple" else list)(plain(item) for item in node["v"])
    if kind == "dict":
        return {key: plain(value) for key, value in node["v"].items()}
    if kind == "scalar":
        return np.dtype(node["dtype"]).type(node["v"])
    if kind == "new":
        return New(node["c"], {name: plain(value) for name, value in node["a"].items()})
    if kind == "required":
        return REQUIRED
    raise ValueError(f"a parameter default of kind {kind!r}")
