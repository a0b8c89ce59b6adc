"""What is supported from where to where, answered from a table of results and the censuses."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from skmig import versions
from skmig.adapters import census
from skmig.errors import UnsupportedError
from skmig.matrix.engine import Fate
from skmig.matrix.pairs import Pair
from skmig.matrix.table import Outcome, Table, summed


@dataclass(frozen=True, kw_only=True)
class Known:
    """A class, the releases that have it (by the censuses), and what was seen of it."""

    tag: str
    releases: tuple[str, ...]
    outcomes: dict[Pair, Outcome]

    @property
    def name(self) -> str:
        return self.tag.rpartition(".")[2]

    @property
    def family(self) -> str:
        return self.tag.split(".")[1] if self.tag.startswith("sklearn.") else "other"

    @property
    def total(self) -> Outcome:
        return summed(self.outcomes.values())

    @property
    def shared(self) -> Outcome:
        """Of the pairs in which both releases have the class."""
        return summed(
            outcome for pair, outcome in self.outcomes.items() if pair[1] in self.releases
        )


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why something is not carried over: the words, the pairs and configurations they hold for."""

    text: str
    pairs: tuple[Pair, ...]
    configurations: tuple[str, ...]

    @property
    def where(self) -> str:
        """The pairs in a few words: `from 1.3.2 or later to 1.2.2 or earlier`."""
        return "; ".join(
            _span([pair for pair in self.pairs if _is_up(pair) is up], up)
            for up in (True, False)
            if any(_is_up(pair) is up for pair in self.pairs)
        )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is known of one class between the releases that were asked about.

    `stand_in`: the pair that was measured, where the very pair that was asked for was not.
    """

    known: Known
    source: str | None
    target: str | None
    reasons: tuple[Reason, ...]
    stand_in: Pair | None = None
    impossible: str = ""

    @property
    def verdict(self) -> str:
        """One sentence."""
        total = self.known.total
        if self.impossible:
            return self.impossible
        if not total.total:
            return "not measured yet"
        if total.bad:
            return f"{total.bad} of {total.total} configurations fail: a defect of skmig"
        if total.carried == total.total:
            return "supported: every configuration keeps its outputs"
        if total[Fate.REFUSED] + total[Fate.CHANGED] == total.total:
            return "not supported: every configuration is refused or changed by scikit-learn itself"
        return "supported with exceptions, which are refused or reported, with the reason"

    def as_json(self) -> dict[str, Any]:
        return {
            "class": self.known.tag,
            "releases": list(self.known.releases),
            "from": self.source,
            "to": self.target,
            "measured": [list(pair) for pair in self.known.outcomes],
            "stand_in": None if self.stand_in is None else list(self.stand_in),
            "verdict": self.verdict,
            "counts": self.known.total.as_json(),
            "reasons": [
                {
                    "text": reason.text,
                    "where": reason.where,
                    "pairs": [list(pair) for pair in reason.pairs],
                    "configurations": list(reason.configurations),
                }
                for reason in self.reasons
            ],
        }


def classes(table: Table, source: str | None = None, target: str | None = None) -> list[Known]:
    """All classes of the table, by family and name; only the pairs between the given releases."""
    found = [
        Known(tag=tag, releases=_releases(tag), outcomes=_between(outcomes, source, target))
        for tag, outcomes in table.classes.items()
    ]
    return sorted(found, key=lambda item: (item.family, item.name))


def answer(table: Table, name: str, source: str | None = None, target: str | None = None) -> Answer:
    """What the table knows of the class `name`: `SVC`, or its public path `sklearn.svm.SVC`.

    Raises UnsupportedError for a class that no release has, with the names that are near.
    """
    tag = _find(table, name)
    releases = _releases(tag)
    source, target = (
        None if end is None else versions.release(end).version for end in (source, target)
    )
    outcomes = _between(table.classes.get(tag, {}), source, target)
    stand_in = None
    if source and target and not outcomes:
        stand_in = _nearest(table.classes.get(tag, {}), source, target)
        outcomes = {stand_in: table.classes[tag][stand_in]} if stand_in else {}
    return Answer(
        known=Known(tag=tag, releases=releases, outcomes=outcomes),
        source=source,
        target=target,
        reasons=_reasons(outcomes),
        stand_in=stand_in,
        impossible=_impossible(tag, releases, source),
    )


def _impossible(tag: str, releases: tuple[str, ...], source: str | None) -> str:
    """Why there is no such model; a target without the class may have a successor."""
    if source is not None and releases and source not in releases:
        return f"scikit-learn {source} has no `{tag}`: it has been in {_extent(releases)}"
    return ""


def _extent(releases: tuple[str, ...]) -> str:
    return f"{releases[0]} to {releases[-1]}"


def _releases(tag: str) -> tuple[str, ...]:
    return tuple(name for name in versions.line() if tag in census.classes(name))


def _find(table: Table, name: str) -> str:
    """The public tag of a class that the table or any census has."""
    tags = dict.fromkeys(table.classes)
    for release in reversed(versions.line()):
        for tag, entry in census.classes(release).items():
            if entry.get("parameters") is not None:
                tags.setdefault(tag)
    wanted = name.strip()
    short = wanted.rpartition(".")[2].lower()
    exact = [tag for tag in tags if wanted in (tag, tag.rpartition(".")[2])]
    alike = exact or [tag for tag in tags if tag.rpartition(".")[2].lower() == short]
    if alike:
        return alike[0]  # of two with one name, the one that was measured, or the newer
    names = sorted({tag.rpartition(".")[2] for tag in tags})
    lower = {item.lower(): item for item in names}
    near = [lower[item] for item in difflib.get_close_matches(short, list(lower), 5, 0.6)]
    hint = f"did you mean {', '.join(f'`{item}`' for item in near)}?" if near else ""
    raise UnsupportedError(
        f"no release of scikit-learn has an estimator `{name}`",
        hint=hint or "run `skmig support` for the table of all classes",
    )


def _between(
    outcomes: dict[Pair, Outcome], source: str | None, target: str | None
) -> dict[Pair, Outcome]:
    source, target = (
        None if end is None else versions.release(end).version for end in (source, target)
    )
    return {
        pair: outcome
        for pair, outcome in outcomes.items()
        if source in (None, pair[0]) and target in (None, pair[1])
    }


def _nearest(outcomes: dict[Pair, Outcome], source: str, target: str) -> Pair | None:
    """The measured pair, of the same direction, whose releases are nearest to those asked for."""
    ends = versions.position(source), versions.position(target)
    found: dict[Pair, int] = {}
    for pair in outcomes:
        places = versions.position(pair[0]), versions.position(pair[1])
        if (places[0] < places[1]) == (ends[0] < ends[1]):
            found[pair] = abs(places[0] - ends[0]) + abs(places[1] - ends[1])
    return min(found, key=found.__getitem__) if found else None


def _reasons(outcomes: dict[Pair, Outcome]) -> tuple[Reason, ...]:
    """What was said, with all the pairs it was said for; the most frequent first."""
    pairs: dict[str, list[Pair]] = {}
    labels: dict[str, set[str]] = {}
    for pair, outcome in outcomes.items():
        for text, configurations in outcome.reasons:
            pairs.setdefault(text, []).append(pair)
            labels.setdefault(text, set()).update(configurations)
    found = [
        Reason(text=text, pairs=tuple(where), configurations=tuple(sorted(labels[text])))
        for text, where in pairs.items()
    ]
    return tuple(sorted(found, key=lambda reason: (-len(reason.pairs), reason.text)))


def _is_up(pair: Pair) -> bool:
    return versions.position(pair[0]) < versions.position(pair[1])


def _span(pairs: Iterable[Pair], up: bool) -> str:
    """The extent of pairs that all go one way: the latest start and the earliest end, going up."""
    listed = list(pairs)
    if len(listed) == 1:
        return f"from {listed[0][0]} to {listed[0][1]}"
    starts = sorted((pair[0] for pair in listed), key=versions.position, reverse=up)
    ends = sorted((pair[1] for pair in listed), key=versions.position, reverse=not up)
    words = ("or earlier", "or later") if up else ("or later", "or earlier")
    return f"from {starts[0]} {words[0]} to {ends[0]} {words[1]}"
