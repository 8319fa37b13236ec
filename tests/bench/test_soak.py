"""The slope of a worker's memory, and the flood that shares everything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.common.converters import remembered_of
from agents.runtime.store_factory import peppers_of, store_of
from bench.machine import machine
from bench.running.crowd import sign_ups
from bench.running.filled import environment, pepper_file
from bench.soak import Flood, Posting, Report, flooded, later_half_mb, shared, slope, summary, table
from bench.store.server import server
from streams.settings import load


def test_a_slope_is_in_megabytes_an_hour() -> None:
    assert slope([(second, 50_000_000 + 1_000 * second) for second in range(0, 600, 2)]) == pytest.approx(3.6)
    assert slope([(second, 50_000_000) for second in range(0, 600, 2)]) == pytest.approx(0.0, abs=1e-6)
    assert slope([(0.0, 1)]) == 0.0


def test_the_later_half_is_told_by_a_minute_in_the_middle_and_one_at_the_end() -> None:
    looks = [200_000_000] * 100 + [240_000_000] * 60 + [246_000_000] * 40
    assert later_half_mb(looks) == pytest.approx(6.0)
    assert later_half_mb([*looks[:-1], 400_000_000]) == pytest.approx(6.0)
    assert later_half_mb([1_000_000, 3_000_000]) == pytest.approx(0.0)


def test_a_flood_shares_its_address_device_and_handle_and_nothing_else() -> None:
    flood = [shared(one) for one in sign_ups(3, 100, [], 20, at=1_795_000_000.0)]
    assert len({(one.account.ip, one.account.device_id, one.account.handle) for one in flood}) == 1
    assert len({one.key for one in flood}) == 20


async def test_what_is_listed_under_flooded_values_is_counted_and_ends_at_its_cap() -> None:
    flood = [shared(one) for one in sign_ups(3, 100, [], 100, at=1_795_000_000.0)]
    with server() as own:
        settings = load(environment(own.url, pepper_file(), 1_000))
        peppers = peppers_of(settings)
        store = store_of(settings, peppers)
        await store.open()
        await store.remember([remembered_of(one, peppers.keyers) for one in flood], now=1_795_000_000.0)
        await store.close()
        assert flooded(own, settings, flood[0]) == {
            "handle": Posting(100, 1024),
            "address": Posting(60, 60),
            "device": Posting(90, 90),
        }


def test_the_table_holds_all_against_before_and_says_whether_it_is_flat() -> None:
    flood = Flood(9, 2_000.0, 3_000.0, 1_900.0, 500.0, 700.0, 510.0, 80, 90, {"device": Posting(60, 60)})
    found = Report(1_000, 20.0, 240_000, 200.0, 201.0, 9.0, 5.0, 0.4, flood, machine())
    assert "| the flood | 3,000 + 700 | 1.50 |" in table(found)
    assert "device 60 of 60" in summary(found)
    assert found.half_hour_mb == pytest.approx(5.0 / 2)
    assert "goal 5: reached" in summary(found)
    assert "goal 5: missed" in summary(replace(found, last_slope_mb_an_hour=11.0))
