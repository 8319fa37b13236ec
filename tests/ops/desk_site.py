"""The desk's pages on a port of their own, and people at browsers of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import uvicorn

from desk.database.engine import opened
from desk.profiles.source import ProfileSource
from desk.web.app import create_app
from local.ports import LOOPBACK, take_port
from schemas.accounts import Basis
from schemas.alerts import EvidenceLine, Matched
from tests.desk.makers import a_reason
from tests.desk.people import A_POLICY, PASSWORD, Office, an_office

WAIT_MS_MAX: Final = 90_000
"""A page waits for as long as a busy machine takes: what never comes fails all the same."""

READY_SECONDS_MAX: Final = 120.0
UNDO_SECONDS: Final = 600.0
"""The desk's clock stands still in these tests and the browser's does not: a slow machine must not make the
undo end."""

STOPS_MAX: Final = 100
"""Of the key Tab: more than any page has."""

SEEN_VIOLATIONS: Final = (
    "window.violations = [];"
    "addEventListener('securitypolicyviolation', it => window.violations.push(it.violatedDirective));"
)
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

    def __init__(self, folder: Path, profiles: ProfileSource | None = None) -> None:
        self.port = take_port()
        self.address = f"http://{LOOPBACK}:{self.port.number}"
        self._folder = folder
        self._profiles = profiles
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.office: Office
        self._loop: asyncio.AbstractEventLoop
        self._server: _Server

    def __enter__(self) -> Running:
        self._thread.start()
        assert self._ready.wait(READY_SECONDS_MAX), "the desk did not open"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(READY_SECONDS_MAX)
        self.port.release()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with opened(f"sqlite:///{self._folder / 'desk.db'}") as database:
            policy = replace(A_POLICY, undo_seconds=UNDO_SECONDS)
            self.office = an_office(database, policy, profiles=self._profiles)
            app = create_app(self.office.desk)
            self._server = _Server(
                uvicorn.Config(
                    app, host=LOOPBACK, port=self.port.number, log_config=None, timeout_graceful_shutdown=1
                )
            )
            self._server.ready = self._ready
            await self._server.serve()
            if self.office.desk.profiles is not None:
                await self.office.desk.profiles.close()

    def do(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Does something on the desk's own loop."""
        done: Future[Answer] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(READY_SECONDS_MAX)

    def receive(self, alert_id: str, *, reasons: Sequence[EvidenceLine] = HOSTILE, **given: Any) -> None:
        """An alert arrives that quotes what people write who hide."""
        given = {"matched": BANNED, "seconds_since_ban": 2400.0, **given}
        self.do(self.office.receive(alert_id, reasons=reasons, **given))


class Visitor:
    """Somebody at a browser of their own, and whatever went wrong on their pages."""

    def __init__(self, context: Any, address: str) -> None:
        self.context, self.address = context, address
        self.context.add_init_script(SEEN_VIOLATIONS)
        self.page: Any = context.new_page()
        self.page.set_default_timeout(WAIT_MS_MAX)
        self.faults: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))

    def _heard(self, said: Any) -> None:
        # A refusal that a test is about is no fault of the page.
        if said.type == "error" and not said.text.startswith("Failed to load resource"):
            self.faults.append(said.text)

    def open(self, where: str) -> None:
        """An address of the desk."""
        self.page.goto(f"{self.address}{where}")

    def sign_in(self, name: str) -> None:
        """By the form, with keys alone."""
        self.page.locator("input[name=name]:focus").wait_for()
        self.page.keyboard.type(name)
        self.press("Tab")
        self.page.keyboard.type(PASSWORD)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """One key after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def reach(self, selector: str) -> None:
        """Goes to an element as somebody does who has keys alone."""
        for _ in range(STOPS_MAX):
            if self.page.evaluate("it => document.activeElement?.matches(it)", selector):
                return
            self.press("Tab")
        raise AssertionError(f"no key leads to {selector}")

    def said(self, selector: str) -> str:
        """The text of one element."""
        return str(self.page.locator(selector).inner_text())

    def at(self, alert_id: str) -> None:
        """Waits until the page of an alert is there, and in one's hands."""
        self.page.wait_for_url(f"**/alerts/{alert_id}*")
        self.page.locator("#claim[data-state=mine]").wait_for()

    def at_the_queue(self, rows: int | None = None) -> None:
        """Waits until the queue is there, with so many rows."""
        self.page.wait_for_url("**/queue*")
        count = "n => n === null || document.querySelectorAll('table.queue tbody tr').length === n"
        self.page.wait_for_function(count, arg=rows)

    def fits(self) -> bool:
        """Whether nothing has to be scrolled sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    def violations(self) -> list[str]:
        """What the page did that its policy forbids."""
        return list(self.page.evaluate("window.violations ?? []"))


class Visits:
    """Everybody who visits one desk."""

    def __init__(self, browser: Any, running: Running) -> None:
        self._browser, self._running = browser, running
        self._visitors: list[Visitor] = []

    def __call__(self, name: str, role: str = "moderator", **how: Any) -> Visitor:
        """Somebody new, who has signed in and sees the queue."""
        self._running.do(self._running.office.hire(name, role))
        visitor = self.stranger(**how)
        visitor.open("/sign-in")
        visitor.sign_in(name)
        visitor.at_the_queue()
        return visitor

    def stranger(self, **how: Any) -> Visitor:
        """Somebody who has not signed in."""
        context = self._browser.new_context(**{"viewport": {"width": 1280, "height": 1000}, **how})
        visitor = Visitor(context, self._running.address)
        self._visitors.append(visitor)
        return visitor

    def close(self) -> list[str]:
        """Closes every browser, so that none asks a desk that is gone; what went wrong in any."""
        wrong = [fault for one in self._visitors for fault in (*one.faults, *one.violations())]
        for one in self._visitors:
            one.context.close()
        return wrong


@contextmanager
def visiting(browser: Any, running: Running) -> Iterator[Visits]:
    """Visits to a desk, after which nothing went wrong and no page broke its policy."""
    visits = Visits(browser, running)
    try:
        yield visits
    except BaseException:
        visits.close()
        raise
    assert (wrong := visits.close()) == [], wrong
