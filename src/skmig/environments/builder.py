"""Building one image: whole, checked, or not at all.

An image is built under a temporary tag; its own `pip freeze` is compared with its lock in a
container without network; only then it gets its tag.  Whatever happens, Ctrl-C included, no
temporary tag, stage or container is left.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any

import docker.errors

from skmig.environments import (
    bases,
    buildlog,
    cache,
    engine,
    indexes,
    leftovers,
    packages,
    recipes,
)
from skmig.environments.base import Progress
from skmig.environments.buildlog import BuildFailedError
from skmig.environments.recipes import Recipe
from skmig.errors import EnvironmentFailedError, UnsupportedError

ATTEMPTS = 3
PAUSE = 5.0  # seconds before the second attempt; doubled before each further one
SWEEPS = 6


class _AbortedError(Exception):
    """`abort` was called while this build ran."""


class _Running:
    """What one build has in the engine at this moment."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.container: str | None = None
        self.image: str | None = None  # of the last step
        self.aborted = False

    def check(self) -> None:
        if self.aborted:
            raise _AbortedError

    def kill(self) -> None:
        if self.container is not None:
            remove_container(self.client, self.container)


_active: set[_Running] = set()
_active_lock = threading.Lock()


def abort() -> None:
    """End every build that runs in this process; each cleans up behind itself.

    For Ctrl-C: it reaches only the main thread, and a build may be silent for a minute.
    """
    with _active_lock:
        running = list(_active)
    for one in running:
        one.aborted = True
        one.kill()


@contextlib.contextmanager
def _listening(client: Any) -> Iterator[_Running]:
    """Something that `abort` ends."""
    running = _Running(client)
    with _active_lock:
        _active.add(running)
    try:
        yield running
    except _AbortedError:
        raise KeyboardInterrupt from None
    finally:
        running.kill()
        with _active_lock:
            _active.discard(running)


@contextlib.contextmanager
def turn(client: Any, reference: str, progress: Progress) -> Iterator[None]:
    """Be the only process of this machine that builds `reference`.

    Two builds of one image would replace each other's, and sweep away what the other has just
    handed out.  Raises KeyboardInterrupt when `abort` was called meanwhile.
    """
    name = reference.replace("/", "_").replace(":", "_")
    path = cache.folder() / "images" / f"{name}.lock"
    with contextlib.ExitStack() as stack:
        with _listening(client) as running, contextlib.suppress(OSError):
            # where no lock file can be written it is no error: it only may be built twice
            stack.enter_context(cache.turn(path, reference, progress, running.check))
        yield


def build(
    client: Any,
    recipe: Recipe,
    reference: str,
    progress: Progress,
    *,
    base: str | None = None,
    platform: str | None = None,
) -> Any:
    """Build the image of `recipe` and tag it as `reference` (`repository:tag`).

    `base` is the id of the image below, for requirements on top.  Returns the SDK's image.
    Raises EnvironmentFailedError (EngineError if the engine is the reason), KeyboardInterrupt.
    """
    repository, _, tag = reference.rpartition(":")
    temporary = f"{repository}:{tag}-building-{secrets.token_hex(4)}"
    with _listening(client) as running, _among_builds(client):
        _remove_unfinished(client, reference, recipe.tag)
        try:
            _with_retries(running, recipe, temporary, progress, base=base, platform=platform)
            progress.step(f"{recipe.tag}: comparing pip freeze with the lock")
            image = client.images.get(temporary)
            check(client, image.id, recipe, running)
            running.check()
            image.tag(repository, tag=tag)
            return client.images.get(reference)
        except engine.ENGINE_EXCEPTIONS as error:
            raise engine.failed(error, f"building image `{reference}`") from error
        finally:
            running.kill()
            _remove_image(client, temporary)
            if running.image is not None:
                _remove_unnamed(client, running.image)
            sweep(client, recipe.tag)


@contextlib.contextmanager
def _among_builds(client: Any) -> Iterator[None]:
    """Be one of this machine's builds; the first removes what an engine kept that was killed.

    The early steps of all releases are the same, so that their containers belong to no one build.
    """
    leftovers.sweep(client)
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # no lock file can be written: nothing is removed
            path = cache.folder() / "images" / "builds.lock"
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = stack.enter_context(path.open("w"))
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove_steps(client, recipes.STEP_LABEL)
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield


def _with_retries(
    running: _Running,
    recipe: Recipe,
    temporary: str,
    progress: Progress,
    *,
    base: str | None,
    platform: str | None,
) -> None:
    pause = PAUSE
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _attempt(running, recipe, temporary, progress, base=base, platform=platform)
        except BuildFailedError as failure:
            running.check()
            if attempt == ATTEMPTS or not buildlog.is_transient(failure.log):
                raise buildlog.explain(recipe, failure.log, attempt) from None
            progress.step(f"{recipe.tag}: a download failed, attempt {attempt + 1} of {ATTEMPTS}")
            deadline = time.monotonic() + pause
            while time.monotonic() < deadline:
                running.check()
                time.sleep(0.2)
            pause *= 2
        else:
            return


def _attempt(
    running: _Running,
    recipe: Recipe,
    temporary: str,
    progress: Progress,
    *,
    base: str | None,
    platform: str | None,
) -> None:
    """Fetch the packages here and build without network; or let pip do it in the build.

    Only that needs the user's indexes and proxies: the Dockerfiles declare them in a stage that
    is thrown away, and builders do not record proxies.
    """
    labels = {recipes.RECIPE_LABEL: recipe.digest, **_source_labels()}
    if base is None:
        found = bases.find(running.client, recipe.release)
        base, labels = found.reference, {**labels, **found.labels}
    wanted = _platform(running.client, recipe, platform)
    progress.step(f"{recipe.tag}: fetching packages")
    with tempfile.TemporaryFile() as context:
        arguments = {"BASE": base}
        try:
            with packages.fetched(recipe, wanted, running.check) as added:
                packages.write_context(recipe, added, context)
            network: str | None = "none"
            dockerfile = recipes.LAYERED if recipe.base is None else "Dockerfile"
        except packages.NoWheelError:
            progress.step(f"{recipe.tag}: not all packages have wheels, so pip fetches and builds")
            packages.write_context(recipe, {}, context)
            arguments |= indexes.for_pip()
            network, dockerfile = os.environ.get(buildlog.NETWORK) or None, "Dockerfile"
        except OSError as error:  # a disk that is full: nothing has been said to the engine yet
            raise packages.no_room(recipe, str(error)) from error
        chunks = running.client.api.build(
            fileobj=context,
            custom_context=True,
            dockerfile=dockerfile,
            tag=temporary,
            rm=True,
            forcerm=True,
            decode=True,
            buildargs=arguments,
            labels=labels,
            platform=platform,
            network_mode=network,
        )
        _stream(running, recipe, chunks, progress)


def _platform(client: Any, recipe: Recipe, platform: str | None) -> str:
    """The platform that packages are fetched for: the one by name, or the engine's own."""
    known = recipe.release.platforms
    found = platform or f"linux/{client.version()['Arch']}"
    return found if found in known else known[0]  # of which the Dockerfile says so


def _stream(running: _Running, recipe: Recipe, chunks: Any, progress: Progress) -> None:
    """Follow the log of a build to its end; raises BuildFailedError."""
    log: list[str] = []
    failed = False
    try:
        # Read to the end whatever happens: a stream that is left keeps its connection, and the
        # engine cleans up as it goes.
        for chunk in chunks:
            failed = failed or "error" in chunk
            for line in buildlog.lines(chunk.get("stream") or chunk.get("error") or ""):
                log.append(line)
                progress.step(f"{recipe.tag}: {line}")
                running.container = buildlog.container(line) or running.container
                running.image = buildlog.image(line) or running.image
            if running.aborted:
                running.kill()
    except docker.errors.APIError as error:
        raise BuildFailedError([*log, *buildlog.lines(str(error.explanation))]) from error
    if failed:
        raise BuildFailedError(log)
    running.container = None
    if not any(line.startswith("Successfully built") for line in log):
        # An engine that is stopped ends the stream as if all were well.
        running.check()
        broken = ConnectionError("the engine ended the build without a result")
        raise engine.failed(broken, f"building the image of {recipe.tag}")


def _source_labels() -> dict[str, str]:
    """Where the image comes from, when GitHub builds it."""
    server, name = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    if not (server and name):
        return {}
    return {
        "org.opencontainers.image.source": f"{server}/{name}",
        "org.opencontainers.image.revision": os.environ.get("GITHUB_SHA", ""),
    }


def check(client: Any, image: str, recipe: Recipe, running: _Running | None = None) -> None:
    """Compare the `pip freeze` of an image with its lock; raises EnvironmentFailedError."""
    freeze = ["python", "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "freeze"]
    status, said, noise = run_once(client, image, freeze, running)
    found = recipes.differences(recipe, said) if status == 0 else noise.splitlines()[-4:]
    if found:
        raise EnvironmentFailedError(
            f"the image of {recipe.tag} is not what its lock says",
            causes=tuple(found),
            hint="report it: a lock that installs something else is a defect of its row in"
            " images/versions.toml"
            if not recipe.requirements
            else "pin the requirement to a version that agrees with the lock",
        )


def run_once(
    client: Any, image: str, command: list[str], running: _Running | None = None
) -> tuple[int, str, str]:
    """Run a command in an image, with no rights and no network: exit code, stdout, stderr.

    Raises what the SDK raises.
    """
    container = client.containers.create(
        image,
        command,
        labels=leftovers.labels("build"),
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
    )
    try:
        if running is not None:
            running.container = container.id
        container.start()
        status = container.wait(timeout=engine.CALL_TIMEOUT)["StatusCode"]
        said = container.logs(stdout=True, stderr=False).decode("utf-8", "replace")
        noise = container.logs(stdout=False, stderr=True).decode("utf-8", "replace")
    except docker.errors.APIError:
        if running is not None:
            running.check()
        raise
    finally:
        remove_container(client, container.id)
    if running is not None:
        running.check()
    return int(status), said, noise


def require_platform(recipe: Recipe, platform: str | None) -> None:
    """Raise UnsupportedError where the packages of a release have no wheels for `platform`."""
    if platform is not None and platform not in recipe.release.platforms:
        raise UnsupportedError(
            f"scikit-learn {recipe.release.version} has no wheels for `{platform}`,"
            f" only for {', '.join(recipe.release.platforms)}",
            hint=f"give `--platform {recipe.release.platforms[0]}`, or none",
        )


def remove_container(client: Any, container: str) -> None:
    """Remove a container, whatever it does; never raises for one that is gone."""
    try:
        client.api.remove_container(container, force=True, v=True)
    except engine.ENGINE_EXCEPTIONS:
        pass


def _remove_unfinished(client: Any, reference: str, tag: str) -> None:
    """Remove what a build of `reference` left that was killed: we are its only one now."""
    for label in (recipes.STAGE_LABEL, recipes.TAG_LABEL):
        _remove_steps(client, f"{label}={tag}")
    with contextlib.suppress(*engine.ENGINE_EXCEPTIONS):
        for image in client.images.list(name=reference.rpartition(":")[0]):
            for name in image.tags:
                if name.startswith(f"{reference}-building-"):
                    _remove_image(client, name)


def _remove_steps(client: Any, label: str) -> None:
    """Remove the containers of steps at which an engine was that was killed."""
    with contextlib.suppress(*engine.ENGINE_EXCEPTIONS):
        filters = {"status": ["created", "exited", "dead"], "label": label}
        for container in client.api.containers(all=True, filters=filters):
            if leftovers.RUN not in container["Labels"]:
                remove_container(client, container["Id"])


def _remove_image(client: Any, name: str) -> None:
    try:
        client.images.remove(name)
    except engine.ENGINE_EXCEPTIONS:
        pass


def _remove_unnamed(client: Any, image: str) -> None:
    """Remove what a build got to before it failed; not what has a name or is part of another."""
    try:
        if not client.images.get(image).tags:
            client.images.remove(image)
    except engine.ENGINE_EXCEPTIONS:
        pass


def sweep(client: Any, tag: str) -> None:
    """Remove what builds of `tag` left untagged: stages, and the image that was replaced.

    A replaced image that a container still uses stays.
    """
    for _ in range(SWEEPS):
        left = [
            image
            for label in (recipes.STAGE_LABEL, recipes.TAG_LABEL)
            for image in _dangling(client, f"{label}={tag}")
        ]
        for image in left:
            _remove_image(client, image.id)
        if not left:
            return
        # The engine removes the container of a failed step a moment after it ended the build.
        time.sleep(0.3)


def _dangling(client: Any, label: str) -> list[Any]:
    try:
        return list(client.images.list(filters={"dangling": True, "label": label}))
    except engine.ENGINE_EXCEPTIONS:
        return []
