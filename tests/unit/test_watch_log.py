"""The log of predictions: nothing is lost, nothing is raised, nothing grows without bound."""

from __future__ import annotations

import datetime
import logging
import math
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import skmig
from skmig.errors import OutputError, UnreadableError, UsageError
from skmig.watch import segments, sqlite


@pytest.fixture(params=list(segments.FORMATS))
def form(request: pytest.FixtureRequest) -> str:
    """Each format of a log."""
    found: str = request.param
    return found


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """All rows of a log, by the names of the columns."""
    found = []
    for path in segments.files(folder):
        reader = segments.reader(path)
        if reader is None:
            continue
        names = [column.name for column in reader.columns]
        for part in reader.parts(0.0, math.inf):
            found += [dict(zip(names, row, strict=True)) for row in zip(*part.values, strict=True)]
    return found


FRAME = pd.DataFrame(
    {
        "age": [1, 2],
        "Age": [0.5, None],
        "town": pd.Categorical(["a", None]),
        "paid": [True, False],
        "day": pd.to_datetime(["2026-01-02", None]),
        "kids": pd.array([1, None], dtype="Int64"),
    }
)
DAY = "2026-01-02T00:00:00"


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (np.array([[1.0, math.nan], [3.0, math.inf]]), {"x0": [1.0, 3.0], "x1": [None, math.inf]}),
        (np.array([[1], [2]], dtype=np.uint64), {"x0": [1, 2]}),
        (np.array([["a", None], [1, 2.5]], dtype=object), {"x0": ["a", 1], "x1": [None, 2.5]}),
        ([[1, "a"], [2, "b"]], {"x0": [1, 2], "x1": ["a", "b"]}),
        (sparse.csr_matrix([[0.0, 2.0], [1.0, 0.0]]), {"x0": [0.0, 1.0], "x1": [2.0, 0.0]}),
        ([{"a": 1}, {"b": "x"}], {"a": [1, None], "b": [None, "x"]}),
        (["good day", "bad day"], {"document": ["good day", "bad day"]}),
        (pd.Series(["good", "bad"]), {"document": ["good", "bad"]}),
        (
            FRAME,
            {
                "age": [1, 2],
                "Age": [0.5, None],
                "town": ["a", None],
                "paid": [1, 0],
                "day": [DAY, None],
                "kids": [1, None],
            },
        ),
    ],
    ids=["array", "uint64", "objects", "lists", "sparse", "dicts", "texts", "series", "frame"],
)
def test_every_form_of_input(
    inputs: Any, expected: dict[str, list[Any]], tmp_path: Path, form: str
) -> None:
    with skmig.PredictionLog(tmp_path / "log", format=form) as log:
        log.add(inputs, ["yes", "no"])
    assert (log.written, log.dropped, log.error) == (2, 0, None)
    found = rows_of(tmp_path / "log")
    said = {name: [row[name] for row in found] for name in found[0]}
    said["day"] = [text and text[: len(DAY)] for text in said.get("day", [])]
    assert said == {"day": [], **expected, "prediction": ["yes", "no"]}


def test_outputs_have_names(tmp_path: Path, form: str) -> None:
    both = np.array([[0.25, 0.75]])
    with skmig.PredictionLog(tmp_path / "log", format=form, columns=["age"]) as log:
        log.add([[1]], np.array([1]), probabilities=both, labels=np.array([0, 1]))
        log.add([[2]], np.array([[1.0, 2.0]]), probabilities=[both, both])
    first, second = rows_of(tmp_path / "log")
    assert {"age": 1, "prediction": 1, "probability[0]": 0.25, "probability[1]": 0.75}.items() <= (
        first.items()
    )
    assert {"age": 2, "prediction[1]": 2.0, "probability[1][0]": 0.25}.items() <= second.items()


def test_what_the_caller_changes_afterwards_is_not_logged(tmp_path: Path, form: str) -> None:
    block, frame, rows = np.zeros((1, 1)), pd.DataFrame({"x0": [0.0]}), [[0.0]]
    with skmig.PredictionLog(tmp_path / "log", format=form, every=60) as log:
        for item in (block, frame, rows):
            log.add(item)
        block[0, 0] = 1.0
        frame.iloc[0, 0] = 1.0
        rows[0] = [1.0]
    assert [row["x0"] for row in rows_of(tmp_path / "log")] == [0.0, 0.0, 0.0]


def test_any_tool_can_read_it(tmp_path: Path, form: str) -> None:
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC).timestamp()
    with skmig.PredictionLog(tmp_path / "log", format=form) as log:
        log.add(FRAME, time=moment)
    (path,) = segments.files(tmp_path / "log")
    assert [item.name for item in (tmp_path / "log").iterdir()] == [path.name]
    if form == "parquet":
        table = pd.read_parquet(tmp_path / "log").sort_values("age")
        pairs = zip(table["logged_at"], table["town"], strict=True)
        found = [(str(day)[:19], None if pd.isna(town) else town) for day, town in pairs]
    else:
        with sqlite3.connect(path) as db:
            found = db.execute("SELECT logged_at, town FROM log ORDER BY age").fetchall()
        db.close()
    assert found == [("2026-01-02 03:04:05", "a"), ("2026-01-02 03:04:05", None)]


def test_only_the_named_columns(tmp_path: Path, form: str) -> None:
    with skmig.PredictionLog(tmp_path / "log", format=form, columns=["age"], only=True) as log:
        log.add(pd.DataFrame({"name": ["Ada"], "age": [36]}), ["yes"])
    assert rows_of(tmp_path / "log") == [{"age": 36, "prediction": "yes"}]
    with pytest.raises(UsageError, match="none are named"):
        skmig.PredictionLog(tmp_path / "log", format=form, only=True)


def test_new_columns_begin_a_new_file(tmp_path: Path, form: str) -> None:
    with skmig.PredictionLog(tmp_path / "log", format=form) as log:
        log.add([{"a": 1}])
        log.flush()
        log.add([{"b": 2}])
        log.flush()
        log.add([{"a": 3}])
    found = [segments.reader(path) for path in segments.files(tmp_path / "log")]
    widths = sorted(len(reader.columns) for reader in found if reader is not None)
    assert widths == [1, 2]
    assert sorted(row["a"] or 0 for row in rows_of(tmp_path / "log")) == [0, 1, 3]


# ------------------------------------------------------------------ many writers
def _write(folder: Path, form: str, number: int) -> None:
    log = skmig.PredictionLog(folder, format=form, batch=7)
    for i in range(50):
        log.add([[number, i]])
    # no close: a child of multiprocessing ends without atexit


def test_threads_and_processes(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "log"
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=_write, args=(folder, form, i)) for i in range(2)]
    for child in children:
        child.start()
    with skmig.PredictionLog(folder, format=form, batch=11) as log:
        threads = [
            threading.Thread(target=lambda i=i: [log.add([[i, j]]) for j in range(50)])
            for i in range(2, 6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for child in children:
        child.join()
        assert child.exitcode == 0
    found = sorted((row["x0"], row["x1"]) for row in rows_of(folder))
    assert found == [(i, j) for i in range(6) for j in range(50)]


FORKS = """
import os, sys, skmig
log = skmig.PredictionLog(sys.argv[1], format=sys.argv[2], every=60)
log.add([[0]])
log.flush()
log.add([[1]])  # waits in the parent: it is the parent's to write
for i in (2, 3):
    if os.fork() == 0:
        log.add([[i]])
        log.close()
        os._exit(0)
    os.wait()
log.add([[4]])
"""


def test_forks(tmp_path: Path, form: str) -> None:
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS, str(tmp_path / "log"), form], check=True
    )
    assert sorted(row["x0"] for row in rows_of(tmp_path / "log")) == [0, 1, 2, 3, 4]
    owners = {segments.reader(path).meta["pid"] for path in segments.files(tmp_path / "log")}
    assert len(owners) == 3


KILLED = """
import os, signal, sys, skmig
log = skmig.PredictionLog(sys.argv[1], format=sys.argv[2], batch=10, every=3600)
for i in range(30):
    log.add([[i]])
log.flush()
for i in range(5):
    log.add([[-1]])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_what_waits(tmp_path: Path, form: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "log"), form], check=False)
    assert done.returncode == -signal.SIGKILL
    assert sorted(row["x0"] for row in rows_of(tmp_path / "log")) == list(range(30))


# ------------------------------------------------------------------ the serving path
def test_nothing_is_raised_and_it_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, form: str
) -> None:
    with (
        caplog.at_level(logging.WARNING),
        skmig.PredictionLog(tmp_path / "log", format=form) as log,
    ):
        for _ in range(3):
            log.add([[1.0], [2.0]], [1, 2, 3])
        log.add(None)
        log.add(7)
        log.add(np.zeros((1, 2, 3)))
        log.add([[5.0]], [5])
    assert [row["prediction"] for row in rows_of(tmp_path / "log")] == [5]
    assert (log.written, log.dropped, log.errors) == (1, 7, 6)
    assert len(caplog.records) == 4
    assert "has 3 values for 2 predictions" in caplog.text


def test_strict_raises(tmp_path: Path, form: str) -> None:
    with skmig.PredictionLog(tmp_path / "log", format=form, strict=True) as log:
        with pytest.raises(TypeError):
            log.add(7)
        log.error = None
        log.add([[1.0], [2.0]], [1])
        log.flush()
        with pytest.raises(OutputError, match="1 values for 2 predictions"):
            log.add([[1.0]], [1])


def test_a_disk_that_refuses(tmp_path: Path, form: str) -> None:
    (tmp_path / "log").mkdir()
    with skmig.PredictionLog(tmp_path / "log", format=form) as log:
        (tmp_path / "log").rmdir()
        (tmp_path / "log").write_text("a file stands there now")
        log.add([[1.0]])
        log.flush()
        assert (log.written, log.dropped) == (0, 1)
        (tmp_path / "log").unlink()
        log.add([[2.0]])
    assert [row["x0"] for row in rows_of(tmp_path / "log")] == [2.0]
    with pytest.raises(UsageError, match="is a file"):
        skmig.PredictionLog(__file__)


def test_memory_is_bounded(tmp_path: Path, caplog: pytest.LogCaptureFixture, form: str) -> None:
    log = skmig.PredictionLog(tmp_path / "log", format=form, pending=10, batch=1000, every=3600)
    with caplog.at_level(logging.WARNING):
        for i in range(25):
            log.add([[i]])
    log.close()
    assert [row["x0"] for row in rows_of(tmp_path / "log")] == list(range(10))
    assert (log.written, log.dropped) == (10, 15)
    assert len(caplog.records) == 1
    log.add([[1]])
    assert isinstance(log.error, ValueError)


def test_too_many_columns(tmp_path: Path) -> None:
    with skmig.PredictionLog(tmp_path / "log") as log:
        log.add(np.zeros((1, sqlite.WIDEST + 1)))
        log.flush()
        assert "log some of them" in str(log.error)
        log.add(np.zeros((1, sqlite.WIDEST)))
    assert log.written == 1
    with skmig.PredictionLog(tmp_path / "wide", format="parquet") as log:
        log.add(np.zeros((1, sqlite.WIDEST + 1)))
    assert (log.written, log.error) == (1, None)


# ------------------------------------------------------------------ files
def test_files_end_and_are_deleted(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "log"
    with skmig.PredictionLog(folder, format=form, segment_bytes=1, segment_seconds=0.0) as log:
        for i in range(3):
            log.add([[i]])
            log.flush()
    assert len(segments.files(folder)) == 3
    old, young, last = segments.files(folder)
    now = time.time()
    os.utime(old, (now - 9 * 86400,) * 2)
    os.utime(young, (now - 2 * 86400,) * 2)
    segments.expire(folder, now, 7 * 86400, 1 << 30, closed=60)
    assert segments.files(folder) == [young, last]
    segments.expire(folder, now, 7 * 86400, 1, closed=60)
    assert segments.files(folder) == [last]  # it may be written to still


def test_a_file_that_somebody_deletes_is_begun_again(tmp_path: Path, form: str) -> None:
    with skmig.PredictionLog(tmp_path / "log", format=form) as log:
        log.add([[1]])
        log.flush()
        for path in (tmp_path / "log").iterdir():
            path.unlink()
        log.add([[2]])
    assert [row["x0"] for row in rows_of(tmp_path / "log")] == [2]


def test_it_is_read_while_it_is_written(tmp_path: Path, form: str) -> None:
    with skmig.PredictionLog(tmp_path / "log", format=form) as log:
        for i in range(3):
            log.add([[i]])
            log.flush()
            assert len(rows_of(tmp_path / "log")) == i + 1


def test_what_is_no_segment(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite").touch()
    assert segments.reader(tmp_path / "empty.sqlite") is None
    for name in ("gone.sqlite", "gone.parquet"):
        assert segments.reader(tmp_path / name) is None
    for name in ("other.sqlite", "other.parquet", "other.txt"):
        (tmp_path / name).write_bytes(b"nothing of the kind" * 100)
    with sqlite3.connect(tmp_path / "another.sqlite") as db:
        db.execute("CREATE TABLE rows (x)")
    db.close()
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "another.parquet")
    for name in (*("other.sqlite", "other.parquet", "other.txt"), *("another.sqlite",)):
        with pytest.raises(UnreadableError, match=name):
            segments.reader(tmp_path / name)
    with pytest.raises(UnreadableError, match=r"another\.parquet") as caught:
        segments.reader(tmp_path / "another.parquet")
    assert caught.value.causes == ("it is a table of something else",)
    with pytest.raises(UsageError, match="`csv` is no format"):
        skmig.PredictionLog(tmp_path / "log", format="csv")


# ------------------------------------------------------------------ ended in the middle
ENDED = """
import sys, skmig
log = skmig.PredictionLog(sys.argv[1], format=sys.argv[2], batch=4, segment_bytes=20000)
for i in range(0, 100000, 3):
    log.add([[i], [i + 1], [i + 2]], ["a", "b", "c"])
    log.flush()
    print(i + 3, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 7, 23, 24, 25])
def test_killed_anywhere_it_keeps_whole_batches(tmp_path: Path, form: str, lines: int) -> None:
    command = [sys.executable, "-c", ENDED, str(tmp_path / "log"), form]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [int(process.stdout.readline()) for _ in range(lines)]
    process.kill()
    rest = process.stdout.read().split()
    process.wait()
    process.stdout.close()
    found = [row["x0"] for row in rows_of(tmp_path / "log")]
    assert sorted(found) == list(range(len(found)))
    assert len(found) % 3 == 0
    assert len(found) >= max([*said, *map(int, rest)])


MIXED: list[list[Any]] = [[1, "a"], [2.5, 1], [None, None], [1 << 60, 0.5], ["b", None], [3, -1]]


def _parquet(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))


def test_batches_of_other_types_become_one_file(tmp_path: Path) -> None:
    with skmig.PredictionLog(tmp_path / "log", format="parquet", every=3600) as log:
        for row in MIXED:
            log.add([{"prediction": row[0], "b": row[1]}], [1])
            log.flush()
        assert len(_parquet(tmp_path / "log")) == len(MIXED)
        before = rows_of(tmp_path / "log")
        (name,) = {path.name for path in segments.files(tmp_path / "log")}
    assert [path.name for path in _parquet(tmp_path / "log")] == [name]
    assert rows_of(tmp_path / "log") == before
    (path,) = segments.files(tmp_path / "log")
    reader = segments.reader(path)
    assert reader is not None
    assert [(item.name, item.role) for item in reader.columns] == [
        ("prediction", "input"),
        ("b", "input"),
        ("prediction", "prediction"),
    ]
    (part,) = reader.parts(0.0, math.inf)
    assert [list(row) for row in zip(*part.values[:2], strict=True)] == MIXED
    # a whole number that no float is equal to: the batches stay, and are as good
    with skmig.PredictionLog(tmp_path / "exact", format="parquet", every=3600) as log:
        for value in ((1 << 60) + 1, 0.5):
            log.add([[value]])
            log.flush()
    assert [row["x0"] for row in rows_of(tmp_path / "exact")] == [(1 << 60) + 1, 0.5]


def test_a_row_stands_once_while_batches_become_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    log = skmig.PredictionLog(folder, format="parquet", every=3600)
    for i in range(4):
        log.add([[i]])
        log.flush()
    batches = {path: path.read_bytes() for path in _parquet(folder)}
    (path,) = segments.files(folder)
    reader = segments.reader(path)
    assert reader is not None
    parts = reader.parts(0.0, math.inf)
    begun = next(parts).values[0]
    log.close()
    assert _parquet(folder) == [path]
    assert [*begun, *(item for part in parts for item in part.values[0])] == [0, 1, 2, 3]
    # ended between the two: all of them are there
    for place, content in batches.items():
        place.write_bytes(content)
    assert [row["x0"] for row in rows_of(folder)] == [0, 1, 2, 3]
    # and one that was ended while it wrote left a draft, which goes when its segment does
    draft = path.with_name(f".{path.stem}.000009.parquet.part")
    draft.write_bytes(b"PAR1")
    other = path.with_name(".20200101T000000Z-1-abcdefgh.000001.parquet.part")
    other.write_bytes(b"PAR1")
    assert [row["x0"] for row in rows_of(folder)] == [0, 1, 2, 3]
    for place in folder.iterdir():
        os.utime(place, (1.0, 1.0))
    segments.expire(folder, time.time(), 60.0, 1 << 30, closed=60)
    assert list(folder.iterdir()) == []
