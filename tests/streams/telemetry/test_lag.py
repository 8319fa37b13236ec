"""Lag from what was settled, not from what was fetched; in seconds from the oldest record that waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.telemetry.lag import MARKS_MAX, HighWaterMarks, Known, Lag

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
