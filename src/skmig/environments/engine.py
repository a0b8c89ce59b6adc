"""Speaking to a container engine: connecting, and turning what the SDK raises into our errors.

What is raised in which situation was measured with docker SDK 7.1 against Docker 20.10 and Podman
4.3; the SDK's own exceptions say little, so the chain of causes is searched for the system's word.
"""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import docker.errors
import requests.exceptions
import urllib3.exceptions

from skmig.errors import EngineError, EnvironmentFailedError, SkmigError

# Under load an engine is three to five times slower than when it is quiet.
HELLO_TIMEOUT = 30
CALL_TIMEOUT = 600

_versions: dict[str, str] = {}  # of the API, by address: the SDK would ask for each connection

LOCAL = "or use `--backend local`, which needs no engine (and is no sandbox)"

# What `except` has to name: everything that the SDK lets through.
ENGINE_EXCEPTIONS = (
    docker.errors.DockerException,
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
)


def connect() -> Any:
    """A `docker.DockerClient` whose engine has answered.

    `DOCKER_HOST` decides (with `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`); without it the default
    socket, and if there is none, the current Docker context or the socket of a rootless engine.
    Raises EngineError: absent, not permitted, not listening, mute, or a malformed `DOCKER_HOST`.
    """
    named = bool(os.environ.get("DOCKER_HOST"))
    where = address()
    client = None
    try:
        _knock(where)
        client = _client(where, named=named)
        client.ping()
    except (*ENGINE_EXCEPTIONS, ValueError) as error:
        if client is not None:
            client.close()
        raise _not_connected(error, where, named=named) from error
    _versions[where] = client.api.api_version
    client.api.timeout = CALL_TIMEOUT
    return client


def again() -> Any:
    """One more `docker.DockerClient` for an engine that `connect` has found: it asks nothing.

    Raises what `connect` raises where it has not.
    """
    where = address()
    if where not in _versions:
        return connect()
    client = _client(where, named=bool(os.environ.get("DOCKER_HOST")), version=_versions[where])
    client.api.timeout = CALL_TIMEOUT
    return client


def _client(where: str, *, named: bool, version: str | None = None) -> Any:
    if named:
        return docker.from_env(timeout=HELLO_TIMEOUT, version=version)
    return docker.DockerClient(base_url=where, timeout=HELLO_TIMEOUT, version=version)


def _knock(where: str) -> None:
    """Connect to a Unix socket once; raises OSError.  The SDK leaks its own when that fails."""
    if where.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as own:
            own.settimeout(HELLO_TIMEOUT)
            own.connect(where.removeprefix("unix://"))


def address() -> str:
    """Where the engine is looked for: see `connect`."""
    return os.environ.get("DOCKER_HOST") or _unnamed_address()


def _unnamed_address() -> str:
    default = Path("/var/run/docker.sock")
    if default.exists():
        return f"unix://{default}"
    found = _context()
    if found is not None:
        return found
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    home = Path.home()
    sockets = (
        runtime / "docker.sock",
        home / ".docker" / "run" / "docker.sock",
        runtime / "podman" / "podman.sock",
        Path("/run/podman/podman.sock"),
    )
    return f"unix://{next((path for path in sockets if _exists(path)), default)}"


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _context() -> str | None:
    """The address of the Docker CLI's current context, unless it is the default one."""
    try:
        context = docker.ContextAPI.get_current_context()
        name, address = context.Name, context.Host
    except Exception:  # a damaged CLI configuration is no reason to fail here
        return None
    return str(address) if name != "default" and address else None


def _not_connected(error: BaseException, address: str, *, named: bool) -> EngineError:
    named_by = "DOCKER_HOST" if named else "the default address"
    words = " ".join(str(one) for one in _chain(error))
    if _has(error, PermissionError):
        return EngineError(
            f"no permission to use the container engine at `{address}`",
            hint=f"`sudo usermod -aG docker $USER`, log in again, {LOCAL}",
        )
    if _has(error, FileNotFoundError):
        return EngineError(
            f"no container engine at `{address}` ({named_by}): there is no such socket",
            hint=f"start Docker or Podman, set DOCKER_HOST to its socket, {LOCAL}",
        )
    if _has(error, ConnectionRefusedError):
        return EngineError(
            f"the container engine at `{address}` does not run: connection refused",
            hint=f"`sudo systemctl start docker` (or start Docker Desktop), {LOCAL}",
        )
    if "timed out" in words or _has(error, TimeoutError):
        return EngineError(
            f"the container engine at `{address}` did not answer within {HELLO_TIMEOUT} s",
            hint=f"`sudo systemctl restart docker`, {LOCAL}",
        )
    if "Invalid bind address" in words or "Port out of range" in words:
        return EngineError(
            f"DOCKER_HOST `{address}` is no engine address: `unix://`, `tcp://` or `ssh://`"
            " was expected",
            hint=f"`unset DOCKER_HOST` (the default is `unix:///var/run/docker.sock`), {LOCAL}",
        )
    return EngineError(
        f"the container engine at `{address}` ({named_by}) cannot be reached",
        causes=(_short(error),),
        hint=f"check it with `docker version`, {LOCAL}",
    )


def failed(error: BaseException, doing: str) -> SkmigError:
    """The error to raise for what the SDK raised while `doing` (`building image x`)."""
    if isinstance(error, SkmigError):
        return error
    words = " ".join(str(one) for one in _chain(error))
    causes = (_short(error),)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        # not the engine's word: files travel through temporary ones of this machine
        return EnvironmentFailedError(
            f"no space left in `{tempfile.gettempdir()}` while {doing}",
            causes=causes,
            hint="free some space there, or name another folder with TMPDIR",
        )
    if is_full(words):
        return EnvironmentFailedError(
            f"no space left on the engine's disk while {doing}",
            causes=causes,
            hint="see what takes it with `docker system df`, free it with `docker system prune`",
        )
    if isinstance(error, docker.errors.ImageNotFound):
        return EnvironmentFailedError(
            f"an image is missing while {doing}", causes=causes, hint="run `skmig build-images`"
        )
    if isinstance(error, docker.errors.APIError):
        return EnvironmentFailedError(
            f"the container engine refused while {doing}",
            causes=causes,
            hint="see whether the engine is well with `skmig doctor`",
        )
    if "timed out" in words:
        return EngineError(
            f"the container engine did not answer within {CALL_TIMEOUT} s while {doing}",
            causes=causes,
            hint="see whether the engine is well with `skmig doctor`, then run the command again",
        )
    return EngineError(
        f"the connection to the container engine broke while {doing}",
        causes=causes,
        hint="see whether the engine runs with `skmig doctor`, then run the command again",
    )


def is_full(words: str) -> bool:
    """Does a message of the engine, or the log of a build, say that a disk is full?"""
    return "no space left on device" in words.lower() or "[errno 28]" in words.lower()


def _has(error: BaseException, kind: type[BaseException]) -> bool:
    return any(isinstance(one, kind) for one in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception with its causes; urllib3 and requests keep theirs in `args`."""
    pending: list[BaseException] = [error]
    seen: set[int] = set()
    while pending:
        one = pending.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [one.__cause__, one.__context__, *one.args, getattr(one, "reason", None)]
        pending += [each for each in inner if isinstance(each, BaseException)]


def _short(error: BaseException) -> str:
    explanation = getattr(error, "explanation", None)
    text = str(explanation or error or type(error).__name__).strip()
    return text.splitlines()[0][:300] if text else type(error).__name__
