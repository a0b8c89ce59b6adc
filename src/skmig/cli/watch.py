"""`skmig watch`: are inputs, predictions and packages still those of the record?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skmig.cli import common
from skmig.errors import UsageError

if TYPE_CHECKING:
    from skmig.console import Console
    from skmig.watch.answer import Watched

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def watch(
    path: Annotated[
        Path, typer.Argument(metavar="MODEL", help="The model that is served, or its record.")
    ],
    log: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The log of skmig.PredictionLog.")
    ] = None,
    window: Annotated[
        str, typer.Option(metavar="TIME", help="The last rows of the log, such as 30m, 1h, 7d.")
    ] = "1h",
    against: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Compare with so much of the log before the window."),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="RECORD", help="Compare with the rows of training in this record."),
    ] = None,
    probes: Annotated[
        bool, typer.Option("--probes", help="Replay the probes in the environment that serves.")
    ] = False,
    here: Annotated[
        bool, typer.Option("--here", help="Replay in the environment that skmig runs in (default).")
    ] = False,
    python: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Replay in the environment of this interpreter."),
    ] = None,
    packages: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What shall be installed there, as `pip freeze` says."),
    ] = None,
    psi: Annotated[float, typer.Option(help="Drift from this stability index on.", min=0)] = 0.2,
    ks: Annotated[
        float, typer.Option(help="Drift from this Kolmogorov-Smirnov statistic on.", min=0, max=1)
    ] = 0.2,
    alpha: Annotated[
        float, typer.Option(help="Drift is less likely by chance than this.", min=0, max=1)
    ] = 0.01,
    min_rows: Annotated[
        int, typer.Option(metavar="N", help="Judge no window with less rows.", min=1)
    ] = 100,
    prometheus: Annotated[
        Path | None, typer.Option(metavar="FILE.prom", help="Write the answer as metrics too.")
    ] = None,
    trust: common.Trust = None,
    code: common.Code = None,
    timeout: common.Timeout = 600,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Say whether inputs, predictions and packages are still those of the record."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig.watch import prometheus as metrics
    from skmig.watch import records, watching
    from skmig.watch.answer import Options
    from skmig.watch.drift import Thresholds

    if here and python is not None:
        raise UsageError("--here and --python name two environments", hint="give one of them")
    if (here or python or packages) and not probes:
        raise UsageError("--here, --python and --packages are about --probes", hint="add --probes")
    if against is not None and baseline is not None:
        raise UsageError("--against and --baseline name two baselines", hint="give one of them")
    options = Options(
        log=log,
        window=seconds(window, "--window"),
        baseline=baseline,
        against=None if against is None else seconds(against, "--against"),
        limits=Thresholds(psi=psi, ks=ks, alpha=alpha, rows=min_rows),
        probes=probes,
        python=python,
        packages=packages,
        code=tuple(code or ()),
        trust=tuple(trust or ()),
        timeout=timeout,
    )
    with console.working(f"watching {path.name}"):
        found = watching.watch(records.read(path), options, progress=console)
    if prometheus is not None:
        metrics.write(prometheus, found)
    if json:
        console.document({**found.as_json()})
    else:
        _show(console, found)
    return int(not found.ok)


def seconds(text: str, option: str) -> float:
    """`90s`, `30m`, `1h`, `7d`, `2w` in seconds.  Raises UsageError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip().lower())
    if found is None or not float(found[1]):
        raise UsageError(f"`{text}` is not a span of time", hint=f"write it like {option} 1h or 7d")
    return float(found[1]) * _SECONDS[found[2]]


def _show(console: Console, found: Watched) -> None:
    console.render(("fine: " if found.ok else "drift: ") + found.summary)
    if found.log is not None and found.log.findings:
        shown = found.log.findings if console.verbose else found.log.drifted
        if shown:
            rows = [
                (item.column, item.role, item.check, "drift" if item.drift else "", item.text)
                for item in shown
            ]
            console.render("")
            console.table(("column", "role", "check", "verdict", "what was found"), rows)
        console.render("", f"compared with {found.log.baseline}")
    if found.probes is not None and not found.probes.ok:
        console.render("")
        console.render(*(f"  package  {text}" for text in found.probes.packages))
        console.render(
            *(
                f"  output   {item.path}.{item.method}: {item.text}"
                for item in found.probes.different
            )
        )
    for note in found.notes:
        console.note(note)
