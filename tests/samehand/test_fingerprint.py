"""What is kept of an account: its form, what was left unread, since when it is shown, how text is packed."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.common.distil import account_of
from samehand.account import Account, Avatar
from samehand.encoding.interned import PLATFORMS, STRATA
from samehand.encoding.sixbit import pack_text, packable, unpack_text
from samehand.errors import UnreadableFingerprint
from samehand.fingerprint.distil import (
    Fingerprint,
    distil,
    enrolment_keys,
    moment_of,
    pack,
    query_keys,
    unpack,
    unread_fields,
)
from samehand.fingerprint.shown_since import shown_since
from samehand.keys import KeyKind, kind_of
from samehand.normalize.handle import RULES
from samehand.normalize.limits import BIO_CHARS, BIO_READ_CHARS, LINK_TEXT_CHARS, NUMBERS_JUDGED
from samehand.normalize.text.scripts import Script, stratum
from samehand.showings import UNKNOWN, Showings, Span
from samehand.signals.contact import CONTACT, POINTS_MAX
from simulate.population.people import Population
from simulate.timeline.records import created
from tests.samehand.makers import accounts, an_account, keyer, seen
from tests.tables import for_each

# What is kept of an account survives storage, and gives nothing personal away.


@given(account=accounts, at=st.none() | st.integers(1, 2**39))
def test_a_fingerprint_survives_storage(account: Account, at: int | None) -> None:
    fingerprint = distil(account, keyer, at=at, pepper_id=7)
    assert unpack(pack(fingerprint)) == fingerprint


@given(account=accounts, at=st.none() | st.integers(1, 2**39))
def test_its_moment_is_read_alone(account: Account, at: int | None) -> None:
    assert moment_of(pack(seen(account, at))) == at


@for_each("at", [1, 2**32 - 2, 2**32 - 1, 2**32])
def test_a_moment_is_kept_where_its_length_changes(at: int) -> None:
    shown = distil(Account(platform="x", account_id="1", handle="umar"), keyer, at=at)
    assert moment_of(pack(shown)) == at
    assert unpack(pack(shown)) == shown


@given(account=accounts)
def test_it_is_found_under_every_key_it_is_listed_under(account: Account) -> None:
    fingerprint = seen(account)
    assert set(enrolment_keys(fingerprint)) <= set(query_keys(fingerprint))


@given(account=accounts)
def test_keys_are_the_same_after_storage(account: Account) -> None:
    """Removal recomputes them from the stored record: one that differed would be left behind for ever."""
    fingerprint = seen(account)
    assert enrolment_keys(unpack(pack(fingerprint))) == enrolment_keys(fingerprint)


@given(st.binary(max_size=200))
def test_damage_is_told_and_never_raises_anything_else(record: bytes) -> None:
    try:
        unpack(record)
    except UnreadableFingerprint:
        pass


@for_each("version", [1, 2, 3, 99])
def test_a_record_of_another_version_is_refused(version: int) -> None:
    record = pack(seen(an_account(handle="umar")))
    with pytest.raises(UnreadableFingerprint, match="version"):
        unpack(bytes((version,)) + record[1:])


@for_each(
    "written",
    [
        *("03012345678", "+92 301 2345678", "umar_٠٣٠١٢٣٤٥٦٧٨", "0301,234,5678"),
        *("umar.farooq@gmail.com", "umar.farooq.gmail.com"),
        *("u m a r . f a r o o q @ g m a i l . c o m", "umar#farooq.gmail.com", "39[.]40[.]12[.]7"),
        "wa.me/923012345678",
    ],
)
@for_each("field", ["handle", "display_name"])
def test_what_redaction_masks_is_kept_as_a_digest_under_the_pepper(field: str, written: str) -> None:
    def other(domain: str, value: bytes) -> bytes:
        return keyer(domain, b"another pepper" + value)

    words: dict[str, Any] = {field: written}
    account = an_account(**words)
    ours, theirs = (unpack(pack(distil(account, each, at=None))) for each in (keyer, other))
    assert ours == seen(account), "the same under the same pepper"
    kept = f"{ours.trait('handle')}{ours.trait('name')}"  # of these the keys are made
    for raw in ("2345678", "345678", "farooq", "faroq", "gmail", "394012"):
        assert raw not in kept
    if field == "handle":
        assert ours.trait("handle") != theirs.trait("handle"), "another under another"


def test_a_plain_handle_takes_little() -> None:
    """Where a banned account shows a handle alone, its record is what a million of them cost."""
    handle = "umar_media"
    record = pack(distil(an_account(handle=handle), keyer, at=1.79e9))
    header, own_addresses, plainly_written, itself = 9, 19, 1, 10
    assert len(record) <= header + 3 + len(handle) * 6 / 8 + 1 + own_addresses + plainly_written + itself


def test_an_account_that_shows_nothing_has_no_keys() -> None:
    assert [kind_of(key) for key in enrolment_keys(seen(an_account()))] == [KeyKind.RUNNER]


# What a fingerprint says of unread fields and of when they were first shown.


# What was not read of an account is named, and whatever good faith writes is read whole.


def unread(**profile: Any) -> tuple[str, ...]:
    return unread_fields(Account(platform="telegram", account_id="1", **profile))


def test_ordinary_accounts_are_read_whole() -> None:
    rng, people = random.Random(3), Population(5, 2_000)
    told = (created(people.person(rng), 0.0) for _ in range(300))
    assert [unread_fields(account_of(one.platform, one.account)) for one in told] == [()] * 300


@for_each(
    "profile",
    [
        {"handle": "a" * 63},
        {"handle": "a_" * 31 + "a"},
        {"display_name": "\u963f" * 64},
        {"display_name": "one two three four five six seven eight"},
        {"bio": "word " * (BIO_CHARS // 5)},
        {"bio": " ".join(f"t.me/channel_{number}" for number in range(POINTS_MAX))},
        {"links": tuple(f"https://t.me/channel_{number}?{'x' * 1_000}" for number in range(POINTS_MAX))},
    ],
)
def test_what_is_as_long_as_any_in_good_faith_is_read_whole(profile: dict[str, Any]) -> None:
    assert unread(**profile) == ()


@for_each(
    ("profile", "fields"),
    [
        ({"handle": "a1" * 128}, ("handle",)),
        ({"handle": "a_" * 128}, ("handle",)),
        ({"handle": "\ufdfa" * 256}, ("handle",)),
        ({"display_name": "umar " * 9}, ("display_name",)),
        ({"display_name": "ab" * 256}, ("display_name",)),
        ({"bio": "a" * (BIO_CHARS + 1)}, ("bio",)),
        ({"bio": "\u4e2d" * BIO_READ_CHARS}, ("bio",)),
        ({"bio": "\ufdfa" * 300}, ("bio",)),
        ({"bio": "1234567, " * (NUMBERS_JUDGED + 1)}, ("bio",)),
        ({"bio": " ".join(f"t.me/channel_{number}" for number in range(POINTS_MAX + 1))}, ("bio",)),
        ({"links": tuple(f"t.me/channel_{number}" for number in range(POINTS_MAX + 1))}, ("links",)),
        ({"links": ("so many words " * 100,) * (LINK_TEXT_CHARS // 1_000)}, ("links",)),
        ({"links": ("1 " * 1_000,) * 50, "bio": "1 " * 5_000}, ("bio", "links")),
    ],
)
def test_a_field_of_which_something_was_left_out_is_named(
    profile: dict[str, Any], fields: tuple[str, ...]
) -> None:
    assert unread(**profile) == fields


def test_links_that_are_decoys_hide_no_point_of_the_bio() -> None:
    def kept(**profile: Any) -> object:
        return CONTACT.distil(Account(platform="telegram", account_id="1", **profile), lambda _, it: it[:8])

    decoys = ("https://www.youtube.com/",) * 40 + ("1234567 " * 200,) * 10
    assert kept(bio="join t.me/valley_news", links=decoys) == kept(bio="join t.me/valley_news")
    assert unread(bio="join t.me/valley_news", links=decoys) == ("links",)


def test_a_point_at_the_end_of_a_long_bio_is_read() -> None:
    def points(bio: str) -> object:
        return CONTACT.distil(Account(platform="telegram", account_id="1", bio=bio), lambda _, it: it[:8])

    assert points("many words " * 800 + "join t.me/valley_news") == points("join t.me/valley_news")


# A change of the profile: what stays keeps its span, what is new begins, and tricks gain nothing.

PICTURE = Avatar(pdq=bytes.fromhex("f1c47a0e93b25d680f1ec8a3574bd29e60a75c1b38f49d02e6b17c5aa9034fd8"))
OTHER_PICTURE = Avatar(pdq=bytes.fromhex("0e3b85f16c4da297f0e1375ca8b42d619f58a3e4c70b62fd194e83a556fcb027"))
BIO = "Beekeeper in the upper valley, honey and candles every second Saturday at the old mill market"
BEGAN = Showings(100, 100)  # its first state was told when it was made
SEEN = Showings(None, 100)  # it was first seen then


def unread_keyer(domain: str, value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=10, person=domain.encode()[:16]).digest()


def shows(**profile: Any) -> tuple[Fingerprint, ...]:
    profile = {"handle": "salma", "avatar": PICTURE, "bio": BIO, **profile}
    return (distil(an_account(**profile), unread_keyer, at=None),)


def changed(before: Showings, was: Any, now: Any, at: int = 500, **more: Any) -> Showings:
    return shown_since(before, was, Showings(None, at), now, **more)


def test_what_stays_keeps_its_span() -> None:
    after = changed(BEGAN, shows(), shows(handle="other_name"))
    assert (after.of("avatar"), after.of("bio")) == (Span(100, 100), Span(100, 100))


def test_what_is_unlike_all_that_the_account_showed_before_is_new() -> None:
    assert changed(BEGAN, shows(), shows(avatar=OTHER_PICTURE)).of("avatar") == Span(500, 500)
    assert changed(BEGAN, shows(avatar=None), shows()).of("avatar") == Span(500, 500)


def test_what_a_later_change_leaves_keeps_the_span_of_the_earlier_one() -> None:
    once = changed(BEGAN, shows(), shows(avatar=OTHER_PICTURE))
    twice = changed(once, shows(avatar=OTHER_PICTURE), shows(avatar=OTHER_PICTURE, handle="another"), 700)
    assert twice.of("avatar") == Span(500, 500)


def test_a_word_more_makes_nothing_new() -> None:
    """Whoever is about to be banned could make its mirror the first with it."""
    assert changed(BEGAN, shows(), shows(bio=BIO + " and on Sundays")).of("bio") == Span(100, 500)


@for_each("between", [OTHER_PICTURE, None])
def test_what_is_put_away_and_back_may_have_been_shown_from_the_beginning(between: Avatar | None) -> None:
    away = changed(BEGAN, shows(), shows(avatar=between), 500)
    back = changed(away, shows(avatar=between), shows(), 700)
    assert back.of("avatar") == Span(100, 700)


def test_of_an_account_whose_beginning_was_not_seen_nothing_is_new() -> None:
    assert changed(SEEN, shows(), shows(avatar=OTHER_PICTURE)).of("avatar") == Span(None, 500)


def test_a_picture_that_could_not_be_read_before_is_not_new() -> None:
    after = changed(BEGAN, shows(avatar=None), shows(), not_read=["avatar"])
    assert (after.of("avatar"), after.of("bio")) == (Span(100, 500), Span(100, 100))


def test_contact_points_in_common_are_alike_and_others_are_new() -> None:
    mine, other = "https://t.me/valley_bees", "https://t.me/railway_maps"
    before, more, others = (shows(links=links) for links in ((mine,), (mine, other), (other,)))
    assert changed(BEGAN, before, more).of("contact") == Span(100, 500)
    assert changed(BEGAN, before, others).of("contact") == Span(500, 500)


def test_under_no_pepper_in_common_nothing_is_compared() -> None:
    foreign = tuple(replace(one, pepper_id=9) for one in shows())
    assert changed(BEGAN, shows(), foreign).of("avatar") == Span(100, 500)


def test_that_an_account_was_made_at_a_moment_is_taken_from_whoever_says_so() -> None:
    after = shown_since(SEEN, shows(), Showings(40, 500), shows(handle="other_name"))
    assert (after.of("avatar"), after.of("handle")) == (Span(40, 100), Span(40, 500))


def test_an_account_that_was_seen_before_it_was_made_began_nobody_knows_when() -> None:
    after = shown_since(SEEN, shows(), Showings(500, 500), shows())
    assert after.of("avatar") == Span(None, 100)


def test_what_was_kept_before_anybody_noted_moments_says_nothing_of_the_past() -> None:
    assert changed(UNKNOWN, shows(), shows()) == Showings(None, 500)


def test_where_the_former_state_cannot_be_told_its_beginning_counts_alone() -> None:
    assert shown_since(BEGAN, (), Showings(None, 500), shows()) == Showings(100, 500)


# Compact forms of text and of shared values.


# A word that many records repeat is one byte, and any other word is itself.

LANGUAGES = ("ar", "bal", "de", "en", "es", "fa", "hi", "ja", "ko", "ps", "ru", "tr", "uk", "ur", "zh")


@for_each("platform", [rules.platform for rules in RULES])
def test_a_platform_with_rules_of_its_own_takes_one_byte(platform: str) -> None:
    assert len(PLATFORMS.pack(platform)) == 1


@for_each("name", [*map(str, Script), *(stratum("", language) for language in LANGUAGES)])
def test_every_stratum_takes_one_byte(name: str) -> None:
    assert len(STRATA.pack(name)) == 1


def test_the_codes_in_use_are_the_ones_that_records_hold() -> None:
    """Records in stores hold these numbers: a word that moved would be read as another one."""
    assert [PLATFORMS.pack(word)[0] for word in ("x", "telegram", "whatsapp")] == [1, 4, 5]
    assert [STRATA.pack(word)[0] for word in ("latin", "arabic", "none", "ar", "zh")] == [1, 4, 11, 12, 44]


def test_a_code_that_stands_for_nothing_is_refused() -> None:
    with pytest.raises(IndexError):
        PLATFORMS.unpack(bytes((250,)), 0)


# Folded text keeps every sign in six bits, and nothing else is taken for such a text.


@given(st.binary(max_size=20))
def test_bytes_are_refused_unless_they_are_what_a_text_packs_to(packed: bytes) -> None:
    try:
        text = unpack_text(packed)
    except ValueError:
        return
    assert packable(text)
    assert len(pack_text(text)) == len(packed)
