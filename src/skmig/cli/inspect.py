"""`skmig inspect`: what is in a model file, without loading it."""

from __future__ import annotations

import enum
import json as json_module
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skmig.cli import common
from skmig.errors import ANSWER_IS_NO, OutputError, SkmigError, UnreadableError, UsageError

if TYPE_CHECKING:
    from skmig.console import Console
    from skmig.inspection import Facts, Node

MAX_ROWS = 40


class FailOn(enum.StrEnum):
    dangerous = "dangerous"
    unknown = "unknown"
    never = "never"


def inspect(
    artifacts: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Models, or folders.")],
    fail_on: Annotated[
        FailOn,
        typer.Option(help="Exit with 1 for what is dangerous, for any finding, or never."),
    ] = FailOn.unknown,
    sarif: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the findings as SARIF too; - is stdout."),
    ] = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Say what is in a pickle or joblib file, and which release wrote it, without running it.

    Exits with 0 if everything in it is known, 1 if something was found, 3 if it cannot be read.
    """
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig import inspection

    paths = _files(console, artifacts)
    several = len(artifacts) > 1 or paths != artifacts
    facts: list[Facts] = []
    failed: list[tuple[Path, SkmigError]] = []
    with console.working("inspecting"):
        for path in paths:
            if several:
                console.step(f"inspecting {path}")
            try:
                facts.append(inspection.inspect(path))
            except SkmigError as error:
                if not several and sarif is None:
                    raise
                failed.append((path, error))
    if sarif is not None:
        _write_sarif(console, sarif, facts, failed)
    if json:
        documents = [item.as_json() for item in facts]
        errors = [{"path": str(path), "error": problem.as_json()} for path, problem in failed]
        clean = not failed and all(item.clean for item in facts)
        console.document(
            {"ok": not failed, "clean": clean, "artifacts": documents, "failed": errors}
        )
    elif sarif != Path("-"):
        texts = [text(item, verbose=verbose) for item in facts]
        if texts:
            console.data("\n\n".join(texts))
    if not json:
        for _, problem in failed:
            console.error(problem)
    if failed:
        return max(problem.code for _, problem in failed)
    return ANSWER_IS_NO if any(_fails(item, fail_on) for item in facts) else 0


def _fails(facts: Facts, fail_on: FailOn) -> bool:
    if fail_on is FailOn.dangerous:
        return any(item.severity == "dangerous" for item in facts.findings)
    return fail_on is FailOn.unknown and not facts.clean


def _files(console: Console, artifacts: list[Path]) -> list[Path]:
    """Files as named, and of folders whatever may be a model.  Raises UnreadableError."""
    from skmig.inspection import folders

    chosen: list[Path] = []
    for path in artifacts:
        if not path.is_dir() or folders.is_model_folder(path):
            chosen.append(path)
            continue
        found = list(folders.models_in(path))
        models = [item for item, may_be in found if may_be]
        if not models:
            raise UnreadableError(
                f"there is no model in `{path}`",
                hint="name the model's own file: of folders only what looks like one is taken",
            )
        if len(models) < len(found):
            count = len(found) - len(models)
            console.note(f"passed over {count} files of {path} that are no models")
        chosen.extend(models)
    return chosen


def _write_sarif(
    console: Console, place: Path, facts: list[Facts], failed: list[tuple[Path, SkmigError]]
) -> None:
    from skmig.inspection import sarif

    content = json_module.dumps(sarif.document(facts, failed), indent=2)
    if place == Path("-"):
        if console.json:
            raise UsageError(
                "--json and --sarif - both want stdout", hint="give --sarif a file instead"
            )
        console.data(content)
        return
    try:
        place.write_text(content + "\n", "utf-8")
    except OSError as error:
        raise OutputError(
            f"`{place}` cannot be written: {error.strerror or error}", hint="check the path"
        ) from error


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
        f"    {item.severity}  at byte {item.position:,}{_where(item.path)}: {item.text}"
        for item in facts.findings
    ]


def _where(path: str | None) -> str:
    return "" if path is None else f", {path}"
