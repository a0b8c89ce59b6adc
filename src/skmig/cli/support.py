"""`skmig support`: what is supported from where to where, from the committed results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skmig.cli import common

if TYPE_CHECKING:
    from skmig.console import Console
    from skmig.matrix.support import Answer, Known
    from skmig.matrix.table import Table

_LABELS = 6


def support(
    name: Annotated[
        str | None, typer.Argument(metavar="[CLASS]", help="Such as SVC or sklearn.svm.SVC.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="RELEASE", help="The release that pickled it.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--to", metavar="RELEASE", help="The release to move it to.")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A table of `skmig matrix` (default: the shipped one)."),
    ] = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Say what is supported from where to where, and what is refused for which reason.

    The answer comes from the results of `skmig matrix`; nothing is started.
    """
    console = common.console(quiet=quiet, json=json, color=color)
    from skmig.matrix import support as questions
    from skmig.matrix import table

    known = table.read(table.committed() if results is None else results)
    if name is None:
        _show_all(console, known, questions.classes(known, source, target))
    else:
        _show(console, questions.answer(known, name, source, target))
    return 0


def _show_all(console: Console, table: Table, classes: list[Known]) -> None:
    measured = [item for item in classes if item.outcomes]
    if console.json:
        rows = [
            {
                "class": item.tag,
                "family": item.family,
                "releases": list(item.releases),
                "pairs": len(item.outcomes),
                "counts": item.total.as_json(),
                "shared": item.shared.as_json(),
            }
            for item in measured
        ]
        console.document({"ok": True, "command": table.command, "classes": rows})
        return
    head = ("family", "class", "releases", "models", "carried over", "refused or changed", "failed")
    console.table(head, [_row(item) for item in measured])
    console.note(
        f"{len(table.pairs)} pairs of releases, those in which both have the class; "
        "`skmig support CLASS` says what is refused, and why"
    )


def _row(known: Known) -> tuple[str, ...]:
    found = known.shared
    extent = f"{known.releases[0]} to {known.releases[-1]}" if known.releases else ""
    other = found.total - found.carried - found.bad
    numbers = (str(count or "") for count in (found.carried, other, found.bad))
    return (known.family, known.name, extent, str(found.total), *numbers)


def _show(console: Console, answer: Answer) -> None:
    if console.json:
        console.document({"ok": True, **answer.as_json()})
        return
    known, total = answer.known, answer.known.total
    console.render(known.tag)
    if known.releases:
        console.render(f"  releases  {known.releases[0]} to {known.releases[-1]}")
    if answer.stand_in is not None:
        asked = f"{answer.source} → {answer.target}"
        console.render(
            f"  measured  {' → '.join(answer.stand_in)}, the nearest to {asked}, which was not"
        )
    elif known.outcomes:
        console.render(f"  measured  {len(known.outcomes)} pairs of releases")
    console.render(f"  answer    {answer.verdict}")
    counts = ", ".join(f"{fate} {count}" for fate, count in total.as_json().items() if count)
    if counts:
        console.render(f"  models    {total.total}: {counts}")
    for reason in answer.reasons:
        labels = ", ".join(reason.configurations[:_LABELS])
        more = len(reason.configurations) - _LABELS
        labels += f" and {more} more" if more > 0 else ""
        console.render("", f"  {reason.where} ({labels}):", f"    {reason.text}")
