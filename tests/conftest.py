"""What all tests share: where the real model files are, and which tests need an engine."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.tracking import Server

FITTED_BY = "1.1.0"

MODELS = Path(os.environ.get("SKMIG_MODELS", Path(__file__).parents[2] / "shared" / "models"))


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of real public model files; tests that need it are skipped without."""
    if not (MODELS / "models.tsv").is_file():
        pytest.skip("no model files: set SKMIG_MODELS")
    return MODELS


@pytest.fixture(scope="session")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small models, fitted in the environment of FITTED_BY; not to be changed."""
    from skmig.environments import virtual
    from skmig.environments.base import EnvironmentSpec, SilentProgress

    folder = tmp_path_factory.mktemp("fitted")
    python = virtual.ensure(EnvironmentSpec(release=FITTED_BY), SilentProgress())
    script = Path(__file__).parent / "environments" / "fitted.py"
    subprocess.run([str(python), str(script), str(folder)], check=True)
    return folder


@pytest.fixture(scope="session")
def tracking_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A tracking server of MLflow with its database; tests use names of their own in it."""
    from tests.tracking import Server

    started = Server(tmp_path_factory.mktemp("tracking"))
    yield started
    started.close()


def _engine_answers() -> bool:
    from skmig.environments.engine import connect
    from skmig.errors import EngineError

    try:
        connect().close()
    except EngineError:
        return False
    return True


def pytest_configure() -> None:
    # What runs in the background is started with these ignored, and what it starts would be too:
    # tests that end a process by them would wait for ever.
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    wanting = [item for item in items if item.get_closest_marker("docker")]
    if wanting and not os.environ.get("SKMIG_REQUIRE_DOCKER") and not _engine_answers():
        for item in wanting:
            item.add_marker(pytest.mark.skip(reason="no Docker engine answers"))


@pytest.fixture(autouse=True)
def _no_terminal_of_the_caller() -> Iterator[None]:
    """What a command prints depends on none of the caller's settings, unless a test says so."""
    # a patch of its own: the test's must be undone before the fixtures that it was set for
    with pytest.MonkeyPatch.context() as patch:
        for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
            patch.delenv(name, raising=False)
        yield
