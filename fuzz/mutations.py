"""Mutations of a payload: of its graph, of its arrays' bytes, and of the zip around them."""

from __future__ import annotations

import copy
import io
import json
import random
import struct
import zipfile
from typing import Any

import numpy as np

from skmig.agent.wire.form import dtype_from_spec

NUMBERS: tuple[Any, ...] = (
    0, 1, -1, 2, 3, 7, 8, 64, 255, 256, 1000, 10**6, 10**9, -(10**9), 2**31 - 1, 2**31, -(2**31),
    2**32, 2**63 - 1, 2**63, -(2**63), 10**30, 0.5, -0.5, 1e308, True, False, None,
)  # fmt: skip
DTYPES = [
    "<f8",
    "<f4",
    "<i8",
    "<i4",
    "<i2",
    "|i1",
    "|u1",
    "<u4",
    "<u8",
    "|b1",
    "<c16",
    "|O",
    "O",
    "|S0",
    "|S4",
    "<U1",
    "<U9",
    "|V8",
    "<M8[ns]",
    "<m8[D]",
    ">f8",
    "f8,O",
]
TAGS = [
    "sklearn.tree.Tree",
    "sklearn.tree.DecisionTreeClassifier",
    "sklearn.svm.SVC",
    "sklearn.neighbors.KDTree",
    "sklearn.ensemble.RandomForestClassifier",
    "sklearn.pipeline.Pipeline",
    "sklearn.cluster.KMeans",
    "scipy.sparse.csr_matrix",
    "numpy.random.RandomState",
    "numpy.random.Generator",
    "builtins.getattr",
    "builtins.reduce",
    "functools.partial",
    "collections.defaultdict",
    "numpy.view",
    "numpy.ma.MaskedArray",
    "builtins.eval",
    "os.system",
    "numpy.fromfile",
    "operator.attrgetter",
    "sklearn.utils.Bunch",
    "re.compile",
    "sklearn.metrics.DistanceMetric",
    "sklearn.preprocessing.FunctionTransformer",
    "numpy.ndarray",
    "builtins.type",
    "scipy.interpolate.BSpline",
    "scipy.interpolate.PPoly",
    "pandas.DataFrame",
]
KINDS = [
    "float",
    "complex",
    "bytes",
    "ref",
    "list",
    "tuple",
    "set",
    "frozenset",
    "dict",
    "ndarray",
    "scalar",
    "dtype",
    "obj",
    "new",
    "name",
]


class Payload:
    """A payload apart: its graph, its arrays' block, its places that can be changed."""

    def __init__(self, path: str) -> None:
        with zipfile.ZipFile(path) as archive:
            self.graph = json.loads(archive.read("model/graph.json"))
            self.block = archive.read("model/arrays.bin")
        self.places: list[tuple[Any, Any]] = []
        self.arrays: list[dict[str, Any]] = []
        self._index(self.graph)

    def _index(self, value: Any) -> None:
        pairs: Any = ()
        if isinstance(value, dict):
            pairs = value.items()
            if value.get("t") == "ndarray" and "at" in value:
                self.arrays.append(value)
        elif isinstance(value, list):
            pairs = enumerate(value)
        for key, item in pairs:
            self.places.append((value, key))
            self._index(item)

    def mutant(self, chance: random.Random) -> bytes:
        """The bytes of a mutant; the payload itself stays as it is."""
        undo: list[tuple[Any, Any]] = []
        block = self.block
        kind = chance.random()
        try:
            for _ in range(chance.choice((1, 1, 1, 2, 3))):
                if kind < 0.35 and self.arrays:
                    block = self._bytes(block, chance)
                elif kind < 0.95:
                    self._node(chance, undo)
            graph = json.dumps(self.graph, separators=(",", ":")).encode()
        finally:
            for holder, former in reversed(undo):
                holder.clear()
                holder.update(former) if isinstance(holder, dict) else holder.extend(former)
        made = zipped({"model/graph.json": graph, "model/arrays.bin": block})
        return made if kind < 0.95 else _broken(made, chance)

    def _bytes(self, block: bytes, chance: random.Random) -> bytes:
        """One element of one array, or one field of it, becomes another of its own type."""
        node = chance.choice(self.arrays)
        spec = node["dtype"]
        dtype = dtype_from_spec(self.graph["dtypes"][spec] if isinstance(spec, int) else spec)
        size = int(np.prod(node["shape"], dtype=np.int64)) * dtype.itemsize
        if not size:
            return block
        place = node["at"] + chance.randrange(size // dtype.itemsize) * dtype.itemsize
        if dtype.names and chance.random() < 0.9:
            part, offset = dtype.fields[chance.choice(dtype.names)][:2]  # type: ignore[index]
            dtype, place = part, place + offset
        new = _element(dtype, block[place : place + dtype.itemsize], chance)
        return block[:place] + new + block[place + dtype.itemsize :]

    def _node(self, chance: random.Random, undo: list[tuple[Any, Any]]) -> None:
        holder, key = chance.choice(self.places)
        if isinstance(holder, dict) and key not in holder:
            return  # an earlier mutation took it away
        if isinstance(holder, list) and key >= len(holder):
            return
        undo.append((holder, dict(holder) if isinstance(holder, dict) else list(holder)))
        if len(undo) == 1 and self.arrays and chance.random() < 0.2:
            node = chance.choice(self.arrays)
            undo[:] = [(node, dict(node))]
            _array(node, chance)
            return
        way = chance.random()
        if way < 0.12:
            del holder[key]
        elif way < 0.2 and isinstance(holder, dict):
            other_holder, other = chance.choice(self.places)
            holder[str(other)] = holder.pop(key)
        elif way < 0.4:
            other_holder, other = chance.choice(self.places)
            if isinstance(other_holder, dict) and other in other_holder:
                holder[key] = copy.deepcopy(other_holder[other])
        elif way < 0.45:
            holder[key] = {"t": chance.choice(("list", "tuple", "set")), "v": [holder[key]] * 2}
        elif way < 0.5:
            holder[key] = {"t": "ref", "v": chance.randrange(12)}
        else:
            holder[key] = _value(holder[key], key, chance)


def _value(value: Any, key: Any, chance: random.Random) -> Any:
    if key in ("c", "t", "k") and isinstance(value, str):
        return chance.choice(TAGS if key == "c" else KINDS)
    if isinstance(value, str):
        return chance.choice((value[:-1], value + "x", "", "\ud800", "../x", *TAGS[:4]))
    if isinstance(value, int | float) and chance.random() < 0.4:
        return value + chance.choice((-1, 1, 2))
    if isinstance(value, list) and value:
        return chance.choice((value[:-1], value * 2, value[::-1], []))
    if isinstance(value, dict) and chance.random() < 0.5:
        return {"t": "obj", "c": chance.choice(TAGS), "s": {"a": value}}
    return chance.choice(NUMBERS)


def _array(node: dict[str, Any], chance: random.Random) -> None:
    name = chance.choice(("dtype", "shape", "shape", "at", "order"))
    if name == "dtype":
        node["dtype"] = chance.choice(DTYPES)
    elif name == "at":
        node["at"] = chance.choice((0, 64, -64, 1, 1 << 40, node["at"] + 64, node["at"] - 64))
    elif name == "order":
        node["order"] = chance.choice("CFKA")
    else:
        shape = list(node["shape"])
        ways: list[Any] = [shape[:-1], [*shape, 1], [1, *shape], shape[::-1], [2**62, 4, 0], []]
        if shape:
            i = chance.randrange(len(shape))
            sizes = (shape[i] - 1, shape[i] + 1, 0, shape[i] // 2, 2**40)
            ways += [[*shape[:i], n, *shape[i + 1 :]] for n in sizes]
        node["shape"] = chance.choice(ways)


def _element(dtype: np.dtype, old: bytes, chance: random.Random) -> bytes:
    if dtype.kind in "iu" and chance.random() < 0.9:
        span = np.iinfo(dtype)
        now = int(np.frombuffer(old, dtype)[0])
        ways = (now + 1, now - 1, 0, -1, 1, span.max, span.min, chance.randrange(64), -now, 10**9)
        return np.array(int(np.clip(chance.choice(ways), span.min, span.max)), dtype).tobytes()
    if dtype.kind == "f" and chance.random() < 0.9:
        ways_f = (0.0, -1.0, 1e300, -1e300, float("nan"), float("inf"), 0.5, 1e9, 1e-300)
        with np.errstate(over="ignore"):
            return np.array(chance.choice(ways_f)).astype(dtype).tobytes()
    return chance.randbytes(dtype.itemsize)


def zipped(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            if name.endswith(".bin"):
                info.extra = struct.pack("<HH", 0xD935, pad := -(made.tell() + 34 + len(name)) % 64)
                info.extra += b"\0" * pad
            archive.writestr(info, content)
    return made.getvalue()


def _broken(made: bytes, chance: random.Random) -> bytes:
    """Bytes of the zip's own structures, which are at its end and before each member."""
    way = chance.random()
    if way < 0.2:
        return made[: chance.randrange(len(made))]
    if way < 0.3:
        return made + made
    marks = (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06")
    changed = bytearray(made)
    for _ in range(chance.choice((1, 2, 4))):
        start = made.find(chance.choice(marks), chance.randrange(len(made)) if way < 0.6 else 0)
        if start >= 0:
            changed[min(start + chance.randrange(46), len(made) - 1)] = chance.randrange(256)
    return bytes(changed)
