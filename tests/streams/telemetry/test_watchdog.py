"""What counts as being stuck, and what does not."""

from __future__ import annotations

import pytest

from streams.delivery.progress import Progress, Stage
from streams.telemetry.watchdog import STEP_SECONDS_MAX, Observation, Watchdog


def a_delivery(
    stage: Stage = Stage.IDLE,
    *,
    topic: str = "t",
    moved_at: float = 0.0,
    acknowledged: int = 0,
    busy: int = 0,
) -> Progress:
    return Progress(
        "screen", topic, stage=stage, moved_at=moved_at, acknowledged=acknowledged, in_flight=busy
    )


def observed(ticks: float, *deliveries: Progress, rebalancing: bool = False, lag: int = 0) -> Observation:
    """`lag`: of every topic."""
    return Observation(ticks, rebalancing, {one.topic: lag for one in deliveries}, deliveries)


def test_a_rebalance_that_never_ends_is_stuck() -> None:
    dog = Watchdog(120.0)
    assert dog.verdict(observed(0.0, rebalancing=True)) == ""
    assert dog.verdict(observed(60.0, rebalancing=True)) == ""
    assert "rebalance" in dog.verdict(observed(61.0, rebalancing=True))


def test_many_short_rebalances_are_not() -> None:
    dog = Watchdog(120.0)
    for ticks in range(0, 600, 20):
        assert dog.verdict(observed(ticks, rebalancing=True)) == ""
        assert dog.verdict(observed(ticks + 10)) == ""


def test_lag_without_progress_is_stuck() -> None:
    dog = Watchdog(120.0)
    assert dog.verdict(observed(0.0, a_delivery(), lag=5)) == ""
    assert "5 records of t wait" in dog.verdict(observed(121.0, a_delivery(), lag=5))


def test_lag_with_progress_is_not() -> None:
    dog = Watchdog(120.0)
    for number in range(20):
        assert dog.verdict(observed(number * 100.0, a_delivery(acknowledged=number), lag=10**6)) == ""


def test_a_quiet_topic_is_not() -> None:
    dog = Watchdog(120.0)
    assert [dog.verdict(observed(ticks, a_delivery())) for ticks in (0.0, 1e4, 2e4)] == ["", "", ""]


def test_waiting_on_purpose_is_not() -> None:
    for stage in (Stage.HOLDING, Stage.STOPPED):
        dog = Watchdog(120.0)
        waiting = a_delivery(stage, busy=5)
        assert [dog.verdict(observed(ticks, waiting, lag=5)) for ticks in (0.0, 1e4, 2e4)] == ["", "", ""]


@pytest.mark.parametrize("stage", [Stage.HOLDING, Stage.STOPPED])
def test_one_topic_that_waits_on_purpose_excuses_no_other(stage: Stage) -> None:
    dog = Watchdog(120.0)
    waiting, stuck = a_delivery(stage, topic="stopped", busy=5), a_delivery(topic="stuck")
    assert dog.verdict(observed(0.0, waiting, stuck, lag=5)) == ""
    assert "5 records of stuck wait" in dog.verdict(observed(121.0, waiting, stuck, lag=5))


def test_one_topic_that_moves_excuses_no_other() -> None:
    dog = Watchdog(120.0)
    verdicts = [
        dog.verdict(observed(at * 50.0, a_delivery(topic="busy", acknowledged=at), a_delivery(), lag=5))
        for at in range(4)
    ]
    assert verdicts[:3] == ["", "", ""]
    assert "5 records of t wait" in verdicts[3]


def test_a_topic_is_given_its_time_anew_once_it_may_go_on() -> None:
    dog = Watchdog(120.0)
    for ticks in (0.0, 500.0):
        assert dog.verdict(observed(ticks, a_delivery(Stage.STOPPED), lag=5)) == ""
    assert dog.verdict(observed(600.0, a_delivery(), lag=5)) == ""
    assert "wait" in dog.verdict(observed(621.0, a_delivery(), lag=5))


def test_a_step_that_shows_no_sign_of_life_is_stuck() -> None:
    hung = a_delivery(Stage.DECIDING, busy=5)
    assert "screen has been deciding" in Watchdog(1e9).verdict(observed(STEP_SECONDS_MAX + 1, hung))
