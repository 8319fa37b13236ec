"""The count of what the bound loses, on a few bans: who alerts is read, and few others are."""

from __future__ import annotations

from bench import upper_bound


async def test_hardly_an_alert_is_lost_and_few_records_are_read() -> None:
    found = await upper_bound.measured(bans=1_500, events=192)
    assert found.mirrors >= 16, "of 24: where few alert, nothing is proved"
    assert found.lost == [], "at most three of a thousand, on so few none"
    assert found.read_mean <= upper_bound.READ_MEAN_MAX
    assert found.read_p99 <= upper_bound.READ_P99_MAX
    assert found.candidates > 2 * found.read_mean
