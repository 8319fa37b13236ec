"""Live and ready: two questions, two answers."""

from __future__ import annotations

from streams.delivery.circuit_breaker import BreakerState
from streams.delivery.progress import Progress, Stage
from streams.telemetry.health import Health
from streams.telemetry.watchdog import STEP_SECONDS_MAX


def health(
    delivery: Progress,
    *,
    ticks: float = 0.0,
    store: str = "",
    topics: str = "",
    breaker: BreakerState = BreakerState.CLOSED,
    rebalancing: bool = False,
) -> Health:
    return Health(
        lambda: ticks,
        [delivery],
        breaker=lambda: breaker,
        rebalancing=lambda: rebalancing,
        store=lambda: store,
        topics=lambda: topics,
    )


def test_at_rest_all_is_well() -> None:
    asked = health(Progress("screen", "t"), ticks=1e6)
    assert asked.live().healthy
    assert asked.ready().healthy


def test_an_outage_makes_it_not_ready_and_leaves_it_live() -> None:
    asked = health(Progress("screen", "t", stage=Stage.HOLDING, in_flight=3, retries=7), ticks=1e6)
    assert asked.live().healthy
    assert asked.ready().faults == {"screen": "holding: 7 retries"}


def test_a_stopped_topic_makes_it_not_ready_and_says_why() -> None:
    stopped = Progress("screen", "t", stage=Stage.STOPPED, stopped_because="too many", in_flight=3)
    assert health(stopped, ticks=1e6).ready().faults == {"screen": "stopped: too many"}
    assert health(stopped, ticks=1e6).live().healthy


def test_what_others_found_out_is_told() -> None:
    asked = health(
        Progress("screen", "t"),
        store="emptied",
        topics="missing",
        rebalancing=True,
        breaker=BreakerState.OPEN,
    )
    assert set(asked.ready().faults) == {"store", "topics", "group", "breaker"}
    assert asked.live().healthy


def test_a_step_without_a_sign_of_life_is_not_live() -> None:
    hung = Progress("screen", "t", stage=Stage.DECIDING, in_flight=3)
    assert not health(hung, ticks=STEP_SECONDS_MAX + 1).live().healthy
    assert health(hung, ticks=STEP_SECONDS_MAX - 1).live().healthy


def test_what_failed_is_neither() -> None:
    asked = health(Progress("screen", "t", stage=Stage.FAILED))
    assert not asked.live().healthy
    assert not asked.ready().healthy
