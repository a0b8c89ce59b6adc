"""Reads the one table of releases, `images/versions.toml`."""

from __future__ import annotations

import datetime
import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from skmig.errors import UnsupportedError


@dataclass(frozen=True, kw_only=True)
class Release:
    """One row of the table.  `joblib` and `threadpoolctl` are None where scikit-learn had none.

    `as_of` is the day whose packages the lock is resolved from, where 30 days after the release
    are too early (wheels for this Python came later).
    """

    version: str
    released: datetime.date
    python: str
    numpy: str
    scipy: str
    pandas: str
    platforms: tuple[str, ...]
    joblib: str | None = None
    threadpoolctl: str | None = None
    as_of: datetime.date | None = None

    @property
    def folder(self) -> Path:
        """Where the Dockerfile, the lock and the census of this release are."""
        return images_folder() / self.version


def images_folder() -> Path:
    """The `images` folder: inside an installed package, or at the top of a checkout."""
    here = Path(__file__).resolve().parent
    for candidate in (here / "images", here.parent.parent / "images"):
        if (candidate / "versions.toml").is_file():
            return candidate
    raise RuntimeError("the table of releases (images/versions.toml) is missing")


@functools.cache
def releases() -> tuple[Release, ...]:
    """All releases, oldest first."""
    with (images_folder() / "versions.toml").open("rb") as handle:
        rows = tomllib.load(handle)["release"]
    return tuple(Release(**{**row, "platforms": tuple(row["platforms"])}) for row in rows)


@functools.cache
def line() -> tuple[str, ...]:
    """The versions of all releases, oldest first."""
    return tuple(release.version for release in releases())


def release(version: str) -> Release:
    """The row of `version`; `1.0.0` finds `1.0` and `0.22.2` finds `0.22.2.post1`.

    Raises UnsupportedError, whose hint names the nearest releases.
    """
    for row in releases():
        if row.version == version:  # where a model is served, there may be no packaging
            return row
    wanted = _plain(version)
    for row in releases():
        if wanted is not None and _plain(row.version) == wanted:
            return row
    raise UnsupportedError(
        f"scikit-learn `{version}` is not in the table of releases",
        hint=f"choose one of: {', '.join(_nearest(wanted))}",
    )


def position(version: str) -> int:
    """The place of a release on the line, 0 for the oldest."""
    return line().index(release(version).version)


def _plain(version: str) -> tuple[int, ...] | None:
    from packaging.version import InvalidVersion, Version

    try:
        return (*Version(version).release, 0, 0)[:3]
    except InvalidVersion:
        return None


def _nearest(wanted: tuple[int, ...] | None) -> list[str]:
    if wanted is None:
        return list(line())
    near = sorted(line(), key=lambda text: _distance(_plain(text) or (0, 0, 0), wanted))[:4]
    return [text for text in line() if text in near]


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(abs(a - b) for a, b in zip(one, other, strict=True))
