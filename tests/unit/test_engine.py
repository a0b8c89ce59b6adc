"""Each way in which an engine fails to answer has its own error, and a hint."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import docker.errors
import pytest

from skmig.environments import engine
from skmig.errors import EngineError, EnvironmentFailedError


@pytest.fixture
def bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket in the file system that DOCKER_HOST names; it does not listen yet."""
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("engine.sock")
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        if len(str(path)) > 100:
            pytest.skip("the temporary folder's path is too long for a socket")
        yield server


def test_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(EngineError, match="no such socket") as caught:
        engine.connect()
    assert "--backend local" in caught.value.hint


def test_nothing_listens(bound: socket.socket) -> None:
    with pytest.raises(EngineError, match="connection refused"):
        engine.connect()


# The SDK leaves the socket of a request without an answer to the garbage collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_mute(bound: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "HELLO_TIMEOUT", 0.3)
    bound.listen(5)
    with pytest.raises(EngineError, match="did not answer within"):
        engine.connect()
    gc.collect()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_no_permission(bound: socket.socket) -> None:
    bound.listen(5)
    Path("engine.sock").chmod(0)
    os.seteuid(65534)
    try:
        with pytest.raises(EngineError, match="no permission") as caught:
            engine.connect()
    finally:
        os.seteuid(0)
    assert "usermod" in caught.value.hint


@pytest.mark.parametrize("host", ["banana", "foo://bar", "tcp://127.0.0.1:99999"])
def test_malformed_address(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(EngineError, match="is no engine address") as caught:
        engine.connect()
    assert "unset DOCKER_HOST" in caught.value.hint


def test_unknown_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://nowhere.invalid:2375")
    with pytest.raises(EngineError, match="cannot be reached"):
        engine.connect()


def test_full_disk() -> None:
    error = docker.errors.APIError("500", explanation="write /x: no space left on device")
    found = engine.failed(error, "building image `x`")
    assert isinstance(found, EnvironmentFailedError)
    assert "no space left" in found.message
    assert "docker system df" in found.hint


def test_our_own_errors_pass() -> None:
    own = EngineError("x")
    assert engine.failed(own, "y") is own
