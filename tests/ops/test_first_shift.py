"""The demo as somebody new meets it: one command, one link, ten alerts by keys alone, what comes of it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.ops.desk_site import Visitor
from tests.ops.test_page import picture

pytestmark = pytest.mark.ops

SECONDS_MAX: Final = 240.0
ALERTS: Final = 10
SETTINGS: Final = {"SAMEHAND_DESK_BLIND_SHARE": "0.5", "SAMEHAND_DESK_UNDO_SECONDS": "120"}
"""Half of the alerts are read blind, so that ten of them are sure to move a figure, and a busy machine gets
time to undo one."""


class Demo:
    """`samehand demo`, and what it has printed."""

    def __init__(self) -> None:
        given = {**os.environ, **SETTINGS, "COLUMNS": "200"}
        self._process = subprocess.Popen(
            [str(Path(sys.executable).with_name("samehand")), "demo"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=given,
        )
        self.printed = ""
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._more:
                self.printed += line
                self._more.notify_all()

    def told(self, pattern: str) -> str:
        """The first line that fits, as soon as it is there."""
        found: list[str] = []

        def there() -> bool:
            found[:] = re.findall(pattern, self.printed, re.MULTILINE)[:1]
            return bool(found)

        with self._more:
            assert self._more.wait_for(there, SECONDS_MAX), self.printed
        return found[0]

    def end(self) -> None:
        """As Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(SECONDS_MAX)
        self._reader.join(SECONDS_MAX)


@pytest.fixture
def demo() -> Iterator[Demo]:
    running = Demo()
    try:
        yield running
    finally:
        running.end()


def blind_verdicts(visitor: Visitor) -> int:
    """Of the lead's page, how many alerts were judged blind."""
    visitor.open("/figures")
    return int(visitor.said("table tbody tr:first-child td:nth-child(2)"))


def decide(visitor: Visitor, key: str) -> str:
    """Decides the alert that is open; where it is."""
    where = str(visitor.page.url).split("?")[0]
    visitor.press(key, "1")
    visitor.page.wait_for_url(lambda url: url.split("?")[0] != where and "/next" not in url)
    visitor.page.locator("#claim[data-state=mine]").wait_for()
    return where


def test_ten_alerts_are_decided_by_whoever_opens_the_link(demo: Demo, browser: Any) -> None:
    link = demo.told(r"^(http://\S+/link/\S+)$")
    verify = demo.told(r"^(env SAMEHAND_.* audit verify)$")
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    visitor = Visitor(context, link.partition("/link/")[0])
    visitor.page.goto(link)
    visitor.press("Enter")
    visitor.at_the_queue()
    while visitor.page.locator("table.queue tbody tr").count() < 2 * ALERTS:
        with visitor.page.expect_navigation():
            visitor.page.locator(".live a").click()  # more has arrived
    assert blind_verdicts(visitor) == 0
    visitor.press("g")
    visitor.page.locator("#claim[data-state=mine]").wait_for()
    decided: list[str] = []
    blind_ones: list[str] = []
    confirmed: list[str] = []  # those that were shown: only what was confirmed has a family
    # One of either kind may be the last one, which is undone.
    while len(decided) < ALERTS or len(confirmed) < 2 or len(blind_ones) < 2:
        assert len(decided) < 10 * ALERTS, "of so many all are blind, or none"
        blind = visitor.page.locator(".waterfall").count() == 0
        key = "d" if len(decided) % 3 == 2 else "c"
        decided.append(decide(visitor, key))
        if blind:
            blind_ones.append(decided[-1])
        elif key == "c":
            confirmed.append(decided[-1])
    visitor.press("z")
    visitor.page.wait_for_url(f"{decided.pop()}*")
    moved = blind_verdicts(visitor)
    assert 0 < moved <= len(decided)
    picture(visitor.page, "desk-figures")
    # A blind alert hides what was said of it for as long as its verdict can be undone; one whose account or
    # family waits to be read blind hides it, too.
    reason = visitor.page.locator("input[name=reason_code]")
    for where in confirmed:
        visitor.page.goto(where)
        if reason.count():
            break
    visitor.page.locator("details:has(a[href^='/families/']) summary").first.click()
    visitor.page.locator("a[href^='/families/']").first.click()
    visitor.page.locator("svg a").first.wait_for()
    picture(visitor.page, "desk-family")
    visitor.page.go_back()
    reason.focus()
    visitor.press("Enter")
    visitor.page.locator(".verdicts li:nth-child(2)").wait_for()
    visitor.page.locator("input[name=purpose]").fill("appeal-311")
    visitor.press("Enter")
    visitor.page.get_by_role("heading", name=re.compile("^Case")).wait_for()
    picture(visitor.page, "desk-case")
    assert (visitor.faults, visitor.violations()) == ([], [])
    context.close()
    told = subprocess.run(
        shlex.split(verify), capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
