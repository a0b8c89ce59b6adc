"""The page in a real browser: on a phone and on a desk, light and dark, and on paper."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import records

from skmig.record import page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FLAGS = (
    "--headless",
    "--hide-scrollbars",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
PHONE, DESK, PAPER = 320, 1280, 718  # the last is A4 between its margins
# of every text on the page: its contrast with what is behind it, where that is less than it must be
PALE = """
const parse = text => text.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b]
  .map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const behind = element => {
  for (; element; element = element.parentElement) {
    const colour = parse(getComputedStyle(element).backgroundColor);
    if (colour.length == 3 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || element.closest('title')) continue;
  const style = getComputedStyle(element);
  const [one, two] = [light(parse(element.closest('svg') ? style.fill : style.color)),
                      light(behind(element))];
  const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  if (contrast < 4.5) found.push([walker.currentNode.data.trim(), contrast]);
}
return found;
"""
# what does not fit into the window, and words that do not fit into their picture
WIDE = """
const within = (inner, outer) => inner.left >= outer.left - 1 && inner.right <= outer.right + 1
                              && inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
const wide = [...document.querySelectorAll('body *')]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 0.5);
const cut = [...document.querySelectorAll('svg text')]
  .filter(e => !within(e.getBoundingClientRect(), e.closest('svg').getBoundingClientRect()));
return [...wide, ...cut].map(e => e.outerHTML.slice(0, 120));
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium, driven by its own driver."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        if os.environ.get("SKMIG_REQUIRE_BROWSER"):
            pytest.fail("no chromium with its chromedriver: run `make browser`")
        pytest.skip("no chromium with its chromedriver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield opened
    finally:
        opened.quit()


@contextlib.contextmanager
def shown(browser: Any, place: Path, width: int, scheme: str) -> Iterator[None]:
    """The page in a window of that width; afterwards nothing may have been asked for or said."""
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get_log("browser")
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    look = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", look)
    browser.get(place.as_uri())
    yield
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert asked == [place.as_uri()]
    assert browser.get_log("browser") == []


def plain(folder: Path) -> Path:
    found, sketches = records.compared(rows=400)
    place = folder / "page.html"
    place.write_text(page.page(records.manifest(parity=found), sketches), "utf-8")
    return place


def extreme(folder: Path) -> Path:
    """Long names without a place to break, many methods, an answer that is no yes."""
    long = "averylongname" * 20
    found, sketches = records.compared(scale=1e9)
    methods = [
        {**item, "path": path, "verdict": verdict, "text": long}
        for item in found["methods"]
        for path, verdict in (("model", "changed"), (f"model[{long!r}]", "tied"))
    ]
    changes: dict[str, Any] = {
        "parity": {**found, "ok": True, "methods": methods},
        "verdict": "changed",
        "source": dataclasses.replace(records.FILE, name=f"{long}.pkl"),
        "losses": (long,),
        "notes": (long,),
        "naive": {"sentence": long},
        "commit": "0" * 40,
        "user": long,
        "moved": ({**records.MOVE, "tag": f"x.{long}", "added": [long]},),
        "source_environment": dataclasses.replace(records.FACT, packages={long: long}),
    }
    place = folder / "extreme.html"
    place.write_text(page.page(records.manifest(**changes), sketches), "utf-8")
    return place


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("made", [plain, extreme])
def test_on_a_screen(made: Any, width: int, scheme: str, browser: Any, tmp_path: Path) -> None:
    with shown(browser, made(tmp_path), width, scheme):
        title = browser.find_element("tag name", "h1")
        assert title.is_displayed()
        assert title.text.startswith("Yes")
        assert title.location["y"] < 200
        assert browser.execute_script("return innerWidth") == width
        assert browser.execute_script("return document.documentElement.scrollWidth") == width
        assert browser.execute_script(WIDE) == []
        assert browser.execute_script(PALE) == []
        paper = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
        assert browser.find_element("css selector", ".dots").is_displayed()


def test_numbers_on_a_phone_have_their_names(browser: Any, tmp_path: Path) -> None:
    with shown(browser, plain(tmp_path), PHONE, "light"):
        names = browser.execute_script(
            "return [...document.querySelectorAll('.stacks td[data-name]')]"
            ".map(e => getComputedStyle(e, '::before').content)"
        )
        assert '"Max abs"' in names
        assert all(name != "normal" for name in names)


@pytest.mark.parametrize("made", [plain, extreme])
def test_on_paper(made: Any, browser: Any, tmp_path: Path) -> None:
    with shown(browser, made(tmp_path), PAPER, "dark"):
        paper = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}
        content = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", paper)["data"])
        assert content.startswith(b"%PDF-")
        look = {"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", look)
        colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert colour == "rgb(255, 255, 255)"
        assert browser.execute_script(PALE) == []
        width = browser.execute_script("return document.documentElement.scrollWidth")
        assert width == PAPER
