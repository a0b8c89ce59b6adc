"""The environment that a record was made with, made again from what the record says of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from skmig.environments import locks
from skmig.environments.base import EnvironmentSpec
from skmig.environments.recipes import differences, recipe
from skmig.errors import SkmigError


def find(
    spec: EnvironmentSpec, lock: str, packages: Mapping[str, str], folder: Path
) -> tuple[EnvironmentSpec, tuple[str, ...]]:
    """The environment whose lock has the digest `lock`, and what is not as it was.

    `spec` is that of the release as it is today, `packages` the freeze of the record.  A lock that
    was the user's own is written again, into `folder`, from that freeze.
    """
    made = recipe(spec)
    if locks.digest(made.lock) == lock:
        odd = [f"by its lock, {text}" for text in differences(made, frozen(packages))]
        odd += [
            f"`{one}` was asked for, and is not among its packages"
            for one in made.requirements
            if locks.canonical(one.name) not in {*packages, *locks.TOOLS}
        ]
        return spec, tuple(odd)
    if not spec.requirements:
        try:
            own = whole(spec, packages, folder)
            if locks.digest(recipe(own).lock) == lock:
                return own, ()
        except SkmigError:
            pass  # the freeze is none of this release
    return spec, (
        f"the lock of scikit-learn {spec.release} is not the one that the record was made with",
    )


def whole(spec: EnvironmentSpec, packages: Mapping[str, str], folder: Path) -> EnvironmentSpec:
    """The environment that has the packages of a freeze, and nothing else."""
    text = frozen(packages)
    path = folder / f"freeze-{locks.digest(text.encode())[-12:]}.txt"
    path.write_text(text, encoding="utf-8")
    return EnvironmentSpec(release=spec.release, lock=path, code=spec.code)


def frozen(packages: Mapping[str, str]) -> str:
    """Packages as `pip freeze` says them, without the tools that only some environments have."""
    rows = (item for item in sorted(packages.items()) if item[0] not in locks.TOOLS)
    return "".join(f"{name}=={version}\n" for name, version in rows)


def changes(recorded: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """How the packages of an environment differ from those of a record."""
    return [
        f"{name} is {found.get(name, 'not there')}, the record has {recorded.get(name, 'none')}"
        for name in sorted((recorded.keys() | found.keys()) - locks.TOOLS)
        if recorded.get(name) != found.get(name)
    ]
