"""`skmig inspect`: what is in a model file, without loading it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skmig.cli import common
from skmig.errors import SkmigError

if TYPE_CHECKING:
    from skmig.inspection import Facts, Node

MAX_ROWS = 40


def inspect(
    artifacts: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Models.")],
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Say what is in a pickle or joblib file, and which release wrote it, without running it."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig import inspection

    facts: list[Facts] = []
    failed: list[tuple[Path, SkmigError]] = []
    for path in artifacts:
        try:
            facts.append(inspection.inspect(path))
        except SkmigError as error:
            if len(artifacts) == 1:
                raise
            failed.append((path, error))
    if json:
        documents = [item.as_json() for item in facts]
        errors = [{"path": str(path), "error": problem.as_json()} for path, problem in failed]
        console.document({"ok": not failed, "artifacts": documents, "failed": errors})
    else:
        texts = [text(item, verbose=verbose) for item in facts]
        if texts:
            console.data("\n\n".join(texts))
        for _, problem in failed:
            console.error(problem)
    return max((problem.code for _, problem in failed), default=0)


def text(facts: Facts, *, verbose: bool = False) -> str:
    """The facts as lines for a reader."""
    release = facts.release or "unknown"
    rows: list[tuple[str, str]] = [
        ("object", facts.summary),
        ("scikit-learn", f"{release}: {facts.release_reason}"),
        ("file", f"{facts.container}, protocol {facts.protocol}, {facts.size:,} bytes"),
        ("python", str(facts.python) if facts.python else "cannot be told"),
    ]
    if facts.release is None and facts.possible_releases:
        first, last = facts.possible_releases[0], facts.possible_releases[-1]
        rows.append(("possible", first if first == last else f"{first} to {last}"))
    if facts.numpy_major:
        rows.append(("numpy", f"{facts.numpy_major}.x"))
    if facts.joblib_form:
        rows.append(("joblib", facts.joblib_form))
    for package, names in facts.third_party.items():
        rows.append(("needs", f"{package} ({', '.join(_short(names))})"))
    if facts.main_names:
        rows.append(("__main__", f"{', '.join(_short(facts.main_names))}: give it with --code"))
    if facts.functions:
        rows.append(("functions", ", ".join(_short(facts.functions))))
    if facts.sidecars:
        rows.append(("sidecars", f"{len(facts.sidecars)} files beside it"))
    rows.extend(("note", note) for note in facts.notes)
    lines = [str(facts.path), *(f"  {name:<13}{value}" for name, value in rows)]
    lines += _tree(facts.estimators, verbose)
    return "\n".join(lines + _findings(facts))


def _short(names: Iterable[str], limit: int = 4) -> list[str]:
    items = list(names)
    return items if len(items) <= limit else [*items[:limit], f"{len(items) - limit} more"]


def _tree(nodes: tuple[Node, ...], verbose: bool) -> list[str]:
    """One line for each object; equal ones in one container share a line, parts are left out."""
    groups: dict[tuple[str, str], list[Node]] = {}
    for node in nodes:
        if node.kind == "part" and not verbose:
            continue
        place, bracket, index = node.path.rpartition("[")
        alike = place if bracket and index[:-1].isdigit() else node.path
        groups.setdefault((alike, node.tag), []).append(node)
    lines = ["", "  objects"]
    for (place, tag), group in list(groups.items())[: None if verbose else MAX_ROWS]:
        many = len(group) > 1
        where = f"{place}[…]" if many else group[0].path
        version = "" if group[0].version is None else f"  {group[0].version}"
        lines.append(f"    {where}  {f'{len(group)} × ' if many else ''}{tag}{version}")
    if len(groups) > MAX_ROWS and not verbose:
        lines.append(f"    … {len(groups) - MAX_ROWS} more: --verbose shows all")
    return lines if groups else []


def _findings(facts: Facts) -> list[str]:
    if facts.clean:
        return ["", "  every name in it is known: nothing was found that could run foreign code"]
    return ["", "  findings"] + [
        f"    {item.severity}  at byte {item.position:,}: {item.text}" for item in facts.findings
    ]
