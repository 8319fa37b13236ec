"""Addresses people come from, and how many others come from the same one."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from random import Random
from typing import NamedTuple

from simulate.sampling import Weighted, below, between, one_of, seeded, zipf

# Address blocks (first address, prefix bits) large providers of the country hold, roughly.
_BLOCKS: dict[str, tuple[tuple[str, int], ...]] = {
    "US": (("73.0.0.0", 8), ("98.128.0.0", 9), ("71.160.0.0", 11)),
    "GB": (("86.128.0.0", 10), ("81.96.0.0", 12)),
    "CA": (("70.24.0.0", 13), ("99.224.0.0", 11)),
    "ES": (("83.32.0.0", 11), ("88.0.0.0", 11)),
    "MX": (("187.128.0.0", 10), ("189.128.0.0", 11)),
    "CO": (("181.48.0.0", 12), ("190.240.0.0", 12)),
    "AR": (("181.160.0.0", 11), ("190.16.0.0", 12)),
    "CN": (("114.224.0.0", 11), ("183.0.0.0", 10), ("223.64.0.0", 10)),
    "TW": (("111.240.0.0", 12), ("114.32.0.0", 12)),
    "KR": (("121.128.0.0", 10), ("175.192.0.0", 10)),
    "EG": (("156.160.0.0", 11), ("197.32.0.0", 11)),
    "SA": (("188.48.0.0", 13), ("95.184.0.0", 14)),
    "IQ": (("37.236.0.0", 14), ("185.80.0.0", 14)),
    "MA": (("105.128.0.0", 11), ("196.64.0.0", 12)),
    "PK": (("39.32.0.0", 11), ("182.176.0.0", 12), ("119.152.0.0", 13)),
    "AF": (("103.28.0.0", 16), ("149.54.0.0", 17)),
    "RU": (("95.24.0.0", 13), ("176.208.0.0", 13), ("188.32.0.0", 11)),
    "KZ": (("2.72.0.0", 13), ("92.46.0.0", 15)),
    "TR": (("78.160.0.0", 11), ("88.224.0.0", 11)),
    "DE": (("79.192.0.0", 10), ("91.0.0.0", 10)),
    "IN": (("49.32.0.0", 11), ("106.192.0.0", 11), ("122.160.0.0", 12)),
}
_MOBILE_POOL = 48
"""Carrier-grade NAT addresses a country: with a hundred thousand mobile sign-ups each serves thousands."""
_CAMPUS_POOL = 60
"""Universities and offices a country that send everybody out through one address."""
_VPN_POOL = 300
"""Exits of the well-known VPNs: used by evaders and by many more who only want quiet."""
_KINDS = Weighted(["home", "mobile", "campus", "vpn", "junk"], [0.52, 0.38, 0.05, 0.045, 0.005])
_IPV6_SHARE = 0.3


class AccessLine(NamedTuple):
    """One way onto the net: its address, and its kind (home, mobile, campus, vpn, junk)."""

    ip: str
    kind: str


class Networks:
    """The shared addresses of every country, and fresh ones for homes."""

    def __init__(self, seed: int) -> None:
        rng = seeded(seed, "networks")
        self._mobile = {country: _pool(rng, country, _MOBILE_POOL) for country in _BLOCKS}
        self._campus = {country: _pool(rng, country, _CAMPUS_POOL) for country in _BLOCKS}
        self._exits = zipf([_ipv4(rng, one_of(rng, ("US", "DE", "GB", "CA"))) for _ in range(_VPN_POOL)])

    def line(self, rng: Random, country: str) -> AccessLine:
        """How a new account came in."""
        kind = _KINDS.pick(rng)
        if kind == "home":
            return self.home(rng, country)
        if kind == "mobile":
            return self.mobile(rng, country)
        if kind == "campus":
            return AccessLine(self._campus[country].pick(rng), kind)
        if kind == "vpn":
            return self.vpn(rng)
        # A proxy set up wrongly passes on an address of its inside: it says nothing.
        return AccessLine(f"10.{below(rng, 4)}.{below(rng, 8)}.{between(rng, 1, 254)}", kind)

    def home(self, rng: Random, country: str) -> AccessLine:
        """A household's own address: IPv4, or an address in its own IPv6 /64."""
        if rng.random() < _IPV6_SHARE:
            return AccessLine(_ipv6(rng, _prefix_of(country, rng)), "home")
        return AccessLine(_ipv4(rng, country), "home")

    def mobile(self, rng: Random, country: str) -> AccessLine:
        """A mobile line: behind an address shared by thousands, or in an IPv6 /64 of its own."""
        if rng.random() < _IPV6_SHARE:
            return AccessLine(_ipv6(rng, _prefix_of(country, rng)), "mobile")
        return AccessLine(self._mobile[country].pick(rng), "mobile")

    def vpn(self, rng: Random) -> AccessLine:
        return AccessLine(self._exits.pick(rng), "vpn")


def neighbouring(rng: Random, ip: str) -> str:
    """Another address of the same IPv4 /24 or IPv6 /64, as one line gets after a reconnect."""
    address = ip_address(ip)
    if isinstance(address, IPv6Address):
        return str(IPv6Address((int(address) >> 64 << 64) | rng.getrandbits(64)))
    last = int(address) & 0xFF
    return str(IPv4Address((int(address) & ~0xFF) | (last + between(rng, 1, 250)) % 256))


def _pool(rng: Random, country: str, size: int) -> Weighted[str]:
    return zipf([_ipv4(rng, country) for _ in range(size)], exponent=0.8)


_RANGES = {
    country: [(int(IPv4Address(first)), 1 << (32 - bits)) for first, bits in ranges]
    for country, ranges in _BLOCKS.items()
}
# One /32 a country out of 2a00::/12 and 2400::/12, in the order of the table above.
_IPV6_FIRST = {country: (0x2A00 + rank) << 112 for rank, country in enumerate(_BLOCKS)}


def _ipv4(rng: Random, country: str) -> str:
    first, size = one_of(rng, _RANGES[country])
    value = first + below(rng, size)
    return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"


def _prefix_of(country: str, rng: Random) -> int:
    return _IPV6_FIRST[country] | (between(rng, 0x100, 0xFFF) << 96) | (rng.getrandbits(32) << 64)


def _ipv6(rng: Random, prefix: int) -> str:
    value = f"{prefix | rng.getrandbits(64):032x}"
    return ":".join(value[start : start + 4].lstrip("0") or "0" for start in range(0, 32, 4))
