"""The ledger: who has what, and what is known; several processes at a time."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from skmig.errors import OutputError, RefusedError, StorageError, UnreadableError
from skmig.fleet import entry
from skmig.fleet.entry import Entry, Task
from skmig.fleet.ledger import Ledger
from skmig.plan import Settings

TASK = Task(
    place="/m/a.pkl",
    release="1.1.0",
    content="c",
    settings=Settings(target="1.6.1"),
    settings_key="s",
    result="/out/a.pkl",
    record="/out/a.skmig",
)
CLAIMS = """
import sys
from dataclasses import replace
from pathlib import Path
from tests.unit.test_fleet_ledger import TASK
from skmig.errors import RefusedError
from skmig.fleet import entry
from skmig.fleet.ledger import Ledger

with Ledger(Path(sys.argv[1])) as ledger:
    for number in range(int(sys.argv[2])):
        task = replace(TASK, content=str(number), result=str(number))
        if ledger.claim(task, None) is not None:
            print(number, flush=True)
            ledger.finish(task, entry.failed(task, RefusedError("no")), "")
"""
HOLDS = """
import sys, time
from pathlib import Path
from tests.unit.test_fleet_ledger import TASK
from skmig.fleet.ledger import Ledger

with Ledger(Path(sys.argv[1])) as ledger:
    assert ledger.claim(TASK, None) is not None
    print("mine", flush=True)
    time.sleep(600)
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "ledger.sqlite"


def refused(task: Task = TASK) -> Entry:
    return entry.failed(task, RefusedError("no", reasons=("model: x",)))


def test_what_was_done_is_known(path: Path) -> None:
    with Ledger(path) as ledger:
        assert ledger.entry(TASK) is None
        assert ledger.claim(TASK, None) == TASK
        ledger.finish(TASK, refused(), "stamps")
    with Ledger(path) as ledger:
        assert ledger.entry(TASK) == (replace(refused(), fresh=False), "stamps")
        other = replace(TASK, settings_key="other")
        assert ledger.entry(other) is None
        assert [item.place for item in ledger.entries()] == ["/m/a.pkl"]
        assert not ledger.knows(TASK.result), "a refusal wrote nothing"


def test_what_an_environment_did_is_not_kept(path: Path) -> None:
    with Ledger(path) as ledger:
        assert ledger.claim(TASK, None) is not None
        ledger.finish(TASK, entry.failed(TASK, StorageError("down")), "")
        assert ledger.entry(TASK) is None
        assert ledger.claim(TASK, None) is not None


def test_two_do_not_work_on_one_place(path: Path) -> None:
    with Ledger(path) as one, Ledger(path) as two:
        assert one.claim(TASK, None) is not None
        assert two.claim(TASK, None) is None
        assert two.claim(replace(TASK, settings_key="other"), None) is None
        assert two.claim(replace(TASK, result="/elsewhere"), None) is not None
        one.finish(TASK, refused(), "")
        assert two.claim(TASK, None) is None, "it was done meanwhile"
        kept = two.entry(TASK)
        assert kept is not None
        assert two.claim(TASK, kept[0]) is not None


def test_many_processes_do_each_task_once(path: Path) -> None:
    command = [sys.executable, "-c", CLAIMS, str(path), "120"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) for _ in range(3)]
    said = [process.communicate()[0].split() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert sorted(int(number) for numbers in said for number in numbers) == list(range(120))
    with Ledger(path) as ledger:
        assert len(list(ledger.entries())) == 120


def test_a_killed_process_loses_its_leases(path: Path) -> None:
    command = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"mine\n"
        with Ledger(path) as ledger:
            assert ledger.claim(TASK, None) is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with Ledger(path) as ledger:
            later = replace(TASK, former="what lies there now")
            claimed = ledger.claim(later, None)
            assert claimed is not None
            assert claimed.former == "", "what the other one had found there"


def test_what_is_no_ledger(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no database at all, and long enough to be taken for one" * 20)
    with pytest.raises(UnreadableError, match="cannot be read"):
        Ledger(text)
    other = tmp_path / "other"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(UnreadableError, match="another program"):
        Ledger(other)
    newer = tmp_path / "newer"
    with Ledger(newer):
        pass
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(UnreadableError, match="version 7"):
        Ledger(newer)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        Ledger(tmp_path / "file" / "ledger.sqlite")
    with pytest.raises(OutputError, match="cannot be written"):
        Ledger(tmp_path)
