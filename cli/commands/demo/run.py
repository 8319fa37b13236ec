"""The demo from curtain to curtain."""

from __future__ import annotations

import shlex
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from rich.console import Console

from cli import output
from cli.commands.demo.alert_reader import ReceivedAlerts, listen
from cli.commands.demo.replay import DemoReplay
from cli.commands.demo.servers import DemoServers, stage
from cli.commands.demo.summary import figures, sentences
from report.waterfall import terminal
from schemas.accounts import AccountBanned, AccountCreated
from schemas.alerts import AlertSummary
from schemas.wire import encode
from simulate.sample import sample
from simulate.timeline.events import Event

_ACCOUNT_ID = "made-by-you"


def curl(gate: str, key: str, events: Iterable[Event], now: datetime) -> str:
    """The command that scores a mirror of the account that was banned last, and stays so; "" without one."""
    bans = [
        event.value
        for event in events
        if event.label.kind == "banned" and isinstance(event.value, AccountBanned)
    ]
    if not bans:
        return ""
    banned = max(bans, key=lambda ban: ban.at)
    handle = f"{banned.account.handle or 'back'}_2"
    mirror = AccountCreated(
        event_id=_ACCOUNT_ID,
        version=1,
        occurred_at=now.astimezone(UTC),
        platform=banned.platform,
        account=replace(banned.account, account_id=_ACCOUNT_ID, handle=handle, avatar=None),
    )
    login = f"Authorization: Bearer {key}"
    return shlex.join(["curl", "-s", f"{gate}/v1/score", "-H", login, "-d", encode(mirror).decode()])


SETTLE_SECONDS = 4.0  # after the last event: longer than any batch, lookback included, takes
REPLAY_SECONDS = 60.0  # without an end given: a pace at which a person can read along
FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How long (``None``: until Ctrl-C), how many sign-ups, from which seed."""

    seconds: float | None
    accounts: int
    seed: int


def perform(wanted: DemoOptions, console: Console) -> dict[str, Any]:
    """Runs the demo and tells what it saw; Ctrl-C and SIGTERM end it like its end does."""
    with _ended_in_order(), tempfile.TemporaryDirectory(prefix="samehand-demo-") as folder:
        console.print(
            "Starting an embedded Kafka broker, an embedded Redis, a worker and a desk …", style="dim"
        )
        events = list(sample(wanted.seed, wanted.accounts, ends_at=datetime.now(UTC)))
        with stage(Path(folder), events) as running:
            # How long a busy machine takes to start five processes is no part of what was asked for.
            end = FOREVER if wanted.seconds is None else time.monotonic() + wanted.seconds
            _tell_where(running, console)
            left = REPLAY_SECONDS if wanted.seconds is None else end - time.monotonic() - SETTLE_SECONDS
            replay = DemoReplay(running.settings, events, max(left, 1.0))
            heard = ReceivedAlerts()
            call = curl(running.gate, running.key, events, datetime.now(UTC)) if running.gate else ""
            encore = _Encore(replay, heard, console, call)
            replay.start()
            try:
                _watch(running, encore, end)
            except KeyboardInterrupt:
                console.print("Ending …", style="dim")
            replay.stop()
            replay.join(timeout=SETTLE_SECONDS)
            summary = figures(replay.sent, heard)
            encore.sum_up(summary)
            summary["worker_alive"] = running.worker.pid is not None
    return summary


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Lets SIGTERM end the demo as Ctrl-C does: who stops it by a time limit reads the summary, too."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Encore:
    """Sums up when the sample stream has ended, and at the end where there is more to tell."""

    def __init__(self, replay: DemoReplay, heard: ReceivedAlerts, console: Console, call: str = "") -> None:
        """``call`` scores a mirror at the gate while the demo runs."""
        self.replay, self.heard, self.console, self.call = replay, heard, console, call
        self._told: dict[str, Any] | None = None
        self._ended: float | None = None

    def look(self) -> None:
        if self._told is not None or not self.replay.sent.finished:
            return
        now = time.monotonic()
        self._ended = self._ended or now
        if now >= self._ended + SETTLE_SECONDS:
            self.sum_up(figures(self.replay.sent, self.heard))
            if self.call:
                self.console.print("Score a mirror while it signs up:")
                self.console.print(self.call, highlight=False, markup=False, soft_wrap=True)
            self.console.print("The sample stream has ended; Ctrl-C ends the demo.", style="dim")

    def sum_up(self, summary: dict[str, Any]) -> None:
        """The sentences of these figures, unless they stand there already."""
        if summary != self._told:
            for line in sentences(summary):
                self.console.print(line, highlight=False)
        self._told = dict(summary)


def _tell_where(running: DemoServers, console: Console) -> None:
    console.print(f"Overview: {running.web}/", highlight=False)
    console.print(f"Metrics: {running.web}/metrics   health: {running.web}/health/ready", highlight=False)
    if running.desk:
        console.print("Decide at the desk, by a link that works once, within 15 minutes:", highlight=False)
        output.line(console, running.desk)  # whole, however narrow the terminal is
        console.print("There g opens the first alert and ? tells the keys.", highlight=False)
        console.print("Verify the audit of what you decided, while this runs:", highlight=False)
        console.print(running.audit, highlight=False, markup=False, soft_wrap=True)
    console.print(f"Logs while it runs: {running.logs}", highlight=False)


def _watch(running: DemoServers, encore: _Encore, end: float) -> None:
    sent, heard, console = encore.replay.sent, encore.heard, encore.console
    # With an end given there is nothing to tell before it.
    for record in listen(running.settings, sent, heard, end, encore.look if end == FOREVER else _nothing):
        shown = terminal.summary(record) if isinstance(record, AlertSummary) else terminal.alert(record)
        console.print(shown, highlight=False)
        console.print()


def _nothing() -> None: ...
