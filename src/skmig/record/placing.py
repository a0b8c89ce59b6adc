"""Outputs on disk: written whole and together, or not at all, whatever ends the run.

Drafts are made beside their outputs and take their places in one go: the record first, the result
last, so that no result is ever there without its record.  A power cut or SIGKILL in between is
undone by the next run: a journal beside the outputs says which draft is which.  Whoever writes
into a folder holds its lock, so that two runs never mix their files, and what lies there under a
draft's name while one holds the lock was left by a run that is no more.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from skmig.errors import OutputError, OutputExistsError
from skmig.interruption import held

_PREFIX = ".skmig-"
_DRAFT, _FORMER, _JOURNAL = ".part", ".former", ".moving"
_NAME = re.compile(r"\.skmig-[0-9a-f]{16}\.part")
_PATIENCE = 120.0  # seconds for another run to write its outputs
_PAUSE = 0.05


@dataclass(frozen=True, kw_only=True)
class _Move:
    """One draft and the place that it shall take; what is there now gets a second name."""

    draft: Path
    place: Path
    # what a rename keeps: tells the draft from what somebody else put there since
    inode: int
    size: int
    changed: int

    @property
    def former(self) -> Path:
        return self.draft.with_suffix(_FORMER)

    def took_place(self) -> bool:
        try:
            found = self.place.lstat()
        except OSError:
            return False
        return (found.st_ino, found.st_size, found.st_mtime_ns) == (
            self.inode,
            self.size,
            self.changed,
        )


def check_place(outputs: tuple[Path, ...], force: bool) -> None:
    """Can these files be written?  Asked before any work is done.

    What a run that was killed left half-done there is undone first.
    Raises OutputExistsError (USAGE) and OutputError.
    """
    # a folder that is not there is made when there is something to put into it
    folders = {_nearest(path.absolute().parent).resolve(): path for path in reversed(outputs)}
    new = [folder for folder in folders if not _seen(folder).is_as_left()]
    for folder in new:
        _recover(folder)
    for path in outputs:
        _check_free(path, force)
    for folder in new:
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as exc:
            raise _cannot_write(folders[folder], exc) from exc


def _nearest(folder: Path) -> Path:
    return next(item for item in (folder, *folder.parents) if item.exists())


def _check_free(path: Path, force: bool) -> None:
    if path.is_dir():
        raise OutputExistsError(
            f"`{path}` is a folder, and the output of one model is a file",
            hint=f"give a file name, such as --output {path / 'model.pkl'}",
        )
    if path.exists() and not path.is_file():
        raise OutputExistsError(
            f"`{path}` is a device or a pipe, and an output is a file",
            hint="give the name of a file, such as --output model.pkl",
        )
    if os.path.lexists(path) and not force:  # a link to nothing is something, too
        raise OutputExistsError(
            f"`{path}` is there already",
            hint="choose another name, or replace it with --force",
        )


@contextlib.contextmanager
def placed(outputs: tuple[Path, ...], *, force: bool = True) -> Iterator[tuple[Path, ...]]:
    """Temporary names for `outputs`; when the block succeeds they take their places together.

    The last of `outputs` takes its place first, and the first last.  On any failure nothing is
    left and what was there before stays.  Raises OutputError, and without `force`
    OutputExistsError for what somebody else wrote meanwhile.
    """
    drafts: list[Path] = []
    made: list[Path] = []
    try:
        places = [path.absolute() for path in outputs]
        with _locked({place.parent for place in places}, made):
            for place in places:
                _check_free(place, force)
            try:
                for place in places:
                    drafts.append(place.parent / f"{_PREFIX}{secrets.token_hex(8)}{_DRAFT}")
                    with drafts[-1].open("xb"):
                        pass
                yield tuple(drafts)
                for draft in drafts:
                    _settle(draft)
                for place in places:
                    _check_free(place, force)
                with held():  # a signal waits until all of them are in their places
                    _replace_all(drafts, places)
            finally:
                for draft in drafts:
                    with contextlib.suppress(OSError):
                        draft.unlink()
    except OSError as exc:
        raise _cannot_write(outputs[0], exc) from exc
    finally:
        for folder in reversed(made):
            with contextlib.suppress(OSError):  # it holds something: the outputs
                folder.rmdir()


@contextlib.contextmanager
def _locked(folders: set[Path], made: list[Path]) -> Iterator[None]:
    """Hold the locks of folders, which are made where they are missing (and noted in `made`)."""
    folders_held: list[_Seen] = []
    with contextlib.ExitStack() as stack:
        for folder in sorted({folder.resolve() for folder in folders}):
            seen = _seen(folder)
            stack.enter_context(seen.turn)
            while True:
                made += _make_folder(folder)
                number, locked = _lock(folder, _PATIENCE)
                if _is_still(folder, number):
                    break
                os.close(number)  # removed by a run that failed while we waited
            stack.callback(os.close, number)  # which releases the lock
            if locked and not seen.is_as_left():
                _sweep(folder)
            folders_held.append(seen)
        yield
        for seen in folders_held:
            seen.leave()


class _Seen:
    """What this process knows of a folder into which it writes.

    `turn`: held by the thread that writes there, since to ask for the folder's own lock again and
    again takes long where many threads want it.  The lock of the folder is what counts.
    """

    def __init__(self, folder: Path) -> None:
        self.turn = threading.Lock()
        self._folder = folder
        self._left: tuple[int, int] | None = None

    def leave(self) -> None:
        """Note how the folder is, while its lock is held."""
        self._left = self._state()

    def is_as_left(self) -> bool:
        """Has nobody else changed it since, so that there is nothing to sweep?"""
        return self._left is not None and self._left == self._state()

    def _state(self) -> tuple[int, int] | None:
        try:
            found = self._folder.stat()
        except OSError:
            return None
        return found.st_ino, found.st_ctime_ns


_seen = functools.lru_cache(maxsize=256)(_Seen)


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


def _lock(folder: Path, patience: float) -> tuple[int, bool]:
    """A descriptor of `folder`, and whether it is locked: not every file system knows locks.

    Raises BlockingIOError when another holds it longer than `patience`.
    """
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    deadline = time.monotonic() + patience
    try:
        while True:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                if time.monotonic() >= deadline:
                    raise BlockingIOError(
                        exc.errno, "another run has been writing there for two minutes"
                    ) from None
                time.sleep(_PAUSE)
            except OSError:
                return number, False
            else:
                return number, True
    except BaseException:
        os.close(number)
        raise


def _is_still(folder: Path, number: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(folder.stat(), os.fstat(number))
    return False


def _settle(path: Path) -> None:
    """On the disk, and readable as any new file would be."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def _replace_all(drafts: list[Path], places: list[Path]) -> None:
    """Rename one after the other, the last first; when one fails, all go back."""
    moves = [_move(draft, place) for draft, place in zip(drafts, places, strict=True)]
    journal = drafts[0].with_suffix(_JOURNAL)
    try:
        for move in moves:
            _keep(move)
        if len(moves) > 1:
            _write(journal, moves)
            _sync_folders(moves)
        for move in reversed(moves):
            move.draft.replace(move.place)
        _sync_folders(moves)
    except BaseException:
        _undo(moves, journal)
        raise
    _forget(moves, journal)


def _move(draft: Path, place: Path) -> _Move:
    found = draft.stat()
    return _Move(
        draft=draft,
        place=place,
        inode=found.st_ino,
        size=found.st_size,
        changed=found.st_mtime_ns,
    )


def _keep(move: _Move) -> None:
    """A second name for what is at the place now, if anything is."""
    if not os.path.lexists(move.place):
        return
    try:
        os.link(move.place, move.former, follow_symlinks=False)
    except (OSError, NotImplementedError):  # a file system without hard links
        shutil.copy2(move.place, move.former, follow_symlinks=False)


def _undo(moves: list[_Move], journal: Path) -> None:
    """Put back what was there before, and leave alone what somebody else put there since."""
    for move in moves:
        with contextlib.suppress(OSError):
            if not move.took_place():
                continue
            if os.path.lexists(move.former):
                move.former.replace(move.place)
            else:
                move.place.unlink()
    with contextlib.suppress(OSError):
        _sync_folders(moves)
    _forget(moves, journal)


def _forget(moves: list[_Move], journal: Path) -> None:
    for name in (*(move.former for move in moves), *(move.draft for move in moves), journal):
        with contextlib.suppress(OSError):
            name.unlink()


def _sync_folders(moves: list[_Move]) -> None:
    """The names, too, are on the disk.  Not every file system can be asked for it."""
    for folder in {move.place.parent for move in moves}:
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(number)
        except OSError as exc:
            if exc.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
                raise
        finally:
            os.close(number)


def _recover(folder: Path) -> None:
    """Undo what a killed run left half-done in a folder, unless somebody writes there now."""
    turn = _seen(folder).turn
    if not turn.acquire(blocking=False):
        return
    try:
        with contextlib.suppress(OSError):
            number, locked = _lock(folder, 0)
            try:
                if locked:
                    _sweep(folder)
            finally:
                os.close(number)
    finally:
        turn.release()


def _sweep(folder: Path) -> None:
    """Undo or finish what dead runs left in a folder whose lock we hold."""
    with os.scandir(folder) as entries:  # which may be those of thousands of results
        left = [folder / item.name for item in entries if item.name.startswith(_PREFIX)]
    # a journal names drafts, also those in other folders: before they are deleted
    for journal in left:
        if journal.suffix == _JOURNAL and _is_mine(journal):
            moves = _read(journal)
            if any(os.path.lexists(move.draft) for move in moves):
                _undo(moves, journal)
            else:
                _forget(moves, journal)
    for item in left:
        if item.suffix in (_DRAFT, _FORMER) and _is_mine(item):
            item.unlink(missing_ok=True)


def _is_mine(path: Path) -> bool:
    """A file of this user's: in a folder for everybody, nobody else's journal is believed."""
    with contextlib.suppress(OSError):
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
    return False


def _write(journal: Path, moves: list[_Move]) -> None:
    """Paths are written as seen from the journal: a folder may be moved, or mounted elsewhere."""
    said = [
        {
            **asdict(move),
            "draft": os.path.relpath(move.draft, journal.parent),
            "place": os.path.relpath(move.place, journal.parent),
        }
        for move in moves
    ]
    with journal.open("x", encoding="utf-8") as handle:
        handle.write(json.dumps(said))  # json.dump writes it word by word
        handle.flush()
        os.fsync(handle.fileno())


def _read(journal: Path) -> list[_Move]:
    """What a journal says; nothing where the run ended before it was written.

    A folder may come from a stranger, with a journal in it: only what has the name of a draft is
    ever deleted, and only what is such a draft gives way to what was there before.
    """
    moves = []
    try:
        for said in json.loads(journal.read_text("utf-8")):
            draft, place = journal.parent / said["draft"], journal.parent / said["place"]
            if not _NAME.fullmatch(draft.name) or draft.parent != place.parent:
                raise ValueError(f"{draft} is no draft of {place}")
            kept = {name: int(said[name]) for name in ("inode", "size", "changed")}
            moves.append(_Move(draft=draft, place=place, **kept))
    except (OSError, ValueError, TypeError, KeyError):
        journal.unlink(missing_ok=True)
        return []
    return moves


def _cannot_write(path: Path, exc: OSError) -> OutputError:
    hint = "choose another place"
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        hint = "free some disk space, or choose another place"
    reason = exc.strerror or str(exc)
    return OutputError(f"`{path}` cannot be written: {reason}", hint=hint)
