"""The environment of a record, found again from what the record says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from skmig import versions
from skmig.environments import locks, recorded
from skmig.environments.base import EnvironmentSpec
from skmig.environments.recipes import recipe

RELEASE = "1.6.1"
SPEC = EnvironmentSpec(release=RELEASE)


@pytest.fixture
def pins() -> dict[str, str]:
    path = versions.release(RELEASE).folder / locks.LOCK
    return dict(locks.read_pins(path.read_text("utf-8"), path.name))


def test_the_lock_of_the_release(pins: dict[str, str], tmp_path: Path) -> None:
    lock = locks.digest(recipe(SPEC).lock)
    # what only some environments have is nothing that a lock says
    assert recorded.find(SPEC, lock, {**pins, "pip": "24.0"}, tmp_path) == (SPEC, ())
    found, odd = recorded.find(SPEC, lock, {**pins, "numpy": "1.0"}, tmp_path)
    assert found == SPEC
    assert odd == (f"by its lock, `numpy` is 1.0, the lock says {pins['numpy']}",)


def test_what_was_asked_for_must_be_there(pins: dict[str, str], tmp_path: Path) -> None:
    spec = EnvironmentSpec(release=RELEASE, requirements=("skops", "setuptools<81"))
    lock = locks.digest(recipe(spec).lock)
    assert recorded.find(spec, lock, {**pins, "skops": "0.13"}, tmp_path) == (spec, ())
    _spec, odd = recorded.find(spec, lock, pins, tmp_path)
    assert odd == ("`skops` was asked for, and is not among its packages",)


def test_a_lock_of_the_user(pins: dict[str, str], tmp_path: Path) -> None:
    pins["numpy"] = "2.1.0"
    freeze = tmp_path / "freeze.txt"
    freeze.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
    lock = locks.digest(recipe(EnvironmentSpec(release=RELEASE, lock=freeze)).lock)
    found, odd = recorded.find(SPEC, lock, pins, tmp_path)
    assert odd == ()
    assert found.lock not in (None, freeze)
    assert recipe(found).pins == pins


@pytest.mark.parametrize("change", [{}, {"numpy": "1.0"}, {"scikit-learn": "1.0"}])
def test_a_lock_that_nobody_has(
    change: dict[str, str], pins: dict[str, str], tmp_path: Path
) -> None:
    found, odd = recorded.find(SPEC, "sha256:0", {**pins, **change}, tmp_path)
    assert found == SPEC
    assert odd == (
        f"the lock of scikit-learn {RELEASE} is not the one that the record was made with",
    )


def test_how_packages_differ() -> None:
    one = {"numpy": "2.0", "scipy": "1.15", "pip": "24.0"}
    two = {"numpy": "2.1", "six": "1.17", "setuptools": "80"}
    assert recorded.changes(one, one) == []
    assert recorded.changes(one, two) == [
        "numpy is 2.1, the record has 2.0",
        "scipy is not there, the record has 1.15",
        "six is 1.17, the record has none",
    ]
