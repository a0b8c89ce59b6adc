"""Makes isolated virtual environments from locks, and keeps them in the user's cache."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from skmig.environments import cache, cleanup, indexes, interpreters, locks
from skmig.environments.base import EnvironmentSpec, Progress
from skmig.environments.cleanup import Finalizer
from skmig.environments.recipes import Recipe, recipe
from skmig.errors import EnvironmentFailedError

# Building one of these from source takes very long, and fails in a way that nobody understands.
_WHEELS_ONLY = ("numpy", "scipy", "scikit-learn", "pandas")
_LAYOUT = "1"  # another number makes all environments anew


def has(spec: EnvironmentSpec) -> bool:
    """Is the environment there already?"""
    return _python(_folder(recipe(spec))).exists()


def ensure(spec: EnvironmentSpec, progress: Progress) -> Path:
    """The interpreter of the environment, which is made when it is not there.

    Two processes that want the same one at the same time make it once.  Raises
    EnvironmentFailedError: no interpreter, no network, no space, a package without wheels.
    """
    wanted = recipe(spec)
    folder = _folder(wanted)
    if _python(folder).exists():
        return _python(folder)
    try:
        with cache.turn(folder.with_name(folder.name + ".lock"), folder.name, progress):
            if not _python(folder).exists():
                _make(spec, wanted, folder, progress)
    except OSError as error:
        raise EnvironmentFailedError(
            f"the environment `{folder.name}` cannot be made in `{folder.parent}`",
            causes=(str(error),),
            hint="is there space and permission?  SKMIG_CACHE names another folder",
        ) from error
    return _python(folder)


def folder_name(spec: EnvironmentSpec) -> str:
    """What the folder of an environment is called in the cache."""
    return _folder(recipe(spec)).name


def _folder(wanted: Recipe) -> Path:
    row = wanted.release
    key = hashlib.sha256(wanted.lock)
    for text in (*map(str, wanted.requirements), row.python, platform.machine(), _LAYOUT):
        key.update(f"\n{text}".encode())
    name = f"{wanted.tag}-py{row.python}-{key.hexdigest()[:12]}"
    return cache.folder() / "environments" / name


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _make(spec: EnvironmentSpec, wanted: Recipe, folder: Path, progress: Progress) -> None:
    """Make the environment under another name, and give it its own when it is whole."""
    row = wanted.release
    interpreter = interpreters.find_or_install(row.python, progress)
    progress.step(f"making the environment {wanted.tag} (Python {row.python})")
    # we hold the lock: what stands under these names was left by a crash
    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        _uv(wanted, new.parent, "venv", "--python", str(interpreter), "--no-project", str(new))
        files = new / "share" / "skmig"
        files.mkdir(parents=True)
        for name, content in {**wanted.files, locks.LOCK: wanted.lock}.items():
            (files / name).write_bytes(content)
        where = ("--python", str(_python(new)))
        only = [f"--only-binary={name}" for name in _WHEELS_ONLY]
        lock = files / locks.LOCK
        hashed = ("pip", "sync", *where, "--require-hashes")
        config: list[str] = []
        if locks.needs_metadata(wanted.pins):
            (files / "uv.toml").write_text(locks.uv_config())
            config = ["--config-file", str(files / "uv.toml")]
        resolve = ("pip", "compile", *where, *only, *config, "--generate-hashes", "--no-annotate")
        resolve = (*resolve, "--no-header", "--output-file", str(files / locks.INSTALLED))
        if spec.lock is not None:
            # what the index has under these names and versions now is written down by its hashes
            _uv(wanted, new.parent, *resolve, "--no-deps", str(lock))
            _uv(wanted, new.parent, *hashed, *only, str(files / locks.INSTALLED))
        else:
            _uv(wanted, new.parent, *hashed, "--no-build", str(lock))
        if wanted.requirements:
            limits = ("--constraints", str(files / "constraints.txt"))
            _uv(wanted, new.parent, *resolve, *limits, str(files / "requirements.txt"))
            install = ("pip", "install", *where, *only, "--require-hashes", "--no-deps")
            _uv(wanted, new.parent, *install, "--requirements", str(files / locks.INSTALLED))
        _compile(new)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _uv(wanted: Recipe, cwd: Path, *arguments: str) -> None:
    # in a folder in which no project's configuration is met
    code, words = _run(cwd, locks.find_uv(), "--quiet", *arguments, env=indexes.for_uv())
    words = indexes.redact(words)
    if code == 0:
        return
    cleanup.check()  # it was killed
    row = wanted.release
    if "No space left" in words or "os error 28" in words:
        hint = "free some space; SKMIG_CACHE and UV_CACHE_DIR name other folders"
    elif sys.platform != "linux" or f"linux/{_machine()}" not in row.platforms:
        hint = f"there may be no wheels for this machine (only {', '.join(row.platforms)}):"
        hint += " use `--backend docker`"
    else:
        hint = "is the package index within reach?  PIP_INDEX_URL, UV_DEFAULT_INDEX, HTTPS_PROXY,"
        hint += " a netrc file and uv.toml are obeyed"
    raise EnvironmentFailedError(
        f"the environment {wanted.tag} (Python {row.python}) could not be made",
        causes=tuple(words.splitlines()[-6:]),
        hint=hint,
    )


def _run(cwd: Path, *command: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run a program that a run which is told to end does not wait for: exit code, and its words."""
    cleanup.check()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=cwd, env=env
    )
    ended = Finalizer(process, process.kill)
    try:
        words = process.communicate()[1].strip()
    finally:
        ended()
    return process.returncode, words


def _machine() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def _compile(folder: Path) -> None:
    """Byte-compile what may be imported; a file of another Python may fail, and never matters."""
    tests = r"[\\/]tests?[\\/]"
    _run(folder, str(_python(folder)), "-m", "compileall", "-q", "-x", tests, "lib")
    cleanup.check()


if (
    __name__ == "__main__"
):  # python -m skmig.environments.virtual 1.1.0 1.6.1, for deploy/Dockerfile
    from skmig.console import Console

    for wanted_release in sys.argv[1:]:
        ensure(EnvironmentSpec(release=wanted_release), Console(verbose=True))
