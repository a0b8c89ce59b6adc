"""Images, really built: what is in them, and that nothing is left of those that fail."""

from __future__ import annotations

import contextlib
import dataclasses
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import docker.errors
import pytest

from skmig.environments import builder, engine, fleet, images, locks, recipes
from skmig.environments.base import EnvironmentSpec, SilentProgress
from skmig.environments.recipes import Recipe, of_lock, recipe
from skmig.errors import EnvironmentFailedError
from skmig.versions import release

pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("images")]

RELEASE = "1.6.1"
SMALL = "toml==0.10.2"  # one pure-Python wheel of 16 kB


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    client = engine.connect()
    yield client
    client.close()


@pytest.fixture(scope="module")
def image(client: Any) -> str:
    return images.ensure(client, EnvironmentSpec(release=RELEASE), SilentProgress())


def _run(client: Any, image: str, *command: str) -> str:
    said: bytes = client.containers.run(
        image, list(command), network_mode="none", read_only=True, remove=True
    )
    return said.decode()


def _left(client: Any, wanted: Recipe) -> list[str]:
    """What a build has left: stages and temporary tags of this recipe."""
    labels = (f"{recipes.STAGE_LABEL}={wanted.tag}", f"{recipes.TAG_LABEL}={wanted.tag}")
    found = [one for label in labels for one in client.images.list(filters={"label": label})]
    return [f"{one.short_id} {one.tags}" for one in found]


def test_image_is_the_lock_and_no_more(client: Any, image: str) -> None:
    wanted = recipe(EnvironmentSpec(release=RELEASE))
    frozen = _run(client, image, "python", "-m", "pip", "freeze", "--all")
    assert recipes.differences(wanted, frozen) == []
    assert "setuptools" not in frozen
    inside = _run(client, image, "cat", "/usr/share/skmig/requirements.lock")
    assert inside.encode() == locks.lock_path(wanted.release).read_bytes()


def test_image_is_labelled_and_not_root(client: Any, image: str) -> None:
    attributes = client.images.get(image)
    wanted = recipe(EnvironmentSpec(release=RELEASE))
    assert attributes.labels[recipes.RELEASE_LABEL] == RELEASE
    assert attributes.labels[recipes.LOCK_LABEL] == locks.digest(wanted.lock)
    assert attributes.labels["org.opencontainers.image.source"]
    assert _run(client, image, "id", "-u").strip() == "10001"


def test_image_has_no_tests_and_is_compiled(client: Any, image: str) -> None:
    folder = f"/usr/local/lib/python{recipe(EnvironmentSpec(release=RELEASE)).release.python}"
    find = ("find", folder, "-type", "d", "(", "-name", "tests", "-o", "-name", "test", ")")
    assert _run(client, image, *find) == ""
    program = (
        "import importlib.util as u, os, pandas, sklearn.ensemble, sys\n"
        "names = [getattr(m, '__file__', None) or '' for m in list(sys.modules.values())]\n"
        "names = [n for n in names if n.endswith('.py')]\n"
        "print(len(names), [n for n in names if not os.path.exists(u.cache_from_source(n))])"
    )
    number, _, missing = _run(client, image, "python", "-c", program).partition(" ")
    assert int(number) > 300
    assert missing.strip() == "[]"


def test_what_is_there_is_not_built_again(client: Any, image: str) -> None:
    progress = SilentProgress()
    (result,) = fleet.build(client, [RELEASE], progress)
    assert (result.state, result.id, result.error) == ("present", image, None)
    assert progress.said == []
    assert fleet.choose(client, [RELEASE], missing=True) == []


def _small(lock: str) -> Recipe:
    """An image of the real template that holds only what `lock` says."""
    row = release(RELEASE)
    tag = f"{RELEASE}-lock-{locks.digest(lock.encode())[7:19]}"
    return of_lock(row, lock.encode(), tag, locks.read_pins(lock, "lock"))


def test_equal_pins_are_equal_layers(client: Any) -> None:
    # numpydoc is small, and goes into the layer of numpy
    both = [_small(f"numpydoc==1.8.0\ntoml=={version}\n") for version in ("0.10.1", "0.10.2")]
    progress = SilentProgress()
    try:
        for one in both:
            builder.build(client, one, images.image_name(one.tag), progress)
        steps = [
            {
                step["Id"]: step["CreatedBy"]
                for step in client.api.history(images.image_name(one.tag))
            }
            for one in both
        ]
        shared = {words for step, words in steps[0].items() if step in steps[1]}
        assert any("compileall -q numpy*" in words for words in shared)
        assert not any("compileall -q ." in words for words in shared)
        assert not any("Downloading" in said for said in progress.said)  # there is no network
    finally:
        for one in both:
            with contextlib.suppress(docker.errors.ImageNotFound):
                client.images.remove(images.image_name(one.tag))


def test_a_requirement_goes_on_top_without_its_index(
    client: Any, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "user-and-password.invalid"
    monkeypatch.setenv("PIP_TRUSTED_HOST", secret)
    spec = EnvironmentSpec(release=RELEASE, requirements=(SMALL,))
    made = images.ensure(client, spec, SilentProgress())
    try:
        assert images.has(client, spec)
        assert "toml==0.10.2\n" in _run(client, made, "python", "-m", "pip", "freeze")
        program = "import toml; print(toml.dumps.__code__.co_filename, toml.__cached__)"
        assert "/usr/local/lib/python" in _run(client, made, "python", "-c", program).split()[0]
        below = client.images.get(image).attrs["RootFS"]["Layers"]
        assert client.images.get(made).attrs["RootFS"]["Layers"][: len(below)] == below
        assert secret not in str(client.api.history(made))
        assert secret not in str(client.api.inspect_image(made))
    finally:
        client.images.remove(image=images.image_name(recipe(spec).tag))
    assert _left(client, recipe(spec)) == []


def test_a_failed_build_leaves_nothing(client: Any, image: str) -> None:
    wanted = ("toml==99.99",)
    spec = EnvironmentSpec(release=RELEASE, requirements=wanted)
    (result,) = fleet.build(client, [RELEASE], SilentProgress(), requirements=wanted)
    assert result.state == "failed"
    assert isinstance(result.error, EnvironmentFailedError)
    assert "no such version" in result.error.message
    assert any("toml==99.99" in cause for cause in result.error.causes)
    assert _left(client, recipe(spec)) == []


def test_an_image_that_is_not_its_lock_gets_no_tag(client: Any, image: str) -> None:
    honest = recipe(EnvironmentSpec(release=RELEASE, requirements=(SMALL,)))
    pins = {**honest.pins, "numpy": "0.0"}
    wrong = dataclasses.replace(honest, pins=pins, tag=f"{honest.tag}-wrong")
    reference = images.image_name(wrong.tag)
    with pytest.raises(EnvironmentFailedError, match="not what its lock says") as caught:
        builder.build(client, wrong, reference, SilentProgress(), base=image)
    assert any("`numpy`" in cause for cause in caught.value.causes)
    assert images.find(client, wrong, reference) is None
    assert _left(client, wrong) == []


class _Interrupting(SilentProgress):
    """Presses Ctrl-C, so to speak, as soon as a step of the build runs in a container."""

    def step(self, text: str) -> None:
        if "Running in" in text:
            threading.Timer(0.5, builder.abort).start()
        super().step(text)


def test_an_interrupted_build_leaves_nothing(client: Any, image: str) -> None:
    spec = EnvironmentSpec(release=RELEASE, requirements=("toml==0.10.1",))
    with pytest.raises(KeyboardInterrupt):
        images.ensure(client, spec, _Interrupting())
    assert _left(client, recipe(spec)) == []
    assert not images.has(client, spec)


_MAKE = """
import sys
from skmig.environments import engine, images
from skmig.environments.base import EnvironmentSpec, SilentProgress
spec = EnvironmentSpec(release=sys.argv[1], requirements=(sys.argv[2],))
print(images.ensure(engine.connect(), spec, SilentProgress()))
"""


def test_two_processes_that_want_one_image_get_the_same(client: Any, image: str) -> None:
    wanted = "toml==0.10.0"
    command = [sys.executable, "-c", _MAKE, RELEASE, wanted]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    made = [process.communicate(timeout=600)[0].strip() for process in both]
    built = recipe(EnvironmentSpec(release=RELEASE, requirements=(wanted,)))
    try:
        assert made[0] == made[1]
        assert client.images.get(images.image_name(built.tag)).id == made[0]
    finally:
        client.images.remove(image=images.image_name(built.tag))
