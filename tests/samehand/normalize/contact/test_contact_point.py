"""The kinds of contact point that several readers make."""

from __future__ import annotations

import pytest

from samehand.normalize.contact.contact_point import (
    ContactPoint,
    email_points,
    phone_points,
    profile_point,
    registrable_part,
)


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
