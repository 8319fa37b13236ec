"""Internet addresses: the address from which an account was made, and the networks around it.

Private, reserved and carrier-internal addresses single out nobody and are not read. The documentation ranges
(192.0.2.0/24, 2001:db8::/32, …) are read, since they occur in examples and nowhere else.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

# Listed here, since what ``ipaddress`` calls private differs between Python versions.
# Source: the IANA special-purpose address registries for IPv4 and IPv6.
_UNUSABLE: Final = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.0.0.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),
    *("::/127", "100::/64", "fc00::/7", "fe80::/10", "ff00::/8"),
)
_FIRST: dict[int, list[int]] = {4: [], 6: []}
_LAST: dict[int, list[int]] = {4: [], 6: []}
for _network in sorted(map(ip_network, _UNUSABLE), key=lambda network: int(network.network_address)):
    _FIRST[_network.version].append(int(_network.network_address))
    _LAST[_network.version].append(int(_network.broadcast_address))
_DOTTED: Final = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}")
_NAT64: Final = int(IPv6Address("64:ff9b::")) >> 32
_SIX_TO_FOUR: Final = 0x2002
# The longest text of an address, with a zone and brackets, is well below this.
_TEXT_LENGTH_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Address:
    """A public address in its shortest spelling.

    ``prefix`` is the small network around it (IPv4 /24, IPv6 /64), ``site`` the IPv6 /48 that one subscriber
    or office is given, empty for IPv4.
    """

    address: str
    prefix: str
    site: str


def read_address(text: str) -> Address | None:
    """The public address in a text, IPv4 where an IPv6 form embeds it, or ``None``."""
    bare = text.strip()
    if not bare or len(bare) > _TEXT_LENGTH_MAX:
        return None
    if _DOTTED.fullmatch(bare):
        return _of_four(bare)
    try:
        address = ip_address(bare.removeprefix("[").partition("]")[0].partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return _of_four(str(address))
    # A mapped, NAT64 or 6to4 address embeds one of IPv4.
    value, embedded = int(address), address.ipv4_mapped
    if value >> 32 == _NAT64:
        embedded = IPv4Address(value & 0xFFFFFFFF)
    elif value >> 112 == _SIX_TO_FOUR:
        embedded = IPv4Address(value >> 80 & 0xFFFFFFFF)
    if embedded is not None:
        return _of_four(str(embedded))
    if _is_unusable(6, value):
        return None
    return Address(
        str(address), f"{IPv6Address(value >> 64 << 64)}/64", f"{IPv6Address(value >> 80 << 80)}/48"
    )


def _of_four(dotted: str) -> Address | None:
    """The address of four numbers without leading zeros, ``None`` if it is unusable."""
    a, b, c, d = map(int, dotted.split("."))
    if max(a, b, c, d) > 0xFF:
        return None
    value = a << 24 | b << 16 | c << 8 | d
    if _is_unusable(4, value):
        return None
    return Address(dotted, f"{a}.{b}.{c}.0/24", "")


def _is_unusable(version: int, value: int) -> bool:
    at = bisect_right(_FIRST[version], value) - 1
    return at >= 0 and value <= _LAST[version][at]
