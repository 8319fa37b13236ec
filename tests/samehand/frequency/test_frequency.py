"""How common a value is."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account, Avatar
from samehand.frequency.ban_calendar import NO_CALENDARS, Buckets, Calendar, Calendars
from samehand.frequency.rates import (
    STRATUM_ACCOUNTS_MIN,
    CountsWithoutCandidates,
    NothingCounted,
    named_rate,
    rate_of_bits,
    shared_rate,
)
from samehand.keys import PERSONAL_POSTING_CAP, KeyKind, key_of
from samehand.signals.phone import PHONE, PhoneTrait
from tests.samehand.makers import keyer
from tests.tables import for_each

# How likely it is that a ban lies so near to a moment by chance.


DAY = 86_400.0
HOUR = 3_600.0
TODAY = 20_000
NOW = TODAY * DAY + 12 * HOUR


def buckets(moments: list[float], seconds: float) -> Buckets:
    """The moments counted in buckets of some seconds."""
    numbers, counts = np.unique(np.array(moments) // seconds, return_counts=True)
    return numbers.astype(np.int64), counts.astype(np.int64)


def a_calendar(moments: list[float], days_only: list[float] | None = None, *, today: int = TODAY) -> Calendar:
    """The calendar of bans at these moments."""
    return Calendar.of(
        minutes=buckets(moments, 60.0),
        hours=buckets(moments, HOUR),
        days=buckets(moments, DAY),
        days_only=buckets(days_only or [], DAY),
        minutes_from=today - 2,
        hours_from=today - 32,
    )


def two_years(bans: int) -> list[float]:
    """Bans spread evenly over two years."""
    return [NOW - n * 730 * DAY / bans for n in range(bans)]


AGES = st.lists(st.floats(0, 800 * DAY), min_size=1, max_size=60)
SPANS = st.sampled_from(
    [(0.0, 600.0), (0.0, HOUR), (600.0, HOUR), (0.0, DAY), (0.0, 30 * DAY), (-DAY, 0.0), (0.0, 365 * DAY)]
)


def test_of_ten_thousand_bans_spread_over_two_years_hardly_one_other_lies_within_the_hour() -> None:
    calendar = a_calendar(two_years(10_000))
    share = calendar.share(NOW, 0.0, HOUR)
    assert share == pytest.approx(HOUR / (730 * DAY), rel=0.2)


def test_where_all_bans_are_fresh_a_fresh_one_says_nothing() -> None:
    calendar = a_calendar([NOW - n for n in range(0, 600, 2)])
    share = calendar.share(NOW, 0.0, 660.0)
    assert share is not None
    assert share > 0.95


def test_the_only_ban_is_no_other_ban() -> None:
    """One that was not seen is spread over three years: a near moment is as rare as it would be then."""
    assert a_calendar([NOW - 60]).share(NOW, 0.0, 600.0) == pytest.approx(600.0 / (3 * 365 * DAY))


def test_a_quiet_hour_of_a_busy_day_is_not_impossible() -> None:
    busy = [NOW - 5 * HOUR - n for n in range(500)]
    share = a_calendar([*busy, *two_years(500)]).share(NOW, 0.0, HOUR)
    assert share is not None
    assert share >= 0.98 * 0.5 / 24


def test_what_was_banned_after_the_moment_is_not_reckoned_with() -> None:
    before = [NOW - n * HOUR for n in range(1, 50)]
    live = a_calendar(before).share(NOW, 0.0, DAY)
    replayed = a_calendar([*before, *(NOW + 60 + n for n in range(1_000))]).share(NOW, 0.0, DAY)
    assert replayed == pytest.approx(live, rel=0.02)


def test_bans_after_the_moment_are_asked_for_with_negative_seconds() -> None:
    calendar = a_calendar([*two_years(1_000), *(NOW + HOUR + n for n in range(500))])
    after, before = calendar.share(NOW, -DAY, 0.0), calendar.share(NOW, 0.0, DAY)
    assert after is not None
    assert before is not None
    assert after > 0.3 > before


def test_bans_known_to_the_day_count_in_no_hour_but_in_their_day_and_among_all() -> None:
    timed = two_years(200)
    with_days = a_calendar(timed, [NOW] * 200)
    hour, plain = with_days.share(NOW, 0.0, HOUR), a_calendar(timed).share(NOW, 0.0, HOUR)
    day = with_days.share(NOW, 0.0, DAY)
    assert hour is not None
    assert plain is not None
    assert day is not None
    assert hour < plain
    assert day > 0.2


def test_where_nobody_counted_nothing_is_known() -> None:
    assert a_calendar([]).share(NOW, 0.0, HOUR) is None
    assert NO_CALENDARS.share(NOW, 0.0, HOUR) is None
    assert NO_CALENDARS.share(NOW, 0.0, HOUR, "spam") is None


def test_all_bans_lie_in_a_span_without_end() -> None:
    assert a_calendar(two_years(50), [NOW]).share(NOW, -math.inf, math.inf) == 1.0


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="near must be less than far"):
        a_calendar([NOW]).share(NOW, HOUR, HOUR)


def test_each_policy_has_its_own_and_the_rest_share_one() -> None:
    purge, others = a_calendar([NOW - n for n in range(1_000)]), a_calendar(two_years(100))
    alone = a_calendar([NOW - 60])
    calendars = Calendars({"spam": purge, "": others}, alone)
    assert calendars.share(NOW, 0.0, HOUR, "spam") == purge.share(NOW, 0.0, HOUR)
    assert calendars.share(NOW, 0.0, HOUR, "") == others.share(NOW, 0.0, HOUR)
    assert calendars.of("new") is calendars.others
    # While nobody knows of which policy it is, no policy prices it as less likely.
    assert calendars.share(NOW, 0.0, HOUR) == alone.share(NOW, 0.0, HOUR)


@given(AGES, AGES | st.none(), SPANS)
def test_a_share_is_one_and_never_less_than_the_even_part_of_a_wider_span(
    ages: list[float], days: list[float] | None, span: tuple[float, float]
) -> None:
    calendar = a_calendar([NOW - age for age in ages], [NOW - age for age in days or []])
    near, far = span
    share = calendar.share(NOW, near, far)
    assert share is not None
    assert 0 < share <= 1
    if far - near >= DAY:
        wider = calendar.share(NOW, near, near + 365 * DAY)
        assert wider is not None
        assert share >= wider * (far - near) / (365 * DAY) - 1e-12


@given(AGES, SPANS, st.integers(0, 40))
def test_coarser_buckets_give_the_even_part_of_what_they_hold(
    ages: list[float], span: tuple[float, float], later: int
) -> None:
    """What was counted by the minute is read by the hour or day later on: the sum of a whole year stays."""
    moments = [NOW - age for age in ages]
    fresh, folded = a_calendar(moments), a_calendar(moments, today=TODAY + later)
    assert fresh.bans == folded.bans == len(moments)
    whole = fresh.share(NOW + 2 * DAY, 0.0, 2_000 * DAY)
    assert whole == pytest.approx(folded.share(NOW + 2 * DAY, 0.0, 2_000 * DAY))
    assert folded.share(NOW, *span) is not None


# How common a value is.


# What was counted is drawn to what ships, and the more was counted, the less.

either = pytest.mark.parametrize("rate", [named_rate, shared_rate])
Rate = Callable[[int, int, float], float]


@either
@given(st.integers(0, 10**6), st.integers(0, 10**7), st.floats(1e-9, 1.0))
def test_a_rate_is_a_share(rate: Rate, count: int, accounts: int, shipped: float) -> None:
    assert 0 < rate(count, accounts, shipped) <= 1


@either
@given(st.integers(0, 10**5), st.integers(10**5, 10**7), st.floats(1e-9, 1.0))
def test_more_bearers_never_make_a_value_rarer(rate: Rate, count: int, accounts: int, shipped: float) -> None:
    assert rate(count, accounts, shipped) <= rate(count + 1, accounts, shipped)


@either
def test_with_nothing_counted_the_shipped_rate_stands(rate: Rate) -> None:
    nothing = NothingCounted(7)
    assert nothing.bans == 7
    assert nothing.count(KeyKind.EMAIL, b"x", "") == nothing.accounts("") == 0
    assert rate(0, 0, 1e-5) == 1e-5


@either
def test_a_million_accounts_speak_louder_than_what_ships(rate: Rate) -> None:
    assert abs(rate(1000, 1_000_000, 1e-5) - 1e-3) < 6e-5


@either
@pytest.mark.parametrize("others", [1, 2])
def test_one_or_two_others_prove_nothing(rate: Rate, others: int) -> None:
    assert rate(2 + others, 2000, 3e-7) < 3e-6


@either
def test_a_crowd_behind_a_value_is_there_whatever_was_shipped(rate: Rate) -> None:
    assert rate(102, 20_000, 2e-7) > 80 / 20_000


def test_those_who_come_back_under_a_name_do_not_make_it_common() -> None:
    assert named_rate(8, 5_000, 3e-7) < 0.6 * 6 / 5_000


def test_in_a_small_file_names_are_priced_as_shipped() -> None:
    assert named_rate(90, STRATUM_ACCOUNTS_MIN - 1, 1e-6) == 1e-6


def test_bits_and_rates() -> None:
    assert rate_of_bits(10.0) == 1 / 1024


# What one evader's banned accounts share is no crowd; what strangers share stays one.

NUMBER = "+923012345678"
SILHOUETTE = Avatar(pdq=bytes(range(32)), quality=90)


class Counted:
    """A hundred thousand accounts, so many of them with any value."""

    bans = 7

    def __init__(self, bearers: int) -> None:
        self._bearers = bearers

    def accounts(self, stratum: str) -> int:
        return 100_000

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return self._bearers


def number(phone: str = NUMBER) -> bytes:
    trait = PHONE.distil(Account(platform="x", account_id="1", phone=phone), keyer)
    assert isinstance(trait, PhoneTrait)
    return trait.number


@for_each(
    ("counted", "candidates", "left"),
    [
        (10, 9, 2),  # eight others of theirs go, the pair's own two stay
        (10, 1, 10),  # the banned account of the pair is no other
        (10, 0, 10),
        (1_000, 9, 992),  # a carrier's crowd stays a crowd
        (4, 9, 0),  # several were of one network, and counted once
    ],
)
def test_banned_bearers_are_taken_off_but_for_the_pairs_own(counted: int, candidates: int, left: int) -> None:
    context = CountsWithoutCandidates(Counted(counted), {key_of(KeyKind.PHONE, number()): candidates})
    assert context.count(KeyKind.PHONE, number(), "") == left


def test_a_picture_that_strangers_show_stays_common_though_many_of_the_banned_show_it() -> None:
    context = CountsWithoutCandidates(Counted(40), {key_of(KeyKind.AVATAR, SILHOUETTE.pdq): 60})
    assert context.count(KeyKind.AVATAR, SILHOUETTE.pdq, "") == 40


def test_how_common_a_name_is_does_not_depend_on_who_bears_it() -> None:
    context = CountsWithoutCandidates(Counted(10), {key_of(KeyKind.STEM, b"umar"): 9})
    assert context.count(KeyKind.STEM, b"umar", "latin") == 10


def test_totals_are_those_of_the_snapshot() -> None:
    context = CountsWithoutCandidates(Counted(10), {})
    assert (context.bans, context.accounts("")) == (7, 100_000)


def test_no_more_are_taken_off_than_a_value_proposes() -> None:
    """In many shards a value may list more; beyond its cap it is a farm's or a carrier's."""
    context = CountsWithoutCandidates(
        Counted(1_000), {key_of(KeyKind.PHONE, number()): 3 * PERSONAL_POSTING_CAP}
    )
    assert context.count(KeyKind.PHONE, number(), "") == 1_001 - PERSONAL_POSTING_CAP
