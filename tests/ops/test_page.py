"""The overview in a real browser: it moves, obeys its policy, and everybody can read it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from PIL import Image

from report.overview import overview
from report.overview.history import History, look_of
from streams.delivery.circuit_breaker import BreakerState
from streams.kafka.topics import Names
from streams.telemetry.lag import Lag
from tests.house import ROOT
from tests.journeys.conftest import Platform
from tests.ops.conftest import PICTURES as TAKEN
from tests.ops.load import Load
from tests.ops.watchers import Prometheus
from tests.report.makers import NOON, figures_of, settle, some_metrics

pytestmark = pytest.mark.ops

IMAGES = ROOT / "docs" / "images"
TAKE = os.environ.get(TAKEN) == "1"
MOVE_MS_MAX = 60_000
WELL_MS_MAX = 300_000
STORY_MS = 150_000
FLAGS = (
    "--no-sandbox",  # tests run as root in containers, where Chromium's sandbox cannot
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
GRAPHS = {
    "prometheus-events": "sum by (outcome) (rate(samehand_events_total[5m]))",
    "prometheus-age": "histogram_quantile(0.99, sum by (le) (rate(samehand_event_age_seconds_bucket[5m])))",
    "prometheus-lag": "max by (topic) (samehand_consumer_lag_seconds)",
}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    sync_api: Any = pytest.importorskip(
        "playwright.sync_api", reason="the group `ops` is not installed: make test-ops"
    )
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield opened
        opened.close()


class Visit:
    """A page that was opened, and whatever went wrong on it."""

    def __init__(self, browser: Any, **how: Any) -> None:
        self.page: Any = browser.new_page(viewport={"width": 1280, "height": 1000}, **how)
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        self.page.on("request", lambda request: self.asked.append(request.url))


@pytest.fixture
def visit(browser: Any, service: Platform, load: Load) -> Iterator[Visit]:
    """The overview, opened."""
    opened = Visit(browser)
    opened.page.goto(address(service))
    yield opened
    opened.page.close()


def address(service: Platform) -> str:
    return f"http://127.0.0.1:{service.port.number}/"


def picture(page: Any, name: str) -> None:
    if TAKE:
        IMAGES.mkdir(exist_ok=True)
        taken = Image.open(BytesIO(page.screenshot())).convert("RGB")
        # A page has few colours: a palette of them takes a third of the bytes.
        taken.quantize(256).save(IMAGES / f"{name}.png", optimize=True)


def test_it_moves_by_itself(visit: Visit, request: pytest.FixtureRequest) -> None:
    stamp = visit.page.locator(".stamp").inner_text()
    visit.page.wait_for_function(
        "before => document.querySelector('.stamp').innerText !== before", arg=stamp, timeout=MOVE_MS_MAX
    )
    assert visit.page.locator(".tile").count() == 8, "an update replaces what was there"
    if TAKE:  # of a service that has something to show, and is well
        request.getfixturevalue("prometheus")
        visit.page.wait_for_timeout(STORY_MS)
        visit.page.locator(".tile.bad, .tile.warn").first.wait_for(state="detached", timeout=WELL_MS_MAX)
        visit.page.wait_for_function("() => document.querySelectorAll('.tile.good').length >= 5")
    picture(visit.page, "overview")


def test_it_runs_and_fetches_nothing_but_its_own_files(visit: Visit, service: Platform) -> None:
    visit.page.wait_for_function("() => window.htmx !== undefined", timeout=MOVE_MS_MAX)
    injected = visit.page.evaluate(
        """() => { const it = document.createElement('script'); it.textContent = 'window.ran = true';
                   document.body.append(it); return window.ran === true; }"""
    )
    assert not injected, "the policy lets a script run that is not a file of ours"
    assert all(url.startswith((address(service), "data:")) for url in visit.asked)
    assert all("Content Security Policy" in fault for fault in visit.faults), visit.faults


def test_nothing_complains(visit: Visit) -> None:
    visit.page.wait_for_timeout(3_000)
    assert visit.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(browser: Any, service: Platform, scheme: str) -> None:
    axe: Any = pytest.importorskip("axe_playwright_python.sync_playwright")
    # axe-core is put into the page as text, which our policy would refuse.
    opened = Visit(browser, color_scheme=scheme, bypass_csp=True)
    opened.page.goto(address(service))
    found = axe.Axe().run(opened.page)
    assert [(it["id"], it["help"]) for it in found.response["violations"]] == []
    if scheme == "dark":
        picture(opened.page, "overview-dark")
    opened.page.close()


def test_it_is_readable_without_scripts_and_on_a_phone(browser: Any, service: Platform) -> None:
    opened = browser.new_page(java_script_enabled=False, viewport={"width": 390, "height": 844})
    opened.goto(address(service))
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
        "it must not scroll sideways"
    )
    assert "Events a second" in opened.locator("main").inner_text()
    assert opened.locator("meta[http-equiv=refresh]").count() == 1
    opened.close()


@pytest.fixture(scope="module")
def everything_wrong() -> str:
    """The page of a worker of which nothing is well, with its style in it."""
    topics = [getattr(Names("platform.eu."), name) for name in ("created", "updated", "banned", "enrolled")]
    metrics, history = some_metrics(*topics), History()
    for topic in topics:
        settle(metrics, 123_456 if topic == topics[0] else 10, age=90.0, topic=topic)
    history.note(look_of(figures_of(metrics, NOON - 600)))
    metrics.ready.set(0)
    metrics.breaker(BreakerState.OPEN)
    metrics.deadletters.labels(topics[0], "not-json").inc(1_234)
    metrics.lags({(topic, 0): Lag(98_765, NOON - 900) for topic in topics}, NOON)
    settle(metrics, 10, age=90.0, topic=topics[0])
    figures = replace(figures_of(metrics), unready="store: Redis cannot be reached: ConnectionError")
    history.note(look_of(figures))
    style = files("report.overview").joinpath("static", "overview.css").read_text("utf-8")
    return overview.page(figures, history).replace("</head>", f"<style>{style}</style></head>")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 380, 1280])
def test_what_is_wrong_is_readable_at_every_width(
    browser: Any, everything_wrong: str, width: int, scheme: str
) -> None:
    axe: Any = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_content(everything_wrong)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    # Each line of a topic's name ends where the name does, or behind a dot.
    broken = page.evaluate(
        """() => [...document.querySelectorAll('tbody th[scope=row]')].flatMap(cell => [...cell.childNodes]
             .filter(node => node.nodeType === Node.TEXT_NODE)
             .filter(node => { const range = document.createRange(); range.selectNodeContents(node);
                               return range.getClientRects().length > 1; })
             .map(node => node.textContent).filter(text => !text.includes(' ')))"""
    )
    assert broken == []
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.tile, .panel')].filter(it => it.scrollWidth > it.clientWidth)
             .map(it => it.querySelector('h2').innerText)"""
    )
    assert cut == [], "what does not fit"
    assert page.locator(".bad .cure code").count() >= 8
    assert page.locator("td.bad").inner_text().replace("\u202f", "") == "1234"
    found = axe.Axe().run(page)
    assert [(it["id"], it["help"]) for it in found.response["violations"]] == []
    page.close()


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
