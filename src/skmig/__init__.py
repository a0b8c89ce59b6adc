"""Moves a fitted scikit-learn model to another release, and proves that it predicts the same."""

from typing import TYPE_CHECKING, Any

from skmig.version import __version__

__all__ = [
    "PredictionLog",
    "Settings",
    "__version__",
    "check",
    "inspect",
    "load",
    "migrate",
    "open_store",
    "payload",
    "report",
    "save",
    "verify",
]

if TYPE_CHECKING:
    from skmig import payload
    from skmig.api import check, inspect, migrate, report, verify
    from skmig.capture.saving import save
    from skmig.plan import Settings
    from skmig.serving import load
    from skmig.store import open_store
    from skmig.watch.log import PredictionLog

_HOMES = {
    "check": "skmig.api",
    "inspect": "skmig.api",
    "migrate": "skmig.api",
    "report": "skmig.api",
    "verify": "skmig.api",
    "Settings": "skmig.plan",
    "load": "skmig.serving",
    "open_store": "skmig.store",
    "save": "skmig.capture.saving",
    "PredictionLog": "skmig.watch.log",
}


def __getattr__(name: str) -> Any:
    # numpy and the rest are imported when they are used: `skmig --version` needs none of them
    import importlib

    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name == "payload":
        return importlib.import_module("skmig.payload")
    raise AttributeError(f"module `skmig` has no attribute `{name}`")
