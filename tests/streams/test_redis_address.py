"""One URL for every kind of Redis."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redis_address import RedisAddress, parse_redis_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://h", RedisAddress("standalone", (("h", 6379),))),
        ("redis://h:1/2", RedisAddress("standalone", (("h", 1),), database=2)),
        ("rediss://[::1]:7", RedisAddress("standalone", (("::1", 7),), tls=True)),
        ("unix:///run/redis.sock?db=3", RedisAddress("unix", path="/run/redis.sock", database=3)),
        (
            "sentinel://a,b:2/m?db=1",
            RedisAddress("sentinel", (("a", 26379), ("b", 2)), master="m", database=1),
        ),
        ("cluster://a,b?tls=true", RedisAddress("cluster", (("a", 6379), ("b", 6379)), tls=True)),
    ],
)
def test_each_kind_has_its_form(url: str, address: RedisAddress) -> None:
    assert parse_redis_address(url) == address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://h", "must begin with"),
        ("redis://user:pass@h", "no user or password"),
        ("redis://a,b", "several hosts"),
        ("redis://", "no host"),
        ("redis://h:0", "port 0"),
        ("redis://h:http", "no number"),
        ("redis://h/x", "number as its database"),
        ("redis://h?ssl=1", "unknown option 'ssl'"),
        ("sentinel://h", "master's name"),
        ("unix://", "socket's path"),
    ],
)
def test_a_wrong_form_is_told(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_redis_address(url)


@given(st.text(max_size=60))
def test_nothing_but_an_address_or_a_reason_comes_out(url: str) -> None:
    for text in (url, f"redis://{url}", f"sentinel://{url}", f"unix://{url}"):
        try:
            address = parse_redis_address(text)
        except ValueError:
            continue
        assert address.hosts or address.path
