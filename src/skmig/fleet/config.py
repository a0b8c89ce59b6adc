"""`skmig.toml`: which models, to which release, how, and where the results go.

Found in the working directory or above it; `[tool.skmig]` of a pyproject.toml says the same.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skmig import api, storage
from skmig.environments.base import memory_bytes
from skmig.errors import SkmigError, UnreadableError, UsageError
from skmig.plan import Settings
from skmig.registry import Wanted, is_address

FILE = "skmig.toml"
LEDGER = Path(".skmig", "ledger.sqlite")
FAIL_ON = ("refused", "different", "error", "never")
ENGINES = ("here", "dask")
QUERY = "mlflow:"  # and a filter of MLflow's own for registered models


@dataclass(frozen=True, kw_only=True)
class Group:
    """Models that are treated alike: paths, patterns, folders, URIs or what MLflow calls them.

    `output` and `report` are folders (paths or URIs); empty: beside each model, and no pages.
    `mlflow` is what is wanted of models of MLflow.
    """

    models: tuple[str, ...]
    settings: Settings
    output: str = ""
    report: str = ""
    mlflow: Wanted = field(default_factory=Wanted)


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """All models of a team.  `file` is None where the command line says it all."""

    groups: tuple[Group, ...]
    file: Path | None = None
    ledger: Path | None = None
    page: Path | None = None
    junit: Path | None = None
    fail_on: str = "refused"
    engine: str = "here"
    scheduler: str = ""
    jobs: int | None = None


@dataclass(frozen=True)
class _Key:
    """A key of the file: the type of its value, and the field of `Settings` that it sets."""

    kind: type | tuple[type, ...]
    field: str = ""
    choices: tuple[str, ...] = ()


_NUMBER = (int, float)
# of the whole file only
_FLEET = {
    "ledger": _Key(str),
    "page": _Key(str),
    "junit": _Key(str),
    "fail-on": _Key(str, choices=FAIL_ON),
    "engine": _Key(str, choices=ENGINES),
    "scheduler": _Key(str),
    "jobs": _Key(int),
    "tracking-uri": _Key(str),
}
# of the whole file, and of a group of models, which then has its own
_GROUP = {
    "target": _Key(str, "target"),
    "source": _Key(str, "source"),
    "output": _Key(str),
    "report": _Key(str),
    "data": _Key(str, "data"),
    "data-only": _Key(bool, "data_only"),
    "sample": _Key(int, "sample"),
    "backend": _Key(str, "backend", ("auto", "docker", "local")),
    "format": _Key(str, "format", ("pickle", "joblib", "skops")),
    "rtol": _Key(_NUMBER, "rtol"),
    "atol": _Key(_NUMBER, "atol"),
    "allow-loss": _Key(bool, "allow_loss"),
    "allow-substitution": _Key(bool, "allow_substitution"),
    "accept": _Key(list, "accept"),
    "trust": _Key(list, "trust"),
    "with": _Key(list, "requirements"),
    "source-with": _Key(list, "source_requirements"),
    "target-with": _Key(list, "target_requirements"),
    "code": _Key(list, "code"),
    "source-lock": _Key(str, "source_lock"),
    "target-lock": _Key(str, "target_lock"),
    "timeout": _Key(_NUMBER, "timeout"),
    "memory": _Key(str, "memory"),
    "compare-naive": _Key(bool, "compare_naive"),
    "register": _Key(bool),
    "alias": _Key(str),
    "model-code": _Key(bool),
}
_PATHS = frozenset({"data", "code", "source-lock", "target-lock"})
_NAMES = {str: "a text", bool: "true or false", int: "a whole number", list: "a list of texts"}


def of_mlflow(text: str) -> bool:
    """Does this name models, or a version, of MLflow?"""
    return is_address(text) or text.startswith(QUERY)


def named(text: str, folder: Path = Path()) -> str:
    """Models as they are named, with a path from `folder` on."""
    return text if of_mlflow(text) else storage.local(text, folder)


def find(folder: Path) -> Path | None:
    """The file that a command without arguments follows: here, or in the nearest folder above."""
    for place in (folder.absolute(), *folder.absolute().parents):
        own, project = place / FILE, place / "pyproject.toml"
        if own.is_file():
            return own
        if project.is_file() and "skmig" in _load(project).get("tool", {}):
            return project
    return None


def read(path: Path) -> Fleet:
    """The fleet of a file.

    Raises UnreadableError (no TOML) and UsageError, which names the key, and the line where it
    stands.
    """
    said = _load(path)
    if path.name == "pyproject.toml":
        said = said.get("tool", {}).get("skmig", {})
    return _Reader(path, said).fleet()


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UnreadableError(
            f"`{path}` cannot be read: {error.strerror}", hint="check its permissions"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(
            f"`{path}` is not TOML: {error}", hint="correct that line; docs/fleet.md has examples"
        ) from error


class _Reader:
    def __init__(self, path: Path, said: Mapping[str, Any]) -> None:
        self.path = path
        self.folder = path.absolute().parent
        self.said = said

    def fleet(self) -> Fleet:
        known = _FLEET | _GROUP
        self.check(self.said, known | {"models": _Key(list)}, "")
        if not self.said.get("models"):
            raise self.wrong("names no models", 'models = ["models/"]', key="models")
        common = {key: value for key, value in self.said.items() if key in _GROUP}
        plain = tuple(item for item in self.said["models"] if isinstance(item, str))
        groups = [self.group(common, plain)] if plain else []
        for number, item in enumerate(self.said["models"]):
            if isinstance(item, dict):
                groups.append(self.table(common, item, f"models[{number}]"))
            elif not isinstance(item, str):
                raise self.wrong("holds models that are no text", 'models = ["models/"]')
        if not any(map(of_mlflow, (item for group in groups for item in group.models))):
            self.without_mlflow()
        return Fleet(
            groups=tuple(groups),
            file=self.path,
            ledger=self.place("ledger") or self.folder / LEDGER,
            page=self.place("page"),
            junit=self.place("junit"),
            fail_on=self.said.get("fail-on", "refused"),
            engine="dask" if self.said.get("scheduler") else self.said.get("engine", "here"),
            scheduler=self.said.get("scheduler", ""),
            jobs=self.said.get("jobs"),
        )

    def without_mlflow(self) -> None:
        """Nothing that is said may be passed over in silence."""
        tables = [item for item in self.said["models"] if isinstance(item, dict)]
        for key in ("register", "alias", "model-code", "tracking-uri"):
            if any(key in said for said in (self.said, *tables)):
                hint = 'models = ["models:/churn-*"]'
                raise self.wrong(f"says `{key}`, and names no model of MLflow", hint, key=key)

    def table(self, common: Mapping[str, Any], said: Mapping[str, Any], where: str) -> Group:
        """One `[[models]]` table."""
        self.check(said, _GROUP | {"paths": _Key(list)}, where)
        if not said.get("paths"):
            raise self.wrong(f"has no paths in {where}", 'paths = ["models/churn/*.pkl"]')
        own = {key: value for key, value in said.items() if key != "paths"}
        return self.group({**common, **own}, tuple(said["paths"]))

    def group(self, said: Mapping[str, Any], models: tuple[str, ...]) -> Group:
        if "target" not in said:
            raise self.wrong("names no target release", 'target = "1.6.1"', key="models")
        options = {
            known.field: self.value(key, said[key])
            for key, known in _GROUP.items()
            if known.field and key in said
        }
        try:
            settings = api.checked(Settings(**options))
        except SkmigError as error:
            error.message = f"`{self.path}`: {error.message}"
            raise
        return Group(
            models=tuple(named(item, self.folder) for item in models),
            settings=settings,
            output=storage.local(said["output"], self.folder) if "output" in said else "",
            report=storage.local(said["report"], self.folder) if "report" in said else "",
            mlflow=Wanted(
                tracking_uri=self.said.get("tracking-uri"),
                register=said.get("register", False),
                alias=said.get("alias"),
                model_code=said.get("model-code", False),
            ),
        )

    def value(self, key: str, value: Any) -> Any:
        if key in _PATHS:
            if isinstance(value, list):
                return tuple(self.folder / item for item in value)
            return self.folder / value
        if key == "memory":
            return memory_bytes(value)
        return tuple(value) if isinstance(value, list) else value

    def place(self, key: str) -> Path | None:
        return self.folder / self.said[key] if key in self.said else None

    def check(self, said: Mapping[str, Any], known: Mapping[str, _Key], where: str) -> None:
        inside = f" in {where}" if where else ""
        for key, value in said.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, 1, 0.5)
                hint = f"did you mean `{near[0]}`?" if near else f"keys are: {', '.join(known)}"
                raise self.wrong(f"has an unknown key `{key}`{inside}", hint, key=key)
            self.check_value(key, value, known[key], inside)

    def check_value(self, key: str, value: Any, known: _Key, inside: str) -> None:
        kinds = known.kind if isinstance(known.kind, tuple) else (known.kind,)
        good = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
        if good and isinstance(value, list) and key != "models":
            good = all(isinstance(item, str) for item in value)
        if not good:
            wanted = "a number" if kinds == _NUMBER else _NAMES[kinds[0]]
            raise self.wrong(f"`{key}`{inside} is not {wanted}", f"it is {value!r}", key=key)
        if known.choices and value not in known.choices:
            raise self.wrong(
                f"`{key}`{inside} cannot be `{value}`",
                f"choose {', '.join(known.choices)}",
                key=key,
            )
        if kinds[0] is int and value < 0:
            raise self.wrong(f"`{key}`{inside} is less than nothing", "give 1 or more", key=key)

    def wrong(self, text: str, hint: str, key: str = "") -> UsageError:
        line = self.line(key) if key else 0
        where = f"{self.path}:{line}" if line else str(self.path)
        return UsageError(f"`{where}` {text}", hint=hint)

    def line(self, key: str) -> int:
        """Where a key stands; tomllib does not tell."""
        found = re.compile(rf"""\s*(\[+\s*)?(["']?){re.escape(key)}\2\s*[=\].]""")
        lines = self.path.read_text("utf-8").splitlines()
        return next((n for n, text in enumerate(lines, 1) if found.match(text)), 0)
