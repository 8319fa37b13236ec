"""Metrics of a process: what runs, and how often its supervisor started it again."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

from streams.supervision.supervisor import REASONS as RESTARTS


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
