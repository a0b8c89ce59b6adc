"""Images: which are there, and pulling or building the one that is wanted.

One recipe is never built twice at a time on a machine.  Whoever calls `ensure` in a thread calls
`builder.abort` on Ctrl-C, which reaches only the main thread.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

import docker.errors

from skmig.environments import builder, engine, recipes
from skmig.environments.base import EnvironmentSpec, Progress
from skmig.environments.recipes import Recipe, recipe
from skmig.errors import UsageError

PREFIX = "skmig"
# Where images are pulled from before they are built: `ghcr.io/org/skmig`.
PREFIX_VARIABLE = "SKMIG_IMAGE_PREFIX"

_REPOSITORY = re.compile(r"([a-z0-9.-]+(:\d+)?/)?[a-z0-9]+(([._-]|__|-+|/)[a-z0-9]+)*")

_T = TypeVar("_T")


def prefix_in_use() -> str:
    """The repository of images: `SKMIG_IMAGE_PREFIX`, or a local name."""
    return os.environ.get(PREFIX_VARIABLE) or PREFIX


def image_name(tag: str, prefix: str | None = None, platform: str | None = None) -> str:
    """The full name of an image; images made for a `platform` by name carry its architecture.

    Raises UsageError for a prefix that can be no repository's name.
    """
    repository = prefix or prefix_in_use()
    if _REPOSITORY.fullmatch(repository) is None:
        raise UsageError(
            f"`{repository}` can be no image's name: lower case, without a tag",
            hint="give a prefix such as `ghcr.io/org/skmig`",
        )
    suffix = f"-{platform.rpartition('/')[2]}" if platform else ""
    return f"{repository}:{tag}{suffix}"


def find(client: Any, wanted: Recipe, reference: str) -> Any | None:
    """The image `reference`, if it is there and was made from exactly this recipe."""
    try:
        image = client.images.get(reference)
    except docker.errors.ImageNotFound:
        return None
    except engine.ENGINE_EXCEPTIONS as error:
        raise engine.failed(error, f"looking for image `{reference}`") from error
    return image if image.labels.get(recipes.RECIPE_LABEL) == wanted.digest else None


def has(client: Any, spec: EnvironmentSpec) -> bool:
    """Is the image of an environment there, so that `ensure` need not make it?"""
    wanted = recipe(spec)
    return find(client, wanted, image_name(wanted.tag)) is not None


def ensure(client: Any, spec: EnvironmentSpec, progress: Progress) -> str:
    """The id of the image of an environment; pulled or built first where it is missing.

    Raises what `recipe` raises, EnvironmentFailedError and EngineError.
    """
    wanted = recipe(spec)
    # In a thread of its own: Ctrl-C then meets a wait that can be left, not a half-read stream.
    return in_threads([lambda: make(client, wanted, progress).id], jobs=1)[0]


def in_threads(tasks: Iterable[Callable[[], _T]], *, jobs: int) -> list[_T]:
    """Run tasks, in order of results; on Ctrl-C, end all builds and wait until they are clean."""
    with ThreadPoolExecutor(max_workers=max(1, jobs), thread_name_prefix="skmig-image") as pool:
        futures: list[Future[_T]] = [pool.submit(task) for task in tasks]
        try:
            pending = set(futures)
            while pending:
                done, pending = wait(pending, timeout=1.0, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
        except BaseException as error:
            for future in futures:
                future.cancel()
            if not isinstance(error, Exception):
                builder.abort()
            raise
    return [future.result() for future in futures]


@dataclass(frozen=True)
class Made:
    """An image, and how it came: `present`, `pulled` or `built`."""

    image: Any
    state: str

    @property
    def id(self) -> str:
        return str(self.image.id)


def make(
    client: Any,
    one: Recipe,
    progress: Progress,
    *,
    prefix: str | None = None,
    platform: str | None = None,
) -> Made:
    """The image of a recipe: the one that is there, the registry's, or one that is built."""
    reference = image_name(one.tag, prefix, platform)
    there = find(client, one, reference)
    if there is not None:
        return Made(there, "present")
    with builder.turn(client, reference, progress):
        there = find(client, one, reference)  # another process may have made it meanwhile
        if there is not None:
            return Made(there, "present")
        if "/" in reference:
            pulled = _pull(client, one, reference, progress)
            if pulled is not None:
                return Made(pulled, "pulled")
        base = None
        if one.base is not None:
            base = make(client, one.base, progress, prefix=prefix, platform=platform).id
        progress.step(f"{one.tag}: building image `{reference}`")
        image = builder.build(client, one, reference, progress, base=base, platform=platform)
        return Made(image, "built")


def _pull(client: Any, one: Recipe, reference: str, progress: Progress) -> Any | None:
    """The image of the registry, if there is one from this recipe that holds what its lock says."""
    progress.step(f"{one.tag}: pulling image `{reference}`")
    repository, _, tag = reference.rpartition(":")
    try:
        client.images.pull(repository, tag=tag)
    except engine.ENGINE_EXCEPTIONS as error:
        why = engine.failed(error, "pulling").causes[0]
        progress.step(f"{one.tag}: not pulled, so it is built: {why}")
        return None
    image = find(client, one, reference)
    if image is None:
        progress.step(f"{one.tag}: the registry's image is of another lock, so it is built")
        return None
    builder.check(client, image.id, one)
    return image
