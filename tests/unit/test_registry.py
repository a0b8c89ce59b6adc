"""MLflow's addresses and model folders, without MLflow: what is read, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from skmig import errors
from skmig.cli.app import run
from skmig.errors import OutputExistsError, UnreadableError, UsageError
from skmig.record import EnvironmentFact
from skmig.registry import Address, ModelFolder, rows, writing
from skmig.registry.folder import requirement

SKLEARN = {"pickled_model": "model.pkl", "serialization_format": "pickle"}


def make(folder: Path, **said: Any) -> Path:
    """A model folder with this MLmodel; default: a plain one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.pkl").write_bytes(b"\x80\x04N.")
    said.setdefault("flavors", {"sklearn": SKLEARN, "python_function": {"model_path": "model.pkl"}})
    (folder / "MLmodel").write_text(yaml.safe_dump(said))
    return folder


@pytest.mark.parametrize(
    ("text", "name", "version", "alias", "stem"),
    [
        ("models:/churn/3", "churn", "3", "", "churn-3"),
        ("models:/churn@champion", "churn", "", "champion", "churn-champion"),
        ("models:/churn/latest", "churn", "latest", "", "churn-latest"),
        ("models:/a b/Latest", "a b", "latest", "", "a_b-latest"),
        ("models:/m-" + "0a" * 16, "", "", "", "m-" + "0a" * 16),
        ("runs:/0123/some/model", "", "", "", "model"),
        ("runs:/0123/.hidden", "", "", "", "hidden"),
    ],
)
def test_address(text: str, name: str, version: str, alias: str, stem: str) -> None:
    found = Address.parse(text)
    assert (found.name, found.version, found.alias) == (name, version, alias)
    assert found.stem == stem


@pytest.mark.parametrize(
    "text",
    [
        "models:/", "models:/churn", "models:/churn/Production", "models:/churn/1/2",
        "models:/../3", "models:/churn@", "models:/@x", "runs:/0123", "runs:/0123/../../etc",
        "runs:/0123/a\nb",
    ],
)  # fmt: skip
def test_no_address(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError):
        Address.parse(text)
    assert run(["migrate", text, "--to", "1.6.1", "--register"]) == errors.USAGE
    assert "hint:" in capsys.readouterr().err


def test_folder(tmp_path: Path) -> None:
    make(tmp_path, signature={"inputs": '[{"type": "double", "name": "a"}]'})
    (tmp_path / "conda.yaml").write_text(
        "dependencies:\n- python=3.7\n- scikit-learn=0.22.2\n- pip:\n  - mlflow\n"
    )
    found = ModelFolder.read(tmp_path)
    assert (found.model, found.code) == ("model.pkl", None)
    assert found.requirements == ("scikit-learn==0.22.2", "mlflow")
    assert found.release == "0.22.2"
    assert found.inputs == [{"type": "double", "name": "a"}]
    (tmp_path / "requirements.txt").write_text("# ours\nscikit-learn==0.23.2\n")
    assert ModelFolder.read(tmp_path).release == "0.23.2"


@pytest.mark.parametrize(
    "where", ["../model.pkl", "/etc/passwd", "sub/../../x", "link", "..", ".", "a\0b"]
)
@pytest.mark.parametrize("key", ["pickled_model", "code"])
def test_paths_out_of_the_folder(tmp_path: Path, where: str, key: str) -> None:
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04N.")
    folder = make(tmp_path / "folder", flavors={"sklearn": {**SKLEARN, key: where}})
    (folder / "link").symlink_to(tmp_path / "model.pkl")
    with pytest.raises(UnreadableError, match="not within it"):
        ModelFolder.read(folder)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"flavors: [", "is damaged"),
        (b"\xff\xfe", "it is no text"),
        (b"- 1", "names no flavor"),
        (b"", "names no flavor"),
        (b"flavors: {sklearn: 3}", "no table"),
        (b"flavors: {sklearn: {pickled_model: [1]}}", "is no text"),
        (b"flavors: {sklearn: {pickled_model: gone.pkl}}", "not there"),
        (b"flavors: {xgboost: {data: m.xgb}, python_function: {}}", "python_function, xgboost"),
        (b"flavors: !!python/object/apply:os.system [exit 3]", "is damaged"),
        (b"[" * 50_000, "is damaged"),
        (b"#" * 1_000_001, "more than"),
    ],
)
def test_damaged(
    tmp_path: Path, content: bytes, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path)
    (tmp_path / "MLmodel").write_bytes(content)
    assert run(["migrate", str(tmp_path), "--to", "1.6.1"]) == errors.UNREADABLE
    err = capsys.readouterr().err
    assert said in err
    assert "hint:" in err


def test_options_that_need_a_model_of_mlflow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04N.")
    folder = make(tmp_path / "folder")
    for words in (
        ("model.pkl", "--register"),
        ("folder", "--register"),  # of what model would it be a version?
        ("folder", "--alias", "champion"),
        ("folder", "model.pkl"),
        ("folder", "--force", "-o", "folder"),  # the original is never replaced
        ("folder", "--force", "-o", "."),
        ("folder", "-o", "folder/inside"),
    ):
        paths = ("model.pkl", "folder", "folder/inside", ".")
        places = [str(tmp_path / item) if item in paths else item for item in words]
        assert run(["migrate", *places, "--to", "1.6.1"]) == errors.USAGE, words
        assert "hint:" in capsys.readouterr().err
    assert sorted(item.name for item in folder.iterdir()) == ["MLmodel", "model.pkl"]


# ------------------------------------------------------------------------------ rows of a folder
FRAME = [{"a": 1.5, "b": "x"}, {"a": None, "b": "y"}]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"columns": ["a", "b"], "data": [[1.5, "x"], [None, "y"]]}, FRAME),
        (FRAME, FRAME),
        ({"columns": [0, 1], "data": [[1, 2], [3, 4]]}, [[1, 2], [3, 4]]),
        ({"data": [[1.0, 2.0]]}, [[1.0, 2.0]]),
        ({"inputs": [[1.0, 2.0]]}, [[1.0, 2.0]]),
        ([[1.0], [2.0]], [[1.0], [2.0]]),
        ({"inputs": [[1.0], [2.0, 3.0]]}, None),
        ({"columns": ["a"], "data": [[1, 2]]}, None),
        ({"inputs": "text"}, None),
        (7, None),
    ],
)
def test_input_example(tmp_path: Path, said: Any, wanted: Any) -> None:
    folder = make(tmp_path / "folder", saved_input_example_info={"artifact_path": "x.json"})
    (folder / "x.json").write_text(json.dumps(said))
    found = rows.of(ModelFolder.read(folder), tmp_path)
    if wanted is None:
        assert found is None
        return
    assert found is not None
    place, what = found
    assert what == "input example"
    if place.suffix == ".npy":
        np.testing.assert_array_equal(np.load(place), wanted)
    else:
        assert [json.loads(line) for line in place.read_text().splitlines()] == wanted


def test_input_example_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("[[1.0]]")
    folder = make(tmp_path / "folder", saved_input_example_info={"artifact_path": "../secret.json"})
    assert rows.of(ModelFolder.read(folder), tmp_path) is None


@pytest.mark.parametrize(
    ("columns", "width"),
    [
        ([{"name": "a", "type": "double"}, {"name": "b", "type": "long"}], 2),
        ([{"type": "double"}, {"type": "boolean"}, {"type": "float"}], 3),
        ([{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}}], 4),
        ([{"name": "a", "type": "string"}], 0),
        ([{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4, 4]}}], 0),
        ([{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 10**9]}}], 0),
    ],
)
def test_rows_from_a_signature(tmp_path: Path, columns: Any, width: int) -> None:
    make(tmp_path / "folder", signature={"inputs": json.dumps(columns)})
    found = rows.of(ModelFolder.read(tmp_path / "folder"), tmp_path)
    if not width:
        assert found is None
        return
    assert found is not None
    place, what = found
    assert what == "signature"
    if place.suffix == ".npy":
        assert np.load(place).shape == (16, width)
    else:
        lines = [json.loads(line) for line in place.read_text().splitlines()]
        assert len(lines) == 16
        assert {tuple(line) for line in lines} == {("a", "b")}
        assert all(type(line["b"]) is int and type(line["a"]) is float for line in lines)


# ------------------------------------------------------------------------------------- the result
class _Manifest:
    """What of a manifest the requirements are made from."""

    format = "pickle"
    target_environment = EnvironmentFact(
        release="1.6.1", backend="local", python="3.13.0", platform="", lock="",
        packages={"numpy": "2.2.2", "scikit-learn": "1.6.1", "pip": "24.0", "PyYAML": "6.0"},
    )  # fmt: skip


def test_requirements(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "requirements.txt").write_text(
        "--extra-index-url https://example.org/simple\n"
        "mlflow==1.30.1\ncloudpickle==2.2.1\nscikit-learn==1.1.0\nnumpy==1.22.4\n"
        "pyyaml==5.1\npsutil[x]==5.9.0 ; python_version > '3'\nboto3\n"
    )
    lines, notes = writing.requirements(ModelFolder.read(tmp_path), _Manifest())  # type: ignore[arg-type]
    assert lines == (
        "--extra-index-url https://example.org/simple",
        "mlflow>=1.30.1",
        'psutil[x]>=5.9.0; python_version > "3"',
        "boto3",
        "numpy==2.2.2",
        "PyYAML==6.0",
        "scikit-learn==1.6.1",
    )
    assert "psutil==5.9.0" in notes[0]
    assert all(requirement(line) for line in lines[1:])


def test_placed_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "result"

    def interrupted() -> None:
        with writing.placed(place, force=False) as draft:
            make(draft)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []
    with writing.placed(place, force=False) as draft:
        make(draft)
    with pytest.raises(OutputExistsError), writing.placed(place, force=False):
        pass
    with pytest.raises(RuntimeError), writing.placed(place, force=True):
        raise RuntimeError
    assert (place / "MLmodel").is_file()
    with writing.placed(place, force=True) as draft:
        make(draft)
        (draft / "new").touch()
    assert (place / "new").is_file()
    assert list(tmp_path.iterdir()) == [place]
    (tmp_path / "other").mkdir()
    # what is no model folder is not replaced, whatever is said
    with pytest.raises(OutputExistsError), writing.placed(tmp_path / "other", force=True):
        pass


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    folder = make(tmp_path / "folder")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "kept.txt").write_text("y")
    (tmp_path / "out").mkdir()
    writing.copy_rest(ModelFolder.read(folder), tmp_path / "out")
    assert [item.name for item in (tmp_path / "out").iterdir()] == ["kept.txt"]
