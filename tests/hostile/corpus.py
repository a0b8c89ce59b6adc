"""A corpus of benign and hostile files in every container: `python -m tests.hostile.corpus FOLDER`.

Every hostile file would make the file CANARY in the folder that it was built for, or exhaust its
reader, if it were loaded.  Nothing here loads one.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import struct
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import lz4.frame
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

CANARY = "the-canary-is-dead"


class Evil:
    """Pickled as a call of `os.system`."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


class Call:
    """Pickled as any call, with state and items if given."""

    def __init__(self, function: Any, *args: Any, state: Any = None) -> None:
        self.made = (function, args) if state is None else (function, args, state)

    def __reduce__(self) -> Any:
        return self.made


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)  # the same bytes whenever it is made


def zf(data: bytes) -> bytes:
    """As joblib up to 0.9 compressed."""
    return b"ZF" + hex(len(data)).encode().ljust(19) + zlib.compress(data)


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib.compress,
    "gzip": gzipped,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "lz4": lz4.frame.compress,
    "zf": zf,
}


def text(value: str) -> bytes:
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def dumped(value: Any, compress: Any = 0, protocol: int | None = None) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(value, buffer, compress=compress, protocol=protocol)
    return buffer.getvalue()


def archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unaligned(array: np.ndarray) -> bytes:
    """As joblib before 1.2 writes it: the array's bytes follow its wrapper without padding."""
    content = dumped(array, protocol=2)
    head = content[: content.index(array.tobytes())].rstrip(b"\xff")[:-1]
    place = head.index(text("numpy_array_alignment_bytes"))
    return head[:place] + head[head.index(b"K\x10", place) + 2 :] + array.tobytes() + b"."


# ------------------------------------------------------------------ hostile pickles
def pickles(command: str) -> dict[str, bytes]:
    """Every one names, calls or hides something that is not known to be safe."""
    evil = Evil(command)
    quoted = repr(command).encode()
    call = b"cos\nsystem\n(S" + quoted + b"\ntR"
    wrapped = text(command) + b"\x85R"
    scaler = StandardScaler().fit([[0.0], [1.0]])
    name = f"open({command.rsplit(maxsplit=1)[-1]!r}, 'w')"
    inner = pickle.dumps(evil, 2)
    made = {f"reduce-protocol-{p}": pickle.dumps(evil, p) for p in range(6)}
    made |= {
        "in-a-pipeline": pickle.dumps(make_pipeline(scaler, FunctionTransformer(Evil(command)))),
        "func-of-a-transformer": pickle.dumps(FunctionTransformer(os.system)),
        "eval": pickle.dumps(Call(eval, name)),
        "exec": pickle.dumps(Call(exec, name)),
        "getattr": b"\x80\x04cbuiltins\ngetattr\ncbuiltins\n__import__\n" + text("os") + b"\x85R"
        + text("system") + b"\x86R" + wrapped + b".",
        "chain-of-reduces": b"cbuiltins\ngetattr\n(cbuiltins\ngetattr\n(cos\nenviron\nS'__class__'"
        b"\ntRS'__init__'\ntR" + call + b".",
        "stack-global": b"\x80\x04" + text("os") + text("system") + b"\x93" + wrapped + b".",
        "stack-global-from-memo": b"\x80\x04" + text("os") + b"\x940" + text("system") + b"\x940"
        b"h\x00h\x01\x93" + wrapped + b".",
        "stack-global-computed": b"\x80\x04" + text("os") + b"c_codecs\nencode\n" + text("system")
        + text("latin1") + b"\x86Rcbuiltins\nstr\n0\x93" + wrapped + b".",
        "dotted-name": b"\x80\x04" + text("sklearn.utils") + text("os.system") + b"\x93" + wrapped
        + b".",
        "module-inside-sklearn": b"csklearn.base\nwarnings\n.",
        "homoglyph": b"\x80\x04" + text("numpy.dtypes") + text("Іnt64DType") + b"\x93.",
        "inst": b"(S" + quoted + b"\nios\nsystem\n.",
        "obj": b"(cos\nsystem\nS" + quoted + b"\no.",
        "newobj": b"\x80\x02csubprocess\nPopen\n" + text(command) + b"\x85\x81.",
        "newobj-ex": b"\x80\x04csubprocess\nPopen\n" + text(command) + b"\x85}\x92.",
        "build-on-a-class": b"csklearn.base\nBaseEstimator\n}S'fit'\ncos\nsystem\nsb.",
        "setitem-on-a-module": b"cos\nenviron\nS'PATH'\nS'/tmp'\ns.",
        "append-calls-a-method": b"\x80\x02ctypes\nSimpleNamespace\n)R}" + text("append")
        + b"cos\nsystem\nsb" + text(command) + b"a.",
        "setstate-in-state": b"\x80\x02ctypes\nSimpleNamespace\n)R}" + text("__setstate__")
        + b"cos\nsystem\nsb" + text(command) + b"b.",
        "popped": b"\x80\x02" + call + b"0K\x01.",
        "popped-in-a-mark": b"\x80\x02(" + call + b"1K\x01.",
        "popped-getattr": b"\x80\x02cbuiltins\ngetattr\ncbuiltins\nstr\n" + text("split")
        + b"\x86R0ctypes\nSimpleNamespace\n)R}" + text("__new__")
        + b"cbuiltins\ngetattr\nsb0K\x01.",
        "memo-overwritten": b"\x80\x02" + text("sklearn") + b"q\x000" + text("os") + b"q\x000h\x00"
        + text("system") + b"\x93" + wrapped + b".",
        "duplicate-keys": pickle.dumps({"a": 1}, 2)[:-1] + b"}" + text("k") + b"K\x01s" + text("k")
        + b"cos\nsystem\ns\x86.",
        "extension-1": b"\x80\x02\x82\x01.",
        "extension-2": b"\x80\x02\x83\x01\x01.",
        "extension-4": b"\x80\x02\x84\x01\x01\x01\x00.",
        "persistent-id": b"P../../secret\n.",
        "binary-persistent-id": b"\x80\x02" + text("x") + b"Q.",
        "out-of-band": b"\x80\x05\x97.",
        "frame-lies": b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + call + b".",
        "broken-after-the-call": b"\x80\x02" + call + b"\xff\xff\xff",
        "truncated-after-the-call": b"\x80\x02" + call,
        "second-pickle": pickle.dumps(scaler, 4) + pickle.dumps(evil, 4),
        "trailing-bytes": pickle.dumps(scaler, 4) + b"and more",
        "nested-protocol-2": pickle.dumps({"raw": inner}, 4),
        "nested-protocol-0": pickle.dumps({"raw": pickle.dumps(evil, 0)}, 4),
        "nested-as-text": pickle.dumps({"raw": pickle.dumps(evil, 0).decode("latin-1")}, 4),
        "nested-long": pickle.dumps({"raw": pickle.dumps([b"x" * 20_000_000, evil], 4)}, 4),
        "nested-zlib": pickle.dumps({"raw": zlib.compress(inner)}, 4),
        "nested-gzip": pickle.dumps({"raw": gzipped(inner)}, 4),
        "nested-base64": pickle.dumps({"raw": base64.b64encode(pickle.dumps(evil, 4))}, 4),
        "nested-twice": pickle.dumps(pickle.dumps(pickle.dumps(evil, 4), 4), 4),
        "nested-with-a-tail": pickle.dumps({"raw": inner + b"\n\n"}, 4),
        "joblib-load": b"cjoblib\nload\n(S'/tmp/x'\ntR.",
        "numpy-load": b"cnumpy\nload\n(S'/tmp/x'\nI01\nI01\ntR.",
        "numpy-fromfile": b"cnumpy\nfromfile\n(S'/etc/passwd'\ntR.",
        "numpy-memmap": b"cnumpy\nmemmap\n(S'/etc/passwd'\ntR.",
        "numpy-runstring": b"cnumpy.testing._private.utils\nrunstring\n(S" + quoted + b"\n}tR.",
        "numpy-f2py-main": b"cnumpy.f2py.__main__\nabs\n.",
        "pandas-read-pickle": b"cpandas.io.pickle\nread_pickle\n(S'/tmp/x'\ntR.",
        "pandas-eval": b"cpandas.core.computation.eval\neval\n(S'1'\ntR.",
        "sklearn-open": b"csklearn.utils.fixes\n_open_text\n(S'/etc'\nS'passwd'\ntR.",
        "sklearn-parallel-helper": b"csklearn.utils.fixes\nparallel_helper\n.",
        "sklearn-check-memory": b"csklearn.utils.validation\ncheck_memory\n(S'/tmp/x'\ntR.",
        "sklearn-load-files": b"csklearn.datasets\nload_files\n(S'/'\ntR.",
        "joblib-memory": b"cjoblib.memory\nMemory\n(S'/tmp/x'\ntR.",
        "method-of-a-store": b"\x80\x02cbuiltins\ngetattr\ncsklearn.externals.joblib."
        b"_store_backends\nFileSystemStoreBackend\n)\x81" + text("clear_location") + b"\x86R.",
        "methodcaller": b"coperator\nmethodcaller\n(S'tofile'\nS'/tmp/x'\ntR.",
        "attrgetter-called": b"coperator\nattrgetter\n(S'__globals__'\ntR(cnumpy\nlog\ntR.",
        "partial-called": b"cfunctools\npartial\n(cos\nsystem\nS" + quoted + b"\ntR)R.",
        "reconstructor-of-a-value": b"ccopyreg\n_reconstructor\n(cbuiltins\nobject\nctypes\n"
        b"SimpleNamespace\n)RNtR.",
        "generator-constructor": b"cnumpy.random._pickle\n__generator_ctor\n(S'x'\ncos\nsystem\n"
        b"tR.",
        "ufunc-by-name": b"cnumpy.core\n_ufunc_reconstruct\n(S'os'\nS'system'\ntR.",
        "makes-a-class": b"cbuiltins\ntype\n(S'C'\n(t}tR.",
        "logging-handlers": b"\x80\x02clogging\ngetLogger\n)R}" + text("handlers") + b"]sb.",
        "list-of-an-object": b"\x80\x02cbuiltins\nlist\ncsklearn.model_selection._search\n"
        b"ParameterSampler\n)\x81\x85R.",
        "marshal": b"cmarshal\nloads\n(S'x'\ntR.",
        "ctypes": b"cctypes\nCDLL\n(S'/tmp/x.so'\ntR.",
        "import": b"cbuiltins\n__import__\n(S'antigravity'\ntR.",
        "code-type": b"ctypes\nFunctionType\n.",
        "main-script": b"c__main__\nModel\n)\x81.",
        "pip": b"cpip._internal\nmain\n(S'install'\ntR.",
        "forged-dtype": b"\x80\x02cnumpy\ndtype\n" + text("O8") + b"K\x00K\x01\x87R(K\x03"
        + text("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb.",
        "distribution-code": _distribution([("_parse_arg_template", "import os\n")]),
        "distribution-code-late": _distribution(
            [(f"k{i}", "v") for i in range(1200)] + [("_parse_arg_template", "import os\n")]
        ),
        "distribution-code-in-pairs": b"\x80\x02cscipy.stats._continuous_distns\nuniform_gen\n)\x81"
        b"]]" + text("_parse_arg_template") + b"a" + text("import os") + b"aab.",
        "distribution-code-popped": _distribution([("_parse_arg_template", "import os\n")])[:-1]
        + b"0K\x01.",
    }  # fmt: skip
    return made


def _distribution(state: list[tuple[str, str]]) -> bytes:
    items = b"".join(text(key) + text(value) for key, value in state)
    start = b"\x80\x02cscipy.stats._continuous_distns\nuniform_gen\n)\x81}("
    return start + items + b"ub."


# ------------------------------------------------------------------ hostile containers
def containers(command: str) -> dict[str, bytes]:
    """The same call, hidden in what a file can be wrapped in."""
    evil = Evil(command)
    array = np.arange(4000.0)
    made = {}
    for name, compress in COMPRESSIONS.items():
        made[f"{name}-pickle"] = compress(pickle.dumps([evil], 4))
        made[f"{name}-behind-an-array"] = compress(dumped([array, evil], protocol=4))
    for protocol in range(2, 6):
        made[f"joblib-behind-an-array-protocol-{protocol}"] = dumped([array, evil], 0, protocol)
    code = b"cos\nsystem\n(S" + repr(command).encode() + b"\ntR."
    opcodes = np.frombuffer(code.ljust(512, b"."), dtype=np.uint8).copy()
    # a dtype that joblib takes at its word, although it is none
    fake = dumped([array, evil], 0, 2).replace(b"cnumpy\ndtype\n", b"ctypes\nSimpleNamespace\n")
    made |= {
        "joblib-unaligned-behind-an-array": _behind(unaligned(array), code),
        "joblib-object-array": dumped(np.array([evil, None], dtype=object)),
        "joblib-forged-dtype": fake,
        "joblib-code-in-the-array": unaligned(opcodes),
        "gzip-two-members": gzipped(pickle.dumps([evil], 4)[:20])
        + gzipped(pickle.dumps([evil], 4)[20:]),
        "pickle-with-a-zip-behind": pickle.dumps(evil, 2)
        + archive({"schema.json": json.dumps(_schema("sklearn.svm._classes", "SVC")).encode()}),
        "zip-with-a-pickle": archive({"model.pkl": pickle.dumps(evil)}),
        "zip-like-torch": archive({"archive/data.pkl": pickle.dumps(evil, 2)}),
        "npy-with-objects": _npy([evil]),
    }  # fmt: skip
    return made


def _behind(first: bytes, code: bytes) -> bytes:
    """A list of what `first` holds, and a call: `first` ends with the bytes of an array."""
    return first[:-1] + b"0" + code


def _npy(values: list[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array(values, dtype=object), allow_pickle=True)
    return buffer.getvalue()


def _schema(module: str, name: str, loader: str = "ObjectNode", **more: Any) -> dict[str, Any]:
    return {
        "__class__": name, "__module__": module, "__loader__": loader, "content": None,
        "protocol": 4, "_skops_version": "0.11.0", **more,
    }  # fmt: skip


def skops_files() -> dict[str, bytes]:
    inner = _schema("posix", "system", "FunctionNode")
    method = {"func": "tofile", "obj": _schema("numpy", "ndarray")}
    good = json.dumps(_schema("sklearn.svm._classes", "SVC")).encode()
    schemas = {
        "function": _schema("sklearn.svm._classes", "SVC", content={"x": inner}),
        "function-in-a-key": _schema("sklearn.svm._classes", "SVC", extra=[[{"deep": inner}]]),
        "method": _schema("builtins", "method", "MethodNode", content=method),
        "operator": _schema("operator", "methodcaller", "OperatorFuncNode"),
        "type": _schema("subprocess", "Popen", "TypeNode"),
        "no-loader": {"__class__": "Popen", "__module__": "subprocess", "content": {}},
        "unknown-loader": _schema("sklearn.svm._classes", "SVC", "ExecNode"),
        "class-of-no-text": _schema("sklearn.svm._classes", "SVC", content={"__class__": ["x"]}),
        "third-party": _schema("evil.code", "Model"),
    }
    made = {f"skops-{k}": archive({"schema.json": json.dumps(v).encode()}) for k, v in
            schemas.items()}  # fmt: skip
    made["skops-traversal"] = archive({"schema.json": good, "../../x.npy": _npy([1])})
    made["skops-object-array"] = archive({"schema.json": good, "1.npy": _npy([1])})
    made["skops-with-a-pickle"] = archive({"schema.json": good, "model.pkl": b"\x80\x04N."})
    made["skops-deep"] = archive({"schema.json": b'{"__class__":' * 100_000})
    made["skops-damaged"] = archive({"schema.json": good})[:-30]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as twice, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for content in (json.dumps(inner).encode(), good):
            twice.writestr(zipfile.ZipInfo("schema.json"), content)
    made["skops-schema-twice"] = buffer.getvalue()
    return made


# ------------------------------------------------------------------ what exhausts a reader
def bombs() -> dict[str, bytes]:
    zeros = b"\x80\x04\x8e" + struct.pack("<Q", 1 << 33) + bytes(1 << 20)
    laughs = b"\x80\x02]q\x00" + b"".join(
        b"]q" + bytes([i + 1]) + b"(" + (b"h" + bytes([i])) * 50 + b"e" for i in range(200)
    )
    pipelines = b"\x80\x02csklearn.pipeline\nPipeline\n)\x81q\x00"
    for i in range(60):
        pair = text("s") + b"h" + bytes([i]) + b"\x86"
        pipelines += b"0csklearn.pipeline\nPipeline\n)\x81q" + bytes([i + 1]) + b"}" + text("steps")
        pipelines += b"](" + pair * 40 + b"esb"
    return {
        "absurd-length": zeros,
        "absurd-text": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 62) + b"x.",
        "absurd-long": b"\x8b" + struct.pack("<i", 1 << 30) + b"x.",
        "absurd-memo": b"\x80\x02Nr\xff\xff\xff\xff" * 100 + b"j\xff\xff\xff\xff.",
        "deep-lists": b"]" * 300_000 + b"a" * 299_999 + b".",
        "deep-tuples": b")" + b"\x85" * 500_000 + b".",
        "billion-laughs": laughs + b".",
        "billion-pipelines": pipelines + b".",
        "dup-bomb": b"\x80\x02(" + b"N" + b"2" * 3_000_000 + b"t.",
        "zlib-bomb-of-zeros": zlib.compress(zeros[:11] + bytes(200_000_000), 1),
        "zlib-bomb-of-lists": zlib.compress(b"]" * 40_000_000, 1),
        "bz2-bomb": bz2.compress(b"\x80\x02" + b"N0" * 5_000_000, 1),
        "zlib-bomb-of-tuples": zlib.compress(b"N" + b"\x85" * 40_000_000, 1),
        "zf-that-lies": b"ZF" + hex(1 << 60).encode().ljust(19) + zlib.compress(b"N."),
        "nested-zlib-bomb": pickle.dumps(
            {"raw": zlib.compress(b"\x80\x02" + bytes(60_000_000))}, 4
        ),
        "memo-far-apart": b"\x80\x02"
        + b"".join(b"Nr" + struct.pack("<I", i * 1000 + 5) for i in range(100_000))
        + b".",
        "dtype-bomb": _dtypes(),
    }


def _dtypes() -> bytes:
    """Every dtype has two fields of the one before: 2**60 of them to whoever follows each."""
    made = b"\x80\x02cnumpy\ndtype\nq\x00" + text("f8") + b"K\x00K\x01\x87Rq\x01"
    for i in range(60):
        field = b"h" + bytes([i + 1]) + b"K\x00\x86"
        made += b"0h\x00" + text("V8") + b"K\x00K\x01\x87R(K\x03" + text("|") + b"N" + text("a")
        made += (
            text("b") + b"\x86}(" + text("a") + field + text("b") + field + b"uK\x08K\x01K\x10tb"
        )
        made += b"q" + bytes([i + 2])
    return made + b"."


# ------------------------------------------------------------------ all of it
# what is found for its form, not for what it does: these need not be `dangerous`
ODD = {
    "extension-1", "extension-2", "extension-4", "persistent-id", "binary-persistent-id",
    "out-of-band", "trailing-bytes", "main-script", "pip", "homoglyph", "module-inside-sklearn",
    "sklearn-open", "sklearn-parallel-helper", "sklearn-check-memory", "sklearn-load-files",
    "numpy-f2py-main", "second-pickle", "skops-third-party", "skops-with-a-pickle",
    "skops-schema-twice", "dotted-name", "list-of-an-object",
}  # fmt: skip


def suffix(name: str) -> str:
    """What such a file is customarily called: some scanners go by it."""
    for start, usual in (
        ("skops", ".skops"), ("zip-like-torch", ".pt"), ("zip-", ".zip"), ("npy-", ".npy"),
        ("joblib-load", ".pkl"), ("joblib-memory", ".pkl"), ("joblib-", ".joblib"),
        *((f"{compression}-", ".joblib") for compression in COMPRESSIONS),
    ):  # fmt: skip
        if name.startswith(start):
            return usual
    return ".pkl"


def hostile(folder: Path) -> dict[str, Path]:
    """Write the hostile corpus below `folder`; name -> file."""
    command = f"touch {folder / CANARY}"
    made = pickles(command) | containers(command) | skops_files() | bombs()
    places = {}
    for name, content in made.items():
        places[name] = folder / (name + suffix(name))
        places[name].write_bytes(content)
    return places | _folders(folder, command)


def _folders(folder: Path, command: str) -> dict[str, Path]:
    """Files that belong to others: old joblib's arrays, and MLflow."""
    wrapper = b"\x80\x02cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}(" + text("filename")
    rest = text("subclass") + b"cnumpy\nndarray\n" + text("allow_mmap") + b"\x88ub."
    made = {}
    for name, sidecar in (
        ("sidecar-with-objects", "a_01.npy"),
        ("sidecar-traversal", "../a_01.npy"),
        ("sidecar-link", "link_01.npy"),
    ):
        made[name] = folder / f"{name}.pkl"
        made[name].write_bytes(wrapper + text(sidecar) + rest)
    (folder / "a_01.npy").write_bytes(_npy([Evil(command)]))
    link = folder / "link_01.npy"
    link.unlink(missing_ok=True)
    link.symlink_to("/etc/hostname")
    for name, flavor in (("mlflow", "loader_module: mlflow.sklearn"), ("mlflow-loader", "loader_m"
                         "odule: evil"), ("mlflow-code", "code: code")):  # fmt: skip
        place = made[name] = folder / name
        place.mkdir(exist_ok=True)
        text_ = (
            f"flavors:\n  python_function:\n    {flavor}\n  sklearn:\n    pickled_model: m.pkl\n"
        )
        (place / "MLmodel").write_text(text_)
        good = StandardScaler().fit([[0.0], [1.0]])
        (place / "m.pkl").write_bytes(pickle.dumps(Evil(command) if name == "mlflow" else good))
    return made


def benign(folder: Path) -> dict[str, Path]:
    """Write honest models of this environment below `folder`, in every container."""
    rng = np.random.RandomState(0)
    x, y = rng.rand(60, 3), np.where(rng.rand(60) > 0.5, "yes", "no")
    models = {
        "forest": RandomForestClassifier(n_estimators=3, random_state=0).fit(x, y),
        "boosting": GradientBoostingClassifier(n_estimators=3, random_state=0).fit(x, y),
        "neighbours": KNeighborsClassifier(algorithm="kd_tree").fit(x, y),
        "svc": SVC().fit(x, y),
        "text": make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(
            [f"a{i} b{i % 7}" for i in range(60)], y
        ),
        "columns": make_pipeline(
            ColumnTransformer([("s", StandardScaler(), [0, 1]), ("f", FunctionTransformer(np.log1p),
                                                                 [2])]),
            LogisticRegression(),
        ).fit(x, y),
    }  # fmt: skip
    contents: dict[str, bytes] = {}
    for name, model in models.items():
        contents |= {f"{name}-protocol-{p}": pickle.dumps(model, p) for p in range(6)}
        contents[f"{name}-joblib"] = dumped(model)
        for compression, compress in COMPRESSIONS.items():
            contents[f"{name}-{compression}"] = compress(dumped(model, protocol=4))
    made = {}
    for name, content in contents.items():
        usual = ".pkl" if "-protocol-" in name else ".joblib"
        made[name] = folder / f"{name}{usual}"
        made[name].write_bytes(content)
    return made


def main(argv: list[str]) -> int:
    folder = Path(argv[0]).absolute()
    for name, build in (("hostile", hostile), ("benign", benign)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        sys.stdout.write(f"{len(build(folder / name))} {name} files in {folder / name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
