"""Models that hold other libraries, the user's code, and tables, between real environments."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest

import skmig
from skmig import api
from skmig.environments import virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress
from skmig.errors import UntrustedError
from skmig.plan import Settings

pytestmark = pytest.mark.environments

SOURCE, TARGET, OLDEST = "0.24.2", "1.6.1", "0.18.1"
SETTINGS = Settings(target=TARGET, backend="local")

TRAINING = """
import enum, functools, pickle, sys
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

class Mode(enum.Enum):
    PLAIN = "plain"
    TWICE = "twice"

def scale(X, by):
    return np.asarray(X) * by

class Widen(BaseEstimator, TransformerMixin):
    def __init__(self, mode=Mode.TWICE):
        self.mode = mode
    def fit(self, X, y=None):
        self.n_features_in_ = np.asarray(X).shape[1]
        return self
    def transform(self, X):
        return np.hstack([X, X]) if self.mode is Mode.TWICE else X

class Shifted(StandardScaler):
    def transform(self, X, copy=None):
        return super().transform(X) + 1

if __name__ == "__main__":
    X = np.random.RandomState(0).rand(60, 3)
    model = Pipeline([
        ("scale", FunctionTransformer(functools.partial(scale, by=2))),
        ("widen", Widen()),
        ("shift", Shifted()),
        ("clf", LogisticRegression()),
    ])
    with open(sys.argv[1], "wb") as handle:
        pickle.dump(model.fit(X, X[:, 0] > 0.5), handle)
"""

LEAVE = """
import numpy as np, pandas as pd, scipy.sparse as sp, sys
from skmig.agent.walk import walk
from skmig.agent.wire import write_bundle
frame = pd.DataFrame({"a": [1.5, np.nan], "b": ["x", "y"]}, index=pd.Index([5, 6], name="k"))
frame["c"] = pd.Categorical(["u", "v"], categories=["v", "u"])
frame["t"] = pd.to_datetime(["2020-01-01", "2021-01-01"])
values = {
    "frame": frame,
    "days": pd.date_range("2020-01-01", periods=2, freq="D", tz="Europe/Paris"),
    "levels": pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", "y"]),
    "range": pd.RangeIndex(2, 8, 2),
    "cut": pd.cut([1, 5, 9], [0, 5, 10]),
    "state": np.random.RandomState(3),
    "sparse": getattr(sp, "csr_array", sp.csr_matrix)(np.eye(2)),
    "text": pd.Index(["a", "b"]),
}
write_bundle(sys.argv[1], {"values": walk(values)})
"""

ARRIVE = """
import numpy as np, pandas as pd, scipy.sparse, sys, warnings
from skmig.agent.build import build
from skmig.agent.wire import Bundle
warnings.simplefilter("error")
with Bundle(sys.argv[1]) as bundle:
    v = build(bundle.document("values"))
f = v["frame"]
assert list(f.columns) == ["a", "b", "c", "t"] and list(f.index) == [5, 6] and f.index.name == "k"
assert f["a"].dtype == np.float64 and list(f["b"]) == ["x", "y"]
assert list(f["c"].cat.categories) == ["v", "u"] and list(f["c"]) == ["u", "v"]
assert f["t"].dtype.kind == "M" and f["t"].iloc[1] == pd.Timestamp("2021-01-01")
days = [pd.Timestamp("2020-01-0%d" % n, tz="Europe/Paris") for n in (1, 2)]
assert list(v["days"]) == days
assert list(v["levels"]) == [("a", 1), ("b", 2)] and list(v["levels"].names) == ["x", "y"]
assert isinstance(v["range"], pd.RangeIndex) and list(v["range"]) == [2, 4, 6]
assert list(v["cut"].codes) == [0, 0, 1] and 9 in v["cut"][2]
assert v["state"].randint(1 << 30) == np.random.RandomState(3).randint(1 << 30)
assert v["sparse"].shape == (2, 2) and v["sparse"].sum() == 2
assert list(v["text"]) == ["a", "b"]
"""


def run(release: str, code: str, *arguments: str) -> None:
    python = virtual.ensure(EnvironmentSpec(release=release), SilentProgress())
    package = Path(skmig.__file__).parent
    finder = f"import sys; sys.path.insert(0, {str(package.parent)!r})\n"
    subprocess.run([str(python), "-c", finder + code, *arguments], check=True, cwd="/")


@pytest.mark.parametrize("way", [(OLDEST, TARGET), (TARGET, OLDEST), (TARGET, SOURCE)])
def test_tables_and_states_cross_majors(tmp_path: Path, way: tuple[str, str]) -> None:
    bundle = str(tmp_path / "values.skmig")
    run(way[0], LEAVE, bundle)
    run(way[1], ARRIVE, bundle)


def test_code_of_the_script_that_trained(tmp_path: Path) -> None:
    script, artifact = tmp_path / "train.py", tmp_path / "model.pkl"
    script.write_text(TRAINING)
    python = virtual.ensure(EnvironmentSpec(release=SOURCE), SilentProgress())
    subprocess.run([str(python), str(script), str(artifact)], check=True)
    with pytest.raises(UntrustedError, match="__main__"):
        api.migrate(artifact, settings=SETTINGS)
    settings = dataclasses.replace(SETTINGS, code=(script,))
    done = api.migrate(artifact, settings=settings)
    assert done.manifest.parity["ok"]
    assert {item["method"] for item in done.manifest.parity["methods"]} >= {"predict_proba"}


@pytest.mark.slow
def test_an_xgboost_model_crosses_by_its_own_format(tmp_path: Path, models: Path) -> None:
    artifact = tmp_path / "model.pkl"
    artifact.write_bytes(next(models.glob("LabShengLi__nanome__*")).read_bytes())
    with pytest.raises(UntrustedError, match="xgboost"):
        api.migrate(artifact, settings=SETTINGS)
    settings = dataclasses.replace(
        SETTINGS,
        source_requirements=("xgboost==1.5.2",),
        target_requirements=("xgboost==2.1.4",),
    )
    done = api.migrate(artifact, settings=settings)
    assert done.manifest.verdict == "identical"
    assert done.manifest.source_environment.packages["xgboost"] == "1.5.2"
    assert done.manifest.target_environment.packages["xgboost"] == "2.1.4"
