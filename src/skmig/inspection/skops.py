"""Reads `.skops` files: a zip whose `schema.json` names every class; nothing in it is run."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from skmig.errors import UnreadableError
from skmig.inspection import releases, tree
from skmig.inspection.facts import Facts, Finding, Node
from skmig.inspection.table import kind_of

SCHEMA = "schema.json"
MAX_SCHEMA = 256 << 20  # bytes
MAX_DEPTH = 200
_VERSION = "_sklearn_version"
# what skops itself makes without asking; scikit-learn's own names are looked up
_PLAIN = ("numpy", "scipy", "builtins", "collections", "functools", "datetime", "operator")


def is_skops(path: Path) -> bool:
    """Is this a zip archive with a schema of skops?"""
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return SCHEMA in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def inspect(path: Path) -> Facts:
    """The facts of a `.skops` file.  Raises UnreadableError for a damaged one."""
    schema = _schema(path)
    nodes = list(_nodes(schema, "model", 0))
    origin = releases.origin(nodes, [])
    foreign = [item for item in nodes if item.kind == "foreign"]
    third: dict[str, set[str]] = {}
    for item in foreign:
        third.setdefault(item.name.partition(".")[0], set()).add(item.name)
    return Facts(
        path=path,
        size=path.stat().st_size,
        container="skops/zip",
        protocol=int(schema.get("protocol", 0)),
        python=3,
        sklearn_versions=origin.recorded,
        release=origin.release,
        release_reason=origin.reason,
        possible_releases=origin.possible,
        numpy_major=None,
        joblib_form=None,
        third_party={name: tuple(sorted(third[name])) for name in sorted(third)},
        main_names=tuple(sorted(i.name for i in foreign if i.name.startswith("__main__."))),
        functions=(),
        estimators=tuple(nodes),
        summary=nodes[0].tag if nodes else "no estimator",
        globals=(),
        findings=tuple(
            Finding(
                name=name,
                severity="unknown",
                position=0,
                text=f"`{name}` is code of a third party or of the user",
            )
            for name in sorted({item.name for item in foreign})
        ),
        notes=(*origin.notes, f"written by skops {schema.get('_skops_version', 'unknown')}"),
    )


def _schema(path: Path) -> dict[str, Any]:
    hint = "copy or download it again, in binary mode"
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(SCHEMA)
            if info.file_size > MAX_SCHEMA:
                raise UnreadableError(f"`{path}` claims a schema of {info.file_size} bytes")
            with archive.open(info) as member:
                schema = json.loads(member.read(MAX_SCHEMA + 1))
    except (zipfile.BadZipFile, OSError, ValueError, RecursionError, NotImplementedError) as exc:
        raise UnreadableError(
            f"`{path}` is a damaged .skops file", causes=(str(exc),), hint=hint
        ) from exc
    if not isinstance(schema, dict) or "__class__" not in schema:
        raise UnreadableError(f"`{path}` is a damaged .skops file", hint=hint)
    return schema


def _nodes(value: Any, path: str, depth: int) -> Iterator[Node]:
    """The objects of scikit-learn and of third parties, parents before children."""
    if depth > MAX_DEPTH or not isinstance(value, dict):
        return
    content = value.get("content")
    module, name = str(value.get("__module__", "")), str(value.get("__class__", ""))
    if value.get("__loader__") == "ObjectNode" or _is_foreign(module):
        yield _node(path, module, name, content)
    inner = content.get("content") if isinstance(content, dict) else content
    if isinstance(content, dict) and "__class__" not in content:
        inner = content
    for key, item in _children(inner):
        step = f"[{key}]" if isinstance(key, int) or not key.isidentifier() else f".{key}"
        yield from _nodes(item, path + step, depth + 1)


def _children(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        yield from ((str(key), item) for key, item in value.items())
    elif isinstance(value, list):
        yield from enumerate(value)


def _is_foreign(module: str) -> bool:
    return bool(module) and module.partition(".")[0] not in (*_PLAIN, "sklearn")


def _node(path: str, module: str, name: str, content: Any) -> Node:
    full = f"{module}.{name}"
    if _is_foreign(module) or (module.startswith("sklearn") and kind_of(module, name) is None):
        return Node(path=path, name=full, tag=full, kind="foreign")
    state = content.get("content") if isinstance(content, dict) else None
    version = state.get(_VERSION) if isinstance(state, dict) else None
    text = version.get("content") if isinstance(version, dict) else None
    return Node(
        path=path,
        name=full,
        tag=tree.public_tag(module, name),
        kind="estimator",
        version=json.loads(text) if isinstance(text, str) and text[:1] == '"' else None,
    )
