"""Models that several tests of fleets migrate."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from skmig.environments import virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress

RELEASES = ("0.24.2", "1.1.3")
COUNT = 6
SMALL = Path(__file__).parents[2] / "bench" / "inside" / "small.py"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of twelve small models of two releases; not to be changed."""
    folder = tmp_path_factory.mktemp("small")
    for release in RELEASES:
        python = virtual.ensure(EnvironmentSpec(release=release), SilentProgress())
        (folder / release).mkdir()
        command = [str(python), str(SMALL), str(folder / release), str(COUNT)]
        subprocess.run(command, check=True)
    return folder
