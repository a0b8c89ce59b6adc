"""Many images at once: what `skmig build-images` does."""

from __future__ import annotations

import functools
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig.environments import bases, builder, engine, recipes
from skmig.environments import sbom as bills
from skmig.environments.base import EnvironmentSpec, Progress
from skmig.environments.images import find, image_name, in_threads, make, prefix_in_use
from skmig.environments.recipes import Recipe, recipe
from skmig.errors import EnvironmentFailedError, SkmigError, UsageError
from skmig.versions import release, releases


@dataclass(frozen=True, kw_only=True)
class ImageResult:
    """What became of one image.

    `state` is `built`, `present` (from the same recipe), `pulled` or `failed`; `digest` is the
    registry's after a push or a pull, else the image's id; `base` is the base image, by digest
    where one is known; `sbom` is the path of the bill of materials; `size` is in bytes, with the
    base image.
    """

    release: str
    python: str
    reference: str
    state: str
    seconds: float
    id: str = ""
    digest: str = ""
    lock: str = ""
    base: str = ""
    sbom: str = ""
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
            "base": self.base,
            "sbom": self.sbom or None,
            "size": self.size,
            "error": self.error.as_json() if self.error else None,
        }

    def row(self) -> tuple[str, ...]:
        """For the table: release, Python, size, seconds, digest, state."""
        size = f"{self.size / 1e6:.0f} MB" if self.size else ""
        digest = self.digest.removeprefix("sha256:")[:12]
        return (self.release, self.python, size, f"{self.seconds:.1f}", digest, self.state)


def run(
    named: Sequence[str],
    progress: Progress,
    *,
    everything: bool = False,
    missing: bool = False,
    jobs: int = 1,
    push: bool = False,
    prefix: str | None = None,
    platform: str | None = None,
    requirements: Sequence[str] = (),
    sbom: Path | None = None,
) -> list[ImageResult]:
    """All of `skmig build-images`: connect, choose, build.  Raises UsageError and EngineError."""
    if push and "/" not in (prefix or prefix_in_use()):
        raise UsageError(
            f"`--push`, but `{prefix or prefix_in_use()}` names no registry",
            hint="give `--prefix`, such as `--prefix ghcr.io/org/skmig`",
        )
    if sbom is not None:
        bills.require()
    client = engine.connect()
    try:
        chosen = choose(
            client,
            named,
            everything=everything,
            missing=missing,
            prefix=prefix,
            platform=platform,
            requirements=requirements,
        )
        return build(
            client,
            chosen,
            progress,
            jobs=jobs,
            push=push,
            prefix=prefix,
            platform=platform,
            requirements=requirements,
            sbom=sbom,
        )
    finally:
        client.close()


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
    sbom: Path | None = None,
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
        result = _result(
            client, one, progress, push=push, prefix=prefix, platform=platform, sbom=sbom
        )
        if finished is not None:
            finished(result)
        return result

    order = in_order(wanted)
    made = in_threads([functools.partial(task, wanted[number]) for number in order], jobs=jobs)
    return [result for _, result in sorted(zip(order, made, strict=True), key=lambda pair: pair[0])]


def in_order(wanted: Sequence[Recipe]) -> list[int]:
    """The numbers of `wanted` in an order in which those of one Python are far from each other.

    They share layers, which are built once where one build comes after the other, and twice where
    two of them run at the same time.
    """
    before = Counter[str]()
    ranks = []
    for one in wanted:
        ranks.append(before[one.release.python])
        before[one.release.python] += 1
    return sorted(range(len(wanted)), key=ranks.__getitem__)


def _result(
    client: Any,
    one: Recipe,
    progress: Progress,
    *,
    push: bool,
    prefix: str | None,
    platform: str | None,
    sbom: Path | None,
) -> ImageResult:
    started = time.monotonic()
    reference = image_name(one.tag, prefix, platform)
    state, error, image, digest, bill = "failed", None, None, "", ""
    try:
        made = make(client, one, progress, prefix=prefix, platform=platform)
        image, state, digest = made.image, made.state, _digest(made.image, reference)
        if push:
            digest = push_image(client, reference, progress)
        if sbom is not None:
            progress.step(f"{one.tag}: writing the bill of materials")
            bill = str(bills.write(client, image, reference, digest, sbom))
    except SkmigError as caught:
        state, error = "failed", caught
    return ImageResult(
        release=one.release.version,
        python=one.release.python,
        reference=reference,
        state=state,
        seconds=time.monotonic() - started,
        id=image.id if image is not None else "",
        digest=digest,
        lock=image.labels.get(recipes.LOCK_LABEL, "") if image is not None else "",
        base=bases.said_by(image.labels) if image is not None else "",
        sbom=bill,
        size=int(image.attrs["Size"]) if image is not None else 0,
        error=error,
    )


def _digest(image: Any, reference: str) -> str:
    """The digest that a registry gave an image, else its id."""
    repository = reference.rpartition(":")[0]
    known = (str(one).rpartition("@") for one in image.attrs.get("RepoDigests") or ())
    return next((digest for name, _, digest in known if name == repository), str(image.id))


def push_image(client: Any, reference: str, progress: Progress) -> str:
    """Push an image; returns the registry's digest."""
    repository, _, tag = reference.rpartition(":")
    progress.step(f"pushing image `{reference}`")
    digest, said = "", ""
    try:
        for chunk in client.api.push(repository, tag=tag, stream=True, decode=True):
            said = str(chunk.get("error", said))
            digest = str(chunk.get("aux", {}).get("Digest", digest))
    except engine.ENGINE_EXCEPTIONS as error:
        raise engine.failed(error, f"pushing image `{reference}`") from error
    if said:
        raise EnvironmentFailedError(
            f"image `{reference}` could not be pushed",
            causes=(said[:300],),
            hint=f"`docker login {repository.partition('/')[0]}`, and check `--prefix`",
        )
    return digest
