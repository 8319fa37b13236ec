"""The table of latencies; the run itself is judged by tests/stress."""

from __future__ import annotations

from bench.latency import Latency, Report, summary, table
from bench.machine import machine


def a_rate(rate: int, behind_seconds: float) -> Latency:
    return Latency(
        rate=rate,
        events=rate * 10,
        lost=0,
        alerts=rate,
        p50_ms=20.0,
        p99_ms=90.0,
        searchable_p99_seconds=0.25,
        busy=0.5,
        behind_seconds=behind_seconds,
    )


def test_a_rate_that_was_too_much_is_told_as_such() -> None:
    report = Report(1_000, "embedded", [a_rate(50, 0.4), a_rate(500, 31.0)], machine())
    told = table([report])
    assert "| 50 | embedded | 20.0 / 90.0 | ≤ 0.25 | 0.50 | yes |" in told
    assert "| 500 | embedded | 20.0 / 90.0 | ≤ 0.25 | 0.50 | no: 31 s behind |" in told
    assert "50 + 500 alerts timed; 0 events lost" in summary([report])
