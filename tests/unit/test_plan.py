"""Plans: told from the file alone."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import joblib
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skmig import inspection, plan, versions
from skmig.errors import UnreadableError, UnsupportedError, UsageError
from skmig.plan import Settings

SOURCE, TARGET = "1.1.0", "1.6.1"


@pytest.fixture(autouse=True)
def said_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn.base.__version__", SOURCE)


def facts(tmp_path: Path, value: Any = None, **options: Any) -> inspection.Facts:
    path = tmp_path / "model.pkl"
    model = LogisticRegression() if value is None else value
    if options:
        joblib.dump(model, path, **options)
    else:
        path.write_bytes(pickle.dumps(model))
    return inspection.inspect(path)


def test_environments_are_those_of_the_releases(tmp_path: Path) -> None:
    settings = Settings(target=TARGET, requirements=("tomli==2.0.1",), source_lock=Path("freeze"))
    made = plan.make(facts(tmp_path), settings)
    assert (made.source.release, made.target.release) == (SOURCE, TARGET)
    assert made.target.requirements == ("tomli==2.0.1",)
    # environments of its Python began with setuptools, which old libraries import unasked
    assert made.source.requirements == ("tomli==2.0.1", "setuptools<81")
    assert made.source.lock == Path("freeze")
    assert made.target.lock is None
    names = versions.line()
    assert len(made.boundaries) == names.index(TARGET) - names.index(SOURCE)


def test_a_library_may_be_another_on_each_side(tmp_path: Path) -> None:
    settings = Settings(
        target=TARGET,
        requirements=("imbalanced-learn",),
        source_requirements=("xgboost==1.5.2", "setuptools==65.0"),
        target_requirements=("xgboost==2.1.4", "no such [text"),
    )
    made = plan.make(facts(tmp_path), settings)
    assert made.source.requirements == ("imbalanced-learn", "xgboost==1.5.2", "setuptools==65.0")
    assert made.target.requirements == ("imbalanced-learn", "xgboost==2.1.4", "no such [text")
    assert settings.modules == ("imblearn", "xgboost", "setuptools")


def test_the_target_may_be_spelled_otherwise(tmp_path: Path) -> None:
    assert plan.make(facts(tmp_path), Settings(target="1.0.0")).target.release == "1.0"


def test_format_and_compression_stay(tmp_path: Path) -> None:
    settings = Settings(target=TARGET)
    made = plan.make(facts(tmp_path), settings)
    assert (made.format, made.compress, made.reader) == ("pickle", None, "pickle")
    made = plan.make(facts(tmp_path, compress=("gzip", 3)), settings)
    assert (made.format, made.compress, made.reader) == ("joblib", ("gzip", 3), "joblib")
    made = plan.make(
        facts(tmp_path, compress=("gzip", 3)), Settings(target=TARGET, format="pickle")
    )
    assert (made.format, made.compress) == ("pickle", None)


def test_skops_is_added_where_it_is_written(tmp_path: Path) -> None:
    made = plan.make(facts(tmp_path), Settings(target=TARGET, format="skops"))
    assert made.target.requirements == ("skops",)
    assert made.source.requirements == ()
    with pytest.raises(UsageError, match="no format"):
        plan.make(facts(tmp_path), Settings(target=TARGET, format="onnx"))


def test_what_the_user_knows_better_is_noted(tmp_path: Path) -> None:
    made = plan.make(facts(tmp_path), Settings(target=TARGET, source="1.1.1"))
    assert made.source.release == "1.1.1"
    assert SOURCE in made.notes[0]
    assert plan.make(facts(tmp_path), Settings(target=TARGET, source=SOURCE)).notes == ()


def test_parts_of_several_releases(tmp_path: Path) -> None:
    several = dataclasses.replace(
        facts(tmp_path), release=None, sklearn_versions={"1.2.0": ("a",), "1.1.0": ("b",)}
    )
    with pytest.raises(UnsupportedError, match=r"several releases: 1\.1\.0, 1\.2\.0") as caught:
        plan.make(several, Settings(target=TARGET))
    assert "--from 1.2.0" in caught.value.hint
    assert plan.make(several, Settings(target=TARGET, source="1.2.0")).source.release == "1.2.0"


def test_no_release_is_recorded(tmp_path: Path) -> None:
    silent = dataclasses.replace(
        facts(tmp_path), release=None, sklearn_versions={}, possible_releases=("0.20.0", "0.20.1")
    )
    made = plan.make(silent, Settings(target=TARGET))
    assert made.source.release == "0.20.0"
    assert "--from" in made.notes[0]
    nothing = dataclasses.replace(silent, possible_releases=())
    with pytest.raises(UnsupportedError, match="cannot be told"):
        plan.make(nothing, Settings(target=TARGET))


def test_classes_that_are_not_there_yet_are_refused(tmp_path: Path) -> None:
    from sklearn.preprocessing import TargetEncoder

    made = plan.make(facts(tmp_path, make_pipeline(TargetEncoder())), Settings(target="1.0"))
    # (its own release is older than the class, which only a forged version can be)
    assert made.refusals == ()
    made = plan.make(
        facts(tmp_path, make_pipeline(TargetEncoder())), Settings(target="1.0", source="1.3.0")
    )
    (refusal,) = made.refusals
    assert refusal.path == "model.steps[0][1]"


def test_nothing_to_plan(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="holds no model"):
        plan.make(facts(tmp_path, {"a": 1}), Settings(target=TARGET, source=SOURCE))
    with pytest.raises(UnsupportedError, match="not in the table"):
        plan.make(facts(tmp_path), Settings(target="9.9"))
