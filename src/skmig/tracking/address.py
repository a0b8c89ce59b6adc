"""What MLflow calls a model: `models:/name/3`, `models:/name@alias`, `runs:/RUN_ID/path`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from skmig.errors import UsageError

_SCHEMES = ("models:", "runs:")
_LOGGED = re.compile(r"m-[0-9a-f]{32}")  # a logged model of MLflow 3, in no registry
_HINT = (
    "such as models:/churn/3, models:/churn@champion, models:/churn/latest or runs:/RUN_ID/model"
)


def is_address(text: str) -> bool:
    """Does this name something in MLflow, and not a file?"""
    return text.startswith(_SCHEMES)


def registered_model(text: str) -> str:
    """The name in `models:/churn`: a registered model, and no version of it.

    Raises UsageError for anything else.
    """
    scheme, _, rest = text.partition(":")
    name = rest.strip("/")
    if (
        scheme != "models"
        or not name
        or _LOGGED.fullmatch(name)
        or re.search(r"[/:@#\0-\x1f]", name)
    ):
        raise UsageError(
            f"`{text}` is not the address of a registered model",
            hint="such as models:/churn, without a version or an alias",
        )
    return name


@dataclass(frozen=True, kw_only=True)
class Address:
    """A model as MLflow addresses it.

    `name` is that of a registered model; empty for what is in no registry (`runs:/…`,
    `models:/m-…`).  `version` is a number or "latest"; empty where `alias` is given.
    """

    text: str
    name: str = ""
    version: str = ""
    alias: str = ""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises UsageError for what is not such an address."""
        scheme, _, rest = text.partition(":")
        parts = rest.strip("/").split("/")
        if any(part in ("", ".", "..") for part in parts) or any(c < " " for c in text):
            raise UsageError(f"`{text}` is not an address of MLflow", hint=_HINT)
        clean = f"{scheme}:/{'/'.join(parts)}"
        if scheme == "runs":
            if len(parts) < 2:
                raise UsageError(
                    f"`{text}` names a run and no model of it",
                    hint=f"add the path of the model, such as {clean}/model",
                )
            return cls(text=clean)
        if len(parts) == 1:
            name, _, alias = parts[0].partition("@")
            if name and alias:
                return cls(text=clean, name=name, alias=alias)
            if _LOGGED.fullmatch(parts[0]):
                return cls(text=clean)
        if len(parts) == 2 and "@" not in parts[1]:
            name, version = parts
            if version.isdigit() or version.lower() == "latest":
                return cls(text=clean, name=name, version=version.lower())
            raise UsageError(
                f"`{version}` in `{text}` is no version (a stage cannot be named)", hint=_HINT
            )
        raise UsageError(f"`{text}` does not say which version", hint=_HINT)

    @property
    def stem(self) -> str:
        """What a folder made from it is called: `churn-3`, `churn-champion`, `model`."""
        if self.name:
            stem = f"{self.name}-{self.version or self.alias}"
        else:
            stem = self.text.rpartition("/")[2]
        return re.sub(r"[^\w.+-]", "_", stem).lstrip(".") or "model"
