"""The two outputs of a run, and a process that dies at every single step of writing them."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from skmig import record
from skmig.errors import OutputError, OutputExistsError

# Writes a pair, and dies by SIGKILL when it begins its nth operation on files.
DIES = """
import os, signal, sys
from pathlib import Path
from skmig import record
left = int(sys.argv[1])
outputs = tuple(map(Path, sys.argv[3:]))
def hook(event, arguments):
    global left
    if event in ("os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "open", "os.scandir"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
record.check_place(outputs, True)
sys.addaudithook(hook)
with record.placed(outputs) as drafts:
    for draft in drafts:
        draft.write_text(sys.argv[2])
left = 0
"""


def dies(at: int, content: str, *outputs: Path) -> int:
    words = [sys.executable, "-c", DIES, str(at), content, *map(str, outputs)]
    return subprocess.run(words, check=False, timeout=600).returncode


def found(*outputs: Path) -> list[str | None]:
    return [path.read_text() if path.exists() else None for path in outputs]


@pytest.mark.parametrize("former", [None, "former"])
def test_killed_at_every_step(
    tmp_path: Path, former: str | None, record_property: Callable[[str, object], None]
) -> None:
    """Before and after: the pair of one run.  In between: never a result without its record."""
    seen = set()
    for at in range(1, 100):
        folder = tmp_path / str(at)
        folder.mkdir()
        outputs = (folder / "a.pkl", folder / "a.skmig")
        for path in outputs if former else ():
            path.write_text(former or "")
        code = dies(at, "new", *outputs)
        between = found(*outputs)
        seen.add(tuple(between))
        assert between in ([former, former], [former, "new"], ["new", "new"])
        # the next run looks at the place, and finds one or the other
        record.check_place(outputs, True)
        assert found(*outputs) in ([former, former], ["new", "new"])
        assert sorted(path.name for path in folder.iterdir()) == sorted(
            path.name for path in outputs if path.exists()
        )
        if code == 0:
            break
    assert code == 0
    record_property("faults", at - 1)
    assert seen == {(former, former), (former, "new"), ("new", "new")}


def test_what_came_since_is_not_undone(tmp_path: Path) -> None:
    outputs = (tmp_path / "a.pkl", tmp_path / "a.skmig")
    for at in range(1, 100):
        assert dies(at, "new", *outputs) != 0
        if found(*outputs) == [None, "new"]:
            break
        record.check_place(outputs, True)
    outputs[1].unlink()
    outputs[1].write_text("somebody else's")
    record.check_place(outputs, True)
    assert found(*outputs) == [None, "somebody else's"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.skmig"]


def test_a_journal_of_a_stranger_deletes_nothing(tmp_path: Path) -> None:
    """A folder may have been unpacked from anywhere."""
    precious = tmp_path / "precious"
    precious.write_text("x")
    status = precious.stat()
    folder = tmp_path / "unpacked"
    folder.mkdir()
    move = {"inode": status.st_ino, "size": status.st_size, "changed": status.st_mtime_ns}
    for draft, place in (("../precious", "../precious"), ("../x.part", "../precious")):
        journal = folder / ".skmig-0123456789abcdef.moving"
        journal.write_text(f'[{{"draft": "{draft}", "place": "{place}", ')
        with journal.open("a") as handle:
            handle.write(str(move).replace("'", '"')[1:] + "]")
        record.check_place((folder / "a.pkl",), True)
        assert precious.read_text() == "x"
        assert list(folder.iterdir()) == []


def _write(outputs: tuple[Path, ...], content: str) -> None:
    for _ in range(20):
        with record.placed(outputs) as drafts:
            for draft in drafts:
                draft.write_text(content)
        with record.placed((outputs[0].with_suffix(".other"),)) as (draft,):
            draft.write_text(content)


def test_several_at_once_never_mix(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    outputs = (folder / "a.pkl", folder / "a.skmig")
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(outputs, text * 1000)) for text in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    result, proof = found(*outputs)
    assert result == proof
    assert sorted(path.name for path in folder.iterdir()) == ["a.other", "a.pkl", "a.skmig"]


def test_what_another_run_wrote_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    place = tmp_path / "a.pkl"

    def write() -> None:
        with record.placed((place,), force=False) as (draft,):
            draft.write_text("mine")
            place.write_text("theirs")

    with pytest.raises(OutputExistsError, match="is there already"):
        write()
    assert found(place) == ["theirs"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.pkl"]


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    nowhere = tmp_path / "nowhere"
    nowhere.symlink_to(tmp_path / "absent")
    for place in (pipe, Path(os.devnull)):
        with pytest.raises(OutputExistsError, match="a device or a pipe"):
            record.check_place((place,), True)
        with pytest.raises(OutputExistsError, match="a device or a pipe"), record.placed((place,)):
            pass
    with pytest.raises(OutputExistsError, match="is there already"):
        record.check_place((nowhere,), False)
    assert pipe.is_fifo()
    assert nowhere.is_symlink()


def test_a_link_is_replaced_and_not_what_it_names(tmp_path: Path) -> None:
    other, link = tmp_path / "other.pkl", tmp_path / "a.pkl"
    other.write_text("other")
    link.symlink_to(other)
    with record.placed((link,)) as (draft,):
        draft.write_text("new")
    assert found(other, link) == ["other", "new"]
    assert not link.is_symlink()


def test_a_folder_that_goes_meanwhile(tmp_path: Path) -> None:
    folder = tmp_path / "out"

    def write() -> None:
        with record.placed((folder / "a.pkl", folder / "a.skmig")) as drafts:
            for draft in drafts:
                draft.unlink()
            folder.rmdir()

    with pytest.raises(OutputError, match="cannot be written: No such file"):
        write()
    assert list(tmp_path.iterdir()) == []
