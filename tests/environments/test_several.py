"""Many models in one run: what they share must not show in what becomes of each."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from skmig import api, errors, record
from skmig.environments import virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress
from skmig.plan import Settings
from skmig.several import WAVE

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("migrate")]

SOURCE, TARGET = "1.1.3", "1.6.1"
SMALL = Path(__file__).parents[2] / "bench" / "inside" / "small.py"
COUNT = WAVE + 4
# A tree whose child is far outside: asking it ends the process that asks.
CRASHES = """
import pickle, sys
import numpy as np
from sklearn.tree import DecisionTreeRegressor
model = DecisionTreeRegressor(max_depth=3).fit(np.arange(40.0)[:, None], np.arange(40.0))
state = model.tree_.__getstate__()
state["nodes"]["left_child"][0] = state["nodes"]["right_child"][0] = 10**9
model.tree_.__setstate__(state)
pickle.dump(model, open(sys.argv[1], "wb"))
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty small pipelines, and one in their middle that crashes whoever asks it."""
    folder = tmp_path_factory.mktemp("models")
    python = str(virtual.ensure(EnvironmentSpec(release=SOURCE), SilentProgress()))
    subprocess.run([python, str(SMALL), str(folder), str(COUNT)], check=True)
    subprocess.run([python, "-c", CRASHES, str(folder / "model-00003x.pkl")], check=True)
    return folder


def test_each_has_the_result_that_it_has_alone(models: Path, tmp_path: Path) -> None:
    settings = Settings(target=TARGET, backend="local")
    chosen, _passed = api.expand([models])
    found = list(api.migrate_all(chosen, settings=settings, output=tmp_path / "out"))
    assert [item.artifact for item in found] == sorted(models.iterdir())
    crashed = [item for item in found if item.error is not None]
    assert [item.artifact.name for item in crashed] == ["model-00003x.pkl"], crashed
    assert crashed[0].error is not None
    assert crashed[0].error.code == errors.AGENT
    assert "SIGSEGV" in crashed[0].error.message
    for number in (2, 5, COUNT - 1):
        name = f"model-{number:05d}"
        alone = api.migrate(
            models / f"{name}.pkl", settings=settings, output=tmp_path / f"{name}-{TARGET}.pkl"
        )
        together = tmp_path / "out" / f"{name}-{TARGET}.pkl"
        assert together.read_bytes() == alone.result.read_bytes()
        one, other = record.read(together.with_suffix(".skmig")).manifest, alone.manifest
        for field in ("source", "result", "parity", "verdict", "state", "coverage", "members"):
            assert getattr(one, field) == getattr(other, field), field


def test_what_is_not_known_does_not_share_a_process(models: Path, tmp_path: Path) -> None:
    """A model that changes what it is loaded into changes nothing for the others."""
    harm = "import numpy, os; numpy.exp = None; os.environ['HARMED'] = '1'"
    pickled = b"cbuiltins\nexec\n(V" + harm.encode() + b"\ntR0"
    folder = tmp_path / "models"
    folder.mkdir()
    for number in range(4):
        source = models / f"model-{number:05d}.pkl"
        (folder / f"{number}a.pkl").write_bytes(pickled + source.read_bytes())
        (folder / f"{number}b.pkl").write_bytes(source.read_bytes())
    settings = Settings(
        target=TARGET, backend="local", source=SOURCE, trust=("builtins", "stray-protocol")
    )
    chosen, _passed = api.expand([folder])
    found = list(api.migrate_all(chosen, settings=settings, output=tmp_path / "out"))
    said = [item.error and item.error.message for item in found]
    assert [item.migration is not None for item in found] == [True] * 8, said
