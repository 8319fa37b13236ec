"""Metrics of the store: how long it takes, what lies in it, and the memory that it has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streams.delivery.circuit_breaker import BreakerState

INDEXES: Final = ("bans", "remembered")

_STORE_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class StoreMetrics:
    """How the store fares. `operations` are those that are timed."""

    def __init__(self, registry: CollectorRegistry, *, operations: Sequence[str]) -> None:
        self._declare_store(registry)
        for operation in operations:
            self.store_seconds.labels(operation)
        for index in INDEXES:
            self.postings_full.labels(index, "device").set(0)
        self.lookbacks_capped.labels("device")
        for cause in ("worker", "store"):
            self.store_late_seconds.labels(cause)

    def _declare_store(self, registry: CollectorRegistry) -> None:
        counter = partial(Counter, registry=registry)
        gauge = partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        self.store_seconds = histogram(
            "samehand_store_seconds",
            "Time the store took, by operation on a batch.",
            ("operation",),
            buckets=_STORE_SECONDS,
        )
        self.store_late_seconds = counter(
            "samehand_store_late_seconds",
            "Time that answers of the store were late, by cause: worker (it had no processor to read them, "
            "and waited on) or store (it gave none by the deadline: an outage).",
            ("cause",),
        )
        self.store_breaker_state = gauge("samehand_store_breaker_state", "0 closed, 1 half-open, 2 open.")
        self.fingerprints = gauge("samehand_fingerprints", "Banned accounts in the store.")
        self.remembered_accounts = gauge(
            "samehand_remembered_accounts", "Accounts remembered for later bans."
        )
        self.remembered_bytes = gauge(
            "samehand_remembered_bytes", "What remembered accounts take of their budget."
        )
        self.remembered_evicted = gauge(
            "samehand_remembered_evicted",
            "Accounts forgotten before their time, since the store was made, because the budget was full.",
        )
        self.postings_full = gauge(
            "samehand_postings_full",
            "Times an account was not listed under a key whose posting was full, since the store was made.",
            ("index", "kind"),
        )
        self.lookbacks_capped = counter(
            "samehand_lookbacks_capped",
            "Look-backs that met a key under which full postings had turned accounts away, by kind of key.",
            ("kind",),
        )
        self.store_memory_bytes = gauge("samehand_store_memory_bytes", "Memory that the store's servers use.")
        self.store_memory_limit_bytes = gauge(
            "samehand_store_memory_limit_bytes",
            "Memory that the store's servers may use, 0 where nothing limits it.",
        )

    def breaker(self, state: BreakerState) -> None:
        self.store_breaker_state.set(state)
