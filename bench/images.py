"""How fast images are built, and how much room they take, beside the plain way.

`python -m bench.images 0.23.2 1.1.3 … [--jobs 2] [--push REGISTRY]`, or `--all`.

The plain way is one `docker build` after another, each of which has pip download and install the
lock.  skmig's way is `skmig build-images` with an empty uv cache.  Both start without any layer of
the other; what is built is removed.  Run it against an engine where nothing else is built:
sizes are differences of what all its layers take, base images not counted.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from skmig.environments import engine, fleet, locks
from skmig.environments.base import SilentProgress
from skmig.versions import release, releases

PREFIX = "skmig-bench"
PLAIN = """
FROM {base}
COPY requirements.lock /requirements.lock
RUN python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes \
    --only-binary :all: --no-deps -r /requirements.lock
"""


def plain(client: Any, version: str) -> str:
    """One plain `docker build`; returns the image's name."""
    row = release(version)
    platform = row.platforms[0] if len(row.platforms) == 1 else None
    context = io.BytesIO()
    files = {
        "Dockerfile": PLAIN.format(base=locks.base_image(row)).encode(),
        locks.LOCK: locks.lock_path(row).read_bytes(),
    }
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    context.seek(0)
    name = f"{PREFIX}-plain:{version}"
    log = client.api.build(
        fileobj=context,
        custom_context=True,
        tag=name,
        rm=True,
        nocache=True,
        decode=True,
        platform=platform,
    )
    failed = [chunk["error"] for chunk in log if "error" in chunk]
    if failed:
        raise SystemExit(f"{name}: {failed[0]}")
    return name


def ours(versions: Sequence[str], jobs: int, cache: str) -> list[str]:
    """`skmig build-images` with the folder of uv's cache; returns the images' names."""
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("skmig")), "build-images", *versions),
            *("--jobs", str(jobs), "--prefix", PREFIX, "--json"),
        ],
        env={**os.environ, "UV_CACHE_DIR": cache},
        stdout=subprocess.PIPE,
        check=False,
    )
    images = json.loads(done.stdout).get("images", [])
    if done.returncode or any(one["state"] != "built" for one in images):
        raise SystemExit(f"not all were built: {done.stdout.decode()[-2000:]}")
    return [one["image"] for one in images]


def on_disk(client: Any) -> int:
    """Bytes of all layers of the engine, each that images share once."""
    return int(client.df()["LayersSize"])


def to_pull(client: Any, names: Sequence[str], registry: str) -> int:
    """Bytes that a pull of some images transfers, each blob once; pushes them to find out."""
    blobs: dict[str, int] = {}
    for name in names:
        repository, _, tag = name.rpartition(":")
        client.images.get(name).tag(f"{registry}/{repository}", tag=tag)
        try:
            fleet.push_image(client, f"{registry}/{name}", SilentProgress())
        finally:
            client.images.remove(f"{registry}/{name}")
        manifest = _manifest(registry, repository, tag)
        blobs |= {one["digest"]: one["size"] for one in manifest["layers"]}
    return sum(blobs.values())


def _manifest(registry: str, repository: str, tag: str) -> dict[str, Any]:
    import requests

    kind = "application/vnd.docker.distribution.manifest.v2+json"
    address = f"http://{registry}/v2/{repository}/manifests/{tag}"
    found: dict[str, Any] = requests.get(address, headers={"Accept": kind}, timeout=60).json()
    return found


@contextlib.contextmanager
def removed(client: Any) -> Iterator[list[str]]:
    """Names to be removed afterwards, whatever happens."""
    names: list[str] = []
    try:
        yield names
    finally:
        for name in names:
            with contextlib.suppress(*engine.ENGINE_EXCEPTIONS):
                client.images.remove(name)
        client.images.prune(filters={"dangling": True})


def cpu(usage: Path | None) -> float:
    """CPU seconds so far: of this process's children, and of the engine with its containers.

    Those are counted where the engine and `--cgroup-parent` share a cgroup; `usage` is its
    `cpuacct.usage`.
    """
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    engines = int(usage.read_text()) / 1e9 if usage else 0.0
    return own.ru_utime + own.ru_stime + engines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.images")
    parser.add_argument("releases", nargs="*", metavar="RELEASE")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--push", metavar="REGISTRY", help="measure what a pull transfers, too")
    parser.add_argument("--cpu", type=Path, metavar="FILE", help="cpuacct.usage of the engine")
    parser.add_argument("--only", choices=("plain", "skmig"))
    options = parser.parse_args()
    versions = [row.version for row in releases()] if options.all else options.releases
    client = engine.connect()
    found: dict[str, Any] = {"releases": versions, "jobs": options.jobs}
    ways = {
        "plain": lambda _: [plain(client, version) for version in versions],
        "skmig": lambda cache: ours(versions, options.jobs, cache),
    }
    for way, build in ways.items():
        if options.only not in (None, way):
            continue
        # deleting the cache takes a while, and is no part of the build
        with removed(client) as names, tempfile.TemporaryDirectory() as cache:
            before = on_disk(client)
            started, used = time.monotonic(), cpu(options.cpu)
            names += build(cache)
            seconds = time.monotonic() - started
            used = cpu(options.cpu) - used
            sys.stderr.write(f"{way}: {seconds:.0f} s, {used:.0f} CPU s\n")
            found[way] = {"seconds": round(seconds, 1), "bytes": on_disk(client) - before}
            if options.cpu:
                found[way]["CPU seconds"] = round(used, 1)
            if options.push:
                found[way]["pull"] = to_pull(client, names, options.push)
    if options.only is None:
        found["times as fast"] = round(found["plain"]["seconds"] / found["skmig"]["seconds"], 2)
    json.dump(found, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
