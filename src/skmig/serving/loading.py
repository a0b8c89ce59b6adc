"""`skmig.load`: what is in a file is known to be what its record says before any of it runs."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from skmig import capture, record
from skmig.errors import AgentError, UnreadableError, UnsupportedError, UsageError
from skmig.serving.schema import Schema, Unknown


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a record says of the model beside it, whichever record it is."""

    artifact: record.FileFact
    format: str
    packages: Mapping[str, str]
    schema: Mapping[str, Any] | None
    original: str  # what to migrate for another release


def known(path: Path, sha256: str | None = None) -> Known:
    """What the record beside a model says.  Raises UnreadableError."""
    place = record.record_of(path)
    if not place.is_file():
        raise UnreadableError(
            f"there is no record `{place.name}` beside `{path.name}`",
            hint=f"write one where it was trained: skmig capture {path} --data FILE",
        )
    if sha256 is not None and record.sha256(place) != sha256.lower():
        raise UnreadableError(
            f"`{place.name}` is not the record with the digest {sha256[:16]}…",
            hint="restore the record from where it was stored, or check the digest",
        )
    if record.is_capture(place):
        found = capture.read(place)
        return Known(
            artifact=found.artifact,
            format=str(found.said["format"]),
            packages=found.packages,
            schema=found.schema,
            original=str(path),
        )
    read = record.read(place)
    manifest, said = read.manifest, read.capture()
    return Known(
        artifact=manifest.result,
        format=manifest.format,
        packages=manifest.target_environment.packages,
        schema=None if said is None else said["schema"],
        original=manifest.source.name,
    )


def load(
    path: str | os.PathLike[str],
    *,
    check: bool | Literal["warn"] = True,
    bare: bool = False,
    unknown: Unknown = "error",
    sha256: str | None = None,
) -> Any:
    """The model at `path`, after its record was checked, its digest, and the releases here.

    The record lies beside the model: that of `skmig.save` and `skmig capture`, or that of
    `skmig migrate`.  `path` may be `STORE#ENVIRONMENT`: the version that is active there, in a
    folder (`skmig-store#prod`), a bucket, or MLflow's registry (`models:/churn#prod`).

    `check`: what to do where scikit-learn (another release) or numpy (another minor release) are
    not those of the record: True is an error, "warn" a warning, False nothing.  `bare`: the object
    in the file itself; else a scikit-learn estimator that has its attributes and methods, and holds
    the rows that it is asked about against the schema of training.  `unknown`: what that does
    about values of no known category: "error", "warn" or "ignore".  `sha256`: the digest of
    the record as it was kept elsewhere.

    Raises UnreadableError (no record, or one that was changed or is of another file), before any of
    the file is loaded; UnsupportedError (another release), with the command to run.
    """
    if unknown not in ("error", "warn", "ignore"):
        raise UsageError(
            f"unknown={unknown!r} is not a choice", hint='choose "error", "warn" or "ignore"'
        )
    place = _place(os.fspath(path))
    said = known(place, sha256)
    with _opened(place) as handle:
        if hashlib.file_digest(handle, "sha256").hexdigest() != said.artifact.sha256:
            raise UnreadableError(
                f"`{place.name}` is not the file that its record is of: its digest differs",
                hint="restore the model from where it was stored; if it was trained again, "
                "capture it again",
            )
        if check:
            _check_here(said, place, warn=check == "warn")
        handle.seek(0)
        model = _unpickled(handle, said.format, place.name)
    return model if bare else _wrapped(model, said, place, unknown)


def _place(text: str) -> Path:
    store, mark, environment = text.rpartition("#")
    if mark and not Path(text).is_file():
        from skmig import store as stores

        opened = stores.open_store(store, create=False)
        version = opened.active(environment)
        if (stray := opened.stray(environment, version)) is not None:
            warnings.warn(stray, stacklevel=3)
        return version.local()
    return Path(text)


def _opened(place: Path) -> io.BufferedReader:
    try:
        return place.open("rb")
    except OSError as exc:
        raise UnreadableError(
            f"`{place}` cannot be read: {exc.strerror or exc}", hint="check the path"
        ) from exc


def _check_here(said: Known, place: Path, *, warn: bool) -> None:
    import numpy as np
    import sklearn

    wanted, here = said.packages.get("scikit-learn", "unknown"), sklearn.__version__
    hint = ""
    if wanted != here:
        text = f"`{place.name}` is of scikit-learn {wanted}, and {here} is running here"
        hint = f"run: skmig migrate {said.original} --to {here}"
    elif _minor(said.packages.get("numpy", "")) != _minor(np.__version__):
        numpy = said.packages.get("numpy", "unknown")
        text = (
            f"`{place.name}` is recorded with numpy {numpy}, and {np.__version__} is running here"
        )
        hint = (
            "run: python -m pip list --format=freeze > here.txt && "
            f"skmig migrate {said.original} --to {here} --target-lock here.txt"
        )
    if not hint:
        return
    if not warn:
        raise UnsupportedError(text, hint=hint)
    warnings.warn(f"{text}; {hint}", UserWarning, stacklevel=3)


def _minor(version: str) -> tuple[str, ...]:
    return tuple(version.split(".")[:2])


def _unpickled(handle: BinaryIO, file_format: str, name: str) -> Any:
    """The object in an open file: the file that was checked is the one that is read."""
    try:
        if file_format == "skops":
            import skops.io

            data = handle.read()
            return skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))
        import joblib  # it reads plain pickles too

        return joblib.load(handle)
    except Exception as exc:
        raise AgentError(
            f"`{name}` cannot be loaded: {type(exc).__name__}: {exc}",
            hint="code that the model names must be importable here",
        ) from exc


def _wrapped(model: Any, said: Known, place: Path, unknown: Unknown) -> Any:
    from skmig.serving.served import Served

    if not hasattr(model, "get_params"):
        raise UsageError(
            f"`{place.name}` holds a {type(model).__name__}, which is no estimator",
            hint="load it as it is: skmig.load(path, bare=True)",
        )
    schema = said.schema or _schema_of_model(model)
    return Served(model, None if schema is None else Schema(dict(schema)), unknown=unknown)


def _schema_of_model(model: Any) -> dict[str, Any] | None:
    """What a model says itself of its input: names or the number of columns."""
    names, count = (getattr(model, name, None) for name in ("feature_names_in_", "n_features_in_"))
    if names is not None:
        columns = [{"name": str(name), "kind": None, "dtype": None} for name in names]
        return {"kind": "table", "columns": columns}
    if count is not None:
        return {"kind": "array", "width": int(count), "values": None, "dtype": None}
    return None
