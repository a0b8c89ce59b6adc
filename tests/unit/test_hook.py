"""The check before a commit: which release is pinned, which models are of another."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sklearn
from sklearn.linear_model import LogisticRegression
from tests.documents import checked

from skmig import pins
from skmig.cli.app import run
from skmig.errors import UnreadableError

ROOT = Path(__file__).parents[2]
HERE = sklearn.__version__
OTHER = "1.1.0"
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"

UV = """
version = 1
[[package]]
name = "numpy"
version = "2.0.0"
[[package]]
name = "scikit-learn"
version = "1.6.1"
source = { registry = "https://example.org/simple" }
"""
PIPFILE = """
{"_meta": {}, "default": {"scikit-learn": {"hashes": [], "version": "==1.6.1"}, "a": {"path": "."}},
 "develop": {}}
"""
CONDA = """
name: x
dependencies:
  - python=3.11
  - scikit-learn-intelex=2025.1.0
  - conda-forge::scikit-learn=1.6.1=py311h57cc02b_0  # the one
  - pip:
      - requests
"""
POETRY = '[tool.poetry.dependencies]\npython = "^3.11"\nscikit-learn = {version = "WORDS"}\n'


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("uv.lock", UV, [("uv.lock", "1.6.1")]),
        ("poetry.lock", UV, [("poetry.lock", "1.6.1")]),
        ("pdm.lock", UV, [("pdm.lock", "1.6.1")]),
        ("pylock.toml", UV.replace("[[package]]", "[[packages]]"), [("pylock.toml", "1.6.1")]),
        ("Pipfile.lock", PIPFILE, [("Pipfile.lock", "1.6.1")]),
        ("environment.yml", CONDA, [("environment.yml:6", "1.6.1")]),
        ("environment.yml", "- scikit-learn==1.6.1\n", [("environment.yml:1", "1.6.1")]),
        ("environment.yml", "- scikit-learn 1.6.1\n", [("environment.yml:1", "1.6.1")]),
        ("environment.yml", "- scikit-learn=1.6\n", [("environment.yml:1", None)]),
        ("environment.yml", "- scikit-learn>=1.5\n", [("environment.yml:1", None)]),
        ("environment.yml", "- scikit-learn\n", []),
        (
            "requirements.txt",
            "# numpy\nnumpy==2\nScikit_Learn[plot] == 1.6.1 ; python_version > '3' \\\n"
            "    --hash=sha256:00 \\\n    --hash=sha256:11  # via x\n",
            [("requirements.txt:3", "1.6.1")],
        ),
        ("requirements.txt", "sklearn==0.0\nscikit-learn-extra==0.3.0\n-e .\n", []),
        ("requirements-dev.txt", "scikit-learn~=1.6.1", [("requirements-dev.txt:1", None)]),
        ("requirements.lock", "scikit-learn==1.6.*", [("requirements.lock:1", None)]),
        ("constraints.txt", "scikit-learn===1.6.1", [("constraints.txt:1", "1.6.1")]),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["scikit-learn>=1.5"]\n'
            '[dependency-groups]\ndev = ["scikit-learn==1.6.1", {include-group = "x"}]\n',
            [("pyproject.toml", None), ("pyproject.toml", "1.6.1")],
        ),
        ("pyproject.toml", POETRY.replace("WORDS", "1.6.1"), [("pyproject.toml", "1.6.1")]),
        ("pyproject.toml", POETRY.replace("WORDS", "^1.5"), [("pyproject.toml", None)]),
        ("pyproject.toml", POETRY.replace("WORDS", "*"), []),
    ],
)
def test_what_a_file_pins(
    name: str, text: str, expected: list[tuple[str, str | None]], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    found = pins.find(tmp_path) if len(expected) < 2 else pins.read(tmp_path / name, tmp_path)
    assert [(pin.place, pin.version) for pin in found] == expected
    for pin in found:
        assert pin.allows("1.6.1")
        assert not pin.allows("1.1.0")


def test_included_files_and_circles(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "requirements.txt").write_text("-r deploy/base.txt\n-c https://example.org/c\n")
    (tmp_path / "deploy" / "base.txt").write_text("-r ../requirements.txt\nscikit-learn==1.6.1\n")
    assert [(pin.place, pin.version) for pin in pins.find(tmp_path)] == [
        ("deploy/base.txt:2", "1.6.1")
    ]


@pytest.mark.parametrize("ranged", ["^1.5", "~1.6", "~=1.6.0", ">=1.5,<2"])
def test_poetry_says_ranges_of_its_own(ranged: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(POETRY.replace("WORDS", ranged))
    (pin,) = pins.find(tmp_path)
    assert pin.allows("1.6.1")
    assert not pin.allows("2.0")


def test_damaged_locks(tmp_path: Path) -> None:
    for name, text in (
        ("uv.lock", "[[package"),
        ("Pipfile.lock", "[]"),
        ("poetry.lock", '[[package]]\nname = "scikit-learn"\nversion = "one"\n'),
        ("requirements.txt", "-r gone.txt\n"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(UnreadableError, match=name):
            pins.read(tmp_path / name, tmp_path)
    with pytest.raises(UnreadableError, match="known kind"):
        pins.read(tmp_path / "notes.md", tmp_path)


# ------------------------------------------------------------------ the command
@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose lock is that of the release here, and one model of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements.txt").write_text(f"scikit-learn=={HERE}\n")
    (tmp_path / "models").mkdir()
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    (tmp_path / "models" / "own.pkl").write_bytes(pickle.dumps(model))
    return tmp_path


def of_other_release(path: Path) -> Path:
    """The model as another release would have written it."""
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    text = pickle.dumps(model, protocol=2).replace(
        b"X" + len(HERE).to_bytes(4, "little") + HERE.encode(),
        b"X" + len(OTHER).to_bytes(4, "little") + OTHER.encode(),
    )
    path.write_bytes(text)
    return path


def asked(capsys: pytest.CaptureFixture[str], *words: Any) -> tuple[int, dict[str, Any]]:
    code = run(["check-models", *map(str, words), "--json"])
    return code, checked(capsys.readouterr().out)


def test_models_that_match_and_one_that_does_not(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = asked(capsys)
    assert (code, document["models"][0]["verdict"]) == (0, "matches")
    of_other_release(project / "models" / "old model.pkl")
    assert run(["check-models"]) == 1
    assert capsys.readouterr().out == (
        f"models/old model.pkl: it is of scikit-learn {OTHER}, and requirements.txt:1 pins {HERE}\n"
        f"  run: skmig migrate 'models/old model.pkl' --to {HERE}\n"
    )
    code, document = asked(capsys, "models/own.pkl")
    assert (code, len(document["models"])) == (0, 1)
    code, document = asked(capsys, "requirements.txt")
    assert (code, len(document["models"])) == (1, 2)
    code, document = asked(capsys, "models/gone.pkl")
    assert (code, document["error"]["kind"]) == (3, "UnreadableError")


def test_what_is_no_model(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project / "models"
    (folder / "rows.pkl").write_bytes(pickle.dumps({"rows": [1, 2, 3]}))
    (folder / "large.pkl").write_text(LFS)
    code, document = asked(capsys)
    verdicts = {Path(item["path"]).name: item["verdict"] for item in document["models"]}
    assert code == 0
    assert verdicts == {"own.pkl": "matches", "rows.pkl": "no model", "large.pkl": "unknown"}
    (folder / "torn.pkl").write_bytes((folder / "own.pkl").read_bytes()[:99])
    code, document = asked(capsys)
    assert code == 3
    assert [it["verdict"] for it in document["models"] if it["error"]] == ["unreadable"]


def test_pins_that_do_not_decide(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = project / "requirements.txt"
    lock.write_text("scikit-learn>=1.0\n")
    code, document = asked(capsys)
    assert (code, "locks no release" in document["models"][0]["text"]) == (0, True)
    lock.write_text("scikit-learn<1.0\n")
    assert run(["check-models"]) == 1
    assert "--to RELEASE" in capsys.readouterr().out
    lock.write_text("numpy\n")
    code, document = asked(capsys)
    assert (code, "--lock" in document["error"]["hint"]) == (2, True)
    lock.write_text(f"scikit-learn=={HERE}\n")
    (project / "uv.lock").write_text(UV)
    code, document = asked(capsys)
    assert (code, "uv.lock pins 1.6.1" in document["error"]["message"]) == (2, True)
    assert asked(capsys, "--lock", lock)[0] == 0
    assert asked(capsys, "--lock", project / "uv.lock")[0] == 1
    assert asked(capsys, "--lock", project / "gone.lock")[0] == 2


# ------------------------------------------------------------------ pre-commit itself
def git(folder: Path, *words: str) -> None:
    own = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *own, "-C", str(folder), *words], check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("git") is None, reason="pre-commit needs git")
def test_by_pre_commit(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """pre-commit installs the hook from a repository of this source, and runs it on a commit."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, source)
    for name in ("src", "images", "docs/matrix"):
        shutil.copytree(
            ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "census.json")
        )
    git(source, "init", "--quiet")
    git(source, "add", "-A")
    git(source, "commit", "--quiet", "-m", "source")
    head = subprocess.run(
        ["git", "-C", str(source), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )
    (project / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {source}\n  rev: {head.stdout.strip()}\n"
        "  hooks:\n  - id: skmig-check-models\n"
    )
    git(project, "init", "--quiet")
    git(project, "add", "-A")
    # what skmig needs is here already: pip finds it, and installs only skmig
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    environment = os.environ | {
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("home")),
        "PYTHONPATH": packages,
    }

    def hook() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--color", "never"],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )

    done = hook()
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"models match the locked scikit-learn\.+Passed", done.stdout)
    of_other_release(project / "models" / "old.joblib")
    git(project, "add", "-A")
    done = hook()
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"run: skmig migrate models/old.joblib --to {HERE}" in done.stdout
    # a lock decides about every committed model, whether that was changed or not
    git(project, "rm", "--quiet", "--cached", "models/old.joblib")
    git(project, "commit", "--quiet", "--no-verify", "-m", "models")
    (project / "requirements.txt").write_text("scikit-learn==1.6.1\n")
    assert "(no files to check)Skipped" in hook().stdout
    git(project, "add", "requirements.txt")
    done = hook()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "run: skmig migrate models/own.pkl --to 1.6.1" in done.stdout
    assert "old.joblib" not in done.stdout
