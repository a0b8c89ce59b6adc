"""Processor seconds (user and system) of starting skmig, and of `inspect`.

`python -m bench.startup`.

The least of several runs, because the machine may be busy.  The large file is a forest of 500 trees
that joblib wrote without compression, and the same compressed with zlib.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier

from bench.migrations import variables

RUNS = 7


def cost(command: list[str]) -> tuple[float, int]:
    """(processor seconds, peak memory in KiB) of the best of some runs."""
    best, peak = float("inf"), 0
    for _ in range(RUNS):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=variables()) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command} failed")
        best, peak = min(best, used.ru_utime + used.ru_stime), used.ru_maxrss
    return best, peak


def forest(folder: Path) -> tuple[Path, Path]:
    """A file of about 430 MB: 25 trees, each twenty times."""
    rng = np.random.RandomState(0)
    x, y = rng.rand(32_000, 20), rng.randint(0, 2, 32_000)
    model = RandomForestClassifier(25, random_state=0).fit(x, y)
    pickled = [pickle.dumps(tree) for tree in model.estimators_]
    model.estimators_ = [pickle.loads(tree) for _ in range(20) for tree in pickled]
    plain, packed = folder / "forest.joblib", folder / "forest.joblib.z"
    joblib.dump(model, plain)
    joblib.dump(model, packed, compress=("zlib", 1))
    return plain, packed


def main() -> int:
    skmig = [sys.executable, "-m", "skmig.cli"]
    script = Path(sys.executable).with_name("skmig")
    if script.exists():
        skmig = [str(script)]
    with tempfile.TemporaryDirectory() as text:
        plain, packed = forest(Path(text))
        rows = [
            ("python -c pass", [sys.executable, "-c", "pass"]),
            ("skmig --version", [*skmig, "--version"]),
            ("skmig --help", [*skmig, "--help"]),
            (f"inspect, {plain.stat().st_size >> 20} MiB", [*skmig, "inspect", str(plain)]),
            (f"inspect, zlib, {packed.stat().st_size >> 20} MiB", [*skmig, "inspect", str(packed)]),
        ]
        for name, command in rows:
            seconds, peak = cost(command)
            sys.stdout.write(f"{name:<26}{seconds:6.3f} CPU s  {peak >> 10:5} MiB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
