"""Places as text: paths of this machine, and URIs."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # two letters at least: `C:` is a drive
_FILE = "file://"


def is_uri(place: str) -> bool:
    """Does it lie in an object store?  (`file://` does not.)"""
    return _URI.match(place) is not None and not place.startswith(_FILE)


def local(place: str, folder: Path = Path()) -> str:
    """The place in full: a URI as it is, a path (or `file://` URI) from `folder` on."""
    if is_uri(place):
        return place
    if place.startswith(_FILE):
        return unquote(urlsplit(place).path)
    return os.path.abspath(folder / Path(place).expanduser())  # noqa: PTH100 - without `..`


def join(place: str, *parts: str) -> str:
    """A place below another one."""
    wanted = [part for part in parts if part not in ("", ".")]
    if is_uri(place):
        return posixpath.join(place, *wanted)
    return str(Path(place, *wanted))


def parent(place: str) -> str:
    return posixpath.dirname(place) if is_uri(place) else str(Path(place).parent)


def name(place: str) -> str:
    return posixpath.basename(place) if is_uri(place) else Path(place).name


def suffix(place: str) -> str:
    return Path(name(place)).suffix


def below(place: str, folder: str) -> str:
    """The folders between a folder and a place in it, with `/`; empty where there are none."""
    if is_uri(place):
        found = posixpath.relpath(parent(place), folder.rstrip("/"))
    else:
        found = Path(place).parent.relative_to(folder).as_posix()
    return "" if found == "." else found
