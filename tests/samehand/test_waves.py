"""Waves: which new accounts are alike, who joins, and what the members share."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account, Avatar
from samehand.fingerprint.distil import Fingerprint, distil, enrolment_keys
from samehand.frequency.rates import NothingCounted
from samehand.keys import KeyKind, key_of, kind_of
from samehand.waves.keys import NETWORK, noted_keys
from samehand.waves.membership import MEMBERS_MIN, REVISED_AT, gathered, revision_due
from samehand.waves.pattern import PatternLine, handle_pattern, pattern_of
from samehand.waves.rivals import APART_NATS, RIVALS
from samehand.waves.score import ALIKE_FROM, Likeness, likeness
from store.pepper.pepper import Pepper
from tests.samehand.makers import WEIGHTS
from tests.tables import for_each

PEPPER = Pepper(1, b"a pepper of the tests, 32 bytes..")
SPAM = "Lonely nurse, message me on t.me/nicole_private for free pictures and a good time"


def made(number: int = 1, pepper_id: int = 1, **traits: Any) -> Fingerprint:
    given = {"handle": f"h{number}x", "locale": "en-US", "user_agent": "Mozilla/5.0 (iPhone) Safari"} | traits
    account = Account(platform="x", account_id=str(number), **given)
    return distil(account, PEPPER.digest, at=1_790_000_000.0, pepper_id=pepper_id)


def compared(one: Fingerprint, other: Fingerprint) -> Likeness:
    found = likeness(one, other, WEIGHTS, NothingCounted())
    assert found is not None
    return found


def test_accounts_of_one_script_are_alike() -> None:
    one = made(1, handle="nicole_48213", bio=SPAM, ip="203.0.113.7")
    other = made(2, handle="nicole_90377", bio=SPAM, ip="203.0.113.90")
    assert compared(one, other).alike
    assert compared(other, one).log_odds == pytest.approx(compared(one, other).log_odds)


@for_each(
    "shared",
    [
        {"ip": "203.0.113.7"},
        {"ip": "203.0.113.7", "device_id": "f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11"},
        {"ip": "203.0.113.7", "referrer": "https://news.example/launch"},
        {"bio": "Hello, I am new here and I am using this app to meet people."},
        {"ip": "203.0.113.7", "links": ("https://school.example",)},
        {"ip": "203.0.113.7", "bio": "Hello, I am new here and I am using this app to meet people."},
    ],
)
def test_what_a_class_a_carrier_or_a_template_explains_makes_nobody_alike(shared: dict[str, Any]) -> None:
    one = made(1, handle="anna_keller", display_name="Anna Keller", email="anna@school.example", **shared)
    other = made(2, handle="tobi1999", display_name="Tobias Brandt", email="tb@school.example", **shared)
    assert not compared(one, other).alike


PICTURE = bytes(range(0, 256, 8))
CAMPAIGN = "We stand with the people of the valley: open the river for everybody, now and not next year"


def shown(edited_bits: int = 0) -> Avatar:
    return Avatar(
        pdq=(int.from_bytes(PICTURE, "big") ^ ((1 << edited_bits) - 1)).to_bytes(32, "big"), quality=90
    )


@for_each(
    ("one", "other"),
    [
        ({"bio": CAMPAIGN, "avatar": shown()}, {"bio": CAMPAIGN, "avatar": shown(40)}),
        (
            {"bio": "Anna is on Strade: 12 runs this month. Join me for the next one!", "avatar": shown()},
            {"bio": "Tobi is on Strade: 31 runs this month. Join me for the next one!", "avatar": shown()},
        ),
        (
            {"bio": CAMPAIGN, "avatar": shown(), "links": ("https://bit.ly/129096",)},
            {"bio": CAMPAIGN, "avatar": shown(), "links": ("https://is.gd/731188",)},
        ),
        (
            {"handle": "taylor_brandt13", "display_name": "Anna Keller", "ip": "203.0.113.7"},
            {"handle": "taylor_brandt89", "display_name": "Tobias Maier", "ip": "203.0.113.9"},
        ),
        (
            {"handle": "taylor_brandt13", "display_name": "Taylor Brandt", "avatar": shown()},
            {"handle": "taylor_brandt89", "display_name": "Taylor Brandt", "avatar": shown(40)},
        ),
    ],
)
def test_what_a_campaign_an_app_or_fans_explain_makes_nobody_alike(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    ours = made(1, **{"handle": "anna_keller", "display_name": "Anna Keller"} | one)
    theirs = made(2, **{"handle": "tobi1999", "display_name": "Tobias Maier"} | other)
    assert not compared(ours, theirs).alike


def test_accounts_are_alike_from_the_limit_on() -> None:
    odds = (ALIKE_FROM, math.nextafter(ALIKE_FROM, 0.0))
    assert [Likeness(log_odds, ()).alike for log_odds in odds] == [True, False]


def test_different_peppers_do_not_compare() -> None:
    assert likeness(made(1), made(2, pepper_id=2), WEIGHTS, NothingCounted()) is None


def test_a_rival_has_a_price_and_no_limit_below_nothing() -> None:
    assert all(rival.commoner > 0.0 for rival in RIVALS)
    assert all(limit >= 0.0 for rival in RIVALS for limit in rival.limits.values())


def test_nothing_in_common_leaves_the_prices_and_groups_have_something_in_common() -> None:
    groups = {"class", "company", "event"}
    prices = [rival.commoner - (APART_NATS if rival.name in groups else 0.0) for rival in RIVALS]
    found = compared(made(1), made(2, handle="anna", locale="de-DE", user_agent="curl/8"))
    assert found.log_odds == pytest.approx(-math.log(math.fsum(map(math.exp, prices))))
    assert found.signals == ()


def test_noted_keys_are_few_and_end_with_networks() -> None:
    account = made(
        1,
        bio=SPAM,
        ip="203.0.113.7",
        display_name="Nicole Adams",
        email="n@private.example",
        phone="+4915112345678",
        links=("https://a.example/x", "https://b.example/y", "https://c.example/z"),
    )
    noted = noted_keys(enrolment_keys(account))
    groups = [one.group for one in noted]
    assert len(noted) <= 18
    assert NETWORK in groups
    assert groups[groups.index(NETWORK) :] == [NETWORK] * groups.count(NETWORK)
    assert sum(kind_of(one.key) is KeyKind.BIO_BAND for one in noted) == 3
    assert noted_keys([key_of(KeyKind.NAMING_RUN, b"nicol")]) == []


def test_an_account_joins_by_its_own_evidence_alone() -> None:
    alike = {(one, other) for one in range(6) for other in range(6)} - {(2, 5), (3, 5)}

    def are(one: int, other: int) -> bool:
        return (one, other) in alike and (other, one) in alike

    joining, resembling = gathered(4, [0, 1, 2, 3, 5], lambda _: False, are)
    assert joining == [4, 0, 1, 2, 3], "the sixth resembles the newcomer and two others"
    assert resembling == [0, 1, 2, 3, 5]
    assert gathered(5, [0, 1, 2, 3, 4], lambda _: False, are) == ([], [])


def test_known_members_are_not_compared_again() -> None:
    asked: list[tuple[int, int]] = []

    def are(one: int, other: int) -> bool:
        asked.append((one, other))
        return True

    assert gathered(9, [0, 1, 2, 3], lambda one: one < 4, are) == ([9], [0, 1, 2, 3])
    assert asked == [(9, 0), (9, 1), (9, 2), (9, 3)]


def test_a_wave_is_published_again_at_few_sizes() -> None:
    assert REVISED_AT[0] == MEMBERS_MIN
    published = [after for before, after in pairwise(range(501)) if revision_due(before, after)]
    assert tuple(published) == REVISED_AT
    assert revision_due(4, 12)
    assert not revision_due(12, 12)


def test_pattern_is_what_half_of_the_members_share() -> None:
    members = [("bio.almost-same", "contact.shared")] * 3 + [("bio.mostly-same",), ("handle.same",)]
    assert pattern_of(members) == [PatternLine("bio", "almost-same", 4), PatternLine("contact", "shared", 3)]
    assert pattern_of([]) == []


@for_each(
    ("handles", "pattern"),
    [
        (["nicole_4821", "nicole_4900", "nicole_7"], "nicole_*"),
        (["yevhena", "yevgena", "yevtixa"], "yev*a"),
        (["anna", "tobias"], None),
        (["1234", "1239"], None),
        ([f"nicole_{letter * 70}_media" for letter in "ab"], "nicole_*_media"),
        (["nicole_1", ""], None),
        ([], None),
    ],
)
def test_handle_pattern(handles: list[str], pattern: str | None) -> None:
    assert handle_pattern(handles) == pattern


@given(st.lists(st.text(max_size=70), min_size=2, max_size=6))
def test_every_handle_fits_its_pattern(handles: list[str]) -> None:
    found = handle_pattern(handles)
    if found is not None:
        start, _, end = found.partition("*") if found.count("*") == 1 else ("", "", "")
        assert all(one.startswith(start) and one.endswith(end) for one in handles)
