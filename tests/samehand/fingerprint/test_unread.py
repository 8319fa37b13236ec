"""What was not read of an account is named, and whatever good faith writes is read whole."""

from __future__ import annotations

import random
from typing import Any

import pytest

from agents.common.converters import account_of
from samehand.account import Account
from samehand.fingerprint.unread import unread_fields
from samehand.normalize.limits import BIO_CHARS, BIO_READ_CHARS, LINK_TEXT_CHARS, NUMBERS_JUDGED
from samehand.signals.contact import CONTACT, POINTS_MAX
from simulate.population.people import Population
from simulate.timeline.records import created


def unread(**profile: Any) -> tuple[str, ...]:
    return unread_fields(Account(platform="telegram", account_id="1", **profile))


def test_ordinary_accounts_are_read_whole() -> None:
    rng, people = random.Random(3), Population(5, 2_000)
    told = (created(people.person(rng), 0.0) for _ in range(300))
    assert [unread_fields(account_of(one.platform, one.account)) for one in told] == [()] * 300


@pytest.mark.parametrize(
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


@pytest.mark.parametrize(
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
