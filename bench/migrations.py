"""How long do migrations take?  `python -m bench.migrations one`, `… forest` and `… many`.

`one`: one small model from start to end, against what nobody can avoid: the slower environment's
own start and `import sklearn`, and both of them at once.  `forest`: one large model, against what
joblib takes to dump and load it.  `many`: small pipelines of five releases
in one run, by how many, and what each more takes when all environments are up.
All of it with warm environments, in processes of their own, and CPU seconds beside wall seconds,
since those of a shared machine mean little.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from skmig.environments import virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress

HERE = Path(__file__).resolve().parent
SOURCES = ("0.24.2", "1.0.2", "1.1.3", "1.3.2", "1.5.2")
TARGET = "1.6.1"
REPEATS = 5


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What one process took: seconds, and the most memory that it had, in bytes."""

    wall: float
    cpu: float
    memory: int


def timed(command: list[str]) -> Taken:
    """Run a command to its end, with all the processes that it waits for.  Raises on failure."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=variables())
        most = 0
        while process.poll() is None:
            most = max(most, _memory(process.pid))
            time.sleep(0.005)
        wall = time.perf_counter() - started
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{command}: {said.read().decode()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = sum(getattr(after, name) - getattr(before, name) for name in ("ru_utime", "ru_stime"))
    return Taken(wall=wall, cpu=cpu, memory=most)


def variables() -> dict[str, str]:
    """Those of this process, less the one that has Python compile everything at each start."""
    return {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _memory(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return 0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) << 10 if found else 0


def models(folder: Path, release: str, count: int) -> None:
    """`count` small pipelines that `release` fitted, pickled into `folder`."""
    python = virtual.ensure(EnvironmentSpec(release=release), SilentProgress())
    folder.mkdir(parents=True)
    command = [str(python), str(HERE / "inside" / "small.py"), str(folder), str(count)]
    subprocess.run(command, check=True)


def migrate(path: Path, room: Path, backend: str) -> tuple[Taken, Path]:
    """One run of the command line, and where its outputs are.

    Nothing is deleted before the end: a file system may be slow at files where many just were.
    """
    output = Path(tempfile.mkdtemp(dir=room))
    skmig = str(Path(sys.executable).with_name("skmig"))
    command = [skmig, "migrate", str(path), "--to", TARGET, "--quiet"]
    return timed([*command, "--output", str(output), "--backend", backend]), output


def started(release: str, backend: str) -> list[str]:
    """The command that starts an environment's interpreter and imports scikit-learn."""
    command = ["-c", "import sklearn"]
    if backend == "docker":
        return ["docker", "run", "--rm", f"skmig:{release}", "python", *command]
    return [str(virtual.ensure(EnvironmentSpec(release=release), SilentProgress())), *command]


def one(room: Path, backend: str) -> str:
    """The table of one migration."""
    models(room / "models", "1.1.3", 6)
    model = room / "models" / "model-00000.pkl"
    commands = [started(release, backend) for release in ("1.1.3", TARGET)]
    migrate(model, room, backend)  # so that everything is warm
    rows = []
    for _ in range(REPEATS):
        alone = max(timed(command).wall for command in commands)
        with ThreadPoolExecutor() as pool:
            at_once = max(found.wall for found in pool.map(timed, commands))
        rows.append((alone, at_once, migrate(model, room, backend)[0]))
    lines = [
        "| backend | slower start, s | both at once, s | migration, s | CPU s | ratio | to both |",
        "|---|---|---|---|---|---|---|",
    ]
    for alone, at_once, taken in sorted(rows, key=lambda row: row[2].wall / row[0]):
        lines.append(
            f"| {backend} | {alone:.2f} | {at_once:.2f} | {taken.wall:.2f} | {taken.cpu:.2f} |"
            f" {taken.wall / alone:.2f} | {taken.wall / at_once:.2f} |"
        )
    return "\n".join(lines)


def forest(room: Path, backend: str) -> str:
    """The table of one large model: 500 trees of unlimited depth."""
    release, row = "1.5.2", "RandomForest 500"
    python = str(virtual.ensure(EnvironmentSpec(release=release), SilentProgress()))
    contenders = str(HERE / "inside" / "contenders.py")
    model, dumped = room / "forest.pkl", room / "forest.joblib"
    subprocess.run([python, contenders, "fit", row, str(model)], check=True)

    def joblib(*words: Path | str) -> float:
        command = [python, contenders, *map(str, words)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=variables())
        return float(json.loads(done.stdout)["wall"])

    rows = []
    for _ in range(REPEATS):
        both = joblib("dump", "joblib", model, dumped) + joblib("load", "joblib", dumped)
        start = max(timed(started(one, backend)).wall for one in (release, TARGET))
        taken, output = migrate(model, room, backend)
        shutil.rmtree(output)
        rows.append((start, both, taken))
    lines = [
        "| backend | MB | start, s | joblib dump and load, s | migration, s | CPU s"
        " | beyond the start | memory, MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for start, both, taken in sorted(rows, key=lambda item: (item[2].wall - item[0]) / item[1]):
        lines.append(
            f"| {backend} | {model.stat().st_size / 1e6:.0f} | {start:.2f} | {both:.2f} |"
            f" {taken.wall:.2f} | {taken.cpu:.2f} | {(taken.wall - start) / both:.1f} times |"
            f" {taken.memory >> 20} |"
        )
    return "\n".join(lines)


def many(room: Path, backend: str, counts: list[int]) -> str:
    """The table of many migrations, by their number."""
    lines = [
        "| models | wall, s | CPU, s | ms a model (wall) | models a second | of those more |"
        " memory, MB |",
        "|---|---|---|---|---|---|---|",
    ]
    models_of, former = room / "all", None
    for release in SOURCES:
        models(models_of / release, release, -(-max(counts) // len(SOURCES)))
    for count in counts:
        chosen = room / f"models-{count}"
        for release in SOURCES:
            (chosen / release).mkdir(parents=True)
            for path in sorted((models_of / release).iterdir())[: count // len(SOURCES)]:
                os.link(path, chosen / release / path.name)
        taken, output = migrate(chosen, room, backend)
        migrated = sum(1 for _ in output.rglob("*.skmig"))
        if migrated != count:
            raise RuntimeError(f"{migrated} of {count} models were migrated")
        lines.append(
            f"| {count} | {taken.wall:.1f} | {taken.cpu:.1f} | {taken.wall / count * 1e3:.0f} |"
            f" {count / taken.wall:.0f} | {_each_more(former, count, taken)} |"
            f" {taken.memory >> 20} |"
        )
        former = count, taken
        sys.stderr.write(lines[-1] + "\n")
    return "\n".join(lines)


def _each_more(former: tuple[int, Taken] | None, count: int, taken: Taken) -> str:
    """How many a second those beyond the row before took: the environments were up by then."""
    if former is None:
        return "–"
    return f"{(count - former[0]) / (taken.wall - former[1].wall):.0f}"


def main(arguments: list[str]) -> int:
    """The command line: prints a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.migrations", description=__doc__)
    parser.add_argument("what", choices=("one", "forest", "many"))
    parser.add_argument("--backend", choices=("local", "docker"), default="local")
    parser.add_argument("--counts", default="10,100,1000,10000", help="of models")
    options = parser.parse_args(arguments)
    load = json.dumps([round(item, 1) for item in os.getloadavg()])
    with tempfile.TemporaryDirectory(prefix="skmig-bench-") as name:
        room = Path(name)
        if options.what != "many":
            table = {"one": one, "forest": forest}[options.what](room, options.backend)
        else:
            table = many(room, options.backend, [int(item) for item in options.counts.split(",")])
    sys.stdout.write(f"{os.cpu_count()} cores, load {load} before\n\n{table}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
