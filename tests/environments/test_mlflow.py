"""MLflow for real: folders of three generations, a tracking server with its database."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from tests.documents import checked
from tests.tracking import THREE, Server, python_of

from skmig import errors
from skmig.environments.base import EnvironmentSpec

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("mlflow")]

TARGET = "1.6.1"
HERE = Path(__file__).parent
SKMIG = str(Path(sys.executable).with_name("skmig"))
# `pkg_resources`, which they import, left setuptools in 81
ONE = EnvironmentSpec(release="1.1.0", requirements=("mlflow-skinny==1.30.1", "setuptools<81"))
TWO = EnvironmentSpec(release="1.3.0", requirements=("mlflow-skinny==2.9.2", "setuptools<81"))


def skmig(*words: object, tracking: str | None = None, **more: str) -> tuple[int, str, str]:
    """One command line in a process of its own: MLflow changes what it is imported into."""
    environment = {name: value for name, value in os.environ.items() if "MLFLOW" not in name}
    environment |= more
    if tracking is not None:
        environment["MLFLOW_TRACKING_URI"] = tracking
    done = subprocess.run(
        [SKMIG, *map(str, words)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=900,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def migrate(*words: object, tracking: str | None = None) -> dict[str, Any]:
    code, out, err = skmig("migrate", *words, "--backend", "local", "--json", tracking=tracking)
    assert code == 0, out + err
    return checked(out, "migrated")


def loaded(folder: Path, rows: Path) -> list[Any]:
    """What the model in a folder predicts through MLflow, which must say nothing."""
    done = subprocess.run(
        [python_of(THREE), HERE / "mlflow_load.py", folder, rows], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["heard"] == []
    bare, wrapped = said["predictions"]
    assert bare == wrapped
    return bare


def description(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "MLmodel").read_text())


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders as MLflow 1, 2 and 3 write them, each with the scikit-learn of its time."""
    found = {}
    for name, spec in (("one", ONE), ("two", TWO), ("three", THREE)):
        found[name] = tmp_path_factory.mktemp(name)
        script = HERE / "mlflow_train.py"
        subprocess.run([python_of(spec), script, "save", found[name]], check=True)
    return found


@pytest.fixture(scope="module")
def server(tracking_server: Server) -> Server:
    return tracking_server


@pytest.fixture(scope="module")
def churn(server: Server) -> str:
    """The run of a registered model, `churn`, version 1."""
    return server.train(TWO, "churn")


# ------------------------------------------------------------------------------------- folders
@pytest.mark.parametrize("generation", ["one", "two"])
def test_folder(folders: dict[str, Path], tmp_path: Path, generation: str) -> None:
    source = folders[generation] / "frame"
    before = {item.name: item.read_bytes() for item in source.iterdir()}
    place = tmp_path / "result"
    document = migrate(source, "--to", TARGET, "-o", place)
    assert {item.name: item.read_bytes() for item in source.iterdir()} == before
    assert document["mlflow"]["folder"] == str(place)
    assert document["mlflow"]["registered"] is None
    assert document["migration"]["manifest"]["data"]["rows"] == 7  # those of its input example

    said, former = description(place), yaml.safe_load(before["MLmodel"])
    assert said["flavors"]["sklearn"]["sklearn_version"] == TARGET
    assert said["flavors"]["sklearn"]["serialization_format"] == "pickle"
    assert said["flavors"]["python_function"]["python_version"].startswith("3.13")
    assert said["signature"] == former["signature"]
    assert said["model_uuid"] != former["model_uuid"]
    lines = (place / "requirements.txt").read_text().splitlines()
    assert f"scikit-learn=={TARGET}" in lines
    assert not [line for line in lines if line.startswith("cloudpickle")]
    conda = yaml.safe_load((place / "conda.yaml").read_text())
    assert conda["dependencies"][-1]["pip"] == lines
    assert yaml.safe_load((place / "python_env.yaml").read_text())["python"].startswith("3.13")
    rows = place / "input_example.json"
    assert rows.read_bytes() == before["input_example.json"]
    assert loaded(place, rows) == [0] * 7

    code, out, _err = skmig("verify", place, "--backend", "local")
    assert code == 0
    assert out.startswith("yes")


def test_what_a_folder_of_mlflow_1_had(folders: dict[str, Path], tmp_path: Path) -> None:
    """Only conda.yaml, no python_env.yaml and no requirements.txt: as before MLflow 1.20."""
    source = tmp_path / "old"
    shutil.copytree(folders["one"] / "array", source)
    (source / "requirements.txt").unlink()
    (source / "python_env.yaml").unlink()
    document = migrate(source, "--to", TARGET)
    place = tmp_path / f"old-{TARGET}"
    assert document["mlflow"]["folder"] == str(place)
    assert document["migration"]["manifest"]["data"]["rows"] == 6
    assert "mlflow" in (place / "requirements.txt").read_text().split()
    assert loaded(place, place / "input_example.json") == [0] * 6


def test_signature_gives_rows_and_text_columns_go(folders: dict[str, Path], tmp_path: Path) -> None:
    document = migrate(folders["two"] / "signed", "--to", TARGET, "-o", tmp_path / "signed")
    assert "compared on the rows of its signature, too" in document["mlflow"]["notes"]
    document = migrate(folders["two"] / "mixed", "--to", TARGET, "-o", tmp_path / "mixed")
    assert document["migration"]["manifest"]["data"]["rows"] == 5
    assert len(loaded(tmp_path / "mixed", tmp_path / "mixed" / "input_example.json")) == 5


def test_example_that_the_model_refuses(folders: dict[str, Path], tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(folders["one"] / "array", source)
    (source / "input_example.json").write_text('{"inputs": [[1.0, 2.0]]}')
    document = migrate(source, "--to", TARGET)
    assert any("input example was not used" in note for note in document["mlflow"]["notes"])
    assert document["migration"]["manifest"]["data"] is None


def test_code_of_the_folder_only_with_a_word(folders: dict[str, Path], tmp_path: Path) -> None:
    source = folders["one"] / "coded"
    code, _out, err = skmig(
        "migrate", source, "--to", TARGET, "-o", tmp_path / "a", "--backend", "local"
    )
    assert code != 0
    assert "own_steps" in err
    assert not (tmp_path / "a").exists()
    document = migrate(
        source, "--to", TARGET, "-o", tmp_path / "b", "--model-code", "--trust", "own_steps"
    )
    assert document["ok"]
    assert (tmp_path / "b" / "code" / "own_steps" / "__init__.py").is_file()
    (tmp_path / "rows.json").write_text('{"inputs": [[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]]}')
    assert loaded(tmp_path / "b", tmp_path / "rows.json") == [0, 2]


def test_skops_in_and_out(folders: dict[str, Path], tmp_path: Path) -> None:
    rows = folders["three"] / "skops" / "input_example.json"
    migrate(folders["three"] / "skops", "--to", "1.3.0", "-o", tmp_path / "older")
    said = description(tmp_path / "older")["flavors"]["sklearn"]
    assert (said["pickled_model"], said["serialization_format"]) == ("model.skops", "skops")
    assert said["sklearn_version"] == "1.3.0"
    migrate(folders["one"] / "frame", "--to", TARGET, "--format", "skops", "-o", tmp_path / "newer")
    said = description(tmp_path / "newer")["flavors"]
    assert said["sklearn"]["pickled_model"] == said["python_function"]["model_path"]
    assert not (tmp_path / "newer" / "model.pkl").exists()
    assert loaded(tmp_path / "newer", rows) == [0] * 7


# ------------------------------------------------------------------------------------ registry
def test_new_version_with_alias(server: Server, churn: str, tmp_path: Path) -> None:
    before, files = server.versions("churn")["1"], server.files()
    words = ("models:/churn/1", "--to", TARGET, "--register", "--alias", "champion")
    document = migrate(*words, tracking=server.uri)
    made = document["mlflow"]["registered"]
    version = made.rpartition("/")[2]
    assert made == f"models:/churn/{version}"
    assert document["mlflow"]["folder"] is None
    found = server.versions("churn")
    assert found["1"] == before
    assert files.items() <= server.files().items()  # what was there is as it was
    tags, manifest = found[version]["tags"], document["migration"]["manifest"]
    assert tags["skmig.source_version"] == "models:/churn/1"
    assert (tags["skmig.source_release"], tags["skmig.target_release"]) == ("1.3.0", TARGET)
    assert tags["skmig.sha256"] == manifest["result"]["sha256"]
    assert tags["skmig.verdict"] == manifest["verdict"]
    assert "1.3.0 to 1.6.1" in found[version]["description"]
    alias = server.ask("registered-models/alias?name=churn&alias=champion")
    assert alias["model_version"]["version"] == version

    code, out, _err = skmig(
        "verify", "models:/churn@champion", "--backend", "local", tracking=server.uri
    )
    assert code == 0
    assert out.startswith("yes")
    # as a user of the registry has it
    done = subprocess.run(
        [python_of(THREE), "-c", "import sys, mlflow; mlflow.artifacts.download_artifacts("
         "artifact_uri='models:/churn@champion', dst_path=sys.argv[1])", tmp_path / "back"],
        env={**os.environ, "MLFLOW_TRACKING_URI": server.uri},
    )  # fmt: skip
    assert done.returncode == 0
    assert loaded(tmp_path / "back", tmp_path / "back" / "input_example.json") == [0] * 7


def test_run_and_latest_to_folders(server: Server, churn: str, tmp_path: Path) -> None:
    count = len(server.versions("churn"))
    migrate(f"runs:/{churn}/model", "--to", TARGET, "-o", tmp_path / "run", tracking=server.uri)
    assert description(tmp_path / "run")["flavors"]["sklearn"]["sklearn_version"] == TARGET
    assert "run_id" not in description(tmp_path / "run")
    code, out, err = skmig(
        "migrate", "models:/churn/latest", "--to", TARGET, "--dry-run", "--tracking-uri", server.uri
    )
    assert code == 0
    assert "models:/churn/latest" in out, err
    assert len(server.versions("churn")) == count  # nothing is registered unless asked
    newest = "import skmig.registry as r; print([v.address for v in r.Tracking().models('chu*n')])"
    said = subprocess.run(
        [sys.executable, "-c", newest],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "MLFLOW_TRACKING_URI": server.uri},
    )
    assert said.stdout == f"['models:/churn/{count}']\n"


def test_logged_model_of_mlflow_3(server: Server) -> None:
    server.train(THREE, "third")
    source = server.versions("third")["1"]["source"]
    assert source.startswith("models:/m-")
    migrate("models:/third/1", "--to", "1.3.0", "--register", tracking=server.uri)
    assert server.versions("third")["2"]["tags"]["skmig.target_release"] == "1.3.0"
    code, out, err = skmig("migrate", source, "--to", "1.3.0", "--dry-run", tracking=server.uri)
    assert code == 0, err
    assert f"{TARGET} (" in out


def test_refused_registers_nothing(server: Server) -> None:
    server.train(TWO, "mixed", "mixed")
    before, files = server.versions("mixed"), server.files()
    # 0.18.1 has no ColumnTransformer
    code, _out, err = skmig(
        "migrate", "models:/mixed/1", "--to", "0.18.1", "--register", "--backend", "local",
        tracking=server.uri,
    )  # fmt: skip
    assert code == errors.ANSWER_IS_NO, err
    assert server.versions("mixed") == before
    assert server.files() == files


def test_two_at_once_are_two_versions(server: Server, churn: str) -> None:
    server.ask("registered-models/create", name="twins")
    origin = server.versions("churn")["1"]
    for _ in range(2):
        server.ask("model-versions/create", name="twins", source=origin["source"], run_id=churn)
    with ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(
                lambda number: migrate(
                    f"models:/twins/{number}", "--to", TARGET, "--register", tracking=server.uri
                ),
                (1, 2),
            )
        )
    made = [item["mlflow"]["registered"].rpartition("/")[2] for item in done]
    assert sorted(made) == ["3", "4"]
    found = server.versions("twins")
    for number, version in zip((1, 2), made, strict=True):
        assert found[version]["tags"]["skmig.source_version"] == f"models:/twins/{number}"


def errors_of(*commands: list[str]) -> list[dict[str, Any]]:
    """The errors of several command lines in one process, which imports MLflow once."""
    script = (
        "import json, sys; from skmig.cli.app import run; [run(w) for w in json.load(sys.stdin)]"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps([["migrate", *words, "--to", TARGET, "--json"] for words in commands]),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"},
    )
    assert done.stderr == ""
    decoder, found, rest = json.JSONDecoder(), [], done.stdout.strip()
    while rest:
        said, end = decoder.raw_decode(rest)
        found.append(said["error"])
        rest = rest[end:].lstrip()
    assert len(found) == len(commands)
    assert all(error["hint"] for error in found)
    return found


def test_what_is_not_there(server: Server, churn: str) -> None:
    wanted = {
        "models:/churn/77": "no version 77",
        "models:/churn@nobody": "the alias `nobody`",
        "models:/nothing/1": "registered model `nothing`",
        "models:/nothing/latest": "registered model `nothing`",
        "models:/m-0123456789abcdef0123456789abcdef": "there is no model",
        "runs:/0123456789abcdef0123456789abcdef/model": "there is no model",
        f"runs:/{churn}/nothing": "there is no model",
    }
    found = errors_of(*([source, "--tracking-uri", server.uri] for source in wanted))
    for error, said in zip(found, wanted.values(), strict=True):
        assert said in error["message"]
        assert error["exit_code"] == errors.UNREADABLE


def test_interrupted_leaves_nothing(server: Server, churn: str, tmp_path: Path) -> None:
    before, room = server.versions("churn"), tmp_path / "tmp"
    room.mkdir()
    process = subprocess.Popen(
        [SKMIG, "migrate", "models:/churn/1", "--to", TARGET,
         "--register", "--backend", "local", "-o", str(tmp_path / "out"), "-v"],
        stderr=subprocess.PIPE, text=True,
        env={**os.environ, "MLFLOW_TRACKING_URI": server.uri, "TMPDIR": str(room)},
    )  # fmt: skip
    heard = ""
    with process:
        assert process.stderr is not None
        for line in process.stderr:
            heard += line
            if "exporting" in line:
                process.send_signal(signal.SIGINT)
                break
        heard += process.stderr.read()
    assert process.wait() == errors.INTERRUPTED, heard
    assert "Traceback" not in heard
    assert server.versions("churn") == before
    assert list(tmp_path.iterdir()) == [room]
    assert not list(room.glob("skmig-mlflow-*"))


# -------------------------------------------------------------------------- no server, no client
def test_no_client(tmp_path: Path) -> None:
    without = "import sys; sys.modules['mlflow'] = None; from skmig.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", without, "migrate", "models:/churn/1", "--to", TARGET],
        capture_output=True,
        text=True,
    )
    assert done.returncode == errors.USAGE
    assert "skmig[mlflow]" in done.stderr


class _Closed(BaseHTTPRequestHandler):
    """A server that lets nobody in."""

    def do_GET(self) -> None:
        self.send_response(403)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_no_server_and_one_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Closed)
    Thread(target=server.serve_forever, daemon=True).start()
    closed = f"http://127.0.0.1:{server.server_address[1]}"
    unnamed, nobody, refused = errors_of(
        ["models:/churn/1"],
        ["models:/churn/1", "--tracking-uri", "http://127.0.0.1:9"],
        ["models:/churn/1", "--tracking-uri", closed],
    )
    server.shutdown()
    server.server_close()
    assert unnamed["exit_code"] == errors.USAGE
    assert "MLFLOW_TRACKING_URI" in unnamed["hint"]
    assert nobody["exit_code"] == errors.ENVIRONMENT
    assert "is the server up" in nobody["hint"]
    assert refused["exit_code"] == errors.ENVIRONMENT
    assert "does not let you" in refused["message"]
