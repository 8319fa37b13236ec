"""The table of several workers."""

from __future__ import annotations

from bench.machine import machine
from bench.scale import Report, Shared, table


def test_each_number_of_workers_is_held_against_the_first() -> None:
    several = [Shared(1, 4_000.0, 1_000.0, 200.0), Shared(2, 5_000.0, 1_100.0, 350.0)]
    told = table(Report(1_000, 400, several, machine()))
    assert "| 1 | 4,000 + 1,000 | 1.00 | 200 |" in told
    assert "| 2 | 5,000 + 1,100 | 1.25 | 350 |" in told
