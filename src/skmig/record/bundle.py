"""The record on disk: one bundle beside the result, written whole or not at all."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from skmig.errors import OutputError, OutputExistsError, UnreadableError
from skmig.payload import Bundle, WireError
from skmig.record.consistency import contradictions
from skmig.record.manifest import Manifest

SUFFIX = ".skmig"
FACTS = "payload.json"
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
    if names.count("manifest.json") > 1 or not _ends_well(path):
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


def write(path: Path, manifest: Manifest, exported: Path, sketches: Sketches) -> Manifest:
    """Write a record to `path` (a temporary name: see `placed`): the exported bundle, sealed.

    Gives the manifest as it was written, with the digests and the seal.

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
    drawn = json.dumps(sketches, allow_nan=False)
    digests[SKETCHES] = hashlib.sha256(drawn.encode()).hexdigest()
    sealed = dataclasses.replace(manifest, members=digests).sealed()
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(SKETCHES, drawn)
        archive.writestr("manifest.json", json.dumps(sealed.as_json(), indent=1))
        archive.comment = _MARK + bytes(64)
    with path.open("r+b") as handle:
        said = _digest_before(handle)
        handle.seek(-64, io.SEEK_END)
        handle.write(said)
    return sealed


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


def _ends_well(path: Path) -> bool:
    with path.open("rb") as handle:
        said = _digest_before(handle)
        handle.seek(-64 - len(_MARK), io.SEEK_END)
        return handle.read() == _MARK + said


def check_place(outputs: tuple[Path, ...], force: bool) -> None:
    """Can these files be written?  Asked before any work is done.

    Raises OutputExistsError (USAGE) and OutputError.
    """
    for path in outputs:
        if path.is_dir():
            raise OutputExistsError(
                f"`{path}` is a folder, and the output of one model is a file",
                hint=f"give a file name, such as --output {path / 'model.pkl'}",
            )
        if path.exists() and not force:
            raise OutputExistsError(
                f"`{path}` is there already",
                hint="choose another name, or replace it with --force",
            )
        # a folder that is not there is made when there is something to put into it
        folder = next(item for item in path.absolute().parents if item.exists())
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as exc:
            raise _cannot_write(path, exc) from exc


@contextlib.contextmanager
def placed(outputs: tuple[Path, ...]) -> Iterator[tuple[Path, ...]]:
    """Temporary names for `outputs`; when the block succeeds they take their places together.

    On any failure nothing is left and what was there before stays.
    """
    drafts: list[Path] = []
    made: list[Path] = []
    try:
        for path in outputs:
            made += _make_folder(path.absolute().parent)
            handle, name = tempfile.mkstemp(
                prefix=f".{path.name}.", suffix=".part", dir=path.parent
            )
            os.close(handle)
            drafts.append(Path(name))
        yield tuple(drafts)
        for draft in drafts:
            _settle(draft)
        _replace_all(drafts, outputs)
    except OSError as exc:
        raise _cannot_write(outputs[0], exc) from exc
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
        for folder in reversed(made):
            with contextlib.suppress(OSError):  # it holds something: the outputs
                folder.rmdir()


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder and what is missing above it; gives what was made, the outermost first."""
    missing = [item for item in (folder, *folder.parents) if not item.exists()]
    made = []
    for item in reversed(missing):
        try:
            item.mkdir()
        except FileExistsError:  # another run was quicker
            if not item.is_dir():
                raise
        else:
            made.append(item)
    return made


def _settle(path: Path) -> None:
    """On the disk, and readable as any new file would be (a temporary file is its owner's only)."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def _replace_all(drafts: list[Path], outputs: tuple[Path, ...]) -> None:
    """Rename one after the other; when one fails, all go back to what they were."""
    formers = [_keep(path, draft) for draft, path in zip(drafts, outputs, strict=True)]
    try:
        for draft, path in zip(drafts, outputs, strict=True):
            draft.replace(path)
    except BaseException:
        for path, former in zip(outputs, formers, strict=True):
            if former is not None:
                former.replace(path)
            else:
                path.unlink(missing_ok=True)
        raise
    for former in formers:
        if former is not None:
            former.unlink(missing_ok=True)


def _keep(path: Path, draft: Path) -> Path | None:
    """A second name for what is at `path` now; None where nothing is."""
    if not path.exists():
        return None
    former = draft.with_suffix(".former")
    try:
        os.link(path, former)
    except OSError:  # a file system without hard links
        shutil.copy2(path, former)
    return former


def _cannot_write(path: Path, exc: OSError) -> OutputError:
    hint = "choose another place"
    if exc.errno == errno.ENOSPC:
        hint = "free some disk space, or choose another place"
    reason = exc.strerror or str(exc)
    return OutputError(f"`{path}` cannot be written: {reason}", hint=hint)
