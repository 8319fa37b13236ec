"""The page of a worker in a real browser, and what Prometheus graphs of it."""

from __future__ import annotations

import os
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from PIL import Image

from tests.house import ROOT
from tests.journeys.conftest import Platform
from tests.ops.conftest import PICTURES as TAKEN
from tests.ops.load import Load
from tests.ops.watchers import Prometheus

pytestmark = pytest.mark.ops

IMAGES = ROOT / "docs" / "images"
TAKE = os.environ.get(TAKEN) == "1"
MOVE_MS_MAX = 60_000
GRAPHS = {
    "prometheus-events": "sum by (outcome) (rate(samehand_events_total[5m]))",
    "prometheus-age": "histogram_quantile(0.99, sum by (le) (rate(samehand_event_age_seconds_bucket[5m])))",
    "prometheus-lag": "max by (topic) (samehand_consumer_lag_seconds)",
}


class Visit:
    """A page that was opened, and whatever went wrong on it."""

    def __init__(self, browser: Any, **how: Any) -> None:
        self.page: Any = browser.new_page(viewport={"width": 1280, "height": 1000}, **how)
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        self.page.on("request", lambda request: self.asked.append(request.url))


def address(service: Platform) -> str:
    return f"http://127.0.0.1:{service.port.number}/"


def picture(page: Any, name: str) -> None:
    if TAKE:
        IMAGES.mkdir(exist_ok=True)
        taken = Image.open(BytesIO(page.screenshot())).convert("RGB")
        # A page has few colours: a palette of them takes a third of the bytes.
        taken.quantize(256).save(IMAGES / f"{name}.png", optimize=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_page_is_readable_at_every_width_and_fetches_nothing(
    browser: Any, service: Platform, load: Load, width: int, scheme: str
) -> None:
    axe: Any = pytest.importorskip("axe_playwright_python.sync_playwright")
    # axe-core is put into the page as text, which our policy would refuse.
    visit = Visit(browser, color_scheme=scheme, bypass_csp=True)
    visit.page.set_viewport_size({"width": width, "height": 900})
    visit.page.goto(address(service))
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    assert "events" in visit.page.locator("main").inner_text()
    found = axe.Axe().run(visit.page)
    assert [(it["id"], it["help"]) for it in found.response["violations"]] == []
    assert visit.faults == []
    assert all(url.startswith((address(service), "data:")) for url in visit.asked)
    visit.page.close()


@pytest.mark.parametrize("name", GRAPHS)
def test_prometheus_graphs_the_main_questions(
    browser: Any, prometheus: Prometheus, load: Load, name: str
) -> None:
    assert prometheus.until(GRAPHS[name], 60.0)
    page = browser.new_page(viewport={"width": 1100, "height": 880})
    query = urlencode({"g0.expr": GRAPHS[name], "g0.tab": "0", "g0.range_input": "5m"})
    page.goto(f"http://{prometheus.address}/graph?{query}")
    page.wait_for_selector("svg, canvas", timeout=MOVE_MS_MAX)
    page.wait_for_timeout(1_500)
    picture(page, name)
    page.close()


def test_pictures_are_small() -> None:
    assert all(path.stat().st_size < 150_000 for path in IMAGES.glob("*.png"))
