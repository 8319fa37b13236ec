"""Addresses of the open net, some of them shared by thousands."""

from collections import Counter
from ipaddress import IPv4Address, ip_address, ip_network

import pytest

from simulate.population.networks import Networks, neighbouring
from simulate.population.phones import COUNTRIES
from simulate.sampling import seeded


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_of_phones_has_addresses_of_the_open_net(country: str) -> None:
    networks, rng = Networks(1), seeded(1, country)
    for _ in range(300):
        line = networks.line(rng, country)
        assert ip_address(line.ip).is_global == (line.kind != "junk"), line
        assert str(ip_address(line.ip)) == line.ip or ":" in line.ip


def test_homes_are_apart_and_mobile_lines_share() -> None:
    networks, rng = Networks(1), seeded(1, "lines")
    homes = Counter(networks.home(rng, "PK").ip for _ in range(5_000))
    mobiles = Counter(networks.mobile(rng, "PK").ip for _ in range(5_000))
    assert homes.most_common(1)[0][1] <= 3
    assert mobiles.most_common(1)[0][1] > 100
    assert len([ip for ip in mobiles if "." in ip]) == 48


def test_vpn_exits_are_few_and_the_same_in_every_country() -> None:
    networks, rng = Networks(1), seeded(1, "exits")
    assert len({networks.vpn(rng).ip for _ in range(5_000)}) <= 300


def test_a_third_of_homes_have_ipv6_with_a_prefix_of_their_own() -> None:
    networks, rng = Networks(1), seeded(1, "ipv6")
    six = [ip for ip in (networks.home(rng, "TR").ip for _ in range(2_000)) if ":" in ip]
    assert 0.25 < len(six) / 2_000 < 0.35
    assert len({ip_network(f"{ip}/64", strict=False) for ip in six}) == len(six)


def test_a_neighbouring_address_is_another_of_the_same_line() -> None:
    networks, rng = Networks(1), seeded(1, "neighbours")
    for _ in range(500):
        ip = networks.home(rng, "US").ip
        other = neighbouring(rng, ip)
        assert ip_address(other) != ip_address(ip)
        bits = 24 if isinstance(ip_address(ip), IPv4Address) else 64
        assert ip_address(other) in ip_network(f"{ip}/{bits}", strict=False)
