"""Dump and load of fitted models, held against other ways of keeping them.

`python -m bench.payload` makes an environment for each contender, fits each row once (kept in
`build/bench`), and runs every dump and load in a process of its own, the contenders in turn.  Each
figure is the least of its repetitions: what else runs on the machine only adds to it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from bench.migrations import variables

SCRIPT = Path(__file__).parent / "inside" / "contenders.py"
FOLDER = Path("build/bench")
LIBRARY = "scikit-learn==1.9.1"
# what is installed beside the library, and for which rows it has a form at all (None: all)
CONTENDERS: dict[str, tuple[tuple[str, ...], tuple[str, ...] | None]] = {
    "skmig": ((), None),
    "joblib": ((), None),
    "joblib and CRC": ((), None),
    "pickle 5": ((), None),
    "skops": (("skops==0.16.0",), None),
    "sklearn-migrator": (
        ("sklearn-migrator==1.0.0",),
        (
            "RandomForest 100",
            "RandomForest 500",
            "GradientBoosting 500",
            "KNN 200k x 50",
            "SVC 10k",
        ),
    ),
}
ROWS = (
    "RandomForest 100",
    "RandomForest 500",
    "GradientBoosting 500",
    "KNN 200k x 50",
    "SVC 10k",
    "Tfidf 1M terms",
    "Stacking",
    "HistGradientBoosting 500",
)
Figures = dict[str, float]


def environment(requirements: tuple[str, ...]) -> Path:
    """The Python of an environment with the library and these."""
    name = "-".join(["env", *(item.split("==")[0] for item in requirements)])
    python = FOLDER / name / "bin" / "python"
    if not python.exists():
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, FOLDER / name])
        wanted = [uv, "pip", "install", "--quiet", "--python", python, LIBRARY, *requirements]
        subprocess.run(wanted, check=True)
    return python


def run(python: Path, *words: str | Path, timeout: float) -> Figures | None:
    """One process; None where the contender cannot do it, or not in time."""
    source = Path(__file__).parents[1] / "src"
    try:
        done = subprocess.run(
            [python, SCRIPT, *words],
            env={**variables(), "PYTHONPATH": str(source), "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        sys.stderr.write(done.stderr[-300:] + "\n")
        return None
    found: Figures = json.loads(done.stdout) if done.stdout else {}
    return found


def least(former: Figures | None, found: Figures | None) -> Figures | None:
    if former is None or found is None:
        return found or former
    return {key: min(former[key], found[key]) for key in found if key != "class"}


def measure(
    row: str, contenders: list[str], repeat: int, timeout: float
) -> dict[str, tuple[Figures, Figures] | None]:
    """By contender: the figures of a dump and of a load."""
    model = FOLDER / f"{row}.pkl"
    if not model.exists():
        run(environment(()), "fit", row, model, timeout=10 * timeout)
    dumps: dict[str, Figures | None] = {}
    loads: dict[str, Figures | None] = {}
    for _ in range(repeat):
        for name in contenders:
            requirements, able = CONTENDERS[name]
            if able is not None and row not in able:
                continue
            if dumps.get(name, {}) is None:
                continue  # it could not, or took too long
            python, out = environment(requirements), FOLDER / f"out-{os.getpid()}"
            out.unlink(missing_ok=True)
            dumped = run(python, "dump", name, model, out, timeout=timeout)
            dumps[name] = least(dumps.get(name), dumped)
            if dumped is not None:
                loaded = run(python, "load", name, out, timeout=timeout)
                loads[name] = least(loads.get(name), loaded)
            out.unlink(missing_ok=True)
    both = {name: (dumps[name], loads.get(name)) for name in dumps}
    return {name: pair if all(pair) else None for name, pair in both.items()}  # type: ignore[misc]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--timeout", type=float, default=600, help="seconds of one dump or load")
    args = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    say = sys.stdout.write
    say("| model | contender | dump CPU s | load CPU s | MB | peak of dump MB | of load MB |\n")
    say("|---|---|---|---|---|---|---|\n")
    for row in args.rows.split(","):
        contenders = args.contenders.split(",")
        for name, pair in measure(row, contenders, args.repeat, args.timeout).items():
            if pair is None:
                say(f"| {row} | {name} | – | – | – | – | – |\n")
                continue
            dump, load = pair
            say(
                f"| {row} | {name} | {dump['cpu']:.3f} | {load['cpu']:.3f} "
                f"| {dump['bytes'] / 1e6:.1f} | {dump['peak'] / 1e6:.0f} "
                f"| {load['peak'] / 1e6:.0f} |\n"
            )
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
