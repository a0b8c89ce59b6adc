"""Fetching what goes into an image, on this machine: checked by hash, unpacked, never run.

The build then needs neither network nor credentials.  Wheels come through uv's cache, which local
environments use as well, so each is downloaded once.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from packaging.utils import canonicalize_name

from skmig.environments import engine, exchange, indexes, locks
from skmig.environments.buildlog import BuildFailedError
from skmig.environments.recipes import Recipe
from skmig.errors import EnvironmentFailedError

FOLDER = "packages"

_TESTS = frozenset({"test", "tests"})
_LATER = frozenset({"bin", "__pycache__", ".lock"})
# Files of one wheel are the same in every layer, and so is what is compiled from them.
_EPOCH = 315532800  # 1980-01-01: no zip file can hold an earlier time


class NoWheelError(Exception):
    """Something has no wheel: it would have to be built, which is not done on this machine."""


@contextmanager
def fetched(
    wanted: Recipe, platform: str, check: Callable[[], None]
) -> Iterator[dict[str, bytes | Path]]:
    """What to add to the build context of `wanted`: file name -> content, or folder -> its path.

    `check` is called while a download runs, and may raise.  Raises NoWheelError, and
    BuildFailedError with what uv said.
    """
    exchange.sweep()  # what was left by a run that was killed
    room = exchange.RunFolder()
    try:
        folder = room.files
        lock = wanted.lock
        added: dict[str, bytes | Path] = {}
        if wanted.requirements:
            lock = added[locks.INSTALLED] = _resolve_extra(wanted, folder, platform, check)
        elif wanted.is_own:
            lock = added[locks.INSTALLED] = _resolve_own(wanted, folder, platform, check)
        site = folder / "site"
        site.mkdir()
        if lock.strip():
            path = folder / locks.LOCK
            path.write_bytes(lock)
            options = ("--target", str(site), "--require-hashes", "--no-deps", "--no-build")
            _uv(wanted, folder, platform, check, "install", *options, "--requirements", str(path))
        yield {**added, FOLDER: site}
    finally:
        room.close()


def _resolve_own(wanted: Recipe, folder: Path, platform: str, check: Callable[[], None]) -> bytes:
    (folder / "own.in").write_bytes(wanted.lock)
    return _compile(wanted, folder, platform, check, "--no-deps", "own.in").encode()


def _resolve_extra(wanted: Recipe, folder: Path, platform: str, check: Callable[[], None]) -> bytes:
    """The requirements on top, with all that they need and the image below does not have."""
    for name in ("requirements.txt", "constraints.txt"):
        (folder / name).write_bytes(wanted.files[name])
    limits = ("--constraints", "constraints.txt")
    text = _compile(wanted, folder, platform, check, *limits, "requirements.txt")
    return "".join(
        entry
        for entry in re.split(r"^(?=\S)", text, flags=re.MULTILINE)
        if entry.strip() and canonicalize_name(entry.partition("==")[0]) not in wanted.pins
    ).encode()


def _compile(
    wanted: Recipe, folder: Path, platform: str, check: Callable[[], None], *arguments: str
) -> str:
    options = ["--generate-hashes", "--no-header", "--no-annotate", "--no-build"]
    if locks.needs_metadata(wanted.pins):
        (folder / "metadata.toml").write_text(locks.uv_config(), encoding="utf-8")
        options += ["--config-file", "metadata.toml"]
    return _uv(wanted, folder, platform, check, "compile", *options, *arguments)


def _uv(
    wanted: Recipe, folder: Path, platform: str, check: Callable[[], None], *arguments: str
) -> str:
    process = subprocess.Popen(
        [
            *(locks.find_uv(), "pip", arguments[0], "--quiet", "--python", sys.executable),
            *("--python-version", wanted.release.python),
            *("--python-platform", locks.UV_PLATFORMS[platform], *arguments[1:]),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,  # so that no project's configuration is met
        env=indexes.for_uv(),
    )
    try:
        while True:
            try:
                said, words = process.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                check()
    finally:
        process.kill()
        process.wait()
    if process.returncode == 0:
        return said
    words = indexes.redact(words)
    if engine.is_full(words) or "os error 28" in words:
        raise no_room(wanted, words.strip().splitlines()[-1])
    if "has no usable wheels" in words or "building from source is disabled" in words:
        raise NoWheelError(words)
    raise BuildFailedError([line for line in words.splitlines() if line.strip()])


def no_room(wanted: Recipe, cause: str) -> EnvironmentFailedError:
    """The error for packages that this machine cannot hold."""
    return EnvironmentFailedError(
        f"the packages of {wanted.tag} could not be put into `{tempfile.gettempdir()}`",
        causes=(cause,),
        hint="free some space there (an image needs about 1 GB while it is built); TMPDIR and"
        " UV_CACHE_DIR name other folders",
    )


def write_context(wanted: Recipe, added: dict[str, bytes | Path], stream: IO[bytes]) -> None:
    """The build context as a tar archive: no path, user or time of this machine is in it."""
    with tarfile.open(fileobj=stream, mode="w", dereference=True) as archive:
        for name, content in sorted(wanted.files.items()):
            _add_bytes(archive, name, content)
        for name, value in sorted(added.items()):
            if isinstance(value, bytes):
                _add_bytes(archive, name, value)
            else:
                _add_layers(archive, value, keep_tests=wanted.is_own or bool(wanted.requirements))
    stream.seek(0)


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = _plain(tarfile.TarInfo(name))
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _add_layers(archive: tarfile.TarFile, site: Path, *, keep_tests: bool) -> None:
    unwanted = _LATER if keep_tests else _LATER | _TESTS

    def chosen(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if Path(member.name).name in unwanted else _plain(member)

    for layer in (*locks.LAYERS, locks.OTHER):
        root = tarfile.TarInfo(f"{FOLDER}/{layer}")
        root.type = tarfile.DIRTYPE
        archive.addfile(_plain(root))
    for path in sorted(site.iterdir()):
        layer = next((one for one in locks.LAYERS if path.name.startswith(one)), locks.OTHER)
        archive.add(path, f"{FOLDER}/{layer}/{path.name}", filter=chosen)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = _EPOCH
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return member
