"""The whole path in local environments: what a user types, and what is there afterwards."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import FITTED_BY
from tests.documents import checked

from skmig import errors, record, report
from skmig.cli.app import run
from skmig.environments import virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("migrate")]

TARGET = "1.6.1"
LOADS = """
import numpy, sys, warnings
warnings.simplefilter("error")
sys.path.insert(0, sys.argv[3])
if sys.argv[2] == "skops":
    from skops import io
    model = io.load(sys.argv[1], trusted=io.get_untrusted_types(file=sys.argv[1]))
else:
    import joblib
    model = joblib.load(sys.argv[1])
import sklearn
from sklearn.base import clone
clone(model).get_params()
print(sklearn.__version__, model.predict(numpy.array([[5.1, 3.5, 1.4, 0.2]])).tolist())
"""


class Run:
    """One command line: its exit code, and what it said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, command: str, *words: str | Path, backend: str = "local") -> tuple[int, str]:
        code = run([command, *map(str, words), "--backend", backend])
        out, err = self.capsys.readouterr()
        assert "Traceback" not in err
        assert not (code and out)
        return code, out + err

    def json(self, command: str, *words: str | Path) -> tuple[int, dict[str, Any]]:
        code = run([command, *map(str, words), "--backend", "local", "--json"])
        return code, checked(self.capsys.readouterr().out)


@pytest.fixture
def skmig(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


@pytest.fixture
def models(fitted: Path, tmp_path: Path) -> Path:
    """A copy of the fitted models that a test may write to."""
    return Path(shutil.copytree(fitted, tmp_path / "models"))


def loaded(path: Path, *, way: str = "joblib", code: str = "", extra: tuple[str, ...] = ()) -> str:
    """What a plain load in the target gives, with every warning an error."""
    spec = EnvironmentSpec(release=TARGET, requirements=extra)
    python = virtual.ensure(spec, SilentProgress())
    done = subprocess.run(
        [str(python), "-c", LOADS, str(path), way, code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def interrupted(
    words: list[str], number: signal.Signals, folder: Path
) -> tuple[int, str, list[Path]]:
    """Run a command, end it in the middle of its first job: code, stdout, temporary files."""
    temporary = folder / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-c", "from skmig.cli import main; main()", *words, "-v", "--json"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("exporting"):
                break
        time.sleep(0.5)
        process.send_signal(number)
        try:
            out, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    return process.returncode, out, list(temporary.iterdir())


# ------------------------------------------------------------------ the path
def test_a_model_moves_and_is_verified(models: Path, skmig: Run) -> None:
    original = models / "logistic.pkl"
    before = original.read_bytes()
    code, said = skmig("migrate", original, "--to", TARGET)
    assert code == errors.MIGRATED
    result = models / f"logistic-{TARGET}.pkl"
    assert str(result) in said.splitlines()
    assert loaded(result) == f"{TARGET} [0]"
    assert original.read_bytes() == before
    manifest = record.read(result.with_suffix(".skmig")).manifest
    assert manifest.source_environment.release == FITTED_BY
    assert manifest.source_environment.packages["numpy"].startswith("1.")
    assert manifest.verdict in ("identical", "close")
    assert {item["method"] for item in manifest.parity["methods"]} >= {"predict", "predict_proba"}
    code, said = skmig("verify", result)
    assert (code, said[:5]) == (errors.MIGRATED, "yes: ")
    code, said = skmig("verify", result, "--original", original)
    assert (code, said[:5]) == (errors.MIGRATED, "yes: ")
    code, said = skmig("migrate", original, "--to", TARGET)
    assert code == errors.USAGE
    assert "is there already" in said


def test_compression_and_format_stay(models: Path, skmig: Run) -> None:
    assert skmig("migrate", models / "forest.joblib", "--to", TARGET)[0] == 0
    result = models / f"forest-{TARGET}.joblib"
    assert result.read_bytes()[:2] == b"\x1f\x8b"
    assert loaded(result) == f"{TARGET} [0]"


def test_to_skops(models: Path, skmig: Run, tmp_path: Path) -> None:
    place = tmp_path / "new" / "forest.skops"
    words = ("--to", TARGET, "--format", "skops", "-o", place)
    assert skmig("migrate", models / "forest.joblib", *words)[0] == 0
    assert "schema.json" in zipfile.ZipFile(place).namelist()
    assert loaded(place, way="skops", extra=("skops",)) == f"{TARGET} [0]"
    assert skmig("verify", place)[0] == 0


def test_down_and_to_the_same(models: Path, skmig: Run) -> None:
    for release in ("1.0.0", FITTED_BY):
        code, document = skmig.json("migrate", models / "logistic.pkl", "--to", release)
        assert code == 0
        assert document["migration"]["manifest"]["parity"]["ok"]
    assert {path.name for path in models.glob("logistic-*")} == {
        f"logistic-{release}.{suffix}"
        for release in ("1.0", FITTED_BY)
        for suffix in ("pkl", "skmig")
    }


def test_containers_of_models(models: Path, skmig: Run) -> None:
    code, document = skmig.json("migrate", models / "several.pkl", "--to", TARGET)
    assert code == 0
    paths = {item["path"] for item in document["migration"]["manifest"]["parity"]["methods"]}
    assert paths == {"model['model']", "model['parts'][0]"}


def test_without_anything_to_ask(models: Path, skmig: Run) -> None:
    code, document = skmig.json("migrate", models / "unfitted.pkl", "--to", TARGET)
    assert code == 0
    assert document["migration"]["manifest"]["verdict"] == record.UNPROVEN


# ------------------------------------------------------------------ the report
def test_the_report_comes_from_the_record(models: Path, skmig: Run) -> None:
    page = models / "report.html"
    words = (models / "forest.joblib", "--to", TARGET, "--report", page)
    code, document = skmig.json("migrate", *words)
    assert code == 0
    migration = document["migration"]
    assert [migration[name] for name in ("result", "record", "report")] == [
        str(models / f"forest-{TARGET}.joblib"),
        str(models / f"forest-{TARGET}.skmig"),
        str(page),
    ]
    text = page.read_text("utf-8")
    assert text == report(migration["record"])
    assert migration["manifest"]["seal"] in text
    read = record.read(Path(migration["record"]))
    assert read.manifest.as_json() == record.Manifest.from_json(migration["manifest"]).as_json()
    floats = {item["method"] for item in read.sketches()["probes"]}
    assert floats == {"predict_proba", "predict_log_proba"}
    moved = {item["tag"].rpartition(".")[2] for item in read.manifest.moved}
    assert {"RandomForestClassifier", "DecisionTreeClassifier", "Tree"} <= moved


def test_a_report_that_cannot_be_written_leaves_nothing(models: Path, skmig: Run) -> None:
    words = (models / "forest.joblib", "--to", TARGET)
    code, said = skmig("migrate", *words, "--report", models / "logistic.pkl" / "page.html")
    assert code == errors.ENVIRONMENT
    assert "cannot be written" in said
    (models / "page.html").write_text("mine")
    code, said = skmig("migrate", *words, "--report", models / "page.html")
    assert code == errors.USAGE
    assert (models / "page.html").read_text() == "mine"
    assert list(models.glob("forest-*")) == []


# ------------------------------------------------------------------ code of the user
@pytest.mark.parametrize("name", ["script", "module"])
def test_code_of_the_user(name: str, models: Path, skmig: Run) -> None:
    model, script = models / f"{name}.pkl", Path(__file__).with_name("train.py")
    code, said = skmig("migrate", model, "--to", TARGET)
    assert code == errors.UNREADABLE
    assert "train.Shift" in said or "__main__.Shift" in said
    where = script if name == "script" else models / "code"
    if name == "module":
        where.mkdir()
        shutil.copy(script, where)
    trust = ("--trust", "__main__" if name == "script" else "train")
    code, said = skmig("migrate", model, "--to", TARGET, *trust)
    assert code == errors.AGENT
    assert "--code" in said
    assert skmig("migrate", model, "--to", TARGET, "--code", where)[0] == 0
    result = models / f"{name}-{TARGET}.pkl"
    if name == "module":
        assert loaded(result, code=str(where)).startswith(TARGET)
    else:
        assert b"__main__" in result.read_bytes()
        assert b"skmig" not in result.read_bytes()
    assert skmig("verify", result, "--code", where)[0] == 0


def test_a_harmful_file_is_not_loaded(models: Path, skmig: Run, fitted: Path) -> None:
    code, said = skmig("migrate", models / "harmful.pkl", "--to", TARGET)
    assert code == errors.UNREADABLE
    assert "posix.system" in said
    assert not (fitted / "harmed").exists()
    assert not (models / f"harmful-{TARGET}.pkl").exists()


# ------------------------------------------------------------------ several
def test_a_folder_goes_on_after_what_fails(models: Path, skmig: Run, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    shutil.copy(models / "logistic.pkl", folder / "a.pkl")
    shutil.copy(models / "logistic.pkl", folder / "sub" / "a.pkl")
    shutil.copy(models / "logistic.pkl", folder / "sub" / "a.sav")
    (folder / "broken.pkl").write_bytes(b"\x80\x04\x95")
    out, pages = tmp_path / "out", tmp_path / "pages"
    words = (folder, "--to", TARGET, "-o", out, "--report", pages)
    code, document = skmig.json("migrate", *words)
    assert code == errors.UNREADABLE
    verdicts = {
        str(Path(item["artifact"]).relative_to(folder)): (item["error"] or {}).get("kind")
        for item in document["outcomes"]
    }
    assert verdicts == {
        "a.pkl": None,
        "broken.pkl": "UnreadableError",
        "sub/a.pkl": None,
        "sub/a.sav": None,
    }
    assert (out / "sub" / f"a-{TARGET}.pkl").is_file()
    assert not (out / f"broken-{TARGET}.pkl").exists()
    # two results that differ in nothing but their suffix have a record each
    assert (out / "sub" / f"a-{TARGET}.sav.skmig").is_file()
    assert sorted(str(path.relative_to(pages)) for path in pages.rglob("*.html")) == [
        f"a-{TARGET}.html",
        f"sub/a-{TARGET}.html",
        f"sub/a-{TARGET}.sav.html",
    ]
    (out / "sub" / f"a-{TARGET}.pkl").write_bytes(b"changed")
    code, document = skmig.json("verify", out)
    assert code == errors.ANSWER_IS_NO
    assert [item["ok"] for item in document["records"]] == [True, True, False]


# ------------------------------------------------------------------ apart
def test_export_and_import(models: Path, skmig: Run, tmp_path: Path) -> None:
    payload = tmp_path / "forest.skmig"
    assert skmig("export", models / "forest.joblib", "-o", payload)[0] == 0
    assert skmig("import", payload, "--to", TARGET)[0] == 0
    result = tmp_path / f"forest-{TARGET}.joblib"
    assert loaded(result) == f"{TARGET} [0]"
    assert skmig("verify", result)[0] == 0
    code, said = skmig("import", result.with_suffix(".skmig"), "--to", TARGET, "--force")
    assert code == errors.UNREADABLE
    assert "is the record of a migration" in said


def test_the_agent_exports_where_nothing_is_installed(
    models: Path, skmig: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agent, payload = tmp_path / "agent.pyz", tmp_path / "space.skmig"
    assert run(["agent", "-o", str(agent)]) == 0
    capsys.readouterr()
    python = virtual.ensure(EnvironmentSpec(release=FITTED_BY), SilentProgress())
    words = [str(agent), "export", str(models / "space ü.pkl"), "-o", str(payload)]
    subprocess.run([str(python), *words], check=True, capture_output=True, cwd=tmp_path)
    assert skmig("import", payload, "--to", TARGET)[0] == 0
    assert loaded(tmp_path / f"space ü-{TARGET}.pkl") == f"{TARGET} [0]"


def test_the_payload_as_json(models: Path, skmig: Run, tmp_path: Path) -> None:
    code, document = skmig.json(
        "export", models / "logistic.pkl", "-o", tmp_path / "logistic.skmig"
    )
    assert code == 0
    assert document["model"]["class"] == "sklearn.linear_model.LogisticRegression"
    native = document["model"]["state"]["coef_"]
    assert (native["dtype"], native["shape"]) == ("float64", [3, 4])


# ------------------------------------------------------------------ environments of the user
def test_an_environment_from_a_freeze(models: Path, skmig: Run, tmp_path: Path) -> None:
    python = virtual.ensure(EnvironmentSpec(release=TARGET), SilentProgress())

    uv = Path(sys.executable).with_name("uv")
    freeze = tmp_path / "freeze.txt"
    freeze.write_bytes(
        subprocess.run(
            [str(uv), "pip", "freeze", "--python", str(python)], check=True, capture_output=True
        ).stdout
    )
    words = ("--to", TARGET, "--target-lock", freeze, "-o", tmp_path / "out.pkl")
    assert skmig("migrate", models / "logistic.pkl", *words)[0] == 0


# ------------------------------------------------------------------ ended early
@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """Code of the user that does not come to an end."""
    path = tmp_path / "slow.py"
    path.write_text("import time\ntime.sleep(300)\n")
    return path


def test_a_job_that_takes_too_long(models: Path, skmig: Run, slow: Path) -> None:
    words = ("--to", TARGET, "--code", slow, "--timeout", "1")
    code, said = skmig("migrate", models / "logistic.pkl", *words)
    assert code == errors.ENVIRONMENT
    assert "was not finished after 1 s" in said
    assert not list(models.glob("logistic-*"))


@pytest.mark.parametrize(
    ("number", "ends"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_an_interruption_leaves_nothing(
    number: signal.Signals, ends: int, models: Path, slow: Path, tmp_path: Path
) -> None:
    words = ["migrate", str(models / "logistic.pkl"), "--to", TARGET, "--backend", "local"]
    code, said, left = interrupted([*words, "--code", str(slow)], number, tmp_path)
    assert code == ends
    assert json.loads(said)["error"]["kind"] == "Interrupted"
    assert left == []
    assert not list(models.glob("logistic-*"))
