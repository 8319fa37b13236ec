"""Alerts and verdicts as their topics hold them, for commands that do without the desk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from cli import output
from cli.exit_codes import NotDone
from report.text import visible
from schemas.alerts import MirrorAlert
from schemas.malformed import Malformed
from schemas.verdicts import VerdictGiven
from schemas.wire import decode_alert, decode_verdict
from streams.kafka.client import TopicReader, reader
from streams.kafka.topics import names
from streams.settings import Settings

ALERTS_MAX: Final = 200_000
"""Alerts held at once, some 2 KB each: beyond it the topic wants a desk."""

_NOTED_EVERY: Final = 1_000


@dataclass(slots=True)
class MirroredAlerts:
    """What the topics say: the latest revision of each alert, and the verdict that holds on it."""

    alerts: dict[str, MirrorAlert] = field(default_factory=dict)
    verdicts: dict[str, VerdictGiven] = field(default_factory=dict)
    unreadable: int = 0
    beyond: int = 0

    def alert(self, alert_id: str) -> MirrorAlert:
        """Raises `NotDone` where the topic has no such alert."""
        record = self.alerts.get(alert_id)
        if record is None:
            raise NotDone(
                f"there is no alert {visible(alert_id, 128)} on the topic of alerts, or its retention has "
                "passed; `samehand alerts list --all` lists those that there are"
            )
        return record


def read_topics(settings: Settings, *, only: str | None = None) -> MirroredAlerts:
    """Reads both topics from start to end; `only`: of one alert.

    Raises `BrokerUnavailable` and `BrokerRefused`.
    """
    mirrored, called = MirroredAlerts(), names(settings)
    with reader(settings) as opened:
        for _, value in values(opened, called.alerts, "reading alerts"):
            decoded_alert = decode_alert(value, now=time.time())
            if isinstance(decoded_alert, Malformed):
                mirrored.unreadable += 1
                continue
            alert = decoded_alert.record
            if not isinstance(alert, MirrorAlert) or (only is not None and alert.alert_id != only):
                continue
            known = mirrored.alerts.get(alert.alert_id)
            if known is None and len(mirrored.alerts) >= ALERTS_MAX:
                mirrored.beyond += 1
            elif known is None or known.revision <= alert.revision:
                mirrored.alerts[alert.alert_id] = alert
        for _, value in values(opened, called.verdicts, "reading verdicts"):
            decoded_verdict = decode_verdict(value, now=time.time())
            if isinstance(decoded_verdict, Malformed):
                mirrored.unreadable += 1
                continue
            verdict = decoded_verdict.record
            if verdict.golden or (only is not None and verdict.alert_id != only):
                continue
            former = mirrored.verdicts.get(verdict.alert_id)
            if former is None or former.rank <= verdict.rank:
                mirrored.verdicts[verdict.alert_id] = verdict
    return mirrored


def values(opened: TopicReader, topic: str, label: str) -> Iterator[tuple[str, bytes]]:
    """The values of a topic from start to end, each with its address; tombstones are left out."""
    partitions = opened.partitions(topic)
    with output.progress(label, sum(opened.end(topic, partition) for partition in partitions)) as hear:
        passed = 0
        for partition in partitions:
            for arrival in opened.read(topic, partition):
                if arrival.offset % _NOTED_EVERY == 0:
                    hear(passed + arrival.offset)
                if arrival.value is not None:
                    yield arrival.address, arrival.value
            passed += opened.end(topic, partition)
