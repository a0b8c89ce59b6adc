"""Changes a record as somebody would who knows its format and computes every digest again."""

from __future__ import annotations

import copy
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from skmig import record
from skmig.payload import Bundle, write_bundle
from skmig.record.bundle import DOCUMENTS
from skmig.record.manifest import Manifest


def said(place: Path) -> dict[str, Any]:
    """The manifest of a record, as plain JSON."""
    with zipfile.ZipFile(place) as archive:
        return dict(json.loads(archive.read("manifest.json")))


def resealed(
    place: Path,
    change: Callable[[dict[str, Any]], Any] = lambda _said: None,
    documents: dict[str, Any] | None = None,
    facts: Callable[[dict[str, Any]], Any] = lambda _facts: None,
) -> None:
    """Change a record's manifest, documents and facts, and seal it again."""
    with Bundle(str(place)) as bundle:
        held = {name: bundle.document(name) for name in DOCUMENTS}
        own = bundle.json(record.FACTS)
        manifest = bundle.json("manifest.json")
        facts(own)
        change(manifest)
        payload = place.with_suffix(".payload")
        write_bundle(str(payload), {**held, **(documents or {})}, {record.FACTS: own})
    record.write(place, Manifest.from_json(manifest), payload)
    payload.unlink()


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value in a JSON document that is no container, or an empty one."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for i, item in enumerate(value):
            yield from leaves(item, (*path, i))
    else:
        yield path


def changed(document: Any, path: tuple[Any, ...]) -> Any:
    """A copy of a JSON document with another value of the same type at one place."""
    document = copy.deepcopy(document)
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    value = holder[path[-1]]
    if isinstance(value, bool):
        new: Any = not value
    elif isinstance(value, (int, float)):
        new = value * 1000 + 1
    elif isinstance(value, str):
        new = {"": "x", "local": "docker", "identical": "close"}.get(value, value[:-1] + "9")
        if new == value:
            new = value[:-1] + "8"
    elif isinstance(value, list):
        new = ["LogisticRegression.predict"]
    elif isinstance(value, dict):
        new = {"predict": {}}
    else:
        new = {"name": "data.csv", "sha256": "0" * 64, "size": 1}
    holder[path[-1]] = new
    return document
