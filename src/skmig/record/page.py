"""The report of one migration as one HTML file that needs nothing else.

Every name in it may come from a stranger's model: the template escapes all of them, what cannot be
seen is shown by its number, and the page may load and run nothing.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
import re
import shlex
import unicodedata
from collections.abc import Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError
from markupsafe import Markup, escape

from skmig import versions
from skmig.errors import UnreadableError
from skmig.record import charts, findings
from skmig.record.bundle import Record, Sketches
from skmig.record.manifest import EnvironmentFact, Manifest

LARGEST = 300_000  # bytes of a page
# how many entries of a list are shown, how many characters of a text; the first that fits is taken,
# and the page says how much more the record has
LIMITS = ((150, 400), (60, 160), (24, 80), (8, 40))
FIGURES = 24
DOTS = 1000  # of one picture, whatever a record holds

MARKS = {  # of the verdict of a method; the words stand beside them
    "identical": "good",
    "close": "good",
    "tied": "fair",
    "error_equal": "fair",
    "gone": "fair",
    "changed": "fair",
    "different": "bad",
    "missing": "bad",
}


def of(record: Record) -> str:
    """The page of a record.  Raises UnreadableError where it does not say what a record says."""
    try:
        return page(record.manifest, record.sketches())
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
        TemplateError,
    ) as exc:
        raise UnreadableError(
            f"the record `{record.path.name}` does not say what a record says",
            causes=(f"{type(exc).__name__}: {exc}",),
            hint="migrate the original again",
        ) from exc


def page(manifest: Manifest, sketches: Sketches) -> str:
    """The page of a migration, of LARGEST bytes at most; the same for the same record."""
    figures = [
        _figure(item, where, found["methods"])
        for (where, found), part in zip(
            findings.comparisons(manifest), ("probes", "data"), strict=False
        )
        for item in sketches[part]
    ]
    figures.sort(key=lambda item: bool(item["same"]))
    several = sum(item["same"] for item in figures) > 2
    for item in figures:
        item["small"] = item["same"] and several
    for entries, characters in LIMITS:
        text = _page(manifest, figures, entries, characters)
        if len(text.encode()) <= LARGEST:
            break
    return text


def _page(
    manifest: Manifest, figures: Sequence[dict[str, Any]], entries: int, characters: int
) -> str:
    style = _text("page.css")
    kind, sentence = findings.answer(manifest)
    said = (
        ("Losses", "Allowed by --allow-loss.", manifest.losses),
        (
            "Another class that answers the same",
            "Allowed by --allow-substitution.",
            manifest.substitutions,
        ),
        (
            "Changed by scikit-learn itself",
            "The same state answers otherwise on the other side.",
            manifest.changes,
        ),
        ("Notes", "What touches no answer of the fitted model.", manifest.notes),
    )
    parts = findings.comparisons(manifest)
    words = _template(characters).render(
        few=max(entries // 5, 1),
        style=Markup(style),  # noqa: S704 - our own
        policy=policy(style),
        manifest=manifest,
        kind=kind,
        sentence=sentence,
        proven=findings.proven(manifest),
        unproven=_some(findings.unproven(manifest), entries),
        boundaries=_boundaries(manifest, entries),
        said=[(title, why, _some(lines, entries)) for title, why, lines in said if lines],
        summaries=[
            where + found["summary"]
            for where, found in parts
            if found["methods"] or len(parts) == 1
        ],
        comparisons=[
            (where.rstrip(": "), _some([_method(item) for item in found["methods"]], entries))
            for where, found in parts
        ],
        figures=_some(figures, min(entries, FIGURES)),
        coverage=_some([_coverage(*item) for item in manifest.coverage.items()], entries),
        packages=_packages(manifest.source_environment, manifest.target_environment, entries),
        quote=shlex.quote,
    )
    return str(words)


# ------------------------------------------------------------------ the template
@functools.cache
def _template(characters: int) -> Any:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: _cut(value, characters),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["whole"] = lambda value: f"{int(value):,}"
    environment.filters["number"] = lambda value: f"{float(value):.3g}"
    environment.filters["steps"] = lambda value: (
        f"{int(value):,}" if int(value) < 1_000_000 else f"{int(value):.3g}"
    )
    environment.filters["prose"] = lambda value: _prose(_cut(value, characters))
    environment.filters["name"] = lambda value: _name(_cut(value, characters))
    return environment.from_string(_text("page.html"))


def _text(name: str) -> str:
    return resources.files("skmig.record").joinpath(name).read_text("utf-8")


def policy(style: str) -> str:
    """Nothing is loaded, nothing runs, and only this very style sheet is obeyed."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _cut(value: Any, characters: int) -> Any:
    """What the template prints; our own markup as it is, a text visible and not too long."""
    if isinstance(value, Markup):
        return value
    text = visible(str(value)[: characters + 1])
    return text if len(text) <= characters else text[: characters - 1] + "…"


def visible(text: str) -> str:
    """A text in which characters that show nothing show their number.

    A name with a mark for another direction of writing could turn what stands around it.
    """
    if text.isprintable():
        return text
    return "".join(
        f"\\u{ord(c):04x}" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c
        for c in text
    )


def _prose(text: str) -> Markup:
    """Text in which no line ends within a number such as 5e-15."""
    found = re.sub(r"\d[\d.]*e-\d+", r'<span class="whole">\g<0></span>', str(escape(text)))
    return Markup(found)  # noqa: S704 - escaped


def _name(text: str) -> Markup:
    """A name in code, which may end a line after its dots and underscores."""
    return Markup(re.sub(r"[._]+(?=\w)", r"\g<0><wbr>", str(escape(text))))  # noqa: S704 - escaped


def _some(items: Sequence[Any], limit: int) -> dict[str, Any]:
    return {"items": items[:limit], "more": max(len(items) - limit, 0)}


# ------------------------------------------------------------------ parts
def _boundaries(manifest: Manifest, entries: int) -> dict[str, Any]:
    """What moved and which rules were applied, by boundary, in the order of travel."""
    found: dict[str, dict[str, Any]] = {}

    def entry(boundary: str) -> dict[str, Any]:
        return found.setdefault(boundary, {"name": boundary, "moves": [], "rules": []})

    names = _boundary_names(manifest)
    rules = [rule.partition(": ") for rule in manifest.rules]
    for since in dict.fromkeys(rule[0] for rule in rules):
        entry(names.get(since, since))  # those of moves follow: they are in this order too
    for move in manifest.moved[:entries]:
        entry(str(move["boundary"]))["moves"].append(
            {**move, "class": _class(move["tag"]), "to": _class(move["became"])}
        )
    for since, _colon, text in rules[: 2 * entries]:
        entry(names.get(since, since))["rules"].append(text)
    order = {name: number for number, name in enumerate(names.values())}
    items = sorted(found.values(), key=lambda item: order.get(item["name"], len(order)))
    return {
        "items": [item for item in items if item["moves"]],
        "quiet": [item for item in items if not item["moves"]],
        "more": max(len(manifest.moved) - entries, 0) + max(len(rules) - 2 * entries, 0),
    }


def _boundary_names(manifest: Manifest) -> dict[str, str]:
    """The boundaries that were crossed (`1.2.2 → 1.3.0`) by the newer release, in order."""
    line = list(versions.line())
    source, target = manifest.source_environment.release, manifest.target_environment.release
    if source not in line or target not in line:
        return {}
    if line.index(source) <= line.index(target):
        way = itertools.pairwise(line[line.index(source) : line.index(target) + 1])
        return {newer: f"{older} → {newer}" for older, newer in way}
    way = itertools.pairwise(reversed(line[line.index(target) : line.index(source) + 1]))
    return {newer: f"{newer} → {older}" for newer, older in way}


def _class(tag: str) -> str:
    return str(tag).rpartition(".")[2]


def _method(item: dict[str, Any]) -> dict[str, Any]:
    compared = bool(item["n"])
    return {
        **item,
        "mark": MARKS.get(item["verdict"], "bad"),
        "words": str(item["verdict"]).replace("_", " "),
        "compared": compared,
        "remarks": [text for text in (item["text"], *item["notes"]) if text],
    }


def _figure(
    sketch: dict[str, Any], where: str, methods: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    counts = [int(count) for count in sketch["ulps"][:65]]
    points = [(float(a), float(b)) for a, b in sketch["points"][:DOTS]]
    item = next(
        (
            item
            for item in methods
            if (item["path"], item["method"]) == (sketch["path"], sketch["method"])
        ),
        None,
    )
    name = _cut(sketch["method"], LIMITS[-1][1])
    return {
        "where": where.rstrip(": "),
        "path": sketch["path"],
        "method": sketch["method"],
        "size": sum(counts),
        "drawn": len(points),
        "not_finite": int(sketch["not_finite"]),
        "equal": counts[0] if counts else 0,
        "same": not any(counts[1:]),
        "worst": item,
        "scatter": charts.scatter(points, f"{name}: target over source") if points else "",
        "histogram": charts.histogram(counts, f"{name}: differences in ULPs"),
    }


def _coverage(path: str, coverage: dict[str, Any]) -> dict[str, Any]:
    return {
        "path": path,
        "rows": coverage.get("rows", 0),
        "shares": [
            {
                "what": what,
                "reached": reached,
                "total": total,
                "bar": charts.share(reached, total, f"{reached} of {total}"),
            }
            for what, (reached, total) in findings.shares(coverage)
        ],
        "notes": findings.notes(coverage),
    }


def _packages(source: EnvironmentFact, target: EnvironmentFact, entries: int) -> dict[str, Any]:
    """What differs between two environments, and what is the same in both."""
    names = sorted(source.packages.keys() | target.packages.keys())
    rows = [(name, source.packages.get(name, ""), target.packages.get(name, "")) for name in names]
    differing = [row for row in rows if row[1] != row[2]]
    same = [(name, version) for name, version, other in rows if version == other]
    return {"differing": _some(differing, entries), "same": _some(same, entries)}
