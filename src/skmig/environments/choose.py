"""Which backend: a container engine if one answers, else local environments."""

from __future__ import annotations

from skmig.environments import locks
from skmig.environments.base import Backend, EnvironmentSpec, Progress
from skmig.environments.recipes import recipe
from skmig.errors import EngineError, UsageError

NAMES = ("auto", "docker", "local")


def backend(name: str, progress: Progress) -> Backend:
    """The backend `name`; `auto` says through `progress` which one it took, and why.

    Raises UsageError for another name, EngineError for `docker` without an engine.
    """
    if name not in NAMES:
        raise UsageError(f"there is no backend `{name}`", hint=f"choose one of: {', '.join(NAMES)}")
    if name == "local":
        return _local()
    # not at the top: the engine's library takes long to import
    from skmig.environments import engine
    from skmig.environments.docker import DockerBackend

    try:
        client = engine.connect()
    except EngineError as error:
        if name == "docker":
            raise
        progress.step(f"using local environments, which are no sandbox: {error.message}")
        return _local()
    if name == "auto":
        progress.step("using the container engine")
    return DockerBackend(client)


def _local() -> Backend:
    # not at the top: it needs what only POSIX systems have, and docker does not
    from skmig.environments.local import LocalBackend

    return LocalBackend()


def lock_digest(spec: EnvironmentSpec) -> str:
    """The digest of the lock that an environment is made from: `sha256:…`."""
    return locks.digest(recipe(spec).lock)
