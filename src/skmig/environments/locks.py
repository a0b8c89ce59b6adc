"""From the table and the template: the Dockerfile and the hash-pinned lock of every release.

`python -m skmig.environments.locks [RELEASE…]` writes `images/<release>/{Dockerfile,
requirements.lock}`; `--check` needs no network and says what does not agree with the table.

A lock holds what is installed, all of it: `name==version` with the hashes of every wheel of that
version, so that one lock serves all platforms of the row.  It was resolved as of the release date
plus 30 days, because the newest versions that resolve are often wrong for an old release.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import uv

from skmig.environments import indexes
from skmig.errors import EnvironmentFailedError, SkmigError, UsageError
from skmig.versions import Release, images_folder, release, releases

COMMAND = "python -m skmig.environments.locks"
LOCK = "requirements.lock"
# What was installed, with hashes, where that is more than the lock says.
INSTALLED = "installed.lock"
DAYS = 30

# A lock or a requirement of the user's own may need a source distribution, but not of these: an
# image has no compiler.
OWN_OPTIONS = "--prefer-binary --only-binary numpy,scipy,scikit-learn,pandas"

# Each of these is a layer of its own, which releases with equal pins share; `other` is the rest.
# A layer is shared only where those below it are: in this order the table's releases share most.
LAYERS = ("scipy", "numpy", "pandas")
OTHER = "other"

# What pip and the base image bring; never part of a lock.
TOOLS = frozenset({"pip", "setuptools", "wheel", "distribute"})

# glibc of the oldest base image is 2.31; wheels for 2.28 are the newest that run there.
UV_PLATFORMS = {
    "linux/amd64": "x86_64-manylinux_2_28",
    "linux/arm64": "aarch64-manylinux_2_28",
}
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.!+_-]*)")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def lock_path(row: Release) -> Path:
    """The lock of a release."""
    return row.folder / LOCK


def dockerfile_path(row: Release) -> Path:
    """The Dockerfile of a release."""
    return row.folder / "Dockerfile"


def digest(content: bytes) -> str:
    """The digest of a lock as it stands in labels: `sha256:…`, as `sha256sum` has it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def canonical(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins(text: str, source: str) -> dict[str, str]:
    """`{canonical name: version}` of a lock or a `pip freeze`.

    Only comments and `name==version` (with hashes, if any) may stand in it: a path, an address or
    an option would make an environment that nobody else can make again.  Raises UsageError, which
    names the line.
    """
    pins: dict[str, str] = {}
    for number, line in _logical_lines(text):
        words = line.split()
        match = _PIN.fullmatch(words[0])
        if match is None or not all(_HASH.fullmatch(word) for word in words[1:]):
            raise UsageError(
                f"`{source}` line {number}: `{indexes.redact(line)[:80]}` is not of the form"
                " `name==version`",
                hint="write it with `python -m pip list --format=freeze`, and leave out packages"
                " that no index has (give their code with `--code`)",
            )
        name = canonical(match[1])
        if pins.setdefault(name, match[2]) != match[2]:
            raise UsageError(
                f"`{source}` line {number}: `{name}` is pinned twice",
                hint="keep the version that was installed when the model was saved",
            )
    return pins


def read_hashes(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Canonical name, version and hashes (`sha256:…`) of each pin of a lock."""
    for _, line in _logical_lines(text):
        pin, *words = line.split()
        name, _, version = pin.partition("==")
        yield canonical(name), version, [word.removeprefix("--hash=") for word in words]


def _logical_lines(text: str) -> list[tuple[int, str]]:
    lines: list[tuple[int, str]] = []
    pending = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw if raw.strip().startswith("--hash") else raw.split(" #")[0]
        if line.lstrip().startswith("#"):
            continue
        if line.rstrip().endswith("\\"):
            pending += line.rstrip()[:-1] + " "
            continue
        whole = (pending + line).strip()
        pending = ""
        if whole:
            lines.append((number, whole))
    if pending.strip():
        lines.append((len(text.splitlines()), pending.strip()))
    return lines


def table_pins(row: Release) -> dict[str, str]:
    """What the table pins for a release."""
    pins = {
        "scikit-learn": row.version,
        "numpy": row.numpy,
        "scipy": row.scipy,
        "pandas": row.pandas,
        "joblib": row.joblib,
        "threadpoolctl": row.threadpoolctl,
    }
    return {name: version for name, version in pins.items() if version is not None}


def render_dockerfile(row: Release, lock: bytes, *, tag: str | None = None) -> str:
    """The Dockerfile of a release whose lock is `lock`.

    A lock of the user's own (`tag` is then not the release) may come without hashes, may name
    packages that have no wheel, and packages that import their own tests (networkx 2 did).
    """
    return _render("Dockerfile.template", row, lock, tag)


def render_layers(row: Release, lock: bytes, *, tag: str | None = None) -> str:
    """The Dockerfile that makes the same image from packages that were fetched before."""
    return _render("Dockerfile.layers.template", row, lock, tag)


def _render(name: str, row: Release, lock: bytes, tag: str | None) -> str:
    template = (images_folder() / name).read_text(encoding="utf-8")
    only = row.platforms[0] if len(row.platforms) == 1 else None
    own = tag is not None and tag != row.version
    site = f"/usr/local/lib/python{row.python}/site-packages"
    # a file that was written for another Python may fail to compile
    layers = (
        f"COPY packages/{one} {site}/\n"
        f"RUN cd {site} && (python -m compileall -q {'.' if one == OTHER else f'{one}*'} || true)"
        for one in (*LAYERS, OTHER)
    )
    return template.format(
        release=row.version,
        tag=tag or row.version,
        python=row.python,
        base=base_image(row),
        from_platform=f"--platform={only} " if only else "",
        pip_options=OWN_OPTIONS if own else "--require-hashes --only-binary :all:",
        unwanted="-name __pycache__" if own else "-name tests -o -name test -o -name __pycache__",
        digest=digest(lock),
        layers="\n".join(layers),
    )


def base_image(row: Release) -> str:
    """The public base image of a release's Python."""
    bases = _table()["bases"]
    if row.python not in bases:
        raise UsageError(
            f"images/versions.toml: no base image for Python {row.python} (scikit-learn"
            f" {row.version})",
            hint=f'add `"{row.python}" = "python:{row.python}-slim-…"` to `[bases]`',
        )
    return str(bases[row.python])


def resolve(row: Release) -> bytes:
    """Resolve the lock of a release with uv.  Needs the network.

    Raises EnvironmentFailedError with uv's own words.
    """
    found = {platform: _compile(row, platform) for platform in row.platforms}
    texts = set(found.values())
    if len(texts) != 1:
        raise EnvironmentFailedError(
            f"scikit-learn {row.version} resolves differently on {' and '.join(row.platforms)}",
            hint="choose versions in images/versions.toml that all platforms of the row have",
        )
    return (_header(row) + texts.pop()).encode("ascii")


def _header(row: Release) -> str:
    return (
        f"# GENERATED by `{COMMAND} {row.version}`\n"
        f"# Python {row.python} on {', '.join(row.platforms)}; as of {_as_of(row)}\n"
    )


def _as_of(row: Release) -> datetime.date:
    return row.as_of or row.released + datetime.timedelta(days=DAYS)


def _compile(row: Release, platform: str) -> str:
    with tempfile.TemporaryDirectory(prefix="skmig-locks-") as folder:
        wanted = Path(folder, "requirements.in")
        wanted.write_text("".join(f"{n}=={v}\n" for n, v in table_pins(row).items()))
        config = Path(folder, "uv.toml")
        config.write_text(uv_config())
        done = subprocess.run(
            [
                *(find_uv(), "pip", "compile", "--quiet", "--config-file", str(config)),
                *("--generate-hashes", "--only-binary", ":all:", "--no-header", "--no-annotate"),
                *("--python-version", row.python, "--python-platform", UV_PLATFORMS[platform]),
                *("--exclude-newer", f"{_as_of(row)}T23:59:59Z", str(wanted)),
            ],
            capture_output=True,
            text=True,
            check=False,
            # No interpreter is needed to resolve wheels.
            env={**indexes.for_uv(), "UV_PYTHON_DOWNLOADS": "never"},
        )
    if done.returncode != 0:
        raise EnvironmentFailedError(
            f"scikit-learn {row.version} on {platform}: uv could not resolve the row of"
            " images/versions.toml",
            hint="choose versions that have wheels for this Python and platform",
            causes=tuple(indexes.redact(done.stderr).strip().splitlines()[-6:]),
        )
    return done.stdout


def uv_config() -> str:
    """The uv configuration that lets uv read the metadata of old packages."""
    # JSON strings and lists of strings are TOML, too.
    return "\n".join(
        "[[dependency-metadata]]\n"
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in entry.items())
        for entry in _table().get("dependency-metadata", [])
    )


def needs_metadata(pins: Mapping[str, str]) -> bool:
    """Does uv need `uv_config` to resolve beside these pins?"""
    return f'"{pins.get("pandas")}"' in uv_config()


def find_uv() -> str:
    """The uv binary that came with skmig."""
    # it asks `sysconfig`, whose first answer to one of two threads at once lacks names (3.11)
    with _finding:
        return str(uv.find_uv_bin())


_finding = threading.Lock()


@functools.cache
def _table() -> dict[str, Any]:
    with (images_folder() / "versions.toml").open("rb") as handle:
        return tomllib.load(handle)


def generate(rows: Iterable[Release], *, locks: bool = True) -> list[Path]:
    """Write lock and Dockerfile of each row; `locks=False` keeps the locks (no network).

    Returns the files that changed.
    """
    changed = []
    for row in rows:
        row.folder.mkdir(exist_ok=True)
        lock = resolve(row) if locks else lock_path(row).read_bytes()
        for path, content in (
            (lock_path(row), lock),
            (dockerfile_path(row), render_dockerfile(row, lock).encode("utf-8")),
        ):
            if not path.is_file() or path.read_bytes() != content:
                path.write_bytes(content)
                changed.append(path)
    return changed


def problems(row: Release) -> list[str]:
    """What in a release's folder does not agree with the table and the template.

    Without network: the lock's header and pins must say what the table says, every pin must have
    hashes, and the Dockerfile must be the template filled in, with the digest of that lock.
    """
    path = lock_path(row)
    if not path.is_file():
        return [f"images/{row.version}/{LOCK} is missing"]
    content = path.read_bytes()
    text = content.decode("utf-8")
    found = []
    if not text.startswith(_header(row)):
        found.append("its header is not the one that the table gives")
    try:
        pins = read_pins(text, path.name)
    except UsageError as error:
        return [f"images/{row.version}/{LOCK}: {error.message}"]
    for name, version in table_pins(row).items():
        if pins.get(name) != version:
            found.append(f"`{name}` is {pins.get(name, 'missing')}, the table says {version}")
    found += [
        f"`{line.split()[0]}` has no hash" for _, line in _logical_lines(text) if " " not in line
    ]
    found += [f"`{name}` belongs to the base image" for name in sorted(TOOLS & pins.keys())]
    found = [f"images/{row.version}/{LOCK}: {what}" for what in found]
    dockerfile = dockerfile_path(row)
    if not dockerfile.is_file() or dockerfile.read_text("utf-8") != render_dockerfile(row, content):
        found.append(f"images/{row.version}/Dockerfile is not what the template gives")
    return found


def strangers() -> list[str]:
    """Folders of `images` that belong to no row of the table."""
    known = {row.version for row in releases()}
    return [
        f"images/{path.name} belongs to no row of images/versions.toml"
        for path in sorted(images_folder().iterdir())
        if path.is_dir() and path.name not in known
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of the generator; returns the exit code."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("releases", nargs="*", metavar="RELEASE", help="default: all")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 on a difference")
    parser.add_argument(
        "--dockerfiles", action="store_true", help="write only the Dockerfiles, without network"
    )
    options = parser.parse_args(arguments)
    say = sys.stderr.write
    try:
        rows = [release(version) for version in options.releases] or list(releases())
        if options.check:
            found = [what for row in rows for what in problems(row)] + strangers()
            say("".join(f"error: {what}\n" for what in found))
            if found:
                say(f"\nhint: run `{COMMAND}` and commit what it writes\n")
            return 1 if found else 0
        for row in rows:
            for path in generate([row], locks=not options.dockerfiles):
                say(f"wrote images/{row.version}/{path.name}\n")
    except SkmigError as error:
        causes = "".join(f"  caused by: {cause}\n" for cause in error.causes)
        say(f"error: {error.message}\n{causes}\nhint: {error.hint}\n")
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
