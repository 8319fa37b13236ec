"""A change of the profile: what stays keeps its span, what is new begins, and tricks gain nothing."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from samehand.account import Account, Avatar
from samehand.fingerprint.distil import Fingerprint, distil
from samehand.fingerprint.shown_since import shown_since
from samehand.showings import UNKNOWN, Showings, Span

PICTURE = Avatar(pdq=bytes.fromhex("f1c47a0e93b25d680f1ec8a3574bd29e60a75c1b38f49d02e6b17c5aa9034fd8"))
OTHER_PICTURE = Avatar(pdq=bytes.fromhex("0e3b85f16c4da297f0e1375ca8b42d619f58a3e4c70b62fd194e83a556fcb027"))
BIO = "Beekeeper in the upper valley, honey and candles every second Saturday at the old mill market"
BEGAN = Showings(100, 100)  # its first state was told when it was made
SEEN = Showings(None, 100)  # it was first seen then


def keyer(domain: str, value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=10, person=domain.encode()[:16]).digest()


def shows(**profile: Any) -> tuple[Fingerprint, ...]:
    profile = {"handle": "salma", "avatar": PICTURE, "bio": BIO, **profile}
    return (distil(Account(platform="x", account_id="1", **profile), keyer, at=None),)


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


@pytest.mark.parametrize("between", [OTHER_PICTURE, None])
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
