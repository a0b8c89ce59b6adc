"""Drift is an effect and evidence; and each mistake of a user is answered by a sentence."""

from __future__ import annotations

import json
import math
import re
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pyarrow import parquet
from tests import records
from tests.documents import checked

import skmig
from skmig import errors
from skmig.cli.app import run
from skmig.payload import New
from skmig.watch import baseline, drift, segments
from skmig.watch.profile import DISTINCT, SAMPLE, Profile
from skmig.watch.rows import Column

LIMITS = drift.Thresholds()


def profile(values: Any) -> Profile:
    found = Profile()
    found.add([None if item is None or item != item else item for item in list(values)])
    return found


def judged(before: Any, now: Any, **more: Any) -> dict[str, drift.Finding]:
    """The findings of one column by their check."""
    column = Column("x", more.pop("role", "input"))
    asked = drift.compare(column, profile(before), profile(now), LIMITS, **more)
    return {item.check: item for item in drift.judge(list(asked), LIMITS)}


def drifted(before: Any, now: Any, **more: Any) -> set[str]:
    return {name for name, item in judged(before, now, **more).items() if item.drift}


def normal(seed: int, size: int, move: float = 0.0) -> list[float]:
    return np.random.default_rng(seed).normal(move, 1, size).tolist()


def chosen(seed: int, size: int, letters: str) -> list[str]:
    return np.random.default_rng(seed).choice(list(letters), size).tolist()


# ------------------------------------------------------------------ what is drift, and what is not
def test_each_check_finds_what_it_is_for() -> None:
    base = normal(0, 500)
    assert drifted(base, normal(1, 500, move=1.0)) == {"distribution"}
    assert drifted(base, [None] * 100 + normal(1, 400)) == {"missing"}
    assert drifted(base, normal(1, 450) + [99.0] * 50) == {"outside"}
    assert drifted(base, [*normal(1, 450), *["n/a"] * 50]) == {"type"}
    assert drifted(chosen(0, 500, "abc"), [*chosen(1, 475, "abc"), *["d"] * 25]) == {"unseen"}
    assert drifted(chosen(0, 500, "abc"), chosen(1, 500, "aaaabc")) == {"distribution"}
    ids, longer = ([f"{'x' * size}{i}" for i in range(300)] for size in (1, 9))
    assert "distribution" in drifted(ids, longer)
    assert drifted([0, 1] * 100, [0, 1, 1, 1] * 50, role="prediction") == {"distribution"}
    assert drifted([0, 1] * 100, [0, 1] * 95 + [2] * 10, role="prediction") == {"unseen"}


def test_categories_that_are_declared_are_certain() -> None:
    before, now = chosen(0, 30, "ab"), [*chosen(1, 96, "ab"), "c", "d", "c", "c"]
    assert drifted(before, now) == set()  # 30 rows may have missed what is 4 in 100
    found = judged(before, now, categories=frozenset("ab"))["unseen"]
    assert found.drift
    assert "4.0% have values that the baseline has not: 'c', 'd'" in found.text
    assert drifted(before, now, categories=frozenset("abcd")) == set()


def test_an_effect_without_evidence_and_evidence_without_an_effect() -> None:
    few = judged(normal(0, 20), normal(2, 12, move=0.3))["distribution"]
    assert few.large
    assert not few.drift
    many = judged(normal(0, 20_000), normal(1, 20_000, move=0.1))["distribution"]
    assert many.p < 1e-6
    assert not many.drift


def test_hundreds_of_columns_do_not_alarm_by_their_number() -> None:
    asked = [
        item
        for i in range(300)
        for item in drift.compare(
            Column(f"x{i}"), profile(normal(i, 100)), profile(normal(1000 + i, 100)), LIMITS
        )
    ]
    assert sum(item.p < LIMITS.alpha for item in asked) > 0
    assert [item for item in drift.judge(asked, LIMITS) if item.drift] == []


def test_the_range_of_few_rows_is_no_range() -> None:
    """Of 1000 such tests by chance alone, as many say 1 % as should (beta-binomial)."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(1000):
        one, two = generator.random(30), generator.random(50)
        found.append(drift._outside(Column("x"), one, two, LIMITS, "").p)
    assert 0.002 < np.mean(np.array(found) < 0.01) < 0.02


def test_numbers_that_are_none() -> None:
    for before, now in (
        ([math.inf] * 30 + normal(0, 70), normal(1, 100)),
        ([1.0] * 100, normal(0, 100)),
        ([None] * 100, normal(0, 100)),
        (normal(0, 100), [None] * 100),
        ([-math.inf, math.inf] * 50, [math.inf] * 100),
    ):
        for item in judged(before, now).values():
            json.dumps(item.as_json(), allow_nan=False)


def test_a_profile_is_bounded_and_even() -> None:
    found = Profile()
    for start in range(0, 100_000, 5000):
        found.add(list(range(start, start + 5000)))
    found.add(["text"] * 10)
    assert (found.rows, found.texts, len(found.numbers)) == (100_010, 10, SAMPLE)
    assert len(found.counts) == DISTINCT
    assert found.uncounted == 100_001 - DISTINCT + 9
    assert abs(np.mean(found.numbers) - 50_000) < 1000


def test_a_record_of_any_frame_has_the_columns_of_a_log() -> None:
    """What a record keeps of a frame is what the log keeps of it."""
    from skmig.agent.walk import walk

    frame = pd.DataFrame(
        {
            "n": [1.5, None, 2.0],
            "c": pd.Categorical(["a", "b", None], categories=["a", "b", "z"]),
            "o": ["x", None, "y"],
            "i": pd.array([1, None, 3], dtype="Int64"),
            "b": [True, False, True],
            "s": pd.array(["p", None, "q"], dtype="string"),
        },
        index=[7, 3, 5],
    )
    neutral = walk(frame, "X")
    assert isinstance(neutral, New)
    rows, categories = baseline._plain_input(neutral)
    one = baseline._batch(rows, None, None, 3).columns(None)
    two = baseline._batch(frame, None, None, 3).columns(None)
    assert one == two
    assert categories == {"c": frozenset("abz")}


# ------------------------------------------------------------------ the command
@pytest.fixture(params=list(segments.FORMATS))
def form(request: pytest.FixtureRequest) -> str:
    """Each format of a log."""
    found: str = request.param
    return found


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return records.written(tmp_path)


def logged(folder: Path, blocks: list[tuple[float, Any]], **options: Any) -> Path:
    """A log of blocks of rows, each logged so many seconds ago."""
    with skmig.PredictionLog(folder, **options) as log:
        for ago, rows in blocks:
            log.add(rows, np.asarray(rows)[:, 0] > 0, time=time.time() - ago)
    assert log.error is None
    return folder


def block(seed: int, size: int = 400, move: float = 0.0) -> Any:
    return np.random.default_rng(seed).normal(move, 1, (size, 3))


def said(capsys: pytest.CaptureFixture[str], *words: Any) -> tuple[int, dict[str, Any]]:
    code = run(["watch", *map(str, words), "--json"])
    document = checked(capsys.readouterr().out)
    assert document["ok"] == (code == 0)
    return code, document


def test_a_log_against_its_own_past(
    record: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    fine = logged(record.parent / "fine", [(86400, block(0)), (60, block(1))], format=form)
    both = [(86400, block(0)), (60, block(1, move=2.0))]
    moved = logged(record.parent / "moved", both, format=form)
    code, document = said(capsys, record, "--log", fine, "--against", "7d")
    assert (code, document["log"]["rows"]) == (0, 400)
    assert document["log"]["baseline"] == "the 400 rows of the 7 d before"
    code, document = said(capsys, record, "--log", moved, "--against", "7d")
    assert code == errors.ANSWER_IS_NO
    drifts = {item["column"] for item in document["log"]["findings"] if item["drift"]}
    assert drifts == {"x0", "x1", "x2", "prediction"}
    # what is older than the window is not recent
    code, document = said(capsys, record, "--log", moved, "--against", "7d", "--window", "30s")
    assert (code, document["log"]["judged"]) == (0, False)
    # what a person is told
    assert run(["watch", str(record), "--log", str(moved), "--against", "7d"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("drift: `x0`, `x1`, `x2` and 1 more drifted in 400 rows of the last 1 h")
    assert "PSI" in out


def test_the_metrics(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = pd.DataFrame(block(0), columns=['a "quoted" \\ name', "new\nline", "ü"])
    moved = rows + 2
    log = record.parent / "log"
    with skmig.PredictionLog(log) as writer:
        writer.add(rows, time=time.time() - 86400)
        writer.add(moved)
    place = record.parent / "metrics" / "skmig.prom"
    words = ("--log", log, "--against", "2d", "--prometheus", place)
    for _ in range(2):  # the second time it is replaced
        code, _ = said(capsys, record, *words)
        assert code == 1
    families = {item.name: item for item in text_string_to_metric_families(place.read_text())}
    (ok,) = families["skmig_watch_ok"].samples
    assert (ok.labels, ok.value) == ({"model": "model-1.6.1.pkl"}, 0.0)
    columns = {sample.labels["column"] for sample in families["skmig_watch_psi"].samples}
    assert columns == set(rows.columns)
    assert families["skmig_watch_rows"].samples[0].value == 400
    assert all(item.type == "gauge" and item.documentation for item in families.values())
    assert list(place.parent.iterdir()) == [place]
    blocked = record.parent / "log" / "none" / "x.prom"
    (record.parent / "log" / "none").write_text("a file")
    assert run(["watch", str(record), *map(str, words[:4]), "--prometheus", str(blocked)]) == 5


def test_too_few_rows_are_no_drift(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = logged(record.parent / "log", [(86400, block(0)), (60, block(1, size=99, move=9.0))])
    words = ("--log", log, "--against", "7d")
    code, document = said(capsys, record, *words)
    assert (code, document["log"]["judged"]) == (0, False)
    assert "too few rows in the last 1 h (99 of 100 rows): not judged" in document["summary"]
    assert said(capsys, record, *words, "--min-rows", "99")[0] == 1
    # nothing before the window is nothing to compare with
    code, document = said(capsys, record, "--log", log, "--against", "1s", "--min-rows", "10")
    assert (code, document["log"]["judged"]) == (0, False)
    assert "no rows before them" in document["summary"]


def test_clocks_that_are_wrong(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ahead = logged(record.parent / "ahead", [(86400, block(0)), (-10_800, block(1))])
    code, document = said(capsys, record, "--log", ahead, "--against", "7d")
    assert (code, document["log"]["rows"]) == (0, 400)
    assert "3 h in the future" in document["notes"][0]
    behind = logged(record.parent / "behind", [(86400, block(0)), (10_800, block(1))])
    code, document = said(capsys, record, "--log", behind, "--against", "7d")
    assert (code, document["log"]["rows"]) == (0, 0)
    assert document["notes"][0].startswith("the latest row is of 20")


def failure(capsys: pytest.CaptureFixture[str], *words: Any) -> tuple[int, str]:
    code = run(["watch", *map(str, words), "--json"])
    error = checked(capsys.readouterr().out, "failure")["error"]
    return code, "; ".join([error["message"], *error["causes"], error["hint"]])


def test_what_a_new_user_meets(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = record.parent
    log = logged(folder / "log", [(86400, block(0)), (60, block(1))])
    code, text = failure(capsys, record)
    assert (code, "--log" in text and "--probes" in text) == (2, True)
    code, text = failure(capsys, record, "--log", folder / "none")
    assert (code, "PredictionLog" in text) == (3, True)
    code, text = failure(capsys, folder / "nope.pkl", "--log", log)
    assert (code, "there is no model" in text) == (3, True)
    (folder / "alone.pkl").write_bytes(b"a model")
    code, text = failure(capsys, folder / "alone.pkl", "--log", log)
    assert (code, "skmig capture" in text) == (3, True)
    # a migrated model knows no rows of training
    code, text = failure(capsys, record, "--log", log)
    assert (code, "--against 7d" in text and "`model.pkl` with --baseline" in text) == (3, True)
    for words, option in (
        (("--window", "soon"), "--window 1h"),
        (("--window", "0h"), "--window 1h"),
        (("--against", "x"), "--against 1h"),
        (("--here",), "add --probes"),
        (("--against", "1d", "--baseline", record), "give one of them"),
    ):
        code, text = failure(capsys, record, "--log", log, *words)
        assert (code, option in text) == (2, True), text
    (folder / "other").mkdir()
    (folder / "other" / "notes.txt").touch()
    code, text = failure(capsys, record, "--log", folder / "other", "--against", "1d")
    assert (code, "without a segment of a log" in text) == (3, True)
    (folder / "empty").mkdir()
    code, document = said(capsys, record, "--log", folder / "empty", "--against", "1d")
    assert (code, document["notes"]) == (0, ["the log is empty: nothing was ever written to it"])


def test_a_damaged_log(record: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    blocks = [(86400, block(0)), (60, block(1, size=5000))]
    log = logged(record.parent / "log", blocks, format=form)
    (path,) = segments.files(log)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:100], b"\0" * 5000, b"x" * 5000):
        path.write_bytes(damaged)
        code, text = failure(capsys, record, "--log", log, "--against", "7d")
        assert (code, path.name in text and "out of the log's folder" in text) == (3, True)
    # a page in the middle
    path.write_bytes(whole[:40_960] + b"\xff" * 4096 + whole[45_056:])
    code, text = failure(capsys, record, "--log", log, "--against", "7d")
    assert (code, path.name in text) == (3, True)


def test_the_log_of_another_model(
    record: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    rows = [(86400, block(0)), (60, block(1))]
    own = logged(record.parent / "own", rows, record=record, format=form)
    assert said(capsys, record, "--log", own, "--against", "7d")[0] == 0
    for path in segments.files(own):
        if form == "parquet":
            table = parquet.read_table(path)
            text = table.schema.metadata[b"skmig"].decode()
            text = re.sub('"model": "[0-9a-f]+"', f'"model": "{"f" * 64}"', text)
            parquet.write_table(table.replace_schema_metadata({"skmig": text}), path)
            continue
        with sqlite3.connect(path) as db:
            db.execute("UPDATE meta SET value = ? WHERE key = 'model'", ("f" * 64,))
        db.close()
    code, text = failure(capsys, record, "--log", own, "--against", "7d")
    assert (code, "is of another model than `model-1.6.1.pkl`" in text) == (3, True)
    # in a log of two, the rows of this model count
    logged(own, rows, record=record)
    assert said(capsys, record, "--log", own, "--against", "7d")[1]["log"]["rows"] == 400


def test_a_killed_writer_and_a_folder_that_is_not_ours(
    record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = record.parent / "log"
    with skmig.PredictionLog(source) as log:
        log.add(block(0), time=time.time() - 86400)
        log.add(block(1))
        log.flush()
        # as a kill leaves it: with its journal
        shutil.copytree(source, record.parent / "copy")
    assert any(path.suffix == ".sqlite-wal" for path in (record.parent / "copy").iterdir())
    code, document = said(capsys, record, "--log", record.parent / "copy", "--against", "7d")
    assert (code, document["log"]["rows"]) == (0, 400)


def test_memory_does_not_grow_with_the_log(record: Path) -> None:
    """Five times as many rows take no more memory to judge."""
    import tracemalloc

    from skmig.watch import records as known
    from skmig.watch import watching
    from skmig.watch.answer import Options

    peaks = []
    for name, size in (("small", 40_000), ("large", 200_000)):
        log = record.parent / name
        with skmig.PredictionLog(log, pending=1_000_000, wait=60.0) as writer:
            for i in range(0, size, 20_000):
                writer.add(block(i, 20_000)[:, :1], time=time.time() - (i % 40_000) * 10)
        options = Options(log=log, window=7200.0, against=1e6)
        tracemalloc.start()
        watching.watch(known.read(record), options)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0], peaks
