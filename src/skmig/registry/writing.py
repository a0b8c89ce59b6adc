"""The result as an MLflow model folder: `MLmodel` and the environment files of the target."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import secrets
import shutil
import uuid
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from skmig import record
from skmig.errors import OutputError, OutputExistsError
from skmig.inspection.mlflow import DESCRIPTION
from skmig.interruption import held
from skmig.record import Manifest
from skmig.registry.folder import CONDA, PYTHON, REQUIREMENTS, ModelFolder, requirement

# what a model needs to be installed is not what runs it
_TOOLS = {"pip", "setuptools", "wheel", "uv"}
# written by MLflow where it fetches a registered model: about the original, not about the result
_LEFT_OUT = {"registered_model_meta"}
# in MLmodel: which run and which logged model the original came from
_ORIGIN = ("run_id", "artifact_path", "model_id")


@contextlib.contextmanager
def placed(folder: Path, *, force: bool) -> Iterator[Path]:
    """An empty folder that becomes `folder` when the block succeeds, and is removed otherwise.

    Raises OutputExistsError and OutputError.
    """
    folder = folder.absolute()
    check_free(folder, force)
    draft = folder.parent / f".skmig-{secrets.token_hex(8)}.folder"
    former = draft.with_suffix(".former-folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir()
        yield draft
        check_free(folder, force)
        with held():  # a signal waits until it is in its place
            if os.path.lexists(folder):
                folder.rename(former)
            try:
                draft.rename(folder)
            except OSError:
                if former.exists():
                    former.rename(folder)
                raise
    except OSError as error:
        raise OutputError(
            f"`{folder}` cannot be written: {error.strerror or error}",
            hint="is there space and permission?  --output names another place",
        ) from error
    finally:
        for left in (draft, former):
            shutil.rmtree(left, ignore_errors=True)


def check_free(folder: Path, force: bool) -> None:
    """Raises OutputExistsError for a place that is taken, by what --force must not replace too."""
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or not (folder / DESCRIPTION).is_file():
        raise OutputExistsError(
            f"`{folder}` is there already, and is no MLflow model folder",
            hint="choose another name with --output",
        )
    if not force:
        raise OutputExistsError(
            f"`{folder}` is there already", hint="choose another --output, or replace it: --force"
        )


def copy_rest(source: ModelFolder, place: Path) -> None:
    """What else is in the folder: its example, its code, what the user put there.  Links are not
    followed: they lead to other files.
    """
    own = {source.model, DESCRIPTION, CONDA, PYTHON, REQUIREMENTS, *_LEFT_OUT}
    own.add(record.beside(Path(source.model)).as_posix())

    def ignored(folder: str, names: list[str]) -> list[str]:
        here = Path(folder)
        return [
            name
            for name in names
            if (here / name).is_symlink()
            or name == "__pycache__"
            or (here / name).relative_to(source.path).as_posix() in own
        ]

    shutil.copytree(source.path, place, ignore=ignored, dirs_exist_ok=True)


def write(source: ModelFolder, place: Path, model: str, manifest: Manifest) -> tuple[str, ...]:
    """Write `MLmodel` and the environment files beside the migrated model; gives notes."""
    lines, notes = requirements(source, manifest)
    python = manifest.target_environment.python
    (place / REQUIREMENTS).write_text("\n".join(lines) + "\n", "utf-8")
    pip: list[Any] = [f"python={python}", "pip", {"pip": list(lines)}]
    conda = {"name": "mlflow-env", "channels": ["conda-forge"], "dependencies": pip}
    virtual = {
        "python": python,
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": [f"-r {REQUIREMENTS}"],
    }
    for name, said in ((CONDA, conda), (PYTHON, virtual)):
        _dump(place / name, said)
    _dump(place / DESCRIPTION, _description(source, place, model, manifest))
    return notes


def _description(
    source: ModelFolder, place: Path, model: str, manifest: Manifest
) -> dict[str, Any]:
    said: dict[str, Any] = deepcopy(source.said)
    for name in _ORIGIN:
        said.pop(name, None)
    flavor = said["flavors"]["sklearn"]
    flavor["pickled_model"] = model
    flavor["sklearn_version"] = manifest.target_environment.release
    # the agent writes plain pickles, which pickle and cloudpickle read alike
    flavor["serialization_format"] = "skops" if manifest.format == "skops" else "pickle"
    if manifest.format == "skops":
        flavor["skops_trusted_types"] = skops_types(place / model)
    else:
        flavor.pop("skops_trusted_types", None)
    function = said["flavors"].get("python_function")
    if function is not None:
        function["python_version"] = manifest.target_environment.python
        function["env"] = {"conda": CONDA, "virtualenv": PYTHON}
        function.pop("data", None)  # how the first releases spelled model_path
        function["model_path"] = model
    said["model_uuid"] = uuid.uuid4().hex
    said["model_size_bytes"] = sum(
        item.stat().st_size for item in place.rglob("*") if item.is_file()
    )
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    said["utc_time_created"] = now.isoformat(sep=" ", timespec="microseconds")
    return said


def skops_types(file: Path) -> list[str]:
    """Every class that a `.skops` file names: what MLflow passes to skops as trusted.

    skmig built the file from what it had allowed, so that these are no more than was trusted.
    """
    with zipfile.ZipFile(file) as archive:
        todo = [json.loads(archive.read("schema.json"))]
    found = set()
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            if isinstance(item.get("__class__"), str) and isinstance(item.get("__module__"), str):
                found.add(f"{item['__module__']}.{item['__class__']}")
            todo += item.values()
        elif isinstance(item, list):
            todo += item
    return sorted(found)


def requirements(
    source: ModelFolder, manifest: Manifest
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines of the target's requirements.txt, and notes.

    What is in the target's environment is pinned as it is there.  Of the rest that the folder asks
    for, a pin was true for the source's Python and numpy, and becomes a lower bound.
    """
    from packaging.utils import canonicalize_name  # it takes long to import

    packages = {
        canonicalize_name(name): f"{name}=={version}"
        for name, version in manifest.target_environment.packages.items()
        if canonicalize_name(name) not in _TOOLS
    }
    if manifest.format != "skops":
        packages.pop(canonicalize_name("skops"), None)
    lines, loosened = [], []
    for line in source.requirements:
        found = requirement(line)
        if found is None:
            lines.append(line)  # an option, an address, a comment
            continue
        name = canonicalize_name(found.name)
        if name in packages or name in {"scikit-learn", "skops", "cloudpickle", *_TOOLS}:
            continue
        pins = [part.version for part in found.specifier if part.operator in ("==", "===")]
        if pins and "*" not in pins[0]:
            extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
            marker = f"; {found.marker}" if found.marker else ""
            lines.append(f"{found.name}{extras}>={pins[0]}{marker}")
            loosened.append(f"{found.name}=={pins[0]}")
        else:
            lines.append(line)
    named = {found.name for line in lines if (found := requirement(line))}
    if "mlflow" not in named and "mlflow" not in packages:
        lines.insert(0, "mlflow")
    notes = []
    if loosened:
        notes.append(
            f"{', '.join(loosened)}: not in the target's environment, where its requirements ask "
            "for that version or newer"
        )
    return (*lines, *(packages[name] for name in sorted(packages))), tuple(notes)


def _dump(path: Path, said: Any) -> None:
    import yaml  # it takes long to import

    text = yaml.safe_dump(said, sort_keys=True, allow_unicode=True, default_flow_style=False)
    path.write_text(text, "utf-8")
