"""Lets attacks loose in a worker, and looks at what came of them."""

from __future__ import annotations

import contextlib
import ctypes
import json
import platform
import re
import selectors
import socket
import subprocess
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skmig.environments import engine
from skmig.environments.base import Worker
from skmig.errors import AgentError, EnvironmentFailedError, SkmigError
from tests.attacks.forging import ANSWERS, FILES
from tests.attacks.lasting import LOOK, POISON, TAMPERING
from tests.attacks.reaching import REPORT, TOOLS
from tests.environments.artifacts import that_runs

_ADD_KEY = {"x86_64": 248, "aarch64": 217}
_KEYCTL = {"x86_64": 250, "aarch64": 219}


class Host:
    """What is to be reached: a secret in a file, a key, ports, sockets; and who knocked there."""

    def __init__(self, folder: Path) -> None:
        self.secret = uuid.uuid4().hex
        self.path = folder / "secret.txt"
        self.path.write_text(self.secret)
        self.knocks: list[str] = []
        self.tcp = socket.create_server(("", 0))
        port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("", port))
        self.local = socket.socket(socket.AF_UNIX)
        abstract = f"skmig-{self.secret[:8]}"
        self.local.bind(f"\0{abstract}")
        self.local.listen()
        said = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False)
        self.facts: dict[str, Any] = {
            "secret": self.secret,
            "path": str(self.path),
            "port": port,
            "addresses": ["127.0.0.1", "172.17.0.1", *said.stdout.split()],
            "abstract": abstract,
            "engine": engine.address().removeprefix("unix://"),
            "name": f"of-another-{self.secret[:8]}",
            "key": f"skmig-{self.secret[:8]}",
        }
        self._key = self._add_key()
        self._end, self._ended = socket.socketpair()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _add_key(self) -> int:
        number = _ADD_KEY.get(platform.machine())
        if number is None:
            return -1
        name, text = self.facts["key"].encode(), self.secret.encode()
        libc = ctypes.CDLL(None)
        return int(libc.syscall(number, b"user", name, text, len(text), -3))

    def _listen(self) -> None:
        with selectors.DefaultSelector() as selector:
            for one in (self.tcp, self.udp, self.local, self._ended):
                selector.register(one, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._ended:
                        return
                    self.knocks.append(str(key.fileobj))
                    with contextlib.suppress(OSError):
                        if key.fileobj is self.udp:
                            self.udp.recv(100)
                        else:
                            key.fileobj.accept()[0].close()  # type: ignore[union-attr]

    def close(self) -> None:
        self._end.close()
        self._thread.join(10)
        for one in (self.tcp, self.udp, self.local, self._ended):
            one.close()
        if self._key >= 0:
            ctypes.CDLL(None).syscall(_KEYCTL[platform.machine()], 3, self._key)


@contextlib.contextmanager
def host(folder: Path) -> Iterator[Host]:
    """A host to attack, which hears a knock: that it does is tried first."""
    opened = Host(folder)
    try:
        socket.create_connection(("127.0.0.1", opened.facts["port"])).close()
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(f"\0{opened.facts['abstract']}")
        for _ in range(500):
            if len(opened.knocks) == 2:
                break
            threading.Event().wait(0.02)
        assert len(opened.knocks) == 2
        opened.knocks.clear()
        yield opened
    finally:
        opened.close()


def that_attacks(code: str, facts: dict[str, Any]) -> bytes:
    """A pickle that runs an attack when it is loaded."""
    return that_runs(f"facts = {facts!r}\n{TOOLS}\n{code}")


def attack(worker: Worker, code: str, facts: dict[str, Any]) -> SkmigError:
    """What loading a pickle that runs this code ends with."""
    worker.put("model.pkl", that_attacks(code, facts))
    with pytest.raises(SkmigError) as caught:
        worker.call("export", artifact="model.pkl", out="seen.json")
    return caught.value


def reached(worker: Worker, code: str, facts: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What an attack got hold of, and what it was told; that it happened is an error."""
    error = attack(worker, code + REPORT, facts)
    assert isinstance(error, AgentError)
    assert "ended by itself with code 7" in error.message, error.details
    worker.get("seen.json", folder / "seen.json")
    seen = json.loads((folder / "seen.json").read_text())
    assert isinstance(seen, dict)
    return seen


def survives(worker: Worker) -> bool:
    """Does a worker go on, and with its own answers?"""
    return dict(worker.call("ping", n=1).result["args"]) == {"n": 1}


def is_as_new(worker: Worker, facts: dict[str, Any], folder: Path) -> None:
    """A job that plants what it can leaves nothing for the next."""
    before = reached(worker, LOOK, facts, folder)["got"]
    error = attack(worker, POISON, facts)
    assert "ended by itself with code 7" in error.message, error
    assert reached(worker, LOOK, facts, folder)["got"] == before
    assert survives(worker)


def is_noticed(worker: Worker, name: str, facts: dict[str, Any]) -> None:
    """A job that changes what it was given to read: its worker is not used again."""
    worker.put("other.pkl", b"I1\n.")
    (code := Path(facts["path"]).parent / "code").mkdir(exist_ok=True)
    (code / "mine.py").write_text("x = 1")
    worker.put("code", code)
    error = attack(worker, TAMPERING[name] + "\nos._exit(7)", facts)
    assert re.search(r"changed `(model\.pkl|other\.pkl|code.*)`", error.message), error
    assert isinstance(error, AgentError)
    with pytest.raises(EnvironmentFailedError, match=r"(was closed|was ended) .*before|was ended"):
        worker.call("ping")


def is_no_answer(worker: Worker, name: str, facts: dict[str, Any]) -> None:
    """A forged answer is an error with a plain sentence, and the worker goes on."""
    code, says = ANSWERS[name]
    error = attack(worker, code, facts)
    assert re.search(says, error.message), error
    assert survives(worker)


def is_no_file(worker: Worker, name: str, facts: dict[str, Any], folder: Path) -> None:
    """Something else where a file should be is not copied out."""
    worker.put("other.pkl", b"I1\n.")
    error = attack(worker, FILES[name], facts)
    assert isinstance(error, AgentError)
    with pytest.raises(EnvironmentFailedError, match=r"seen\.json"):
        worker.get("seen.json", folder / "got")
    assert not (folder / "got").exists()
