"""Reviewers who judge every alert as it comes: each third is none, so that there is something to dismiss."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime
from typing import Any, cast

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types

from schemas.alerts import MirrorAlert
from schemas.verdicts import Verdict, VerdictGiven
from schemas.wire import Decoded, decode_alert, encode
from streams.kafka.client import client_options, writer
from streams.kafka.topics import names
from streams.settings import Settings

VERDICTS = ("mirror", "mirror", "not_mirror", "unsure")


class Reviewers(threading.Thread):
    """Until told to stop; a fault is kept for whoever asks."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="reviewers", daemon=True)
        self.fault = ""
        self._settings = settings
        self._told = threading.Event()

    def stop(self) -> None:
        """Judges nothing more."""
        self._told.set()

    def run(self) -> None:
        """Reads alerts, publishes verdicts."""
        try:
            self._judge()
        except Exception as fault:
            self.fault = repr(fault)

    def _judge(self) -> None:
        called, turns = names(self._settings), itertools.cycle(VERDICTS)
        options = client_options(self._settings)
        client: Any = kafka.KafkaConsumer(
            called.alerts, **options, auto_offset_reset="earliest", enable_auto_commit=False, group_id=None
        )
        try:
            with writer(self._settings) as out:
                while not self._told.is_set():
                    for records in client.poll(timeout_ms=200).values():
                        for record in records:
                            self._answer(out, called.verdicts, record.value, cast(Verdict, next(turns)))
        finally:
            client.close()

    def _answer(self, out: Any, topic: str, value: bytes, verdict: Verdict) -> None:
        now = datetime.now(UTC)
        read = decode_alert(value, now=now.timestamp())
        assert isinstance(read, Decoded)
        alert = read.record
        if not isinstance(alert, MirrorAlert) or alert.status == "withdrawn":
            return
        given = VerdictGiven(
            version=1,
            alert_id=alert.alert_id,
            revision=alert.revision,
            verdict=verdict,
            reason_code="looked-at-both",
            reviewer="reviewer-1",
            decided_at=now,
            blind=False,
        )
        out.send(topic, value=encode(given), key=alert.key.encode(), headers=[])
