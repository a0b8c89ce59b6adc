"""Secrets stay secret, and what images are made of is known: a real index, proxy and registry."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker.errors
import pytest
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation import make_schemabased_validator
from tests.docker import index_server

from skmig.environments import bases, builder, engine, fleet, images, locks, sbom, virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress
from skmig.environments.recipes import Recipe, of_lock, recipe
from skmig.errors import EnvironmentFailedError
from skmig.versions import release

pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("images")]

RELEASE = "1.6.1"
USER, PASSWORD = "somebody", "p4ss-m4rker-0815"
WHEEL, SOURCE = "skmigprobe==1.0", "skmigsource==1.0"
NAMES = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_TRUSTED_HOST", "NETRC")


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    client = engine.connect()
    yield client
    client.close()


@pytest.fixture(scope="module")
def image(client: Any) -> str:
    return images.ensure(client, EnvironmentSpec(release=RELEASE), SilentProgress())


@pytest.fixture(scope="module")
def host(client: Any) -> str:
    """This machine, as containers of the default network see it."""
    config = client.networks.get("bridge").attrs["IPAM"]["Config"][0]
    return str(config.get("Gateway") or config["Subnet"].rpartition(".")[0] + ".1")


@pytest.fixture
def index(host: str) -> Iterator[tuple[str, list[str]]]:
    """The address of an index that wants a password, without it, and what it gave away."""
    with index_server.serving("0.0.0.0", USER, PASSWORD) as (port, given):
        yield f"{host}:{port}/simple", given


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No setting of the caller's; caches of their own, so that everything is fetched."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return monkeypatch


class _Watching(threading.Thread):
    """Looks for the password among the arguments of all processes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: list[str] = []
        self.looked = 0
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    words = path.read_bytes()
                except OSError:
                    continue
                if PASSWORD.encode() in words:
                    self.seen.append(words.decode())
            self.looked += 1

    def __enter__(self) -> _Watching:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()


def _skmig(*arguments: str) -> subprocess.CompletedProcess[str]:
    with _Watching() as watching:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("skmig")), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
    assert watching.looked
    assert watching.seen == []
    assert PASSWORD not in done.stdout + done.stderr
    return done


def _leaks(client: Any, name: str | None) -> list[str]:
    """Where in the engine the password is: histories, configurations, layers, containers."""
    mark = PASSWORD.encode()
    found = []
    for one in client.images.list(all=True):
        said = (client.api.inspect_image(one.id), client.api.history(one.id))
        if PASSWORD in str(said):
            found.append(f"image {one.id} {one.tags}")
    containers = client.containers.list(all=True, ignore_removed=True)
    found += [f"container {one.name}" for one in containers if PASSWORD in str(one.attrs)]
    if name is not None:
        tail = b""
        for chunk in client.api.get_image(name):
            if mark in tail + chunk:
                found.append(f"a layer of {name}")
            tail = chunk[-len(mark) :]
    return found


def _forget(client: Any, name: str) -> None:
    with contextlib.suppress(docker.errors.ImageNotFound):
        client.images.remove(name, force=True)  # a container that just ended may be named yet


def _stages(client: Any, tag: str) -> list[Any]:
    return list(client.images.list(all=True, filters={"label": f"skmig.stage={tag}"}))


@pytest.mark.parametrize(
    ("requirement", "variable"),
    [(WHEEL, "UV_DEFAULT_INDEX"), (WHEEL, "NETRC"), (SOURCE, "PIP_INDEX_URL")],
    ids=["wheel", "netrc", "source"],
)
def test_credentials_of_an_index_leave_no_trace(
    client: Any,
    image: str,
    index: tuple[str, list[str]],
    settings: pytest.MonkeyPatch,
    tmp_path: Path,
    requirement: str,
    variable: str,
) -> None:
    address, given = index
    settings.setenv("PIP_TRUSTED_HOST", address.partition(":")[0])
    if variable == "NETRC":
        settings.setenv("PIP_INDEX_URL", f"http://{address}")
        machine = address.partition(":")[0]
        netrc = tmp_path / "netrc"
        netrc.write_text(f"machine {machine} login {USER} password {PASSWORD}\n")
        settings.setenv("NETRC", str(netrc))
    else:
        settings.setenv(variable, f"http://{USER}:{PASSWORD}@{address}")
    cache = tmp_path / "cache"
    settings.setenv("SKMIG_CACHE", str(cache))
    made = recipe(EnvironmentSpec(release=RELEASE, requirements=(requirement,)))
    name = images.image_name(made.tag)
    bills = tmp_path / "bills"
    try:
        done = _skmig(
            *("build-images", RELEASE, "--with", requirement, "--json", "--verbose"),
            *("--sbom", str(bills)),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (result,) = json.loads(done.stdout)["images"]
        assert result["state"] == "built"
        assert given  # so the password was asked for, and known
        assert _leaks(client, name) == []
        assert _stages(client, made.tag) == []
        said = (
            client.containers.run(
                name,
                ["sh", "-c", "cat /usr/share/skmig/*; python -c 'import skmigprobe'; env"],
                network_mode="none",
                remove=True,
            )
            if requirement == WHEEL
            else b""
        )
        assert PASSWORD.encode() not in said
        if requirement == WHEEL:
            # what was found for the requirement is pinned by hash, in the image and in its bill
            digest = index_server.HASHES["skmigprobe-1.0-py3-none-any.whl"]
            assert digest in said.decode()
            assert digest in Path(result["sbom"]).read_text()
        for path in (*bills.rglob("*"), *cache.rglob("*")):
            assert path.is_dir() or PASSWORD.encode() not in path.read_bytes(), path
    finally:
        _forget(client, name)


@pytest.mark.parametrize("requirement", [WHEEL, SOURCE], ids=["wheel", "source"])
def test_a_wrong_password_is_said_without_it(
    client: Any,
    image: str,
    host: str,
    settings: pytest.MonkeyPatch,
    requirement: str,
) -> None:
    made = recipe(EnvironmentSpec(release=RELEASE, requirements=(requirement,)))
    with index_server.serving("0.0.0.0", USER, "another") as (port, given):
        settings.setenv("UV_DEFAULT_INDEX", f"http://{USER}:{PASSWORD}@{host}:{port}/simple")
        done = _skmig("build-images", RELEASE, "--with", requirement, "--verbose")
    assert done.returncode == 5
    assert "refused the credentials" in done.stderr
    assert "hint:" in done.stderr
    assert given == []
    assert _leaks(client, None) == []
    assert _stages(client, made.tag) == []


def test_a_local_environment_keeps_no_credentials(
    index: tuple[str, list[str]], settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address, given = index
    # beside the usual index, from which the lock comes
    settings.setenv("PIP_EXTRA_INDEX_URL", f"http://{USER}:{PASSWORD}@{address}")
    settings.delenv("UV_CACHE_DIR")
    settings.setenv("SKMIG_CACHE", str(tmp_path))
    spec = EnvironmentSpec(release=RELEASE, requirements=(WHEEL,))
    progress = SilentProgress()
    with _Watching() as watching:
        python = virtual.ensure(spec, progress)
    assert watching.seen == []
    assert any(path.endswith(".whl") for path in given)
    program = "import os, skmigprobe; print(skmigprobe.ANSWER)"
    assert subprocess.check_output([python, "-c", program], text=True) == "42\n"
    assert PASSWORD not in str(progress.said)
    installed = python.parents[1] / "share" / "skmig" / locks.INSTALLED
    assert index_server.HASHES["skmigprobe-1.0-py3-none-any.whl"] in installed.read_text()
    for path in tmp_path.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert PASSWORD.encode() not in path.read_bytes(), path
    with index_server.serving("127.0.0.1", USER, "another") as (port, _):
        wrong = f"http://{USER}:{PASSWORD}@127.0.0.1:{port}/simple"
        settings.setenv("UV_DEFAULT_INDEX", wrong)
        settings.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        with pytest.raises(EnvironmentFailedError) as caught:
            virtual.ensure(EnvironmentSpec(release="1.1.0", requirements=(SOURCE,)), progress)
    assert PASSWORD not in f"{caught.value.message} {caught.value.causes} {caught.value.hint}"


def _free_port() -> int:
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return int(own.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, "it ended by itself"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"nothing listens on port {port}")


@contextlib.contextmanager
def _running(command: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    try:
        _wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.wait()


def test_credentials_of_a_proxy_leave_no_trace(
    client: Any,
    image: str,
    index: tuple[str, list[str]],
    settings: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    address, given = index
    port = _free_port()
    proxy = [sys.executable, "-m", "proxy", "--hostname", "0.0.0.0", "--port", str(port)]
    proxy += ["--num-workers", "1", "--num-acceptors", "1"]
    proxy += ["--basic-auth", f"{USER}:another-m4rker"]
    settings.setenv("UV_DEFAULT_INDEX", f"http://{USER}:{PASSWORD}@{address}")
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        settings.delenv(name, raising=False)
    host = address.partition(":")[0]
    made = recipe(EnvironmentSpec(release=RELEASE, requirements=(WHEEL,)))
    with _running(proxy, port, tmp_path / "proxy.log"):
        for user in ("wrong", USER):
            login = f"{user}:another-m4rker"
            for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
                settings.setenv(name, f"http://{login}@{host}:{port}")
            done = _skmig("build-images", RELEASE, "--with", WHEEL, "--verbose")
            assert "m4rker" not in done.stdout + done.stderr
            if user == "wrong":
                assert done.returncode == 5
                assert "proxy" in done.stderr
                assert given == []
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        assert given
        said = f"{client.api.history(images.image_name(made.tag))}"
        said += f"{client.api.inspect_image(images.image_name(made.tag))}"
        assert "m4rker" not in said
    finally:
        _forget(client, images.image_name(made.tag))


def test_a_source_distribution_is_not_run_on_this_machine(
    client: Any,
    image: str,
    index: tuple[str, list[str]],
    settings: pytest.MonkeyPatch,
) -> None:
    address, _ = index
    settings.setenv("PIP_INDEX_URL", f"http://{USER}:{PASSWORD}@{address}")
    settings.setenv("PIP_TRUSTED_HOST", address.partition(":")[0])
    spec = EnvironmentSpec(release=RELEASE, requirements=(SOURCE,))
    progress = SilentProgress()
    made = images.ensure(client, spec, progress)
    try:
        assert any("pip fetches and builds" in said for said in progress.said)
        said = client.containers.run(
            made, ["python", "-c", "import skmigsource as s; print(s.ANSWER)"], remove=True
        )
        assert said == b"42\n"
    finally:
        _forget(client, images.image_name(recipe(spec).tag))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry on this machine: engines take one on the loopback address without TLS."""
    program = shutil.which("docker-registry") or shutil.which("registry")
    if program is None:
        if os.environ.get("SKMIG_REQUIRE_DOCKER"):
            pytest.fail("no docker-registry: run `make registry`")
        pytest.skip("no docker-registry: run `make registry`")
    folder = tmp_path_factory.mktemp("registry")
    port = _free_port()
    config = folder / "config.json"  # which is YAML, too
    storage = {"filesystem": {"rootdirectory": str(folder / "data")}}
    http = {"addr": f"127.0.0.1:{port}"}
    config.write_text(json.dumps({"version": 0.1, "storage": storage, "http": http}))
    with _running([program, "serve", str(config)], port, folder / "log"):
        yield f"127.0.0.1:{port}"
    shutil.rmtree(folder)


def _small(lock: str) -> Recipe:
    """An image of the real template that holds one small package."""
    row = release(RELEASE)
    tag = f"{RELEASE}-lock-of-a-test"
    return of_lock(row, lock.encode(), tag, locks.read_pins(lock, "lock"))


def test_base_by_digest_and_push(
    client: Any, registry: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mirror = f"{registry}/library"
    monkeypatch.setenv(bases.REGISTRY_VARIABLE, mirror)
    base = locks.base_image(release(RELEASE))
    repository, _, tag = base.rpartition(":")
    assert client.images.get(base).tag(f"{mirror}/{repository}", tag=tag)
    made = _small("toml==0.10.2\n")
    reference = images.image_name(made.tag, f"{registry}/skmig")
    try:
        pushed = fleet.push_image(client, f"{mirror}/{base}", SilentProgress())
        assert pushed.startswith("sha256:")
        # what the registry has counts, whatever bears that name here
        client.images.remove(f"{mirror}/{base}")
        assert bases.find(client, release(RELEASE)).reference == f"{mirror}/{repository}@{pushed}"
        image = builder.build(client, made, reference, SilentProgress())
        assert image.labels[bases.NAME_LABEL] == f"{mirror}/{base}"
        assert image.labels[bases.DIGEST_LABEL] == pushed
        digest = fleet.push_image(client, reference, SilentProgress())
        assert digest == client.images.get_registry_data(reference).id
        path = sbom.write(client, client.images.get(reference), reference, digest, tmp_path)
        text = path.read_text()
        assert (
            make_schemabased_validator(OutputFormat.JSON, SchemaVersion.V1_6).validate_str(text)
            is None
        )
        found = {one["name"]: one for one in json.loads(text)["components"]}
        assert found["toml"]["purl"] == "pkg:pypi/toml@0.10.2"
        assert found["toml"]["licenses"] == [{"license": {"id": "MIT"}}]
        (wheels,) = found["toml"]["externalReferences"]
        assert len(wheels["hashes"]) == 2  # of the wheel and of the source distribution
        assert found["libc6"]["purl"].startswith("pkg:deb/debian/libc6@")
        container = json.loads(text)["metadata"]["component"]
        assert digest.removeprefix("sha256:") in container["hashes"][0]["content"]
        bases_digest = [one for one in json.loads(text)["components"] if one["bom-ref"] == "base"]
        assert bases_digest[0]["hashes"][0]["content"] == pushed.removeprefix("sha256:")
        again = sbom.write(client, client.images.get(reference), reference, digest, tmp_path)
        assert again.read_text() == text
    finally:
        for name in (reference, f"{mirror}/{base}"):
            _forget(client, name)
        for one in client.images.list(f"{mirror}/{repository}"):
            client.images.remove(one.attrs["RepoDigests"][-1])


def test_without_a_registry_the_id_of_the_base_is_said(client: Any, image: str) -> None:
    found = client.images.get(image).labels
    base = locks.base_image(release(RELEASE))
    assert found[bases.NAME_LABEL] == base
    if bases.DIGEST_LABEL not in found:
        assert found[bases.ID_LABEL] == client.images.get(base).id
