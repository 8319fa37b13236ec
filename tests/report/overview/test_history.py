"""Rates, freshness and the error budget from looks in a row."""

from __future__ import annotations

import pytest

from report.overview.history import LOOK_SECONDS, LOOKS_MAX, History, Look, look_of
from streams.telemetry.metrics import Metrics
from tests.report.overview.makers import NOON, TOPIC, figures_of, settle, some_meters


def looks(meters: Metrics, history: History, *events: int, age: float = 0.01) -> None:
    """A look every two seconds, before each of which so many events were settled."""
    for number, times in enumerate(events):
        settle(meters, times, age=age)
        history.note(look_of(figures_of(meters, NOON + LOOK_SECONDS * number)))


def test_before_the_first_look_nothing_is_known() -> None:
    history = History()
    assert history.now == Look()
    assert (history.seconds, history.per_second(lambda look: look.events)) == (0.0, 0.0)
    assert (history.freshness(), history.burn()) == (None, None)


def test_a_rate_is_taken_over_the_last_seconds() -> None:
    meters, history = some_meters(), History()
    looks(meters, history, 0, 1000, 0, 0, 0, 0, 0, 20)
    assert history.per_second(lambda look: look.events) == pytest.approx(2.0), "20 in 10 s"
    assert history.rates(lambda look: look.events) == [500.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0]
    assert history.now.by_topic == {TOPIC: 1020.0}


def test_the_budget_burns_once_for_each_slow_event_in_a_hundred() -> None:
    meters, history = some_meters(), History()
    looks(meters, history, 0, 97)
    settle(meters, 3, age=6.0)
    history.note(look_of(figures_of(meters, NOON + 4)))
    assert history.freshness() == pytest.approx(0.97)
    assert history.burn() == pytest.approx(3.0)


def test_what_was_before_the_history_does_not_count() -> None:
    meters, history = some_meters(), History()
    settle(meters, 50, age=60.0)
    looks(meters, history, 0, 10)
    assert history.freshness() == 1.0


def test_it_is_bounded() -> None:
    history = History()
    for number in range(LOOKS_MAX + 10):
        history.note(Look(at=float(number), lag_records=float(number)))
    assert len(history.levels(lambda look: look.lag_records)) == LOOKS_MAX
    assert history.seconds == LOOKS_MAX - 1
