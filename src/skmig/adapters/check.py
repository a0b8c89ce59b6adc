"""Finds what no rule explains: `python -m skmig.adapters.check [RELEASE…]`.

The censuses of two adjacent releases are compared specimen by specimen, so that a difference is
one of the releases and not of what could be fitted in them.  Constructor parameters are derived
from the census and need no rule.
"""

from __future__ import annotations

import functools
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from skmig import versions
from skmig.adapters.ops import RuleSet
from skmig.adapters.rules import LINE

BORN, GONE = "class added", "class removed"
ADDED, REMOVED, RETYPED = "attribute added", "attribute removed", "attribute retyped"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What changed in a class from one release to the next.

    `old` and `new` are the types of the attribute `name`; `specimens` are where it was seen.
    `internal`: users neither construct the class nor meet it; it is compiled or private.
    """

    tag: str
    kind: str
    name: str = ""
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    specimens: tuple[str, ...] = ()
    internal: bool = False

    def __str__(self) -> str:
        if not self.name:
            return f"{self.kind}: {self.tag}"
        types = f"{'|'.join(self.old) or '-'} -> {'|'.join(self.new) or '-'}"
        where = ", ".join(self.specimens[:2]) + (", …" if len(self.specimens) > 2 else "")
        return f"{self.tag}  {self.kind} `{self.name}`  {types}  [{len(self.specimens)}: {where}]"


@dataclass(frozen=True)
class Seen:
    """The census of one release, by specimen: `types[tag][name][specimen]` is a set of types."""

    specimens: frozenset[str]
    classes: Mapping[str, Any]
    holders: Mapping[str, frozenset[str]]
    types: Mapping[str, Mapping[str, Mapping[str, frozenset[str]]]]


@functools.cache
def seen(release: str) -> Seen:
    """Read a census whole.  (`skmig.adapters.census` reads what a migration needs.)"""
    path = versions.release(release).folder / "census.json"
    document = json.loads(path.read_text("utf-8"))
    names = document["specimens"]
    holders, types = {}, {}
    for tag, entry in document["classes"].items():
        if "seen" in entry:
            holders[tag] = frozenset(names[number] for number in numbers(entry["seen"]))
            types[tag] = _types(entry, names, holders[tag])
    return Seen(frozenset(names), document["classes"], holders, types)


def _types(
    entry: Mapping[str, Any], names: list[str], everywhere: frozenset[str]
) -> dict[str, dict[str, frozenset[str]]]:
    result: dict[str, dict[str, frozenset[str]]] = {}
    for name, kinds in entry["attributes"].items():
        found: dict[str, set[str]] = defaultdict(set)
        some = entry["only"].get(name, {})
        for kind in kinds:
            where = (names[n] for n in numbers(some[kind])) if kind in some else everywhere
            for specimen in where:
                found[specimen].add(kind)
        result[name] = {specimen: frozenset(types) for specimen, types in found.items()}
    return result


def numbers(ranges: str) -> Iterable[int]:
    """The numbers of `0-3,7`."""
    for part in ranges.split(",") if ranges else ():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def differences(older: str, newer: str) -> list[Difference]:
    """Everything that differs between two censuses, apart from constructor parameters."""
    return compare(seen(older), seen(newer))


def compare(old: Seen, new: Seen) -> list[Difference]:
    """`differences` of two censuses that were read."""
    common = old.specimens & new.specimens
    result = [
        Difference(tag=tag, kind=kind, internal=_is_internal(tag, here))
        for here, there, kind in ((new, old, BORN), (old, new, GONE))
        for tag in here.classes.keys() - there.classes.keys()
        # what was met inside a specimen that only one side can fit says nothing of the other
        if here.classes[tag]["parameters"] is not None or here.holders[tag] & common
    ]
    for tag in old.types.keys() & new.types.keys():
        shared = common & old.holders[tag] & new.holders[tag]
        for name in old.types[tag].keys() | new.types[tag].keys():
            result.extend(_attribute(tag, name, old, new, shared))
    return sorted(result, key=lambda item: (item.tag, item.name, item.kind, item.old, item.new))


def _is_internal(tag: str, census: Seen) -> bool:
    return census.classes[tag]["parameters"] is None or tag.rpartition(".")[2].startswith("_")


def _attribute(
    tag: str, name: str, old: Seen, new: Seen, shared: frozenset[str]
) -> Iterable[Difference]:
    """The differences of one attribute, one for each pair of types."""
    before, after = old.types[tag].get(name, {}), new.types[tag].get(name, {})
    groups: dict[tuple[frozenset[str], frozenset[str]], list[str]] = defaultdict(list)
    for specimen in sorted(shared):
        pair = (before.get(specimen, frozenset()), after.get(specimen, frozenset()))
        if pair[0] != pair[1] and not _only_precision(specimen, *pair):
            groups[pair].append(specimen)
    for (here, there), specimens in groups.items():
        yield Difference(
            tag=tag,
            kind=RETYPED if here and there else REMOVED if here else ADDED,
            name=name,
            old=tuple(sorted(here)),
            new=tuple(sorted(there)),
            specimens=tuple(specimens),
        )


def _only_precision(specimen: str, here: frozenset[str], there: frozenset[str]) -> bool:
    """Is the width of floats all that differs, in a specimen made for it?

    Which estimators keep the precision of float32 input changed over the years.  A state of the
    other precision is as good, so that no rule has to say when it was.
    """
    label = specimen.partition("@")[2]
    return label in ("float32", "dtype") and _widened(here) == _widened(there)


def _widened(types: frozenset[str]) -> set[str]:
    return {kind.replace("f4", "f8").replace("float32", "float64") for kind in types}


def unexplained(older: str, newer: str) -> list[Difference]:
    """The differences that no operation of the newer release's rules speaks for."""
    rules = next((rules for rules in LINE if rules.since == newer), None)
    return [item for item in differences(older, newer) if not explained(item, rules)]


def explained(difference: Difference, rules: RuleSet | None) -> bool:
    """Does an operation speak for it?  For a class added or removed, any that names the class."""
    ops = rules.of_class.get(difference.tag, []) if rules is not None else []
    if not difference.name:
        # an object of an internal class stands in an attribute, and that has its own operation
        return bool(ops) or difference.internal
    return any(difference.name in op.explains() for op in ops)


def adjacent(newer: str) -> str:
    """The release before `newer` on the line."""
    place = versions.position(newer)
    if place == 0:
        raise ValueError(f"`{newer}` is the oldest release")
    return versions.line()[place - 1]


def main(releases: list[str]) -> int:
    """Print the unexplained differences of `releases` (all without one); 1 if there are any."""
    count = 0
    for newer in releases or versions.line()[1:]:
        found = unexplained(adjacent(newer), newer)
        count += len(found)
        if found:
            sys.stdout.write(f"{adjacent(newer)} -> {newer}: {len(found)} unexplained\n")
            sys.stdout.writelines(f"  {item}\n" for item in found)
    sys.stdout.write(f"{count} unexplained in all\n")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
