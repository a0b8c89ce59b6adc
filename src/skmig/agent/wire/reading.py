"""Reading: a bundle from anybody becomes a neutral graph, and all it claims is checked before.

Nothing is imported, called or unpickled.
"""

import base64
import itertools
import json
import os
import re
import struct
import zipfile
from typing import Any, List

import numpy as np

from skmig.agent.neutral import Name, New, Obj
from skmig.agent.wire import form
from skmig.agent.wire.form import ALIGN, MAX_DEPTH, READABLE, WireError, dtype_from_spec

# what a reader allows a file to be: more than any model needs
MAX_MEMBERS = 1 << 16
FREE_BYTES = 1 << 24  # a member that unpacks to no more than this may have any ratio
MAX_RATIO = 150
# a name that means the same everywhere: printable, relative, without a way up, a drive or "\"
_MEMBER = re.compile(r"(?!/)(?!(.*/)?\.\.(/|\Z))[ !-9;-\[\]-~]+\Z")
_PLAIN_FLAGS = 0x0806  # how hard it was deflated, and a name in UTF-8
_DIGITS = bytes(48 if 48 <= i < 58 else i for i in range(256))
_LONG_NUMBER = b"0" * 4301
_LAST_CODE_POINT = 0x10FFFF


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
        self.cells = form.FREE_CELLS + len(block)  # what tables may still give to objects
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
