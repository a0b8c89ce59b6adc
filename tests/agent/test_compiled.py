"""The agent that an environment has compiled: the same agent, at the same places, and faster."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from skmig.environments import bundle_agent, compiled, local, virtual
from skmig.environments.base import EnvironmentSpec, Limits, SilentProgress
from skmig.environments.settings import SETTINGS
from skmig.errors import AgentError
from skmig.versions import release

SPEC = EnvironmentSpec(release="1.6.1")
PYTHON = release(SPEC.release).python


def kept(cache: Path) -> list[Path]:
    return sorted((cache / "agents").iterdir())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for agents; the environment is the one that is there."""
    python = virtual.ensure(SPEC, SilentProgress())
    monkeypatch.setattr(virtual, "ensure", lambda *_: python)
    monkeypatch.setenv("SKMIG_CACHE", str(tmp_path))
    return tmp_path


def ask(spec: EnvironmentSpec = SPEC) -> bool:
    """One worker's life; does it run what was compiled before?"""
    with local.LocalBackend().worker(spec, Limits(), SilentProgress()) as worker:
        assert worker.call("ping").result["exchange"] == []  # for the first job
        with pytest.raises(AgentError) as caught:
            worker.call("restore", bundle="none", document="model", out="x", format="pickle")
    trace: str = caught.value.details["trace"]
    # the line in the source is told either way
    assert "graph = _document(exchange" in trace
    return 'File "agent.pyz/skmig/agent/jobs.py"' in trace


def test_it_is_compiled_once_and_used(cache: Path) -> None:
    assert not ask()
    (first,) = kept(cache)
    before = first.stat().st_mtime_ns
    with zipfile.ZipFile(first) as archive, zipfile.ZipFile(_source()) as source:
        names = set(archive.namelist())
        assert {name: archive.read(name) for name in source.namelist()} == {
            name: source.read(name) for name in source.namelist()
        }
        modules = {name for name in source.namelist() if name.startswith("skmig/")}
        assert names - set(source.namelist()) == {name + "c" for name in modules}
    assert compiled.agent(PYTHON) == first.read_bytes()
    assert ask()
    assert [path.stat().st_mtime_ns for path in kept(cache)] == [before]


@pytest.mark.parametrize(
    "more", [{"requirements": ("xgboost==1.5.0",)}, {"lock": Path("freeze.txt")}]
)
def test_what_a_user_added_compiles_nothing(cache: Path, more: dict[str, Any]) -> None:
    """Its code runs in all environments of this Python: it is used there, and never asked for."""
    spec = dataclasses.replace(SPEC, **more)
    assert not ask(spec)
    assert not (cache / "agents").exists()
    ask()
    assert ask(spec)


def test_a_damaged_one_is_not_used(cache: Path) -> None:
    ask()
    (path,) = kept(cache)
    path.write_bytes(path.read_bytes()[:-100])
    assert compiled.agent(PYTHON) == bundle_agent.agent_pyz()
    assert not ask()
    assert ask()


def test_that_of_another_release_of_skmig_goes(cache: Path) -> None:
    ask()
    (path,) = kept(cache)
    other = path.with_name(f"{PYTHON}-{'0' * 32}-{'1' * 32}.pyz")
    path.rename(other)
    ask()
    assert [item.name for item in kept(cache)] == [path.name]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    assert path.stem.endswith(digest)


def test_another_python_reads_its_sources(cache: Path) -> None:
    """A compiled file of another Python is passed over."""
    ask()
    if f"{sys.version_info[0]}.{sys.version_info[1]}" == PYTHON:
        pytest.skip("the tests run on the same Python")
    worker = local.start(
        Path(sys.executable), kept(cache)[0].read_bytes(), "this Python", Limits(), SETTINGS
    )
    with worker:
        assert worker.call("ping").result["exchange"] == []


def _source() -> io.BytesIO:
    return io.BytesIO(bundle_agent.agent_pyz())
