"""`skmig matrix`: every specimen of the zoo between many releases."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skmig.cli import common
from skmig.errors import ANSWER_IS_NO, MIGRATED

if TYPE_CHECKING:
    from skmig.console import Console
    from skmig.matrix.table import Table


def matrix(
    pairs: Annotated[
        list[str] | None,
        typer.Option(metavar="A:B,...", help="Pairs of releases, such as 1.1.0:1.6.1."),
    ] = None,
    sources: Annotated[
        list[str] | None, typer.Option("--from", metavar="RELEASE,...", help="Releases to leave.")
    ] = None,
    targets: Annotated[
        list[str] | None, typer.Option("--to", metavar="RELEASE,...", help="Releases to arrive in.")
    ] = None,
    adjacent: Annotated[
        bool, typer.Option("--adjacent", help="Every boundary that has rules, in both directions.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Every release to every other.")
    ] = False,
    match: Annotated[
        str, typer.Option(metavar="REGEX", help="Only specimens with such a name.")
    ] = "",
    results: Annotated[
        Path, typer.Option(metavar="DIR", help="Where results are kept, to go on from.")
    ] = Path("build/matrix"),
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Where results.json and index.html go (default: DIR).",
        ),
    ] = None,
    zoo: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder that has `specimens`.")
    ] = Path("tests/zoo"),
    jobs: Annotated[int, typer.Option(help="How many pairs at a time.", min=1, max=64)] = 1,
    backend: common.Backend = common.BackendChoice.auto,
    timeout: common.Timeout = 600,
    memory: common.Memory = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Move a zoo of fitted models between many releases, and say what became of each.

    A run that was ended goes on where it was; what a changed rule touches is run again.
    """
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig.matrix.order import Order, make
    from skmig.matrix.pairs import choose
    from skmig.plan import Settings

    chosen = choose(
        named=pairs or (),
        sources=sources or (),
        targets=targets or (),
        adjacent=adjacent,
        everything=everything,
    )
    settings = Settings(
        target="", backend=backend.value, timeout=timeout, memory=common.memory_bytes(memory)
    )
    order = Order(
        pairs=tuple(chosen),
        zoo=zoo,
        results=results,
        output=results if output is None else output,
        match=match,
        jobs=jobs,
        command=_command(pairs, sources, targets, adjacent, everything, match),
    )
    with console.working("preparing"):
        table = make(order, settings, console)
    total = table.total()
    if json:
        console.document(
            {
                "ok": not total.bad,
                "pairs": len(table.pairs),
                "asked": table.asked,
                "counts": total.as_json(),
                "table": str(order.table),
                "page": str(order.page),
            }
        )
    else:
        _show(console, table)
        console.render("", str(order.table), str(order.page))
    return ANSWER_IS_NO if total.bad else MIGRATED


def _command(
    pairs: list[str] | None,
    sources: list[str] | None,
    targets: list[str] | None,
    adjacent: bool,
    everything: bool,
    match: str,
) -> str:
    """The command that makes the same table again."""
    words = ["skmig", "matrix"]
    for option, values in (("--pairs", pairs), ("--from", sources), ("--to", targets)):
        if values:
            words += [option, ",".join(values)]
    words += ["--adjacent"] * adjacent + ["--all"] * everything
    return shlex.join(words + (["--match", match] if match else []))


def _show(console: Console, table: Table) -> None:
    from skmig.matrix.table import FATES, shares

    rows = [(name, f"{count:,}", f"{share:.2%}") for name, count, share in shares(table.total())]
    console.table(("fate", "models", "share"), rows)
    console.render("", f"{len(table.pairs)} of {table.asked} pairs")
    worst = [pair for pair in table.pairs if table.of(pair).bad]
    if worst:
        counts = [(f"{source} → {target}", table.of((source, target))) for source, target in worst]
        console.table(
            ("pair", *(fate.value for fate in FATES)),
            [(name, *map(str, outcome.counts)) for name, outcome in counts],
        )
        for tag, pair, text, labels in table.failures():
            console.render(f"{pair[0]} → {pair[1]}  {tag} ({', '.join(labels)}): {text}")
