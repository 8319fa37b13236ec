"""Addresses of accounts at their own platform, made from an operator's templates and strangers' handles."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import SettingsError
from streams.settings import load
from streams.settings.profiles import profile_url


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("http://x.example/{handle}", "https://"),
        ("javascript:alert({handle})", "https://"),
        ("https://{handle}/", "https://"),
        ("https://x.example@{handle}/", "https://"),
        ("https://user:pass@x.example/{handle}", "https://"),
        ("https://x.example/{name}", "{account_id}"),
        ("https://x.example/{handle}/{name}", "placeholders"),
        ("https://x.example/", "{account_id}"),
        ("https://x.example/#{handle}", "fragment"),
        ("https://x.example/{handle} onclick", "no space"),
        ("https:\\\\x.example/{handle}", "backslash"),
        ("https://x.example/{handle}" + "x" * 2_048, "2,048"),
    ],
)
def test_unsafe_template_is_refused_by_platform_and_reason(template: str, fault: str) -> None:
    with pytest.raises(SettingsError, match="DESK_PROFILE_URLS") as refused:
        load({"SAMEHAND_DESK_PROFILE_URLS": f'{{"x": "{template.replace(chr(92), chr(92) * 2)}"}}'})
    assert "x: " in str(refused.value)
    assert fault in str(refused.value)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("https://x.example/{handle}", "https://x.example/um%C3%A4r"),
        ("https://x.example/@{handle}?id={account_id}", "https://x.example/@um%C3%A4r?id=1%2F2"),
    ],
)
def test_template_is_filled_with_encoded_values(template: str, expected: str) -> None:
    assert profile_url(template, "1/2", "@umär") == expected


@pytest.mark.parametrize("handle", ["", ".", "..", "@"])
def test_profile_without_a_name_of_its_own_has_no_address(handle: str) -> None:
    assert profile_url("https://x.example/u/{handle}", "1", handle) is None


@given(st.text(min_size=1))
def test_value_changes_neither_host_nor_path_of_its_template(text: str) -> None:
    filled = profile_url("https://x.example/u/{account_id}?full=1", text, "")
    if filled is None:
        assert not text.strip(".")
        return
    parts = urlsplit(filled)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "x.example", "full=1", "")
    assert parts.path.count("/") == 2
    assert unquote(parts.path.rpartition("/")[2]) == text.encode("utf-8", "replace").decode()
