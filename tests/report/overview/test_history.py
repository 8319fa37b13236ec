"""Figures over time, drawn and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.overview import overview
from report.overview.history import LOOK_SECONDS, LOOKS_MAX, History, Look, look_of
from report.overview.overview import HEIGHT, POINTS_MAX, WIDTH, Spark, thinned
from streams.telemetry.metrics import Metrics
from tests.report.overview.makers import NOON, TOPIC, figures_of, settle, some_metrics

# Rates, freshness and the error budget from looks in a row.


def looks(metrics: Metrics, history: History, *events: int, age: float = 0.01) -> None:
    """A look every two seconds, before each of which so many events were settled."""
    for number, times in enumerate(events):
        settle(metrics, times, age=age)
        history.note(look_of(figures_of(metrics, NOON + LOOK_SECONDS * number)))


def test_before_the_first_look_nothing_is_known() -> None:
    history = History()
    assert history.now == Look()
    assert (history.seconds, history.per_second(lambda look: look.events)) == (0.0, 0.0)
    assert (history.freshness(), history.burn()) == (None, None)


def test_a_rate_is_taken_over_the_last_seconds() -> None:
    metrics, history = some_metrics(), History()
    looks(metrics, history, 0, 1000, 0, 0, 0, 0, 0, 20)
    assert history.per_second(lambda look: look.events) == pytest.approx(2.0), "20 in 10 s"
    assert history.rates(lambda look: look.events) == [500.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0]
    assert history.now.by_topic == {TOPIC: 1020.0}


def test_the_budget_burns_once_for_each_slow_event_in_a_hundred() -> None:
    metrics, history = some_metrics(), History()
    looks(metrics, history, 0, 97)
    settle(metrics, 3, age=6.0)
    history.note(look_of(figures_of(metrics, NOON + 4)))
    assert history.freshness() == pytest.approx(0.97)
    assert history.burn() == pytest.approx(3.0)


def test_what_was_before_the_history_does_not_count() -> None:
    metrics, history = some_metrics(), History()
    settle(metrics, 50, age=60.0)
    looks(metrics, history, 0, 10)
    assert history.freshness() == 1.0


def test_it_is_bounded() -> None:
    history = History()
    for number in range(LOOKS_MAX + 10):
        history.note(Look(at=float(number), lag_records=float(number)))
    assert len(history.levels(lambda look: look.lag_records)) == LOOKS_MAX
    assert history.seconds == LOOKS_MAX - 1


# Line charts: within their frame, no peak lost.

VALUES = st.lists(st.floats(0, 1e9), min_size=2, max_size=1000)


@given(VALUES)
def test_a_line_stays_within_its_frame(values: list[float]) -> None:
    points = [tuple(map(float, pair.split(","))) for pair in Spark(values, "lag").points.split()]
    assert all(0 <= x <= WIDTH + 0.1 and 0 <= y <= HEIGHT for x, y in points)
    assert 2 <= len(points) <= POINTS_MAX


@given(VALUES)
def test_thinning_keeps_the_peak(values: list[float]) -> None:
    assert max(thinned(values)) == max(values)


def test_one_value_is_no_line() -> None:
    assert Spark([], "lag").points == Spark([1.0], "lag").points == ""


# Numbers as people read them.


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0.0042, "4 ms"), (4.96, "5.0 s"), (120, "2 min"), (7200, "2 h"), (864000, "10 days")],
)
def test_durations(value: float | None, shown: str) -> None:
    assert overview.seconds_text(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0.0, "0 %"), (0.004, "0.4 %"), (0.52, "52 %"), (0.9951, "99.51 %"), (1.0, "100 %")],
)
def test_shares(value: float | None, shown: str) -> None:
    assert overview.share_text(value) == shown


def test_what_is_not_all_is_never_shown_as_all() -> None:
    assert overview.share_text(0.999999) == "99.99 %"


def test_counts_rates_and_sizes() -> None:
    assert overview.count_text(1234567) == "1\u202f234\u202f567"
    assert (overview.rate_text(12.34), overview.rate_text(2500)) == ("12.3", "2\u202f500")
    assert (overview.size_text(512), overview.size_text(30 * 1024**2), overview.size_text(2**50)) == (
        "512 B",
        "30 MiB",
        "1024 TiB",
    )
