"""Every metric, declared once, with its unit and what it is for. Prefix `samehand_`; seconds and bytes.

Labels are bounded: topics, outcomes, bands, reasons, operations, signals and scripts come from fixed lists,
queues from the first `QUEUES_MAX` names seen. Ids and personal values are never a label. Children whose
labels are known are created at the start, so that a rate sees the step from 0 to 1.

An exemplar leads from a bucket to a record: its address, `partition` and `offset` (the topic is a label),
which tells nothing to who cannot read the topic. One a second and topic is enough to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import nan
from typing import Final

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

from schemas.alerts import WITHDRAWN_REASONS
from schemas.unusable import UNKNOWN_FIELD, FieldFault
from streams.delivery.circuit_breaker import BreakerState
from streams.delivery.progress import Partition
from streams.outcomes import Arrival, Dead, Nothing, Outcome, Published
from streams.supervision.supervisor import REASONS as RESTARTS
from streams.telemetry.lag import Lag

# `_created` series double the number of series and no query of ours reads them.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # has no annotations

OUTCOMES: Final = ("published", "nothing", "dead")
BANDS: Final = ("likely", "possible")
DIRECTIONS: Final = ("forward", "lookback", "update")
VERDICTS: Final = ("mirror", "not_mirror", "unsure")

FRESH_SECONDS: Final = 5.0
"""The objective: 99 % of events reach their outcome within this.

A bucket edge, so that it is counted exactly.
"""

EXEMPLAR_SECONDS: Final = 1.0
"""An exemplar costs as much as counting the record, and nobody scrapes more often than each second."""

DECIDED: Final = frozenset({"mirror", "not_mirror"})

QUEUES_MAX: Final = 32
"""Review queues are an organisation's teams.

Names come from bans, so without a cap a producer could add series.
"""

INDEXES: Final = ("bans", "remembered")

OTHER: Final = "other"
NO_BAND: Final = "none"
"""Of a verdict on an alert that is no longer known."""

_AGE_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, FRESH_SECONDS, 10, 30, 60, 300, 3600)
_DETECT_SECONDS: Final = (1, 5, 30, 60, 300, 900, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400)
_STORE_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_CANDIDATES: Final = (0, 1, 4, 16, 64, 150, 300, 600, 1200)
_LOG_ODDS: Final = (-20, -10, -5, -2, 0, 2, 5, 10, 20, 40)


def restarts_counter(registry: CollectorRegistry) -> Counter:
    """How often the supervisor started this process again, by each of its reasons."""
    counter = Counter(
        "samehand_worker_restarts",
        "How often this worker was started again by its supervisor, by reason.",
        ("reason",),
        registry=registry,
    )
    for reason in RESTARTS:
        counter.labels(reason)
    return counter


def declare_build(
    registry: CollectorRegistry, build: Mapping[str, str], *, name: str = "samehand_build_info"
) -> None:
    """Tells what runs, in the labels of a series that is always 1."""
    meaning = "Always 1; what runs is in the labels."
    Gauge(name, meaning, tuple(build), registry=registry).labels(**build).set(1)


@dataclass(slots=True)
class Tally:
    """Decided alerts of one band since this process started."""

    mirrors: int = 0
    all: int = 0


class Metrics:
    """All metrics of one process, in `registry`. `topics` are the consumed ones, in full."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        topics: Iterable[str] = (),
        reasons: Iterable[str] = (),
        operations: Iterable[str] = (),
        signals: Iterable[str] = (),
        scripts: Iterable[str] = (),
        build: Mapping[str, str] | None = None,
    ) -> None:
        self.registry = registry
        self._queues: set[str] = set()
        self._decided: dict[str, Tally] = {}
        self._outcome_of: dict[tuple[str, str], Counter] = {}
        self._age_of: dict[str, Histogram] = {}
        self._exemplar_at: dict[str, float] = {}
        self._declare_events(registry)
        self._declare_findings(registry)
        self._declare_store(registry)
        self.restarts = restarts_counter(registry)
        declare_build(registry, build or {"version": "unknown"})
        self._create_children(tuple(topics), tuple(reasons), tuple(operations))
        self._create_findings(tuple(signals), tuple(scripts))

    def _declare_events(self, registry: CollectorRegistry) -> None:
        self.events = Counter(
            "samehand_events", "Records with a durable outcome.", ("topic", "outcome"), registry=registry
        )
        self.event_age_seconds = Histogram(
            "samehand_event_age_seconds",
            "From the time Kafka stamped a record to its durable outcome.",
            ("topic",),
            buckets=_AGE_SECONDS,
            registry=registry,
        )
        self.deadletters = Counter(
            "samehand_deadletters",
            "Dead letters, by source topic and reason.",
            ("topic", "reason"),
            registry=registry,
        )
        self.duplicates_suppressed = Counter(
            "samehand_duplicates_suppressed",
            "Alerts not published again because they were before.",
            registry=registry,
        )
        self.unknown_fields = Counter(
            "samehand_unknown_fields",
            "Fields of records that this version does not know.",
            ("topic",),
            registry=registry,
        )
        self.fields_unusable = Counter(
            "samehand_fields_unusable",
            "Fields of records that were left out or read in part, by the schema's name and the reason.",
            ("topic", "field", "reason"),
            registry=registry,
        )
        self.clamped_dates = Counter(
            "samehand_clamped_dates",
            "Dates up to five minutes in the future, taken as now.",
            ("topic",),
            registry=registry,
        )
        self.lag_records = Gauge(
            "samehand_consumer_lag_records",
            "High water mark minus the offset after the last acknowledged record.",
            ("topic", "partition"),
            registry=registry,
        )
        self.lag_seconds = Gauge(
            "samehand_consumer_lag_seconds",
            "Age of the oldest record without an outcome, 0 without any.",
            ("topic",),
            registry=registry,
        )
        self.ready = Gauge(
            "samehand_ready",
            "1 while records that arrive get their outcome soon; /health/ready says why not.",
            registry=registry,
        )
        self.signal_unavailable = Counter(
            "samehand_signal_unavailable",
            "Accounts that brought a value which this worker cannot read (a picture without its decoder).",
            ("signal",),
            registry=registry,
        )
        self.topic_stopped = Gauge(
            "samehand_topic_stopped",
            "1 while a topic stands still because of too many dead letters.",
            ("topic",),
            registry=registry,
        )

    def _declare_findings(self, registry: CollectorRegistry) -> None:
        self.alerts = Counter(
            "samehand_alerts", "Alerts published.", ("band", "direction", "queue"), registry=registry
        )
        self.alerts_withdrawn = Counter(
            "samehand_alerts_withdrawn", "Alerts withdrawn.", ("reason",), registry=registry
        )
        self.sampled_pairs = Counter(
            "samehand_sampled_pairs",
            "Pairs below the bands that were published to be read blind, by stratum of log-odds.",
            ("stratum",),
            registry=registry,
        )
        self.shadow_weights = Counter(
            "samehand_shadow_weights",
            "Pairs that alert by the weights in force or by those beside them, by the band of either.",
            ("band", "shadow_band"),
            registry=registry,
        )
        self.alerts_reopened = Counter(
            "samehand_alerts_reopened",
            "Alerts opened again, since a verdict was taken back.",
            registry=registry,
        )
        self.time_to_detect_seconds = Histogram(
            "samehand_time_to_detect_seconds",
            "From a ban to the alert on its mirror.",
            ("direction",),
            buckets=_DETECT_SECONDS,
            registry=registry,
        )
        self.searchable_seconds = Histogram(
            "samehand_searchable_seconds",
            "From the time Kafka stamped a ban to its fingerprint being found.",
            buckets=_AGE_SECONDS,
            registry=registry,
        )
        self.candidates = Histogram(
            "samehand_candidates",
            "Candidates a look-up read: those that can alert.",
            buckets=_CANDIDATES,
            registry=registry,
        )
        self.score_log_odds = Histogram(
            "samehand_score_log_odds",
            "Log-odds of the best candidate of a look-up, of those compared in full (natural logarithm).",
            buckets=_LOG_ODDS,
            registry=registry,
        )
        self.alerts_unjudged = Gauge(
            "samehand_alerts_unjudged",
            "Published alerts that no moderator has judged yet.",
            registry=registry,
        )
        self.alerts_unjudged_oldest_seconds = Gauge(
            "samehand_alerts_unjudged_oldest_seconds",
            "How long the oldest of them has waited for a verdict, 0 without any.",
            registry=registry,
        )
        self.signals = Counter(
            "samehand_signals", "Evidence for a mirror in published alerts.", ("signal",), registry=registry
        )
        self.judged_scripts = Counter(
            "samehand_judged_scripts",
            "Verdicts by the script of the names that their alert quotes.",
            ("script", "verdict"),
            registry=registry,
        )
        self.verdicts = Counter(
            "samehand_verdicts", "Verdicts of moderators.", ("verdict", "band"), registry=registry
        )
        self.precision_ratio = Gauge(
            "samehand_precision_ratio",
            "Share of mirrors among the verdicts this process saw.",
            ("band",),
            registry=registry,
        )

    def _declare_store(self, registry: CollectorRegistry) -> None:
        self.store_seconds = Histogram(
            "samehand_store_seconds",
            "Time the store took, by operation on a batch.",
            ("operation",),
            buckets=_STORE_SECONDS,
            registry=registry,
        )
        self.store_breaker_state = Gauge(
            "samehand_store_breaker_state", "0 closed, 1 half-open, 2 open.", registry=registry
        )
        self.fingerprints = Gauge("samehand_fingerprints", "Banned accounts in the store.", registry=registry)
        self.remembered_accounts = Gauge(
            "samehand_remembered_accounts", "Accounts remembered for later bans.", registry=registry
        )
        self.remembered_bytes = Gauge(
            "samehand_remembered_bytes", "What remembered accounts take of their budget.", registry=registry
        )
        self.remembered_evicted = Gauge(
            "samehand_remembered_evicted",
            "Accounts forgotten before their time, since the store was made, because the budget was full.",
            registry=registry,
        )
        self.postings_full = Gauge(
            "samehand_postings_full",
            "Times an account was not listed under a key whose posting was full, since the store was made.",
            ("index", "kind"),
            registry=registry,
        )
        self.lookbacks_capped = Counter(
            "samehand_lookbacks_capped",
            "Look-backs that met a key under which full postings had turned accounts away, by kind of key.",
            ("kind",),
            registry=registry,
        )
        self.store_memory_bytes = Gauge(
            "samehand_store_memory_bytes", "Memory that the store's servers use.", registry=registry
        )
        self.store_memory_limit_bytes = Gauge(
            "samehand_store_memory_limit_bytes",
            "Memory that the store's servers may use, 0 where nothing limits it.",
            registry=registry,
        )

    def restarted(self, restarts: Mapping[str, int]) -> None:
        """How often the supervisor has started a worker again before this one, by reason."""
        for reason, times in restarts.items():
            self.restarts.labels(reason).inc(times)

    def _create_children(
        self, topics: tuple[str, ...], reasons: tuple[str, ...], operations: tuple[str, ...]
    ) -> None:
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
        for operation in operations:
            self.store_seconds.labels(operation)
        for index in INDEXES:
            self.postings_full.labels(index, "device").set(0)
        self.lookbacks_capped.labels("device")

    def _create_findings(self, signals: tuple[str, ...], scripts: tuple[str, ...]) -> None:
        for band, direction in product(BANDS, DIRECTIONS):
            self.alerts.labels(band, direction, "")
        for direction in DIRECTIONS:
            self.time_to_detect_seconds.labels(direction)
        for reason in WITHDRAWN_REASONS:
            self.alerts_withdrawn.labels(reason)
        for verdict, band in product(VERDICTS, (*BANDS, NO_BAND)):
            self.verdicts.labels(verdict, band)
        for band in BANDS:
            self.precision_ratio.labels(band).set(nan)  # nobody has judged yet, which is not 0
        for signal in signals:
            self.signals.labels(signal)
            self.signal_unavailable.labels(signal)
        for script, verdict in product(scripts, VERDICTS):
            self.judged_scripts.labels(script, verdict)

    def outcome(self, arrival: Arrival, outcome: Outcome, now: float) -> None:
        """A record's outcome is durable; `now` in Unix seconds."""
        topic, name = arrival.topic, outcome_name(outcome)
        age = max(0.0, now - arrival.timestamp)
        if (topic, name) not in self._outcome_of:
            self._outcome_of[topic, name] = self.events.labels(topic, name)
            self._age_of[topic] = self.event_age_seconds.labels(topic)
        self._outcome_of[topic, name].inc()
        exemplar = self._exemplar(arrival, now)
        self._age_of[topic].observe(age, exemplar)
        if isinstance(outcome, Dead):
            self.deadletters.labels(topic, outcome.reason).inc(1, exemplar or _address(arrival))

    def _exemplar(self, arrival: Arrival, now: float) -> dict[str, str] | None:
        if abs(now - self._exemplar_at.get(arrival.topic, 0.0)) < EXEMPLAR_SECONDS:
            return None
        self._exemplar_at[arrival.topic] = now
        return _address(arrival)

    def alert(self, band: str, direction: str, queue: str, seconds_since_ban: float | None = None) -> None:
        """An alert was published. A queue beyond the first `QUEUES_MAX` counts as `other`."""
        self.alerts.labels(band, direction, self._queue(queue)).inc()
        if seconds_since_ban is not None:
            self.time_to_detect_seconds.labels(direction).observe(max(0.0, seconds_since_ban))

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

    def unavailable(self, signals: Iterable[str]) -> None:
        """An account brought values for these signals that cannot be read here."""
        for signal in signals:
            self.signal_unavailable.labels(signal).inc()

    def fired(self, signals: Iterable[str]) -> None:
        """These signals speak for a mirror in an alert that is being published."""
        for signal in signals:
            self.signals.labels(signal).inc()

    def verdict(self, verdict: str, band: str, script: str | None = None) -> None:
        """A moderator judged an alert of a band, which quotes names in a script (None: no longer known).

        `unsure` says nothing of precision, nor does a verdict on an alert that nobody knows.
        """
        self.verdicts.labels(verdict, band).inc()
        if script is not None:
            self.judged_scripts.labels(script, verdict).inc()
        if verdict in DECIDED and band in BANDS:
            counts = self._decided.setdefault(band, Tally())
            counts.mirrors += verdict == "mirror"
            counts.all += 1
            self.precision_ratio.labels(band).set(counts.mirrors / counts.all)

    def breaker(self, state: BreakerState) -> None:
        """The store's breaker turned."""
        self.store_breaker_state.set(state)

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

    def _queue(self, queue: str) -> str:
        if queue not in self._queues and len(self._queues) < QUEUES_MAX:
            self._queues.add(queue)
        return queue if queue in self._queues else OTHER

    def exposition(self) -> bytes:
        """Everything in Prometheus's text format."""
        return prometheus_client.generate_latest(self.registry)

    def negotiated(self, accept: str) -> tuple[bytes, str]:
        """What `/metrics` serves, and its content type: OpenMetrics with exemplars to who accepts it."""
        encode, kind = choose_encoder(accept)
        return encode(self.registry), kind


def _address(arrival: Arrival) -> dict[str, str]:
    return {"partition": str(arrival.partition), "offset": str(arrival.offset)}


def outcome_name(outcome: Outcome) -> str:
    """The label of an outcome."""
    match outcome:
        case Published():
            return "published"
        case Nothing():
            return "nothing"
        case Dead():
            return "dead"
