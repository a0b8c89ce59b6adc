"""The record on disk: one bundle beside the result, written whole or not at all."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from skmig.errors import UnreadableError
from skmig.payload import Bundle, WireError
from skmig.record.consistency import contradictions
from skmig.record.manifest import Manifest

SUFFIX = ".skmig"
FACTS = "payload.json"
CAPTURE = "capture.json"  # what training day wrote of the original (see `skmig.capture`)
_MARK = b"sha256:"  # the archive's comment: the digest of every byte before it
SKETCHES = "sketches.json"
# what `skmig.parity.Sketches` gives, of the `probes` and of the user's `data`
Sketches = dict[str, list[dict[str, Any]]]
_AGAIN = "restore the record from where it was stored, or migrate the original again"
DOCUMENTS = ("model", "probes", "expected", "rounding")
EXPORTED = frozenset(
    {FACTS, *(f"{name}/{part}" for name in DOCUMENTS for part in ("graph.json", "arrays.bin"))}
)
MEMBERS = EXPORTED | {SKETCHES}


def beside(result: Path, *, whole: bool = False) -> Path:
    """Where the record of a result lies: `model-1.6.1.skmig` beside `model-1.6.1.pkl`.

    `whole`: `model-1.6.1.pkl.skmig`, for where two results differ in nothing but their suffix.
    What ends in a number (`model-1.6.1`) has no suffix.
    """
    if whole or not result.suffix or result.suffix[1:].isdigit():
        return result.with_name(result.name + SUFFIX)
    return result.with_suffix(SUFFIX)


def record_of(path: Path) -> Path:
    """The record for a path that names the record or the result.

    Raises UnreadableError for one that can name neither.
    """
    if not path.name:  # "" is the folder that one is in
        raise UnreadableError(
            f"`{path}` is a folder, and neither a result nor a record",
            hint="name a file that `skmig migrate` or `skmig.save` wrote",
        )
    if path.suffix == SUFFIX:
        return path
    whole = beside(path, whole=True)
    return whole if whole.is_file() else beside(path)


def is_capture(path: Path) -> bool:
    """Was a record written on training day, and not by a migration?"""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return False
    return CAPTURE in names and "manifest.json" not in names


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """A record that was read and whose members are what its manifest says."""

    path: Path
    manifest: Manifest

    @property
    def result(self) -> Path:
        """Where the result lies, unless it got another name since."""
        return self.path.with_name(self.manifest.result.name)

    def document(self, name: str) -> Any:
        """One of its documents.  Raises UnreadableError: every digest may be right and it not."""
        return self._opened(lambda bundle: bundle.document(name))

    def sketches(self) -> Sketches:
        """What the outputs looked like.  Raises UnreadableError."""
        found: Sketches = self._opened(lambda bundle: bundle.json(SKETCHES))
        return found

    def capture(self) -> dict[str, Any] | None:
        """What training day said of the original, if anything.  Raises UnreadableError."""
        if CAPTURE not in self.manifest.members:
            return None
        found: dict[str, Any] = self._opened(lambda bundle: bundle.json(CAPTURE))
        return found

    def _opened(self, read: Callable[[Bundle], Any]) -> Any:
        try:
            with Bundle(str(self.path)) as bundle:
                return read(bundle)
        except (WireError, OSError) as exc:
            raise UnreadableError(
                f"the record `{self.path.name}` is damaged", causes=(str(exc),), hint=_AGAIN
            ) from exc


def read(path: Path) -> Record:
    """Read a record and check every member against its manifest.

    Raises UnreadableError for a file that is no record, is damaged or was changed.
    """
    hint = "a record is the .skmig file that `skmig migrate` writes beside its result"
    if not path.is_file():
        raise UnreadableError(f"there is no record `{path}`", hint=hint)
    try:
        with Bundle(str(path)) as bundle:
            said = bundle.json("manifest.json")
            manifest = Manifest.from_json(said)
            found = member_digests(bundle.archive)
            names = bundle.archive.namelist()
    except (WireError, KeyError, TypeError, ValueError, AttributeError, OSError) as exc:
        raise UnreadableError(
            f"`{path.name}` is not a record of a migration", causes=(str(exc),), hint=hint
        ) from exc
    changed = sorted(
        name
        for name in MEMBERS | manifest.members.keys() | (found.keys() - {"manifest.json"})
        if name not in found or manifest.members.get(name) != found[name] or names.count(name) > 1
    )
    if changed:
        raise UnreadableError(
            f"the record `{path.name}` was changed: {', '.join(changed)} is not what its manifest"
            " says",
            hint=_AGAIN,
        )
    if manifest.sealed().seal != manifest.seal:
        raise UnreadableError(f"the manifest of the record `{path.name}` was changed", hint=_AGAIN)
    if names.count("manifest.json") > 1 or not ends_well(path):
        # each part is as the manifest says; what holds them together is not
        raise UnreadableError(
            f"the record `{path.name}` was changed after it was written", hint=_AGAIN
        )
    odd = contradictions(manifest, _facts(path))
    if odd:
        raise UnreadableError(
            f"the manifest of the record `{path.name}` contradicts itself", causes=odd, hint=_AGAIN
        )
    return Record(path=path, manifest=manifest)


def member_digests(archive: zipfile.ZipFile) -> dict[str, str]:
    """The digest of every member's content.  Raises WireError on a damaged one."""
    digests = {}
    for info in archive.infolist():
        try:
            with archive.open(info) as member:
                digests[info.filename] = hashlib.file_digest(member, "sha256").hexdigest()  # type: ignore[arg-type]
        except Exception as exc:  # zlib.error, BadZipFile, EOFError, RuntimeError (encrypted), …
            raise WireError(f"{info.filename} is damaged: {exc}") from exc
    return digests


def write(
    path: Path,
    manifest: Manifest,
    exported: Path,
    sketches: Sketches,
    capture: dict[str, Any] | None = None,
) -> Manifest:
    """Write a record to `path` (a temporary name: see `placed`): the exported bundle, sealed.

    `capture` is what training day said of the original.  Gives the manifest as it was written,
    with the digests and the seal.

    Raises UnreadableError when the bundle holds anything but its documents.
    """
    shutil.copyfile(exported, path)
    with Bundle(str(path)) as bundle:
        digests = member_digests(bundle.archive)
    if digests.keys() != EXPORTED:
        raise UnreadableError(
            "the exported payload has other members than it should",
            causes=tuple(sorted(digests.keys() ^ EXPORTED)),
        )
    added = {SKETCHES: json.dumps(sketches, allow_nan=False)}
    if capture is not None:
        added[CAPTURE] = json.dumps(capture, allow_nan=False)
    digests |= {name: hashlib.sha256(text.encode()).hexdigest() for name, text in added.items()}
    sealed = dataclasses.replace(manifest, members=digests).sealed()
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            *added.items(),
            ("manifest.json", _in_lines(sealed.as_json())),
        ):
            # without the time: a clock before 1980 or after 2107 cannot be written
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
        archive.comment = _MARK + bytes(64)
    with path.open("r+b") as handle:
        said = _digest_before(handle)
        handle.seek(-64, io.SEEK_END)
        handle.write(said)
    return sealed


def _in_lines(document: dict[str, Any]) -> str:
    """JSON with a line for each key, for who reads it by eye: json's own `indent` is slow."""
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in document.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _facts(path: Path) -> Any:
    try:
        with Bundle(str(path)) as bundle:
            return bundle.json(FACTS)
    except (WireError, OSError):
        return None  # which contradicts everything


def _digest_before(handle: BinaryIO) -> bytes:
    """The digest of a record's bytes up to its last 64, in which it stands."""
    left = handle.seek(0, io.SEEK_END) - 64
    handle.seek(0)
    found = hashlib.sha256()
    while left > 0 and (block := handle.read(min(left, 1 << 20))):
        found.update(block)
        left -= len(block)
    return found.hexdigest().encode()


def ends_well(path: Path) -> bool:
    """Is the digest in the comment of a record that of all the bytes before it?"""
    with path.open("rb") as handle:
        said = _digest_before(handle)
        handle.seek(-64 - len(_MARK), io.SEEK_END)
        return handle.read() == _MARK + said
