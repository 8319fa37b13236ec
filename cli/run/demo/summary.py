"""What the demo saw, for people and as one JSON object."""

from __future__ import annotations

import math
import urllib.request
from collections import Counter
from collections.abc import Sequence
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from cli.run.demo.alert_reader import ReceivedAlerts
from cli.run.demo.replay import PublishedEvents
from report.text import plural
from schemas.keys import account_key
from simulate.timeline.events import Truth

WHOLLY_FRESH = 8
"""The strategy that shares nothing with the banned account: nobody can catch it, and we say so."""


def waiting_records(worker: str) -> int:
    """How many records the worker at this address has not read yet, by its own metrics; 0 if it is silent."""
    try:
        with urllib.request.urlopen(f"{worker}/metrics", timeout=2.0) as page:  # noqa: S310  # our own loopback address
            families = list(text_string_to_metric_families(page.read().decode()))
    except (OSError, ValueError):
        return 0
    lags = (family.samples for family in families if family.name == "samehand_consumer_lag_records")
    return int(sum(sample.value for samples in lags for sample in samples))


def figures(sent: PublishedEvents, received: ReceivedAlerts, waiting: int = 0) -> dict[str, Any]:
    """Events, alerts by band and direction, latency, dead letters, and what was true.

    ``waiting``: records that the worker has not read yet.
    """
    bands = Counter[str]()
    directions = Counter[str]()
    for (band, direction), count in received.alerts.items():
        bands[band] += count
        directions[direction] += count
    true_pairs = {_pair(truth) for truth in sent.truths}
    all_of = Counter(truth.strategy for truth in sent.truths)
    found_by_strategy = Counter(truth.strategy for truth in sent.truths if _pair(truth) in received.pairs)
    return {
        "events": sent.total,
        "events_by_topic": dict(sorted(sent.by_topic.items())),
        "alerts": sum(bands.values()),
        "alerts_by_band": {band: bands[band] for band in ("likely", "possible")},
        "alerts_by_direction": {way: directions[way] for way in ("forward", "lookback", "update")},
        "withdrawn": received.withdrawn,
        "waves": len(received.waves),
        "accounts_in_waves": sum(received.waves.values()),
        "repeated": received.repeated,
        "first_alert_seconds": received.first_alert_seconds,
        "latency_ms": {
            "p50": _percentile(received.latencies, 50),
            "p99": _percentile(received.latencies, 99),
        },
        "malformed_sent": sent.broken,
        "dead_letters": received.dead_letters,
        "mirrors": len(true_pairs),
        "mirrors_found": sum(pair in received.pairs for pair in true_pairs),
        "by_strategy": {
            str(number): {"mirrors": all_of[number], "found": found_by_strategy[number]}
            for number in sorted(all_of)
        },
        "alerts_on_others": sum(pair not in true_pairs for pair in received.pairs),
        "waiting": waiting,
        "finished": sent.finished and not sent.fault,
    }


def _pair(truth: Truth) -> tuple[str, str]:
    return (
        account_key(truth.platform, truth.account_id),
        account_key(truth.banned_platform, truth.banned_account_id),
    )


def _percentile(seconds: Sequence[float], percent: int) -> float | None:
    """In milliseconds, by nearest rank; ``None`` without any."""
    if not seconds:
        return None
    rank = max(0, math.ceil(percent / 100 * len(seconds)) - 1)
    return round(1000 * sorted(seconds)[rank], 1)


def sentences(figures: dict[str, Any]) -> list[str]:
    """The same in a few lines of words."""
    bands, ways, latency = figures["alerts_by_band"], figures["alerts_by_direction"], figures["latency_ms"]
    lines = [
        f"{figures['events']} events in, {figures['alerts']} alerts out: {bands['likely']} likely, "
        f"{bands['possible']} possible; "
        f"{ways['forward']} forward, {ways['lookback']} looking back, {ways['update']} after a change; "
        f"{figures['withdrawn']} withdrawn.",
        f"{plural(figures['waves'], 'wave')} of {plural(figures['accounts_in_waves'], 'new account')} that "
        "resemble each other.",
        f"{figures['dead_letters']} dead letters for {figures['malformed_sent']} malformed records.",
        f"{figures['mirrors_found']} of {figures['mirrors']} mirrors found; "
        f"{figures['alerts_on_others']} alerts on other accounts.",
        "By strategy, naive to wholly fresh: "
        + ", ".join(
            f"{name}: {counts['found']}/{counts['mirrors']}"
            for name, counts in figures["by_strategy"].items()
        )
        + f" (number {WHOLLY_FRESH} shares nothing with the banned account, and nobody can catch it).",
    ]
    if figures["waiting"]:
        lines.append(
            f"The worker lags: {plural(figures['waiting'], 'record')} wait, and mirrors among them are not "
            "found yet. This machine is busy; run the demo again when it is not."
        )
    if latency["p50"] is not None:
        lines.append(
            f"First alert {figures['first_alert_seconds']} s after the start; "
            f"event to alert: p50 {latency['p50']} ms, p99 {latency['p99']} ms."
        )
    return lines
