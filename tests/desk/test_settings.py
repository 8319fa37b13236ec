"""Settings of the desk: what is refused, and addresses of accounts at their own platform."""

from __future__ import annotations

import json
from urllib.parse import unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from desk.settings import DeskSettings, load
from desk.settings.profiles import profile_url
from streams import settings as of_every_process
from streams.errors import SettingsError
from streams.settings import PREFIX, describe
from tests.tables import for_each


@for_each(
    ("name", "value", "reason"),
    [
        ("DESK_OIDC_ISSUER", "https://id.example.org", "nobody could sign in"),
        ("DESK_OIDC_ISSUER", "http://id.example.org", "must be https://"),
        ("DESK_OIDC_ISSUER", "http://localhost.example.org", "must be https://"),
        ("DESK_OIDC_ISSUER", "http://127.0.0.1@example.org/", "without a user"),
        ("DESK_OIDC_SCOPES", "profile", "match pattern"),
        ("DESK_OIDC_ROLES", '{"staff": "admin"}', "'moderator', 'lead' or 'auditor'"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, value: str, reason: str) -> None:
    assert reason in refused(name, value)


def test_fault_of_the_desk_leaves_other_processes_alone() -> None:
    settings = of_every_process.load({"SAMEHAND_DESK_OIDC_ISSUER": "http://id.example.org"})
    assert settings == of_every_process.load({})


@given(
    st.sampled_from(sorted(DeskSettings.model_fields)),
    st.text(st.characters(codec="ascii"), min_size=12, max_size=40),
)
def test_a_refusal_never_quotes_the_value(name: str, value: str) -> None:
    assert f"q{value}q" not in refused(name.upper(), f"q{value}q")


def refused(name: str, value: str) -> str:
    """The refusal of one variable, or nothing where any text will do."""
    try:
        load({f"{PREFIX}{name}": value})
    except SettingsError as refused:
        return str(refused)
    return ""


def test_every_setting_is_described() -> None:
    described = describe(DeskSettings)
    assert len(described) == len(DeskSettings.model_fields)
    assert all(setting.meaning.endswith(".") for setting in described)
    assert {setting.name: setting.default for setting in described}["SAMEHAND_SHADOW"] == "false"


# Addresses of accounts at their own platform, made from an operator's templates and strangers' handles.


@for_each(
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
    told = refused("DESK_PROFILE_URLS", json.dumps({"x": template}))
    assert "DESK_PROFILE_URLS: x: " in told
    assert fault in told


@for_each(
    ("template", "expected"),
    [
        ("https://x.example/{handle}", "https://x.example/um%C3%A4r"),
        ("https://x.example/@{handle}?id={account_id}", "https://x.example/@um%C3%A4r?id=1%2F2"),
    ],
)
def test_template_is_filled_with_encoded_values(template: str, expected: str) -> None:
    assert profile_url(template, "1/2", "@umär") == expected


@for_each("handle", ["", ".", "..", "@"])
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
