"""Metrics of the store: how long it takes, what lies in it, and the memory that it has."""

from __future__ import annotations

from collections.abc import Sequence
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

    def breaker(self, state: BreakerState) -> None:
        self.store_breaker_state.set(state)
