"""The table of results: small enough to be committed and shipped, and what is read from it.

One JSON document.  `pairs` are `[source, target]`; `classes` maps each class to one number a pair:
the place in `outcomes` (0: the class has no specimen there).  An outcome is the counts of the six
fates, and, where something was not carried over, `[reason, configurations]` by place in `reasons`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skmig import versions
from skmig.adapters import census
from skmig.errors import UnreadableError
from skmig.matrix.engine import Cell, Fate
from skmig.matrix.pairs import Pair
from skmig.matrix.store import Result

SCHEMA = 1
FATES = tuple(Fate)
_CARRIED = (Fate.IDENTICAL, Fate.CLOSE)
BAD = (Fate.DIFFERENT, Fate.CRASHED)
_REASON = 300  # characters of a reason; a comparison that failed can say much more
# of a documented change the table says what it is, not by how much this model's answers moved
_NUMBERS = re.compile(r" \(\d+ of \d+ values differ[^()]*\)")


@dataclass(frozen=True)
class Outcome:
    """What became of the specimens of one class between two releases.

    `reasons`: what was said where something was not carried over, with the configurations.
    """

    counts: tuple[int, ...] = (0,) * len(FATES)
    reasons: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __getitem__(self, fate: Fate) -> int:
        return self.counts[FATES.index(fate)]

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def carried(self) -> int:
        """Identical or close."""
        return sum(self[fate] for fate in _CARRIED)

    @property
    def bad(self) -> int:
        """Different or crashed: a defect."""
        return sum(self[fate] for fate in BAD)

    def as_json(self) -> dict[str, int]:
        return {fate.value: self[fate] for fate in FATES}


@dataclass(frozen=True)
class Table:
    """All results: by class and pair, the outcome.

    `command` made it, of `asked` pairs; `unlike` counts the models of each pair that have not all
    attributes that a native one has.
    """

    pairs: tuple[Pair, ...]
    classes: dict[str, dict[Pair, Outcome]]
    command: str = ""
    asked: int = 0
    match: str = ""
    unlike: dict[Pair, int] = field(default_factory=dict)

    def of(self, pair: Pair) -> Outcome:
        """The counts of one pair over all classes."""
        return summed(found[pair] for found in self.classes.values() if pair in found)

    def total(self) -> Outcome:
        """The counts of everything."""
        return summed(self.of(pair) for pair in self.pairs)

    def failures(self) -> Iterator[tuple[str, Pair, str, tuple[str, ...]]]:
        """What is different or crashed: class, pair, text, configurations."""
        for tag, found in self.classes.items():
            for pair, outcome in found.items():
                for text, labels in outcome.reasons:
                    if text.startswith(tuple(f"{fate.value}: " for fate in BAD)):
                        yield tag, pair, text, labels


def summed(outcomes: Iterable[Outcome]) -> Outcome:
    """The counts of several outcomes; reasons are left out."""
    rows = [outcome.counts for outcome in outcomes]
    return Outcome(tuple(map(sum, zip(*rows, strict=True))) if rows else Outcome().counts)


def collect(results: Iterable[Result], *, command: str, asked: int, match: str = "") -> Table:
    """The table of some pairs' results."""
    classes: dict[str, dict[Pair, Outcome]] = {}
    unlike: dict[Pair, int] = {}
    pairs: list[Pair] = []
    for result in sorted(results, key=_place):
        pair = (result.source, result.target)
        pairs.append(pair)
        unlike[pair] = sum(bool(cell.unlike) for cell in result.cells)
        tags = _tags(result.source)
        groups: dict[str, list[Cell]] = {}
        for cell in result.cells:
            name = cell.specimen.partition("@")[0]
            groups.setdefault(tags.get(name, name), []).append(cell)
        for tag, cells in groups.items():
            classes.setdefault(tag, {})[pair] = _outcome(cells)
    return Table(
        pairs=tuple(pairs),
        classes=dict(sorted(classes.items())),
        command=command,
        asked=asked,
        match=match,
        unlike=unlike,
    )


def _place(result: Result) -> tuple[int, int]:
    return versions.position(result.source), versions.position(result.target)


def _tags(release: str) -> dict[str, str]:
    """Class name -> public tag, of the estimators that a release has."""
    return {
        tag.rpartition(".")[2]: tag
        for tag, entry in census.classes(release).items()
        if entry.get("parameters") is not None
    }


def _outcome(cells: Sequence[Cell]) -> Outcome:
    counts = Counter(cell.fate for cell in cells)
    said: dict[str, list[str]] = {}
    for cell in cells:
        if cell.fate not in _CARRIED:
            text = cell.text if cell.fate in BAD else _NUMBERS.sub("", cell.text)
            prefix = "" if cell.fate is Fate.REFUSED else f"{cell.fate.value}: "
            said.setdefault(prefix + text, []).append(cell.specimen.partition("@")[2])
    return Outcome(
        tuple(counts[fate] for fate in FATES),
        tuple((_cut(text), tuple(sorted(labels))) for text, labels in sorted(said.items())),
    )


def _cut(text: str) -> str:
    return text if len(text) <= _REASON else text[: _REASON - 1] + "…"


# ------------------------------------------------------------------ as a file
def text(table: Table) -> str:
    """The document, one line for each part and each class."""
    outcomes: dict[Outcome, int] = {Outcome(): 0}
    classes = {
        tag: [
            outcomes.setdefault(found.get(pair, Outcome()), len(outcomes)) for pair in table.pairs
        ]
        for tag, found in table.classes.items()
    }
    reasons: dict[str, int] = {}
    rows = [
        [
            list(outcome.counts),
            *(
                [reasons.setdefault(reason, len(reasons)), " ".join(labels)]
                for reason, labels in outcome.reasons
            ),
        ]
        for outcome in outcomes
    ]
    head = {
        "GENERATED": table.command,
        "schema_version": SCHEMA,
        "asked": table.asked,
        "match": table.match,
        "fates": [fate.value for fate in FATES],
        "pairs": table.pairs,
        "unlike": [table.unlike.get(pair, 0) for pair in table.pairs],
    }
    lines = [f"{_compact(name)}:{_compact(value)}" for name, value in head.items()]
    for name, items in (("reasons", list(reasons)), ("outcomes", rows)):
        lines.append(f'"{name}":[\n' + ",\n".join(map(_compact, items)) + "]")
    entries = [f"{_compact(tag)}:{_compact(row)}" for tag, row in classes.items()]
    lines.append('"classes":{\n' + ",\n".join(entries) + "}")
    return "{" + ",\n".join(lines) + "}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def read(path: Path) -> Table:
    """The table of a file.  Raises UnreadableError."""
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["schema_version"] != SCHEMA or document["fates"] != [f.value for f in FATES]:
            raise ValueError("it was written by another version of skmig")
        pairs: list[Pair] = [(source, target) for source, target in document["pairs"]]
        outcomes = [_parsed(row, document["reasons"]) for row in document["outcomes"]]
        classes = {
            tag: {pair: outcomes[number] for pair, number in zip(pairs, row, strict=True) if number}
            for tag, row in document["classes"].items()
        }
        return Table(
            pairs=tuple(pairs),
            classes=classes,
            command=document["GENERATED"],
            asked=document["asked"],
            match=document["match"],
            unlike=dict(zip(pairs, document["unlike"], strict=True)),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise UnreadableError(
            f"`{path}` is not a table of the matrix: {error}",
            hint="make it again with `skmig matrix`",
        ) from error


def _parsed(row: list[Any], reasons: list[str]) -> Outcome:
    counts, *said = row
    return Outcome(
        tuple(counts), tuple((reasons[number], tuple(labels.split())) for number, labels in said)
    )


def committed() -> Path:
    """The committed results: inside an installed package, or in a checkout's `docs/matrix`."""
    here = Path(__file__).resolve().parent
    for candidate in (here / "results.json", here.parents[2] / "docs" / "matrix" / "results.json"):
        if candidate.is_file():
            return candidate
    raise UnreadableError(
        "there are no committed results of the matrix", hint="make some with `skmig matrix`"
    )


def shares(outcome: Outcome) -> Iterator[tuple[str, int, float]]:
    """Fate, count and share of the whole, for a summary."""
    for fate in FATES:
        yield fate.value, outcome[fate], outcome[fate] / outcome.total if outcome.total else 0.0
