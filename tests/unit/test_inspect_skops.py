"""`.skops` files and MLflow folders: read without skops, and without running anything."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skmig.errors import UnreadableError
from skmig.inspection import inspect

ARRAY = io.BytesIO()
np.save(ARRAY, np.zeros(3))


def text(value: Any) -> dict[str, Any]:
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(value),
    }


def node(module: str, name: str, **state: Any) -> dict[str, Any]:
    """An object as skops 0.10 to 0.16 writes it."""
    content = {"__class__": "dict", "__module__": "builtins", "content": state}
    return {
        "__class__": name,
        "__module__": module,
        "__loader__": "ObjectNode",
        "content": content,
    }


def written(path: Path, schema: Any) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
        archive.writestr("1.npy", ARRAY.getvalue())
    return path


def pipeline(step: dict[str, Any]) -> dict[str, Any]:
    pair = {"__class__": "tuple", "__module__": "builtins", "content": [text("clf"), step]}
    steps = {"__class__": "list", "__module__": "builtins", "content": [pair]}
    version = {"_sklearn_version": text("1.5.2")}
    root = node("sklearn.pipeline", "Pipeline", steps=steps, **version)
    return {**root, "protocol": 4, "_skops_version": "0.11.0"}


def test_a_skops_file_is_read(tmp_path: Path) -> None:
    inner = node("sklearn.linear_model._ridge", "Ridge", _sklearn_version=text("1.5.2"))
    facts = inspect(written(tmp_path / "model.skops", pipeline(inner)))
    assert (facts.release, facts.container, facts.clean) == ("1.5.2", "skops/zip", True)
    assert [(item.path, item.tag) for item in facts.estimators] == [
        ("model", "sklearn.pipeline.Pipeline"),
        ("model.steps[0][1]", "sklearn.linear_model.Ridge"),
    ]


def test_what_skops_would_ask_about_is_a_finding(tmp_path: Path) -> None:
    facts = inspect(written(tmp_path / "model.skops", pipeline(node("my.code", "Model"))))
    assert [item.name for item in facts.findings] == ["my.code.Model"]
    assert facts.third_party == {"my": ("my.code.Model",)}


def test_an_mlflow_folder_leads_to_its_model(tmp_path: Path) -> None:
    written(tmp_path / "model.skops", pipeline(node("sklearn.linear_model._ridge", "Ridge")))
    (tmp_path / "MLmodel").write_text("flavors:\n  sklearn:\n    pickled_model: model.skops\n")
    facts = inspect(tmp_path)
    assert facts.path == tmp_path / "model.skops"
    assert any("MLflow" in note for note in facts.notes)


def test_a_folder_without_a_model_is_said(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    with pytest.raises(UnreadableError, match="without a model"):
        inspect(tmp_path)


@pytest.mark.parametrize("schema", [[1], "x", None])
def test_a_damaged_schema_is_said(tmp_path: Path, schema: Any) -> None:
    with pytest.raises(UnreadableError, match="damaged"):
        inspect(written(tmp_path / "model.skops", schema))
