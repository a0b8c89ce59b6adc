"""The report of one migration for a terminal: the verdict first, then what it rests on."""

from __future__ import annotations

from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from skmig.record import findings
from skmig.record.manifest import EnvironmentFact, Manifest

LINES = 40  # of one list; the record has the rest

_PLACES = 4  # places of one kind that the report names; the record has them all


def verdict_line(manifest: Manifest) -> Text:
    """One sentence that says yes or no; the colour repeats what the words say."""
    good = findings.answer(manifest)[0] == "yes"
    return Text(manifest.summary, style="bold green" if good else "bold yellow")


def render(manifest: Manifest) -> RenderableType:
    """The whole report."""
    parts: list[RenderableType] = [verdict_line(manifest), Text(), _facts(manifest)]
    methods = manifest.parity.get("methods", [])
    if methods:
        parts += [Text(), _Methods(methods)]
    if manifest.data is not None:
        parts += [Text(), Text(f"On {manifest.data['words']}", style="bold")]
        parts.append(_Methods(manifest.data["parity"]["methods"]))
    for title, lines in (
        ("What moved", findings.moved(manifest)),
        ("Losses (allowed)", manifest.losses),
        ("Another class that answers the same (allowed)", manifest.substitutions),
        ("Changed by scikit-learn itself", manifest.changes),
        ("Notes", [*manifest.notes, *_noted(manifest)]),
        ("Not proven", findings.unproven(manifest)),
    ):
        if lines:
            parts += [Text(), Text(title, style="bold")]
            parts += [Text(f"  {line}") for line in lines[:LINES]]
            if len(lines) > LINES:
                parts.append(Text(f"  {len(lines) - LINES} more: --json shows all"))
    return Group(*parts)


def _facts(manifest: Manifest) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    source, target = manifest.source_environment, manifest.target_environment
    rows = [
        ("source", f"{manifest.source.name}, scikit-learn {_stack(source)}"),
        ("result", f"{manifest.result.name}, scikit-learn {_stack(target)}"),
        ("environments", f"{source.backend}, {target.backend}"),
        ("state", state_line(manifest.state)),
        ("rules", f"{len(manifest.rules)} applied"),
    ]
    if manifest.naive:
        rows.append(("without skmig", manifest.naive["sentence"]))
    for path, coverage in manifest.coverage.items():
        rows.append(("probes", f"{path}: {findings.coverage_line(coverage)}"))
    for name, text in rows:
        table.add_row(name, Text(text))
    return table


def _stack(fact: EnvironmentFact) -> str:
    return f"{fact.release} (Python {fact.python}, numpy {fact.packages.get('numpy', '?')})"


def methods_table(methods: list[dict[str, Any]]) -> RenderableType:
    """What was compared, method by method."""
    return _Methods(methods)


def state_line(state: dict[str, Any]) -> str:
    """What of the state is the source's own, and what became of the rest."""
    if state["unknown"]:
        return f"not measured: {state['unknown']}"
    words = [
        f"{state['carried']} of {state['arrays']} arrays of the result are bit for bit the source's"
    ]
    for name, what in (
        ("rewritten", "made by a rule"),
        ("derived", "computed by the target itself"),
        ("left", "not in the result"),
        ("others", f"of {state['values']} other values set by the target"),
    ):
        if state[name]:
            count = sum(item["count"] for item in state[name])
            places = ", ".join(_place(item) for item in state[name][:_PLACES])
            more = ", …" if len(state[name]) > _PLACES else ""
            words.append(f"{count} {what} ({places}{more})")
    return "; ".join(words)


def _place(item: dict[str, Any]) -> str:
    more = f" and {item['count'] - 1} more like it" if item["count"] > 1 else ""
    by = f", {item['by']}" if item["by"] else ""
    return f"{item['path']}{more}{by}"


def coverage_line(coverage: dict[str, Any]) -> str:
    """What the probes reached, in one line."""
    words = [f"{coverage.get('rows', 0)} rows"]
    for key, value in coverage.items():
        if key != "rows" and isinstance(value, list) and len(value) == 2:
            words.append(f"{value[0]} of {value[1]} {key}")
    return ", ".join(words)


class _Methods:
    """One row for each method; one paragraph for each where the terminal is too narrow for rows."""

    columns = ("method", "verdict", "n", "max abs", "max rel", "max ULP", "labels")

    def __init__(self, methods: list[dict[str, Any]]) -> None:
        self.rows = [_cells(method) for method in methods]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for i, name in enumerate(self.columns):
            table.add_column(name, justify="left" if i < 2 else "right", no_wrap=True)
        for row in self.rows:
            table.add_row(*map(Text, row))
        needed = Measurement.get(console, options.update(width=1000), table).maximum
        if needed <= options.max_width:
            yield table
            return
        for method, verdict, *numbers in self.rows:
            said = [
                f"{name} {value}"
                for name, value in zip(self.columns[2:], numbers, strict=True)
                if value not in ("", "0")
            ]
            yield Text(f"{method}: {', '.join((verdict, *said))}")


def _cells(method: dict[str, Any]) -> tuple[str, ...]:
    prefix = "" if method["path"] == "model" else f"{method['path']} "
    differing = method["mismatched_labels"]
    return (
        f"{prefix}{method['method']}",
        method["verdict"],
        str(method["n"]),
        _number(method["max_abs"]),
        _number(method["max_rel"]),
        _number(method["max_ulp"]),
        f"{differing} differ" if differing else "",
    )


def _number(value: float) -> str:
    return f"{value:.3g}"


def _noted(manifest: Manifest) -> list[str]:
    """What was noted of methods: ties, rounding, rows that were not asked."""
    found = [("", manifest.parity)]
    if manifest.data is not None:
        found.append((f"{manifest.data['name']}: ", manifest.data["parity"]))
    return [
        f"{where}{item['path']}.{item['method']}: {note}"
        for where, said in found
        for item in said.get("methods", [])
        for note in item.get("notes", ())
    ]
