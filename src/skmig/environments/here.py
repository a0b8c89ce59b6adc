"""The backend `here`: an interpreter that is there already, with the packages that it has.

For the place that serves a model: nothing is made, so that what is asked is what will answer.
Whether the scikit-learn there is the one that is wanted is for the caller to ask (`hello`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from skmig.environments import bundle_agent, exchange, local
from skmig.environments.base import EnvironmentSpec, Limits, Progress, nothing
from skmig.environments.client import AgentWorker
from skmig.environments.settings import SETTINGS
from skmig.errors import UsageError


class HereBackend:
    """Workers by one interpreter, whatever environment is asked for.

    Raises UsageError for what is no interpreter.
    """

    name = "here"
    sandboxed = False

    def __init__(self, python: Path | None = None) -> None:
        self.python = Path(sys.executable) if python is None else python.absolute()
        if not (self.python.is_file() and os.access(self.python, os.X_OK)):
            raise UsageError(
                f"`{self.python}` is no interpreter that can be run",
                hint="name the one that serves the model, such as --python /usr/bin/python3",
            )
        exchange.sweep()

    def has(self, spec: EnvironmentSpec) -> bool:  # noqa: ARG002 - the protocol
        return True

    def worker(
        self,
        spec: EnvironmentSpec,  # noqa: ARG002
        limits: Limits,
        progress: Progress,  # noqa: ARG002
        under_way: Callable[[], None] = nothing,
    ) -> AgentWorker:
        under_way()
        label = f"the environment of {self.python}"
        return local.start(self.python, bundle_agent.agent_pyz(), label, limits, _variables())


def _variables() -> dict[str, str]:
    """What a worker sees: the import path is the caller's own, since it is what serves."""
    found = {name: text for name, text in SETTINGS.items() if name != "PYTHONNOUSERSITE"}
    for name in ("PYTHONPATH", "PYTHONNOUSERSITE"):
        if name in os.environ:
            found[name] = os.environ[name]
    # its home is a temporary folder
    found["PYTHONUSERBASE"] = os.environ.get("PYTHONUSERBASE") or str(Path.home() / ".local")
    return found
