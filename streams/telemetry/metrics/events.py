"""Metrics of events: outcomes, ages, dead letters, lag, and what was odd about records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas.unusable import UNKNOWN_FIELD, FieldFault
from streams.delivery.progress import Partition
from streams.outcomes import Arrival, Dead, Nothing, Outcome, Published
from streams.telemetry.lag import Lag

FRESH_SECONDS: Final = 5.0
"""The objective: 99 % of events reach their outcome within this.

A bucket edge, so that it is counted exactly.
"""

AGE_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, FRESH_SECONDS, 10, 30, 60, 300, 3600)

OUTCOMES: Final = ("published", "nothing", "dead")

EXEMPLAR_SECONDS: Final = 1.0
"""An exemplar costs as much as counting the record, and nobody scrapes more often than each second."""


class EventMetrics:
    """What becomes of records, topic by topic. `topics` are the consumed ones, in full."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        topics: Sequence[str],
        reasons: Sequence[str],
        signals: Sequence[str],
    ) -> None:
        self._outcome_of: dict[tuple[str, str], Counter] = {}
        self._age_of: dict[str, Histogram] = {}
        self._exemplar_at: dict[str, float] = {}
        self._declare_events(registry)
        for topic in topics:
            self._age_of[topic] = self.event_age_seconds.labels(topic)
            self.lag_seconds.labels(topic)
            self.topic_stopped.labels(topic)
            self.unknown_fields.labels(topic)
            self.fields_unusable.labels(topic, UNKNOWN_FIELD, FieldFault.UNKNOWN_FIELD)
            self.clamped_dates.labels(topic)
        for topic, outcome in product(topics, OUTCOMES):
            self._outcome_of[topic, outcome] = self.events.labels(topic, outcome)
        for topic, reason in product(topics, reasons):
            self.deadletters.labels(topic, reason)
        for signal in signals:
            self.signal_unavailable.labels(signal)

    def _declare_events(self, registry: CollectorRegistry) -> None:
        counter = partial(Counter, registry=registry)
        gauge = partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        self.events = counter("samehand_events", "Records with a durable outcome.", ("topic", "outcome"))
        self.event_age_seconds = histogram(
            "samehand_event_age_seconds",
            "From the time Kafka stamped a record to its durable outcome.",
            ("topic",),
            buckets=AGE_SECONDS,
        )
        self.deadletters = counter(
            "samehand_deadletters", "Dead letters, by source topic and reason.", ("topic", "reason")
        )
        self.duplicates_suppressed = counter(
            "samehand_duplicates_suppressed", "Alerts not published again because they were before."
        )
        self.unknown_fields = counter(
            "samehand_unknown_fields", "Fields of records that this version does not know.", ("topic",)
        )
        self.fields_unusable = counter(
            "samehand_fields_unusable",
            "Fields of records that were left out or read in part, by the schema's name and the reason.",
            ("topic", "field", "reason"),
        )
        self.clamped_dates = counter(
            "samehand_clamped_dates", "Dates up to five minutes in the future, taken as now.", ("topic",)
        )
        self.lag_records = gauge(
            "samehand_consumer_lag_records",
            "High water mark minus the offset after the last acknowledged record.",
            ("topic", "partition"),
        )
        self.group_lag_records = gauge(
            "samehand_group_lag_records",
            "High water mark minus the group's committed offset, of every partition, read or not.",
            ("topic", "partition"),
        )
        self.lag_seconds = gauge(
            "samehand_consumer_lag_seconds",
            "Age of the oldest record without an outcome, 0 without any.",
            ("topic",),
        )
        self.ready = gauge(
            "samehand_ready",
            "1 while records that arrive get their outcome soon; /health/ready says why not.",
        )
        self.signal_unavailable = counter(
            "samehand_signal_unavailable",
            "Accounts that brought a value which this worker cannot read (a picture without its decoder).",
            ("signal",),
        )
        self.topic_stopped = gauge(
            "samehand_topic_stopped",
            "1 while a topic stands still because of too many dead letters.",
            ("topic",),
        )

    def outcome(self, arrival: Arrival, outcome: Outcome, now: float) -> None:
        """A record's outcome is durable; `now` in Unix seconds."""
        topic, name = arrival.topic, outcome_name(outcome)
        age = max(0.0, now - arrival.timestamp)
        if (topic, name) not in self._outcome_of:
            self._outcome_of[topic, name] = self.events.labels(topic, name)
            self._age_of[topic] = self.event_age_seconds.labels(topic)
        self._outcome_of[topic, name].inc()
        exemplar: dict[str, str] | None = None
        if abs(now - self._exemplar_at.get(topic, 0.0)) >= EXEMPLAR_SECONDS:
            self._exemplar_at[topic] = now
            exemplar = _address(arrival)
        self._age_of[topic].observe(age, exemplar)
        if isinstance(outcome, Dead):
            self.deadletters.labels(topic, outcome.reason).inc(1, exemplar or _address(arrival))

    def decoded(self, topic: str, unknown_fields: int, *, clamped: bool) -> None:
        """A record was read; what was odd about it is a producer's to mend."""
        if unknown_fields:
            self.unknown_fields.labels(topic).inc(unknown_fields)
        if clamped:
            self.clamped_dates.labels(topic).inc()

    def unusable(self, topic: str, fields: Iterable[tuple[str, str]]) -> None:
        """A record came without these fields, or only a part of each was read: (field, reason).

        Both are words of `schemas.unusable` and of the schema: a bounded number of series.
        """
        for field, reason in fields:
            self.fields_unusable.labels(topic, field, reason).inc()

    def lags(self, lags: Mapping[Partition, Lag], now: float) -> None:
        """The lag of every partition this worker has; those it lost no longer show.

        A topic without any shows 0 seconds.
        """
        self.lag_records.clear()
        seconds = dict.fromkeys(self._age_of, 0.0)
        for (topic, partition), lag in lags.items():
            self.lag_records.labels(topic, str(partition)).set(lag.records)
            seconds[topic] = max(seconds.get(topic, 0.0), lag.seconds(now))
        for topic, age in seconds.items():
            self.lag_seconds.labels(topic).set(age)

    def group_lags(self, lags: Mapping[Partition, int]) -> None:
        """The lag of every partition of the group, by its commits; those not named no longer show."""
        self.group_lag_records.clear()
        for (topic, partition), records in lags.items():
            self.group_lag_records.labels(topic, str(partition)).set(records)


def _address(arrival: Arrival) -> dict[str, str]:
    return {"partition": str(arrival.partition), "offset": str(arrival.offset)}


def outcome_name(outcome: Outcome) -> str:
    match outcome:
        case Published():
            return "published"
        case Nothing():
            return "nothing"
        case Dead():
            return "dead"
