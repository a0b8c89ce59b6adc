"""Speaks to the agent's forking worker over a pair of byte streams, whatever carries them."""

from __future__ import annotations

import base64
import itertools
import json
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from skmig.environments import answers
from skmig.environments.base import Limits, Reply, Worker
from skmig.environments.files import checked
from skmig.environments.rooms import Room, Wave
from skmig.errors import (
    AgentError,
    EnvironmentFailedError,
    ImportInAgentError,
    OutOfMemoryError,
    SkmigError,
    TimeoutExpiredError,
)

# The agent enforces the time-out; this much later the worker itself is taken for hung.
GRACE = 60.0
_CAUSES = 6  # lines of an environment's own words that an error carries
_HOSTILE = ("Tampering", "ForgedAnswer")
_DO_NOT_USE = "no model does that: do not use this file before you know what it runs"
_BY_MEMORY = "give it more with `--memory 8G`, or run on a machine that has more"


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a worker ended: exit code (negative or above 128: a signal), memory, last words."""

    code: int | None
    out_of_memory: bool = False
    log: str = ""


class Channel(Protocol):
    """Bytes to and from a worker's standard streams."""

    def send(self, data: bytes) -> None:
        """Write all of `data`; OSError when the worker is gone."""

    def receive(self, timeout: float) -> bytes:
        """The next bytes of its standard output, b"" at its end; TimeoutError when none come."""

    def ending(self) -> Ending:
        """How the worker ended; called after its output did."""

    def close(self) -> None:
        """End the worker, and wait for it; never raises, may be called twice."""


class Exchange(Protocol):
    """The flat folder of files that a worker's jobs read and write, and rooms: folders in it.

    The room "" is the folder itself.  `inline`: copying a file takes longer than sending it along.
    """

    inline: bool

    def put(self, room: str, name: str, source: Path | bytes) -> None: ...

    def get(self, room: str, name: str, target: Path) -> None: ...

    def close(self) -> None:
        """Delete it; never raises, may be called twice."""


class AgentWorker:
    """A worker (see `base.Worker`): a channel, an exchange and the protocol between them."""

    hello: Mapping[str, Any]

    def __init__(self, label: str, channel: Channel, exchange: Exchange, limits: Limits) -> None:
        self._label = label
        self._channel = channel
        self._exchange = exchange
        self._limits = limits
        self._numbers = itertools.count(1)
        self._buffer = bytearray()
        self._lock = threading.Lock()
        self._closed = False
        self.given: dict[str, set[str]] = {}  # room -> the names that were put there
        try:
            self.hello = self._greeting()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> AgentWorker:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def put(self, name: str, source: Path | bytes, room: str = "") -> None:
        with self._lock:  # what comes while a job runs would look as if the job had made it
            self._exchange.put(room and checked(room), checked(name), source)

    def get(self, name: str, target: Path, room: str = "") -> None:
        with self._lock:
            self._exchange.get(room and checked(room), checked(name), target)

    def room(self, name: str, wave: Wave | None, *, new: bool = False) -> Worker:
        stale = self.given.pop(name, set()) if new else set[str]()
        return Room(self, name, wave, stale)

    def call(self, job: str, /, **args: Any) -> Reply:
        return self.run(job, args)

    @property
    def inline(self) -> bool:
        """Should small files travel with requests and answers?"""
        return self._exchange.inline

    def run(
        self,
        job: str,
        args: Mapping[str, Any],
        room: str = "",
        *,
        files: Mapping[str, bytes] | None = None,
        stale: Sequence[str] = (),
        jobs: int = 1,
    ) -> Reply:
        """`call` in a room of the exchange, with the time that so many jobs may take.

        `files`, by path in the exchange, are written before; then small ones come back, too.
        What is `stale` is removed before.
        """
        timeout = self._limits.timeout * jobs
        with self._lock:
            number = next(self._numbers)
            request: dict[str, Any] = {"id": number, "job": job, "args": args}
            request |= {"timeout": timeout, "room": room, "stale": list(stale)}
            if files is not None:
                coded = {path: base64.b64encode(data).decode() for path, data in files.items()}
                request |= {"files": coded, "inline": True}
            line = json.dumps(request, allow_nan=False).encode("ascii") + b"\n"
            started = time.monotonic()
            try:
                self._channel.send(line)
            except OSError:
                raise self._gone(f"the job `{job}` could be given to it") from None
            except BaseException:  # half a line is sent
                self.close()
                raise
            deadline = started + timeout + GRACE
            answer: dict[str, Any] = {}
            # an answer with another number is that of a call that was interrupted
            while answer.get("id") != number:
                answer = self._message(deadline, f"it answered the job `{job}`")
            seconds = time.monotonic() - started
        if not answers.is_answer(answer):
            raise self._babble(json.dumps(answer).encode())
        return self.settle(job, answer, seconds)

    def settle(
        self,
        job: str,
        answer: Mapping[str, Any],
        seconds: float,
        files: Mapping[str, bytes] | None = None,
    ) -> Reply:
        """The reply that an answer of the agent is; raises the error that it is.

        `files`: those that came with it, where they are known already.
        """
        if not answer["ok"]:
            raise self._failed(job, answer["error"])
        missed = answers.misses(job, answer["result"])
        if missed is not None:
            raise AgentError(
                f"the job `{job}` in {self._label} gave no `{missed}` that can be read: what the"
                " file runs may have forged it",
                hint=_DO_NOT_USE,
            )
        if files is None:
            files = answers.files(answer)
        return Reply(result=answer["result"], seconds=seconds, files=files)

    @property
    def closed(self) -> bool:
        """Was it ended, by us or because of what it said?"""
        return self._closed

    def close(self) -> None:
        self._closed = True
        self._channel.close()
        self._exchange.close()

    def _greeting(self) -> Mapping[str, Any]:
        deadline = time.monotonic() + self._limits.start_timeout
        message = self._message(deadline, "it started")
        hello = message.get("hello")
        if not isinstance(hello, dict):
            raise self._babble(json.dumps(message).encode())
        return hello

    def _message(self, deadline: float, before: str) -> dict[str, Any]:
        line = self._line(deadline, before)
        try:
            return answers.message(line)
        except ValueError:
            raise self._babble(line) from None

    def _line(self, deadline: float, before: str) -> bytes:
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            try:
                data = self._channel.receive(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                self.close()
                raise TimeoutExpiredError(
                    f"the worker in {self._label} was given up: no sign of life before {before}",
                    hint="is the machine overloaded?  Give it more time with `--timeout 3600`",
                ) from None
            except OSError:
                data = b""
            if not data:
                raise self._gone(before)
            self._buffer += data
            if len(self._buffer) > answers.LINE:
                raise self._babble(bytes(self._buffer[:200]))
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _gone(self, before: str) -> SkmigError:
        if self._closed:
            return EnvironmentFailedError(
                f"the worker in {self._label} was ended before {before}",
                hint="it was closed or interrupted; run the command again",
            )
        try:
            ending = self._channel.ending()
        except SkmigError as error:
            return error
        finally:
            self.close()
        causes = _last(ending.log)
        if ending.out_of_memory or ending.code in (137, -signal.SIGKILL):
            return OutOfMemoryError(
                f"the worker in {self._label} was killed, most likely for its memory,"
                f" before {before}",
                hint=_BY_MEMORY,
                causes=causes,
            )
        how = "" if ending.code is None else f" (exit code {ending.code})"
        return EnvironmentFailedError(
            f"the worker in {self._label} ended{how} before {before}",
            hint="see what the environment says above, and check it with `skmig doctor`",
            causes=causes,
        )

    def _babble(self, line: bytes) -> EnvironmentFailedError:
        self.close()
        text = line[:200].decode("utf-8", "replace")
        return EnvironmentFailedError(
            f"the worker in {self._label} did not say what was expected, but `{text}`",
            hint="check the environment with `skmig doctor`",
        )

    def _failed(self, job: str, error: Mapping[str, Any]) -> SkmigError:
        """The error to raise for what the agent answered."""
        kind, message = error.get("kind", "Error"), error.get("message", "")
        where = f" at `{error['path']}`" if error.get("path") else ""
        if error.get("stage"):
            where = f" ({error['stage']}{where})"
        what = f"the job `{job}` in {self._label}"
        if error.get("timeout"):
            return TimeoutExpiredError(
                f"{what} was not finished after {self._limits.timeout:g} s",
                hint=f"give it more with `--timeout {int(self._limits.timeout * 4)}`",
                causes=_last(error.get("log")),
            )
        if error.get("spoiled"):
            self.close()  # the next job would find what this one left
        if error.get("limit") and kind != "MemoryError":
            return AgentError(
                f"{what} was ended: it {message}",
                hint=_DO_NOT_USE,
                causes=_last(error.get("log")),
                details=error,
            )
        if kind in _HOSTILE:
            return AgentError(
                f"{what} was not done as it should be: {message}",
                hint=_DO_NOT_USE,
                causes=_last(error.get("log")),
                details=error,
            )
        memory = kind == "MemoryError" or (kind == "OSError" and message.startswith("[Errno 12]"))
        if memory or error.get("signal") == signal.SIGKILL:
            return OutOfMemoryError(
                f"{what} ran out of memory{where}", hint=_BY_MEMORY, causes=_last(error.get("log"))
            )
        if kind == "OSError" and message.startswith("[Errno 28]"):
            return EnvironmentFailedError(
                f"no space left for the files of {what}",
                hint="free some space where temporary files are (TMPDIR) or on the engine's disk"
                " (`docker system df`)",
                causes=(f"{kind}: {message}", *_last(error.get("log"))),
            )
        if error.get("signal"):
            return AgentError(
                f"{what} crashed: {message}",
                hint="a compiled extension crashed on this file: is it damaged, or was it made"
                " with other versions of numpy or scikit-learn than this environment has?"
                + ("  Or is `--memory` too little?" if self._limits.memory else ""),
                causes=_last(error.get("log")),
                details=error,
            )
        if error.get("module"):
            return self._import_failed(what, error)
        return AgentError(
            f"{what} failed{where}: {kind}: {message}",
            hint="run it again with `-v` to see the agent's own traceback",
            causes=_last(error.get("log")),
            details=error,
        )

    def _import_failed(self, what: str, error: Mapping[str, Any]) -> ImportInAgentError:
        module = str(error["module"])
        top = module.partition(".")[0]
        if error.get("attribute"):
            missing = f"`{error['attribute']}` of the module `{module}`"
        else:
            missing = f"the module `{module}`"
        if top == "__main__":
            hint = "give the script that trained the model: `--code train.py`"
        elif top in ("sklearn", "numpy", "scipy", "joblib", "pandas"):
            hint = (
                "the file was made with other versions than this environment has: name the"
                " release with `--from`, or its packages with `--source-lock freeze.txt`"
            )
        else:
            hint = (
                f"add the package that has it with `--with {top}==VERSION`, or its code with"
                f" `--code path/to/{top}`"
            )
        return ImportInAgentError(
            f"{what} needs {missing}, which is not there",
            hint=hint,
            causes=(f"{error.get('kind')}: {error.get('message')}",),
            details=error,
        )


def _last(text: str | None) -> tuple[str, ...]:
    # faulthandler ends with one line that names more than a hundred modules
    noise = "Extension modules:"
    lines = [
        line for line in (text or "").splitlines() if line.strip() and not line.startswith(noise)
    ]
    return tuple(lines[-_CAUSES:])
