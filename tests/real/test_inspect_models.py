"""Real model files from public repositories, against what is known of each."""

import csv
import os
from pathlib import Path

import pytest

from skmig.inspection import inspect

_PROJECT = Path(__file__).resolve().parents[2]
MODELS = Path(os.environ.get("SKMIG_MODELS") or _PROJECT.parent / "shared" / "models")
TABLE = MODELS / "models.tsv"

pytestmark = pytest.mark.skipif(
    not TABLE.is_file(), reason="no model files: name their folder in SKMIG_MODELS"
)


def rows():
    if not TABLE.is_file():
        return []
    with TABLE.open(newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["file"])
def test_facts_are_those_of_the_table(row):
    facts = inspect(MODELS / row["file"])
    recorded = None if row["release"].startswith("none") else row["release"]
    assert facts.release == recorded
    assert facts.container == row["container"]
    assert facts.protocol == int(row["protocol"])
    assert facts.summary == row["object"]
    assert (facts.size, facts.sha256) == (int(row["bytes"]), row["sha256"])
    assert facts.possible_releases, "some release can read it"
    strange = {item.name.partition(".")[0] for item in facts.findings}
    assert strange <= {"rsmtool", "skll", "xgboost"}
