"""The HTML page of a record: it needs nothing, runs nothing, and says everything."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests import records

from skmig import record
from skmig.errors import UnreadableError
from skmig.record import page

VOID = {"meta", "wbr", "br"}
SHAPES = {"path", "line", "rect", "circle"}
HOSTILE = (
    "</title></style><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
    " http://evil.example \u202e\x00\ud800 {{ 7 * 7 }}"
)


class Parsed(HTMLParser):
    """A page as its elements, attributes and texts; every element must be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHAPES
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def text(self, tag: str) -> str:
        return "".join(data for name, data in self.texts if name == tag).strip()

    @property
    def words(self) -> str:
        said = " ".join(data for name, data in self.texts if name != "style")
        return re.sub(r"\s+", " ", said)


def drawn(rows: int = 40, **changes: Any) -> str:
    found, sketches = records.compared(rows=rows)
    return page.page(records.manifest(**{"parity": found, **changes}), sketches)


# ------------------------------------------------------------------ what it needs
def test_it_needs_nothing_and_runs_nothing() -> None:
    text = drawn()
    found = Parsed(text)
    assert not {"script", "link", "img", "iframe", "object", "form", "a", "base"} & set(found.tags)
    for _tag, name, value in found.attributes:
        assert name not in ("src", "href", "srcset", "action", "style", "xlink:href", "data")
        assert not name.startswith("on")
        assert "://" not in (value or "")
    style = found.text("style")
    assert "url(" not in style
    assert "@import" not in style
    assert "://" not in text


def test_the_policy_allows_this_style_sheet_only() -> None:
    text = drawn()
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = (
        value
        for tag, name, value in Parsed(text).attributes
        if (tag, name) == ("meta", "content") and "default-src" in (value or "")
    )
    assert policy is not None
    said = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert said["default-src"] == "'none'"
    assert said["style-src"] == f"'sha256-{digest}'"


def hostile(value: Any) -> Any:
    """The same with HOSTILE in the place of every text, where it is data."""
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, list | tuple):
        return type(value)(hostile(item) for item in value)
    if isinstance(value, dict):
        return {name: hostile(item) for name, item in value.items()}
    return value


def hostile_manifest() -> record.Manifest:
    notes = dict.fromkeys(("losses", "substitutions", "notes", "changes"), ("a note",))
    plain = records.manifest(
        **notes,
        naive={"sentence": "it does not load"},
        user="me",
        commit="0123",
        options={
            **records.manifest().options,
            "accept": ["SVC.predict"],
            "trust": ["os"],
        },
        data=records.data(),
    )
    value = hostile(plain.as_json())
    for name in ("source", "result", "rollback"):  # what is no file is refused when it is read
        file = getattr(plain, name)
        value[name].update(name=HOSTILE.replace("/", "\\"), sha256=file.sha256)
    value["coverage"] = {HOSTILE: value["coverage"]["model"]}
    for name in ("source_environment", "target_environment"):
        value[name]["packages"] = {HOSTILE: f"{HOSTILE}{name}"}
    return record.Manifest.from_json(value)


def test_whatever_stands_in_a_record_is_text() -> None:
    _found, sketches = records.compared()
    text = page.page(hostile_manifest(), hostile(sketches))
    text.encode("utf-8")
    found, plain = Parsed(text), Parsed(drawn())
    assert set(found.tags) <= set(plain.tags) | {"b", "dl"}
    names = {(tag, name) for tag, name, _value in plain.attributes}
    assert {(tag, name) for tag, name, _value in found.attributes} <= names
    assert "\u202e" not in text
    assert "\x00" not in text
    assert "49" not in re.findall(r"\d+", found.text("h1"))
    assert "\\u202e" in found.words
    assert found.words.count("alert(1)") > 40


# ------------------------------------------------------------------ what it says
def test_the_verdict_comes_first() -> None:
    text = drawn()
    found = Parsed(text)
    assert found.text("h1") == (
        "Yes: model.pkl predicts the same under scikit-learn 1.6.1 as under 1.1.0, "
        "within tolerance."
    )
    before = re.split("<h1", text)[0]
    assert "<h2" not in before
    assert "<table" not in before


def changed(verdict: str) -> dict[str, Any]:
    found, _sketches = records.compared()
    methods = [{**item, "verdict": verdict, "text": "said"} for item in found["methods"][:1]]
    return {"parity": {**found, "methods": methods}, "verdict": verdict}


@pytest.mark.parametrize(
    ("changes", "start", "end"),
    [
        (changed("identical"), "Yes: ", "bit for bit."),
        (changed("tied"), "Yes: ", "may come first."),
        (changed("changed"), "Yes, but: ", "but for what scikit-learn itself changed."),
        ({"losses": ("gone",)}, "Yes, but: ", "but for the losses that were allowed."),
        ({"verdict": record.UNPROVEN}, "Not proven: ", "could be compared."),
    ],
)
def test_every_verdict_has_a_sentence(changes: dict[str, Any], start: str, end: str) -> None:
    said = Parsed(drawn(**changes)).text("h1")
    assert said.startswith(start)
    assert said.endswith(end)


def test_what_was_not_proven_is_said() -> None:
    words = Parsed(drawn(losses=("lost",), naive={"sentence": "it does not load"})).words
    for text in (
        "model: 1 of 3 leaves were not reached.",
        "model: no missing values: the trees never saw one",
        "score_samples raises in the source too: ValueError: not for this kernel",
        "1 of the 3 arrays of the state were written anew by rules",
        "Inputs other than the 4 rows made from the model itself were not asked.",
        "as it is: it does not load.",
        "Losses",
        "lost",
    ):
        assert text in words


def test_what_moved_is_said_by_boundary() -> None:
    text = drawn()
    words = Parsed(text).words
    assert "DecisionTreeClassifier" in words
    for name in ("monotonic_cst", "_former", "old_", "new_", "tree_"):
        assert name in text.replace("<wbr>", "")
    order = [words.index(name) for name in ("1.2.2 → 1.3.0", "1.1.3 → 1.2.0")]
    assert order == sorted(order)  # what changed nothing stands at the end
    assert "Rewritten tree_ (3)" in words


def test_the_way_down_is_named_as_it_was_gone() -> None:
    down = records.manifest(source_environment=records.TARGET, target_environment=records.FACT)
    assert "1.3.0 → 1.2.2" in Parsed(page.page(down, {"probes": [], "data": []})).words


def test_packages_that_differ_stand_side_by_side() -> None:
    words = Parsed(drawn()).words
    assert "numpy 1.22.4 2.2.2" in words
    assert "pytz 2022.1 not there" in words
    assert "tzdata not there 2025.1" in words
    assert "The same on both sides: six 1.16.0" in words


def test_commands_can_be_pasted() -> None:
    name = "my model; rm -rf x.pkl"
    words = Parsed(drawn(result=dataclasses.replace(records.FILE, name=name))).words
    assert "skmig verify 'my model; rm -rf x.pkl' --original model.pkl" in words


def test_each_float_method_has_its_pictures() -> None:
    text = drawn(rows=400)
    assert text.count('<path class="dots"') == 2
    words = Parsed(text).words
    assert re.search(r"decision_ ?function .* of 1,200 values are equal; the others differ", words)
    assert "are drawn, those that differ most among them." in words


def test_own_rows_have_a_table_and_pictures_of_their_own() -> None:
    _found, sketches = records.compared()
    both = {"probes": sketches["probes"], "data": sketches["probes"]}
    text = page.page(records.manifest(data=records.data()), both)
    words = Parsed(text).words
    assert text.count('<path class="dots"') == 4
    assert "source's. On 40 of 50 rows of `rows.csv` Method" in words
    assert "On 40 of 50 rows of `rows.csv`: 2 of 3 methods answer identically" in words


def test_own_rows_alone_are_the_whole_summary() -> None:
    empty = {**records.compared()[0], "methods": [], "summary": "Nothing was compared."}
    _found, sketches = records.compared()
    changes = {"parity": empty, "data": records.data()}
    text = page.page(records.manifest(**changes), {"probes": [], "data": sketches["probes"]})
    words = Parsed(text).words
    assert "Nothing was compared" not in words
    assert "no method that could be asked" not in words
    assert "On 40 of 50 rows of `rows.csv`: 2 of 3 methods answer identically" in words


# ------------------------------------------------------------------ how it is built
def test_headings_and_tables_are_real() -> None:
    text = drawn()
    found = Parsed(text)
    levels = [int(tag[1]) for tag in found.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(later - former <= 1 for former, later in itertools.pairwise(levels))
    assert found.tags.count("caption") == found.tags.count("table")
    headers = [value for tag, name, value in found.attributes if (tag, name) == ("th", "scope")]
    assert len(headers) == found.tags.count("th")


def test_the_same_record_gives_the_same_page(tmp_path: Path) -> None:
    place = records.written(tmp_path)
    read = record.read(place)
    _found, sketches = records.compared()
    sealed = dataclasses.replace(
        records.manifest(), members=read.manifest.members, seal=read.manifest.seal
    )
    assert page.of(read) == page.of(record.read(place)) == page.page(sealed, sketches)


def test_a_page_is_never_large() -> None:
    long = "a_very_long_name_" * 60
    method = records.compared()[0]["methods"][1]
    methods = [{**method, "path": f"{long}{i}", "notes": [long] * 3} for i in range(2000)]
    sketch = {
        "path": long,
        "method": long,
        "values": 10**9,
        "not_finite": 0,
        "ulps": list(range(1, 66)),
        "points": [[float(i), float((i * 7919) % 300)] for i in range(300)],
    }
    move = {**records.MOVE, "tag": long, "added": [long] * 100, "renamed": [[long, long]] * 100}
    text = page.page(
        records.manifest(
            parity={**records.compared()[0], "methods": methods},
            moved=(move,) * 3000,
            rules=(f"1.3.0: {long}",) * 3000,
            notes=(long,) * 3000,
            coverage={f"{long}{i}": {"rows": 1, "leaves": [1, 2]} for i in range(3000)},
        ),
        {"probes": [sketch] * 24, "data": [sketch] * 24},
    )
    assert len(text.encode()) < 300_000
    assert "more" in Parsed(text).words


def test_a_record_that_says_something_else_is_an_error(tmp_path: Path) -> None:
    for changes in (
        {"parity": {}},
        {"options": {}},
        {"state": {"arrays": "a"}},
        {"coverage": {"a": 1}},
    ):
        place = records.written(tmp_path, **changes)
        with pytest.raises(UnreadableError, match=r"contradicts itself|not say what a record says"):
            page.of(record.read(place))
        place.unlink()
