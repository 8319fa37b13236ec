"""How soon after a ban an account was made, priced by how many other bans are as near."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account
from samehand.fingerprint.distil import distil
from samehand.frequency.ban_calendar import BanCalendar
from samehand.frequency.rates import NothingCounted
from samehand.scoring.evidence import Evidence
from samehand.scoring.score import score
from samehand.scoring.weights import default_weights
from tests.samehand.frequency.test_frequency import DAY, HOUR, NOW, a_calendar, two_years
from tests.tables import for_each

WEIGHTS = default_weights()
MIDNIGHT = NOW - NOW % DAY


class OfOnePolicy:
    """The calendar of a store that knows one policy."""

    def __init__(self, moments: list[float]) -> None:
        self._calendar = a_calendar(moments)

    def share(self, at: float, near: float, far: float, policy: str | None = None) -> float | None:
        """As the calendar says."""
        return self._calendar.share(at, near, far)


SPREAD = OfOnePolicy(two_years(10_000))
FRESH = OfOnePolicy([NOW - n for n in range(600)])


def told(since: float, *, ban: float = NOW - DAY, calendar: BanCalendar | None = SPREAD) -> Evidence | None:
    """The line on an account that was made so many seconds after a ban."""
    ours, theirs = (
        distil(Account(platform="x", account_id=name), lambda domain, value: b"0123456789", at=at)
        for name, at in (("1", ban + since), ("2", ban))
    )
    result = score(ours, theirs, WEIGHTS, NothingCounted(10_000), calendar=calendar)
    lines = (*result.evidence, *result.counter_evidence)
    return next((line for line in lines if line.signal == "timing"), None)


def nats(since: float, *, ban: float = NOW - DAY, calendar: BanCalendar | None = SPREAD) -> float:
    """What it weighs."""
    line = told(since, ban=ban, calendar=calendar)
    return 0.0 if line is None else line.weight


def test_the_sentence_gives_the_minutes() -> None:
    line = told(9 * 60.0)
    assert line is not None
    assert line.because == "The account was made 9 minutes after the ban."


@for_each("since", [0.0, 0.9])
def test_the_same_second_is_no_number_of_seconds(since: float) -> None:
    line = told(since)
    assert line is not None
    assert line.because == "The account was made within a second of the ban."


def test_where_bans_are_spread_minutes_weigh_and_where_all_are_fresh_they_say_nothing() -> None:
    assert nats(9 * 60.0) > 6.0
    assert nats(60.0, ban=NOW - 120.0, calendar=FRESH) == pytest.approx(0.0, abs=0.1)


@given(st.floats(0.0, 400 * DAY), st.floats(0.0, 400 * DAY))
def test_who_comes_sooner_after_a_ban_weighs_no_less(one: float, other: float) -> None:
    # One moment of the account, two bans.
    sooner, later = sorted((one, other))
    assert nats(sooner, ban=NOW - sooner) >= nats(later, ban=NOW - later)


@for_each(("ban", "since"), [(MIDNIGHT, 8 * 60.0), (MIDNIGHT - HOUR, HOUR), (MIDNIGHT, 0.0)])
def test_where_the_day_alone_is_known_of_either_moment_no_minute_is_near(ban: float, since: float) -> None:
    line = told(since, ban=ban)
    assert line is not None
    assert line.level == "within-a-week"
