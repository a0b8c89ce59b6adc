"""One run of `skmig matrix`, from the order to the table and the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from skmig import pipeline
from skmig.console import Console
from skmig.errors import UsageError
from skmig.matrix import keys
from skmig.matrix.page import page
from skmig.matrix.pairs import Pair
from skmig.matrix.store import Result, Store
from skmig.matrix.sweep import Sweep, in_short
from skmig.matrix.table import Table, collect, text
from skmig.plan import Settings


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to run, and where results go.  `command` is written into the table."""

    pairs: tuple[Pair, ...]
    zoo: Path
    results: Path
    output: Path
    match: str = ""
    jobs: int = 1
    command: str = ""

    @property
    def table(self) -> Path:
        return self.output / "results.json"

    @property
    def page(self) -> Path:
        return self.output / "index.html"


def make(order: Order, settings: Settings, console: Console) -> Table:
    """Run what is not there yet; write the table and the page, of an interrupted run too."""
    _check(order)
    done: list[Result] = []

    def said(result: Result, there: bool) -> None:
        if console.verbose and not there:
            console.step(f"{in_short(result)} ({result.seconds:.0f} s)")

    try:
        with pipeline.workshop(settings, console) as shop:
            Sweep(
                shop=shop,
                zoo=order.zoo,
                store=Store(order.results),
                pairs=order.pairs,
                match=order.match,
                jobs=order.jobs,
                said=said,
                results=done,
            ).run()
    finally:
        asked = len(order.pairs)
        table = collect(done, command=order.command, asked=asked, match=order.match)
        keys.write(order.table, text(table))
        keys.write(order.page, page(table))
    return table


def _check(order: Order) -> None:
    try:
        re.compile(order.match)
    except re.error as error:
        raise UsageError(
            f"`{order.match}` is not a regular expression: {error}",
            hint="write it like --match '^Ridge'",
        ) from None
    if not (order.zoo / "specimens" / "__init__.py").is_file():
        raise UsageError(
            f"`{order.zoo}` has no folder `specimens`",
            hint="run it in a checkout of skmig, or name the folder with --zoo",
        )
