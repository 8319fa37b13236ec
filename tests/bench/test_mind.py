"""What the mind costs, and what its bound loses, on a few bans."""

from __future__ import annotations

import pytest

from bench import mind, upper_bound

# The bench of the mind, on a few bans: what it says adds up.


async def test_every_pair_is_told_by_the_bound_or_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mind, "collect_seldom", lambda: None)
    found = await mind.measured(bans=400, events=30)
    assert found.events == 30
    assert 0 < found.spared < found.pairs
    assert found.full == found.pairs - found.spared
    assert set(found.seconds) == {mind.DISTIL, mind.COUNTS, mind.KEYS, mind.READ, mind.SCORE, mind.UNSPARED}
    assert 0 < found.unspared <= found.pairs
    assert f"{found.pairs:,} of 400 bans" in mind.table(found)


def test_rates_are_of_processor_time() -> None:
    seconds = {mind.DISTIL: 2.0, mind.COUNTS: 0.5, mind.KEYS: 1.0, mind.READ: 0.75, mind.SCORE: 0.25}
    seconds[mind.UNSPARED] = 2.0
    one = mind.Mind(
        bans=10, events=100, pairs=1_000, spared=900, unspared=200, seconds=seconds, machine=_SOME
    )
    assert one.distilled_a_second == 50
    assert one.scored_a_second == 400
    assert one.unspared_a_second == 100
    assert one.told_a_second == 1_000
    assert "set 90.0% aside" in mind.table(one)


_SOME: dict[str, str | int | float] = {
    "processor": "one",
    "cores": 1,
    "memory_gib": 1.0,
    "system": "Linux",
    "python": "3.11",
    "mind": "python",
    "load_average_1min": 0.0,
}


# The count of what the bound loses, on a few bans: who alerts is read, and few others are.


async def test_hardly_an_alert_is_lost_and_few_records_are_read() -> None:
    found = await upper_bound.measured(bans=1_500, events=192)
    assert found.mirrors >= 16, "of 24: where few alert, nothing is proved"
    assert found.lost == [], "at most three of a thousand, on so few none"
    assert found.read_mean <= upper_bound.READ_MEAN_MAX
    assert found.read_p99 <= upper_bound.READ_P99_MAX
    assert found.candidates > 2 * found.read_mean
