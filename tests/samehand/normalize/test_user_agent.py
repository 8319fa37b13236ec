"""The family of a user agent does not change with its versions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.user_agent import agent_family

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "family"),
    [
        (
            f"Mozilla/5.0 (Linux; Android 13; SM-A536B) {KIT} Chrome/120.0.0.0 Mobile Safari/537.36",
            "chrome/android/sm-a536b",
        ),
        (f"Mozilla/5.0 (Linux; Android 10; K) {KIT} Chrome/121.0.0.0 Mobile Safari/537.36", "chrome/android"),
        (
            f"Mozilla/5.0 (Linux; U; Android 4.4; en-us; GT-I9500 Build/KOT49H) {KIT} Safari/534.30",
            "safari/android/gt-i9500",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 12; M2101K6G; wv) {KIT} Chrome/99 Mobile Instagram 300.0",
            "instagram/android/m2101k6g",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Safari/604.1",
            "safari/ios",
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/120 Safari/537.36 Edg/120.0",
            "edge/windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0", "firefox/linux"),
        ("python-requests/2.31", "python-requests"),
    ],
)
def test_the_family_of_an_agent(user_agent: str, family: str) -> None:
    assert agent_family(user_agent) == family


@pytest.mark.parametrize("nothing", ["", "???", "hello"])
def test_what_tells_nothing_is_nothing(nothing: str) -> None:
    assert agent_family(nothing) is None


@given(st.text(max_size=600))
def test_any_text_has_a_short_family_or_none(text: str) -> None:
    family = agent_family(text)
    assert family is None or 0 < len(family) <= 64
