"""Contact points in what an account shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.contact.contact_point import (
    ContactPoint,
    email_points,
    phone_points,
    profile_point,
    registrable_part,
)
from samehand.normalize.contact.ordinary import (
    is_counting,
    is_ordinary,
    is_priced,
    is_version,
    without_times,
)
from samehand.normalize.contact.refang import plain_text
from samehand.normalize.contact.urls import page_points

# The kinds of contact point that several readers make.


@pytest.mark.parametrize(
    ("host", "part"),
    [
        ("news.example.co.uk", "example.co.uk"),
        ("umar.blogspot.com", "umar.blogspot.com"),
        ("localhost", ""),
        ("umar.nosuchending", ""),
        ("", ""),
    ],
)
def test_the_part_of_a_host_that_somebody_registered(host: str, part: str) -> None:
    assert registrable_part(host) == part


def test_a_profile_is_named_as_its_platform_reads_it() -> None:
    assert profile_point("facebook", "Umar.Media") == ContactPoint("profile", "facebook:umarmedia")
    assert profile_point("telegram", "@Umar") == ContactPoint("telegram", "umar")


def test_what_is_no_address_and_no_number_is_no_point() -> None:
    assert list(email_points("umar@nosuchending")) == []
    assert list(phone_points("12", None)) == []


# Dates, prices and versions are judged as a whole: a number with anything left beside them is none.


@pytest.mark.parametrize(
    "run", ["2024-12-25", "25.12.2024 - 31.12.2024", "1446/09/01", "10.30-12.30", "1.500.000", "12,3456,78"]
)
def test_a_run_that_is_wholly_ordinary_is(run: str) -> None:
    assert is_ordinary(run, 0, len(run))


@pytest.mark.parametrize(
    "run", ["2024-12-25 786", "06.12.23.14.30", "600.123.456", "03012345678", "2345678", "12,3456,789"]
)
def test_a_run_with_more_in_it_may_be_a_number(run: str) -> None:
    assert not is_ordinary(run, 0, len(run))


def test_a_currency_makes_a_price_of_a_sum_and_not_of_a_number_with_a_leading_nought() -> None:
    assert is_priced("Rs 2500000", 3, 10)
    assert is_ordinary("Rs 2500000", 3, 10)
    assert not is_ordinary("Rs 02500000", 3, 11)


def test_a_word_before_it_makes_a_version() -> None:
    assert is_version("version 1.2.3.4", 8)
    assert not is_version("diversion 1.2.3.4", 10)


def test_a_time_of_day_parts_numbers() -> None:
    assert without_times("2024 10:30 12") == "2024 ,,,,, 12"
    assert without_times("123:456") == "123:456"


@pytest.mark.parametrize(
    ("numbers", "counts"), [(["39", "40", "41"], True), (["39", "40"], False), (["1", "x", "3"], False)]
)
def test_equal_steps_count_from_three_numbers_on(numbers: list[str], counts: bool) -> None:
    assert is_counting(numbers) is counts


# Spelled-out signs are written as signs, and sentences are left alone.


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("t dot me slash foo", "t.me/foo"),
        ("umar [at] example (dot) org", "umar@example.org"),
        ("umar at gmail dot com", "umar@gmail.com"),
        ("t . me / foo", "t.me/foo"),
        ("ｔ．ｍｅ", "t.me"),
        ("meet me at example.com", "meet me at example.com"),
        ("this or / that", "this or / that"),
        ("a \u200b\n  b", "a b"),
    ],
)
def test_how_a_text_is_written_plainly(text: str, plain: str) -> None:
    assert plain_text(text) == plain


# What a web address stands for.


@pytest.mark.parametrize(
    ("url", "kind", "value"),
    [
        ("https://t.me/+AbCd123", "telegram-invite", "AbCd123"),
        ("https://t.me/+923012345678", "phone", "+923012345678"),
        ("telegram.me/Valley_News/12", "telegram", "valley_news"),
        ("https://chat.whatsapp.com/invite/AbCdEf12", "whatsapp-invite", "AbCdEf12"),
        ("wa.me/qr/ABCDEF123", "whatsapp", "ABCDEF123"),
        ("discord.com/invite/Ab-12", "discord-invite", "Ab-12"),
        ("m.facebook.com/people/Umar-Media/", "profile", "facebook:umar-media"),
        ("linkedin.com/in/umar-media?x=1", "profile", "linkedin:umar-media"),
        ("youtube.com/channel/UCabc", "profile", "youtube:ucabc"),
        ("https://www.Example.org:8080/A%20b/", "url", "example.org/A b"),
        ("umar.tumblr.com", "url", "umar.tumblr.com"),
    ],
)
def test_an_address_is_a_point(url: str, kind: str, value: str) -> None:
    assert [(point.kind, point.value) for point in page_points(url)] == [(kind, value)]


@pytest.mark.parametrize(
    "url", ["t.me", "t.me/share/url", "bit.ly/", "x.com/search?q=a", "https://", "facebook.com", "a.b"]
)
def test_an_address_of_nobody_is_none(url: str) -> None:
    assert list(page_points(url)) == []


@given(st.text(max_size=200))
def test_any_text_is_a_point_or_none(text: str) -> None:
    for host in ("", "t.me/", "https://wa.me/", "facebook.com/", "a.org/"):
        assert len(list(page_points(host + text))) <= 1
