"""The log of a failed build becomes an error that says why."""

from __future__ import annotations

import pytest

from skmig.environments import buildlog
from skmig.environments.base import EnvironmentSpec
from skmig.environments.recipes import recipe

RECIPE = recipe(EnvironmentSpec(release="1.1.0"))

# Lines as pip 21 to 25 and Docker 20.10 write them.
DNS = "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'NewConn"
TIMEOUT = "pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool: Read timed out."
NO_VERSION = "ERROR: No matching distribution found for xgboost==99"
HASHES = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."
FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
PULL = "pull access denied for python, repository does not exist or may require 'docker login'"
EMULATION = "exec /bin/sh: exec format error"


@pytest.mark.parametrize(
    ("line", "transient"),
    [
        (DNS, True),
        (TIMEOUT, True),
        (NO_VERSION, False),
        (HASHES, False),
        (FULL, False),
        (PULL, False),
        (EMULATION, False),
    ],
)
def test_only_downloads_are_tried_again(line: str, transient: bool) -> None:
    assert buildlog.is_transient(["Step 8/17 : RUN x", line]) is transient


@pytest.mark.parametrize(
    ("line", "said", "hint"),
    [
        (DNS, "a download failed 3 times", "PIP_INDEX_URL"),
        (NO_VERSION, "no such version for Python 3.10", "wheels"),
        (HASHES, "not the one of the lock", "index"),
        (FULL, "no space left", "docker system"),
        (PULL, "base image `python:3.10", "docker pull"),
        (EMULATION, "cannot run", "binfmt"),
        ("something else", "could not be built", "build-images 1.1.0 -v"),
    ],
)
def test_explained(line: str, said: str, hint: str) -> None:
    error = buildlog.explain(RECIPE, ["Step 8/17 : RUN x", line], 3)
    assert said in error.message
    assert hint in error.hint
    assert line[:40] in "\n".join(error.causes)


def test_credentials_and_escapes_do_not_show() -> None:
    text = "\x1b[91mLooking in https://user:secret@example.org/simple\x1b[0m\n\n"
    assert buildlog.lines(text) == ["Looking in https://****@example.org/simple"]


def test_image_of_a_step() -> None:
    assert buildlog.image(" ---> 4e9d1b2c3f4a") == "4e9d1b2c3f4a"
    assert buildlog.image(" ---> Using cache") is None


def test_running_container() -> None:
    assert buildlog.container(" ---> Running in 4e9d1b2c3f4a") == "4e9d1b2c3f4a"
    assert buildlog.container(" ---> 4e9d1b2c3f4a") is None
