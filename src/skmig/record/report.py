"""The report of one migration for a terminal: the verdict first, then what it rests on."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from skmig.record.manifest import Manifest


def verdict_line(verdict: str, summary: str) -> Text:
    """One sentence that says yes or no; the colour repeats what the words say."""
    good = verdict in ("identical", "close")
    return Text(summary, style="bold green" if good else "bold red")


def render(manifest: Manifest) -> RenderableType:
    """The whole report."""
    parts: list[RenderableType] = [verdict_line(manifest.verdict, manifest.summary), Text()]
    parts.append(_facts(manifest))
    methods = manifest.parity.get("methods", [])
    if methods:
        parts += [Text(), _methods(methods)]
    for title, lines in (
        ("Losses (allowed)", manifest.losses),
        ("Changed by scikit-learn itself", manifest.changes),
        ("Not carried, and not read by any output", manifest.notes),
        ("Not proven", _unproven(manifest)),
    ):
        if lines:
            parts += [Text(), Text(title, style="bold")]
            parts += [Text(f"  {line}") for line in lines]
    return Group(*parts)


def _facts(manifest: Manifest) -> Table:
    table = Table.grid(padding=(0, 2))
    source, target = manifest.source_environment, manifest.target_environment
    table.add_row(
        "source", f"{manifest.source.name}, scikit-learn {_stack(source.release, source)}"
    )
    table.add_row(
        "result", f"{manifest.result.name}, scikit-learn {_stack(target.release, target)}"
    )
    table.add_row("environments", f"{source.backend}, {target.backend}")
    same, total = manifest.arrays
    table.add_row("state", f"{same} of {total} arrays carried bit for bit")
    table.add_row("rules", f"{len(manifest.rules)} applied")
    if manifest.naive:
        table.add_row("without skmig", manifest.naive)
    for path, coverage in manifest.coverage.items():
        table.add_row("probes", f"{path}: {coverage_line(coverage)}")
    return table


def _stack(release: str, environment: Any) -> str:
    return (
        f"{release} (Python {environment.python}, numpy {environment.packages.get('numpy', '?')})"
    )


def coverage_line(coverage: dict[str, Any]) -> str:
    """What the probes reached, in one line."""
    words = [f"{coverage.get('rows', 0)} rows"]
    for key, value in coverage.items():
        if key != "rows" and isinstance(value, list) and len(value) == 2:
            words.append(f"{value[0]} of {value[1]} {key}")
    return ", ".join(words)


def _methods(methods: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("method", "verdict"):
        table.add_column(name)
    for name in ("n", "max abs", "max rel", "max ULP", "labels"):
        table.add_column(name, justify="right")
    for method in methods:
        prefix = "" if method["path"] == "model" else f"{method['path']} "
        table.add_row(
            f"{prefix}{method['method']}",
            method["verdict"],
            str(method.get("n", "")),
            _number(method.get("max_abs")),
            _number(method.get("max_rel")),
            _number(method.get("max_ulp")),
            "" if not method.get("mismatched") else f"{method['mismatched']} differ",
        )
    return table


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.3g}"


def _unproven(manifest: Manifest) -> list[str]:
    return [
        f"{path}: {note}"
        for path, coverage in manifest.coverage.items()
        for note in coverage.get("notes", [])
    ]
