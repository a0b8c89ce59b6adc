"""Asks four published scanners, and `inspect`, about the corpus of the tests: `make scanners`.

Each scanner is installed from the package index into an environment of its own below `build/`, and
asked by its own command (`inside/ask_scanner.py` says with which arguments and limits).  The tables
go to `docs/scanning.md`, between its two marks; every single answer to `build/scanners/`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from tests.hostile import corpus
from uv import find_uv_bin

from bench.inside import ask_scanner
from skmig.version import __version__

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "scanners"
PAGE = ROOT / "docs" / "scanning.md"
MARKS = "<!-- table: make scanners -->\n", "<!-- end of table -->\n"
# kind of attack -> names in the corpus; the first that fits counts
KINDS = {
    "compressed (zlib, gzip, bz2, xz, lzma, lz4, ZF)": [f"{c}-*" for c in corpus.COMPRESSIONS],
    "joblib's arrays, uncompressed": [
        "joblib-behind-*", "joblib-unaligned-*", "joblib-object-array", "joblib-forged-*",
        "joblib-code-*"],
    "skops": ["skops-*"],
    "zip, npy, sidecar, MLflow": ["zip-*", "npy-*", "sidecar-*", "mlflow*", "pickle-with-a-zip-*"],
    "a pickle in a byte string or text": ["nested-*"],
    "dropped, broken or behind the first pickle": [
        "popped*", "broken-*", "truncated-*", "second-pickle", "duplicate-keys", "frame-lies"],
    "a name that is put together or passed on": [
        "getattr", "chain-*", "stack-global*", "dotted-name", "memo-*", "methodcaller",
        "attrgetter-*", "partial-*", "generator-*", "ufunc-*"],
    "state and items that change what is there": [
        "build-*", "setitem-*", "append-*", "setstate-*", "logging-*",
        "distribution-*"],
    "what numpy, pandas, joblib, sklearn can do to files": [
        "numpy-*", "pandas-*", "joblib-*", "sklearn-*", "method-of-a-store"],
    "a call in plain sight": [
        "reduce-*", "in-a-pipeline", "func-of-*", "eval", "exec", "inst", "obj", "newobj*",
        "marshal", "ctypes", "import", "pip"],
}  # fmt: skip
# not an attack by itself: damaged, odd, or somebody's own code
ODD = {
    "trailing-bytes", "main-script", "module-inside-sklearn", "homoglyph", "skops-deep",
    "skops-damaged", "skops-third-party", "skops-with-a-pickle", "skops-schema-twice",
    "extension-1", "extension-2", "extension-4", "persistent-id", "binary-persistent-id",
    "out-of-band", "mlflow-loader", "mlflow-code", "sidecar-traversal", "sidecar-link",
    "forged-dtype", "numpy-f2py-main", "makes-a-class", "reconstructor-of-a-value", "code-type",
    "sklearn-parallel-helper", "list-of-an-object", "skops-class-of-no-text",
    "skops-unknown-loader", "skops-object-array", "skops-traversal",
}  # fmt: skip
# what a scanner takes to read these files, and does not bring along
BESIDE = {
    "fickling": ["typing_extensions"],
    "picklescan": ["numpy"],
    "modelaudit": ["lz4", "joblib"],
}
COLUMNS = {
    "found": "found",
    "clean": "called clean",
    "unread": "not read",
    "raised": "raised",
    "no answer": "no answer",
    "crash": "crash",
}
Answers = dict[str, str]  # name of a file -> what a scanner says


def kind(name: str) -> str:
    for what, patterns in KINDS.items():
        if any(fnmatch(name, pattern) for pattern in patterns):
            return what
    raise LookupError(f"`{name}` of the corpus is of no kind")


def installed(package: str) -> tuple[Path, str]:
    """(python, version) of a scanner's own environment."""
    python = BUILD / package / "bin" / "python"
    uv = find_uv_bin()
    if not python.exists():
        subprocess.run(
            [uv, "venv", "-q", "--python", sys.executable, python.parents[1]], check=True
        )
    packages = [package, *BESIDE.get(package, [])]
    subprocess.run([uv, "pip", "install", "-q", "--python", python, *packages], check=True)
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    return python, done.stdout.strip()


def asked(name: str, python: Path, version: str, files: dict[str, Path]) -> Answers:
    """What a scanner answers to every file.

    All that it says is kept below `build/`, by its version and the file's content: who is asked
    again goes on where it stopped.
    """
    kept = BUILD / f"{name.replace(' ', '')}-{version}.jsonl"
    if name == "skmig":
        kept.unlink(missing_ok=True)  # it changes without its version
    lines = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    said = {line["sha256"]: line["answer"] for line in lines}
    keys = {key: digest(path) for key, path in files.items()}
    missing = {keys[key]: path for key, path in files.items() if keys[key] not in said}
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile("w+") as names:
        names.write("".join(f"{path}\n" for path in missing.values()))
        names.seek(0)
        # its own settings and caches; nothing is told to anybody; one thread
        settings = {"PATH": os.environ["PATH"], "HOME": home, "NO_ANALYTICS": "1"}
        settings["OPENBLAS_NUM_THREADS"] = "1"
        with (
            subprocess.Popen(
                [python, "-W", "ignore", Path(ask_scanner.__file__), name],
                stdin=names,
                stdout=subprocess.PIPE,
                text=True,
                env=settings,
            ) as process,
            kept.open("a") as out,
        ):
            assert process.stdout is not None
            for key, text in zip(missing, process.stdout, strict=True):
                line = {"sha256": key, **json.loads(text)}
                assert line["path"] == str(missing[key])
                said[key] = line["answer"]
                out.write(json.dumps(line) + "\n")
                out.flush()
    assert process.returncode == 0
    return {key: said[keys[key]] for key in files}


def digest(path: Path) -> str:
    """Of a file, or of all files of a folder."""
    inside = sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
    made = hashlib.sha256()
    for item in inside:
        made.update(f"{item.name} {item.stat().st_size} ".encode() + item.read_bytes())
    return made.hexdigest()


def _together(folder: Path, model: Path) -> Path:
    """A folder of a model and the array beside it, as who scans it has them."""
    folder.mkdir()
    for path in (model, model.with_name("a_01.npy")):
        shutil.copy(path, folder)
    return folder


# ------------------------------------------------------------------ the tables
def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    made = [f"| {' | '.join(line)} |" for line in lines]
    return [made[0], f"|{'---|' * len(lines[0])}", *made[1:], ""]


def totals(said: dict[str, Answers], names: set[str]) -> list[str]:
    """A row per scanner, a column per answer."""
    used = {a for answers in said.values() for key, a in answers.items() if key in names}
    columns = [item for item in COLUMNS if item in used]
    rows = []
    for scanner, answers in said.items():
        counts = Counter(answers[name] for name in names)
        rows.append([scanner, *(counts[item] for item in columns)])
    return table([f"{len(names)} files", *(COLUMNS[item] for item in columns)], rows)


def by_kind(said: dict[str, Answers], attacks: set[str]) -> list[str]:
    """Found / called clean / without an answer, per kind of attack."""
    rows = []
    for what in KINDS:
        names = [name for name in attacks if kind(name) == what]
        row: list[object] = [what, len(names)]
        for answers in said.values():
            counts = Counter(answers[name] for name in names)
            rest = len(names) - counts["found"] - counts["clean"]
            row.append(f"{counts['found']} / {counts['clean']} / {rest}")
        rows.append(row)
    return table(["kind of attack", "files", *said], rows)


def misses(said: dict[str, Answers], attacks: set[str]) -> list[str]:
    lines = []
    for scanner, answers in said.items():
        names = sorted(name for name in attacks if answers[name] == "clean")
        if names:
            lines.append(f"- {scanner}: {', '.join(names)}")
    return [*lines, ""]


def page(said: dict[str, Answers], bad: set[str], good: set[str]) -> list[str]:
    bombs = set(corpus.bombs())
    attacks = bad - bombs - ODD
    return [
        "Attacks: loading the file runs code, reaches files, or the file hides one that does.",
        "",
        *totals(said, attacks),
        "The same by kind: found / called clean / neither.",
        "",
        *by_kind(said, attacks),
        "Honest models: every one that is `found` is a false alarm.",
        "",
        *totals(said, good),
        "Bombs: to exhaust who reads them; some do no harm, and may well be called clean.",
        "",
        *totals(said, bombs),
        "Odd: damaged, somebody's own code, or what no honest pickle has, but no attack by itself.",
        "",
        *totals(said, bad & ODD),
        "Attacks that were called clean:",
        "",
        *misses(said, attacks),
    ]


def main(argv: list[str]) -> int:
    wanted = argv or list(ask_scanner.COMMANDS)
    said: dict[str, Answers] = {}
    # always the same place, which stands in the files: they stay the same ones
    folder, honest = BUILD / "corpus" / "hostile", BUILD / "corpus" / "honest"
    for place in (folder, honest):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    bad, good = corpus.hostile(folder), corpus.benign(honest)
    bad["sidecar-with-objects"] = _together(folder / "beside", bad["sidecar-with-objects"])
    for name in bad.keys() - corpus.bombs().keys() - ODD:
        kind(name)
    for name in wanted:
        package = name.split(" ")[0].rstrip(",")
        python, version = (
            (Path(sys.executable), __version__) if package == "skmig" else installed(package)
        )
        answers = asked(name, python, version, bad | good)
        said[name.replace(package, f"{package} {version}")] = answers
        sys.stderr.write(f"{name}: {Counter(answers.values())}\n")
    assert not (folder / corpus.CANARY).exists(), "a scanner ran a file"
    lines = page(said, set(bad), set(good))
    if not argv:
        start, end = MARKS
        block = start + "\n" + "\n".join(lines) + "\n" + end
        pattern = re.compile(f"{re.escape(start)}.*{re.escape(end)}", re.DOTALL)
        PAGE.write_text(pattern.sub(lambda _: block, PAGE.read_text("utf-8")), "utf-8")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
