"""What a model file is wrapped in: tells compressions apart and opens them as one stream.

A container is told by its first bytes, never by the file's name.  What is no pickle at all but
known (HDF5, ONNX, a zip, ...) is named with what to do about it.

Runs on Python 3.6 with the standard library; `lz4` is used where it is installed.
"""

import bz2
import io
import lzma
import os
import stat
import zipfile
import zlib
from typing import Any

HEAD = 512  # bytes that are enough to tell a container
CHUNK = 1 << 18
MAX_STREAM = 1 << 36  # bytes that a compressed file may expand to
MAX_DICTIONARY = 1 << 29  # bytes of memory that undoing LZMA may take
_ZF_HEADER = 2 + len("0x10000000000000000")  # "ZF" and the length in hexadecimal, padded

# first bytes -> compression; joblib tells them the same way
_COMPRESSIONS = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ", "xz"),
    (b"]\x00", "lzma"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"ZF0x", "zf"),
    # zlib: "x", which is no opcode of a pickle, and a level that completes the check sum
    (b"x\x01", "zlib"),
    (b"x\x5e", "zlib"),
    (b"x\x9c", "zlib"),
    (b"x\xda", "zlib"),
)

_TOO_LARGE = "no model is as large: get it again from where it was made"
_MODEL = "load it where it was made, and pickle the scikit-learn estimator alone"
# first bytes -> what the file is, what to do
_FOREIGN = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras or PyTables)", _MODEL),
    (b"\x93NUMPY", "a numpy array file (.npy)", "give the model's own file; this may belong to it"),
    (b"PAR1", "a Parquet file", "give the model; tables go to --data"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd, which joblib cannot read", "unpack it: zstd -d"),
    (b"\x02\x21\x4c\x18", "compressed with the old lz4 format", "unpack it: lz4 -d"),
    (b"\x1f\x9d", "compressed with compress (.Z)", "unpack it: uncompress"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"CBM1", "a CatBoost model", "CatBoost reads it with load_model; it is no scikit-learn model"),
    (b"binf", "an XGBoost model (old binary format)", "xgboost reads it with load_model"),
    (b"{L", "an XGBoost model (UBJSON)", "xgboost reads it with load_model"),
    (b"tree\nversion=", "a LightGBM model (text)", "lightgbm reads it with Booster(model_file=…)"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself", "run: git lfs pull"),
    (b"SQLite format 3", "an SQLite database", "give the model's own file"),
    (b"\x7fELF", "a program, not a model", "give the model's own file"),
    (b"RDX", "an R data file", "give a file that Python's pickle or joblib wrote"),
    (b"<?xml", "an XML file (PMML?)", "give the pickle that it was made from"),
    (b"<PMML", "a PMML file", "give the pickle that it was made from"),
    (b"<!DOCTYPE", "an HTML page, as a failed download leaves it", "download the file again"),
    (b"<html", "an HTML page, as a failed download leaves it", "download the file again"),
)


class ContainerError(Exception):
    """The file is no pickle, or its compression is damaged; `hint` says what to do."""

    def __init__(self, message, hint=""):
        Exception.__init__(self, message)
        self.message = message
        self.hint = hint


def detect(head: bytes) -> str:
    """The compression by the file's first bytes: "none", "zlib", "gzip", ..., "zf"."""
    for magic, name in _COMPRESSIONS:
        if head.startswith(magic):
            return name
    return "none"


def foreign(path, head):
    """(what, hint) for a file that is known and no pickle; None otherwise."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(path)
    for magic, what, hint in _FOREIGN:
        if head.startswith(magic):
            return what, hint
    if head[257:262] == b"ustar":
        return "a tar archive", "unpack it first: tar -xf"
    if head[:1] == b"\x08" and (b"onnx" in head.lower() or path.lower().endswith(".onnx")):
        return "an ONNX model", "ONNX holds no estimator; give the pickle that it was made from"
    stripped = head.lstrip()
    if stripped.startswith(b"{") and b'"learner"' in head:
        return "an XGBoost model (JSON)", "xgboost reads it with load_model"
    if stripped.startswith((b'{"', b"{\n", b"[\n")):
        return "a JSON file", "give a file that pickle or joblib wrote"
    return None


def _zip(path):
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return "a damaged zip archive", "copy or download it again, in binary mode"
    if "schema.json" in names:
        return (
            "a .skops file",
            "skmig reads pickle and joblib: load it with skops.io.load where it was made, and "
            "write it again with joblib.dump",
        )
    if "payload.json" in names and "manifest.json" not in names:
        return "a payload of skmig, not a model", "`skmig import` makes a model of it"
    if "manifest.json" in names or any(name.endswith("/graph.json") for name in names):
        return "a record of skmig, not a model", "give the model; `skmig verify` reads the record"
    if names and all(name.endswith(".npy") for name in names):
        return "a numpy archive (.npz)", "give the model; arrays go to --data"
    if any(name.endswith("/data.pkl") or name == "data.pkl" for name in names):
        return "a PyTorch file", _MODEL
    if any(name.endswith((".pkl", ".joblib", ".pickle")) for name in names):
        return "a zip archive with a model inside", "unpack it and give the model's own file"
    return "a zip archive", "unpack it and give the model's own file"


def is_pickle_start(head: bytes) -> bool:
    """Could this be the first bytes of a pickle?  Any of the opcodes that begin one."""
    if head[:1] == b"\x80":
        return len(head) > 1 and head[1] <= 5
    return head[:1] in [bytes([code]) for code in b"c(]})KINXUSVFLGMJT\x88\x89"]


def open_stream(path: str, limit: int = MAX_STREAM) -> Any:
    """(stream of the pickle's bytes, compression).  The stream has read, readline and tell.

    An uncompressed one can also seek.  Raises ContainerError, while reading too, and OSError.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        # a pipe or a device may never end
        raise ContainerError("is no regular file", "copy it to a file first")
    handle = open(path, "rb", buffering=1 << 16)
    try:
        head = handle.read(HEAD)
        handle.seek(0)
        if not head:
            raise ContainerError("is empty", "copy or download it again")
        what = foreign(path, head)
        if what is not None:
            raise ContainerError("is " + what[0], what[1])
        name = detect(head)
        if name == "none":
            return handle, name
        stream = Decompressed(handle, name, limit)
        buffered = io.BufferedReader(stream, 1 << 16)
        peeked = buffered.peek(1)[:HEAD]
        if peeked[257:262] == b"ustar":
            raise ContainerError("is a tar archive (%s)" % name, "unpack it first: tar -xf")
        return buffered, name
    except BaseException:
        handle.close()
        raise


class Decompressed(io.RawIOBase):
    """A compressed file as a stream; it never expands further than it is read."""

    def __init__(self, handle: Any, name: str, limit: int) -> None:
        io.RawIOBase.__init__(self)
        self.handle = handle
        self.name = name
        self.limit = limit
        self.position = 0
        self.declared = None
        if name == "zf":
            self.declared = self._zf_length()
        self.make = self._maker()
        self.engine = self.make()
        self.pending = b""
        self.compressed_end = False

    def _zf_length(self):
        header = self.handle.read(_ZF_HEADER)
        try:
            length = int(header[2:].decode("ascii"), 16)
        except ValueError:
            raise ContainerError("has a damaged header (old joblib, ZF)", "copy it again")
        if length > self.limit:
            raise ContainerError("expands to more than %d bytes" % self.limit, _TOO_LARGE)
        # joblib up to 0.8.4 on Python 2 wrote one space more
        if self.handle.read(1) != b" ":
            self.handle.seek(_ZF_HEADER)
        return length

    def _maker(self):
        if self.name in ("zlib", "zf"):
            return zlib.decompressobj
        if self.name == "gzip":
            return lambda: zlib.decompressobj(wbits=31)
        if self.name == "bz2":
            return bz2.BZ2Decompressor
        if self.name in ("xz", "lzma"):
            # a file says itself how much memory its dictionary takes
            return lambda: lzma.LZMADecompressor(memlimit=MAX_DICTIONARY)
        try:
            import lz4.frame
        except ImportError:
            raise ContainerError(
                "is compressed with LZ4, and the package lz4 is not installed",
                "install it: pip install 'skmig[lz4]'",
            )
        return lz4.frame.LZ4FrameDecompressor

    def readable(self):
        return True

    def tell(self):
        return self.position

    def close(self):
        self.handle.close()
        io.RawIOBase.close(self)

    def readinto(self, buffer):
        data = b""
        while not data:
            try:
                data = self._some(len(buffer))
            except (zlib.error, lzma.LZMAError, ValueError, EOFError, RuntimeError, OSError) as exc:
                raise ContainerError(
                    "is damaged: its %s compression is broken after %d bytes (%s)"
                    % (self.name, self.position, exc),
                    "copy or download it again, in binary mode",
                )
            if data is None:
                return 0
        self.position += len(data)
        if self.position > self.limit:
            raise ContainerError("expands to more than %d bytes" % self.limit, _TOO_LARGE)
        buffer[: len(data)] = data
        return len(data)

    def _some(self, size):
        """Up to `size` bytes; b"" if more input is needed first, None at the end."""
        if self.compressed_end:
            return None
        if self.engine.eof:
            # several members may follow each other, but what else follows is not read
            rest = self.engine.unused_data or self.handle.read(CHUNK)
            if self.name in ("zlib", "zf", "lzma") or detect(rest[:8]) != self.name:
                self.compressed_end = True
                if self.declared is not None and self.declared != self.position:
                    raise ValueError("%d bytes were promised" % self.declared)
                return None
            self.engine, self.pending = self.make(), rest
        if self.name in ("zlib", "zf", "gzip"):
            source = self.engine.unconsumed_tail or self.pending or self.handle.read(CHUNK)
            self.pending = b""
            ended = not source
            data = self.engine.decompress(source, size)
        else:
            source = self.pending
            self.pending = b""
            if not source and self.engine.needs_input:
                source = self.handle.read(CHUNK)
                ended = not source
            else:
                ended = False
            data = self.engine.decompress(source, size)
        if ended and not data and not self.engine.eof:
            raise EOFError("the file ends too early")
        return data
