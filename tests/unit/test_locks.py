"""Locks and Dockerfiles agree with the table, and the check notices when they do not."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from skmig import versions
from skmig.environments import locks
from skmig.errors import UsageError
from skmig.versions import Release, releases

ROW = versions.release("1.1.0")


@pytest.mark.parametrize("row", releases(), ids=lambda row: row.version)
def test_folder_agrees_with_the_table(row: Release) -> None:
    assert locks.problems(row) == []


def test_no_folder_without_a_row() -> None:
    assert locks.strangers() == []


@pytest.mark.parametrize("row", releases(), ids=lambda row: row.version)
def test_lock_names_no_place(row: Release) -> None:
    text = locks.lock_path(row).read_text(encoding="ascii")
    body = "".join(line for line in text.splitlines() if not line.startswith("#"))
    assert "/" not in body
    assert "@" not in body


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `images` with the folder of one release; the generator reads that one."""
    source = versions.images_folder()
    for name in ("versions.toml", "Dockerfile.template"):
        shutil.copy(source / name, tmp_path)
    shutil.copytree(source / ROW.version, tmp_path / ROW.version)
    monkeypatch.setattr(versions, "images_folder", lambda: tmp_path)
    monkeypatch.setattr(locks, "images_folder", lambda: tmp_path)
    return tmp_path / ROW.version


def _replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_replace(locks.LOCK, "numpy==1.22.4", "numpy==1.22.3"), "numpy"),
        (_replace(locks.LOCK, "    --hash=", "--index-url https://example.org "), "index-url"),
        (_replace(locks.LOCK, "numpy==1.22.4", "./numpy-1.22.4.whl"), "numpy-1.22.4.whl"),
        (_replace(locks.LOCK, "Python 3.10", "Python 3.11"), "header"),
        (_replace("Dockerfile", "USER skmig", "USER root"), "Dockerfile"),
        (_replace("Dockerfile", "skmig.lock", "skmig.look"), "Dockerfile"),
        (lambda folder: (folder / locks.LOCK).unlink(), "missing"),
    ],
)
def test_check_notices(copy: Path, change: Callable[[Path], None], said: str) -> None:
    assert locks.problems(ROW) == []
    change(copy)
    assert said in "\n".join(locks.problems(ROW))
    assert locks.main(["--check", ROW.version]) == 1


def test_check_notices_a_pin_without_hash(copy: Path) -> None:
    path = copy / locks.LOCK
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "--hash" not in line).replace(" \\", ""))
    assert "`numpy==1.22.4` has no hash" in "\n".join(locks.problems(ROW))


def test_dockerfiles_are_written_without_network(copy: Path) -> None:
    before = (copy / "Dockerfile").read_bytes()
    (copy / "Dockerfile").write_text("FROM scratch\n")
    assert locks.main(["--dockerfiles", ROW.version]) == 0
    assert (copy / "Dockerfile").read_bytes() == before


def test_a_freeze_is_read_whatever_its_spelling() -> None:
    text = "# made by pip\r\nScikit_Learn==1.1.0  # comment\r\n\r\nruamel.yaml==0.17\r\n"
    assert locks.read_pins(text, "f") == {"scikit-learn": "1.1.0", "ruamel-yaml": "0.17"}


@pytest.mark.parametrize(
    "line",
    [
        "-e git+https://example.org/x#egg=x",
        "x @ file:///tmp/x.whl",
        "x>=1",
        "--extra-index-url https://example.org",
        "x==1; sys_platform == 'linux'",
    ],
)
def test_what_is_not_from_an_index_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match="line 2") as caught:
        locks.read_pins(f"numpy==1.0\n{line}\n", "freeze.txt")
    assert "freeze.txt" in caught.value.message
    assert caught.value.hint


def test_two_versions_of_one_package_are_refused() -> None:
    with pytest.raises(UsageError, match="pinned twice"):
        locks.read_pins("PyYAML==1\npyyaml==2\n", "f")


def test_uv_gets_the_metadata_of_the_table() -> None:
    with (versions.images_folder() / "versions.toml").open("rb") as handle:
        table = tomllib.load(handle)
    assert tomllib.loads(locks.uv_config()) == {"dependency-metadata": table["dependency-metadata"]}


@pytest.mark.environments
@pytest.mark.parametrize("version", ["0.19.2", "1.6.1"])
def test_resolving_again_gives_the_same_bytes(version: str) -> None:
    row = versions.release(version)
    assert locks.resolve(row) == locks.lock_path(row).read_bytes()
