"""What an image is made from, and when another one is made."""

from __future__ import annotations

import io
import itertools
import os
import tarfile
from pathlib import Path

import pytest

from skmig.environments import fleet, locks, packages
from skmig.environments.base import EnvironmentSpec
from skmig.environments.images import image_name
from skmig.environments.recipes import LAYERED, differences, recipe
from skmig.errors import UnreadableError, UsageError
from skmig.versions import releases

PLAIN = recipe(EnvironmentSpec(release="1.1.0"))
FREEZE = "".join(f"{name}=={version}\n" for name, version in PLAIN.pins.items())


def test_context_holds_the_generated_files_and_nothing_else() -> None:
    stream = io.BytesIO()
    packages.write_context(PLAIN, {}, stream)
    with tarfile.open(fileobj=stream) as archive:
        assert archive.getnames() == ["Dockerfile", LAYERED, locks.LOCK]
        lock = archive.extractfile(locks.LOCK)
        assert lock is not None
        assert lock.read() == locks.lock_path(PLAIN.release).read_bytes()
    assert locks.digest(PLAIN.lock) in PLAIN.files["Dockerfile"].decode()


def test_context_holds_packages_in_layers_without_tests_or_marks_of_this_machine(
    tmp_path: Path,
) -> None:
    for name in ("numpy/core/x.so", "numpy.libs/y.so", "numpy/tests/t.py", "six.py", "bin/f2py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    written = []
    for _ in range(2):
        stream = io.BytesIO()
        packages.write_context(PLAIN, {packages.FOLDER: tmp_path}, stream)
        written.append(stream.getvalue())
        for path in tmp_path.rglob("*"):
            os.utime(path, (1, 1))
    assert written[0] == written[1]
    with tarfile.open(fileobj=io.BytesIO(written[0])) as archive:
        names = [one.name for one in archive if one.isfile()]
        assert {one.uid for one in archive} == {0}
        folders = [one.name for one in archive if one.isdir() and one.name.count("/") == 1]
    assert names == [
        "Dockerfile",
        LAYERED,
        locks.LOCK,
        "packages/numpy/numpy/core/x.so",
        "packages/numpy/numpy.libs/y.so",
        "packages/other/six.py",
    ]
    # the Dockerfile copies each of them, be it empty
    assert folders == [f"packages/{name}" for name in (*locks.LAYERS, locks.OTHER)]


def test_requirements_make_another_image_whatever_their_order() -> None:
    both = ("xgboost==1.5.0", "category_encoders>=2")
    one = recipe(EnvironmentSpec(release="1.1.0", requirements=both))
    other = recipe(EnvironmentSpec(release="1.1.0", requirements=both[::-1]))
    assert one.digest == other.digest
    assert one.tag == other.tag
    assert one.tag.startswith("1.1.0-with-")
    assert one.base == PLAIN
    assert b"numpy==1.22.4\n" in one.files["constraints.txt"]
    fewer = recipe(EnvironmentSpec(release="1.1.0", requirements=both[:1]))
    assert fewer.tag != one.tag
    below = recipe(EnvironmentSpec(release="1.1.1", requirements=both))
    assert below.digest != one.digest


@pytest.mark.parametrize("text", ["numpy==2.0", "a b", "x @ https://example.org/x.whl", "./x"])
def test_a_requirement_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        recipe(EnvironmentSpec(release="1.1.0", requirements=(text,)))
    assert caught.value.hint


def test_own_lock_replaces_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "freeze.txt"
    path.write_text("pip==22.0\nscikit_learn==1.1.0\nnumpy==1.22.0\nsetuptools==58\n")
    own = recipe(EnvironmentSpec(release="1.1.0", lock=path))
    assert own.lock == b"numpy==1.22.0\nscikit-learn==1.1.0\n"
    assert own.tag.startswith("1.1.0-lock-")
    assert b"--require-hashes" not in own.files["Dockerfile"]
    assert b"--no-deps" in own.files["Dockerfile"]


def test_passwords_in_what_is_refused_are_not_said(tmp_path: Path) -> None:
    address = "https://somebody:s3cr3t@example.org/x.whl"
    path = tmp_path / "freeze.txt"
    path.write_text(f"scikit-learn==1.1.0\nx @ {address}\n")
    specs = (
        EnvironmentSpec(release="1.1.0", lock=path),
        EnvironmentSpec(release="1.1.0", requirements=(f"x @ {address}",)),
        EnvironmentSpec(release="1.1.0", requirements=(address,)),
    )
    for spec in specs:
        with pytest.raises(UsageError) as caught:
            recipe(spec)
        assert "example.org" in caught.value.message
        assert "s3cr3t" not in f"{caught.value.message} {caught.value.causes}"


@pytest.mark.parametrize("text", ["scikit-learn==1.2.0\n", "numpy==1.22.0\n"])
def test_own_lock_of_another_release_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "freeze.txt"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"1\.1\.0"):
        recipe(EnvironmentSpec(release="1.1.0", lock=path))


def test_own_lock_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="nothing-here"):
        recipe(EnvironmentSpec(release="1.1.0", lock=tmp_path / "nothing-here"))


def test_freeze_equals_the_lock() -> None:
    assert differences(PLAIN, FREEZE + "pip==23.0.1\nsetuptools==60\n") == []


@pytest.mark.parametrize(
    ("frozen", "said"),
    [
        (FREEZE.replace("numpy==1.22.4", "numpy==1.22.3"), "`numpy` is 1.22.3"),
        (FREEZE.replace("numpy==1.22.4\n", ""), "`numpy` is missing"),
        (FREEZE + "extra==1\n", "`extra` 1 is not in the lock"),
        (FREEZE + "x @ file:///x.whl\n", "is not from an index"),
    ],
)
def test_freeze_differs_from_the_lock(frozen: str, said: str) -> None:
    assert said in "\n".join(differences(PLAIN, frozen))


def test_requirements_may_add_and_must_be_there() -> None:
    wanted = recipe(EnvironmentSpec(release="1.1.0", requirements=("xgboost==1.5.0",)))
    assert differences(wanted, FREEZE + "xgboost==1.5.0\nwheelless==1\n") == []
    assert differences(wanted, FREEZE + "xgboost==1.6.0\n") == ["`xgboost==1.5.0` is 1.6.0"]
    assert differences(wanted, FREEZE) == ["`xgboost==1.5.0` is missing"]


def test_names_of_images() -> None:
    assert image_name("1.1.0", "ghcr.io/org/skmig") == "ghcr.io/org/skmig:1.1.0"
    assert image_name("1.1.0", "localhost:5000/a", "linux/arm64") == "localhost:5000/a:1.1.0-arm64"
    for wrong in ("Upper", "a:tag", "has space", "-x", "a//b"):
        with pytest.raises(UsageError, match="image's name"):
            image_name("1.1.0", wrong)


def test_builds_that_share_layers_are_not_beside_each_other() -> None:
    wanted = [recipe(EnvironmentSpec(release=row.version)) for row in releases()]
    order = [wanted[number].release for number in fleet.in_order(wanted)]
    assert sorted(order, key=releases().index) == list(releases())
    for python in {row.python for row in order}:  # each finds the layers of the one before
        assert [row for row in order if row.python == python] == [
            row for row in releases() if row.python == python
        ]
    # as long as there is another Python, no two that follow each other are of one
    pythons = [row.python for row in order]
    for number, (one, two) in enumerate(itertools.pairwise(pythons)):
        assert one != two or set(pythons[number:]) == {one}
