"""What a source of models is, and what it gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from skmig.fleet.config import Group
from skmig.plan import Settings
from skmig.registry import Wanted


@dataclass(frozen=True, kw_only=True)
class Found:
    """A model: its place, and the folders between it and what was named (with `/`).

    `stamp` changes when its content does; empty where only reading it tells.  `content` and
    `release` are known where something else tells them.
    """

    place: str
    folder: str = ""
    stamp: str = ""
    content: str = ""
    release: str = ""


@dataclass(frozen=True, kw_only=True)
class Brought:
    """A model's file on this machine, and the settings with what its source knows of it."""

    file: Path
    settings: Settings
    notes: tuple[str, ...] = ()


class Source(Protocol):
    """A kind of place that models come from."""

    def takes(self, named: str) -> bool:
        """Is `named`, as it stands in a fleet, or the place of a model, of this kind?"""

    def models(self, named: str, group: Group) -> Iterator[Found]:
        """The models of it; none where there are none."""

    def fetch(self, place: str, room: Path, settings: Settings, wanted: Wanted) -> Brought:
        """The model's file: its own, or a copy in the empty folder `room`."""
