"""What MLflow asks of the folder of a model, so that its users can load what a store holds."""

from __future__ import annotations

import datetime
import json
import uuid
from pathlib import Path

from skmig import capture, record
from skmig.store.versions import Version

_CONDA, _PYTHON, _REQUIREMENTS = "conda.yaml", "python_env.yaml", "requirements.txt"


def written(room: Path, files: list[Path], said: Version) -> list[Path]:
    """Write `MLmodel` and the files of its environment; gives their paths.

    `files`: the model and its record, and `said` what the manifest says of them.  None are written
    for what MLflow cannot load: it reads pickles, not joblib's files.
    """
    model, its_record = files
    if _format(its_record) != "pickle":
        return []
    python, packages = said.python, said.framework
    lines = ["mlflow", *(f"{name}=={version}" for name, version in sorted(packages.items()))]
    description = {
        "flavors": {
            "python_function": {
                "env": {"conda": _CONDA, "virtualenv": _PYTHON},
                "loader_module": "mlflow.sklearn",
                "model_path": model.name,
                "predict_fn": "predict",
                "python_version": python,
            },
            "sklearn": {
                "code": None,
                "pickled_model": model.name,
                "serialization_format": "pickle",
                "sklearn_version": packages.get("scikit-learn", ""),
            },
        },
        "model_size_bytes": said.model.size,
        "model_uuid": uuid.uuid4().hex,
        "utc_time_created": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
    }
    conda = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", "pip", {"pip": lines}],
    }
    virtual = {
        "python": python,
        "build_dependencies": ["pip"],
        "dependencies": [f"-r {_REQUIREMENTS}"],
    }
    texts = {_REQUIREMENTS: "\n".join(lines) + "\n"}
    # what is JSON is YAML, too
    for name, content in (("MLmodel", description), (_CONDA, conda), (_PYTHON, virtual)):
        texts[name] = json.dumps(content, indent=1) + "\n"
    for name, text in texts.items():
        (room / name).write_text(text, "utf-8")
    return [room / name for name in texts]


def _format(its_record: Path) -> str:
    if record.is_capture(its_record):
        return str(capture.read(its_record).said["format"])
    return record.read(its_record).manifest.format
