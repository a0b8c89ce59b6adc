"""Images: which are there, and making, pulling and pushing those that are wanted.

`ensure` is for one environment of a migration, `build` for `skmig build-images`.  One recipe is
never built twice at a time in a process.  Whoever calls `ensure` in a thread of its own calls
`builder.abort` on Ctrl-C, which reaches only the main thread.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

import docker.errors

from skmig.environments import builder, engine, recipes
from skmig.environments.base import EnvironmentSpec, Progress
from skmig.environments.recipes import Recipe, recipe
from skmig.errors import EnvironmentFailedError, SkmigError, UsageError
from skmig.versions import release, releases

PREFIX = "skmig"
# Where images are pulled from before they are built: `ghcr.io/org/skmig`.
PREFIX_VARIABLE = "SKMIG_IMAGE_PREFIX"

_T = TypeVar("_T")
_locks: dict[str, threading.Lock] = {}
_locks_guard = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class ImageResult:
    """What became of one image.

    `state` is `built`, `present` (from the same recipe), `pulled` or `failed`; `digest` is the
    registry's after a push, else the image's id; `size` is in bytes, with its base image.
    """

    release: str
    python: str
    reference: str
    state: str
    seconds: float
    id: str = ""
    digest: str = ""
    lock: str = ""
    size: int = 0
    error: SkmigError | None = None

    def as_json(self) -> dict[str, object]:
        return {
            "release": self.release,
            "python": self.python,
            "image": self.reference,
            "state": self.state,
            "seconds": round(self.seconds, 1),
            "id": self.id,
            "digest": self.digest,
            "lock": self.lock,
            "size": self.size,
            "error": self.error.as_json() if self.error else None,
        }


def prefix_in_use() -> str:
    """The repository of images: `SKMIG_IMAGE_PREFIX`, or a local name."""
    return os.environ.get(PREFIX_VARIABLE) or PREFIX


def image_name(tag: str, prefix: str | None = None, platform: str | None = None) -> str:
    """The full name of an image; images made for a `platform` by name carry its architecture."""
    suffix = f"-{platform.rpartition('/')[2]}" if platform else ""
    return f"{prefix or prefix_in_use()}:{tag}{suffix}"


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
    return _in_threads([lambda: _make(client, wanted, progress).id], jobs=1)[0]


def build(
    client: Any,
    versions: Sequence[str],
    progress: Progress,
    *,
    jobs: int = 1,
    push: bool = False,
    prefix: str | None = None,
    platform: str | None = None,
    requirements: Sequence[str] = (),
    finished: Callable[[ImageResult], None] | None = None,
) -> list[ImageResult]:
    """Make the images of releases that are not there yet, `jobs` at a time.

    A failure does not stop the others: it is in the result.  `finished` is called for each image
    as it is done, in a thread of its own.
    """
    wanted = [
        recipe(EnvironmentSpec(release=version, requirements=tuple(requirements)))
        for version in versions
    ]
    for one in wanted:
        builder.require_platform(one, platform)

    def task(one: Recipe) -> ImageResult:
        result = _result(client, one, progress, push=push, prefix=prefix, platform=platform)
        if finished is not None:
            finished(result)
        return result

    return _in_threads([lambda one=one: task(one) for one in wanted], jobs=jobs)  # type: ignore[misc]


def choose(
    client: Any,
    named: Sequence[str],
    *,
    everything: bool = False,
    missing: bool = False,
    prefix: str | None = None,
    platform: str | None = None,
    requirements: Sequence[str] = (),
) -> list[str]:
    """The releases that `build-images` is about, oldest first; raises UsageError for none named.

    With `missing`, only those whose image is not there; of all where none is named.
    """
    if not (named or everything or missing):
        raise UsageError(
            "no release is named",
            hint="name some (`skmig build-images 1.1.0 1.6.1`), or give `--all` or `--missing`",
        )
    if everything and named:
        raise UsageError("releases are named, and `--all` is given", hint="leave one out")
    if named:
        rows = list(dict.fromkeys(release(version) for version in named))
    else:
        rows = [row for row in releases() if platform is None or platform in row.platforms]
    chosen = []
    for row in rows:
        one = recipe(EnvironmentSpec(release=row.version, requirements=tuple(requirements)))
        reference = image_name(one.tag, prefix, platform)
        if not missing or find(client, one, reference) is None:
            chosen.append(row.version)
    return chosen


def _in_threads(tasks: Iterable[Callable[[], _T]], *, jobs: int) -> list[_T]:
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


def _result(
    client: Any,
    one: Recipe,
    progress: Progress,
    *,
    push: bool,
    prefix: str | None,
    platform: str | None,
) -> ImageResult:
    started = time.monotonic()
    reference = image_name(one.tag, prefix, platform)
    state, error, image, digest = "failed", None, None, ""
    try:
        made = _make(client, one, progress, prefix=prefix, platform=platform)
        image, state, digest = made.image, made.state, made.id
        if push:
            digest = _push(client, reference, progress)
    except SkmigError as caught:
        state, error = "failed", caught
    return ImageResult(
        release=one.tag,
        python=one.release.python,
        reference=reference,
        state=state,
        seconds=time.monotonic() - started,
        id=image.id if image is not None else "",
        digest=digest,
        lock=image.labels.get(recipes.LOCK_LABEL, "") if image is not None else "",
        size=int(image.attrs["Size"]) if image is not None else 0,
        error=error,
    )


@dataclass(frozen=True)
class _Made:
    image: Any
    state: str

    @property
    def id(self) -> str:
        return str(self.image.id)


def _make(
    client: Any,
    one: Recipe,
    progress: Progress,
    *,
    prefix: str | None = None,
    platform: str | None = None,
) -> _Made:
    reference = image_name(one.tag, prefix, platform)
    with _locks_guard:
        lock = _locks.setdefault(reference, threading.Lock())
    with lock:
        there = find(client, one, reference)
        if there is not None:
            return _Made(there, "present")
        if "/" in reference:
            pulled = _pull(client, one, reference, progress)
            if pulled is not None:
                return _Made(pulled, "pulled")
        base = None
        if one.base is not None:
            base = _make(client, one.base, progress, prefix=prefix, platform=platform).id
        progress.step(f"{one.tag}: building image `{reference}`")
        image = builder.build(client, one, reference, progress, base=base, platform=platform)
        return _Made(image, "built")


def _pull(client: Any, one: Recipe, reference: str, progress: Progress) -> Any | None:
    """The image of the registry, if there is one from this recipe that holds what its lock says."""
    progress.step(f"{one.tag}: pulling image `{reference}`")
    repository, _, tag = reference.rpartition(":")
    try:
        client.images.pull(repository, tag=tag)
    except engine.ENGINE_EXCEPTIONS as error:
        progress.step(f"{one.tag}: not pulled, so it is built ({str(error)[:120]})")
        return None
    image = find(client, one, reference)
    if image is None:
        progress.step(f"{one.tag}: the registry's image is of another lock, so it is built")
        return None
    builder.check(client, image.id, one)
    return image


def _push(client: Any, reference: str, progress: Progress) -> str:
    """Push an image; returns the registry's digest."""
    repository, _, tag = reference.rpartition(":")
    progress.step(f"pushing image `{reference}`")
    digest = ""
    try:
        for chunk in client.api.push(repository, tag=tag, stream=True, decode=True):
            if "error" in chunk:
                raise EnvironmentFailedError(
                    f"image `{reference}` could not be pushed",
                    causes=(str(chunk["error"])[:300],),
                    hint=f"`docker login {repository.partition('/')[0]}`, and check `--prefix`",
                )
            digest = str(chunk.get("aux", {}).get("Digest", digest))
    except engine.ENGINE_EXCEPTIONS as error:
        raise engine.failed(error, f"pushing image `{reference}`") from error
    return digest
