"""What a web address stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.contact.urls import page_points


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
