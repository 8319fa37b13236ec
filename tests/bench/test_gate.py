"""What a gate did under load, as a row."""

from __future__ import annotations

from bench.gate import Loaded, table

LOADED = Loaded(
    bans=3_000,
    calls_a_second=80,
    deadline_ms=150,
    calls=640,
    p50_ms=15.0,
    p99_ms=60.5,
    processor_ms_a_call=3.11,
    outcomes={"clear": 600, "alert": 10, "undecided: overloaded": 30},
    load_average=0.4,
)


def test_what_was_not_decided_in_time_is_not_counted_as_decided() -> None:
    head, _, row = table(LOADED).splitlines()
    assert row == "| 3,000 | 80 | 150 | 610 of 640 | 15 | 60.5 | 3.11 | 0.4 |"
    assert head.count("|") == row.count("|")
