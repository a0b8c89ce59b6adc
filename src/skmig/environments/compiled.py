"""The agent as each Python has compiled it, kept in the user's cache folder.

To compile it takes a worker a tenth of a second, at each start.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import secrets
from pathlib import Path

from skmig.environments import bundle_agent, cache
from skmig.environments.base import EnvironmentSpec
from skmig.environments.client import AgentWorker
from skmig.errors import SkmigError
from skmig.versions import release


def agent(python: str) -> bytes:
    """The agent for a Python (`3.13`): compiled where that was kept, else its sources."""
    with contextlib.suppress(OSError):
        for path in _folder().glob(f"{python}-{_source()}-*.pyz"):
            content = path.read_bytes()
            if path.stem.endswith(_digest(content)):  # else a disk was full, or is damaged
                return content
    return bundle_agent.agent_pyz()


def keep(worker: AgentWorker, spec: EnvironmentSpec, runs: bytes) -> None:
    """Have a worker that has done nothing else yet compile the agent, if it `runs` the sources.

    What it gives is code that runs in all environments of its Python.  So only one is asked that
    holds nothing but what a lock of ours names: what a user adds could give anything.
    """
    if spec.lock or spec.requirements or runs != bundle_agent.agent_pyz():
        return
    python = release(spec.release).python
    with contextlib.suppress(SkmigError, OSError):
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f".{secrets.token_hex(8)}"
        try:
            worker.call("compiled", out=bundle_agent.NAME)
            worker.get(bundle_agent.NAME, new)
            worker.run("ping", {}, stale=[bundle_agent.NAME])
            for other in folder.glob(f"{python}-*"):  # damaged, or of another release of skmig
                other.unlink(missing_ok=True)
            new.replace(folder / f"{python}-{_source()}-{_digest(new.read_bytes())}.pyz")
        finally:
            new.unlink(missing_ok=True)


def _folder() -> Path:
    return cache.folder() / "agents"


@functools.cache
def _source() -> str:
    return _digest(bundle_agent.agent_pyz())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
