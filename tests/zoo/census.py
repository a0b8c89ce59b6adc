"""Takes the census in each release's own environment: `python -m tests.zoo.census RELEASE… | all`.

Writes `images/<release>/census.json`; with `--check` it writes nothing, and fails where the file
is not what the environment says now.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from skmig import versions
from skmig.environments.base import Backend, EnvironmentSpec, Limits, SilentProgress
from skmig.environments.choose import backend

ZOO = Path(__file__).resolve().parent  # goes onto the import path, for `import specimens`


def text(release: str, census: dict[str, Any]) -> str:
    """The content of `images/<release>/census.json`: one line a class, in the order of tags."""
    head = {
        "GENERATED": f"make census RELEASES={release}",
        "release": release,
        "specimens": census["specimens"],
        "unavailable": sorted(census["unavailable"]),
    }
    lines = [f"{json.dumps(key)}: {_compact(value)}" for key, value in head.items()]
    classes = census["classes"]
    entries = [f"  {json.dumps(tag)}: {_compact(classes[tag])}" for tag in sorted(classes)]
    return "{" + ",\n ".join([*lines, '"classes": {\n' + ",\n".join(entries) + "}}"]) + "\n"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(", ", ": "), ensure_ascii=False)


def take(release: str, environments: Backend) -> dict[str, Any]:
    """Run the job `census` over the zoo in the environment of `release`."""
    spec = EnvironmentSpec(release=release)
    worker = environments.worker(spec, Limits(timeout=1800.0), SilentProgress())
    try:
        worker.put("zoo", ZOO)
        worker.call("census", code=["zoo"], out="census.json")
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "census.json"
            worker.get("census.json", target)
            result: dict[str, Any] = json.loads(target.read_text("utf-8"))
            return result
    finally:
        worker.close()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("releases", nargs="+", metavar="RELEASE", help="releases, or `all`")
    parser.add_argument("--backend", default="auto", choices=("auto", "docker", "local"))
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args(arguments)
    releases = versions.line() if options.releases == ["all"] else options.releases
    environments = backend(options.backend, SilentProgress())
    bad = 0
    for release in map(versions.release, releases):
        census = take(release.version, environments)
        content = text(release.version, census)
        path = release.folder / "census.json"
        if options.check:
            same = path.is_file() and path.read_text("utf-8") == content
            bad += not same
            outcome = "as it is" if same else "DIFFERENT"
        else:
            unfinished = path.with_suffix(".new")
            unfinished.write_text(content, "utf-8")
            unfinished.replace(path)
            outcome = "written"
        counts = f"{len(census['classes'])} classes, {len(census['specimens'])} specimens"
        sys.stderr.write(f"{release.version}: {counts}, {outcome}\n")
        for name, why in sorted(census["failed"].items()):
            bad += 1
            sys.stderr.write(f"  cannot be walked: {name}: {why}\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
