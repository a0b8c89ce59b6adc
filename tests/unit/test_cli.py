"""The command line as a user meets it: answers, errors and exit codes, before any environment."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression
from tests.documents import checked

from skmig import errors
from skmig.cli import common
from skmig.cli.app import parser, run
from skmig.errors import UsageError

SOURCE, TARGET = "1.1.0", "1.6.1"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that says that SOURCE wrote it; only good for what reads it without running it."""
    monkeypatch.setattr("sklearn.base.__version__", SOURCE)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(LogisticRegression().fit([[0.0], [1.0]], [0, 1])))
    return path


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one document on stdout."""
    return checked(capsys.readouterr().out)


# ------------------------------------------------------------------ what is wrong
WRONG = [
    (["migrate", "FILE"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "--bogus"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "--backend", "cloud"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "--format", "onnx"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "--timeout", "0"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "--rtol=-1"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "--memory", "lots"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "--memory", "1m"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "--data", "nope.csv"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "--code", "nope.py"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "-o", "FILE"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "-o", "FILE", "--force"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "-o", "new.skmig"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "-o", "FILE/x.pkl"], errors.ENVIRONMENT, "OutputError"),
    (["migrate", "FILE", "FILE", "--to", TARGET, "-o", "FILE"], errors.USAGE, "UsageError"),
    (["migrate", "nope.pkl", "--to", TARGET], errors.UNREADABLE, "UnreadableError"),
    (["migrate", "FOLDER/empty", "--to", TARGET], errors.UNREADABLE, "UnreadableError"),
    (["migrate", "FILE", "--to", "99"], errors.UNSUPPORTED, "UnsupportedError"),
    (["migrate", "FILE", "--to", "new"], errors.UNSUPPORTED, "UnsupportedError"),
    (["migrate", "FILE", "--to", TARGET, "--from", "9"], errors.UNSUPPORTED, "UnsupportedError"),
    (["check", "FILE"], errors.USAGE, "UsageError"),
    (["check", "nope.pkl", "--to", TARGET], errors.UNREADABLE, "UnreadableError"),
    (["check", "FILE", "--to", "99"], errors.UNSUPPORTED, "UnsupportedError"),
    (["check", "FILE", "--to", TARGET, "--code", "nope.py"], errors.USAGE, "UsageError"),
    (["verify", "FILE", "--python", "nope"], errors.USAGE, "UsageError"),
    (["verify", "FILE", "--python", "FILE"], errors.USAGE, "UsageError"),
    (["verify", "FILE", "FILE", "--record-sha256", "00"], errors.USAGE, "UsageError"),
    (["verify", "FILE", "--jobs", "0"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "--report", "FILE"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "--to", TARGET, "-o", "x", "--report", "x"], errors.USAGE, "UsageError"),
    (["migrate", "FILE", "FILE", "--to", TARGET, "--report", "FILE"], errors.USAGE, "UsageError"),
    (["verify", "FOLDER/empty"], errors.UNREADABLE, "UnreadableError"),
    (["report", "FILE"], errors.UNREADABLE, "UnreadableError"),
    (["report", "FOLDER"], errors.UNREADABLE, "UnreadableError"),
    (["import", "FILE", "--to", TARGET], errors.UNREADABLE, "UnreadableError"),
    (["export", "nope.pkl"], errors.UNREADABLE, "UnreadableError"),
    (["export", "FILE", "-o", "FILE", "--force"], errors.USAGE, "UsageError"),
    (["agent", "-o", "FILE"], errors.USAGE, "OutputExistsError"),
    (["inspect", "FOLDER/empty"], errors.UNREADABLE, "UnreadableError"),
    (["bogus"], errors.USAGE, "UsageError"),
]


@pytest.mark.parametrize(("words", "code", "kind"), WRONG, ids=[" ".join(row[0]) for row in WRONG])
def test_what_is_wrong_is_said_once(
    words: list[str],
    code: int,
    kind: str,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(model.parent)
    (model.parent / "empty").mkdir()
    before = {path: path.read_bytes() for path in model.parent.rglob("*") if path.is_file()}
    argv = [
        word.replace("FILE", "model.pkl").replace("FOLDER", str(model.parent)) for word in words
    ]
    assert run(argv) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert "\nhint: " in err
    assert "Traceback" not in err
    assert run([*argv, "--json"]) == code
    error = said(capsys)["error"]
    assert error["exit_code"] == code
    assert error["kind"] == kind
    assert error["hint"]
    after = {path: path.read_bytes() for path in model.parent.rglob("*") if path.is_file()}
    assert after == before


CONTENT = [
    (b"", "is empty"),
    (b"hello\n", "is not a pickle"),
    (pickle.dumps({"a": 1}), "holds no model"),
    (pickle.dumps([1.5, "x"]), "holds no model"),
    (b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R.", "holds no model"),
]


@pytest.mark.parametrize(("content", "text"), CONTENT)
@pytest.mark.parametrize("more", [[], ["--from", SOURCE], ["--dry-run"]])
def test_a_file_without_a_model(
    content: bytes, text: str, more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "strange.pkl"
    path.write_bytes(content)
    assert run(["migrate", str(path), "--to", TARGET, *more]) == errors.UNREADABLE
    assert text in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


def test_a_truncated_file(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model.write_bytes(model.read_bytes()[:200])
    assert run(["migrate", str(model), "--to", TARGET]) == errors.UNREADABLE
    assert "truncated" in capsys.readouterr().err


# ------------------------------------------------------------------ help and version
def test_without_a_command_the_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == errors.USAGE
    out, err = capsys.readouterr()
    assert out.startswith("Usage: skmig")
    assert err == ""


@pytest.mark.parametrize("command", [command.name for command in parser([]).registered_commands])
def test_every_command_has_help(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"Usage: skmig {command}" in out
    assert "\x1b" not in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    import tomllib

    assert run(["--version"]) == 0
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert capsys.readouterr().out == f"skmig {project['version']}\n"


# ------------------------------------------------------------------ plans
def test_a_plan_starts_nothing(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migrate", str(model), "--to", TARGET, "--dry-run", "--json"]) == 0
    (row,) = said(capsys)["plans"]
    assert (row["source"], row["target"], row["format"]) == (SOURCE, TARGET, "pickle")
    assert row["rules"]
    assert row["refusals"] == []
    assert [path.name for path in model.parent.iterdir()] == [model.name]
    assert run(["migrate", str(model), "--to", TARGET, "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith(f"{model}: scikit-learn {SOURCE}")


def test_plans_go_on_after_what_cannot_be_read(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (model.parent / "broken.pkl").write_bytes(b"\x80\x04broken")
    argv = ["migrate", str(model.parent), "--to", TARGET, "--dry-run", "--json"]
    assert run(argv) == errors.UNREADABLE
    document = said(capsys)
    assert not document["ok"]
    assert [Path(row["artifact"]).name for row in document["plans"]] == ["model.pkl"]
    assert [Path(row["artifact"]).name for row in document["failed"]] == ["broken.pkl"]


# ------------------------------------------------------------------ how it speaks
@pytest.mark.parametrize("name", ["FORCE_COLOR", "GITHUB_ACTIONS"])
def test_never_means_no_escape(
    name: str, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "1")
    run(["migrate", str(model), "--to", "99", "--color", "never"])
    assert "\x1b" not in "".join(capsys.readouterr())


def test_colour_is_as_the_environment_wants(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["migrate", str(model), "--to", "99"]
    run(argv)
    assert "\x1b" not in capsys.readouterr().err
    monkeypatch.setenv("FORCE_COLOR", "1")
    run(argv)
    assert "\x1b" in capsys.readouterr().err
    monkeypatch.setenv("NO_COLOR", "1")
    run(argv)
    assert "\x1b" not in capsys.readouterr().err


def test_a_defect_is_no_traceback(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_settings: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("skmig.api.checked", broken)
    argv = ["migrate", str(model), "--to", TARGET]
    assert run(argv) == errors.BUG
    err = capsys.readouterr().err
    assert "ZeroDivisionError: oh" in err
    assert "Traceback" not in err
    assert run([*argv, "-v"]) == errors.BUG
    assert "Traceback" in capsys.readouterr().err
    assert run([*argv, "--json"]) == errors.BUG
    assert said(capsys)["error"]["exit_code"] == errors.BUG


def test_an_interruption_is_said(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("skmig.api.checked", interrupted)
    argv = ["migrate", str(model), "--to", TARGET]
    assert run(argv) == errors.INTERRUPTED
    assert "interrupted" in capsys.readouterr().err
    assert run([*argv, "--json"]) == errors.INTERRUPTED
    assert said(capsys)["error"]["kind"] == "Interrupted"


@pytest.mark.parametrize(
    ("text", "size"),
    [("4g", 4 << 30), ("512m", 512 << 20), ("1.5G", 3 << 29), ("256MiB", 256 << 20), (None, None)],
)
def test_amounts_of_memory(text: str | None, size: int | None) -> None:
    assert common.memory_bytes(text) == size


def test_an_amount_needs_a_unit_that_is_known() -> None:
    with pytest.raises(UsageError, match="amount of memory"):
        common.memory_bytes("4x")


def test_one_command_is_parsed_as_all_of_them_are() -> None:
    """Only the module of the command that is named is imported, and it is the same command."""
    whole = parser([])
    for command in whole.registered_commands:
        assert command.name is not None
        (alone,) = parser([command.name]).registered_commands
        assert (alone.name, alone.callback) == (command.name, command.callback)
    for group in whole.registered_groups:
        (own,) = parser([str(group.name)]).registered_groups
        assert own.typer_instance is group.typer_instance
