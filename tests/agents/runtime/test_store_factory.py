"""From settings to a store: wherever Redis is, and never with a secret in sight."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.runtime.store_factory import endpoint_of, peppers_of, stock_of, store_of
from store.pepper.pepper import write_pepper_file
from streams.errors import SettingsError
from streams.settings import load


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://r1:6380/2", {"url": "redis://r1:6380/2"}),
        ("rediss://r1:6380/0", {"url": "rediss://r1:6380/0"}),
        ("unix:///run/redis.sock?db=1", {"url": "unix:///run/redis.sock?db=1"}),
        ("cluster://n1:7000,n2:7001", {"cluster": (("n1", 7000), ("n2", 7001))}),
        (
            "sentinel://s1:26379,s2:26380/main",
            {"sentinels": (("s1", 26379), ("s2", 26380)), "service": "main"},
        ),
    ],
)
def test_an_address_of_each_kind(url: str, expected: dict[str, object]) -> None:
    endpoint = endpoint_of(load({"SAMEHAND_REDIS_URL": url}))
    assert {name: getattr(endpoint, name) for name in expected} == expected


def test_user_and_password_go_to_the_connection_and_into_no_text(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("open-sesame\n")
    endpoint = endpoint_of(
        load({"SAMEHAND_REDIS_USERNAME": "samehand", "SAMEHAND_REDIS_PASSWORD_FILE": str(secret)})
    )
    assert (endpoint.options["username"], endpoint.options["password"]) == ("samehand", "open-sesame")
    assert "open-sesame" not in repr(endpoint)


def test_sentinels_have_a_user_of_their_own_and_share_the_certificates(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("ca", "cert", "key", "password")}
    for path in files.values():
        path.write_text("watchword\n")
    endpoint = endpoint_of(
        load(
            {
                "SAMEHAND_REDIS_URL": "sentinel://s1,s2/main?tls=true",
                "SAMEHAND_REDIS_USERNAME": "samehand",
                "SAMEHAND_REDIS_SENTINEL_USERNAME": "asker",
                "SAMEHAND_REDIS_SENTINEL_PASSWORD_FILE": str(files["password"]),
                "SAMEHAND_REDIS_CA_FILE": str(files["ca"]),
                "SAMEHAND_REDIS_CERT_FILE": str(files["cert"]),
                "SAMEHAND_REDIS_KEY_FILE": str(files["key"]),
            }
        )
    )
    assert endpoint.options["username"] == "samehand"
    asked = endpoint.sentinel_options
    assert (asked["username"], asked["password"]) == ("asker", "watchword")
    for options in (asked, endpoint.options):
        assert options["ssl"]
        assert options["ssl_certfile"] == str(files["cert"])
        assert options["ssl_keyfile"] == str(files["key"])
        assert options["ssl_ca_certs"] == str(files["ca"])
    assert "watchword" not in repr(endpoint)


def test_without_a_pepper_nothing_starts() -> None:
    with pytest.raises(SettingsError, match="SAMEHAND_PEPPER_FILE"):
        peppers_of(load({}))


def test_a_pepper_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    write_pepper_file(path)
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="SAMEHAND_PEPPER_FILE"):
        peppers_of(load({"SAMEHAND_PEPPER_FILE": str(path)}))


def test_a_store_is_made_without_connecting(tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    write_pepper_file(path)
    settings = load({"SAMEHAND_PEPPER_FILE": str(path), "SAMEHAND_REDIS_URL": "redis://127.0.0.1:1/0"})
    assert store_of(settings, peppers_of(settings)).epoch == ""


def test_without_a_list_no_picture_is_stock() -> None:
    assert len(stock_of(load({}))) == 0


@pytest.mark.parametrize(
    ("listed", "reason"),
    [(b"# stock\nnot a hash\n", "line 2: no PDQ hash"), (b"\xff\xfe", "is not UTF-8")],
)
def test_a_list_of_pictures_that_cannot_be_read_is_one_clear_line(
    tmp_path: Path, listed: bytes, reason: str
) -> None:
    path = tmp_path / "stock.txt"
    path.write_bytes(listed)
    with pytest.raises(SettingsError, match=f"SAMEHAND_AVATAR_BLOCKLIST.*{reason}"):
        stock_of(load({"SAMEHAND_AVATAR_BLOCKLIST": str(path)}))
