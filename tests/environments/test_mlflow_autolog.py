"""MLflow's autologging with the record of training day, in an environment with MLflow."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from skmig import capture
from skmig.environments import virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("mlflow")]

HERE = Path(__file__).parent
SPEC = EnvironmentSpec(release="1.6.1", requirements=("mlflow==3.17.2",))


def trained(folder: Path, *words: str) -> tuple[Path, str]:
    """The folder of the logged model, and what was said."""
    done = subprocess.run(
        [virtual.ensure(SPEC, SilentProgress()), HERE / "mlflow_autolog.py", folder, *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1] / "src")},
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.split()[-1]
    return Path(urlsplit(said).path), done.stderr


def test_the_logged_model_has_its_record(tmp_path: Path) -> None:
    folder, said = trained(tmp_path)
    assert "no record" not in said
    found = capture.beside(folder / "model.pkl")
    assert found is not None
    assert found.release == "1.6.1"
    assert found.packages["mlflow"] == "3.17.2"
    assert found.said["rows"]["own"] == 5  # MLflow's input example
    assert found.schema is not None
    assert found.schema["columns"][0]["name"] == "sepal length (cm)"


def test_a_record_that_cannot_be_written_breaks_no_training(tmp_path: Path) -> None:
    folder, said = trained(tmp_path, "stubborn")
    assert "no record of training day" in said
    assert "no copies" in said
    assert (folder / "model.pkl").is_file()
    assert not [item for item in folder.iterdir() if "skmig" in item.name]
