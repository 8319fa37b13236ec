"""Public addresses and the networks around them; everything else is nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.network import Address, read_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("39.40.12.7", Address("39.40.12.7", "39.40.12.0/24", "")),
        ("::ffff:39.40.12.7", Address("39.40.12.7", "39.40.12.0/24", "")),
        ("64:ff9b::39.40.12.7", Address("39.40.12.7", "39.40.12.0/24", "")),
        ("2002:2728:0c07::1", Address("39.40.12.7", "39.40.12.0/24", "")),
        (" [2400:ADC5:1:2::7] ", Address("2400:adc5:1:2::7", "2400:adc5:1:2::/64", "2400:adc5:1::/48")),
        ("203.0.113.9", Address("203.0.113.9", "203.0.113.0/24", "")),
    ],
)
def test_an_address_and_its_networks(text: str, address: Address) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "10.1.2.3",
        "172.31.0.1",
        "192.168.1.4",
        "::ffff:192.168.1.4",
        "fd00::1",
        "100.64.3.9",
        "127.0.0.1",
        "::1",
        "169.254.0.1",
        "fe80::1%eth0",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "256.1.1.1",
        "",
        "x" * 100,
    ],
)
def test_what_names_nobody_is_no_address(text: str) -> None:
    assert read_address(text) is None


@given(st.one_of(st.text(max_size=80), st.ip_addresses().map(str)))
def test_any_text_is_read_and_an_address_reads_as_itself(text: str) -> None:
    found = read_address(text)
    if found is not None:
        assert read_address(found.address) == found
