"""Adding a release, rehearsed: the newest one with rules is taken away and added again.

docs/adding-a-release.md tells the same steps.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from skmig import versions
from skmig.adapters import census, chain, check, draft
from skmig.adapters.rules import LINE
from skmig.environments import locks
from skmig.errors import UnsupportedError
from skmig.matrix.pairs import choose
from skmig.payload import Obj

NEW = LINE[-1].since
BEFORE = check.adjacent(NEW)
WITHOUT = LINE[:-1]
OURS = versions.images_folder()
CACHES = (
    versions.releases,
    versions.line,
    census.classes,
    census.parameters,
    check.seen,
    locks._table,
)


def forget() -> None:
    for cached in CACHES:
        cached.cache_clear()


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the images folder, and a line of rules, in which the newest is not there yet."""
    for path in OURS.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
        elif versions.position(path.name) < versions.position(NEW):
            shutil.copytree(path, tmp_path / path.name)
    table = tmp_path / "versions.toml"
    text = table.read_text("utf-8")
    table.write_text(text[: text.index(f'[[release]]\nversion = "{NEW}"')], "utf-8")
    for module in (versions, locks):
        monkeypatch.setattr(module, "images_folder", lambda: tmp_path)
    set_line(monkeypatch, WITHOUT)
    forget()
    yield tmp_path
    forget()


def set_line(monkeypatch: pytest.MonkeyPatch, line: tuple[object, ...]) -> None:
    for module in (chain, check):
        monkeypatch.setattr(module, "LINE", line)


def add_row(images: Path) -> None:
    """Step 1: one row of the table."""
    text = (OURS / "versions.toml").read_text("utf-8")
    row = re.search(rf'\[\[release\]\]\nversion = "{NEW}"\n.*?(?=\n\[\[|\Z)', text, re.DOTALL)
    assert row is not None
    with (images / "versions.toml").open("a", encoding="utf-8") as table:
        table.write(row[0])
    forget()


def add_generated(images: Path) -> None:
    """Step 2, `make images census`: the lock as it was resolved, the census as it was taken."""
    (images / NEW).mkdir(exist_ok=True)
    for name in ("requirements.lock", "census.json"):
        shutil.copy(OURS / NEW / name, images / NEW)
    forget()


def a_forest() -> Obj:
    return Obj(
        "sklearn.ensemble.RandomForestRegressor",
        {"n_estimators": 0, "criterion": "friedman_mse", "estimators_": [], "n_outputs_": 1},
    )


def test_a_release_that_is_not_there_is_refused(images: Path) -> None:
    assert versions.line()[-1] == BEFORE
    assert chain.adapt(a_forest(), versions.line()[0], BEFORE).refusals == ()
    with pytest.raises(UnsupportedError, match=re.escape(NEW)) as caught:
        chain.adapt(a_forest(), BEFORE, NEW)
    assert BEFORE in caught.value.hint
    assert NEW not in {name for pair in choose(everything=True) for name in pair}


def test_the_row_makes_the_image_that_is_committed(images: Path) -> None:
    add_row(images)
    assert versions.line()[-1] == NEW
    row = versions.release(NEW)
    assert locks.problems(row) == [f"images/{NEW}/{locks.LOCK} is missing"]
    add_generated(images)
    assert [path.name for path in locks.generate([row], locks=False)] == ["Dockerfile"]
    assert (images / NEW / "Dockerfile").read_bytes() == (OURS / NEW / "Dockerfile").read_bytes()
    assert locks.problems(row) == []


def test_the_check_lists_what_is_left_to_do_and_the_draft_begins_it(images: Path) -> None:
    add_row(images)
    add_generated(images)
    left = check.unexplained(BEFORE, NEW)
    assert len(left) > 10
    begun = draft.draft(NEW)
    assert f'SINCE = "{NEW}"' in begun
    assert all(item.name in begun and item.tag in begun for item in left)


def test_with_its_rules_the_release_is_reached_in_both_directions(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_row(images)
    add_generated(images)
    # without them the state arrives as it was, which is what the check is for
    assert "_sample_weight" not in chain.adapt(a_forest(), BEFORE, NEW).graph.state
    set_line(monkeypatch, LINE)
    up = chain.adapt(a_forest(), BEFORE, NEW)
    assert up.refusals == up.losses == ()
    assert up.graph.state["criterion"] == "squared_error"
    assert up.graph.state["_sample_weight"] is None
    assert any(text.startswith(f"{NEW}: ") for text in up.applied)
    down = chain.adapt(up.graph, NEW, BEFORE)
    assert "_sample_weight" not in down.graph.state
    assert down.refusals == ()
    assert len(check.unexplained(BEFORE, NEW)) == 0
