"""How many broken migrations do the probes notice?  `make mutations`.

Each specimen of the zoo is fitted in a release's own environment, gets its probes, and is broken
in many small ways, one at a time: a threshold by one representable float, a leaf, two categories
exchanged, an idf off by 1e-12.  A mutant is

- `caught` when the comparison of outputs on the probes says no (or the model cannot be built, or
  does not survive being asked),
- `missed` when it does not, but the same comparison on a much larger input does (the oracle, see
  `inside/oracle.py`, which is aimed at what was changed),
- `small` when outputs change, but nowhere by more than the comparison allows: what such a change
  is caught by is the digest of the arrays of the state, as far as it stands in an array,
- `equal` when no output changes at all: such a mutant says nothing about the probes.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from skmig import parity, versions
from skmig.environments.base import Backend, EnvironmentSpec, Limits, SilentProgress, Worker
from skmig.environments.choose import backend
from skmig.errors import AgentError, EnvironmentFailedError
from skmig.matrix import keys
from skmig.payload import Bundle

HERE = Path(__file__).resolve().parent
ZOO = HERE.parent / "tests" / "zoo"
CHUNK = 20  # specimens in one job
MUTANTS = 5
FATES = ("caught", "missed", "small", "equal")


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One broken model.  `array`: is what was changed in a plain array of the state?"""

    specimen: str
    operator: str
    path: str
    owner: str
    attribute: str
    what: dict[str, Any]
    array: bool
    fate: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """What came of one specimen: its mutants, or why there are none."""

    name: str
    tag: str = ""
    failed: str = ""
    absent: str = ""
    coverage: dict[str, Any] | None = None
    seconds: float = 0.0
    synthesis: float = 0.0
    mutants: tuple[Mutant, ...] = ()


class Bench:
    """Specimens in the environment of one release."""

    def __init__(
        self, release: str, environments: Backend, *, mutants: int, limit: int, seed: int
    ) -> None:
        self.release, self.environments = release, environments
        self.options = {"mutants": mutants, "limit": limit, "seed": seed}
        self._worker: Worker | None = None

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def worker(self) -> Worker:
        if self._worker is None:
            spec = EnvironmentSpec(release=self.release)
            limits = Limits(timeout=3600.0)
            self._worker = self.environments.worker(spec, limits, SilentProgress())
            self._worker.put("zoo", ZOO)
            self._worker.put("inside", HERE / "inside")
        return self._worker

    def names(self) -> list[str]:
        return list(self.worker().call("names", code=["zoo"]).result["names"])

    def run(self, names: list[str]) -> Iterator[Specimen]:
        """The specimens in turn; one that takes its process down is alone in that."""
        for start in range(0, len(names), CHUNK):
            yield from self.chunk(names[start : start + CHUNK])

    def chunk(self, names: list[str]) -> Iterator[Specimen]:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "out"
            try:
                said = self.call(names, target)
            except (AgentError, EnvironmentFailedError) as exc:
                if isinstance(exc, EnvironmentFailedError):
                    self.close()
                if len(names) == 1:
                    yield Specimen(name=names[0], failed=str(exc))
                    return
                half = len(names) // 2
                yield from self.chunk(names[:half])
                yield from self.chunk(names[half:])
                return
            with Bundle(target) as bundle:
                for name in names:
                    yield _specimen(name, said[name], bundle)

    def call(self, names: list[str], target: Path) -> dict[str, Any]:
        worker = self.worker()
        reply = worker.call(
            "call",
            code=["zoo", "inside"],
            function="mutants.run",
            names=names,
            out="out",
            **self.options,
        )
        worker.get("out", target)
        return dict(reply.result)


def _specimen(name: str, said: dict[str, Any], bundle: Any) -> Specimen:
    seconds = said.get("seconds", 0.0)
    if "absent" in said or "failed" in said:
        why = {key: said.get(key, "") for key in ("absent", "failed")}
        return Specimen(name=name, seconds=seconds, **why)
    documents = set(bundle.documents())
    expected = {"model": bundle.document(f"{name}/expected")}
    control = {"model": bundle.document(f"{name}/control")}
    rounding = {"model": bundle.document(f"{name}/rounding")}
    whole = parity.compare(expected, control, rounding=rounding)
    if not whole.ok:
        return Specimen(name=name, failed=f"without a mutation: {whole.summary}", seconds=seconds)
    mutants = []
    for number, one in enumerate(said["mutants"]):
        fate, text = one.pop("fate"), one.pop("text", "")
        if fate in ("crashed", "refused"):
            text, fate = f"{fate}: {text}", "caught"
        elif f"{name}/{number}" in documents:
            actual = _with(control["model"], bundle.document(f"{name}/{number}"))
            found = parity.compare(expected, {"model": actual}, rounding=rounding)
            text = found.summary
            if not found.ok:
                fate = "caught"
            elif fate == "answers":
                # what the probes show, and the comparison passes over
                fate = "excused"
        if fate == "oracle":
            asked = bundle.document(f"{name}/{number}/oracle")
            found = parity.compare(
                {"model": asked["expected"]},
                {"model": asked["actual"]},
                rounding={"model": asked["rounding"]},
            )
            fate, text = ("small" if found.ok else "missed"), found.summary
        mutants.append(Mutant(specimen=name, fate=fate, text=text[:300], **one))
    return Specimen(
        name=name,
        tag=said["class"],
        coverage=said["coverage"],
        seconds=seconds,
        synthesis=said["synthesis"],
        mutants=tuple(mutants),
    )


def _with(known: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """The answers of a mutant: those that it shares with the restored model are not sent."""
    methods = {**known["methods"], **changed["methods"]}
    methods = {name: answer for name, answer in methods.items() if "gone" not in answer}
    return {**known, "methods": methods}


# ------------------------------------------------------------------ tables
def count(mutants: Iterable[Mutant]) -> dict[str, int]:
    """Mutants by fate, and how many of the small ones a digest of arrays shows."""
    mutants = list(mutants)
    found = Counter(mutant.fate for mutant in mutants)
    digest = sum(m.array for m in mutants if m.fate in ("small", "missed", "excused"))
    return {
        **{fate: found[fate] for fate in FATES},
        "missed": found["missed"] + found["excused"],
        "excused": found["excused"],
        "digest": digest,
    }


def share(counts: dict[str, int]) -> str:
    """The share of those caught that an output shows at all."""
    visible = counts["caught"] + counts["missed"]
    return f"{100 * counts['caught'] / visible:.1f} %" if visible else "–"


def table(groups: dict[str, list[Mutant]], head: str) -> str:
    """A table in Markdown, a row for each group and one for all."""
    lines = [
        f"| {head} | mutants | no output changes | change within tolerance"
        " | caught | missed | share caught |",
        "|---|---|---|---|---|---|---|",
    ]
    everything = [mutant for group in groups.values() for mutant in group]
    for name, group in [*sorted(groups.items()), ("**all**", everything)]:
        counts = count(group)
        lines.append(
            f"| {name} | {len(group)} | {counts['equal']} | {counts['small']}"
            f" | {counts['caught']} | {counts['missed']} | {share(counts)} |"
        )
    return "\n".join(lines)


def by(mutants: Iterable[Mutant], field: str) -> dict[str, list[Mutant]]:
    groups: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        groups.setdefault(getattr(mutant, field), []).append(mutant)
    return groups


def package(specimens: Iterable[Specimen]) -> dict[str, list[Mutant]]:
    """Mutants by the package of the specimen's class."""
    groups: dict[str, list[Mutant]] = {}
    for specimen in specimens:
        parts = specimen.tag.split(".")
        groups.setdefault(".".join(parts[:2]), []).extend(specimen.mutants)
    return {name: group for name, group in groups.items() if group}


def report(release: str, specimens: list[Specimen]) -> str:
    """What is published of one release."""
    mutants = [mutant for specimen in specimens for mutant in specimen.mutants]
    counts = count(mutants)
    unseen = counts["small"] + counts["missed"]
    fitted = [specimen for specimen in specimens if specimen.mutants]
    lines = [
        f"scikit-learn {release}: {len(mutants)} mutants of {len(fitted)} specimens;"
        f" {sum(bool(s.absent) for s in specimens)} more cannot be made by this release.",
        f"Of {unseen} that the comparison of outputs does not show on the probes,"
        f" {counts['digest']} are in arrays, which a digest shows.",
        f"{counts['excused']} were excused by the comparison though the probes show them.",
        "",
        table(by(mutants, "operator"), "operator"),
        "",
        table(package(specimens), "package"),
    ]
    lines.extend(
        f"failed: {specimen.name}: {specimen.failed}" for specimen in specimens if specimen.failed
    )
    return "\n".join(lines) + "\n"


# ------------------------------------------------------------------ results that are kept
def _key(options: argparse.Namespace) -> str:
    sources = [path.read_text("utf-8") for path in sorted(HERE.rglob("*.py"))]
    settings = (str(options.mutants), str(options.rows), str(options.seed))
    return keys.digest(keys.made_by(ZOO), *sources, *settings)


def load(path: Path, key: str) -> dict[str, Specimen]:
    """The specimens of an earlier run that nothing has changed since."""
    if not path.is_file():
        return {}
    kept = json.loads(path.read_text("utf-8"))
    if kept["key"] != key:
        return {}
    found = {}
    for item in kept["specimens"]:
        item["mutants"] = tuple(Mutant(**one) for one in item["mutants"])
        found[item["name"]] = Specimen(**item)
    return found


def save(path: Path, key: str, release: str, specimens: Iterable[Specimen]) -> None:
    specimens = list(specimens)
    mutants = [mutant for specimen in specimens for mutant in specimen.mutants]
    kept = {
        "schema_version": 1,
        "key": key,
        "release": release,
        "counts": count(mutants),
        "specimens": [asdict(specimen) for specimen in specimens],
    }
    keys.write(path, json.dumps(kept, indent=1))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("releases", nargs="*", help="releases (default: the newest)")
    parser.add_argument("--match", default="", help="only specimens with such a name (regex)")
    parser.add_argument("--mutants", type=int, default=MUTANTS, help="of each specimen")
    parser.add_argument("--rows", type=int, default=4096, help="most rows of the probes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", default="auto", choices=("auto", "docker", "local"))
    parser.add_argument("--results", type=Path, default=Path("build/mutations"))
    parser.add_argument("--missed", action="store_true", help="list what was missed")
    options = parser.parse_args(arguments)
    environments = backend(options.backend, SilentProgress())
    key = _key(options)
    bad = 0
    for release in options.releases or [versions.line()[-1]]:
        path = options.results / f"{release}.json"
        kept = load(path, key)
        bench = Bench(
            release, environments, mutants=options.mutants, limit=options.rows, seed=options.seed
        )
        try:
            names = [name for name in bench.names() if re.search(options.match, name)]
            began = time.monotonic()
            # by chance, so that what an ended run leaves is a sample of the whole
            waiting = sorted((name for name in names if name not in kept), key=keys.digest)
            for number, specimen in enumerate(bench.run(waiting), 1):
                kept[specimen.name] = specimen
                if number % CHUNK == 0 or number == len(waiting):
                    save(path, key, release, kept.values())
                    seconds = time.monotonic() - began
                    sys.stderr.write(f"{release}: {number}/{len(waiting)}, {seconds:.0f} s\n")
        finally:
            bench.close()
        specimens = [kept[name] for name in names if name in kept]
        sys.stdout.write(report(release, specimens))
        bad += sum(bool(specimen.failed) for specimen in specimens)
        if options.missed:
            for mutant in (m for specimen in specimens for m in specimen.mutants):
                if mutant.fate in ("missed", "excused"):
                    sys.stdout.write(f"{json.dumps(asdict(mutant))}\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
