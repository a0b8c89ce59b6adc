"""The pictures of the report, as small inline SVG: everything in it is drawn by the style sheet.

Each picture has its words as `<title>`; the numbers that matter stand as text too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 300, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 8, 8, 40
_BARS = 12  # rows of a histogram, beside the one of equal values
_ROW = 18
_LARGEST = 1e300  # of what is drawn: the middle between two ends must be a number


def scatter(points: Sequence[Sequence[float]], title: str) -> Markup:
    """Target over source, with the line on which both are equal; a ring around the largest gap."""
    pairs = [(_bounded(a), _bounded(b)) for a, b in points]
    low, high = _span(pairs)
    across, upwards = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM

    def x(value: float) -> float:
        return _LEFT + across * _share(value, low, high)

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - upwards * _share(value, low, high)

    parts = [_title(title)]
    for tick in ticks(low, high):
        words = number(tick)
        parts += [
            _line("grid", x(tick), _TOP, x(tick), HEIGHT - _BOTTOM),
            _line("grid", _LEFT, y(tick), WIDTH - _RIGHT, y(tick)),
            _text("middle", x(tick), HEIGHT - _BOTTOM + 14, words),
            _text("end", _LEFT - 5, y(tick) + 4, words),
        ]
    parts += [
        _line("equal", x(low), y(low), x(high), y(high)),
        _text("middle", _LEFT + across / 2, HEIGHT - 6, "source"),
        Markup(
            '<text class="middle" transform="translate(11,{}) rotate(-90)">target</text>'
        ).format(_short(_TOP + upwards / 2)),
    ]
    places = dict.fromkeys((_short(x(a)), _short(y(b))) for a, b in pairs)
    dots = "".join(f"M{left} {top}h0" for left, top in places)
    parts.append(Markup('<path class="dots" d="{}"/>').format(dots))
    worst = max(pairs, key=lambda pair: abs(pair[1] - pair[0]), default=(0.0, 0.0))
    if worst[0] != worst[1]:
        ring = Markup('<circle class="ring" cx="{}" cy="{}" r="6"/>')
        parts.append(ring.format(_short(x(worst[0])), _short(y(worst[1]))))
    return _svg(WIDTH, HEIGHT, parts)


def histogram(counts: Sequence[int], title: str) -> Markup:
    """How many values are equal, 1, 2 to 3, 4 to 7, … ULPs apart; the bars grow by the logarithm.

    Where there would be too many rows, each spans more powers of two.
    """
    rows = _rows(counts)
    height = _ROW * len(rows) + 8
    left, right = 116, 58
    most = math.log10(1 + max((count for _words, count in rows), default=0)) or 1.0
    parts = [_title(title), _line("axis", left, 0, left, height)]
    for i, (words, count) in enumerate(rows):
        top = 4 + i * _ROW
        length = (WIDTH - left - right) * math.log10(1 + count) / most
        parts.append(_text("end", left - 6, top + 13, words))
        if count:
            parts.append(_rect("bar", left, top + 2, length, _ROW - 4))
        parts.append(_text("", left + length + 5, top + 13, f"{count:,}"))
    return _svg(WIDTH, height, parts)


def share(reached: int, total: int, title: str) -> Markup:
    """A bar that is filled as far as was reached."""
    width, height = 160, 10
    filled = width * min(reached / total, 1.0) if total else 0.0
    parts = [_title(title), _rect("frame", 0.5, 0.5, width - 1, height - 1)]
    return _svg(width, height, [*parts, _rect("bar", 0, 0, filled, height)], css="share")


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, `most` of them at the most."""
    rough = (high - low) / most
    if not rough > 0:
        return [low]
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10, 20) if size * factor >= rough)
    first = math.ceil(low / step)
    last = math.floor(high / step)
    return [i * step for i in range(first, last + 1)]


def number(value: float, digits: int = 4) -> str:
    """A number for a reader: not all digits, and powers of ten where it is far from one."""
    text = f"{value:.{digits}g}"
    return "0" if text == "-0" else text.replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")


def _rows(counts: Sequence[int]) -> list[tuple[str, int]]:
    """Words and counts of the rows of a histogram; `counts[i]` is of 2**(i-1) ULPs and more."""
    rows = [("equal", counts[0] if counts else 0)]
    powers = max(len(counts) - 1, 0)
    together = 1
    while math.ceil(powers / together) > _BARS:
        together *= 2
    for first in range(0, powers, together):
        low, high = 2**first, 2 ** (first + together) - 1
        rows.append((_ulps(low, high), sum(counts[1 + first : 1 + first + together])))
    return rows


def _ulps(low: int, high: int) -> str:
    if low == high:
        return f"{low} ULP"
    if high < 100_000:
        return f"{low:,} to {high:,}"
    return f"{number(low, 2)} to {number(high, 2)}"


def _bounded(value: float) -> float:
    return min(max(float(value), -_LARGEST), _LARGEST)


def _span(pairs: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The ends of both axes, with a little room; one value alone gets room around it."""
    values = [value for pair in pairs for value in pair] or [0.0]
    low, high = min(values), max(values)
    room = (high - low) * 0.04
    if low + room == low or high - room == high:
        room = abs(high) * 0.1 or 1.0
    return low - room, high + room


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low)


def _short(value: float) -> str:
    """Half a unit is finer than what can be seen."""
    return f"{round(value * 2) / 2:g}"


def _svg(width: int, height: int, parts: Iterable[Markup], css: str = "chart") -> Markup:
    frame = Markup('<svg class="{}" viewBox="0 0 {} {}" width="{}" height="{}" role="img">{}</svg>')
    return frame.format(css, width, height, width, height, Markup("").join(parts))


def _title(words: str) -> Markup:
    return Markup("<title>{}</title>").format(words)


def _line(css: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    ends = (_short(value) for value in (x1, y1, x2, y2))
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(css, *ends)


def _rect(css: str, x: float, y: float, width: float, height: float) -> Markup:
    sizes = (_short(value) for value in (x, y, width, height))
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(css, *sizes)


def _text(css: str, x: float, y: float, words: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(
        css, _short(x), _short(y), words
    )
