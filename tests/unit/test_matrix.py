"""The matrix without environments: pairs, keys, results on disk, the table, the page, questions."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

from skmig import versions
from skmig.cli.app import run
from skmig.errors import UnreadableError, UnsupportedError, UsageError
from skmig.matrix import Cell, Fate, keys, support, table
from skmig.matrix.page import page
from skmig.matrix.pairs import choose, coarse_first
from skmig.matrix.store import Result, Store

ZOO = Path(__file__).parents[1] / "zoo"


def a_result(source: str, target: str, *cells: tuple[str, Fate, str]) -> Result:
    return Result(
        source=source,
        target=target,
        key="key",
        seconds=1.5,
        cells=tuple(
            Cell(specimen=name, source=source, target=target, fate=fate, text=text, unlike=("x",))
            for name, fate, text in cells
        ),
    )


RESULTS = (
    a_result(
        "1.1.3",
        "1.6.1",
        ("SVC@default", Fate.IDENTICAL, ""),
        ("SVC@linear", Fate.CLOSE, ""),
        ("Ridge@default", Fate.IDENTICAL, ""),
        ("KMeans@default", Fate.CRASHED, "predict: no <such> attribute & more"),
    ),
    a_result(
        "1.6.1",
        "1.1.3",
        ("SVC@default", Fate.IDENTICAL, ""),
        ("SVC@linear", Fate.REFUSED, "it cannot"),
        ("TargetEncoder@default", Fate.REFUSED, "`TargetEncoder` does not exist before 1.3.0"),
    ),
    a_result("1.6.1", "0.18.2", ("SVC@linear", Fate.REFUSED, "it cannot")),
    a_result("1.2.2", "1.3.0", ("SVC@default", Fate.CHANGED, "decision_function: said so")),
)
TABLE = table.collect(RESULTS, command="skmig matrix --all", asked=9)


# ------------------------------------------------------------------ pairs
def test_pairs_come_from_all_options_each_once() -> None:
    pairs = choose(named=["1.1.0:1.6.1,1.6.1:1.1.0"], sources=["1.1.0"], targets=["1.6.1", "1.2"])
    assert pairs == [("1.1.0", "1.6.1"), ("1.6.1", "1.1.0"), ("1.1.0", "1.2.0")]


def test_a_grid_has_both_directions_and_no_release_to_itself() -> None:
    assert set(choose(sources=["1.1.0,1.6.1"])) == {("1.1.0", "1.6.1"), ("1.6.1", "1.1.0")}
    count = len(versions.line())
    assert len(choose(everything=True)) == count * (count - 1)


def test_adjacent_pairs_are_neighbours_in_both_directions() -> None:
    pairs = choose(adjacent=True)
    assert all(abs(versions.position(one) - versions.position(two)) == 1 for one, two in pairs)
    assert {(two, one) for one, two in pairs} == set(pairs)


def test_a_grid_begins_with_its_corners() -> None:
    ends = versions.line()[:9]
    order = coarse_first((one, two) for one in ends for two in ends if one != two)
    assert set(order[:2]) == {(ends[0], ends[8]), (ends[8], ends[0])}
    assert {name for pair in order[:6] for name in pair} == {ends[0], ends[4], ends[8]}
    assert len(set(order)) == 72


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({}, UsageError),
        ({"named": ["1.1.0"]}, UsageError),
        ({"named": ["1.1.0:7.0"]}, UnsupportedError),
        ({"sources": ["1.1.0"], "targets": ["1.1.0"]}, UsageError),
    ],
)
def test_what_is_no_pair_is_said(options: dict[str, list[str]], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        choose(**options)  # type: ignore[arg-type]
    assert caught.value.hint  # type: ignore[attr-defined]


# ------------------------------------------------------------------ keys
def test_a_key_is_stable_and_knows_its_pair() -> None:
    first = keys.pair("made", "1.1.0", "1.3.0", "")
    assert keys.pair("made", "1.1.0", "1.3.0", "") == first
    others = [("made", "1.3.0", "1.1.0", ""), ("other", "1.1.0", "1.3.0", ""),
              ("made", "1.1.0", "1.3.0", "Ridge")]  # fmt: skip
    assert first not in {keys.pair(*other) for other in others}


def test_a_changed_rule_touches_the_pairs_that_cross_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crossing, apart = ("1.1.3", "1.6.1"), ("1.4.0", "1.6.1")
    before = [keys.pair("made", *pair, "") for pair in (crossing, apart)]
    files = dict(keys._rule_files())
    (own,) = [path for path in files["1.3.0"] if path.name == "v1_3_0.py"]
    changed = tmp_path / own.name
    changed.write_text(own.read_text("utf-8") + "# another thought\n", "utf-8")
    files["1.3.0"] = files["1.3.0"] - {own} | {changed}
    monkeypatch.setattr(keys, "_rule_files", lambda: files)
    after = [keys.pair("made", *pair, "") for pair in (crossing, apart)]
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_a_rule_module_is_keyed_with_what_it_imports() -> None:
    files = keys._rule_files()
    assert {path.name for path in files["1.3.0"]} > {"v1_3_0.py", "ops.py"}
    assert len(files) == len({name for name in files if name in versions.line()})


def test_a_changed_census_touches_the_pairs_that_pass_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = versions.images_folder()
    for release in versions.line():
        (tmp_path / release).mkdir()
        for name in ("census.json", "requirements.lock", "Dockerfile"):
            shutil.copy(ours / release / name, tmp_path / release)
    for path in ours.glob("*.t*"):
        shutil.copy(path, tmp_path)
    pairs = (("1.1.3", "1.3.0"), ("1.4.0", "1.6.1"))
    monkeypatch.setattr(versions, "images_folder", lambda: tmp_path)
    before = [keys.pair("made", *pair, "") for pair in pairs]
    with (tmp_path / "1.2.0" / "census.json").open("a") as census:
        census.write("\n")
    after = [keys.pair("made", *pair, "") for pair in pairs]
    assert [one == two for one, two in zip(before, after, strict=True)] == [False, True]


def test_the_zoo_is_part_of_the_key(tmp_path: Path) -> None:
    shutil.copytree(ZOO / "specimens", tmp_path / "specimens")
    before = keys.made_by(tmp_path)
    assert before == keys.made_by(ZOO)
    with (tmp_path / "specimens" / "kit.py").open("a") as kit:
        kit.write("# one more\n")
    assert keys.made_by(tmp_path) != before


# ------------------------------------------------------------------ results on disk
def test_a_result_is_found_again_by_its_key_only(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save(RESULTS[0])
    assert store.load("1.1.3", "1.6.1", "key") == RESULTS[0]
    assert store.load("1.1.3", "1.6.1", "another") is None
    assert store.load("1.6.1", "1.1.3", "key") is None
    assert [path.name for path in (tmp_path / "pairs").iterdir()] == ["1.1.3_1.6.1.json"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key":"key"}', '{"key":"key","cells":[[1]]}'])
def test_a_damaged_result_is_run_again(tmp_path: Path, damage: str) -> None:
    store = Store(tmp_path)
    store.save(RESULTS[0])
    store.path("1.1.3", "1.6.1").write_text(damage)
    assert store.load("1.1.3", "1.6.1", "key") is None


# ------------------------------------------------------------------ the table
def test_a_table_counts_by_class_and_pair() -> None:
    outcome = TABLE.classes["sklearn.svm.SVC"]["1.6.1", "1.1.3"]
    assert (outcome[Fate.IDENTICAL], outcome[Fate.REFUSED], outcome.total) == (1, 1, 2)
    assert outcome.reasons == (("it cannot", ("linear",)),)
    assert TABLE.total().as_json() == {
        "identical": 3, "close": 1, "changed": 1, "refused": 3, "different": 0, "crashed": 1,
    }  # fmt: skip
    assert TABLE.unlike["1.1.3", "1.6.1"] == 4
    ((tag, pair, text, labels),) = TABLE.failures()
    assert (tag, pair, labels) == ("sklearn.cluster.KMeans", ("1.1.3", "1.6.1"), ("default",))
    assert text.startswith("crashed: predict")


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(table.text(TABLE), "utf-8")
    assert table.read(path) == TABLE
    assert table.text(table.read(path)) == table.text(TABLE)
    document = json.loads(path.read_text("utf-8"))
    assert document["reasons"].count("it cannot") == 1


@pytest.mark.parametrize("damage", ["", "[]", '{"schema_version":7}'])
def test_what_is_no_table_is_said(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(damage)
    with pytest.raises(UnreadableError, match=re.escape("results.json")):
        table.read(path)


def test_the_committed_table_is_small_and_of_known_releases() -> None:
    path = table.committed()
    assert path.stat().st_size < 2_000_000
    committed = table.read(path)
    assert {name for pair in committed.pairs for name in pair} <= set(versions.line())
    assert committed.total().total > 0


# ------------------------------------------------------------------ the page
class Balance(HTMLParser):
    """Collects tags that are opened and not closed, and addresses."""

    VOID = ("meta", "!doctype", "rect")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.addresses += [name for name, _ in attrs if name in ("src", "href", "xlink:href")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_is_whole_and_needs_nothing_else() -> None:
    text = page(TABLE)
    parser = Balance()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    assert parser.addresses == []
    for outside in ("http:", "https:", "url(", "@import", "<script", "<link", "//"):
        assert outside not in text
    assert 'name="viewport"' in text
    assert "prefers-color-scheme:dark" in text


def test_the_numbers_of_a_page_stand_in_titles_and_in_a_table() -> None:
    text = page(TABLE)
    drawings = [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]
    titles = [node.text for svg in drawings for node in svg.iter("title")]
    assert "1.1.3 to 1.6.1: identical 2, close 1, crashed 1" in titles
    assert "1.2.2 to 1.3.0: changed 1" in titles
    assert "1.1.3 → 1.6.1</th><td>2</td><td>1</td>" in text
    bad = [node for svg in drawings for node in svg.iter("rect") if "bad" in node.get("class", "")]
    assert len(bad) == 2  # the pair, and its key
    assert "4 pairs of scikit-learn releases of 9 that were asked for" in text


# ------------------------------------------------------------------ questions
def test_a_class_is_answered_for_with_reasons_and_where() -> None:
    found = support.answer(TABLE, "SVC")
    assert found.known.tag == "sklearn.svm.SVC"
    assert found.known.total[Fate.REFUSED] == 2
    reason = found.reasons[0]
    assert (reason.text, reason.configurations) == ("it cannot", ("linear",))
    assert reason.where == "from 1.6.1 or later to 1.1.3 or earlier"
    assert "with exceptions" in found.verdict


def test_an_answer_is_for_the_pair_that_was_asked_about() -> None:
    up = support.answer(TABLE, "sklearn.svm.SVC", "1.1.3", "1.6.1")
    assert up.verdict == "supported: every configuration keeps its outputs"
    assert up.reasons == ()
    down = support.answer(TABLE, "TargetEncoder", "1.6.1", "1.1.3")
    assert down.verdict.startswith("not supported")
    assert "defect" in support.answer(TABLE, "KMeans").verdict


def test_what_was_not_measured_is_answered_by_the_nearest_that_was() -> None:
    found = support.answer(TABLE, "SVC", "1.1.0", "1.5.0")
    assert found.stand_in == ("1.1.3", "1.6.1")
    assert support.answer(TABLE, "SVC", "1.9.1", "0.19.0").stand_in == ("1.6.1", "0.18.2")
    none = support.answer(TABLE, "Ridge", "1.6.1", "1.1.0")
    assert (none.stand_in, none.verdict) == (None, "not measured yet")


def test_a_release_without_the_class_is_said() -> None:
    found = support.answer(TABLE, "TargetEncoder", "1.1.3", "1.6.1")
    assert "has no `sklearn.preprocessing.TargetEncoder`" in found.verdict


def test_an_unknown_class_is_refused_with_near_names() -> None:
    with pytest.raises(UnsupportedError) as caught:
        support.answer(TABLE, "RandomForrestClassifier")
    assert "`RandomForestClassifier`" in caught.value.hint
    assert support.answer(TABLE, "svc").known.name == "SVC"


def test_all_classes_stand_by_family() -> None:
    found = support.classes(TABLE)
    assert [(item.family, item.name) for item in found] == [
        ("cluster", "KMeans"),
        ("linear_model", "Ridge"),
        ("preprocessing", "TargetEncoder"),
        ("svm", "SVC"),
    ]
    only = support.classes(TABLE, source="1.2.2")
    assert [item.name for item in only if item.outcomes] == ["SVC"]


# ------------------------------------------------------------------ the commands
@pytest.fixture
def results(tmp_path: Path) -> str:
    path = tmp_path / "results.json"
    path.write_text(table.text(TABLE), "utf-8")
    return str(path)


def test_support_prints_one_document(results: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["support", "SVC", "--from", "1.6.1", "--results", results, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["class"] == "sklearn.svm.SVC"
    assert said["counts"]["refused"] == 2
    assert run(["support", "--results", results, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["classes"]) == 4


def test_support_speaks_to_people(results: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["support", "SVC", "--results", results]) == 0
    said = capsys.readouterr().out
    assert "from 1.6.1 or later to 1.1.3 or earlier (linear):" in said
    assert run(["support", "--results", results]) == 0
    assert "TargetEncoder" in capsys.readouterr().out
    assert run(["support", "Nothing@all", "--results", results]) == 4


def test_support_answers_from_what_is_committed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["support", "Ridge", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["measured"]


@pytest.mark.parametrize(
    "words",
    [
        ["--pairs", "1.1.0:1.6.1", "--zoo", "/nowhere"],
        ["--pairs", "1.1.0:1.6.1", "--match", "("],
        ["--pairs", "1.1.0-1.6.1"],
        [],
    ],
)
def test_a_wrong_order_writes_nothing(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["matrix", *words]) == 2
    assert "hint:" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_outcomes_are_summed() -> None:
    assert table.summed(TABLE.of(pair) for pair in TABLE.pairs) == TABLE.total()
    assert table.summed([]).total == 0
