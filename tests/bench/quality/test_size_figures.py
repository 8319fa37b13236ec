"""Figures at size: weighed to a platform's share of mirrors, and told by time since the ban."""

from __future__ import annotations

import pytest

from bench.quality.size_figures import Event, ScoredBan, figures, table

HOUR = 3_600.0


def a_mirror(kind: str = "1", *, odds: float = 9.0, band: str = "likely", since: float = HOUR) -> Event:
    return Event(kind, "x:own", since, 1, (ScoredBan("x:own", odds, 0.99, band, since),))


def an_other(*, odds: float = 3.0, band: str = "none", since: float = HOUR) -> Event:
    return Event("ordinary", None, None, 1, (ScoredBan("x:somebody", odds, 0.7, band, since),))


def test_others_count_as_often_as_one_mirror_in_two_hundred_asks() -> None:
    told = figures([a_mirror(), a_mirror(), *[an_other() for _ in range(9)], an_other(band="possible")])
    assert told["weight_of_others"] == 39.8
    each = told["bands"]["possible"]
    assert each["precision"] == pytest.approx(2 / (2 + 39.8), abs=1e-4)
    low, high = each["precision_interval"]
    assert low < each["precision"] < high
    assert told["bands"]["likely"]["precision"] == 1.0


def test_a_mirror_that_was_not_read_is_not_found_and_counts_in_its_own_span() -> None:
    unread = Event("5", "x:own", 5 * 60.0, 0, ())
    told = figures([a_mirror("5", since=5 * 60.0), unread, an_other()])
    assert told["by_strategy"]["5"]["≤ 10 min"]["possible"]["value"] == 0.5
    assert told["by_strategy"]["5"]["≤ 1 h"]["possible"]["of"] == 0
    assert told["within_the_hour"]["possible"]["recall"]["of"] == 2
    assert told["average_precision"]["value"] == 0.5


def test_a_pair_below_others_has_the_precision_of_its_rank_and_nobody_finds_the_eighth() -> None:
    told = figures([a_mirror(odds=1.0), Event("8", "x:own", HOUR, 0, ()), an_other(odds=2.0)])
    assert told["average_precision"]["value"] == pytest.approx(1 / (1 + told["weight_of_others"]), abs=1e-3)
    assert told["bands"]["possible"]["recall"]["of"] == 1


def test_table_shows_recall_and_precision_of_every_span() -> None:
    told = figures([a_mirror(), a_mirror("6, card"), an_other(band="possible")])
    text = table({"bans": 1000, **told})
    assert "| recall of 1–7 | – | 1.000 |" in text
    assert "at 1,000 whole bans" in text
