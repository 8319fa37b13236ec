"""Reading metrics: sums, folds, and quantiles as Prometheus interpolates them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.overview.figures import Buckets, fresh_of, quantile, since
from streams.outcomes import Arrival, Dead
from streams.telemetry.lag import Lag
from tests.report.overview.makers import NOON, TOPIC, figures_of, settle, some_metrics


def test_series_are_summed_over_the_labels_that_nobody_asked_for() -> None:
    metrics = some_metrics(TOPIC, "accounts.updated")
    settle(metrics, 3)
    settle(metrics, 2, topic="accounts.updated")
    metrics.outcome(Arrival(TOPIC, 0, 9, None, None, timestamp=NOON), Dead("not-json"), NOON)
    figures = figures_of(metrics)
    assert figures.total("samehand_events_total") == 6.0
    assert figures.total("samehand_events_total", topic=TOPIC) == 4.0
    assert figures.by("outcome", "samehand_events_total") == {"nothing": 5.0, "dead": 1.0, "published": 0.0}


def test_what_is_not_there_is_0_and_what_is_unknown_is_left_out() -> None:
    figures = figures_of(some_metrics())
    assert figures.total("samehand_nothing_of_the_kind") == 0.0
    assert figures.largest("samehand_precision_ratio") == 0.0, "nobody has judged: not a number"


def test_the_oldest_of_all_topics_is_the_largest() -> None:
    metrics = some_metrics(TOPIC, "accounts.banned")
    metrics.lags({(TOPIC, 0): Lag(3, NOON - 9), ("accounts.banned", 1): Lag(1, NOON - 40)}, NOON)
    figures = figures_of(metrics)
    assert figures.largest("samehand_consumer_lag_seconds") == 40.0
    assert figures.by("topic", "samehand_consumer_lag_seconds", max) == {TOPIC: 9.0, "accounts.banned": 40.0}


def test_five_seconds_are_fresh_and_what_takes_longer_is_not() -> None:
    metrics = some_metrics()
    settle(metrics, 99, age=5.0)
    settle(metrics, 1, age=5.001)
    assert fresh_of(figures_of(metrics).buckets("samehand_event_age_seconds")) == 99.0


TEN_BELOW_TWO: Buckets = ((1.0, 0.0), (2.0, 10.0), (4.0, 10.0), (math.inf, 10.0))


@pytest.mark.parametrize(("share", "expected"), [(0.5, 1.5), (0.9, 1.9), (1.0, 2.0)])
def test_a_quantile_lies_within_its_bucket(share: float, expected: float) -> None:
    assert quantile(share, TEN_BELOW_TWO) == pytest.approx(expected)


def test_beyond_the_last_edge_a_quantile_is_that_edge() -> None:
    assert quantile(0.99, ((1.0, 0.0), (math.inf, 5.0))) == 1.0


def test_without_observations_there_is_no_quantile() -> None:
    assert quantile(0.5, ()) is None
    assert quantile(0.5, ((1.0, 0.0), (math.inf, 0.0))) is None


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 1))
def test_a_quantile_lies_between_the_edges(values: list[float], share: float) -> None:
    edges = (0.5, 1.0, 5.0, 50.0, math.inf)
    buckets = tuple((edge, float(sum(value <= edge for value in values))) for edge in edges)
    found = quantile(share, buckets)
    assert found is not None
    assert 0.0 <= found <= 50.0


def test_what_came_between_two_looks() -> None:
    older: Buckets = ((1.0, 2.0), (math.inf, 3.0))
    assert since(((1.0, 5.0), (math.inf, 9.0)), older) == ((1.0, 3.0), (math.inf, 6.0))
    assert since(older, ()) == older
