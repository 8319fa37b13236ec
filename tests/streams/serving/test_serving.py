"""Who a caller is behind proxies, and how much it may ask."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from streams.errors import SettingsError
from streams.serving.forwarded import HOPS_MAX, Forwarded, Header, client_of, network_of
from streams.serving.token_bucket import TokenBucket
from streams.settings import load
from tests.tables import for_each

# A token bucket through bursts, waits and a clock that is set back.


def test_burst_is_taken_at_once_and_then_one_after_each_wait() -> None:
    bucket = TokenBucket(2.0, 100.0)
    assert [bucket.take(4.0, 2.0, 100.0) for _ in range(3)] == [0.0, 0.0, 0.25]
    assert bucket.take(4.0, 2.0, 100.25) == 0.0
    assert bucket.take(4.0, 2.0, 100.25) == 0.25


def test_silence_fills_a_bucket_to_its_burst_alone() -> None:
    bucket = TokenBucket(0.0, 0.0)
    assert [bucket.take(1.0, 2.0, 1_000.0) for _ in range(3)] == [0.0, 0.0, 1.0]


def test_clock_set_back_neither_refills_nor_takes() -> None:
    bucket = TokenBucket(1.0, 100.0)
    assert bucket.take(1.0, 1.0, 50.0) == 0.0
    assert bucket.take(1.0, 1.0, 50.5) == 0.5


# Whose address counts behind proxies: what our own added, whatever anybody else wrote before it.


PROXY, SECOND_PROXY, CLIENT, LIE = "10.0.0.1", "10.0.0.2", "203.0.113.9", "198.51.100.7"
OURS = (ip_network("10.0.0.0/24"), ip_network("fd00::/64"))


def seen(*lines: str, peer: str = PROXY, header: Header = "x-forwarded-for") -> str:
    return client_of(peer, lines, OURS, header)


@for_each(
    ("lines", "client"),
    [
        pytest.param([CLIENT], CLIENT, id="one proxy"),
        pytest.param([f"{CLIENT}, {SECOND_PROXY}"], CLIENT, id="two proxies"),
        pytest.param([CLIENT, SECOND_PROXY], CLIENT, id="two lines"),
        pytest.param([f"{CLIENT}:4711"], CLIENT, id="a port"),
        pytest.param([f"::ffff:{CLIENT}"], CLIENT, id="IPv4 as IPv6"),
        pytest.param(["[2001:db8::9]:4711"], "2001:db8::9", id="IPv6 with a port"),
        pytest.param([f"{LIE}, {CLIENT}"], CLIENT, id="a hop made up"),
        pytest.param([LIE, CLIENT], CLIENT, id="a line made up"),
        pytest.param([f"{SECOND_PROXY}, {CLIENT}"], CLIENT, id="a proxy of ours made up"),
        pytest.param([f"{LIE}, unknown, {SECOND_PROXY}"], SECOND_PROXY, id="a hop that nobody can read"),
        pytest.param([f"{LIE},"], PROXY, id="an empty hop"),
        pytest.param([], PROXY, id="nothing said"),
        pytest.param([f"{SECOND_PROXY}, {SECOND_PROXY}"], SECOND_PROXY, id="only proxies"),
    ],
)
def test_x_forwarded_for_is_read_from_its_end(lines: list[str], client: str) -> None:
    assert seen(*lines) == client


def test_headers_of_who_is_no_proxy_of_ours_are_ignored() -> None:
    assert seen(LIE, peer=CLIENT) == CLIENT
    assert seen(f"for={LIE}", peer=CLIENT, header="forwarded") == CLIENT


@for_each(
    ("lines", "client"),
    [
        pytest.param([f"for={CLIENT}"], CLIENT, id="one proxy"),
        pytest.param([f'For="{CLIENT}:80";proto=https;by={PROXY}'], CLIENT, id="all that is said"),
        pytest.param(['for="[2001:db8::9]:4711"'], "2001:db8::9", id="IPv6"),
        pytest.param([f"for={LIE}, for={CLIENT}, for={SECOND_PROXY}"], CLIENT, id="two proxies and a lie"),
        pytest.param([f'for={CLIENT};host="a,for={LIE};x=\\""'], CLIENT, id="a host that is made up"),
        pytest.param([f'for="{LIE}, for={CLIENT}'], PROXY, id="a quote that is left open"),
        pytest.param([f'for={LIE};x=", for="{CLIENT}"'], PROXY, id="a quote that takes the next one's"),
        pytest.param([f"for={LIE};for={CLIENT}"], PROXY, id="said twice"),
        pytest.param(["for=unknown"], PROXY, id="unknown"),
        pytest.param(["for=_hidden, for=10.0.0.2"], SECOND_PROXY, id="hidden"),
        pytest.param([f'for="{LIE}', f"for={CLIENT}"], CLIENT, id="a broken line before ours"),
    ],
)
def test_forwarded_is_read_from_its_end(lines: list[str], client: str) -> None:
    assert seen(*lines, header="forwarded") == client


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=40), max_size=4))
def test_nothing_that_a_caller_writes_before_it_moves_what_our_proxy_saw(made_up: list[str]) -> None:
    assert seen(*made_up, CLIENT) == CLIENT
    assert seen(",".join([*made_up, CLIENT])) == CLIENT
    assert seen(*made_up, f"for={CLIENT}", header="forwarded") == CLIENT
    joined = seen(", ".join([*made_up, f"for={CLIENT}"]), header="forwarded")
    assert joined in (CLIENT, PROXY), "what breaks the line is nobody's, and no other's address"


def test_a_chain_of_proxies_has_an_end() -> None:
    assert seen(", ".join([CLIENT, *[SECOND_PROXY] * (HOPS_MAX + 1)])) == SECOND_PROXY


@for_each(
    ("address", "network"),
    [
        (CLIENT, CLIENT),
        ("2001:db8::1:2:3:4", "2001:db8::/64"),
        ("2001:db8::ffff:0:0:1", "2001:db8::/64"),
        (f"::ffff:{CLIENT}", CLIENT),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_whoever_has_a_line_is_one_caller(address: str, network: str) -> None:
    assert network_of(address) == network


@for_each(("peer", "client"), [(PROXY, (CLIENT, 0)), (LIE, (LIE, 0)), ("10.0.1.1", ("10.0.1.1", 0))])
async def test_application_is_told_the_client(peer: str, client: tuple[str, int]) -> None:
    told: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        told.append(scope["client"])

    header = (b"x-forwarded-for", CLIENT.encode())
    other = (b"forwarded", f"for={LIE}".encode())
    scope = {"type": "http", "client": (peer, 4711), "headers": [other, header]}
    await Forwarded(app, OURS, "x-forwarded-for")(scope, None, None)
    assert told == [client]


def test_setting_takes_addresses_and_networks() -> None:
    assert load({"SAMEHAND_TRUSTED_PROXIES": "10.0.0.0/24, fd00::/64"}).trusted_proxies == OURS
    assert load({}).trusted_proxies == ()


@for_each("given", ["0.0.0.0/0", "::/0", "10.0.0.1/8", "proxy", "10.0.0.0/8;fd00::/8"])
def test_setting_takes_nothing_else(given: str) -> None:
    with pytest.raises(SettingsError, match="SAMEHAND_TRUSTED_PROXIES"):
        load({"SAMEHAND_TRUSTED_PROXIES": given})


async def test_proxy_that_nobody_named_is_told_of_once_and_not_believed() -> None:
    told: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        told.append(scope["client"])

    forwarded = Forwarded(app, (), "x-forwarded-for")
    scope = {"type": "http", "client": (PROXY, 4711), "headers": [(b"x-forwarded-for", CLIENT.encode())]}
    with capture_logs() as lines:
        for _ in range(3):
            await forwarded(scope, None, None)
    assert [client[0] for client in told] == [PROXY] * 3
    [line] = lines
    assert CLIENT not in str(line)
    assert PROXY not in str(line)
