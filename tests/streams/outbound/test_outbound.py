"""Addresses that nobody may be sent to, and how long a server asks to be left alone."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from streams.outbound.addresses import may_be_reached, read_address
from streams.outbound.retry_after import RETRY_AFTER_SECONDS_MAX, retry_after_seconds
from tests.tables import for_each

# Which addresses our processes call, whatever way a stranger writes them.


@for_each("text", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_public_addresses_may_be_reached(text: str) -> None:
    assert may_be_reached(ip_address(text), ())


@for_each(
    "text",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "100.64.0.1",  # between a carrier and its customers
        "169.254.169.254",  # a cloud's metadata
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fd00:ec2::254",  # a cloud's metadata
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "::127.0.0.1",  # IPv4-compatible, as of old
        "::ffff:0:10.0.0.1",  # translated (SIIT)
        "64:ff9b:1::7f00:1",  # NAT64 of a network's own
        "fec0::1",  # site-local, as of old
        "4000::1",  # nobody's yet
    ],
)
def test_all_others_may_not(text: str) -> None:
    assert not may_be_reached(ip_address(text), ())


def test_the_operator_allows_networks_and_no_more() -> None:
    allowed = (ip_network("10.2.0.0/16"), ip_network("fd00:1::/32"))
    assert may_be_reached(ip_address("10.2.3.4"), allowed)
    assert may_be_reached(ip_address("::ffff:10.2.3.4"), allowed)
    assert may_be_reached(ip_address("fd00:1::5"), allowed)
    assert not may_be_reached(ip_address("10.3.0.1"), allowed)
    assert not may_be_reached(ip_address("127.0.0.1"), allowed)


def test_a_name_is_no_address() -> None:
    assert read_address("localhost") is None
    assert read_address("127.1") is None
    assert read_address("fe80::1%eth0") == ip_address("fe80::1")


# `Retry-After`: seconds or a date, within a bound.


NOW = 1_795_521_600.0  # Tue, 24 Nov 2026 12:00:00 GMT


@for_each(
    ("text", "seconds"),
    [
        ("", 0.0),
        ("42", 42.0),
        ("-1", 0.0),
        ("soon", 0.0),
        ("٤٢", 0.0),
        ("9" * 400, RETRY_AFTER_SECONDS_MAX),
        ("Tue, 24 Nov 2026 12:01:00 GMT", 60.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("Tue, 24 Nov 99999 12:01:00 GMT", 0.0),
    ],
)
def test_header_is_seconds_from_now(text: str, seconds: float) -> None:
    assert retry_after_seconds(text, NOW) == seconds
