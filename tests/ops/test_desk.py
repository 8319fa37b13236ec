"""The desk in a real browser: decided by keys alone, seen by everybody, by nothing but its own files."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn

from desk.database.engine import opened
from desk.web.app import create_app
from local.ports import LOOPBACK, take_port
from schemas.accounts import Basis
from schemas.alerts import Matched
from tests.desk.makers import a_reason
from tests.desk.people import PASSWORD, Office, an_office
from tests.ops.test_page import FLAGS

pytestmark = pytest.mark.ops

WAIT_MS_MAX = 10_000
Answer = TypeVar("Answer")

HOSTILE = (
    a_reason("name", 5.0, level="near-same", ours="Оmar\u202e خان\u200b<b>", theirs="Omar خان"),
    a_reason("handle", 3.5, level="one-typo", ours="0mar_khan", theirs="omar_khan"),
    a_reason("timing", 2.0, level="within-an-hour", ours="", theirs="", because="Made 40 minutes after."),
    a_reason("device", -0.5, level="different", because="The accounts were made on different devices."),
)
BANNED = Matched(
    platform="x",
    account_id="banned",
    policy="hate",
    generation=2,
    root_id="x:root",
    basis=Basis(authority="court-order"),
)


class _Server(uvicorn.Server):
    """Says when it is there."""

    ready: threading.Event

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class Running:
    """An open desk with pages, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = take_port()
        self.address = f"http://{LOOPBACK}:{self.port.number}"
        self._folder = folder
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.office: Office
        self._loop: asyncio.AbstractEventLoop
        self._server: _Server

    def __enter__(self) -> Running:
        self._thread.start()
        assert self._ready.wait(30), "the desk did not open"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        self.port.release()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with opened(f"sqlite:///{self._folder / 'desk.db'}") as database:
            self.office = an_office(database)
            app = create_app(self.office.desk)
            self._server = _Server(
                uvicorn.Config(
                    app,
                    host=LOOPBACK,
                    port=self.port.number,
                    log_config=None,
                    timeout_graceful_shutdown=1,
                )
            )
            self._server.ready = self._ready
            app.state.stopping = lambda: self._server.should_exit
            await self._server.serve()

    def do(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Does something on the desk's own loop."""
        done: Future[Answer] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(20)

    def receive(self, alert_id: str, **given: Any) -> None:
        """An alert arrives that quotes what people write who hide."""
        given = {"matched": BANNED, "seconds_since_ban": 2400.0, **given}
        self.do(self.office.receive(alert_id, reasons=HOSTILE, **given))


class Visitor:
    """Somebody at a browser of their own, and whatever went wrong on their pages."""

    def __init__(
        self, browser: Any, running: Running, name: str, role: str = "moderator", **how: Any
    ) -> None:
        running.do(running.office.hire(name, role))
        self.context: Any = browser.new_context(**{"viewport": {"width": 1280, "height": 1000}, **how})
        self.page: Any = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS_MAX)
        self.faults: list[str] = []
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        self.page.goto(f"{running.address}/sign-in")
        self.page.keyboard.press("Tab")  # to the link that skips
        self.page.locator("input[name=name]").focus()
        self.page.keyboard.type(name)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/queue")

    def press(self, *keys: str) -> None:
        """One key after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def heading(self) -> str:
        """What the page is about."""
        return str(self.page.locator("h1").inner_text())

    def at(self, alert_id: str) -> None:
        """Waits until the page of an alert is there, and in one's hands."""
        self.page.wait_for_url(f"**/alerts/{alert_id}*")
        self.page.locator("#claim[data-state=mine]").wait_for()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    sync_api: Any = pytest.importorskip(
        "playwright.sync_api", reason="the group `ops` is not installed: make test-ops"
    )
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with Running(tmp_path) as opened_desk:
        yield opened_desk


def test_alerts_are_decided_and_undone_by_keys_alone(browser: Any, running: Running) -> None:
    for number in range(3):
        running.receive(f"alert-{number}")
        running.office.clock.pass_(1)
    reader = Visitor(browser, running, "amina")
    reader.press("j", "Enter")
    reader.at("alert-0")
    reader.press("c", "1")
    reader.at("alert-1")
    reader.press("d", "Enter")
    reader.at("alert-2")
    reader.press("z")
    reader.at("alert-1")
    reader.press("u", "2")
    reader.at("alert-2")
    reader.press("s")
    reader.page.wait_for_url("**/queue*")
    assert "Nothing waits for you" in reader.page.locator("main").inner_text()
    assert reader.faults == []


def test_a_second_reader_learns_whose_it_is_and_takes_it_once_the_claim_expired(
    browser: Any, running: Running
) -> None:
    running.receive("alert-1")
    first, second = Visitor(browser, running, "amina"), Visitor(browser, running, "bilal")
    first.press("g")
    first.at("alert-1")
    second.page.goto(f"{running.address}/alerts/alert-1")
    second.page.locator("#claim[data-state=theirs]").wait_for()
    assert second.page.locator("#claim .said").inner_text().endswith(" A")
    second.press("d", "1")
    second.page.get_by_role("alert").wait_for()
    assert "in hand" in second.heading()
    first.page.goto("about:blank")  # nobody renews the claim any more
    running.office.clock.pass_(121)
    second.page.goto(f"{running.address}/alerts/alert-1")
    second.at("alert-1")
    second.press("d", "1")
    second.page.wait_for_url("**/queue*")
    first.page.goto(f"{running.address}/alerts/alert-1")
    assert "Nothing of it waits for you" in first.page.locator(".decide").inner_text()


def test_what_arrives_is_told_and_moves_nothing(browser: Any, running: Running) -> None:
    running.receive("alert-1")
    reader = Visitor(browser, running, "amina")
    link = reader.page.locator("table.queue tbody a")
    before = link.bounding_box()
    running.receive("alert-2")
    told = reader.page.locator(".live a")
    told.wait_for()
    assert link.bounding_box() == before
    told.click()
    reader.page.wait_for_function("() => document.querySelectorAll('table.queue tbody tr').length === 2")
    assert reader.faults == []


def test_who_turned_single_keys_off_is_not_surprised_by_them(browser: Any, running: Running) -> None:
    running.receive("alert-1")
    reader = Visitor(browser, running, "amina")
    reader.page.goto(f"{running.address}/view")
    reader.page.locator("input[name=keys]").uncheck()
    reader.page.locator("main button").click()
    reader.page.goto(f"{running.address}/alerts/alert-1")
    reader.press("c", "1")
    assert reader.page.locator("fieldset.chosen").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 640, 1280])  # 640: 1280 at 200 % zoom
def test_everybody_can_read_it(browser: Any, running: Running, scheme: str, width: int) -> None:
    axe: Any = pytest.importorskip("axe_playwright_python.sync_playwright")
    running.receive("alert-1")
    running.receive("alert-2", band="possible", probability=0.6)
    # axe-core is put into the page as text, which our policy would refuse.
    how = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}, "bypass_csp": True}
    reader = Visitor(browser, running, "amina", "lead", **how)
    for where in ("/queue", "/alerts/alert-1", "/view"):
        reader.page.goto(f"{running.address}{where}")
        assert reader.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
        found = axe.Axe().run(reader.page)
        assert [(where, it["id"], it["help"]) for it in found.response["violations"]] == []


def test_other_peoples_words_are_isolated_and_what_nobody_sees_is_shown(
    browser: Any, running: Running
) -> None:
    running.receive("alert-1")
    reader = Visitor(browser, running, "amina")
    reader.page.goto(f"{running.address}/alerts/alert-1")
    said = reader.page.locator(".trait").first.inner_text()
    assert "U+202E" in said
    assert "U+200B" in said
    assert "\u202e" not in reader.page.content()
    assert reader.page.locator(".trait b").count() == 0, "markup stays text"
    assert "omar khan" in said
    sums = reader.page.locator(".waterfall tbody tr td:nth-child(3)").all_inner_texts()
    assert sums[-2] == sums[-1], "the weights sum to the log-odds"
    assert reader.faults == []
