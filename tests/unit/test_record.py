"""Records: what is written is whole or not there, and what was changed is told."""

from __future__ import annotations

import dataclasses
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests import records

from skmig import parity, record
from skmig.errors import OutputError, OutputExistsError, UnreadableError, UsageError
from skmig.record import report
from skmig.record.bundle import MEMBERS
from skmig.verification import record_of


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    return records.exported(tmp_path / "exported")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return records.written(tmp_path)


# ------------------------------------------------------------------ reading
def test_what_is_written_is_read(written: Path) -> None:
    found = record.read(written)
    assert found.manifest.summary.startswith("model.pkl moved")
    assert set(found.manifest.members) == MEMBERS
    assert found.document("model").state["coef_"].tolist() == [0.0, 1.0, 2.0]


def rewritten(path: Path, name: str, change: Any) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in members.items():
            new = change(content) if info.filename == name else content
            if new is not None:
                archive.writestr(info, new)


@pytest.mark.parametrize("name", sorted(MEMBERS))
@pytest.mark.parametrize(
    "change", [lambda old: old + b" ", lambda _old: None], ids=["more", "none"]
)
def test_a_changed_member_is_named(written: Path, name: str, change: Any) -> None:
    rewritten(written, name, change)
    with pytest.raises(UnreadableError, match=f"was changed: {name}"):
        record.read(written)


def test_a_changed_manifest_is_told(written: Path) -> None:
    rewritten(written, "manifest.json", lambda old: old.replace(b'"identical"', b'"different"'))
    with pytest.raises(UnreadableError, match=r"manifest .* was changed"):
        record.read(written)


@pytest.mark.parametrize("change", [lambda old: old[:50], lambda _old: b"[]", lambda _old: None])
def test_a_manifest_that_is_none(written: Path, change: Any) -> None:
    rewritten(written, "manifest.json", change)
    with pytest.raises(UnreadableError, match="not a record"):
        record.read(written)


def test_an_added_member_is_told(written: Path) -> None:
    with zipfile.ZipFile(written, "a") as archive:
        archive.writestr("more/graph.json", "{}")
    with pytest.raises(UnreadableError, match=r"was changed: more/graph\.json"):
        record.read(written)


@pytest.mark.parametrize("length", [0, 10, 400, -30])
def test_a_truncated_record(written: Path, length: int) -> None:
    written.write_bytes(written.read_bytes()[:length])
    with pytest.raises(UnreadableError, match=r"not a record|was changed after it was written"):
        record.read(written)


def test_every_byte_counts(written: Path) -> None:
    """Also those of which the archive makes nothing (times, padding, attributes)."""
    content = written.read_bytes()
    record.read(written)
    for position in range(0, len(content), 7):
        written.write_bytes(
            content[:position] + bytes([content[position] ^ 0x55]) + content[position + 1 :]
        )
        with pytest.raises(UnreadableError):
            record.read(written)


def test_nothing_is_added_around_it(written: Path) -> None:
    content = written.read_bytes()
    for changed in (content + b"\0", b"\0" + content, b"PK\x03\x04" + content):
        written.write_bytes(changed)
        with pytest.raises(UnreadableError):
            record.read(written)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["manifest.json", record.FACTS, "expected/graph.json"])
def test_a_member_that_is_there_twice_is_told(written: Path, name: str) -> None:
    with zipfile.ZipFile(written) as archive:
        content = archive.read(name)
    with zipfile.ZipFile(written, "a") as archive:
        archive.writestr(name, content)
    with pytest.raises(UnreadableError, match="stands twice"):
        record.read(written)


CONTRADICTIONS = [
    ({"rollback": dataclasses.replace(records.FILE, sha256="1" * 64)}, "what to go back to"),
    ({"source": records.FILE, "rollback": records.FILE, "coverage": {}}, "the coverage is not"),
    (
        {"source_environment": dataclasses.replace(records.FACT, python="3.9")},
        "environment's python",
    ),
    ({"verdict": "identical"}, "the verdict `identical` does not follow"),
    ({"summary": "All is well."}, "summary does not follow"),
    ({"losses": ("model: no",)}, "were not allowed"),
    ({"created": "yesterday"}, "Invalid isoformat"),
    ({"options": {}}, "KeyError"),
    ({"format": "dill"}, "no format `dill`"),
]


@pytest.mark.parametrize(("changes", "text"), CONTRADICTIONS)
def test_a_seal_does_not_hide_a_contradiction(
    changes: dict[str, Any], text: str, tmp_path: Path
) -> None:
    path = records.written(tmp_path, **changes)
    with pytest.raises(UnreadableError, match="contradicts itself") as caught:
        record.read(path)
    assert any(text in cause for cause in caught.value.causes), caught.value.causes


@pytest.mark.parametrize(
    "changes",
    [
        *({"name": name} for name in ("", ".", "..", "../other.pkl", "a/b.pkl", "/b.pkl", "b/")),
        *({"sha256": digest} for digest in ("", "0", "A" * 64, "0" * 65)),
        *({"size": size} for size in (-1, True, 1.0)),
    ],
)
def test_a_file_is_a_name_a_digest_and_a_size(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="of a file"):
        dataclasses.replace(records.FILE, **changes)


def test_a_payload_with_other_members_is_not_sealed(exported: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(exported, "a") as archive:
        archive.writestr("evil.py", "")
    with pytest.raises(UnreadableError, match="other members"):
        record.write(tmp_path / "out.skmig", records.manifest(), exported, {})


# ------------------------------------------------------------------ placing
def place(outputs: tuple[Path, ...], error: type[BaseException] | None = None) -> None:
    with record.placed(outputs) as drafts:
        for draft in drafts:
            draft.write_bytes(b"new")
            if error is not None:
                raise error


def test_both_outputs_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = (tmp_path / "model.pkl", tmp_path / "model.skmig")
    outputs[0].write_bytes(b"former")
    calls = []
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if self.suffix == ".part":
            calls.append(target)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OutputError, match="No space left") as caught:
        place(outputs)
    assert "disk space" in caught.value.hint
    assert len(calls) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["model.pkl"]
    assert outputs[0].read_bytes() == b"former"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    outputs = (tmp_path / "new" / "deep" / "a.pkl", tmp_path / "new" / "deep" / "a.skmig")
    with pytest.raises(error):
        place(outputs, error)
    assert list(tmp_path.iterdir()) == []


def test_outputs_are_as_any_file(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    former = os.umask(0o022)
    try:
        with record.placed((folder / "a.pkl",)) as (draft,):
            assert draft.parent == folder
            draft.write_bytes(b"new")
    finally:
        os.umask(former)
    assert [path.name for path in folder.iterdir()] == ["a.pkl"]
    assert (folder / "a.pkl").stat().st_mode & 0o777 == 0o644


def test_places_are_checked_before_any_work(tmp_path: Path) -> None:
    there = tmp_path / "there.pkl"
    there.write_bytes(b"x")
    with pytest.raises(OutputExistsError, match="is there already"):
        record.check_place((there,), False)
    record.check_place((there,), True)
    with pytest.raises(UsageError, match="is a folder"):
        record.check_place((tmp_path,), True)
    with pytest.raises(OutputError, match="cannot be written"):
        record.check_place((there / "x.pkl",), False)
    record.check_place((tmp_path / "new" / "x.pkl",), False)
    assert [path.name for path in tmp_path.iterdir()] == ["there.pkl"]


# ------------------------------------------------------------------ the report
def shown(width: int, **changes: Any) -> str:
    from rich.console import Console

    console = Console(width=width, color_system=None, legacy_windows=False)
    with console.capture() as caught:
        console.print(report.render(records.manifest(**changes)))
    return caught.get()


def test_the_report_says_what_it_rests_on() -> None:
    text = shown(
        200, notes=("a [bold]note[/]",), naive=parity.ended("ValueError: no", "load").as_json()
    )
    assert "4 rows, 2 of 3 leaves" in text
    assert "model: 1 of 3 leaves were not reached." in text
    assert "model: no missing values: the trees never saw one" in text
    assert "a [bold]note[/]" in text
    assert "it does not load: ValueError: no" in text
    assert "2 of 3 arrays of the result" in text
    assert "1 made by a rule (model.a_, 1.4.0: Rewritten a_)" in text
    moved = "DecisionTreeClassifier (3): added monotonic_cst; dropped _former"
    assert f"1.2.2 → 1.3.0  {moved}" in text
    assert "predict            identical     40" in text
    assert "score_samples raises in the source too: ValueError: not for this kernel" in text


def test_long_lists_end_with_how_much_there_is() -> None:
    text = shown(100, notes=tuple(f"note {i}" for i in range(100)))
    assert "note 39" in text
    assert "note 40" not in text
    assert "60 more: --json shows all" in text


def test_nothing_is_cut_where_there_is_no_room() -> None:
    text = shown(40)
    assert "predict: identical, n 40" in text
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 40


def test_records_lie_beside_their_results(tmp_path: Path) -> None:
    for name, record_name in (
        ("model-1.6.1.pkl", "model-1.6.1.skmig"),
        ("model-1.6.1", "model-1.6.1.skmig"),
        ("model", "model.skmig"),
    ):
        assert record.beside(tmp_path / name).name == record_name
    longer = record.beside(tmp_path / "model-1.6.1.pkl", whole=True)
    assert longer.name == "model-1.6.1.pkl.skmig"
    assert record_of(tmp_path / "model-1.6.1.pkl").name == "model-1.6.1.skmig"
    longer.write_bytes(b"")
    assert record_of(tmp_path / "model-1.6.1.pkl") == longer
    assert record_of(tmp_path / "model-1.6.1.joblib").name == "model-1.6.1.skmig"
