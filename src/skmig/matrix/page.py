"""The heat map: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise

from skmig import versions
from skmig.matrix.engine import Fate
from skmig.matrix.pairs import Pair
from skmig.matrix.table import Outcome, Table, shares

_CELL = 34
_LEFT = 76
_TOP = 76
# lower bounds of the carried share, worst first; the style sheet has one colour for each
_STEPS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--paper:#fff;--soft:#5b6675;--line:#d5dbe3;
--none:#eef1f5;--bad:#c2185b;--on:#fff;--s0:#f3e3b5;--s1:#e2dfa0;--s2:#bfd48f;--s3:#93c486;
--s4:#5faf86;--s5:#2f9383;--s6:#0f6f78}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--paper:#14181e;--soft:#9aa5b4;
--line:#333c48;--none:#1e242c;--bad:#ff5c93;--on:#08222a;--s0:#4a4126;--s1:#4a5029;--s2:#3d5f35;
--s3:#2f7350;--s4:#2a8c70;--s5:#36ab95;--s6:#6fd0c4}}
*{box-sizing:border-box}body{margin:0;padding:1rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}main{max-width:68rem;margin:auto}h1{font-size:1.5rem}
h2{font-size:1.15rem;margin-top:2rem}p,figcaption{max-width:44rem}.scroll{overflow-x:auto}
svg{display:block;max-width:none}text{font:11px system-ui,sans-serif;fill:var(--ink)}
.n{fill:var(--none)}.s0{fill:var(--s0)}.s1{fill:var(--s1)}.s2{fill:var(--s2)}.s3{fill:var(--s3)}
.s4{fill:var(--s4)}.s5{fill:var(--s5)}.s6{fill:var(--s6)}.v{text-anchor:middle}
.s5+.v,.s6+.v{fill:var(--on)}.bad{stroke:var(--bad);stroke-width:3}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem;text-align:right;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left;white-space:nowrap}small,figcaption{color:var(--soft)}
figure{margin:0}ul.key{display:flex;flex-wrap:wrap;gap:.3rem 1rem;padding:0;list-style:none}
ul.key svg{display:inline;vertical-align:-2px}summary{cursor:pointer}code{overflow-wrap:anywhere}
"""


def page(table: Table) -> str:
    """The heat map of a table, with its numbers as text beneath."""
    line = versions.line()
    near = {pair for older, newer in pairwise(line) for pair in ((older, newer), (newer, older))}
    far = [pair for pair in table.pairs if pair not in near]
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        "<title>skmig: what moves from where to where</title>",
        f"<style>{_STYLE}</style></head><body><main>",
        "<h1>What moves from where to where</h1>",
        _introduction(table),
        _legend(),
    ]
    if far:
        ends = {name for pair in far for name in pair}
        releases = [name for name in line if name in ends]
        parts += ["<h2>From each release to each other</h2>", _grid(table, releases)]
    if any(pair in near for pair in table.pairs):
        parts += ["<h2>Over one boundary</h2>", _strip(table, line)]
    parts += [_numbers(table), "</main></body></html>"]
    return "\n".join(parts) + "\n"


def _introduction(table: Table) -> str:
    total = table.total()
    listed = ", ".join(
        f"{name} {count:,} ({share:.1%})" for name, count, share in shares(total) if count
    )
    complete = "" if len(table.pairs) == table.asked else f" of {table.asked} that were asked for"
    only = f", of specimens that match <code>{escape(table.match)}</code>" if table.match else ""
    return (
        f"<p>Fitted models of the zoo, moved between {len(table.pairs)} pairs of scikit-learn "
        f"releases{complete}{only}: {total.total:,} migrations, {escape(listed)}. Made by "
        f"<code>{escape(table.command)}</code>.</p>"
    )


def _legend() -> str:
    keys = []
    for number, low in enumerate(_STEPS):
        high = _STEPS[number + 1] if number + 1 < len(_STEPS) else None
        words = f"from {low:.0%}" if high is None else f"{low:.0%} to {high:.0%}"
        keys.append(_key(f"s{number}", words))
    keys.append(_key("n", "not run"))
    keys.append(_key("n bad", "outlined, with !: something is different or crashed"))
    return (
        "<p>The number and the colour are the share of models whose outputs are identical or "
        "close; almost all of the others are refused, with the reason.</p>"
        f'<ul class="key">{"".join(keys)}</ul>'
    )


def _key(css: str, words: str) -> str:
    box = f'<rect class="{css}" width="16" height="16"/>'
    return f'<li><svg width="16" height="16" aria-hidden="true">{box}</svg> {words}</li>'


def _grid(table: Table, releases: Sequence[str]) -> str:
    cells = [
        _cell(table, (source, target), column, row)
        for row, source in enumerate(releases)
        for column, target in enumerate(releases)
        if source != target
    ]
    caption = "Rows: the release that pickled the model. Columns: the release it is moved to."
    return _figure(cells, releases, releases, caption)


def _strip(table: Table, line: Sequence[str]) -> str:
    """Each boundary, upwards and downwards, as one row."""
    steps = [
        (older, newer)
        for older, newer in pairwise(line)
        if (older, newer) in table.pairs or (newer, older) in table.pairs
    ]
    cells = []
    for row, (older, newer) in enumerate(steps):
        cells.append(_cell(table, (older, newer), 0, row))
        cells.append(_cell(table, (newer, older), 1, row))
    caption = "Releases that changed what a fitted model is: to them from the one before, and back."
    return _figure(cells, [newer for _older, newer in steps], ("upwards", "downwards"), caption)


def _figure(cells: Iterable[str], rows: Sequence[str], columns: Sequence[str], caption: str) -> str:
    width, height = _LEFT + _CELL * len(columns) + 40, _TOP + _CELL * len(rows) + 4
    names = [
        f'<text x="{_LEFT - 6}" y="{_TOP + _CELL * i + 21}" text-anchor="end">{escape(name)}</text>'
        for i, name in enumerate(rows)
    ]
    for i, name in enumerate(columns):
        place = f"translate({_LEFT + _CELL * i + 20},{_TOP - 6}) rotate(-55)"
        names.append(f'<text transform="{place}">{escape(name)}</text>')
    return (
        f'<figure><div class="scroll"><svg width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(caption)}">'
        f"{''.join(names)}{''.join(cells)}</svg></div><figcaption>{caption}</figcaption></figure>"
    )


def _cell(table: Table, pair: Pair, column: int, row: int) -> str:
    x, y = _LEFT + _CELL * column, _TOP + _CELL * row
    outcome = table.of(pair)
    size = f'x="{x + 1}" y="{y + 1}" width="{_CELL - 2}" height="{_CELL - 2}" rx="3"'
    title = f"<title>{escape(_words(pair, outcome))}</title>"
    if not outcome.total:
        return f'<g>{title}<rect class="n" {size}/></g>'
    share = outcome.carried / outcome.total
    step = max(number for number, low in enumerate(_STEPS) if share >= low)
    mark = " bad" if outcome.bad else ""
    value = f"{int(share * 100)}{'!' if outcome.bad else ''}"
    middle = f'class="v" x="{x + _CELL / 2:g}" y="{y + 21}"'
    return f'<g>{title}<rect class="s{step}{mark}" {size}/><text {middle}>{value}</text></g>'


def _words(pair: Pair, outcome: Outcome) -> str:
    said = ", ".join(f"{name} {count}" for name, count, _share in shares(outcome) if count)
    return f"{pair[0]} to {pair[1]}: {said or 'not run'}"


def _numbers(table: Table) -> str:
    """What the tooltips say, for those who cannot point."""
    head = "".join(f'<th scope="col">{fate.value}</th>' for fate in Fate)
    rows = []
    for pair in table.pairs:
        outcome = table.of(pair)
        numbers = "".join(f"<td>{outcome[fate]}</td>" for fate in Fate)
        unlike = f"<td>{table.unlike.get(pair, 0)}</td>"
        rows.append(f'<tr><th scope="row">{pair[0]} → {pair[1]}</th>{numbers}{unlike}</tr>')
    return (
        "<h2>All numbers</h2><details><summary>Every pair as a table</summary>"
        f'<div class="scroll"><table><thead><tr><th scope="col">pair</th>{head}'
        '<th scope="col">attributes unlike native</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></details>"
    )
