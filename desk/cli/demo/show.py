"""The demo from curtain to curtain."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from desk import render
from desk.cli.demo.audience import Heard, listen
from desk.cli.demo.replay import Replay
from desk.cli.demo.stage import Stage, stage
from desk.cli.demo.summary import figures, sentences
from schemas.alerts import AlertSummary
from simulate.sample import sample

SETTLE_SECONDS = 4.0  # after the last event: longer than any batch, lookback included, takes
REPLAY_SECONDS = 60.0  # without an end given: a pace at which a person can read along
FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How long (``None``: until Ctrl-C), how many sign-ups, from which seed."""

    seconds: float | None
    accounts: int
    seed: int


def perform(wanted: Wanted, console: Console) -> dict[str, Any]:
    """Runs the demo and tells what it saw; Ctrl-C ends it like its end does."""
    start = time.monotonic()
    end = FOREVER if wanted.seconds is None else start + wanted.seconds
    with tempfile.TemporaryDirectory(prefix="samehand-demo-") as folder:
        console.print("Starting an embedded Kafka broker, an embedded Redis and a worker …", style="dim")
        events = list(sample(wanted.seed, wanted.accounts, ends_at=datetime.now(UTC)))
        with stage(Path(folder)) as running:
            _tell_where(running, console)
            left = REPLAY_SECONDS if wanted.seconds is None else end - time.monotonic() - SETTLE_SECONDS
            replay = Replay(running.settings, events, max(left, 1.0))
            heard = Heard()
            replay.start()
            try:
                _watch(running, replay, heard, end, console)
            except KeyboardInterrupt:
                console.print("Ending …", style="dim")
            replay.stop()
            replay.join(timeout=SETTLE_SECONDS)
            told = figures(replay.sent, heard)
            told["worker_alive"] = running.worker.pid is not None
    for line in sentences(told):
        console.print(line, highlight=False)
    return told


def _tell_where(running: Stage, console: Console) -> None:
    console.print(f"Overview: {running.web}/", highlight=False)
    console.print(f"Metrics: {running.web}/metrics   health: {running.web}/health/ready", highlight=False)
    console.print(f"Logs while it runs: {running.logs}", highlight=False)


def _watch(running: Stage, replay: Replay, heard: Heard, end: float, console: Console) -> None:
    told_end = False

    def note_end() -> None:
        nonlocal told_end
        if replay.sent.finished and not told_end:
            told_end = True
            console.print("The sample stream has ended; Ctrl-C ends the demo.", style="dim")

    for record in listen(running.settings, replay.sent, heard, end, note_end if end == FOREVER else _nothing):
        shown = render.summary(record) if isinstance(record, AlertSummary) else render.alert(record)
        console.print(shown, highlight=False)
        console.print()


def _nothing() -> None:
    """With an end given there is nothing to tell before it."""
