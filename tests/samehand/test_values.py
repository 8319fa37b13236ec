"""Values of the mind: keys, dates, descent, clusters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from agents.common.distil import account_of, fingerprints_of
from samehand.account import Account
from samehand.alert_id import alert_id
from samehand.clusters import Clusters, alike
from samehand.elapsed import DAY_SECONDS, HOUR_SECONDS, placed, told_since
from samehand.fingerprint.distil import Fingerprint
from samehand.keys import KeyKind, falls_silent, key_of, kind_of, posting_cap, value_of
from samehand.lineage import GENERATION_MAX, Descent, child_of, founder
from samehand.showings import COPYABLE, UNKNOWN, Changed, Showings, Span
from samehand.verdict import Consequence, consequence
from store.pepper.pepper import Pepper
from tests.makers import a_sign_up
from tests.samehand.makers import WEIGHTS
from tests.tables import for_each

# The mind's small values.


# An account is named by its platform and its id, and keeps its personal values out of sight.


def test_its_text_shows_nothing_personal() -> None:
    account = Account(
        platform="x",
        account_id="7",
        email="umar@valley.example",
        phone="+923012345678",
        ip="39.40.12.7",
        device_id="6f1c2e9a",
        payment_token="tok_1",
        user_agent="Mozilla/5.0",
        already_keyed={"email": b"a digest"},
    )
    shown = repr(account)
    personal = (account.email, account.phone, account.ip, account.device_id, account.payment_token)
    for value in (*personal, account.user_agent, "a digest"):
        assert value is not None
        assert value not in shown


# One alert a pair: the same two accounts always give the same id, and no other two do.


def test_the_id_is_part_of_what_others_build_on() -> None:
    assert alert_id("telegram:99", "telegram:77") == "8f645bd29fda8b73dbdb31fcd28ebb14"


@given(st.text(), st.text(), st.text(), st.text())
def test_other_pairs_have_other_ids(a: str, b: str, c: str, d: str) -> None:
    assume((a, b) != (c, d))
    assert alert_id(a, b) != alert_id(c, d)


# Families: each return is a generation further from the first ban.


def test_a_mirror_of_a_mirror_descends_from_the_first() -> None:
    assert child_of(child_of(founder("x:1"))) == Descent("x:1", 2)


def test_a_chain_without_end_stops_being_counted() -> None:
    assert child_of(Descent("x:1", GENERATION_MAX)).generation == GENERATION_MAX


# Since when an account shows a value is a span: certain only where every state was seen.


def test_what_was_not_changed_is_shown_since_the_account_was_first_seen() -> None:
    shown = Showings(100, 120)
    assert {shown.of(signal) for signal in COPYABLE} == {Span(100, 120)}


def test_what_was_changed_has_a_span_of_its_own() -> None:
    picture, words = COPYABLE.index("avatar"), COPYABLE.index("bio")
    shown = Showings(100, 120, (Changed(picture, 300, 300), Changed(words, None, 400)))
    assert shown.of("avatar") == Span(300, 300)
    assert shown.of("bio") == Span(100, 400)
    assert shown.of("handle") == Span(100, 120)


def test_of_an_account_that_was_never_seen_nothing_is_known() -> None:
    assert UNKNOWN.of("avatar") == Span(None, None)


# A verdict changes what is alerted next, and no account.


def test_each_verdict_has_its_consequence() -> None:
    assert consequence("not_mirror") is Consequence.SUPPRESS
    assert consequence("mirror") is Consequence.JOIN
    assert consequence("unsure") is Consequence.NOTHING


def test_what_is_no_verdict_has_none() -> None:
    assert consequence("MIRROR!") is Consequence.NOTHING


# Spans of time in words, the same wherever one is shown.


@for_each(
    ("since", "expected"),
    [
        (0.0, "within a second of"),
        (0.9, "within a second of"),
        (1.0, "1 second after"),
        (119.0, "119 seconds after"),
        (-9 * 60.0, "9 minutes before"),
        (120.0, "2 minutes after"),
        (2 * HOUR_SECONDS - 1, "119 minutes after"),
        (2 * HOUR_SECONDS, "2 hours after"),
        (36 * HOUR_SECONDS, "36 hours after"),
        (2 * DAY_SECONDS - 1, "47 hours after"),
        (DAY_SECONDS, "1 day after"),
        (-3 * DAY_SECONDS - 1, "3 days before"),
    ],
)
def test_span_is_placed_in_its_largest_unit_of_which_two_are_full(since: float, expected: str) -> None:
    assert placed(since) == expected


def test_where_only_the_day_is_known_whole_days_are_told() -> None:
    noon = 20_000 * DAY_SECONDS + 12 * HOUR_SECONDS
    assert told_since(noon, 50 * 60.0, to_the_day=False) == 50 * 60.0
    assert told_since(noon, 50 * 60.0, to_the_day=True) == 0.0
    assert told_since(noon, 13 * HOUR_SECONDS, to_the_day=True) == DAY_SECONDS


# Every kind of key has a cap, and its number is its own for ever.


def test_every_kind_is_capped() -> None:
    assert all(0 < posting_cap(kind) <= 1024 for kind in KeyKind)


def test_what_a_farm_shares_proposes_somebody_however_large_it_is() -> None:
    assert not any(falls_silent(kind) for kind in (KeyKind.HANDLE_FULL, KeyKind.DEVICE, KeyKind.CONTACT))
    assert falls_silent(KeyKind.NAMING_RUN)
    assert falls_silent(KeyKind.NAMING_WORD)


@given(st.sampled_from(KeyKind), st.binary())
def test_a_key_says_its_kind_and_its_value(kind: KeyKind, value: bytes) -> None:
    key = key_of(kind, value)
    assert kind_of(key) is kind
    assert value_of(key) == value


# Which accounts count as one, and what it costs to find out.


DEVICE, ANOTHER = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b", "7f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


def shown(at: float | None = None, pepper_id: int = 1, **profile: Any) -> Fingerprint:
    """The fingerprint of an account that shows this."""
    account = account_of("telegram", a_sign_up(**profile).account)
    return fingerprints_of(account, [(pepper_id, Pepper(1, b"p" * 32).digest)], at=at)[0]


@for_each(
    ("one", "other", "expected"),
    [
        ({"handle": "gardener", "device_id": DEVICE}, {"handle": "umar_media", "device_id": DEVICE}, True),
        (
            {"handle": "umar_media1", "device_id": DEVICE},
            {"handle": "umar_media2", "device_id": ANOTHER},
            True,
        ),
        ({"email": "u@valley.example"}, {"email": "u@valley.example", "device_id": DEVICE}, True),
        ({"handle": "gardener", "ip": "39.40.1.2"}, {"handle": "umar_media", "ip": "39.40.1.2"}, False),
        ({"handle": "ali1"}, {"handle": "salma_kitchen"}, False),
        ({"handle": "gardener"}, {}, False),
    ],
)
def test_what_somebody_owns_or_is_called_makes_two_alike_and_a_network_does_not(
    one: dict[str, Any], other: dict[str, Any], expected: bool
) -> None:
    mine, its = shown(**one), shown(**other)
    assert (alike(mine, its, WEIGHTS), alike(its, mine, WEIGHTS)) == (expected, expected)


def test_the_moment_makes_nobody_alike() -> None:
    one = shown(handle="gardener", at=1_000_000.0)
    assert not alike(one, shown(handle="umar_media", at=1_000_000.0), WEIGHTS)


def test_digests_under_different_peppers_are_not_compared() -> None:
    one = shown(email="u@valley.example")
    assert not alike(one, replace(one, pepper_id=2), WEIGHTS)


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 12))
def test_each_member_is_with_its_like_and_asked_about_no_more_often_than_there_are_leaders(
    members: list[int], leaders_max: int
) -> None:
    asked = 0

    def same(one: int, other: int) -> bool:
        nonlocal asked
        asked += 1
        return one == other

    clusters = Clusters(same, leaders_max)
    numbers = [clusters.place(member) for member in members]
    kinds = list(dict.fromkeys(members))[:leaders_max]
    assert numbers == [kinds.index(member) if member in kinds else None for member in members]
    assert asked <= len(members) * leaders_max
