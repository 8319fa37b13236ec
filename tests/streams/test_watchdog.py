"""What counts as being stuck, and what does not."""

from __future__ import annotations

from streams.progress import Progress, Stage
from streams.watchdog import STEP_SECONDS_MAX, Sight, Watchdog


def a_delivery(
    stage: Stage = Stage.IDLE, *, moved_at: float = 0.0, acknowledged: int = 0, busy: int = 0
) -> Progress:
    return Progress("screen", "t", stage=stage, moved_at=moved_at, acknowledged=acknowledged, in_flight=busy)


def sight(ticks: float, *deliveries: Progress, rebalancing: bool = False, lag: int = 0) -> Sight:
    return Sight(ticks, rebalancing, lag, deliveries)


def test_a_rebalance_that_never_ends_is_stuck() -> None:
    dog = Watchdog(120.0)
    assert dog.verdict(sight(0.0, rebalancing=True)) == ""
    assert dog.verdict(sight(60.0, rebalancing=True)) == ""
    assert "rebalance" in dog.verdict(sight(61.0, rebalancing=True))


def test_many_short_rebalances_are_not() -> None:
    dog = Watchdog(120.0)
    for ticks in range(0, 600, 20):
        assert dog.verdict(sight(ticks, rebalancing=True)) == ""
        assert dog.verdict(sight(ticks + 10)) == ""


def test_lag_without_progress_is_stuck() -> None:
    dog = Watchdog(120.0)
    assert dog.verdict(sight(0.0, a_delivery(), lag=5)) == ""
    assert "5 records wait" in dog.verdict(sight(121.0, a_delivery(), lag=5))


def test_lag_with_progress_is_not() -> None:
    dog = Watchdog(120.0)
    for number in range(20):
        assert dog.verdict(sight(number * 100.0, a_delivery(acknowledged=number), lag=10**6)) == ""


def test_a_quiet_topic_is_not() -> None:
    dog = Watchdog(120.0)
    assert [dog.verdict(sight(ticks, a_delivery())) for ticks in (0.0, 1e4, 2e4)] == ["", "", ""]


def test_waiting_on_purpose_is_not() -> None:
    for stage in (Stage.HOLDING, Stage.STOPPED):
        dog = Watchdog(120.0)
        waiting = a_delivery(stage, busy=5)
        assert [dog.verdict(sight(ticks, waiting, lag=5)) for ticks in (0.0, 1e4, 2e4)] == ["", "", ""]


def test_a_step_that_shows_no_sign_of_life_is_stuck() -> None:
    hung = a_delivery(Stage.DECIDING, busy=5)
    assert "screen has been deciding" in Watchdog(1e9).verdict(sight(STEP_SECONDS_MAX + 1, hung))
