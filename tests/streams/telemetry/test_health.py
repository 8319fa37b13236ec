"""Whether a worker is ready, alive and up to date."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.delivery.circuit_breaker import BreakerState
from streams.delivery.progress import Progress, Stage
from streams.telemetry.health import Health
from streams.telemetry.lag import MARKS_MAX, HighWaterMarks, Known, Lag
from streams.telemetry.watchdog import STEP_SECONDS_MAX, Observation, Watchdog
from tests.tables import for_each

# Live and ready: two questions, two answers.


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


# What counts as being stuck, and what does not.


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


@for_each("stage", [Stage.HOLDING, Stage.STOPPED])
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


# Lag from what was settled, not from what was fetched; in seconds from the oldest record that waits.

PARTITION = ("accounts.created", 0)
NIGHT_SECONDS = 8 * 3600.0


def facts(
    high_water: int,
    next_offset: int,
    *,
    in_hand_at: float | None = None,
    acknowledged_at: float | None = None,
) -> Known:
    return Known(high_water, next_offset, in_hand_at, acknowledged_at)


def look(marks: HighWaterMarks, known: Known, now: float) -> Lag:
    return marks.lags({PARTITION: known}, now)[PARTITION]


def test_records_that_were_fetched_and_not_settled_are_lag() -> None:
    assert look(HighWaterMarks(), facts(1050, 0), 10.0).records == 1050


def test_without_lag_there_is_no_age() -> None:
    lag = look(HighWaterMarks(), facts(10, 10, acknowledged_at=1.0), 100.0)
    assert lag == Lag(0, None)
    assert lag.seconds(100.0) == 0.0


def test_the_record_in_hand_tells_exactly() -> None:
    lag = look(HighWaterMarks(), facts(10, 7, in_hand_at=58.0, acknowledged_at=60.0), 100.0)
    assert lag.seconds(100.0) == 42.0


def test_a_record_after_a_quiet_night_is_not_as_old_as_the_night() -> None:
    marks = HighWaterMarks()
    look(marks, facts(10, 10, acknowledged_at=0.0), NIGHT_SECONDS)
    lag = look(marks, facts(11, 10, acknowledged_at=0.0), NIGHT_SECONDS + 2)
    assert lag.seconds(NIGHT_SECONDS + 2) == 0.0
    lag = look(marks, facts(12, 10, acknowledged_at=0.0), NIGHT_SECONDS + 9)
    assert lag.seconds(NIGHT_SECONDS + 9) == 7.0, "the first of the two has waited since the look before"


def test_a_backlog_found_at_the_start_is_as_old_as_what_was_acknowledged_last() -> None:
    lag = look(HighWaterMarks(), facts(10_000, 4_000, acknowledged_at=1_000.0), 5_000.0)
    assert lag.seconds(5_000.0) == 4_000.0


def test_a_standstill_from_the_start_ages_from_the_first_look() -> None:
    marks = HighWaterMarks()
    look(marks, facts(10, 0), 100.0)
    assert look(marks, facts(10, 0), 160.0).seconds(160.0) == 60.0


def test_progress_leaves_the_age_of_what_still_waits() -> None:
    marks = HighWaterMarks()
    look(marks, facts(0, 0), 0.0)
    look(marks, facts(5, 0), 2.0)
    look(marks, facts(9, 0), 4.0)
    assert look(marks, facts(9, 3), 6.0).seconds(6.0) == 4.0
    assert look(marks, facts(9, 5), 8.0).seconds(8.0) == 4.0, "what came until the look at 2 s is settled"


def test_a_topic_made_anew_starts_anew() -> None:
    marks = HighWaterMarks()
    look(marks, facts(500, 100), 0.0)
    assert look(marks, facts(3, 500), 2.0) == Lag(0, None)
    assert look(marks, facts(4, 3), 4.0).seconds(4.0) == 0.0


def test_a_partition_that_went_to_another_worker_is_forgotten() -> None:
    marks = HighWaterMarks()
    look(marks, facts(5, 0), 0.0)
    assert marks.lags({}, 2.0) == {}
    assert look(marks, facts(5, 0), 100.0).seconds(100.0) == 0.0


def test_a_day_of_standstill_is_remembered_in_few_looks() -> None:
    marks = HighWaterMarks()
    for number in range(43_200):
        lag = look(marks, facts(number + 1, 0), 2.0 * number)
    assert lag.seconds(2.0 * number) == 2.0 * number
    assert len(marks.seen[PARTITION]) <= MARKS_MAX


STEPS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.floats(0.1, 100)), max_size=40)


@given(STEPS)
def test_the_age_is_that_of_the_oldest_waiting_record_as_far_as_looks_can_tell(
    steps: list[tuple[int, int, float]],
) -> None:
    """Records are written between two looks; each was written after the look before."""
    marks, now, following = HighWaterMarks(), 1.0, 0
    looks: list[float] = [now]
    written: list[int] = []  # per record, the number of the look that first saw it
    look(marks, facts(0, 0), now)
    for arriving, settling, seconds in steps:
        now += seconds
        looks.append(now)
        written += [len(looks) - 1] * arriving
        following = min(len(written), following + settling)
        lag = look(marks, facts(len(written), following), now)
        assert lag.records == len(written) - following
        if lag.records:
            assert lag.since == looks[written[following]]
