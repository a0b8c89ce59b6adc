"""Real models from public repositories, moved to two releases; what is refused, and why.

`SKMIG_MODELS` names their folder, `models.tsv` in it says what they are.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import MODELS

from skmig import api, errors, pipeline, record
from skmig.environments.base import SilentProgress
from skmig.errors import SkmigError
from skmig.plan import Settings

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("real")]

TARGETS = ("1.6.1", "1.9.1")
FOREIGN = {
    # objects of other packages: not loaded outside a sandbox unless trusted by name
    "EducationalTestingService__rsmtool__lr_xval_subgroups_with_int_ids_model.model": (
        errors.UNREADABLE,
        "rsmtool.modeler.Modeler",
    ),
    "LabShengLi__nanome__NA12878_chr1_xgboost_basic_w_model.pkl": (
        errors.UNREADABLE,
        "xgboost.sklearn.XGBClassifier",
    ),
}
# one-vs-rest models of several classes, which LogisticRegression cannot be any more
ONE_VS_REST = (
    "Azure__MachineLearningNotebooks__sklearn_mnist_model.pkl",
    "SeldonIO__MLServer__model.joblib",
)
NEEDS_SUBSTITUTION = (errors.ANSWER_IS_NO, "--allow-substitution")
# scikit-learn 0.21 changed what decision_function returns for several classes
SVC = "kserve__kserve__model.pkl"
NEEDS_ACCEPT = (errors.ANSWER_IS_NO, "--accept SVC.decision_function")
# what is not moved, by the exit code and a word of the reason
REFUSED = {
    "1.6.1": {**FOREIGN, SVC: NEEDS_ACCEPT},
    "1.9.1": {**FOREIGN, SVC: NEEDS_ACCEPT, **dict.fromkeys(ONE_VS_REST, NEEDS_SUBSTITUTION)},
}


def rows() -> list[dict[str, str]]:
    table = MODELS / "models.tsv"
    if not table.is_file():
        return []
    with table.open(newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def shop() -> Iterator[pipeline.Workshop]:
    """One workshop for all, so that the target's worker is started once."""
    with pipeline.workshop(Settings(target=TARGETS[0], backend="local"), SilentProgress()) as shop:
        yield shop


def migrate(
    path: Path, target: str, place: Path, shop: pipeline.Workshop, **allowed: Any
) -> pipeline.Migration:
    settings = Settings(target=target, backend="local", **allowed)
    return pipeline.migrate(pipeline.prepare(api.request_for(path, place, settings)), shop)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("row", rows(), ids=lambda row: row["file"].replace("__", "-"))
def test_a_real_model(
    row: dict[str, str], target: str, models: Path, tmp_path: Path, shop: pipeline.Workshop
) -> None:
    path, result = models / row["file"], tmp_path / "result.pkl"
    if row["file"] in REFUSED[target]:
        code, word = REFUSED[target][row["file"]]
        with pytest.raises(SkmigError) as caught:
            migrate(path, target, result, shop)
        assert caught.value.code == code
        error = caught.value
        assert word in " ".join((error.message, *error.causes, error.hint))
        assert list(tmp_path.iterdir()) == []
    else:
        done = migrate(path, target, result, shop)
        assert done.manifest.parity["ok"]
        assert done.manifest.verdict != record.UNPROVEN
        assert done.manifest.source.sha256 == row["sha256"]
        # a release that the file records is the one that it is loaded with
        if row["release"][0].isdigit():
            assert done.manifest.source_environment.release == row["release"]
        assert digest(result) == done.manifest.result.sha256
    assert digest(path) == row["sha256"]


ALLOWED: list[tuple[str, dict[str, Any]]] = [
    *((name, {"allow_substitution": True}) for name in ONE_VS_REST),
    (SVC, {"accept": ("SVC.decision_function",)}),
]


@pytest.mark.parametrize(("name", "allowed"), ALLOWED, ids=[name for name, _ in ALLOWED])
def test_what_the_user_allows_is_moved(
    name: str, allowed: dict[str, Any], models: Path, tmp_path: Path, shop: pipeline.Workshop
) -> None:
    done = migrate(models / name, TARGETS[-1], tmp_path / "result.pkl", shop, **allowed)
    assert done.manifest.parity["ok"]
    assert done.manifest.substitutions or done.manifest.changes
