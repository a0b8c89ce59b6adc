"""What is begun before the plan is made is what the plan wants."""

from __future__ import annotations

from pathlib import Path

import pytest

from skmig import ahead, plan
from skmig.environments.base import SilentProgress

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("migrate")]


def test_the_environments_of_the_plan_are_begun(small: Path) -> None:
    settings = plan.Settings(target="1.6", backend="local")
    with ahead.begun(small / "1.1.3/model-00000.pkl", settings, SilentProgress()) as begun:
        assert begun is not None
        made = plan.make(begun.facts, settings)
        wanted = {(made.source, "source"), (made.target, "target")}
        assert begun.shop.started == wanted
        with begun.shop.worker(made.target, "target") as worker:
            assert worker.hello["sklearn"] == made.target.release
        assert begun.shop.started == wanted


@pytest.mark.parametrize("wrong", ["nothing.pkl", "text.pkl", "requirement", "release"])
def test_what_is_not_certain_is_left_to_the_plan(small: Path, tmp_path: Path, wrong: str) -> None:
    path = small / "1.1.3/model-00000.pkl"
    if wrong.endswith(".pkl"):
        path = tmp_path / wrong
    if wrong == "text.pkl":
        path.write_text("nothing that pickle wrote")
    settings = plan.Settings(
        target="0.1" if wrong == "release" else "1.6.1",
        backend="local",
        requirements=("xgboost",) if wrong == "requirement" else (),
    )
    with ahead.begun(path, settings, SilentProgress()) as begun:
        assert begun is None
