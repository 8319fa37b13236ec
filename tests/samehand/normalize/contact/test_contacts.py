"""Where a profile asks to be reached, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.contact.contacts import POINTS_MAX, ContactPoint, own_points, read_contacts


def contact_points(bio: str, *links: str) -> tuple[ContactPoint, ...]:
    return read_contacts(bio, links, None).points


def points(bio: str, *links: str, locale: str | None = None) -> list[tuple[str, str]]:
    return [(point.kind, point.value) for point in read_contacts(bio, links, locale).points]


@pytest.mark.parametrize(
    ("bio", "kind", "value"),
    [
        ("join t.me/+AbCdEf123456", "telegram-invite", "AbCdEf123456"),
        ("https://t.me/joinchat/AbC_123-x", "telegram-invite", "AbC_123-x"),
        ("backup: https://t.me/s/Valley_News?x=1", "telegram", "valley_news"),
        ("t dot me slash valley", "telegram", "valley"),
        ("T . me / valley_news", "telegram", "valley_news"),
        ("t (dot) me/valley", "telegram", "valley"),
        ("ｔ．ｍｅ／valley", "telegram", "valley"),
        ("t\u200b.me/valley", "telegram", "valley"),
        ("https://chat.whatsapp.com/AbCdEfGhIjK", "whatsapp-invite", "AbCdEfGhIjK"),
        ("whatsapp.com/channel/0029VaXyZ", "whatsapp-invite", "0029VaXyZ"),
        ("wa.me/923012345678", "phone", "+923012345678"),
        ("https://api.whatsapp.com/send?phone=923012345678&text=x", "phone", "+923012345678"),
        ("ring +92 301 2345678!", "phone", "+923012345678"),
        ("discord.gg/aBcD12", "discord-invite", "aBcD12"),
        ("discord.com/invite/aBcD12", "discord-invite", "aBcD12"),
        ("write to U.mar@gmail.com.", "email", "umar@gmail.com"),
        ("umar [at] example.org", "email", "umar@example.org"),
        ("umar at gmail dot com", "email", "umar@gmail.com"),
        ("https://www.facebook.com/umar.media/", "profile", "facebook:umarmedia"),
        ("facebook.com/profile.php?id=100012345678", "profile", "facebook:100012345678"),
        ("instagram.com/Umar.Media?igsh=1", "profile", "instagram:umar.media"),
        ("x.com/Umar/status/123", "profile", "x:umar"),
        ("insta: @umar.media", "profile", "instagram:umar.media"),
        ("Telegram - @Valley_News", "telegram", "valley_news"),
        ("second account of @Umar_Media", "handle", "umar_media"),
        ("see news.example.org/a/b/c/d?utm=1", "url", "news.example.org/a/b/c"),
        ("facebook.com/groups/Valley.News/", "profile", "facebook:groups/valley.news"),
        ("linktr.ee/umar", "url", "linktr.ee/umar"),
        ("bit.ly/AbC", "url", "bit.ly/AbC"),
    ],
)
def test_a_contact_point_is_found(bio: str, kind: str, value: str) -> None:
    assert points(bio) == [(kind, value)]


@pytest.mark.parametrize(
    "bio",
    [
        "",
        "hello world. This is e.g. a Test.And more",
        "linktr.ee",
        "youtube.com/ and https://www.instagram.com",
        "t.me/share/url?url=x",
        "instagram.com/p/Cx12345",
        "born 12.05.2001, 1990-2000, 50%",
        "call 12345",
        "v1.2.3",
    ],
)
def test_what_reaches_nobody_is_no_point(bio: str) -> None:
    assert points(bio) == []


def test_links_come_first_and_a_point_counts_once() -> None:
    found = points(
        "t.me/valley and umar@gmail.com", "https://T.me/Valley", "mailto:u.mar@gmail.com", "tel:+923012345678"
    )
    assert found == [("telegram", "valley"), ("email", "umar@gmail.com"), ("phone", "+923012345678")]


def test_points_stand_in_the_order_of_the_bio() -> None:
    assert [kind for kind, _ in points("+923012345678 t.me/valley umar@gmail.com @umar")] == [
        "phone",
        "telegram",
        "email",
        "handle",
    ]


def test_a_local_number_is_read_with_a_locale_only() -> None:
    assert points("0301 2345678", locale="ur-PK") == [("phone", "+923012345678")]
    assert points("0301 2345678") == []


def test_an_invitation_keeps_its_case() -> None:
    assert points("t.me/+AbCdEf") != points("t.me/+abcdef")


def test_a_directory_is_cut_short() -> None:
    assert len(contact_points(" ".join(f"t.me/channel_{number}" for number in range(100)))) == POINTS_MAX


def test_an_account_is_named_as_others_name_it() -> None:
    assert set(own_points("@Valley_News", "telegram")) & set(contact_points("join t.me/valley_news"))
    assert set(own_points("Umar.Media", "facebook")) & set(contact_points("fb.com/umarmedia"))
    assert set(own_points("Umar_Media", "x")) & set(contact_points("formerly @umar_media"))
    assert own_points("", "x") == ()


HOSTILE = [
    "a." * 5000,
    " " * 10_000,
    "a@" * 5000,
    "[" * 10_000,
    "1 " * 5000,
    "http://" * 1400,
    "@" * 10_000,
    "t.me/+" * 1600,
]


@pytest.mark.parametrize("bio", HOSTILE, ids=[text[:4] for text in HOSTILE])
def test_a_hostile_bio_is_read_to_its_end(bio: str) -> None:
    assert len(contact_points(bio, *[bio] * 50)) <= POINTS_MAX


PIECES = st.sampled_from(
    [
        "t.me/",
        "+",
        "@",
        "a.com",
        "/",
        " at ",
        " dot ",
        "wa.me/",
        "9230",
        "1",
        "?",
        "://",
        "x",
        "é",
        "[at]",
        "\u200b",
    ]
)


@given(
    st.one_of(st.text(max_size=500), st.lists(PIECES, max_size=40).map("".join)),
    st.lists(st.text(max_size=60), max_size=5),
)
def test_any_text_gives_points_within_bounds(bio: str, links: list[str]) -> None:
    found = contact_points(bio, *links)
    assert len(found) == len(set(found)) <= POINTS_MAX
    assert all(point.kind and point.value for point in found)
