"""MLflow model folders: which file in one is the model, and what else loading one would run."""

from __future__ import annotations

import re
from pathlib import Path

from skmig.errors import UnreadableError
from skmig.inspection.facts import Finding

DESCRIPTION = "MLmodel"
_LONGEST = 1_000_000  # bytes of an MLmodel file
# where the sklearn flavor of an MLmodel file names the model's own file
_FILE = re.compile(r"^\s+(?:pickled_model|model_path):\s*[\"']?([^\"'\s]+)", re.MULTILINE)
_LOADER = re.compile(r"^\s*loader_module:\s*[\"']?([^\"'\s]+)", re.MULTILINE)
_CODE = re.compile(r"^\s*code(?:_path)?:\s*[\"']?([^\"'\s]+)", re.MULTILINE)


def _text(folder: Path) -> str:
    place = folder / DESCRIPTION
    try:
        if not place.is_file():
            raise UnreadableError(f"`{folder}` is a folder", hint="give the model's own file")
        with place.open("rb") as handle:
            return handle.read(_LONGEST).decode("utf-8", errors="replace")
    except OSError as error:
        raise UnreadableError(
            f"`{place}` cannot be read: {error.strerror or error}", hint="check the folder"
        ) from error


def model_file(folder: Path) -> Path:
    """The model's own file in an MLflow model folder.  Raises UnreadableError for others."""
    for name in [*_FILE.findall(_text(folder)), "model.pkl", "model.skops"]:
        inside = folder / Path(name.replace("\0", "")).name
        if inside.is_file():
            return inside
    raise UnreadableError(
        f"`{folder}` is an MLflow model folder without a model of scikit-learn",
        hint="give a folder whose MLmodel file has the flavor sklearn",
    )


def findings(folder: Path) -> tuple[Finding, ...]:
    """What `mlflow.pyfunc.load_model` would import beside the model's own file."""
    text = _text(folder)
    return tuple(
        Finding(
            name="mlflow-loader" if pattern is _LOADER else "mlflow-code",
            severity="unknown",
            position=len(text[: place.start(1)].encode()),
            text=f"the MLflow folder {what} `{place[1][:100]}`",
        )
        for pattern, known, what in (
            (_LOADER, {"mlflow.sklearn"}, "has itself loaded by the module"),
            (_CODE, {"null", "~"}, "puts code of its own on the import path:"),
        )
        for place in pattern.finditer(text)
        if place[1] not in known
    )
