"""Writing: a neutral graph becomes JSON and one block of arrays."""

import base64
import json
import math
import struct
import zipfile
from typing import Any, Dict, Optional

import numpy as np

from skmig.agent.neutral import Name, New, Obj
from skmig.agent.wire import form
from skmig.agent.wire.form import ALIGN, FORMAT, MAX_DEPTH, WireError, dtype_spec

_LARGE = 1 << 16
_DIRECT = frozenset((bool, int, str))  # what JSON says as it is
_DIRECT_OR_FLOAT = _DIRECT | {float}
_SHARED = (list, dict, set, np.ndarray, Obj, New)
_PADDING_FIELD = 0xD935  # extra field that zipalign uses for the same purpose


class _Arrays(object):
    """The bytes of a document's arrays, in order of their offsets."""

    def __init__(self):
        self.chunks = []
        self.size = 0

    def add(self, buffer, nbytes):
        """Reserve an aligned place for `buffer`; returns its offset."""
        padding = -self.size % ALIGN
        if padding:
            self.chunks.append(b"\0" * padding)
            self.size += padding
        offset = self.size
        self.chunks.append(buffer)
        self.size += nbytes
        return offset

    def add_all(self, arrays):
        """Arrays, one behind the other; small ones are copied, large ones are not."""
        offset = self.add(b"", 0)
        self.chunks.extend(
            item.tobytes() if item.nbytes < _LARGE else item.reshape(-1).view(np.uint8)
            for item in arrays
        )
        self.size += sum(item.nbytes for item in arrays)
        return offset


class _Encoder(object):
    def __init__(self):
        self.arrays = _Arrays()
        self.seen = {}
        self.keep = []  # objects whose id() is a key of `seen` must stay alive
        self.next_id = 0
        self.cells = 0  # of all tables
        self.dtypes = []  # of structured arrays, each described once
        self.numbers = {}  # id() of such a dtype -> its place there

    def number(self, values, keys):
        """The first of as many ids, one for each; None where one of them was met before."""
        if len(set(keys)) < len(keys) or not self.seen.keys().isdisjoint(keys):
            return None
        first = self.next_id
        self.next_id += len(keys)
        self.seen.update((key, {"id": first + i}) for i, key in enumerate(keys))
        self.keep.extend(values)
        return first

    def key(self, value):
        """What is one large array may be seen through several views."""
        if isinstance(value, np.ndarray) and value.nbytes >= _LARGE:
            dtype = value.dtype
            if dtype.names is None and not dtype.hasobject:
                where = value.__array_interface__["data"][0]
                return (where, value.shape, value.strides, dtype.str)
        return id(value)

    def dtype(self, dtype):
        if dtype.names is None:
            return dtype_spec(dtype)
        number = self.numbers.get(id(dtype))
        if number is None:
            spec = dtype_spec(dtype)
            if spec not in self.dtypes:
                self.dtypes.append(spec)
            number = self.numbers[id(dtype)] = self.dtypes.index(spec)
            self.keep.append(dtype)
        return number

    def encode(self, value, path, depth=0):
        if value is None or type(value) in _DIRECT:
            return value
        if type(value) is float:
            if math.isfinite(value):
                return value
            return {"t": "float", "v": _spell(value)}
        if depth > MAX_DEPTH:
            raise WireError("%s: nested deeper than %d levels" % (path, MAX_DEPTH))
        shared = isinstance(value, _SHARED)
        if shared:
            key = self.key(value)
            first = self.seen.get(key)
            if first is not None:
                if "id" not in first:
                    first["id"] = self.next_id
                    self.next_id += 1
                return {"t": "ref", "v": first["id"]}
            node = {}
            self.seen[key] = node
            self.keep.append(value)
            self.fill(node, value, path, depth)
            return node
        node = {}
        self.fill(node, value, path, depth)
        return node

    def fill(self, node, value, path, depth):
        if isinstance(value, np.ndarray):
            self.ndarray(node, value, path, depth)
        elif isinstance(value, np.generic):
            self.scalar(node, value, path)
        elif isinstance(value, Obj):
            node["t"] = "obj"
            node["c"] = value.tag
            node["s"] = self.mapping(value.state, path, depth)
        elif isinstance(value, New):
            node["t"] = "new"
            node["c"] = value.tag
            node["a"] = self.mapping(value.args, path, depth)
        elif isinstance(value, Name):
            node["t"] = "name"
            node["k"] = value.kind
            node["c"] = value.tag
        elif type(value) in (list, tuple):
            self.sequence(node, value, path, depth)
        elif type(value) is dict:
            self.dictionary(node, value, path, depth)
        elif type(value) in (set, frozenset):
            # sorted where it can be, so that the same model gives the same bytes
            try:
                items = sorted(value)
            except TypeError:
                items = sorted(value, key=repr)
            self.sequence(node, items, path, depth)
            node["t"] = type(value).__name__
        elif type(value) is bytes:
            node["t"] = "bytes"
            node["v"] = base64.b64encode(value).decode("ascii")
        elif type(value) is complex:
            node["t"] = "complex"
            node["v"] = [self.encode(value.real, path), self.encode(value.imag, path)]
        elif isinstance(value, np.dtype):
            node["t"] = "dtype"
            node["v"] = dtype_spec(value)
        else:
            raise WireError("%s: %s is not part of a neutral graph" % (path, type(value)))

    def mapping(self, state, path, depth):
        return {
            name: item
            if item is None or type(item) in _DIRECT
            else self.encode(item, path + "." + name, depth + 1)
            for name, item in state.items()
        }

    def sequence(self, node, value, path, depth):
        node["t"] = type(value).__name__
        column = _column_type(value)
        if column is str:
            node["strs"] = self.strings(value)
        elif column in (int, float):
            node["col"] = self.plain(_column(value, column))
            node["vt"] = column.__name__
        elif column is Obj and self.table(node, value, path, depth):
            pass
        else:
            node["v"] = [
                self.encode(item, "%s[%d]" % (path, i), depth + 1) for i, item in enumerate(value)
            ]

    def table(self, node, items, path, depth):
        """Objects as columns, if they are of one kind and none of them was met before."""
        tag, names = items[0].tag, list(items[0].state)
        if any(item.tag != tag or list(item.state) != names for item in items):
            return False
        cells = len(items) * (len(names) + 1)
        if self.cells + cells > form.FREE_CELLS + self.arrays.size:
            return False
        first = self.number(items, list(map(id, items)))
        if first is None:
            return False
        self.cells += cells
        columns = zip(*[item.state.values() for item in items])
        path += "[*]."
        node["objs"] = {
            "c": tag,
            "n": len(items),
            "id": first,
            "s": {
                name: self.column(column, path + name, depth + 1)
                for name, column in zip(names, columns)
            },
        }
        return True

    def column(self, values, path, depth):
        first = values[0]
        if len(set(map(id, values))) == 1 or _are_one(values):
            return self.encode(first, path, depth)
        node = {}
        if type(first) is np.ndarray and self.parts(node, values):
            return node
        self.sequence(node, values, path, depth)
        del node["t"]
        return node

    def parts(self, node, values):
        """Arrays of one kind as one, if none of them was met before."""
        dtype, shape = values[0].dtype, values[0].shape
        for item in values:
            if type(item) is not np.ndarray or not item.ndim or item.shape[1:] != shape[1:]:
                return False
            if (item.dtype is not dtype and item.dtype != dtype) or not item.flags.c_contiguous:
                return False
        if dtype.hasobject:
            return False
        first = self.number(values, list(map(self.key, values)))
        if first is None:
            return False
        lengths = np.fromiter(map(len, values), dtype="<i8", count=len(values))
        node["id"] = first
        node["rows"] = self.plain(_narrow(lengths))
        node["parts"] = {
            "t": "ndarray",
            "dtype": self.dtype(dtype),
            "shape": [int(lengths.sum())] + list(shape[1:]),
            "order": "C",
            "at": self.arrays.add_all(values),
        }
        return True

    def dictionary(self, node, value, path, depth):
        node["t"] = "dict"
        if all(type(key) is str for key in value):
            column = _column_type(value.values()) if len(value) >= form.COLUMN else None
            if column is int or (isinstance(column, type) and issubclass(column, np.integer)):
                values = _column(value.values(), column)
                node["keys"] = self.strings(value)
                node["vals"] = self.plain(values)
                node["vt"] = "int" if column is int else values.dtype.str
                return
            node["v"] = {
                key: self.encode(item, "%s[%r]" % (path, key), depth + 1)
                for key, item in value.items()
            }
            return
        node["v"] = [
            [
                self.encode(key, "%s.keys()" % path, depth + 1),
                self.encode(item, "%s[%r]" % (path, key), depth + 1),
            ]
            for key, item in value.items()
        ]

    def strings(self, items):
        lengths = np.fromiter(map(len, items), dtype="<i8", count=len(items))
        text = "".join(items).encode("utf-8", "surrogatepass")
        at = self.arrays.add(text, len(text))
        return {"at": at, "bytes": len(text), "lengths": self.plain(_narrow(lengths))}

    def plain(self, array):
        node = {}
        self.ndarray(node, array, "", 0)
        return node

    def ndarray(self, node, value, path, depth):
        if type(value) is not np.ndarray:
            value = np.asarray(value)
        node["t"] = "ndarray"
        node["shape"] = list(value.shape)
        if value.dtype.hasobject:
            if value.dtype.names is not None:
                raise WireError("%s: structured array with objects" % path)
            node["dtype"] = "O"
            items = {}
            self.sequence(items, list(value.ravel(order="C")), path, depth)
            node["v"] = items
            return
        node["dtype"] = self.dtype(value.dtype)
        order = "C"
        if not value.flags.c_contiguous:
            if value.flags.f_contiguous:
                order = "F"
            else:
                value = np.ascontiguousarray(value)
        node["order"] = order
        flat = value.T if order == "F" else value
        self.keep.append(value)
        # a view on the array's own memory: nothing is copied until the file is written
        buffer = flat.reshape(-1).view(np.uint8) if value.nbytes else b""
        node["at"] = self.arrays.add(buffer, int(value.nbytes))

    def scalar(self, node, value, path):
        node["t"] = "scalar"
        dtype = value.dtype
        if dtype.hasobject or dtype.names is not None:
            raise WireError("%s: numpy scalar of dtype %s" % (path, dtype))
        node["dtype"] = dtype.str
        if dtype.kind in "biu":
            node["v"] = int(value)
        elif dtype.str == "<f8" and math.isfinite(value):
            node["v"] = float(value)
        else:
            node["x"] = value.tobytes().hex()


def _narrow(lengths):
    """Lengths in the narrowest type that holds them."""
    widest = int(lengths.max()) if len(lengths) else 0
    return lengths.astype(np.min_scalar_type(widest).newbyteorder("<"))


def _are_one(values):
    """Are these scalars the same, to the bit?"""
    if len(set(map(type, values))) > 1 or type(values[0]) not in _DIRECT_OR_FLOAT:
        return False
    if type(values[0]) is float:
        bits = np.array(values).view("<i8")
        return bool((bits == bits[0]).all())
    return len(set(values)) == 1


def _spell(value):
    if value != value:
        return "nan"
    return "inf" if value > 0 else "-inf"


def _column_type(items):
    """The one type of a long homogeneous sequence, if it may be stored as a column."""
    if len(items) < form.COLUMN:
        return None
    kinds = set(map(type, items))
    if len(kinds) != 1:
        return None
    kind = kinds.pop()
    if kind is str or kind is float or kind is Obj:
        return kind
    if kind is int:
        # beyond 64 bits the values stand one by one
        low, high = min(items), max(items)
        return int if -(1 << 63) <= low and high < (1 << 63) else None
    if isinstance(kind, type) and issubclass(kind, np.integer):
        return kind if isinstance(items, type({}.values())) else None
    return None


def _column(values, kind):
    """A column of numbers; of int the narrowest that holds them."""
    dtype = {int: np.dtype("<i8"), float: np.dtype("<f8")}.get(kind) or np.dtype(kind)
    column = np.fromiter(values, dtype=dtype, count=len(values))
    if kind is not int:
        return column
    low, high = int(column.min()), int(column.max())
    for narrow in ("|i1", "<i2", "<i4"):
        if np.iinfo(narrow).min <= low and high <= np.iinfo(narrow).max:
            return column.astype(narrow)
    return column


def write_bundle(
    path: str, documents: Dict[str, Any], extras: Optional[Dict[str, Any]] = None
) -> None:
    """Write one zip of documents (name -> neutral graph) and JSON members (name -> value)."""
    with open(path, "wb") as handle:
        with zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for name, value in (extras or {}).items():
                _write_json(archive, name, value)
            for name, graph in documents.items():
                _write_document(archive, handle, name, graph)


def _write_json(archive, name, value):
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, text.encode("ascii"))


def _write_document(archive, handle, name, graph):
    encoder = _Encoder()
    root = encoder.encode(graph, name)
    head = {"format": FORMAT, "dtypes": encoder.dtypes, "root": root}
    _write_json(archive, name + "/graph.json", head)
    info = zipfile.ZipInfo(name + "/arrays.bin")
    info.file_size = encoder.arrays.size
    _align(info, handle.tell())
    with archive.open(info, "w", force_zip64=True) as member:
        for piece in _pieces(encoder.arrays.chunks):
            member.write(piece)


def _pieces(chunks):
    """The same bytes: what is large as it is, what is small together."""
    small, size = [], 0
    for chunk in chunks:
        if len(chunk) >= _LARGE:
            if small:
                yield b"".join(small)
                small, size = [], 0
            yield memoryview(chunk)
            continue
        small.append(chunk)
        size += len(chunk)
        if size >= _LARGE:
            yield b"".join(small)
            small, size = [], 0
    yield b"".join(small)


def _align(info, offset):
    """Pad the local header so that the member's first byte is at a multiple of ALIGN."""
    zip64_field = 20
    start = offset + 30 + len(info.filename.encode("utf-8")) + zip64_field + 4
    info.extra = struct.pack("<HH", _PADDING_FIELD, -start % ALIGN) + b"\0" * (-start % ALIGN)
