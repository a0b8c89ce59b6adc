"""Makes isolated virtual environments from locks, and keeps them in the user's cache."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from skmig.environments import cache, interpreters, locks
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
        checks = only if spec.lock is not None else ["--require-hashes", "--no-build"]
        _uv(wanted, new.parent, "pip", "sync", *where, *checks, str(files / locks.LOCK))
        if wanted.requirements:
            (files / "uv.toml").write_text(locks.uv_config())
            arguments = ["--constraints", str(files / "constraints.txt")]
            arguments += ["--config-file", str(files / "uv.toml")] if _old_metadata(wanted) else []
            arguments += ["--requirements", str(files / "requirements.txt")]
            _uv(wanted, new.parent, "pip", "install", *where, *only, *arguments)
        _compile(new)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _old_metadata(wanted: Recipe) -> bool:
    """Does uv need our word for what pandas depends on?  (It cannot read its metadata.)"""
    return f'"{wanted.pins.get("pandas")}"' in locks.uv_config()


def _uv(wanted: Recipe, cwd: Path, *arguments: str) -> None:
    process = subprocess.Popen(
        [locks.find_uv(), "--quiet", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,  # so that no project's configuration is met
    )
    ended = Finalizer(process, process.kill)  # or a run that is told to end would wait for it
    try:
        words = process.communicate()[1].strip()
    finally:
        ended()
    if process.returncode == 0:
        return
    row = wanted.release
    if "No space left" in words or "os error 28" in words:
        hint = "free some space; SKMIG_CACHE and UV_CACHE_DIR name other folders"
    elif sys.platform != "linux" or f"linux/{_machine()}" not in row.platforms:
        hint = f"there may be no wheels for this machine (only {', '.join(row.platforms)}):"
        hint += " use `--backend docker`"
    else:
        hint = "is the package index within reach?  uv obeys UV_INDEX_URL, HTTPS_PROXY and uv.toml"
    raise EnvironmentFailedError(
        f"the environment {wanted.tag} (Python {row.python}) could not be made",
        causes=tuple(words.splitlines()[-6:]),
        hint=hint,
    )


def _machine() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def _compile(folder: Path) -> None:
    """Byte-compile what may be imported; a file of another Python may fail, and never matters."""
    subprocess.run(
        [str(_python(folder)), "-m", "compileall", "-q", "-x", r"[\\/]tests?[\\/]", "lib"],
        capture_output=True,
        check=False,
        cwd=folder,
    )


if (
    __name__ == "__main__"
):  # python -m skmig.environments.virtual 1.1.0 1.6.1: for deploy/Dockerfile
    from skmig.console import Console

    for wanted_release in sys.argv[1:]:
        ensure(EnvironmentSpec(release=wanted_release), Console(verbose=True))
