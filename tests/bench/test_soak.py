"""The slope of a worker's memory, and the flood that shares everything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.machine import machine
from bench.running.crowd import sign_ups
from bench.soak import Report, Stretch, shared, slope, summary, table


def test_a_slope_is_in_megabytes_an_hour() -> None:
    assert slope([(second, 50_000_000 + 1_000 * second) for second in range(0, 600, 2)]) == pytest.approx(3.6)
    assert slope([(second, 50_000_000) for second in range(0, 600, 2)]) == pytest.approx(0.0, abs=1e-6)
    assert slope([(0.0, 1)]) == 0.0


def test_a_flood_shares_its_address_device_and_handle_and_nothing_else() -> None:
    flood = [shared(one) for one in sign_ups(3, 100, [], 20, at=1_795_000_000.0)]
    assert len({(one.account.ip, one.account.device_id, one.account.handle) for one in flood}) == 1
    assert len({one.key for one in flood}) == 20


def test_the_table_holds_all_against_before_and_says_whether_it_is_flat() -> None:
    flood = [Stretch(2_000.0, 500.0), Stretch(3_000.0, 700.0), Stretch(1_900.0, 510.0)]
    found = Report(1_000, 20.0, 240_000, 200.0, 201.0, 5.0, flood, machine())
    assert "| the flood | 3,000 + 700 | 1.50 |" in table(found)
    assert found.half_hour_mb == pytest.approx(5.0 / 2)
    assert "goal 5: reached" in summary(found)
    assert "goal 5: missed" in summary(replace(found, last_slope_mb_an_hour=11.0))
