"""A case for each test, which is gone with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.harness import Case


@pytest.fixture
def case(fitted: Path) -> Iterator[Case]:
    one = Case(fitted / "logistic.pkl")
    yield one
    one.close()
