"""Records for tests: manifests as `skmig migrate` writes them, without any environment."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from skmig import parity, record
from skmig.adapters import carried
from skmig.payload import Obj, write_bundle
from skmig.record.bundle import DOCUMENTS, Sketches

FACT = record.EnvironmentFact(
    release="1.1.0",
    backend="local",
    python="3.10.1",
    platform="Linux",
    packages={"numpy": "1.22.4", "six": "1.16.0", "pytz": "2022.1"},
    lock="sha256:0",
)
TARGET = dataclasses.replace(
    FACT,
    release="1.6.1",
    python="3.13.0",
    packages={"numpy": "2.2.2", "six": "1.16.0", "tzdata": "2025.1"},
)
FILE = record.FileFact(name="model.pkl", sha256="0" * 64, size=3)
COVERAGE = {
    "model": {
        "rows": 4,
        "leaves": [2, 3],
        "notes": ["no missing values: the trees never saw one", "with unknown values"],
    }
}
# what the agent writes of itself into a payload
FACTS = {
    "release": FACT.release,
    "artifact": dataclasses.asdict(FILE),
    "coverage": COVERAGE,
    "environment": {"python": FACT.python, "platform": FACT.platform, "packages": FACT.packages},
}
MOVE = {
    "boundary": "1.2.2 → 1.3.0",
    "tag": "sklearn.tree.DecisionTreeClassifier",
    "objects": 3,
    "became": "",
    "made": False,
    "left": False,
    "added": ["monotonic_cst"],
    "dropped": ["_former"],
    "renamed": [["old_", "new_"]],
    "rewritten": ["tree_"],
}


def answers(scale: float = 1.0, rows: int = 40) -> dict[str, Any]:
    """What a model answers; another `scale` moves its scores."""
    scores = np.random.default_rng(0).normal(size=(rows, 3))
    methods = {
        "predict": {"value": np.array(["a", "b", "c"])[scores.argmax(axis=1)]},
        "decision_function": {"value": scores * scale},
        "transform": {"value": scores[:5]},
        "score_samples": {"error": "ValueError: not for this kernel"},
    }
    return {"model": {"class": "sklearn.svm.SVC", "offers": list(methods), "methods": methods}}


SCALE = 1 + 3e-14


def compared(scale: float = SCALE, rows: int = 40) -> tuple[dict[str, Any], Sketches]:
    """The comparison and the sketches of `answers`."""
    pair = answers(rows=rows), answers(scale, rows)
    sketches = parity.Sketches()
    sketches.add(*pair)
    return parity.compare(*pair).as_json(), {"probes": sketches.as_json(), "data": []}


def manifest(**changes: Any) -> record.Manifest:
    """A manifest; `parity` is that of `answers` unless another is given."""
    found, _sketches = compared()
    values: dict[str, Any] = {
        "skmig": "0",
        "created": "2026-01-02T03:04:05+00:00",
        "user": "",
        "commit": "",
        "source": FILE,
        "result": dataclasses.replace(FILE, name="model-1.6.1.pkl"),
        "rollback": FILE,
        "format": "pickle",
        "source_environment": FACT,
        "target_environment": TARGET,
        "rules": ("1.2.0: Retyped penalty (1)", "1.3.0: Rewritten tree_ (3)"),
        "moved": (MOVE,),
        "losses": (),
        "substitutions": (),
        "notes": (),
        "changes": (),
        "documented": (),
        "state": carried.State(
            arrays=3,
            carried=2,
            rewritten=(carried.Place(path="model.a_", count=1, by="1.4.0: Rewritten a_"),),
            values=5,
        ).as_json(),
        "coverage": COVERAGE,
        "options": {
            "rtol": 1e-9,
            "atol": 1e-12,
            "accept": [],
            "allow_loss": False,
            "allow_substitution": False,
            "trust": [],
            "allow": [],
            "data_only": False,
        },
        "parity": found,
        "verdict": found["verdict"],
        "summary": f"model.pkl moved from scikit-learn 1.1.0 to 1.6.1: {found['summary']}",
    }
    return record.Manifest(**{**values, **changes})


def data(**changes: Any) -> dict[str, Any]:
    """What a manifest says of the user's own rows."""
    return {
        **dataclasses.asdict(FILE),
        "name": "rows.csv",
        "rows": 50,
        "asked": 40,
        "words": "40 of 50 rows of `rows.csv`",
        "parity": compared()[0],
        **changes,
    }


def exported(place: Path) -> Path:
    """A payload as the agent writes it."""
    model = Obj("sklearn.linear_model.Ridge", {"coef_": np.arange(3.0)})
    documents: Mapping[str, Any] = {
        name: model if name == "model" else {"model": name} for name in DOCUMENTS
    }
    write_bundle(str(place), documents, {record.FACTS: FACTS})
    return place


def written(folder: Path, **changes: Any) -> Path:
    """A record on disk, `model-1.6.1.skmig` in `folder`; the result is not there."""
    place = folder / "model-1.6.1.skmig"
    _found, sketches = compared()
    record.write(place, manifest(**changes), exported(folder / "exported"), sketches)
    return place
