"""Local environments, really made: the oldest and the newest release, and what they let through."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest
from tests.environments.artifacts import that_runs

from skmig.environments import confine, locks, virtual
from skmig.environments.base import EnvironmentSpec, Limits, SilentProgress, Worker
from skmig.environments.local import LocalBackend
from skmig.environments.recipes import recipe
from skmig.errors import AgentError, EnvironmentFailedError, ImportInAgentError, UsageError
from skmig.versions import line

pytestmark = pytest.mark.environments

SAYS_WHAT_IT_SEES = """
import json, os, sys
with open(os.path.join(sys.argv[-1], "seen.json"), "w") as handle:
    json.dump({"environ": dict(os.environ), "path": sys.path, "cwd": os.getcwd()}, handle)
os._exit(0)
"""


def open_worker(release: str) -> Worker:
    return LocalBackend().worker(EnvironmentSpec(release=release), Limits(), SilentProgress())


@pytest.fixture(params=[0, -1], ids=["oldest", "newest"])
def release(request: pytest.FixtureRequest) -> str:
    return line()[request.param]


def test_an_environment_is_what_its_lock_says(release: str) -> None:
    worker = open_worker(release)
    try:
        assert worker.hello["sklearn"] == release
        assert worker.hello["packages"] == dict(recipe(EnvironmentSpec(release=release)).pins)
        assert worker.hello["sandboxed"] is False
    finally:
        worker.close()
    assert LocalBackend().has(EnvironmentSpec(release=release))


def test_an_environment_is_compiled(release: str) -> None:
    python = virtual.ensure(EnvironmentSpec(release=release), SilentProgress())
    (compiled,) = python.parent.parent.glob("lib/python*/site-packages/sklearn/__pycache__")
    assert any(compiled.glob("base.*.pyc"))


def test_secrets_stay_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    worker = open_worker(line()[-1])
    try:
        worker.put("model.pkl", that_runs(SAYS_WHAT_IT_SEES))
        with suppress(AgentError):  # it is no model
            worker.call("export", artifact="model.pkl", out="seen.json")
        worker.get("seen.json", tmp_path / "seen.json")
    finally:
        worker.close()
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert "hidden" not in seen["environ"].values()
    assert str(tmp_path) not in seen["path"]
    assert seen["environ"]["PYTHONHASHSEED"] == "0"
    assert seen["environ"]["OPENBLAS_NUM_THREADS"] == "1"
    assert seen["environ"]["HOME"] != os.environ["HOME"]
    assert seen["cwd"] == seen["environ"]["HOME"]


@pytest.mark.parametrize("how", ["bwrap", "unshare", "none"])
def test_what_is_not_the_workers_is_not_emptied(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker may be the first of its processes, and yet share its memory files with others."""
    if how != "none" and confine._fails(how):
        pytest.skip(f"`{how}` does not work here")
    monkeypatch.setenv(confine.VARIABLE, how)
    with tempfile.NamedTemporaryFile(dir="/dev/shm", prefix="of-another") as other:
        worker = open_worker(line()[-1])
        with closing(worker):
            assert worker.hello["confinement"] == how
            worker.call("ping")
        assert Path(other.name).exists()


def test_a_module_that_is_not_there_is_named(release: str) -> None:
    worker = open_worker(release)
    try:
        worker.put("model.pkl", b"cnowhere.models\nModel\n.")
        with pytest.raises(ImportInAgentError, match="needs the module `nowhere"):
            worker.call("export", artifact="model.pkl", out="out.skmig")
    finally:
        worker.close()


def test_a_link_is_not_followed_out_of_the_exchange(tmp_path: Path) -> None:
    worker = open_worker(line()[-1])
    code = "import os, sys; os.symlink('/etc/passwd', os.path.join(sys.argv[-1], 'result.pkl'))"
    try:
        worker.put("model.pkl", that_runs(code))
        with suppress(AgentError):
            worker.call("export", artifact="model.pkl", out="out.skmig")
        with pytest.raises(EnvironmentFailedError, match=r"`result\.pkl` cannot be copied out"):
            worker.get("result.pkl", tmp_path / "result.pkl")
        with pytest.raises(UsageError, match="cannot be the name"):
            worker.get("../home", tmp_path / "result.pkl")
    finally:
        worker.close()
    assert not (tmp_path / "result.pkl").exists()


def test_code_is_copied_as_a_folder(tmp_path: Path) -> None:
    (tmp_path / "code" / "package" / "__pycache__").mkdir(parents=True)
    (tmp_path / "code" / "package" / "__init__.py").write_text("class Model(object):\n    pass\n")
    (tmp_path / "code" / "package" / "__pycache__" / "stale.pyc").write_text("")
    worker = open_worker(line()[0])
    try:
        worker.put("code", tmp_path / "code")
        worker.put("model.pkl", b"cpackage\nModel\n.")
        worker.call("export", artifact="model.pkl", out="out.skmig", code=["code"])
        with pytest.raises(ImportInAgentError, match="needs the module `package`"):
            worker.call("export", artifact="model.pkl", out="out.skmig")
    finally:
        worker.close()


def test_two_at_once_make_an_environment_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SKMIG_CACHE", str(tmp_path))
    freeze = tmp_path / "freeze.txt"
    pins = recipe(EnvironmentSpec(release=line()[0])).pins
    freeze.write_text("".join(f"{name}=={pins[name]}\n" for name in ("scikit-learn", "six")))
    spec = EnvironmentSpec(release=line()[0], lock=freeze, requirements=("toml==0.10.2",))
    said = SilentProgress()
    found: list[Path] = []
    threads = [
        threading.Thread(target=lambda: found.append(virtual.ensure(spec, said))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]
    assert sum(text.startswith("making") for text in said.said) == 1
    packages = sorted(path.name for path in found[0].parent.parent.glob("lib/*/site-packages/*"))
    assert any(name.startswith("toml-0.10.2") for name in packages)
    assert not list(tmp_path.glob("environments/*.new"))


def test_what_cannot_be_installed_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SKMIG_CACHE", str(tmp_path))
    freeze = tmp_path / "freeze.txt"
    freeze.write_text(f"scikit-learn=={line()[0]}\nsix==999\n")
    spec = EnvironmentSpec(release=line()[0], lock=freeze)
    with pytest.raises(EnvironmentFailedError, match="could not be made") as caught:
        virtual.ensure(spec, SilentProgress())
    assert "six==999" in " ".join(caught.value.causes)
    assert [path.suffix for path in tmp_path.glob("environments/*")] == [".lock"]
    assert locks.LOCK not in {path.name for path in tmp_path.rglob("*")}


def test_a_python_that_is_nowhere_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SKMIG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFailedError, match=r"no Python 3\.6 is on this") as caught:
        virtual.ensure(EnvironmentSpec(release=line()[0]), SilentProgress())
    assert "pyenv install 3.6" in caught.value.hint


def test_the_cache_may_lie_in_a_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = EnvironmentSpec(release=line()[-1])
    there = virtual.ensure(spec, SilentProgress()).parent.parent
    with tempfile.TemporaryDirectory(dir="/tmp") as cache:
        place = Path(cache, "environments", there.name)
        place.parent.mkdir()
        place.symlink_to(there)
        monkeypatch.setenv("SKMIG_CACHE", cache)
        with closing(open_worker(spec.release)) as worker:
            for _ in range(2):  # after each job its own files are cleared away
                worker.call("ping")
            assert worker.hello["sklearn"] == spec.release
