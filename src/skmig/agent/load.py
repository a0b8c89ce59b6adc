"""Loads an artifact in the environment of the release that wrote it: the one place that unpickles.

Whatever the file holds runs here.  The environment is the sandbox; this module only finds the
right reader, and makes the user's own code importable.
"""

import glob
import importlib
import os
import pickle
import sys
import types
import warnings
from typing import Any, Optional

from skmig.agent.containers import open_stream
from skmig.agent.errors import JobError

_MAIN = "__main__"
_STAND_IN = "skmig_main"


def joblib_module():
    """joblib, or the copy that scikit-learn carried before 0.21; None without either."""
    try:
        import joblib

        return joblib
    except ImportError:
        pass
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from sklearn.externals import joblib

            return joblib
        except ImportError:
            return None


def understand_joblib():
    """Make every form of joblib file readable by the joblib that is here; gives that joblib.

    A file says `joblib.numpy_pickle` or `sklearn.externals.joblib.numpy_pickle` by who wrote it,
    and an environment may have only the other of the two.  Files of joblib 1.2 and newer pad their
    arrays, which older ones do not know (joblib/numpy_pickle.py: `numpy_array_alignment_bytes`).
    """
    joblib = joblib_module()
    if joblib is None:
        return None
    numpy_pickle = sys.modules[joblib.load.__module__]
    for name in ("joblib", "sklearn.externals.joblib"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module(name)
        except ImportError:
            sys.modules[name] = joblib
            sys.modules[name + ".numpy_pickle"] = numpy_pickle
    wrapper = numpy_pickle.NumpyArrayWrapper
    if not hasattr(wrapper, "safe_get_numpy_array_alignment_bytes"):
        _skip_padding(wrapper)
    return joblib


def _skip_padding(wrapper):
    read_array = wrapper.read_array

    def read_padded(self, unpickler):
        aligned = getattr(self, "numpy_array_alignment_bytes", None) is not None
        if aligned and not self.dtype.hasobject:
            padding = ord(unpickler.file_handle.read(1))
            unpickler.file_handle.read(padding)
        return read_array(self, unpickler)

    wrapper.read_array = read_padded


def load(path: str, encoding: Optional[str] = None, reader: Optional[str] = None) -> Any:
    """The object in a pickle or joblib file.

    `encoding`: how byte strings of a Python 2 pickle are read; None for Python 3 files.
    `reader`: "pickle" or "joblib", as the scan of the file read it, or "skops", for what we wrote
    ourselves; None: whatever joblib finds.
    The file is never read in another way than it was scanned: in the raw arrays of a joblib file
    anything could stand.  Raises JobError of stage "load".
    """
    try:
        if reader == "skops":
            from skops import io

            return io.load(path, trusted=io.get_untrusted_types(file=path))
        joblib = understand_joblib()
        if reader == "pickle" or joblib is None:
            stream, _compression = open_stream(path)
            with stream:
                return pickle.load(stream, encoding=encoding or "ASCII")
        if encoding is not None:
            _read_text_as(encoding, joblib)
        return joblib.load(path)
    except Exception as exc:
        raise JobError("load", "model", exc)


def load_plainly(path, _encoding=None, reader=None):
    """The object in a file, as who knows nothing of skmig would load it; see `load`."""
    if reader == "skops":
        return load(path, None, reader)
    try:
        joblib = joblib_module()
        if reader == "joblib" and joblib is not None:
            return joblib.load(path)
        stream, _compression = open_stream(path)
        with stream:
            return pickle.load(stream)
    except Exception as exc:
        raise JobError("load", "model", exc)


def _read_text_as(encoding, joblib):
    """joblib's unpicklers take no encoding, but as pure Python ones they ask an attribute."""
    numpy_pickle = sys.modules[joblib.load.__module__]
    for module in (numpy_pickle, sys.modules.get(numpy_pickle.__name__ + "_compat")):
        for name in ("NumpyUnpickler", "ZipNumpyUnpickler"):
            kind = getattr(module, name, None)
            if kind is not None and "__init__" in vars(kind):
                _set_encoding(kind, encoding)


def _set_encoding(kind, encoding):
    begin = kind.__init__

    def begin_with_encoding(self, *args, **kwargs):
        begin(self, *args, **kwargs)
        self.encoding = encoding

    kind.__init__ = begin_with_encoding


def use_code(exchange, names):
    """Make the user's files importable: `--code`.

    A folder is put on the import path.  A script is imported under its own name, and what it
    defines stands in `__main__` too, where a model trained by it looks for its functions.  Returns
    the top-level modules that became importable.
    """
    modules = []
    for name in names:
        path = os.path.join(exchange, name)
        if os.path.isdir(path):
            sys.path.insert(0, path)
            modules.extend(_importable(path))
        else:
            sys.path.insert(0, os.path.dirname(path))
            modules.append(os.path.splitext(os.path.basename(path))[0])
            _stand_in_for_main(path)
    if names:
        importlib.invalidate_caches()
    if modules:
        modules.append(_MAIN)
    return modules


def _importable(folder):
    for path in sorted(glob.glob(os.path.join(folder, "*"))):
        stem, suffix = os.path.splitext(os.path.basename(path))
        if (os.path.isdir(path) or suffix == ".py") and stem.isidentifier():
            yield stem


def _stand_in_for_main(path):
    """Run a script under another name (so that its `if __name__ == "__main__"` part rests)."""
    module = types.ModuleType(_STAND_IN)
    module.__file__ = path
    with open(path, "rb") as handle:
        code = compile(handle.read(), path, "exec")
    try:
        exec(code, module.__dict__)
    except Exception as exc:
        raise JobError("load", os.path.basename(path), exc)
    main = sys.modules[_MAIN]
    for name, value in vars(module).items():
        if name.startswith("__"):
            continue
        if getattr(value, "__module__", None) == _STAND_IN:
            # so that it is pickled again under the name it had
            value.__module__ = _MAIN
        setattr(main, name, value)


def dump(value: Any, path: str, file_format: str, compress: Any = None) -> None:
    """Write an artifact: `file_format` is "pickle", "joblib" or "skops".

    `compress`: as joblib takes it.
    """
    if file_format == "skops":
        from skops import io

        io.dump(value, path)
        return
    if file_format == "joblib":
        joblib_module().dump(value, path, compress=compress or 0)
        return
    with open(path, "wb") as handle:
        pickle.dump(value, handle, protocol=pickle.DEFAULT_PROTOCOL)
