"""The zoo travels: every specimen between releases far apart, in their real environments.

`skmig matrix` runs all pairs; these are the few that every change must pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from skmig import matrix, pipeline
from skmig.environments.base import SilentProgress
from skmig.plan import Settings

ZOO = Path(__file__).parent
PAIRS = (("1.1.0", "1.6.1"), ("1.6.1", "1.1.0"), ("0.20.4", "1.9.1"), ("1.9.1", "0.20.4"))
BAD = (matrix.Fate.DIFFERENT, matrix.Fate.CRASHED)

pytestmark = [pytest.mark.environments, pytest.mark.slow]


@pytest.fixture(scope="module")
def shop() -> Iterator[pipeline.Workshop]:
    settings = Settings(target="", backend="local")
    with pipeline.workshop(settings, SilentProgress()) as opened:
        yield opened


@pytest.mark.xdist_group("travel")
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_no_model_arrives_different(shop: pipeline.Workshop, source: str, target: str) -> None:
    cells = list(matrix.run(shop, ZOO, source, target))
    fates = Counter(cell.fate for cell in cells)
    # most of them are carried over: a run that refuses everything proves nothing
    assert fates[matrix.Fate.IDENTICAL] + fates[matrix.Fate.CLOSE] > 0.7 * len(cells) > 500
    bad = [f"{cell.specimen}: {cell.text}" for cell in cells if cell.fate in BAD]
    assert not bad, "\n".join(bad)
    unsaid = [cell.specimen for cell in cells if cell.fate is matrix.Fate.REFUSED and not cell.text]
    assert not unsaid
