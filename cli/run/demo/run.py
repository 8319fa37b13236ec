"""Runs the demo: starts the servers, replays the sample stream, prints alerts and a summary."""

from __future__ import annotations

import shlex
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from rich.console import Console, RenderableType

from cli import output
from cli.run.demo.alert_reader import ReceivedAlerts, listen
from cli.run.demo.replay import DemoReplay, with_wave
from cli.run.demo.servers import DemoServers, demo_servers
from cli.run.demo.summary import figures, sentences, waiting_records
from report.waterfall import terminal
from schemas.accounts import AccountBanned, AccountCreated
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.record import Record
from schemas.waves import WaveAlert
from schemas.wire import encode
from simulate.timeline.events import SimulatedEvent
from simulate.timeline.stream import sample

_ACCOUNT_ID = "made-by-you"


def curl(gate: str, key: str, events: Iterable[SimulatedEvent], now: datetime) -> str:
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


def perform(options: DemoOptions, console: Console) -> dict[str, Any]:
    """Runs the demo and returns its figures; Ctrl-C and SIGTERM end it as its own end does."""
    began = time.monotonic()
    with _sigterm_as_ctrl_c(), tempfile.TemporaryDirectory(prefix="samehand-demo-") as folder:
        console.print("All of samehand on this machine, on sample data. Ctrl-C stops it.")
        events = with_wave(list(sample(options.seed, options.accounts, ends_at=datetime.now(UTC))))
        with demo_servers(Path(folder), lambda line: console.print(line, style="dim")) as running:
            # How long a busy machine takes to start five processes is no part of what was asked for.
            end = FOREVER if options.seconds is None else time.monotonic() + options.seconds
            _print_addresses(running, events, console)
            left = REPLAY_SECONDS if options.seconds is None else end - time.monotonic() - SETTLE_SECONDS
            replay = DemoReplay(running.settings, events, max(left, 1.0))
            received = ReceivedAlerts(began=began)
            call = curl(running.gate, running.key, events, datetime.now(UTC)) if running.gate else ""
            printer = _SummaryPrinter(running.web, replay, received, console, call)
            replay.start()
            try:
                # With an end given, the summary comes at that end alone.
                between = printer.look if end == FOREVER else lambda: None
                for record in listen(running.settings, replay.sent, received, end, between):
                    console.print(_drawn(record))
                    console.print()
            except KeyboardInterrupt:
                console.print("Stopping …", style="dim")
            replay.stop()
            replay.join(timeout=SETTLE_SECONDS)
            summary = printer.figures()
            printer.print(summary)
            summary["worker_alive"] = running.worker.pid is not None
    return summary


def _drawn(record: MirrorAlert | AlertSummary | WaveAlert) -> RenderableType:
    if isinstance(record, WaveAlert):
        return terminal.wave(record)
    return terminal.summary(record) if isinstance(record, AlertSummary) else terminal.alert(record)


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """Lets SIGTERM end the demo as Ctrl-C does, so that a time limit gets the summary, too."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _SummaryPrinter:
    """Prints the summary when the sample stream has ended, and at the end if it has changed since.

    `call` is a command that scores a mirror at the gate while the demo runs, "" without a gate.
    """

    def __init__(
        self, worker: str, replay: DemoReplay, received: ReceivedAlerts, console: Console, call: str
    ) -> None:
        self.worker, self.replay, self.received = worker, replay, received
        self.console, self.call = console, call
        self._printed: dict[str, Any] | None = None
        self._ended: float | None = None

    def look(self) -> None:
        if self._printed is not None or not self.replay.sent.finished:
            return
        now = time.monotonic()
        self._ended = self._ended or now
        if now >= self._ended + SETTLE_SECONDS:
            self.print(self.figures())
            if self.call:
                self.console.print("Score a mirror while it signs up:")
                self.console.print(self.call, soft_wrap=True)
            self.console.print("The sample stream has ended; Ctrl-C ends the demo.", style="dim")

    def figures(self) -> dict[str, Any]:
        return figures(self.replay.sent, self.received, waiting_records(self.worker))

    def print(self, summary: dict[str, Any]) -> None:
        if summary != self._printed:
            for line in sentences(summary):
                self.console.print(line)
        self._printed = dict(summary)


def _print_addresses(running: DemoServers, events: Sequence[SimulatedEvent], console: Console) -> None:
    console.print(f"Page of the worker: {running.web}/")
    if running.desk:
        console.print("Decide at the desk, by a link that works once, within 15 minutes:")
        output.line(console, running.desk)  # whole, however narrow the terminal is
        console.print("There g opens the first alert, and ? lists the keys.")
        console.print("Verify the audit of what you decided, while this runs:")
        console.print(running.audit, soft_wrap=True)
    console.print(f"Metrics: {running.web}/metrics   logs: {running.logs}")
    broken = sum(not isinstance(event.value, Record) for event in events)
    console.print(
        f"{broken} of the {len(events)} events are broken on purpose; its page counts them as dead letters. "
        "Alerts as they come:\n"
    )
