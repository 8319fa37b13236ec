"""Settings are read and refused together, whatever their subject."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import SettingsError
from streams.settings import PREFIX, Settings, describe, load, unknown_names
from streams.settings.profiles import profile_url
from tests.tables import for_each

# Settings: read from an environment, refused in one clear line, never quoting a secret.


def refusal(**variables: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        load({f"{PREFIX}{name}": value for name, value in variables.items()})
    return caught.value.faults


def a_file(folder: Path, text: str) -> str:
    path = folder / "secret"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_an_empty_environment_suits_one_machine() -> None:
    settings = load({})
    assert settings.kafka_brokers == ("127.0.0.1:9092",)
    assert (settings.likely, settings.possible) == (0.9, 0.5)
    assert settings.dedup_days > settings.remember_days


def test_an_empty_variable_is_an_absent_one() -> None:
    assert load({"SAMEHAND_WEB_PORT": "", "SAMEHAND_PEPPER_FILE": ""}) == load({})


def test_brokers_are_separated_by_commas() -> None:
    assert load({"SAMEHAND_KAFKA_BROKERS": "a:9092, [::1]:9093"}).kafka_brokers == ("a:9092", "[::1]:9093")


def test_bands_differ_by_policy() -> None:
    settings = load({"SAMEHAND_BANDS": '{"spam": {"likely": 0.95, "possible": 0.7}}'})
    assert settings.bands["spam"].likely == 0.95


def test_a_secret_comes_from_its_file_and_shows_nowhere(tmp_path: Path) -> None:
    settings = load(
        {
            "SAMEHAND_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "SAMEHAND_KAFKA_USERNAME": "worker",
            "SAMEHAND_KAFKA_PASSWORD_FILE": a_file(tmp_path, "hunter2\n"),
            "SAMEHAND_REDIS_PASSWORD": "hunter3",
        }
    )
    assert (settings.kafka_secret(), settings.redis_secret()) == ("hunter2", "hunter3")
    assert "hunter" not in f"{settings!r} {settings}"


def test_the_password_file_may_vanish_later(tmp_path: Path) -> None:
    path = a_file(tmp_path, "x")
    settings = load({"SAMEHAND_REDIS_PASSWORD_FILE": path})
    Path(path).unlink()
    with pytest.raises(SettingsError, match="SAMEHAND_REDIS_PASSWORD_FILE: cannot be read"):
        settings.redis_secret()


def test_every_fault_is_told_at_once() -> None:
    faults = refusal(LIKELY="2", WEB_PORT="http", KAFKA_BROKERS="nowhere", REDIS_URL="http://x")
    assert set(faults) == {
        "SAMEHAND_LIKELY",
        "SAMEHAND_WEB_PORT",
        "SAMEHAND_KAFKA_BROKERS",
        "SAMEHAND_REDIS_URL",
    }


@for_each(
    ("variables", "reason"),
    [
        ({"LIKELY": "0.4"}, "POSSIBLE must not be above"),
        ({"DEDUP_DAYS": "10"}, "DEDUP_DAYS must not be below"),
        ({"KAFKA_SASL_MECHANISM": "PLAIN"}, "needs SAMEHAND_KAFKA_USERNAME"),
        ({"KAFKA_CERT_FILE": __file__, "KAFKA_TLS": "true"}, "must be set together"),
        ({"KAFKA_CA_FILE": __file__}, "need SAMEHAND_KAFKA_TLS=true"),
        ({"REDIS_CERT_FILE": __file__, "REDIS_URL": "rediss://r"}, "must be set together"),
        ({"REDIS_CERT_FILE": __file__, "REDIS_KEY_FILE": __file__}, "needs TLS"),
        (
            {"REDIS_SENTINEL_USERNAME": "samehand", "REDIS_URL": "sentinel://s/main"},
            "needs SAMEHAND_REDIS_SENTINEL_PASSWORD_FILE",
        ),
        ({"REDIS_SENTINEL_PASSWORD_FILE": __file__}, "needs sentinel://"),
        ({"BANDS": "{"}, "must be JSON"),
        ({"BANDS": '{"spam": {"likely": 0.5, "possible": 0.7}}'}, "possible must not be above likely"),
        ({"PEPPER_FILE": "/no/such/file"}, "does not point to a file"),
        ({"TOPIC_PREFIX": "a b"}, "match pattern"),
        ({"DESK_OIDC_ISSUER": "https://id.example.org"}, "nobody could sign in"),
        ({"DESK_OIDC_ISSUER": "http://id.example.org"}, "must be https://"),
        ({"DESK_OIDC_ISSUER": "http://localhost.example.org"}, "must be https://"),
        ({"DESK_OIDC_ISSUER": "http://127.0.0.1@example.org/"}, "without a user"),
        ({"DESK_OIDC_SCOPES": "profile"}, "match pattern"),
        ({"DESK_OIDC_ROLES": '{"staff": "admin"}'}, "'moderator', 'lead' or 'auditor'"),
    ],
)
def test_what_does_not_fit_is_refused(variables: dict[str, str], reason: str) -> None:
    assert reason in " ".join(refusal(**variables).values())


@given(
    st.sampled_from(sorted(Settings.model_fields)),
    st.text(st.characters(codec="ascii"), min_size=12, max_size=40),
)
def test_a_refusal_never_quotes_the_value(name: str, value: str) -> None:
    assert f"q{value}q" not in told(name.upper(), f"q{value}q")


def told(name: str, value: str) -> str:
    """The refusal of one variable, or nothing where any text will do."""
    try:
        load({f"{PREFIX}{name}": value})
    except SettingsError as refused:
        return str(refused)
    return ""


def test_a_typing_error_is_seen_and_put_right() -> None:
    assert unknown_names({"SAMEHAND_SHADOWS": "1", "SAMEHAND_SHADOW": "1", "HOME": "/"}) == {
        "SAMEHAND_SHADOWS": "SAMEHAND_SHADOW"
    }


def test_every_setting_is_described() -> None:
    described = describe()
    assert len(described) == len(Settings.model_fields)
    assert all(setting.meaning.endswith(".") for setting in described)
    assert {setting.name: setting.default for setting in described}["SAMEHAND_SHADOW"] == "false"


@for_each("url", ["http://collector:4318/v1/traces", "https://[::1]:4318/v1/traces", ""])
def test_traces_go_to_an_address(url: str) -> None:
    assert load({"SAMEHAND_TRACES_URL": url}).traces_url == url


@for_each("url", ["collector:4317", "http://me:hunter2@collector/v1/traces", "http://", "ftp://x"])
def test_traces_go_to_no_other_and_its_secret_is_not_told(url: str) -> None:
    faults = refusal(TRACES_URL=url)
    assert list(faults) == ["SAMEHAND_TRACES_URL"]
    assert "hunter2" not in str(faults)


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
    with pytest.raises(SettingsError, match="DESK_PROFILE_URLS") as refused:
        load({"SAMEHAND_DESK_PROFILE_URLS": f'{{"x": "{template.replace(chr(92), chr(92) * 2)}"}}'})
    assert "x: " in str(refused.value)
    assert fault in str(refused.value)


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
