"""The payload's wire format: a neutral graph as JSON, its arrays as one aligned block, in a zip.

A *bundle* is one zip file.  A *document* `name` in it is two members:

    name/graph.json    the graph, readable; deflated
    name/arrays.bin    every array's bytes, each at a multiple of 64; stored, so it can be mapped

Other members are JSON documents (`manifest.json`, ...).  Reading never imports, never calls and
never unpickles: the result is plain values, numpy arrays and the classes of `neutral`.  Everything
that a file claims (sizes, offsets, dtypes, references, depth) is checked before it is used.

JSON scalars and strings stand for themselves; every other value is an object with a kind `t`:

    float       v: "nan", "inf", "-inf"          complex   v: [real, imaginary]
    bytes       v: base64                        ref       v: the id of a value met earlier
    list tuple set frozenset
                v: [...], or strs: STRINGS, or col: NDARRAY with vt: "int" | "float"
                (a column of int has the narrowest type that holds it), or objs: TABLE
    dict        v: {str: value} or [[key, value], ...],
                or keys: STRINGS with vals: NDARRAY and vt: "int" | dtype of the numpy scalars
    ndarray     dtype, shape, order "C" | "F", at: offset; dtype "O" has v: a list instead of at
    scalar      dtype, v: number, or x: hex      dtype     v: a dtype
    obj         c: tag, s: {name: value}         new       c: tag, a: {name: value}
    name        k: "function" | "type", c: tag

A STRINGS is {at: offset of the UTF-8 text, bytes: its length, lengths: NDARRAY, in characters}.
A TABLE is n objects of one tag with the same names: {c: tag, n: their number, s: {name: COLUMN}}.
A COLUMN is one value that all of them hold, or what a list has (v, strs, col, objs), or for arrays
of one dtype that stand one behind the other {rows: NDARRAY of their lengths, parts: NDARRAY}.
A dtype is its string; a structured one is its number in the document's list `dtypes`.
Where a value stands more than once, its first place carries an `id`; the objects of a TABLE and the
arrays of a COLUMN have `id`, `id` + 1, and so on.

Runs on Python 3.6 with the standard library and numpy.
"""

import base64
import itertools
import json
import math
import os
import re
import struct
import zipfile
from typing import Any, Dict, List, Optional

import numpy as np

from skmig.agent.neutral import Name, New, Obj

FORMAT = 3
READABLE = (2, FORMAT)  # 2 is 3 without tables
ALIGN = 64
_LARGE = 1 << 16
COLUMN = 32  # a homogeneous container of at least this many items becomes a column
MAX_DEPTH = 400
# what a reader allows a file to be: more than any model needs
MAX_ITEM = 1 << 24  # bytes of one element of a structured array
MAX_MEMBERS = 1 << 16
FREE_BYTES = 1 << 24  # a member that unpacks to no more than this may have any ratio
MAX_RATIO = 150
# attributes that tables may give to objects, beyond one for each byte of the document's arrays
FREE_CELLS = 1 << 20
# a name that means the same everywhere: printable, relative, without a way up, a drive or "\"
_MEMBER = re.compile(r"(?!/)(?!(.*/)?\.\.(/|\Z))[ !-9;-\[\]-~]+\Z")
_PLAIN_FLAGS = 0x0806  # how hard it was deflated, and a name in UTF-8
_DIGITS = bytes(48 if 48 <= i < 58 else i for i in range(256))
_LONG_NUMBER = b"0" * 4301
_LAST_CODE_POINT = 0x10FFFF
_DIRECT = frozenset((bool, int, str))  # what JSON says as it is
_DIRECT_OR_FLOAT = _DIRECT | {float}
_SHARED = (list, dict, set, np.ndarray, Obj, New)
_PADDING_FIELD = 0xD935  # extra field that zipalign uses for the same purpose


class WireError(ValueError):
    """A document that cannot be written or is not valid; the text names the place."""


# ------------------------------------------------------------------ writing
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


def dtype_spec(dtype):
    """A dtype as JSON: its string, or for structured ones its fields with offsets."""
    dtype = np.dtype(dtype)
    if dtype.names is not None:
        return {
            "names": list(dtype.names),
            "formats": [dtype_spec(dtype.fields[name][0]) for name in dtype.names],
            "offsets": [int(dtype.fields[name][1]) for name in dtype.names],
            "itemsize": int(dtype.itemsize),
        }
    if dtype.subdtype is not None:
        return {"base": dtype_spec(dtype.subdtype[0]), "shape": list(dtype.subdtype[1])}
    return dtype.str


def dtype_from_spec(spec):
    """The dtype that `dtype_spec` described.  Raises WireError on anything else."""
    try:
        if isinstance(spec, str):
            dtype = np.dtype(spec)
            # only the spelling that dtype_spec writes: no field syntax, no aliases
            if dtype.names is not None or dtype.subdtype is not None or dtype.str != spec:
                raise WireError("unexpected dtype %r" % spec)
            return dtype
        if "base" in spec:
            return np.dtype((dtype_from_spec(spec["base"]), tuple(spec["shape"])))
        formats = [dtype_from_spec(item) for item in spec["formats"]]
        offsets, size = spec["offsets"], spec["itemsize"]
        # numpy adds these up in 32 bits and then believes the sum
        for start, part in zip(offsets, formats):
            if type(start) is not int or not 0 <= start <= size - part.itemsize < MAX_ITEM:
                raise WireError("a field at %r of %r bytes" % (start, size))
        names = [str(name) for name in spec["names"]]
        return np.dtype(
            {"names": names, "formats": formats, "offsets": offsets, "itemsize": int(size)}
        )
    except WireError:
        raise
    except Exception as exc:
        raise WireError("not a dtype: %r (%s)" % (spec, exc))


def _holds_objects(dtype):
    return bool(dtype.hasobject)


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
        if self.cells + cells > FREE_CELLS + self.arrays.size:
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
            column = _column_type(value.values()) if len(value) >= COLUMN else None
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
        if _holds_objects(value.dtype):
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
    if len(items) < COLUMN:
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


# ------------------------------------------------------------------ reading
class Bundle(object):
    """A bundle opened for reading.  Arrays are mapped copy-on-write, never read ahead."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = os.path.getsize(path)
        try:
            self.archive = zipfile.ZipFile(path)
        except (
            zipfile.BadZipFile,
            ValueError,
            OverflowError,
            NotImplementedError,  # another version of the format
            struct.error,
        ) as exc:
            raise WireError("%s is not a payload: %s" % (path, exc))
        try:
            with open(path, "rb") as handle:
                self.starts = _check_members(self.archive, handle, self.size)
        except WireError as exc:
            self.archive.close()
            raise WireError("%s is not a payload: %s" % (path, exc))

    def __enter__(self) -> "Bundle":
        return self

    def __exit__(self, *exc: Any) -> None:
        self.archive.close()

    def documents(self) -> List[str]:
        """The names of the documents, in file order."""
        suffix = "/graph.json"
        names = [info.filename for info in self.archive.infolist()]
        return [name[: -len(suffix)] for name in names if name.endswith(suffix)]

    def json(self, name: str) -> Any:
        """The JSON member `name`.  Raises WireError when it is missing or not JSON."""
        try:
            info = self.archive.getinfo(name)
        except KeyError:
            raise WireError("%s has no member %s" % (self.path, name))
        try:
            with self.archive.open(info) as member:
                text = member.read(info.file_size + 1)
            if len(text) != info.file_size:
                raise WireError("%s: %s is not as long as it claims" % (self.path, name))
            if text.translate(_DIGITS).find(_LONG_NUMBER) >= 0:
                raise WireError("%s: %s has a number without end" % (self.path, name))
            return json.loads(text.decode("utf-8"), parse_constant=_no_constant)
        except WireError:
            raise
        except Exception as exc:  # zlib.error, BadZipFile, UnicodeDecodeError, RecursionError, ...
            raise WireError("%s: %s cannot be read: %s" % (self.path, name, exc))

    def document(self, name: str) -> Any:
        """The neutral graph of document `name`."""
        head = self.json(name + "/graph.json")
        if not isinstance(head, dict) or head.get("format") not in READABLE or "root" not in head:
            raise WireError("%s: document %s has no known format" % (self.path, name))
        try:
            decoder = _Decoder(self._arrays(name + "/arrays.bin"), head.get("dtypes", ()))
            return decoder.decode(head["root"], name, 0)
        except RecursionError:
            raise WireError("%s: document %s is nested too deeply" % (self.path, name))
        except MemoryError:
            raise WireError("%s: document %s is larger than the memory" % (self.path, name))

    def _arrays(self, name):
        try:
            info = self.archive.getinfo(name)
        except KeyError:
            raise WireError("%s has no member %s" % (self.path, name))
        if info.compress_type != zipfile.ZIP_STORED:
            raise WireError("%s: %s must be stored, not compressed" % (self.path, name))
        if info.file_size == 0:
            return np.zeros(0, dtype=np.uint8)
        start = self.starts[name]
        # mode "c": what reads it may change its copy, never the file
        return np.memmap(self.path, np.uint8, "c", start, (info.file_size,))


def _check_members(archive, handle, size):
    """Where the content of each member begins; refuses what `write_bundle` never writes.

    What the directory says and what stands before each member must be the same, no two members
    may share bytes, and none may unpack to much more than it is.
    """
    infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    if len(infos) > MAX_MEMBERS:
        raise WireError("%d members" % len(infos))
    starts = {}
    end = 0
    for info in infos:
        name = info.filename
        if not _MEMBER.match(name) or name != info.orig_filename:
            raise WireError("a member of the name %r" % name)
        if name in starts:
            raise WireError("%s stands twice" % name)
        if info.flag_bits & ~_PLAIN_FLAGS or info.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise WireError("%s is encrypted, streamed or packed in another way" % name)
        if info.header_offset < end:
            raise WireError("%s shares its bytes with another" % name)
        handle.seek(info.header_offset)
        header = handle.read(30)
        if len(header) != 30 or header[:4] != b"PK\x03\x04":
            raise WireError("%s has no local header" % name)
        flags, method = struct.unpack("<HH", header[6:10])
        name_length, extra_length = struct.unpack("<HH", header[26:30])
        if (flags, method) != (info.flag_bits, info.compress_type) or handle.read(
            name_length
        ) != name.encode("ascii"):
            raise WireError("%s is not what the directory says" % name)
        start = info.header_offset + 30 + name_length + extra_length
        if start + info.compress_size > size:
            raise WireError("%s is longer than the file" % name)
        end = start + info.compress_size
        if info.compress_type == zipfile.ZIP_STORED:
            if info.file_size != info.compress_size:
                raise WireError("%s is not as long as it claims" % name)
        elif info.file_size > max(FREE_BYTES, MAX_RATIO * info.compress_size):
            raise WireError("%s unpacks to %d bytes" % (name, info.file_size))
        starts[name] = start
    return starts


def _no_constant(text):
    raise WireError("%s is not JSON" % text)


class _Decoder(object):
    def __init__(self, block, dtypes):
        if not isinstance(dtypes, (list, tuple)):
            raise WireError("the dtypes of the document are no list")
        self.dtypes = [dtype_from_spec(spec) for spec in dtypes]
        self.plain = {}  # by their text: dtypes that were read already
        self.block = np.asarray(block)
        self.known = {}
        self.cells = FREE_CELLS + len(block)  # what tables may still give to objects
        self.left = len(block)  # bytes that no array took yet: no two take the same

    def decode(self, node, path, depth):
        if node is None or isinstance(node, (bool, int, str)):
            return node
        if isinstance(node, float):
            return node
        if depth > MAX_DEPTH:
            raise WireError("%s: nested deeper than %d levels" % (path, MAX_DEPTH))
        if not isinstance(node, dict):
            raise WireError("%s: expected a node, found %s" % (path, type(node).__name__))
        kind = node.get("t")
        read = _READERS.get(kind) if isinstance(kind, str) else None
        if read is None:
            raise WireError("%s: unknown kind %r" % (path, kind))
        try:
            return read(self, node, path, depth)
        except WireError:
            raise
        except (KeyError, TypeError, ValueError, IndexError, OverflowError, AttributeError) as exc:
            raise WireError("%s: malformed %s (%s: %s)" % (path, kind, type(exc).__name__, exc))

    def register(self, node, value, path):
        number = node.get("id")
        if number is not None:
            if type(number) is not int or number in self.known:
                raise WireError("%s: id %r stands twice" % (path, number))
            self.known[number] = value
        return value

    def register_all(self, first, values, path):
        if type(first) is not int or not self.known.keys().isdisjoint(
            range(first, first + len(values))
        ):
            raise WireError("%s: the ids from %r on stand twice" % (path, first))
        self.known.update(enumerate(values, first))

    def ref(self, node, path, depth):
        if node["v"] not in self.known:
            raise WireError("%s: reference to %r before it was met" % (path, node["v"]))
        return self.known[node["v"]]

    def special(self, node, path, depth):
        if node["v"] not in ("nan", "inf", "-inf"):
            raise WireError("%s: %r is not a special float" % (path, node["v"]))
        return float(node["v"])

    def complex(self, node, path, depth):
        real, imaginary = node["v"]
        return complex(self.decode(real, path, depth + 1), self.decode(imaginary, path, depth + 1))

    def bytes(self, node, path, depth):
        return base64.b64decode(node["v"].encode("ascii"), validate=True)

    def items(self, node, path, depth):
        if "strs" in node:
            return self.strings(node["strs"], path)
        if "col" in node:
            if node["vt"] not in ("int", "float"):
                raise WireError("%s: column of %r" % (path, node["vt"]))
            column = self.array(node["col"], path)
            if column.dtype.kind != {"int": "i", "float": "f"}[node["vt"]] or column.ndim != 1:
                raise WireError("%s: column of dtype %s" % (path, column.dtype))
            return column.tolist()
        if "objs" in node:
            return self.table(node["objs"], path, depth)
        if not isinstance(node["v"], list):
            raise WireError("%s: items must be an array" % path)
        return None

    def table(self, node, path, depth):
        count, columns, tag = node["n"], node["s"], _tag(node["c"], path)
        if depth > MAX_DEPTH or type(count) is not int or count < 0 or type(columns) is not dict:
            raise WireError("%s: %r objects" % (path, count))
        self.cells -= count * (len(columns) + 1)
        if self.cells < 0:
            raise WireError("%s: more objects than the document has bytes for" % path)
        result = [Obj(tag) for _ in range(count)]
        self.register_all(node["id"], result, path)
        path += "[*]."
        values = [
            self.column(column, count, path + name, depth + 1) for name, column in columns.items()
        ]
        for item, row in zip(result, zip(*values)):
            item.state.update(zip(columns, row))
        return result

    def column(self, node, count, path, depth):
        if type(node) is not dict or "t" in node:
            return itertools.repeat(self.decode(node, path, depth), count)
        if "parts" in node:
            values = self.parts(node, path)
        else:
            values = self.fixed(dict(node, t="tuple"), path, depth)
        if len(values) != count:
            raise WireError("%s: %d values for %d objects" % (path, len(values), count))
        return values

    def parts(self, node, path):
        whole, lengths = self.array(node["parts"], path), self.array(node["rows"], path)
        if lengths.dtype.kind != "u" or lengths.ndim != 1 or not whole.ndim:
            raise WireError("%s: arrays that are not as long as they say" % path)
        ends = self.ends(lengths, len(whole), path)
        values = [whole[begin:end] for begin, end in zip([0] + ends, ends)]
        self.register_all(node["id"], values, path)
        return values

    def ends(self, lengths, size, path):
        """Where each of these ends, which together have `size`."""
        # no single length may be so large that their sum turns over
        if not len(lengths) or int(lengths.max()) > size:
            ends = np.zeros(0, dtype=np.int64)
        else:
            ends = np.cumsum(lengths, dtype=np.int64)
        if len(ends) != len(lengths) or (ends[-1] if len(ends) else 0) != size:
            raise WireError("%s: parts that are not as long as they say" % path)
        return ends.tolist()

    def list(self, node, path, depth):
        result = self.register(node, [], path)
        ready = self.items(node, path, depth)
        if ready is not None:
            result.extend(ready)
        else:
            for i, item in enumerate(node["v"]):
                result.append(self.decode(item, "%s[%d]" % (path, i), depth + 1))
        return result

    def fixed(self, node, path, depth):
        ready = self.items(node, path, depth)
        if ready is None:
            ready = [
                self.decode(item, "%s[%d]" % (path, i), depth + 1)
                for i, item in enumerate(node["v"])
            ]
        if node["t"] == "set":
            return self.register(node, set(ready), path)
        # a chain of these that share one another would be walked without end
        if "id" in node:
            raise WireError("%s: a %s is not shared" % (path, node["t"]))
        return frozenset(ready) if node["t"] == "frozenset" else tuple(ready)

    def dict(self, node, path, depth):
        result = self.register(node, {}, path)
        if "keys" in node:
            keys = self.strings(node["keys"], path)
            column = self.array(node["vals"], path)
            values = column.tolist() if node["vt"] == "int" else list(column)
            if column.dtype.kind not in "iu" or len(values) != len(keys):
                raise WireError("%s: keys and values do not match" % path)
            result.update(zip(keys, values))
            if len(result) != len(keys):
                raise WireError("%s: a key stands twice" % path)
        elif isinstance(node["v"], dict):
            for key, item in node["v"].items():
                result[key] = self.decode(item, "%s[%r]" % (path, key), depth + 1)
        else:
            for key_node, item in node["v"]:
                key = self.decode(key_node, path + ".keys()", depth + 1)
                if key in result:
                    raise WireError("%s: key %r stands twice" % (path, key))
                result[key] = self.decode(item, "%s[%r]" % (path, key), depth + 1)
        return result

    def array(self, node, path):
        if not isinstance(node, dict) or node.get("t") != "ndarray" or node.get("dtype") == "O":
            raise WireError("%s: expected a plain array" % path)
        return self.ndarray(node, path, 0)

    def ndarray(self, node, path, depth):
        shape = tuple(node["shape"])
        if len(shape) > 32 or any(type(n) is not int or n < 0 for n in shape):
            raise WireError("%s: shape %r" % (path, shape))
        size = 1
        for n in shape:
            size *= n
        if node["dtype"] == "O":
            items = self.fixed(dict(node["v"], t="tuple"), path, depth)
            if len(items) != size:
                raise WireError("%s: %d items for shape %r" % (path, len(items), shape))
            flat = np.empty(size, dtype=object)
            for i, item in enumerate(items):
                flat[i] = item
            return self.register(node, flat.reshape(shape), path)
        dtype = node["dtype"]
        if type(dtype) is int and 0 <= dtype < len(self.dtypes):
            dtype = self.dtypes[dtype]
        elif isinstance(dtype, str) and dtype in self.plain:
            dtype = self.plain[dtype]
        else:
            dtype = dtype_from_spec(dtype)
            self.plain[dtype.str] = dtype
        if dtype.hasobject:
            raise WireError("%s: dtype %s holds objects" % (path, dtype))
        start, nbytes = node["at"], size * dtype.itemsize
        if size and not dtype.itemsize:
            raise WireError("%s: %d items of no size" % (path, size))
        self.take(start, nbytes, path)
        order = node["order"]
        if order not in ("C", "F"):
            raise WireError("%s: order %r" % (path, order))
        if nbytes == 0:
            return self.register(node, np.zeros(shape, dtype=dtype, order=order), path)
        flat = self.block[start : start + nbytes].view(dtype)
        _check_content(flat, path)
        return self.register(node, flat.reshape(shape, order=order), path)

    def take(self, start, nbytes, path):
        """These bytes of the block are this array's and no other's."""
        if type(start) is not int or start < 0 or start + nbytes > len(self.block):
            raise WireError("%s: %d bytes at %r are outside" % (path, nbytes, start))
        if start % ALIGN:
            raise WireError("%s: %r is not at a multiple of %d" % (path, start, ALIGN))
        self.left -= nbytes
        if self.left < 0:
            raise WireError("%s: arrays share their bytes" % path)

    def strings(self, node, path):
        start, size = node["at"], node["bytes"]
        lengths = self.array(node["lengths"], path)
        if type(size) is not int or size < 0 or lengths.dtype.kind != "u" or lengths.ndim != 1:
            raise WireError("%s: text of %r bytes" % (path, size))
        self.take(start, size, path)
        text = self.block[start : start + size].tobytes().decode("utf-8", "surrogatepass")
        ends = self.ends(lengths, len(text), path)
        return [text[begin:end] for begin, end in zip([0] + ends, ends)]

    def scalar(self, node, path, depth):
        dtype = dtype_from_spec(node["dtype"])
        if dtype.hasobject or dtype.names is not None:
            raise WireError("%s: scalar of dtype %s" % (path, dtype))
        if "x" in node:
            raw = bytes.fromhex(node["x"])
            if len(raw) != dtype.itemsize:
                raise WireError("%s: %d bytes for dtype %s" % (path, len(raw), dtype))
            found = np.frombuffer(raw, dtype=dtype) if raw else None
            if found is None:
                return dtype.type()
            _check_content(found, path)
            return found[0]
        if dtype.kind not in "biuf" or isinstance(node["v"], (str, list, dict)):
            raise WireError("%s: scalar %r of dtype %s" % (path, node["v"], dtype))
        return np.array(node["v"], dtype=dtype)[()]

    def dtype(self, node, path, depth):
        return dtype_from_spec(node["v"])

    def obj(self, node, path, depth):
        result = self.register(node, Obj(_tag(node["c"], path)), path)
        for name, item in node["s"].items():
            if type(item) is dict or type(item) is list:
                item = self.decode(item, path + "." + name, depth + 1)
            result.state[name] = item
        return result

    def new(self, node, path, depth):
        result = self.register(node, New(_tag(node["c"], path)), path)
        for name, item in node["a"].items():
            result.args[name] = self.decode(item, path + "." + name, depth + 1)
        return result

    def name(self, node, path, depth):
        if node["k"] not in ("function", "type"):
            raise WireError("%s: name of kind %r" % (path, node["k"]))
        return Name(node["k"], _tag(node["c"], path))


def _check_content(flat, path):
    """Bytes that numpy itself takes on trust: truth that is 0 or 1, text that is Unicode."""
    dtype = flat.dtype
    if dtype.names is not None:
        for name in dtype.names:
            if dtype[name].kind in ("b", "U") or dtype[name].names is not None:
                _check_content(flat[name], path)
    elif dtype.kind == "b" and flat.view(np.uint8).max() > 1:
        raise WireError("%s: truth values other than 0 and 1" % path)
    elif dtype.kind == "U":
        points = np.ascontiguousarray(flat).view(dtype.byteorder + "u4")
        if points.size and points.max() > _LAST_CODE_POINT:
            raise WireError("%s: text that is not Unicode" % path)


def _tag(text, path):
    if not isinstance(text, str) or not all(part.isidentifier() for part in text.split(".")):
        raise WireError("%s: %r is not a dotted name" % (path, text))
    return text


_READERS = {
    "ref": _Decoder.ref,
    "float": _Decoder.special,
    "complex": _Decoder.complex,
    "bytes": _Decoder.bytes,
    "list": _Decoder.list,
    "tuple": _Decoder.fixed,
    "set": _Decoder.fixed,
    "frozenset": _Decoder.fixed,
    "dict": _Decoder.dict,
    "ndarray": _Decoder.ndarray,
    "scalar": _Decoder.scalar,
    "dtype": _Decoder.dtype,
    "obj": _Decoder.obj,
    "new": _Decoder.new,
    "name": _Decoder.name,
}
