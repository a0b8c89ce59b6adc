"""Plan: which environments, which rules and which refusals, before anything is started."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from skmig import versions
from skmig.adapters import chain
from skmig.environments.base import EnvironmentSpec
from skmig.errors import UnreadableError, UnsupportedError, UsageError
from skmig.inspection import Facts
from skmig.settings import Settings

__all__ = [
    "Plan",
    "Settings",
    "make",
    "retarget",
    "source_release",
    "source_requirements",
    "target_requirements",
]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The way of one artifact from its release to the target's."""

    source: EnvironmentSpec
    target: EnvironmentSpec
    format: str
    compress: tuple[str, int] | None
    encoding: str | None
    reader: str
    boundaries: tuple[str, ...]
    rules: tuple[str, ...]
    refusals: tuple[chain.Statement, ...]
    reason: str
    notes: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        return {
            "source": self.source.release,
            "target": self.target.release,
            "reason": self.reason,
            "format": self.format,
            "boundaries": list(self.boundaries),
            "rules": list(self.rules),
            "refusals": [f"{item.path}: {item.text}" for item in self.refusals],
            "notes": list(self.notes),
        }


def make(facts: Facts, settings: Settings) -> Plan:
    """The plan for one inspected artifact.

    Raises UnreadableError (nothing in it is a model), UnsupportedError (a release that is not in
    the table, or none that can be told), and UsageError (a format that does not exist).
    """
    source, reason, notes = _find_source(facts, settings)
    target = versions.release(settings.target).version
    way = chain.boundaries(source, target)
    tags = {node.path: node.tag for node in facts.estimators}
    file_format = settings.format or _format(facts)
    if file_format not in ("pickle", "joblib", "skops"):
        raise UsageError(
            f"there is no format `{file_format}`", hint="choose pickle, joblib or skops"
        )
    return Plan(
        source=EnvironmentSpec(
            release=source,
            lock=settings.source_lock,
            requirements=source_requirements(settings, facts, source),
            code=settings.code,
        ),
        target=EnvironmentSpec(
            release=target,
            lock=settings.target_lock,
            requirements=target_requirements(settings, file_format, target),
            code=settings.code,
        ),
        format=file_format,
        compress=_compress(facts) if file_format == "joblib" else None,
        encoding="latin1" if facts.python == 2 else None,
        reader=facts.container.partition("/")[0],
        boundaries=tuple(boundary.name for boundary in way),
        rules=chain.foreseen_rules(way, set(tags.values())),
        refusals=chain.foreseen_refusals(way, tags),
        reason=reason,
        notes=tuple(notes),
    )


def source_requirements(settings: Settings, facts: Facts, source: str) -> tuple[str, ...]:
    """What is added to the source's environment; skops, which reads its files, is in no lock."""
    wanted = settings.requirements + settings.source_requirements
    skops = ("skops",) if facts.container.startswith("skops/") else ()
    return _complete(wanted, source) + skops


def target_requirements(settings: Settings, file_format: str, target: str) -> tuple[str, ...]:
    """What is added to the target's environment; skops, which writes its files, is in no lock."""
    wanted = settings.requirements + settings.target_requirements
    return _complete(wanted, target) + (("skops",) if file_format == "skops" else ())


def _complete(requirements: tuple[str, ...], release: str) -> tuple[str, ...]:
    """Libraries of the time when every environment had setuptools import it and do not say so.

    (Python 3.12 was the first whose environments begin without it; `pkg_resources` left it in 81.)
    """
    python = tuple(int(part) for part in versions.release(release).python.split("."))
    if not requirements or python >= (3, 12):
        return requirements
    if any(re.match(r"setuptools\b", text, re.IGNORECASE) for text in requirements):
        return requirements
    return (*requirements, "setuptools<81")


def source_release(facts: Facts, settings: Settings) -> str:
    """The release whose environment loads the artifact.

    Raises UnreadableError (nothing in it is a model) and UnsupportedError.
    """
    return _find_source(facts, settings)[0]


def retarget(settings: Settings, release: str) -> Settings:
    """The same settings for another target."""
    return replace(settings, target=release)


def _check_content(facts: Facts) -> None:
    if not (facts.estimators or facts.third_party or facts.main_names):
        raise UnreadableError(
            f"`{facts.path.name}` holds no model, but: {facts.summary}",
            causes=tuple(item.text for item in facts.findings),
            hint="give the file that holds the fitted model",
        )


def _find_source(facts: Facts, settings: Settings) -> tuple[str, str, list[str]]:
    """The release whose environment loads the artifact, and how it was found."""
    _check_content(facts)
    recorded = sorted(facts.sklearn_versions)
    if settings.source is not None:
        release = versions.release(settings.source).version
        notes = []
        if recorded and facts.release != settings.source and settings.source not in recorded:
            notes.append(
                f"`{facts.path.name}` says it was written by scikit-learn {', '.join(recorded)}, "
                f"and is read with {release} as you asked"
            )
        return release, "given with --from", notes
    if facts.release is not None:
        return versions.release(facts.release).version, facts.release_reason, []
    if recorded:
        raise UnsupportedError(
            f"`{facts.path.name}` holds parts of several releases: {', '.join(recorded)}",
            hint=f"say which one wrote the file, such as --from {recorded[-1]}",
        )
    if facts.possible_releases:
        # no release is recorded before 0.18 and in wrappers: the oldest that can load it is closest
        oldest = facts.possible_releases[0]
        note = (
            f"`{facts.path.name}` records no release; {oldest} is the oldest that fits what is in "
            "it. If you know better, say --from"
        )
        return oldest, facts.release_reason, [note]
    raise UnsupportedError(
        f"which scikit-learn wrote `{facts.path.name}` is not recorded and cannot be told",
        hint="say it with --from, such as --from 1.1.0",
    )


def _format(facts: Facts) -> str:
    return facts.container.split("/")[0]


def _compress(facts: Facts) -> tuple[str, int] | None:
    name = facts.container.partition("/")[2]
    # the old ZF container was zlib inside
    known = {"zf": "zlib", "zlib": "zlib", "gzip": "gzip", "bz2": "bz2", "xz": "xz", "lzma": "lzma"}
    known["lz4"] = "lz4"
    return (known[name], 3) if name in known else None
