"""A release of skmig is the same to the byte, wherever and whenever it is built."""

from __future__ import annotations

import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from skmig.environments.locks import find_uv
from skmig.versions import releases

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.environments,  # uv fetches the build backend
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no checkout"),
]


def _built(folder: Path, mask: int) -> dict[str, Path]:
    """sdist and wheel of the last commit, made in `folder` by `make release`."""
    archive = subprocess.run(
        ["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    folder.mkdir(parents=True)
    subprocess.run(
        ["tar", "-xm"], cwd=folder, input=archive, check=True, umask=mask
    )  # with the time of now
    time = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
    # as the Makefile does
    command = [find_uv(), "build", "--quiet", "--out-dir", str(folder / "dist"), str(folder)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": time}
    subprocess.run(command, check=True, env=environment, umask=mask)
    return {path.suffix: path for path in (folder / "dist").iterdir() if path.suffix != ""}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], dict[str, Path]]:
    folder = tmp_path_factory.mktemp("release")
    one = _built(folder / "one", 0o022)
    other = _built(folder / "another" / "and-deeper", 0o077)
    return one, other


def test_two_builds_are_the_same(built: tuple[dict[str, Path], dict[str, Path]]) -> None:
    one, other = built
    assert {".whl", ".gz"} <= one.keys()
    for kind in (".whl", ".gz"):
        assert one[kind].name == other[kind].name
        assert one[kind].read_bytes() == other[kind].read_bytes()


def test_a_release_holds_what_it_must_and_no_more(
    built: tuple[dict[str, Path], dict[str, Path]],
) -> None:
    one, _ = built
    wheel = set(zipfile.ZipFile(one[".whl"]).namelist())
    wanted = {"skmig/images/versions.toml", "skmig/matrix/results.json"}
    wanted |= {f"skmig/images/Dockerfile{name}.template" for name in ("", ".with", ".layers")}
    for row in releases():
        names = ("Dockerfile", "requirements.lock", "census.json")
        wanted |= {f"skmig/images/{row.version}/{name}" for name in names}
    tracked = subprocess.run(
        ["git", "ls-files", "src/skmig"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    wanted |= {name.removeprefix("src/") for name in tracked}
    assert wanted <= wheel
    assert all(name.startswith(("skmig/", "skmig-")) for name in wheel)
    with tarfile.open(one[".gz"]) as archive:
        members = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "Makefile", "src/skmig/__init__.py"} <= members
    caches = ("__pycache__", ".pytest_cache", ".hypothesis", ".mypy_cache", ".venv", ".pyc")
    for name in wheel | members:
        assert not any(cache in name for cache in caches), name
