"""`skmig.save`: write a fitted model and its record, both or neither."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skmig import record
from skmig.agent import capture as agent
from skmig.agent.errors import JobError
from skmig.agent.load import dump, load
from skmig.capture.reading import Capture, read
from skmig.errors import AgentError, DataError, UsageError
from skmig.version import __version__

_COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".lzma": "lzma", ".z": "zlib"}


def save(
    model: Any,
    path: str | Path,
    X_sample: Any,  # noqa: N803 - scikit-learn's own name
    *,
    y: Any = None,
    metrics: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    training_date: str | datetime.date | None = None,
    data_snapshot: str | None = None,
    preprocessing_version: str | None = None,
    rows: int = agent.OWN_ROWS,
    force: bool = False,
) -> Capture:
    """Write a fitted model to `path` and its record beside it (`model.skmig`).

    `X_sample` are rows as the model was trained on: their schema is what `skmig.load` holds inputs
    against, and at most `rows` of them are kept in the record, with what the model answers to
    them (0: none).  `y`: what it learned to predict for them; only the counts of labels or the
    range of numbers are kept.  `.joblib` and compressed suffixes are written by joblib, others by
    pickle.  The model is read back from the file before it is asked, so that what is recorded is
    what was written.  Raises OutputExistsError, OutputError, DataError (the model refuses the
    sample), AgentError (it cannot be pickled).
    """
    model = getattr(model, "__skmig_model__", model)  # of one that `skmig.load` gave
    place = Path(path)
    if place.suffix == record.SUFFIX:
        raise UsageError(
            f"`{place}` would be the model and its record at once",
            hint=f"give the model another suffix than {record.SUFFIX}, such as .pkl",
        )
    bundle = record.beside(place)
    record.check_place((place, bundle), force)
    said = {
        "metrics": dict(metrics or {}),
        "metadata": dict(metadata or {}),
        "training_date": training_date or datetime.datetime.now(datetime.UTC).date(),
        "data_snapshot": data_snapshot,
        "preprocessing_version": preprocessing_version,
        "user": record.who(),
        "commit": record.commit(Path.cwd()),
        "skmig": __version__,
    }
    compress = _COMPRESSED.get(place.suffix.lower())
    file_format = "joblib" if compress or place.suffix.lower() == ".joblib" else "pickle"
    with record.placed((place, bundle)) as (draft, drawn):
        try:
            dump(model, str(draft), file_format, (compress, 3) if compress else None)
        except Exception as exc:
            raise AgentError(
                f"the model cannot be written by {file_format}: {type(exc).__name__}: {exc}",
                hint="functions and classes of the model must be importable by name",
            ) from exc
        _capture(draft, drawn, file_format, place.name, (X_sample, y), said, rows)
    return read(bundle)


def _capture(
    draft: Path,
    drawn: Path,
    file_format: str,
    name: str,
    sample: tuple[Any, Any],
    said: dict[str, Any],
    rows: int,
) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = load(str(draft), None, file_format)
            agent.write(
                model,
                str(draft),
                str(drawn),
                sample[0],
                said,
                own=rows,
                target=sample[1],
                name=name,
                format=file_format,
            )
    except JobError as exc:
        if exc.stage == "predict":
            raise DataError(
                f"the model refuses X_sample: {exc.cause}",
                hint="give rows as the model was fitted on",
            ) from exc
        raise AgentError(
            str(exc), hint="the model must be fitted, and read back what it wrote"
        ) from exc
