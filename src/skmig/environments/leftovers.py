"""Labels on what a run makes in an engine, its removal, and the sweep of what others left."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import docker.errors

from skmig import alive
from skmig.environments import engine
from skmig.errors import EngineError

RUN = "skmig.run"
_PID = "skmig.pid"
_STARTED = "skmig.started"
_HOST = "skmig.host"
_PATIENCE = 30


def labels(run: str) -> dict[str, str]:
    """The labels of this process's containers and volumes."""
    pid = os.getpid()
    return {RUN: run, _PID: str(pid), _STARTED: alive.began(pid), _HOST: alive.place()}


def remove(name: str) -> None:
    """Remove the container and the volume `name`, if they are there; never raises.

    By a connection of its own: this may run in the middle of a request.
    """
    with contextlib.suppress(EngineError):
        client = engine.again()
        client.api.timeout = _PATIENCE  # an engine that hangs must not keep a run from ending
        try:
            _remove(client, name)
        finally:
            client.close()


def _remove(client: Any, name: str) -> None:
    with contextlib.suppress(*engine.ENGINE_EXCEPTIONS):
        client.api.remove_container(name, force=True, v=True)
    with contextlib.suppress(*engine.ENGINE_EXCEPTIONS):
        client.api.remove_volume(name)


def sweep(client: Any) -> None:
    """Remove what processes of this machine left that are no more; never raises."""
    with contextlib.suppress(*engine.ENGINE_EXCEPTIONS):
        filters = {"label": [RUN, f"{_HOST}={alive.place()}"]}
        for container in client.api.containers(all=True, filters=filters):
            if _orphaned(container["Labels"]):
                with contextlib.suppress(docker.errors.APIError):
                    client.api.remove_container(container["Id"], force=True, v=True)
        for volume in client.api.volumes(filters=filters)["Volumes"] or []:
            if _orphaned(volume["Labels"]):
                with contextlib.suppress(docker.errors.APIError):
                    client.api.remove_volume(volume["Name"])


def _orphaned(found: dict[str, str]) -> bool:
    try:
        pid = int(found[_PID])
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # runs, and is another user's
    except (KeyError, ValueError, OverflowError):
        return False  # not labelled by us
    # another process may have got the number since
    return alive.began(pid) != found.get(_STARTED)
