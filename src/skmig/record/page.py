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
from skmig.record.bundle import Record
from skmig.record.manifest import EnvironmentFact, Manifest

# of what is listed; the record has the rest, and the page says so
METHODS, MOVES, RULES, LINES, PACKAGES, WORDS = 150, 150, 300, 100, 200, 400

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


def page(manifest: Manifest, sketches: Sequence[dict[str, Any]]) -> str:
    """The page of a migration; the same for the same record."""
    style = _text("page.css")
    kind, sentence = findings.answer(manifest)
    words = _template().render(
        style=Markup(style),  # noqa: S704 - our own
        policy=_policy(style),
        manifest=manifest,
        kind=kind,
        sentence=sentence,
        proven=findings.proven(manifest),
        unproven=_some(findings.unproven(manifest), LINES),
        boundaries=_boundaries(manifest),
        said=[
            (title, explained, _some(lines, LINES))
            for title, explained, lines in (
                ("Losses", "Allowed by --allow-loss.", manifest.losses),
                (
                    "Another class that answers the same",
                    "Allowed by --allow-substitution.",
                    manifest.substitutions,
                ),
                (
                    "Changed by scikit-learn itself",
                    "The same state answers otherwise in the newer release.",
                    manifest.changes,
                ),
                ("Notes", "What touches no answer of the fitted model.", manifest.notes),
            )
            if lines
        ],
        methods=_some([_method(item) for item in manifest.parity["methods"]], METHODS),
        figures=sorted(
            (_figure(item, manifest) for item in sketches), key=lambda item: item["same"]
        ),
        coverage=_some([_coverage(*item) for item in manifest.coverage.items()], LINES),
        packages=_packages(manifest.source_environment, manifest.target_environment),
        quote=shlex.quote,
    )
    return str(words)


# ------------------------------------------------------------------ the template
@functools.cache
def _template() -> Any:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["whole"] = lambda value: f"{int(value):,}"
    environment.filters["number"] = lambda value: f"{float(value):.3g}"
    environment.filters["steps"] = lambda value: (
        f"{int(value):,}" if int(value) < 1_000_000 else f"{int(value):.3g}"
    )
    environment.filters["prose"] = _prose
    environment.filters["name"] = _name
    return environment.from_string(_text("page.html"))


def _text(name: str) -> str:
    return resources.files("skmig.record").joinpath(name).read_text("utf-8")


def _policy(style: str) -> str:
    """Nothing is loaded, nothing runs, and only this very style sheet is obeyed."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def visible(value: Any) -> Any:
    """What a template prints: text is cut, and characters that show nothing show their number.

    A name with a mark for another direction of writing could turn what stands around it.
    """
    if isinstance(value, Markup):
        return value
    text = str(value)
    if len(text) > WORDS:
        text = text[: WORDS - 1] + "…"
    return "".join(
        f"\\u{ord(c):04x}" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c
        for c in text
    )


def _prose(value: Any) -> Markup:
    """Text in which no line ends within a number such as 5e-15."""
    text = str(escape(visible(value)))
    return Markup(re.sub(r"\d[\d.]*e-\d+", r'<span class="whole">\g<0></span>', text))  # noqa: S704


def _name(value: Any) -> Markup:
    """A name in code, which may end a line after its dots and underscores."""
    text = str(escape(visible(value)))
    return Markup(re.sub(r"[._]+(?=\w)", r"\g<0><wbr>", text))  # noqa: S704 - escaped


def _some(items: Sequence[Any], limit: int) -> dict[str, Any]:
    return {"items": items[:limit], "more": max(len(items) - limit, 0)}


# ------------------------------------------------------------------ parts
def _boundaries(manifest: Manifest) -> dict[str, Any]:
    """What moved and which rules were applied, by boundary, in the order of travel."""
    found: dict[str, dict[str, Any]] = {}

    def entry(boundary: str) -> dict[str, Any]:
        return found.setdefault(boundary, {"name": boundary, "moves": [], "rules": []})

    names = _boundary_names(manifest)
    rules = [rule.partition(": ") for rule in manifest.rules]
    for since in dict.fromkeys(rule[0] for rule in rules):
        entry(names.get(since, since))  # those of moves follow: they are in this order too
    for move in manifest.moved[:MOVES]:
        entry(str(move["boundary"]))["moves"].append(
            {**move, "class": _class(move["tag"]), "to": _class(move["became"])}
        )
    for since, _colon, text in rules[:RULES]:
        entry(names.get(since, since))["rules"].append(text)
    order = {name: number for number, name in enumerate(names.values())}
    items = sorted(found.values(), key=lambda item: order.get(item["name"], len(order)))
    return {
        "items": [item for item in items if item["moves"]],
        "quiet": [item for item in items if not item["moves"]],
        "more": max(len(manifest.moved) - MOVES, 0) + max(len(rules) - RULES, 0),
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


def _figure(sketch: dict[str, Any], manifest: Manifest) -> dict[str, Any]:
    counts = [int(count) for count in sketch["ulps"]]
    points = [(float(a), float(b)) for a, b in sketch["points"]]
    item = next(
        (
            item
            for item in manifest.parity["methods"]
            if (item["path"], item["method"]) == (sketch["path"], sketch["method"])
        ),
        None,
    )
    name = visible(sketch["method"])
    return {
        "path": sketch["path"],
        "method": sketch["method"],
        "size": sum(counts),
        "drawn": len(points),
        "not_finite": int(sketch["not_finite"]),
        "equal": counts[0] if counts else 0,
        "same": not any(counts[1:]),
        "worst": item,
        "scatter": charts.scatter(points, f"{name}: target over source"),
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


def _packages(source: EnvironmentFact, target: EnvironmentFact) -> dict[str, Any]:
    """What differs between two environments, and what is the same in both."""
    names = sorted(source.packages.keys() | target.packages.keys())
    rows = [(name, source.packages.get(name, ""), target.packages.get(name, "")) for name in names]
    differing = [row for row in rows if row[1] != row[2]]
    same = [(name, version) for name, version, other in rows if version == other]
    return {"differing": _some(differing, PACKAGES), "same": _some(same, PACKAGES)}
