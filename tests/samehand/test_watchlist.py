"""Names of official lists, and what may be compared with them."""

from __future__ import annotations

from dataclasses import replace as replace_account

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from samehand.account import Account
from samehand.fingerprint.distil import distil, pack, unpack
from samehand.frequency.rates import NothingCounted
from samehand.scoring.evidence import Score
from samehand.scoring.score import score
from samehand.scoring.weights import WEIGHT_MAX, Bands, RivalRate, Weights, check
from samehand.watchlist.alias_filter import AliasFault, passed_over
from samehand.watchlist.entry import Alias, WatchlistEntry
from samehand.watchlist.name_words import WORDS_MAX, any_in, contains, naming_words, telling_words
from samehand.watchlist.platforms import ORGANISATIONS, PERSONS, is_list
from tests.samehand.makers import WEIGHTS, accounts, an_account, keyer, seen
from tests.tables import for_each

# Names that too many innocent people bear are passed over, with the reason.


@for_each(
    ("name", "reason"),
    [
        ("ISIS", AliasFault.SHORT),
        ("AQI", AliasFault.SHORT),
        ("I.S.I.", AliasFault.SHORT),
        ("Taliban", AliasFault.COMMON),
        ("The Group", AliasFault.COMMON),
        ("Ali Khan", AliasFault.COMMON),
        ("—", AliasFault.UNREADABLE),
        ("", AliasFault.UNREADABLE),
        ("word " * 50, AliasFault.LONG),
        ("Tehrik-e Taliban Pakistan", None),
        ("تحریک طالبان پاکستان", None),
        ("Balochistan Liberation Army", None),
    ],
)
def test_what_is_passed_over_and_what_is_not(name: str, reason: AliasFault | None) -> None:
    assert passed_over(Alias(name)) is reason


def test_what_the_authority_calls_weak_is_not_searched_by() -> None:
    assert passed_over(Alias("Balochistan Liberation Army", weak=True)) is AliasFault.WEAK


@given(st.text())
def test_any_text_is_judged(name: str) -> None:
    assert passed_over(Alias(name)) in {None, *AliasFault}


# An alias keeps its number however often its list is published.


def test_the_number_of_an_alias_does_not_depend_on_its_place() -> None:
    front, army = Alias("Northern Front"), Alias("Northern Army")
    one = WatchlistEntry(authority="UN", reference="QDe.1", aliases=(front, army))
    other = WatchlistEntry(authority="UN", reference="QDe.1", aliases=(army, front))
    assert one.account_id(army) == other.account_id(army) != one.account_id(front)
    assert one.name == "Northern Front"


@given(st.text())
def test_any_text_has_a_number_of_ten_hex_digits(text: str) -> None:
    assert len(Alias(text).number) == 10


# Only the names of lists are nobody's account.


@for_each(
    ("platform", "listed"), [(ORGANISATIONS, True), (PERSONS, True), ("x", False), ("watchlists", False)]
)
def test_platforms_that_are_lists(platform: str, listed: bool) -> None:
    assert is_list(platform) is listed


# A name is found in a text across spellings and scripts, and only as a whole.


def names(text: str, name: str) -> bool:
    return contains(hashed(text), hashed(name))


def hashed(text: str) -> tuple[bytes, ...]:
    return naming_words(telling_words(text))


@for_each(
    "text",
    [
        "News of Tehrik-e-Taliban Pakistan",
        "TEHREEK I TALIBAN PAKISTAN — statements",
        "the Tehrik Taliban of Pakistan",
        "تحریک طالبان پاکستان",
    ],
)
def test_spellings_of_one_name(text: str) -> None:
    assert names(text, "Tehrik-e Taliban Pakistan")


@for_each("text", ["Pakistan, Taliban, tehrik", "Tehrik-e-Insaf Pakistan", "Taliban", ""])
def test_other_orders_and_parts_are_other_names(text: str) -> None:
    assert not names(text, "Tehrik-e Taliban Pakistan")


def test_addresses_are_not_read() -> None:
    assert telling_words("umar.farooqi@example.org +92 300 1234567") == []


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_has_bounded_words_and_holds_each_of_its_parts(text: str, other: str) -> None:
    words = hashed(text)
    assert len(words) <= WORDS_MAX
    assert contains(words, words) or not words
    assert not contains(hashed(other), ())


@for_each(
    ("names", "bio", "expected"),
    [
        ("tehrik_news Ali", "Voice of the Tehreek-e Valley", True),
        ("tehrikvalley99", "Statements of the tehrik", True),
        ("northernvoice", "The north, its voice", True),
        ("is_ali", "this is me", True),
        ("isabel_k", "this is me", False),
        ("salma_khan", "I report on the Tehrik-e Valley Front", False),
    ],
)
def test_whether_the_names_have_a_word_of_the_text(names: str, bio: str, expected: bool) -> None:
    assert any_in(telling_words(bio), names) is expected


# What a name on an official list may and may not do to a person.

FRONT = "Tehrik-e Northern Valley Front"


def listed(name: str, platform: str = ORGANISATIONS) -> Account:
    return Account(platform=platform, account_id="XX:1:1", handle=name.replace(" ", "_"), display_name=name)


def scored(ours: Account, theirs: Account) -> Score:
    stored = unpack(pack(seen(theirs)))
    return score(seen(ours, 1.0), stored, WEIGHTS, NothingCounted(1_000))


def test_a_name_alone_never_alerts() -> None:
    result = scored(an_account(display_name=FRONT), listed(FRONT))
    assert result.band == "none"


def test_a_handle_made_of_the_same_name_is_no_second_reason() -> None:
    account = an_account(handle="tehrik_e_northern_valley_front", display_name=FRONT)
    assert scored(account, listed(FRONT)).band == "none"


def test_a_bio_that_names_it_too_is_one() -> None:
    bio = "Official voice of Tehreek-e-Northern Valley Front. Statements daily."
    account = an_account(display_name=FRONT, bio=bio)
    result = scored(account, listed(FRONT))
    assert result.band != "none"
    assert {line.signal for line in result.evidence} >= {"name", "mention"}


def test_who_only_writes_about_it_is_left_alone() -> None:
    account = an_account(display_name="Salma Khan", bio=f"I report on {FRONT} for a daily.")
    assert scored(account, listed(FRONT)).band == "none"


@for_each("name", ["Zarghun Shinwari Tsapari", FRONT])
def test_a_listed_person_never_alerts_by_name_handle_and_bio_together(name: str) -> None:
    account = an_account(handle=name.replace(" ", "_"), display_name=name, bio=f"I am {name}!")
    assert scored(account, listed(name, PERSONS)).band == "none"


def test_being_on_no_platform_is_not_being_on_another() -> None:
    lines = scored(an_account(display_name=FRONT), listed(FRONT)).lines
    assert "platform" not in {line.signal for line in lines}


def test_two_accounts_are_judged_as_before() -> None:
    same = an_account(handle="tehrik_northern_valley", display_name=FRONT)
    assert scored(same, same).band == "possible"


share = st.sampled_from((1e-9, 1e-3, 0.5, 1.0))


@st.composite
def settings_of_all_kinds(draw: st.DrawFn) -> Weights:
    """Tables that a platform may load: any rates, explanations, multipliers, calibration and thresholds."""
    shipped = WEIGHTS
    factor = draw(st.sampled_from((0.0, 1.0, 10.0)))
    explained = {name: draw(share) for name in shipped.rivals} if draw(st.booleans()) else {}
    floor = draw(st.sampled_from((1e-9, 0.01, 0.5)))
    bands = Bands(likely=draw(st.sampled_from((floor, 0.9))) if floor < 0.9 else floor, possible=floor)
    weights = replace(
        shipped,
        mirrors_a_ban=draw(share),
        mirrors_a_listing=draw(share),
        rivals={name: RivalRate(rate=draw(share)) for name in shipped.rivals},
        signals={
            name: replace(
                one,
                levels={
                    level: replace(
                        row,
                        m=row.m if row.u is not None else draw(share),
                        ceiling=WEIGHT_MAX,
                        multiplier=factor,
                        explained={},
                    )
                    for level, row in one.levels.items()
                },
                explained=explained,
                commoner={},
            )
            for name, one in shipped.signals.items()
        },
        group_shares=dict.fromkeys(shipped.group_shares, draw(st.sampled_from((0.0, 1.0)))),
        slope=draw(st.sampled_from((0.01, 1.0, 50.0))),
        intercept=draw(st.sampled_from((-20.0, 0.0, 20.0, 700.0))),
        bands=bands,
        policy_bands=draw(st.sampled_from(({}, {"watchlist": bands}))),
        knots=draw(st.sampled_from(((), ((-9.0, 30.0), (9.0, 40.0))))),
    )
    check(weights)
    return weights


@given(
    ours=accounts,
    name=st.sampled_from([FRONT, "Zarghun Shinwari Tsapari", "Umar Media"])
    | st.text(min_size=1, max_size=60),
    platform=st.sampled_from([ORGANISATIONS, PERSONS]),
    weights=settings_of_all_kinds(),
    bans=st.sampled_from((0, 1, 1_000_000)),
    apart=st.none() | st.just(60.0),
)
def test_no_name_of_a_list_alerts_alone_under_any_setting(
    ours: Account, name: str, platform: str, weights: Weights, bans: int, apart: float | None
) -> None:
    bio = f"I am {name}!" if platform == PERSONS else "News of the day, every morning."
    account = replace_account(ours, platform="x", handle=name.replace(" ", "_"), display_name=name, bio=bio)
    listing = distil(listed(name, platform), keyer, at=None if apart is None else 1.0)
    mine = distil(account, keyer, at=None if apart is None else 1.0 + apart)
    for policy in (None, "watchlist", "another"):
        result = score(mine, listing, weights, NothingCounted(bans), policy=policy)
        assert result.band == "none"


@for_each(("bio", "band"), [("News of the day", "none"), (f"We are {FRONT}", "possible")])
def test_under_the_laxest_thresholds_it_still_takes_the_second_reason(bio: str, band: str) -> None:
    weights = replace(WEIGHTS, bands=Bands(likely=1e-6, possible=1e-9))
    ours = an_account(display_name=FRONT, bio=bio)
    theirs = seen(listed(FRONT))
    assert score(seen(ours, 1.0), theirs, weights, NothingCounted(1_000)).band == band
