"""Hundreds of models of ten releases, on one machine and on a cluster one of whose workers dies.

`python -m bench.fleet [--models 800] [--workers 3]`: half of them lie in folders, half in a bucket
of a real S3-compatible server.  Fails unless both runs leave the same rows in their ledgers and the
same results, nothing is lost, and a second run finds nothing to do.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bucket import served
from tests.clusters import Processes, program

from bench.migrations import models
from skmig.fleet.ledger import Ledger

RELEASES = (
    *("0.20.4", "0.21.3", "0.22.2.post1", "0.23.2", "0.24.2"),
    *("1.0.2", "1.1.3", "1.2.2", "1.3.2", "1.5.2"),
)
TOML = """
target = "1.6.1"
backend = "local"
ledger = "ledger-{name}.sqlite"
page = "{name}.html"
junit = "{name}.xml"

[[models]]
paths = ["models"]
output = "{name}"

[[models]]
paths = ["s3://models/in/"]
output = "s3://models/{name}/"
"""
_PASSING = {"seconds", "finished", "worker", "fresh", "record_sha256"}
_UPLOAD = """
import fsspec, sys
fsspec.filesystem("s3").put(sys.argv[1].rstrip("/") + "/", "models/in/", recursive=True)
"""


def main(arguments: list[str]) -> int:
    """The command line: prints a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__)
    parser.add_argument("--models", type=int, default=800)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a new folder for all of it, which stays")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="skmig-bench-") as name:
        room = options.keep or Path(name)
        room.mkdir(exist_ok=True)
        with served() as variables:
            os.environ.update(variables)
            print(_check(room, options.models, options.workers))
    return 0


def _check(room: Path, count: int, workers: int) -> str:
    for number, release in enumerate(RELEASES):
        place = room / ("models" if number % 2 else "upload") / release
        models(place, release, count // len(RELEASES))
    upload = [sys.executable, "-c", _UPLOAD, str(room / "upload")]
    subprocess.run(upload, check=True)
    lines = ["| run | models | wall, s | done in it |", "|---|---|---|---|"]

    def run(label: str, name: str, *words: str, kill: Processes | None = None) -> None:
        started = time.monotonic()
        entries = _run(room, name, *words, kill=kill)
        fresh = sum(item["fresh"] for item in entries)
        wall = time.monotonic() - started
        lines.append(f"| {label} | {len(entries)} | {wall:.1f} | {fresh} |")
        print(lines[-1], file=sys.stderr, flush=True)
        bad = [item for item in entries if item["state"] != "migrated"]
        if bad or len(entries) != count:
            raise SystemExit(f"{len(entries)} entries, not migrated: {bad[:3]}")
        if label.startswith("again") and fresh:
            raise SystemExit(f"{fresh} were done twice")

    run("one machine", "alone")
    run("again", "alone")
    (room / "cluster").mkdir()
    processes = Processes(room / "cluster")
    try:
        for _ in range(workers):
            processes.worker()
        words = ("--scheduler", processes.address)
        run(f"{workers} workers, one killed", "shared", *words, kill=processes)
        run("again, on the cluster", "shared", *words)
    finally:
        processes.close()
    alone, shared = _rows(room, "alone"), _rows(room, "shared")
    if alone != shared:
        odd = [(a, b) for a, b in zip(alone, shared, strict=False) if a != b]
        raise SystemExit(f"the ledgers differ: {len(alone)} and {len(shared)} rows, {odd[:2]}")
    lines.append(f"\nThe ledgers have the same {len(alone)} rows, with the same digests.")
    return "\n".join(lines)


def _run(room: Path, name: str, *words: str, kill: Processes | None = None) -> list[dict[str, Any]]:
    (room / "skmig.toml").write_text(TOML.format(name=name))
    with (room / "said.json").open("w+") as out:
        process = subprocess.Popen(
            [program("skmig"), "migrate", "--json", "--quiet", *words], cwd=room, stdout=out
        )
        if kill is not None:
            while process.poll() is None and not any((room / name).rglob("*.pkl")):
                time.sleep(0.05)
            os.kill(kill.workers[0].pid, signal.SIGKILL)
            if process.poll() is not None:
                raise SystemExit("it had ended before a worker could be killed")
        process.wait()
        out.seek(0)
        said = json.load(out)
    if "fleet" not in said:
        raise SystemExit(json.dumps(said["error"]))
    found: list[dict[str, Any]] = said["fleet"]["models"]
    return found


def _rows(room: Path, name: str) -> list[dict[str, Any]]:
    """What a ledger says, without what passes, and with the places of this run as of any."""
    with Ledger(room / f"ledger-{name}.sqlite") as ledger:
        rows = [
            {key: value for key, value in item.as_json().items() if key not in _PASSING}
            for item in ledger.entries()
        ]
    found: list[dict[str, Any]] = json.loads(json.dumps(rows).replace(f"/{name}/", "/out/"))
    return found


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
