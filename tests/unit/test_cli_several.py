"""Which files of a folder are models, and where their results go."""

from __future__ import annotations

from pathlib import Path

import pytest

from skmig import api
from skmig.errors import UnreadableError
from skmig.payload import write_bundle
from skmig.plan import Settings

TARGET = "1.6.1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.pkl", "sub/b.joblib", "sub/c.sav", ".hidden.pkl", "readme.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\x80\x04N.")
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / "without_suffix").write_bytes(b"\x80\x04N.")
    return tmp_path


def names(chosen: list[api.Chosen]) -> list[str]:
    return [item.path.name for item in chosen]


def test_a_folder_is_its_models(folder: Path) -> None:
    chosen, passed = api.expand([folder])
    assert names(chosen) == ["a.pkl", "b.joblib", "c.sav", "without_suffix"]
    assert [str(item.folder) for item in chosen] == [".", "sub", "sub", "."]
    assert {path.name for path in passed} == {".hidden.pkl", "readme.txt"}


def test_a_file_is_taken_as_it_is_called(folder: Path) -> None:
    chosen, passed = api.expand([folder / "readme.txt"])
    assert names(chosen) == ["readme.txt"]
    assert passed == []


def test_results_of_earlier_runs_are_passed_over(folder: Path) -> None:
    manifest = {"manifest.json": {"result": {"name": "a.pkl"}}}
    write_bundle(str(folder / "a.skmig"), {}, manifest)
    write_bundle(str(folder / "sub" / "b.skmig"), {}, {"payload.json": {}})
    chosen, passed = api.expand([folder])
    assert "a.pkl" not in names(chosen)
    assert folder / "a.pkl" in passed
    assert "b.joblib" in names(chosen), "what lies beside it is its payload, not its record"


def test_nothing_to_migrate_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("hello")
    with pytest.raises(UnreadableError, match="no model in"):
        api.expand([tmp_path])
    with pytest.raises(UnreadableError, match="there is no file"):
        api.expand([tmp_path / "nope.pkl"])


def test_names_of_results(tmp_path: Path) -> None:
    settings = Settings(target=TARGET)
    assert api.result_name(Path("m/a.joblib"), settings, None) == Path("m/a-1.6.1.joblib")
    assert api.result_name(Path("m/a.joblib"), settings, tmp_path) == tmp_path / "a-1.6.1.joblib"
    assert api.result_name(Path("m/a"), settings, None) == Path("m/a-1.6.1")
    skops = Settings(target=TARGET, format="skops")
    assert api.result_name(Path("a.joblib"), skops, None) == Path("a-1.6.1.skops")
