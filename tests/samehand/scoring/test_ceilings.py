"""What a pair cannot reach by things that others share or copy, under any table and any thresholds."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from samehand.account import Account
from samehand.frequency.rates import NothingCounted, SignUpRate, SignUpRates
from samehand.keys import KeyKind
from samehand.scoring.ceilings import HOUSEHOLD_SECONDS
from samehand.scoring.evidence import CEILING, SENTENCES, Score
from samehand.scoring.score import score
from samehand.scoring.weights import Bands, Weights, default_weights
from tests.samehand.makers import DEVICE, an_account, seen
from tests.samehand.scoring.makers import AT, Counted, ages, counted, pairs, picture, tables
from tests.tables import for_each

DAY = 86_400.0
COUNTS: Final = NothingCounted(300)
# Whatever is counted, all else of a pair says more than enough.
CERTAIN: Final = msgspec.structs.replace(default_weights(), intercept=60.0)
CIRCUMSTANCES: Final = {
    "ip": "39.40.12.7",
    "locale": "ps-AF",
    "referrer": "invite:7GQ2",
    "user_agent": "Mozilla/5.0 (X11; Linux) Chrome/120.0.0.0",
}
PUBLIC: Final = {
    "handle": "zarghunwaziristani",
    "display_name": "Zarghun Waziristani",
    "avatar": picture(0),
    "bio": "Official channel of the northern valley. News, songs and statements. t.me/+AbCdEf123456",
}
HOUSEHOLD: Final = {"device_id": DEVICE, "payment_token": "tok_1QxYz8"}


def judged(
    ours: Account,
    theirs: Account,
    age: float | None = 60.0,
    weights: Weights = CERTAIN,
    counts: Any = COUNTS,
    policy: str | None = None,
) -> Score:
    ban = seen(theirs, None if age is None else AT - age)
    return score(seen(ours, AT), ban, weights, counts, policy=policy)


def rush(times: float) -> Counted:
    """In the latest hour so many times as many accounts sign up as is usual."""
    counts = Counted(300, 0, 0, 100_000)
    usual = counts.sign_ups.otherwise.usual
    counts.sign_ups = SignUpRates(otherwise=SignUpRate(usual, times * usual))
    return counts


def held(result: Score) -> str | None:
    """The level of the ceiling that holds a score."""
    return next((line.level for line in result.lines if line.signal == CEILING), None)


@for_each(
    ("shown", "age", "level", "band"),
    [
        ({}, 60.0, "circumstances", "none"),
        (CIRCUMSTANCES, 60.0, "circumstances", "none"),
        ({"handle": "ali"}, 60.0, "circumstances", "none"),
        (PUBLIC, 60.0, "public", "possible"),
        (CIRCUMSTANCES | PUBLIC, None, "public", "possible"),
        (CIRCUMSTANCES | HOUSEHOLD, HOUSEHOLD_SECONDS, "household", "possible"),
        (HOUSEHOLD, None, "household", "possible"),
        (CIRCUMSTANCES | HOUSEHOLD, HOUSEHOLD_SECONDS - 1.0, None, "likely"),
        (HOUSEHOLD | {"handle": "zarghunwaziristani"}, 60 * DAY, None, "likely"),
        ({"email": "umar@example.org"}, None, None, "likely"),
        ({"phone": "+923012345678"}, 60 * DAY, None, "likely"),
    ],
)
def test_each_ceiling_holds_by_its_facts_whatever_they_weigh(
    shown: dict[str, Any], age: float | None, level: str | None, band: str
) -> None:
    one = an_account(**shown)
    result = judged(one, one, age)
    assert (held(result), result.band) == (level, band)
    told = [line.because for line in result.counter_evidence if line.signal == CEILING]
    assert told == ([] if level is None else [SENTENCES[CEILING, level]])


@for_each("age", [-3 * DAY, 3 * DAY])
def test_a_household_that_shares_a_family_name_as_well_is_possible_at_most(age: float) -> None:
    banned = an_account(display_name="Zarghun Waziristani", **HOUSEHOLD)
    kin = replace(banned, display_name="Mirgul Waziristani")
    assert held(judged(kin, banned, age)) == "household"
    assert held(judged(banned, banned, age)) is None, "the whole name is no family's"


@for_each("named", ["mail umar@example.org", "call +92 301 2345678"])
def test_a_profile_that_gives_the_others_mailbox_or_number_frames_nobody(named: str) -> None:
    banned = an_account(email="umar@example.org", phone="+923012345678")
    for ours, theirs in ((an_account(bio=named), banned), (banned, an_account(bio=named))):
        assert held(judged(ours, theirs)) == "public"


def test_a_mailbox_named_after_the_copied_handle_is_public_as_that_is() -> None:
    banned = an_account(email="zarghunwaziristani@gmail.com", **PUBLIC)
    assert held(judged(an_account(email="zarghunwaziristani@proton.me", **PUBLIC), banned)) == "public"


class Common(Counted):
    """One account in ten shows each value."""

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return 100_000


def test_a_device_of_a_tenth_of_all_and_throw_away_mailboxes_are_circumstances() -> None:
    common = {"device_id": DEVICE} | CIRCUMSTANCES
    one, other = (an_account(email=f"{name}@mailinator.com", **common) for name in ("a1b2", "zz9"))
    assert held(judged(one, other, counts=Common(0, 1_000_000, 0))) == "circumstances"


bands = st.tuples(st.floats(1e-3, 0.998), st.floats(1e-3, 0.998)).map(
    lambda two: Bands(possible=min(two), likely=max(two))
)
bent = st.sampled_from(((), ((-9.0, -2.0), (9.0, 30.0))))


@settings(max_examples=2 * settings().max_examples)
@given(
    pair=pairs,
    counts=counted,
    age=ages,
    weights=tables,
    of_policy=bands,
    slope=st.sampled_from((0.3, 1.0, 4.0)),
    intercept=st.sampled_from((-5.0, 0.0, 60.0)),
    knots=bent,
)
def test_a_held_pair_stays_below_the_thresholds_of_every_table_and_policy(
    pair: tuple[Account, Account],
    counts: Counted,
    age: float | None,
    weights: Weights,
    of_policy: Bands,
    slope: float,
    intercept: float,
    knots: tuple[tuple[float, float], ...],
) -> None:
    table = msgspec.structs.replace(
        weights, slope=slope, intercept=intercept, knots=knots, policy_bands={"spam": of_policy}
    )
    for policy in (None, "spam"):
        result = judged(*pair, age, table, counts, policy)
        match held(result):
            case "circumstances":
                assert result.band == "none"
            case "public" | "household":
                assert result.band != "likely"


@settings(max_examples=4 * settings().max_examples)
@given(
    pair=pairs,
    counts=counted,
    age=ages,
    weights=tables,
    more=st.sampled_from(sorted({**CIRCUMSTANCES, **PUBLIC, **HOUSEHOLD, "email": "", "phone": ""})),
    intercept=st.sampled_from((0.0, 60.0)),
)
def test_one_fact_more_never_lowers_a_score_nor_adds_a_ceiling(
    pair: tuple[Account, Account],
    counts: Counted,
    age: float | None,
    weights: Weights,
    more: str,
    intercept: float,
) -> None:
    ours, theirs = pair
    # Who takes over the handle that its profile named names itself.
    if getattr(theirs, more) is None or (more == "handle" and "@" in (ours.bio or "")):
        return
    table = msgspec.structs.replace(weights, intercept=intercept)
    without: dict[str, Any] = {more: None}
    with_it: dict[str, Any] = {more: getattr(theirs, more)}
    few, all_ = (judged(replace(ours, **one), theirs, age, table, counts) for one in (without, with_it))
    assert all_.log_odds >= few.log_odds - 1e-9


@given(pairs, ages, st.sampled_from((1.0, 3.0, 1e3, 1e9)))
def test_a_rush_leaves_likely_what_is_so_among_as_many(
    pair: tuple[Account, Account], age: float | None, times: float
) -> None:
    """It takes nothing else: what is possible stays so, since a flood must hide nobody."""
    weights = default_weights()
    plain, rushed = (judged(*pair, age, weights, counts) for counts in (rush(1.0), rush(times)))
    likely = weights.log_odds_at(weights.bands.likely)
    if plain.log_odds < likely + math.log(times) and held(plain) is None:
        assert rushed.log_odds == min(plain.log_odds, rushed.log_odds) < likely
        assert (rushed.band == "none") == (plain.band == "none")
        assert (held(rushed) == "rush") == (plain.band == "likely")
    else:
        assert rushed.log_odds == plain.log_odds
