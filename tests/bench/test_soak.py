"""The slope of a worker's memory, and the flood that shares everything."""

from __future__ import annotations

import pytest

from bench.running.crowd import sign_ups
from bench.soak import shared, slope


def test_a_slope_is_in_megabytes_an_hour() -> None:
    assert slope([(second, 50_000_000 + 1_000 * second) for second in range(0, 600, 2)]) == pytest.approx(3.6)
    assert slope([(second, 50_000_000) for second in range(0, 600, 2)]) == pytest.approx(0.0, abs=1e-6)
    assert slope([(0.0, 1)]) == 0.0


def test_a_flood_shares_its_address_device_and_handle_and_nothing_else() -> None:
    flood = [shared(one) for one in sign_ups(3, 100, [], 20, at=1_795_000_000.0)]
    assert len({(one.account.ip, one.account.device_id, one.account.handle) for one in flood}) == 1
    assert len({one.key for one in flood}) == 20
