"""Reads alerts and waves as they are published, and counts dead letters."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types

from cli.run.demo.replay import PublishedEvents
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.waves import WaveAlert
from schemas.wire import Decoded, decode_alert, decode_wave
from streams.kafka.client import client_options
from streams.kafka.topics import names
from streams.settings import Settings

LOOK_SECONDS = 0.01
"""Between two looks that find nothing. The embedded broker answers those at once, and a poll that has time
left asks again: it would take a processor from the worker. What we wait counts as the worker's latency."""


@dataclass(slots=True)
class ReceivedAlerts:
    """What came out. `began` is the monotonic clock's second from which `first_alert_seconds` counts;
    `latencies` are seconds from sending the event that set an alert off to reading it."""

    began: float = 0.0
    first_alert_seconds: float | None = None
    alerts: Counter[tuple[str, str]] = field(default_factory=Counter)
    withdrawn: int = 0
    repeated: int = 0
    dead_letters: int = 0
    waves: dict[str, int] = field(default_factory=dict)  # members of each that is open
    latencies: list[float] = field(default_factory=list)
    pairs: dict[tuple[str, str], str] = field(default_factory=dict)
    _seen: set[tuple[str, int]] = field(default_factory=set)

    def note(self, alert: MirrorAlert, sent: PublishedEvents) -> bool:
        """Counts an alert. Returns False for a repeat."""
        revision = (alert.alert_id, alert.revision)
        if revision in self._seen:
            self.repeated += 1
            return False
        self._seen.add(revision)
        if self.first_alert_seconds is None:
            self.first_alert_seconds = round(time.monotonic() - self.began, 1)
        if alert.status == "withdrawn":
            self.withdrawn += 1
            return True
        self.alerts[alert.band, alert.direction] += 1
        self.pairs[alert.key, alert.matched.key] = alert.band
        lookback = alert.direction == "lookback"
        since = sent.bans.get(alert.matched.key) if lookback else sent.accounts.get(alert.key)
        if since is not None:
            self.latencies.append(time.monotonic() - since)
        return True

    def note_wave(self, wave: WaveAlert) -> bool:
        """Counts the members of a wave. Returns False for a repeat."""
        revision = (wave.wave_id, wave.revision)
        if revision in self._seen:
            return False
        self._seen.add(revision)
        if wave.status == "open":
            self.waves[wave.wave_id] = len(wave.members)
        else:
            self.waves.pop(wave.wave_id, None)
        return True


def listen(
    settings: Settings,
    sent: PublishedEvents,
    received: ReceivedAlerts,
    until: float,
    between: Callable[[], None],
) -> Iterator[MirrorAlert | AlertSummary | WaveAlert]:
    """Yields alerts and waves as they come, until a moment of the monotonic clock, and counts dead letters.

    `between` is called between two looks.
    """
    called = names(settings)
    client: Any = kafka.KafkaConsumer(
        called.alerts,
        called.letters,
        called.waves,
        **client_options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        group_id=None,
    )
    try:
        while time.monotonic() < until:
            between()
            polled = client.poll(timeout_ms=0)
            if not polled:
                time.sleep(LOOK_SECONDS)
            for records in polled.values():
                for record in records:
                    if record.topic == called.letters:
                        received.dead_letters += 1
                        continue
                    if record.topic == called.waves:
                        if record.value is None:
                            continue  # the wave is forgotten
                        wave = decode_wave(record.value, now=time.time())
                        if not isinstance(wave, Decoded):
                            raise ValueError("a wave does not decode")
                        if received.note_wave(wave.record):
                            yield wave.record
                        continue
                    read = decode_alert(record.value, now=time.time())
                    if not isinstance(read, Decoded):
                        raise ValueError("an alert does not decode")
                    if isinstance(read.record, AlertSummary) or received.note(read.record, sent):
                        yield read.record
    finally:
        client.close()
