"""The doctor says what is missing and what to do, and fails only where nothing can be done."""

from __future__ import annotations

from pathlib import Path

import pytest

from skmig.environments import doctor, locks
from skmig.environments.doctor import Check


@pytest.fixture(autouse=True)
def no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    monkeypatch.setenv("SKMIG_CACHE", str(tmp_path / "not" / "yet"))


def _named(checks: list[Check], name: str) -> Check:
    (found,) = (check for check in checks if check.name == name)
    return found


def test_without_an_engine_local_environments_do() -> None:
    checks = doctor.examine()
    engine = _named(checks, "engine")
    assert engine.state == "warn"
    assert "no such socket" in engine.text
    assert "--backend local" in engine.todo
    assert _named(checks, "local environments").text.startswith("0 of ")
    assert doctor.is_well(checks)


def test_without_an_engine_and_without_uv_nothing_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "find_uv", lambda: "/nowhere/uv")
    checks = doctor.examine()
    assert _named(checks, "uv").state == "fail"
    assert "install" in _named(checks, "uv").todo
    assert _named(checks, "engine").state == "fail"
    assert not doctor.is_well(checks)


def test_a_disk_that_is_nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_SPACE_FOR_ALL", 10**18)
    assert _named(doctor.examine(), "disk").state == "warn"
    monkeypatch.setattr(doctor, "_SPACE_FOR_ONE", 10**18)
    checks = doctor.examine()
    assert _named(checks, "disk").state == "fail"
    assert "du -sh" in _named(checks, "disk").todo
    assert not doctor.is_well(checks)
