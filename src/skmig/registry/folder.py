"""An MLflow model folder, read as data: which file is the model, and what is said about it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skmig.errors import UnreadableError
from skmig.inspection.mlflow import DESCRIPTION

if TYPE_CHECKING:
    from packaging.requirements import Requirement

REQUIREMENTS, CONDA, PYTHON = "requirements.txt", "conda.yaml", "python_env.yaml"
_LONGEST = 1_000_000  # bytes of a file of text in it
_SKLEARN = re.compile(r"scikit-learn\s*==?\s*([0-9][0-9a-z.]*)")


@dataclass(frozen=True, kw_only=True)
class ModelFolder:
    """What `MLmodel` says.

    `said` is all of it, `model` the path of the model's file within the folder, `code` that of the
    code that MLflow would put on the import path; `release` is the scikit-learn that it names.
    """

    path: Path
    said: dict[str, Any]
    model: str
    code: str | None = None
    release: str | None = None
    requirements: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def file(self) -> Path:
        return self.path / self.model

    @property
    def flavor(self) -> dict[str, Any]:
        found: dict[str, Any] = self.said["flavors"]["sklearn"]
        return found

    @property
    def inputs(self) -> list[dict[str, Any]] | None:
        """The columns, or the tensors, of the signature; None where there is none."""
        signature = self.said.get("signature")
        text = signature.get("inputs") if isinstance(signature, dict) else None
        try:
            found = json.loads(text) if isinstance(text, str) else None
        except (ValueError, RecursionError):
            return None
        if isinstance(found, list) and found and all(isinstance(item, dict) for item in found):
            return found
        return None

    @classmethod
    def read(cls, folder: Path) -> ModelFolder:
        """Raises UnreadableError: no MLmodel, or a damaged one; another flavor; a path outside."""
        if not (folder / DESCRIPTION).is_file():
            raise UnreadableError(
                f"`{folder}` is no MLflow model folder: there is no `{DESCRIPTION}` in it",
                hint="give the folder that `mlflow.sklearn.save_model` or `log_model` wrote",
            )
        said = _yaml(inside(folder, DESCRIPTION))
        flavors = said.get("flavors") if isinstance(said, dict) else None
        if not isinstance(flavors, dict) or not flavors:
            raise _damaged(folder / DESCRIPTION, "it names no flavor")
        flavor = flavors.get("sklearn")
        if flavor is None:
            names = ", ".join(sorted(map(str, flavors)))
            raise UnreadableError(
                f"`{folder}` is a model of another flavor: {names[:200]}",
                hint="skmig moves models of MLflow's flavor sklearn",
            )
        if not isinstance(flavor, dict) or not all(
            isinstance(item, dict) for item in flavors.values()
        ):
            raise _damaged(folder / DESCRIPTION, "a flavor in it is no table")
        model = flavor.get("pickled_model") or "model.pkl"
        code = flavor.get("code") or (flavors.get("python_function") or {}).get("code")
        for name in (model, code):
            if name is not None and not isinstance(name, str):
                raise _damaged(folder / DESCRIPTION, "a path in it is no text")
        file = inside(folder, model)
        if not file.is_file():
            raise UnreadableError(
                f"`{folder}` names `{model}` as its model, which is not there",
                hint="copy or download the whole folder again",
            )
        if code is not None:
            inside(folder, code)
        requirements = _requirements(folder)
        return cls(
            path=folder,
            said=said,
            model=file.relative_to(folder.resolve()).as_posix(),
            code=code,
            release=_release(flavor.get("sklearn_version"), requirements),
            requirements=requirements,
        )


def inside(folder: Path, name: str) -> Path:
    """A path that a folder names, which must lie in it.  Raises UnreadableError."""
    try:
        found = (folder / name).resolve()
        ok = found.is_relative_to(folder.resolve()) and found != folder.resolve()
    except (OSError, ValueError, RuntimeError):
        ok = False
    if not ok:
        raise UnreadableError(
            f"the MLflow model folder `{folder}` names `{name[:200]!s}`, which is not within it",
            hint="the folder was damaged, or made to reach other files: do not load it",
        )
    return found


def _read(path: Path) -> str:
    try:
        with path.open("rb") as handle:
            content = handle.read(_LONGEST + 1)
        if len(content) > _LONGEST:
            raise _damaged(path, f"it has more than {_LONGEST} bytes")
        return content.decode("utf-8")
    except OSError as error:
        raise UnreadableError(
            f"`{path}` cannot be read: {error.strerror or error}",
            hint="check the folder and its permissions",
        ) from error
    except UnicodeDecodeError as error:
        raise _damaged(path, "it is no text") from error


def _yaml(path: Path) -> Any:
    import yaml  # it takes long to import

    try:
        return yaml.safe_load(_read(path))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise _damaged(path, " ".join(line.strip() for line in lines)[:200]) from error


def _damaged(path: Path, why: str) -> UnreadableError:
    return UnreadableError(
        f"`{path}` is damaged: {why}", hint="copy or download the whole folder again"
    )


def _requirements(folder: Path) -> tuple[str, ...]:
    """What the folder asks for: of requirements.txt, else the part for pip of conda.yaml."""
    if (folder / REQUIREMENTS).is_file():
        lines = _read(inside(folder, REQUIREMENTS)).splitlines()
        return tuple(line.strip() for line in lines if line.strip())
    if not (folder / CONDA).is_file():
        return ()
    said = _yaml(inside(folder, CONDA))
    wanted = said.get("dependencies") if isinstance(said, dict) else None
    found: list[str] = []
    for item in wanted if isinstance(wanted, list) else []:
        if isinstance(item, str) and not re.match(r"(python|pip)\b", item):
            # conda's spelling of a pin has one `=`
            found.append(re.sub(r"^([\w.-]+)=(?!=)", r"\1==", item))
        elif isinstance(item, dict) and isinstance(item.get("pip"), list):
            found += [str(line).strip() for line in item["pip"]]
    return tuple(found)


def _release(recorded: Any, requirements: tuple[str, ...]) -> str | None:
    if isinstance(recorded, str) and recorded:
        return recorded
    return next((found[1] for line in requirements if (found := _SKLEARN.match(line))), None)


def requirement(line: str) -> Requirement | None:
    """A line of requirements.txt, where it is the requirement of a package."""
    from packaging.requirements import InvalidRequirement, Requirement  # it takes long to import

    try:
        return Requirement(line.partition(" #")[0].partition(" --")[0].strip())
    except InvalidRequirement:
        return None
