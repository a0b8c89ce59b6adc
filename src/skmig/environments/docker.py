"""The backend `docker`: hardened containers of any engine that speaks Docker's API.

Files go in and out by archive through a volume of the container's own, never by a path of this
machine, so that remote engines and engines inside containers work.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import struct
import tarfile
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import docker.errors
from docker.types import LogConfig, Mount

from skmig.environments import bundle_agent, cleanup, compiled, engine, images, leftovers
from skmig.environments.base import EnvironmentSpec, Limits, Progress, nothing
from skmig.environments.client import AgentWorker, Ending
from skmig.environments.settings import SETTINGS, threads
from skmig.environments.transport import (
    IteratorFile,
    add_bytes,
    add_folder,
    add_path,
    single_file,
)
from skmig.errors import EnvironmentFailedError, SkmigError
from skmig.versions import release

_USER = 10001  # of the images; nothing on the host
# Not the images' own folder: this one belongs to root, so that no job can change the agent in it.
_ROOM = "/skmig"
_FILES = "files"
_TMP = "rw,noexec,nosuid,nodev,size=512m,mode=1777"
_SHARE = 0.75  # of the engine's memory, where no limit was given
_OWN_PROCESSES = 16
_PATIENCE = 30.0
_HEADER = struct.Struct(">BxxxL")
_STDOUT = 1
_LOG = 8192
_PIECE = 1 << 20

T = TypeVar("T")


class DockerBackend:
    """Containers made from the pinned images, without network, rights, or anything of the host."""

    name = "docker"
    sandboxed = True

    def __init__(self, client: Any) -> None:
        self._client = client
        self._run = uuid.uuid4().hex[:12]
        self._numbers = itertools.count(1)
        self._making, self._starting = _Line(), _Line()
        leftovers.sweep(client)

    def has(self, spec: EnvironmentSpec) -> bool:
        return images.has(self._client, spec)

    @functools.cached_property
    def _memory(self) -> int:
        """What a container may take where no limit was given."""
        return int(self._client.info()["MemTotal"] * _SHARE)

    def worker(
        self,
        spec: EnvironmentSpec,
        limits: Limits,
        progress: Progress,
        under_way: Callable[[], None] = nothing,
    ) -> AgentWorker:
        image = images.ensure(self._client, spec, progress)
        # An engine makes or starts two at once no sooner than one after the other, but makes one
        # while it starts another; who wants two asks first for the one that takes longer.
        with self._making.place() as making, self._starting.place() as starting:
            agent = compiled.agent(release(spec.release).python)
            # its own connections, since two workers are started at the same time
            client = engine.again()
            try:
                memory = limits.memory or self._memory
                with making.turn():
                    cleanup.check()
                    name = f"skmig-{self._run}-{next(self._numbers)}"
                    container = Container(client, name, self._run)
                    container.make(image, agent, limits, memory, spec.preload)
                under_way()
                with starting.turn():
                    container.start()
            except BaseException:
                client.close()
                raise
        worker = AgentWorker(f"the container of {spec.release}", container, container, limits)
        compiled.keep(worker, spec, agent)
        return worker


class _Line:
    """Threads that do a thing one after the other, in the order in which they came."""

    def __init__(self) -> None:
        self._coming = threading.Lock()
        self._last = threading.Event()
        self._last.set()

    @contextlib.contextmanager
    def place(self) -> Iterator[_Place]:
        """A place in the line; who comes later waits until it is left."""
        with self._coming:
            place = _Place(left=threading.Event(), before=self._last)
            self._last = place.left
        try:
            yield place
        finally:
            place.left.set()


@dataclass(frozen=True)
class _Place:
    """A thread's place in a line."""

    left: threading.Event
    before: threading.Event

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Waits until all before it are done, and lets the next one go."""
        self.before.wait()
        try:
            yield
        finally:
            self.left.set()


class Container:
    """One container with its volume: the channel to the worker, and its exchange."""

    inline = True

    def __init__(self, client: Any, name: str, run: str) -> None:
        self._client = client
        self._name = name
        self._labels = leftovers.labels(run)
        self._socket: Any = None
        self._buffer = bytearray()
        self._frame = (0, 0)  # stream and bytes that are still to come of the current frame
        self._log = bytearray()
        self._most = 0  # bytes of one file that is copied out
        self._reading = threading.Lock()
        # before anything is made, so that nothing is made that nobody removes
        self._finalizer = cleanup.Finalizer(self, leftovers.remove, name)

    def make(
        self, image: str, agent: bytes, limits: Limits, memory: int, preload: Sequence[str]
    ) -> None:
        """Make the container and put the agent in."""
        with self._or_closed(), _engine("making a worker's container"):
            self._create(image, limits, memory, preload)
            with tempfile.TemporaryFile() as file:
                with tarfile.open(fileobj=file, mode="w") as archive:
                    add_bytes(archive, bundle_agent.NAME, agent, owner=0)
                    add_folder(archive, _FILES, owner=_USER)
                self._send_archive(file)

    def start(self) -> None:
        """Attach to the container and start it."""
        with self._or_closed(), _engine("starting a worker"):
            cleanup.check()
            streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            attached = self._client.api.attach_socket(self._name, params=streams)
            self._attached = attached
            self._socket = getattr(attached, "_sock", attached)
            self._client.api.start(self._name)

    @contextlib.contextmanager
    def _or_closed(self) -> Iterator[None]:
        try:
            yield
            if self._finalizer.done:
                raise KeyboardInterrupt  # the process is being ended
        except BaseException:
            late = self._finalizer.done
            self.close()
            if late:  # what the engine made when it had been told to remove it already
                leftovers.remove(self._name)
            raise

    def _create(self, image: str, limits: Limits, memory: int, preload: Sequence[str]) -> None:
        self._most = limits.disk
        self._client.volumes.create(self._name, labels=self._labels)
        command = ["python", f"{_ROOM}/{bundle_agent.NAME}", "serve", "--sandboxed"]
        command += ["--confined", "container"]
        for path in ("/tmp", "/dev/shm", "/dev/mqueue"):  # noqa: S108 - the container's own
            command += ["--clear", path]
        command += ["--disk", str(limits.disk), "--processes", str(limits.processes)]
        command += [f"--preload={name}" for name in preload]
        self._client.containers.create(
            image,
            [*command, "--exchange", f"{_ROOM}/{_FILES}"],
            entrypoint=[],
            name=self._name,
            labels=self._labels,
            environment={**SETTINGS, **threads(), "HOME": "/tmp", "TMPDIR": "/tmp"},  # noqa: S108
            user=f"{_USER}:{_USER}",
            working_dir="/tmp",  # noqa: S108
            mounts=[Mount(_ROOM, self._name, type="volume")],
            stdin_open=True,  # closed when we are gone: then the worker ends
            # The worker itself is the first process, which nothing inside can kill or stop.  An
            # init of the engine would be a process of the same user before it, whose descriptors,
            # the protocol's, a job could open.
            init=False,
            stop_signal="SIGKILL",
            network_mode="none",
            read_only=True,
            tmpfs={"/tmp": _TMP},  # noqa: S108
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            pids_limit=limits.processes + _OWN_PROCESSES,  # so that the worker sees an excess
            mem_limit=memory,
            memswap_limit=memory,
            # answers would be written to the engine's disk as well
            log_config=LogConfig(type="none"),
        )

    # ---------------------------------------------------------------- exchange
    def put(self, room: str, name: str, source: Path | bytes) -> None:
        folder = f"{_FILES}/{room}".rstrip("/")
        try:
            with tempfile.TemporaryFile() as file:
                with tarfile.open(fileobj=file, mode="w") as archive:
                    if room:
                        add_folder(archive, folder, owner=_USER)
                    if isinstance(source, bytes):
                        add_bytes(archive, f"{folder}/{name}", source, owner=_USER)
                    else:
                        add_path(archive, f"{folder}/{name}", source, owner=_USER)
                with _engine(f"copying `{name}` into a container"):
                    self._send_archive(file)
        except OSError as error:
            raise EnvironmentFailedError(
                f"`{name}` cannot be copied into a container",
                causes=(str(error),),
                hint="is it readable, and is there space for temporary files?",
            ) from error

    def _send_archive(self, file: IO[bytes]) -> None:
        file.seek(0)
        pieces = _heeding(iter(lambda: file.read(_PIECE), b""))
        _aside(lambda: self._client.api.put_archive(self._name, _ROOM, pieces))

    def get(self, room: str, name: str, target: Path) -> None:
        place = f"{_ROOM}/{_FILES}/{room}".rstrip("/")
        doing = f"copying `{name}` out of a container"
        with _engine(doing):
            try:
                _aside(lambda: self._fetch(f"{place}/{name}", target))
            except docker.errors.NotFound:
                raise EnvironmentFailedError(
                    f"the worker left no file `{name}`",
                    hint="run the command again; if it stays so, this is a defect of skmig",
                ) from None
            except tarfile.TarError as error:
                raise EnvironmentFailedError(
                    f"{doing} failed", causes=(str(error),), hint="run the command again"
                ) from error

    def _fetch(self, place: str, target: Path) -> None:
        chunks, _ = self._client.api.get_archive(self._name, place)
        try:
            single_file(IteratorFile(_heeding(chunks)), target, self._most)
        except BaseException:
            chunks.close()  # and the connection: the engine need not send the rest
            raise
        for _ in chunks:  # read to its end, the connection can be used again
            pass

    # ---------------------------------------------------------------- channel
    def send(self, data: bytes) -> None:
        self._socket.settimeout(_PATIENCE)
        self._socket.sendall(data)

    def receive(self, timeout: float) -> bytes:
        """Bytes of standard output; frames may be split anywhere, and split lines."""
        deadline = time.monotonic() + timeout
        with self._reading:
            while True:
                data = self._unframed()
                if data:
                    return data
                self._socket.settimeout(max(0.001, deadline - time.monotonic()))
                received = self._socket.recv(1 << 16)
                if not received:
                    return b""
                self._buffer += received

    def _unframed(self) -> bytes:
        out = bytearray()
        while True:
            stream, missing = self._frame
            if missing:
                piece = self._buffer[:missing]
                if not piece:
                    return bytes(out)
                del self._buffer[:missing]
                self._frame = (stream, missing - len(piece))
                if stream == _STDOUT:
                    out += piece
                else:
                    self._log += piece
                    del self._log[:-_LOG]
            elif len(self._buffer) >= _HEADER.size:
                self._frame = _HEADER.unpack_from(self._buffer)
                del self._buffer[: _HEADER.size]
            else:
                return bytes(out)

    def ending(self) -> Ending:
        with _engine("waiting for a container to end"):
            self._client.api.wait(self._name, timeout=_PATIENCE)
            state = self._client.api.inspect_container(self._name)["State"]
        return Ending(
            code=state["ExitCode"],
            # podman does not say it: there only 137 tells
            out_of_memory=bool(state.get("OOMKilled")),
            log=self._log.decode("utf-8", "replace"),
        )

    def close(self) -> None:
        self._finalizer()
        # a thread that waits for an answer was woken by the end of the stream
        with self._reading, contextlib.suppress(OSError):
            if self._socket is not None:
                self._attached.close()
                self._socket.close()
            self._client.close()


def _aside(work: Callable[[], T]) -> T:
    """Do it in another thread than the main one.

    An engine removes no container while a file is on its way in or out (20.10), and the handler of
    a signal, which removes it, runs in the main thread in the middle of what that does.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def _heeding(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, until the process is told to end."""
    for piece in pieces:
        cleanup.check()
        yield piece


@contextlib.contextmanager
def _engine(doing: str) -> Iterator[None]:
    """Turns what the SDK raises into our errors."""
    try:
        yield
    except SkmigError:
        raise
    except engine.ENGINE_EXCEPTIONS as error:
        raise engine.failed(error, doing) from error
