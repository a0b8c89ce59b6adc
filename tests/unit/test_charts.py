"""The pictures: what is drawn is where it should be, and inside the frame."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from skmig.record import charts

HARD = [
    [],
    [(0.0, 0.0)],
    [(5.0, 5.0)] * 3,
    [(1e-320, 0.0)],
    [(1.7e308, -1.7e308)],
    [(1.0, 1.0 + 2**-52)],
    [(1e16, 1e16 + 2)],
    [(-1e-9, 1e-9), (0.0, 0.0)],
]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def dots(svg: str) -> list[tuple[float, float]]:
    (path,) = (item for item in parsed(svg).iter("path") if item.get("class") == "dots")
    return [(float(x), float(y)) for x, y in re.findall(r"M(\S+) (\S+)h0", path.get("d") or "")]


@pytest.mark.parametrize("points", HARD, ids=str)
def test_all_is_inside_the_frame(points: list[tuple[float, float]]) -> None:
    svg = charts.scatter(points, "title")
    for x, y in dots(svg):
        assert 0 <= x <= charts.WIDTH
        assert 0 <= y <= charts.HEIGHT
    for item in parsed(svg).iter("text"):
        assert item.text not in (None, "", "nan", "inf")


def test_equal_points_are_on_the_line_and_others_are_ringed() -> None:
    points = [(0.0, 0.0), (1.0, 1.0), (2.0, 1.0)]
    svg = charts.scatter(points, "title")
    (line,) = (item for item in parsed(svg).iter("line") if item.get("class") == "equal")
    x1, y1, x2, y2 = (float(line.get(name) or "") for name in ("x1", "y1", "x2", "y2"))
    off = [abs((y2 - y1) * (x - x1) - (x2 - x1) * (y - y1)) / abs(x2 - x1) for x, y in dots(svg)]
    assert off[0] < 1
    assert off[1] < 1
    assert off[2] > 20
    (ring,) = parsed(svg).iter("circle")
    assert (float(ring.get("cx") or ""), float(ring.get("cy") or "")) == dots(svg)[2]
    assert not list(parsed(charts.scatter(points[:2], "title")).iter("circle"))


def test_a_histogram_counts_everything() -> None:
    counts = [100, 10, 0, 3]
    texts = [item.text for item in parsed(charts.histogram(counts, "title")).iter("text")]
    assert texts == ["equal", "100", "1 ULP", "10", "2 to 3", "0", "4 to 7", "3"]


@pytest.mark.parametrize("powers", [0, 1, 12, 13, 40, 64])
def test_a_histogram_stays_small(powers: int) -> None:
    counts = [5, *range(1, powers + 1)]
    texts = [item.text or "" for item in parsed(charts.histogram(counts, "title")).iter("text")]
    shown = [int(text.replace(",", "")) for text in texts[1::2]]
    assert len(shown) <= 14
    assert sum(shown) == sum(counts)


def test_no_counts_at_all() -> None:
    parsed(charts.histogram([], "title"))
    parsed(charts.histogram([0], "title"))


@pytest.mark.parametrize(("reached", "total"), [(0, 0), (0, 5), (5, 5), (7, 5), (1, 3)])
def test_a_share_is_never_more_than_all(reached: int, total: int) -> None:
    bar = list(parsed(charts.share(reached, total, "title")).iter("rect"))[-1]
    assert 0 <= float(bar.get("width") or "") <= 160


def test_titles_are_escaped() -> None:
    svg = charts.scatter([(0.0, 1.0)], "</title><script>x</script>")
    (title,) = parsed(svg).iter("title")
    assert title.text == "</title><script>x</script>"


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-3.0, 7.0, [-2.0, 0.0, 2.0, 4.0, 6.0]),
        (4.0, 4.0, [4.0]),
    ],
)
def test_ticks_are_round(low: float, high: float, found: list[float]) -> None:
    assert charts.ticks(low, high) == pytest.approx(found)
