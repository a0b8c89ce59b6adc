"""Reads `.skops` files: a zip whose `schema.json` names every class; nothing in it is run."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from skmig.errors import UnreadableError
from skmig.inspection import known, releases, tree
from skmig.inspection.arrays import npy_has_objects
from skmig.inspection.facts import Facts, Finding, Node, Severity
from skmig.inspection.table import kind_of

SCHEMA = "schema.json"
MAX_SCHEMA = 64 << 20  # bytes
MAX_DEPTH = 200
MAX_MEMBERS = 200_000
MAX_EXPANDED = 1 << 36  # bytes of all members
_LONGEST_STEP = 200  # characters of a step in a path
_ENCRYPTED = 0x1  # in the flags of a member
_VERSION = "_sklearn_version"
# what skops itself makes without asking; scikit-learn's own names are looked up
_PLAIN = ("numpy", "scipy", "builtins", "collections", "functools", "datetime", "operator")
# skops/io: the kinds of nodes that it knows
_LOADERS = {
    f"{name}Node"
    for name in (
        "Dict", "DefaultDict", "List", "Set", "Tuple", "Function", "Partial", "Type", "Slice",
        "Json", "ConstructorFromReduce", "Object", "Method", "Bytes", "Bytearray", "OperatorFunc",
        "NdArray", "MaskedArray", "RandomState", "RandomGenerator", "DType", "SparseMatrix",
        "Tree", "SGD", "Loss", "_DictWithDeprecatedKeys", "Cached", "QuantileForest", "Reduce",
        "DatetimeTimedelta",
    )
}  # fmt: skip
_AGAIN = "copy or download it again, in binary mode"


def is_skops(path: Path) -> bool:
    """Is this a zip archive with a schema of skops?  One that begins as one, too.

    A zip is found from its end: what stands before it could be a pickle, which is loaded first.
    """
    if not path.is_file():
        return False
    try:
        with path.open("rb") as handle:
            if handle.read(4) != b"PK\x03\x04":
                return False
        with zipfile.ZipFile(path) as archive:
            return SCHEMA in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def inspect(path: Path) -> Facts:
    """The facts of a `.skops` file.  Raises UnreadableError for a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            odd = tuple(_members(path, archive))
            schema = _schema(path, archive)
        nodes = list(_nodes(schema, "model", 0))
        protocol = int(schema.get("protocol", 0))
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        OSError,
        EOFError,
        ValueError,
        TypeError,
        RuntimeError,  # an encrypted member, and RecursionError
    ) as error:
        raise UnreadableError(
            f"`{path}` is a damaged .skops file", causes=(str(error),), hint=_AGAIN
        ) from error
    origin = releases.origin(nodes, [])
    foreign = [item for item in nodes if item.kind == "foreign"]
    third: dict[str, set[str]] = {}
    for item in foreign:
        third.setdefault(item.name.partition(".")[0], set()).add(item.name)
    return Facts(
        path=path,
        size=path.stat().st_size,
        container="skops/zip",
        protocol=protocol,
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
        findings=(*odd, *_audit(schema)),
        notes=(*origin.notes, f"written by skops {schema.get('_skops_version', 'unknown')}"),
    )


def _members(path: Path, archive: zipfile.ZipFile) -> Iterator[Finding]:
    """What an archive that skops wrote does not have."""
    members = archive.infolist()
    if len(members) > MAX_MEMBERS or sum(item.file_size for item in members) > MAX_EXPANDED:
        raise UnreadableError(
            f"`{path}` is no model: it expands to {sum(item.file_size for item in members):,} "
            f"bytes in {len(members):,} members",
            hint="if it is one, load it where it was made and write it again",
        )
    seen: set[str] = set()
    for item in members:
        name = item.filename
        parts = name.replace("\\", "/").split("/")
        if name in seen:
            yield _odd("member-twice", "odd", item, "is there twice, and readers differ in which")
        if ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0]:
            yield _odd("member-path", "dangerous", item, "leads out of the folder it is put in")
        if item.flag_bits & _ENCRYPTED:
            yield _odd("member-encrypted", "odd", item, "is encrypted: nobody can look at it")
        elif name.endswith(".npy"):
            with archive.open(item) as member:
                if npy_has_objects(member, name[:100]):
                    text = "is an array of objects, which is a pickle"
                    yield _odd("object-array", "dangerous", item, text)
        elif name != SCHEMA and not name.endswith((".npz", ".json", "/", "README.md")):
            yield _odd("member-strange", "odd", item, "is nothing that skops writes")
        seen.add(name)


def _odd(name: str, severity: Severity, item: zipfile.ZipInfo, text: str) -> Finding:
    full = f"its member `{item.filename[:100]}` {text}"
    return Finding(name=name, severity=severity, position=item.header_offset, text=full)


def _schema(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    info = archive.getinfo(SCHEMA)
    if info.file_size > MAX_SCHEMA:
        raise UnreadableError(
            f"`{path}` claims a schema of {info.file_size:,} bytes", hint="no model needs that"
        )
    with archive.open(info) as member:
        schema = json.loads(member.read(MAX_SCHEMA + 1))
    if not isinstance(schema, dict) or "__class__" not in schema:
        raise UnreadableError(f"`{path}` is a damaged .skops file", hint=_AGAIN)
    return schema


def _audit(schema: dict[str, Any]) -> Iterator[Finding]:
    """Every name in the schema that is not on the allowlist, wherever it stands."""
    found: set[tuple[str, str]] = set()
    todo: list[tuple[Any, tuple[Any, ...] | None]] = [(schema, None)]
    while todo:
        value, place = todo.pop()
        if isinstance(value, list):
            todo.extend((item, (place, f"[{index}]")) for index, item in enumerate(value))
        if not isinstance(value, dict):
            continue
        todo.extend((item, (place, f".{str(key)[:_LONGEST_STEP]}")) for key, item in value.items())
        if value.keys() & {"__class__", "__module__", "__loader__"}:
            for name, severity, text in _judged(value):
                if (name, text) not in found:
                    found.add((name, text))
                    yield Finding(
                        name=name, severity=severity, position=0, text=text, path=_written(place)
                    )


def _written(place: tuple[Any, ...] | None) -> str:
    steps = []
    while place is not None:
        place, step = place
        steps.append(step)
    return "schema" + "".join(reversed(steps))[:2000]


def _judged(value: dict[str, Any]) -> Iterator[tuple[str, Severity, str]]:
    module, name = value.get("__module__"), value.get("__class__")
    loader = value.get("__loader__")
    if loader is not None and loader not in _LOADERS:
        yield "skops-loader", "dangerous", f"asks for `{str(loader)[:100]}`, unknown to skops"
    if not isinstance(module, str) or not isinstance(name, str):
        yield "computed-name", "dangerous", "names a class by something that is no text"
        return
    full = f"{module}.{name}"
    if loader == "MethodNode":
        yield from _method(value, full)
    elif loader == "DTypeNode" and module.partition(".")[0] == "numpy":
        return
    elif known.allowed(module, name, "mention") is None:
        if known.dangerous(module) or known.dangerous(full):
            yield full, "dangerous", f"names `{full}`, which can run code or touch files"
        else:
            yield full, "unknown", f"`{full}` is code of a third party or of the user"


def _method(value: dict[str, Any], full: str) -> Iterator[tuple[str, Severity, str]]:
    """A method of an object: harmless if it is a public one of an estimator."""
    content = value.get("content")
    method = content.get("func") if isinstance(content, dict) else None
    owner = content.get("obj") if isinstance(content, dict) else None
    module = owner.get("__module__") if isinstance(owner, dict) else None
    name = owner.get("__class__") if isinstance(owner, dict) else None
    honest = (
        isinstance(method, str)
        and method.isidentifier()
        and not method.startswith("_")
        and isinstance(module, str)
        and isinstance(name, str)
        and module.startswith("sklearn.")
        and known.allowed(module, name, "make") == "class"
    )
    if not honest:
        text = f"takes the method `{str(method)[:100]}` of `{module}.{name}`, and calls it"
        yield full, "dangerous", text


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
        shown = key if isinstance(key, int) else key[:_LONGEST_STEP]
        step = f".{shown}" if isinstance(shown, str) and shown.isidentifier() else f"[{shown}]"
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
