"""Asks four published scanners, and `inspect`, about the corpus of the tests: `make scanners`.

Each scanner is installed from the package index into an environment of its own below `build/`.
What must be found is a file that runs code when it is loaded, or that hides one that does; files
that only exhaust their reader are left out.  The answer goes to `docs/scanning.md`, between its
two marks.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.hostile import corpus
from uv import find_uv_bin

from skmig.errors import UnreadableError
from skmig.inspection import inspect
from skmig.version import __version__

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "scanning.md"
MARKS = "<!-- table: make scanners -->\n", "<!-- end of table -->\n"
SCANNERS = ("picklescan", "modelscan", "fickling", "modelaudit")
GROUPS = {
    "pickle": "an uncompressed pickle",
    "joblib": "joblib, uncompressed",
    "compressed": "compressed (zlib, gzip, bz2, xz, lzma, lz4, ZF)",
    "skops": "skops",
    "other": "zip, npy, sidecar, MLflow",
}
# not an attack by itself: damaged, odd, or somebody's own code
_LEFT_OUT = {
    "trailing-bytes", "main-script", "module-inside-sklearn", "homoglyph", "skops-deep",
    "skops-damaged", "skops-third-party", "skops-with-a-pickle", "skops-schema-twice",
    "extension-1", "extension-2", "extension-4", "persistent-id", "binary-persistent-id",
    "out-of-band", "mlflow-loader", "mlflow-code", "sidecar-traversal", "sidecar-link",
    "forged-dtype", "numpy-f2py-main",
}  # fmt: skip


def group(name: str) -> str:
    if name.startswith(("skops", "joblib-")):
        return "joblib" if name.startswith("joblib-") and name != "joblib-load" else (
            "skops" if name.startswith("skops") else "pickle"
        )  # fmt: skip
    if name.startswith(tuple(f"{item}-" for item in corpus.COMPRESSIONS)):
        return "compressed"
    return "other" if name.startswith(("zip-", "npy-", "sidecar", "mlflow")) else "pickle"


def benign_group(name: str) -> str:
    kind = name.rpartition("-")[2]
    return "compressed" if kind in corpus.COMPRESSIONS else (
        "joblib" if kind == "joblib" else "pickle"
    )  # fmt: skip


def installed(name: str) -> tuple[Path, str]:
    """(python, version) of a scanner's own environment."""
    place = ROOT / "build" / "scanners" / name
    python = place / "bin" / "python"
    if not python.exists():
        uv = find_uv_bin()
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(place)], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", str(python), name], check=True)
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    version = subprocess.run(
        [python, "-c", code], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()
    return python, version


def asked(name: str, python: Path, paths: list[str]) -> dict[str, str]:
    script = Path(__file__).with_name("inside") / "ask_scanner.py"
    done = subprocess.run(
        [python, "-W", "ignore", script, name, *paths], stdout=subprocess.PIPE, check=True
    )
    answers: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return answers


def own(paths: list[str]) -> dict[str, str]:
    answers = {}
    for path in paths:
        try:
            answers[path] = "clean" if inspect(path).clean else "found"
        except UnreadableError as error:
            answers[path] = "found" if error.causes else "refused"
    return answers


def row(name: str, hostile: dict[str, str], benign: dict[str, str]) -> str:
    cells = [name]
    for part in GROUPS:
        found = Counter(answer for file, answer in hostile.items() if group(file) == part)
        more = f", {found['refused']} refused" if found["refused"] else ""
        cells.append(f"{found['found']} of {found.total()}{more}")
    cells.append(str(sum(answer == "clean" for answer in hostile.values())))
    answers = Counter(benign.values())
    more = f", {answers['refused']} refused" if answers["refused"] else ""
    cells.append(f"{answers['found']} of {answers.total()}{more}")
    return f"| {' | '.join(cells)} |"


def main() -> int:
    with tempfile.TemporaryDirectory() as text:
        (folder := Path(text) / "hostile").mkdir()
        (honest := Path(text) / "benign").mkdir()
        bad = {
            name: str(path)
            for name, path in corpus.hostile(folder).items()
            if name not in _LEFT_OUT and name not in corpus.bombs()
        }
        good = {name: str(path) for name, path in corpus.benign(honest).items()}
        paths = [*bad.values(), *good.values()]
        answers = {f"skmig {__version__}": own(paths)}
        for name in SCANNERS:
            python, version = installed(name)
            answers[f"{name} {version}"] = asked(name, python, paths)
        head = ["scanner", *GROUPS.values(), "hostile called clean", "honest called suspect"]
        lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
        missed = []
        for name, said in answers.items():
            hostile = {key: said[path] for key, path in bad.items()}
            lines.append(row(name, hostile, {key: said[path] for key, path in good.items()}))
            clean = sorted(key for key, answer in hostile.items() if answer == "clean")
            if clean:
                missed.append(f"- {name}: {', '.join(clean)}")
        lines += ["", "Hostile files that were called clean:", "", *missed]
    start, end = MARKS
    content = PAGE.read_text("utf-8")
    block = start + "\n" + "\n".join(lines) + "\n\n" + end
    PAGE.write_text(
        re.sub(f"{re.escape(start)}.*{re.escape(end)}", lambda _: block, content, flags=re.DOTALL),
        "utf-8",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
