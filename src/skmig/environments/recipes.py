"""What an image is made from: its build context, its tag, and what must be in it afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from skmig.environments import indexes, locks
from skmig.environments.base import EnvironmentSpec
from skmig.errors import EnvironmentFailedError, UnreadableError, UsageError
from skmig.versions import Release, images_folder, release

if TYPE_CHECKING:
    from packaging.requirements import Requirement

# Labels of an image.  `recipe` decides whether an image that is there is the one that is wanted.
RELEASE_LABEL = "skmig.release"
LOCK_LABEL = "skmig.lock"
TAG_LABEL = "skmig.tag"
# The Dockerfile for packages that were fetched before; `Dockerfile` lets pip fetch them.
LAYERED = "Dockerfile.layers"

STAGE_LABEL = "skmig.stage"
# Of no build in particular, since releases share the layers below their own packages.
STEP_LABEL = "skmig.step"
RECIPE_LABEL = "skmig.recipe"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to make one image.

    `tag` has no repository; `files` are the build context; `pins` is what `pip freeze` must say:
    all of it, or, with `requirements` on top of `base`, at least that.
    """

    release: Release
    tag: str
    files: Mapping[str, bytes]
    pins: Mapping[str, str]
    lock: bytes
    requirements: tuple[Requirement, ...] = ()
    base: Recipe | None = None

    @property
    def digest(self) -> str:
        """Changes when anything that the image is made from changes."""
        found = hashlib.sha256(self.base.digest.encode() if self.base else b"")
        for name, content in sorted(self.files.items()):
            found.update(f"{name} {len(content)}\n".encode() + content)
        return "sha256:" + found.hexdigest()

    @property
    def is_own(self) -> bool:
        """Is it a lock of the user's own?"""
        return self.base is None and self.tag != self.release.version


def recipe(spec: EnvironmentSpec) -> Recipe:
    """The recipe of an environment.

    Raises UnsupportedError (no such release), UsageError (a requirement or a line of the user's
    lock that cannot be installed from an index), UnreadableError (the lock cannot be read).
    """
    row = release(spec.release)
    made = _own(row, spec.lock) if spec.lock is not None else _released(row)
    return _extended(made, spec.requirements) if spec.requirements else made


def _released(row: Release) -> Recipe:
    path, dockerfile = locks.lock_path(row), locks.dockerfile_path(row)
    if not (path.is_file() and dockerfile.is_file()):
        raise EnvironmentFailedError(
            f"scikit-learn {row.version} has a row in images/versions.toml, but no lock",
            hint=f"`{locks.COMMAND} {row.version}` writes images/{row.version}",
        )
    lock = path.read_bytes()
    return Recipe(
        release=row,
        tag=row.version,
        files={
            "Dockerfile": dockerfile.read_bytes(),
            LAYERED: locks.render_layers(row, lock).encode(),
            locks.LOCK: lock,
        },
        pins=locks.read_pins(lock.decode("utf-8"), path.name),
        lock=lock,
    )


def _own(row: Release, path: Path) -> Recipe:
    try:
        pins = locks.read_pins(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(
            f"the lock `{path}` cannot be read",
            causes=(str(error),),
            hint="give a text file made by `pip freeze`",
        ) from error
    pins = {name: version for name, version in pins.items() if name not in locks.TOOLS}
    pinned = pins.get("scikit-learn")
    if pinned is None or release(pinned).version != row.version:
        raise UsageError(
            f"the lock `{path}` pins scikit-learn {pinned or 'nowhere'},"
            f" but the environment is to be that of {row.version}",
            hint="give the `pip freeze` of the place where the model was saved,"
            f" and the release that stands in it{f' ({pinned})' if pinned else ''}",
        )
    # Hashes of the user's lock are not kept: they are of that machine's platform.
    lock = "".join(f"{name}=={version}\n" for name, version in sorted(pins.items())).encode()
    tag = f"{row.version}-lock-{_short(lock)}"
    return of_lock(row, lock, tag, pins)


def of_lock(row: Release, lock: bytes, tag: str, pins: Mapping[str, str]) -> Recipe:
    """The recipe of any lock in the place of a release's own."""
    files = {
        "Dockerfile": locks.render_dockerfile(row, lock, tag=tag).encode(),
        LAYERED: locks.render_layers(row, lock, tag=tag).encode(),
        locks.LOCK: lock,
    }
    return Recipe(release=row, tag=tag, files=files, pins=pins, lock=lock)


def _extended(base: Recipe, texts: tuple[str, ...]) -> Recipe:
    requirements = tuple(sorted({_requirement(text) for text in texts}, key=str))
    wanted = "".join(f"{one}\n" for one in requirements).encode()
    constraints = "".join(f"{name}=={version}\n" for name, version in sorted(base.pins.items()))
    for one in requirements:
        pinned = base.pins.get(locks.canonical(one.name))
        if pinned is not None and not one.specifier.contains(pinned, prereleases=True):
            raise UsageError(
                f"`{one}` contradicts the lock of scikit-learn {base.release.version}, which has"
                f" {one.name} {pinned}",
                hint="give a whole `pip freeze` with `--source-lock` or `--target-lock` instead",
            )
    tag = f"{base.tag}-with-{_short(wanted)}"
    template = (images_folder() / "Dockerfile.with.template").read_text(encoding="utf-8")
    dockerfile = template.format(
        tag=tag,
        python=base.release.python,
        pip_options=locks.OWN_OPTIONS,
        layers=" ".join(locks.LAYERS),
    )
    files = {
        "Dockerfile": dockerfile.encode(),
        "constraints.txt": constraints.encode(),
        "requirements.txt": wanted,
    }
    return Recipe(
        release=base.release,
        tag=tag,
        files=files,
        pins=base.pins,
        lock=base.lock,
        requirements=requirements,
        base=base,
    )


def _requirement(text: str) -> Requirement:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        found = Requirement(text)
    except InvalidRequirement as error:
        raise UsageError(
            f"`{indexes.redact(text)}` is no requirement",
            causes=(indexes.redact(str(error)).splitlines()[0],),
            hint="write it as `xgboost==1.5.0`; give files and folders with `--code`",
        ) from error
    if found.url is not None:
        raise UsageError(
            f"`{indexes.redact(text)}` is an address; a requirement comes from the package index",
            hint="write it as `xgboost==1.5.0`; give files and folders with `--code`",
        )
    return found


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def differences(wanted: Recipe, frozen: str) -> list[str]:
    """Where what `pip freeze` said in an image is not what the recipe pins."""
    found: dict[str, str] = {}
    odd = []
    for line in frozen.splitlines():
        name, separator, version = line.strip().partition("==")
        if separator and locks.canonical(name) not in locks.TOOLS:
            found[locks.canonical(name)] = version
        elif not separator and line.strip() and not line.startswith("#"):
            odd.append(f"`{line.strip()}` is not from an index")
    return [
        *odd,
        *(
            f"`{name}` is {found.get(name, 'missing')}, the lock says {version}"
            for name, version in sorted(wanted.pins.items())
            if found.get(name) != version
        ),
        *(
            f"`{name}` {found[name]} is not in the lock"
            for name in sorted(found.keys() - wanted.pins.keys())
            if not wanted.requirements
        ),
        *(
            f"`{one}` is {found.get(locks.canonical(one.name), 'missing')}"
            for one in wanted.requirements
            if not one.specifier.contains(
                found.get(locks.canonical(one.name), "0"), prereleases=True
            )
        ),
    ]
