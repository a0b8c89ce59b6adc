"""The mutation benchmark on a handful of specimens, in a real environment."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import mutations

from skmig import versions
from skmig.environments.base import SilentProgress
from skmig.environments.choose import backend

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("travel")]

FEW = [
    "DecisionTreeClassifier@strings",
    "HistGradientBoostingClassifier@bools",
    "KBinsDiscretizer@default",
    "OneHotEncoder@default",
    "StandardScaler@default",
    "TfidfVectorizer@default",
]


@contextlib.contextmanager
def bench(mutants: int, limit: int) -> Iterator[mutations.Bench]:
    environments = backend("local", SilentProgress())
    opened = mutations.Bench(
        versions.line()[-1], environments, mutants=mutants, limit=limit, seed=0
    )
    with contextlib.closing(opened):
        yield opened


def test_what_is_broken_is_noticed(tmp_path: Path) -> None:
    with bench(mutants=12, limit=4096) as opened:
        found = list(opened.run(FEW))
    assert [specimen.name for specimen in found if specimen.failed or specimen.absent] == []
    everything = [mutant for specimen in found for mutant in specimen.mutants]
    counts = mutations.count(everything)
    assert counts["caught"] > 30
    assert [mutant for mutant in everything if mutant.fate in ("missed", "excused")] == []
    path = tmp_path / "kept.json"
    mutations.save(path, "key", opened.release, found)
    assert mutations.load(path, "key") == {specimen.name: specimen for specimen in found}
    assert mutations.load(path, "another") == {}
    text = mutations.report(opened.release, found)
    assert f"{len(everything)} mutants of {len(FEW)} specimens" in text


def test_probes_that_are_too_few_are_found_out() -> None:
    with bench(mutants=40, limit=8) as opened:
        (found,) = opened.run(["ExtraTreesRegressor@multi-output"])
    assert mutations.count(found.mutants)["missed"] > 0


def test_a_specimen_that_fails_is_listed() -> None:
    failed = mutations.Specimen(name="Ridge@default", failed="ended by signal 11")
    assert "failed: Ridge@default: ended by signal 11" in mutations.report("1.0", [failed])
