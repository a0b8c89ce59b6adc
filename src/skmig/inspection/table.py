"""What scikit-learn's modules define, release by release: `sklearn_names.json` and who makes it.

Two questions are answered from it: is a global in a pickle really scikit-learn's own class or
function (and not, say, a module that `sklearn.base` happens to import), and which releases can
have written a file that names it.

To take it again: run `python -m skmig.agent.survey > RELEASE.json` in every environment, then
`python -m skmig.inspection.table RELEASE.json...`.
"""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import Any, Literal

from skmig import versions

PATH = Path(__file__).with_name("sklearn_names.json")
Kind = Literal["class", "function"]


@functools.cache
def _modules() -> dict[str, dict[str, dict[str, str]]]:
    modules: dict[str, dict[str, dict[str, str]]] = json.loads(PATH.read_text("utf-8"))["modules"]
    return modules


@functools.cache
def _index(module: str) -> dict[str, tuple[Kind, str]]:
    """Name -> what it is, and the releases that have it."""
    entry = _modules().get(module, {"classes": {}, "functions": {}})
    kinds: tuple[tuple[Kind, str], ...] = (("function", "functions"), ("class", "classes"))
    return {
        name: (kind, spans)
        for kind, plural in kinds
        for spans, names in entry[plural].items()
        for name in names.split()
    }


def kind_of(module: str, name: str) -> Kind | None:
    """What scikit-learn has under this name, in any release; None if it has nothing."""
    found = _index(module).get(name)
    return None if found is None else found[0]


def releases_with(module: str, name: str) -> frozenset[str]:
    """The releases that define `name` in `module`."""
    found = _index(module).get(name)
    return frozenset() if found is None else _expand(found[1])


@functools.cache
def _expand(spans: str) -> frozenset[str]:
    line = versions.line()
    found: set[str] = set()
    for span in spans.split():
        first, _, last = span.partition("..")
        found.update(line[line.index(first) : line.index(last or first) + 1])
    return frozenset(found)


def merge(listings: list[dict[str, Any]]) -> dict[str, Any]:
    """One table from the listings of `skmig.agent.survey`, names grouped by their releases."""
    line = versions.line()
    where: dict[tuple[str, str, str], set[int]] = {}
    for listing in listings:
        place = versions.position(listing["release"])
        for module, entry in listing["modules"].items():
            for kind in ("classes", "functions"):
                for name in entry[kind]:
                    where.setdefault((module, kind, name), set()).add(place)
    modules: dict[str, dict[str, dict[str, list[str]]]] = {}
    for (module, kind, name), places in sorted(where.items()):
        groups = modules.setdefault(module, {"classes": {}, "functions": {}})[kind]
        groups.setdefault(_runs(places, line), []).append(name)
    return {
        "GENERATED": "python -m skmig.inspection.table RELEASE.json...",
        "modules": {
            module: {
                kind: {spans: " ".join(names) for spans, names in groups.items()}
                for kind, groups in kinds.items()
            }
            for module, kinds in modules.items()
        },
    }


def _runs(places: set[int], line: tuple[str, ...]) -> str:
    spans: list[list[int]] = []
    for place in sorted(places):
        if spans and spans[-1][1] == place - 1:
            spans[-1][1] = place
        else:
            spans.append([place, place])
    return " ".join(
        line[first] if first == last else f"{line[first]}..{line[last]}" for first, last in spans
    )


if __name__ == "__main__":
    merged = merge([json.loads(Path(name).read_text("utf-8")) for name in sys.argv[1:]])
    PATH.write_text(json.dumps(merged, indent=0) + "\n", "utf-8")
