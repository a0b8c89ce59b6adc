"""Begins what a migration will certainly want while the rest of skmig is still being imported.

An environment takes longer to import scikit-learn than all that is done with it, and skmig half as
long to import its rules.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from skmig import inspection, versions
from skmig.environments.base import EnvironmentSpec, Progress
from skmig.errors import SkmigError
from skmig.settings import Settings
from skmig.workshop import Workshop, workshop

_PATIENCE = 0.3  # seconds: a local worker is on its way after 30 ms, a container after 150


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """What was begun for an artifact: a workshop whose workers start, and what was read of it."""

    shop: Workshop
    facts: inspection.Facts


@contextlib.contextmanager
def begun(artifact: Path, settings: Settings, progress: Progress) -> Iterator[Ahead | None]:
    """The beginning of one migration; None where it is not certain what it will want.

    Nothing is built, and nothing is said of what is wrong: who plans looks at all of it again, and
    has the words for it.
    """
    with contextlib.ExitStack() as stack:
        found = None
        with contextlib.suppress(SkmigError):
            found = _begin(stack, artifact, settings, progress)
        yield found


def _begin(
    stack: contextlib.ExitStack, artifact: Path, settings: Settings, progress: Progress
) -> Ahead | None:
    added = settings.requirements + settings.source_requirements + settings.target_requirements
    if added or settings.format == "skops" or not artifact.is_file():
        return None
    facts = inspection.inspect(artifact)
    source = settings.source or facts.release
    if source is None or facts.findings or facts.container.startswith("skops/"):
        return None
    releases = (
        (versions.release(settings.target).version, settings.target_lock, "target"),
        (versions.release(source).version, settings.source_lock, "source"),
    )
    shop = stack.enter_context(workshop(settings, progress, one=True))
    for release, lock, role in releases:
        # as the plan says it, or else it is started in vain
        spec = EnvironmentSpec(
            release=release, lock=lock, code=settings.code, preload=_packages(facts)
        )
        if shop.backend.has(spec):
            shop.start(spec, role)
    shop.wait_under_way(_PATIENCE)
    return Ahead(shop=shop, facts=facts)


def _packages(facts: inspection.Facts) -> tuple[str, ...]:
    """The packages of scikit-learn that an artifact names: `sklearn.linear_model`."""
    names = (item.name.split(".") for item in facts.globals if item.name.startswith("sklearn."))
    return tuple(sorted({".".join(parts[:2]) for parts in names if len(parts) > 2}))
