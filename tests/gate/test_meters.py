"""The gate's metrics are there from the start, so that a rate sees the step from 0 to 1."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from gate.meters import GateMeters


def test_every_label_that_is_known_has_its_series() -> None:
    registry = CollectorRegistry()
    GateMeters(registry, lambda: 7)
    for name, labels in (
        ("samehand_gate_outcomes_total", {"outcome": "undecided", "reason": "deadline"}),
        ("samehand_gate_outcomes_total", {"outcome": "match", "reason": ""}),
        ("samehand_gate_calls_total", {"route": "score", "status": "5xx"}),
        ("samehand_gate_refused_total", {"reason": "rate"}),
        ("samehand_gate_records_total", {"outcome": "accepted"}),
        ("samehand_gate_seconds_count", {"route": "alerts"}),
    ):
        assert registry.get_sample_value(name, labels) == 0
    assert registry.get_sample_value("samehand_gate_variations_total") == 7
