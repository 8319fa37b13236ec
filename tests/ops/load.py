"""A platform that never rests: one sample stream after another, until it is told to stop."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime

from cli.run.demo.replay import DemoReplay
from simulate.timeline.stream import sample
from streams.settings import Settings

SIGN_UPS = 1_000
REPLAY_SECONDS = 60.0
"""Some forty events a second: more than a busy machine keeps up with, which is what operators must see."""

CALM_SECONDS = 240.0
"""For pictures of a service that is well."""

FIRST_SEED = 7


class Load(threading.Thread):
    """Sends in the background; a fault is kept for whoever asks."""

    def __init__(self, settings: Settings, replay_seconds: float = REPLAY_SECONDS) -> None:
        super().__init__(name="load", daemon=True)
        self.fault = ""
        self._settings = settings
        self._replay_seconds = replay_seconds
        self._told = threading.Event()

    def stop(self) -> None:
        """Sends nothing more; returns when the last record is confirmed."""
        self._told.set()
        self.join(60.0)

    def run(self) -> None:
        """One stream after another, each of other people."""
        for seed in itertools.count(FIRST_SEED):
            events = list(sample(seed, SIGN_UPS, ends_at=datetime.now(UTC)))
            replay = DemoReplay(self._settings, events, self._replay_seconds)
            replay.start()
            while replay.is_alive() and not self._told.wait(0.2):
                pass
            replay.stop()
            replay.join(30.0)
            self.fault = self.fault or replay.sent.fault
            if self.fault or self._told.is_set():
                return
