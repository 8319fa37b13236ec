"""Which addresses our processes may call: the public ones, and what the operator allows.

Somebody who may name an endpoint, or owns the DNS of one, could otherwise have our process speak with what
only this machine reaches: a cloud's metadata service, a database without a password.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_GLOBAL: Final = IPv6Network("2000::/3")
"""All that IANA has given out; beyond it lies what is reserved or was once, as `::127.0.0.1`, `fec0::/10`."""

_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address


def may_be_reached(address: Address, allowed: Sequence[Network]) -> bool:
    """Returns whether it is public, or in one of the `allowed` networks.

    What stands within an IPv6 address (mapped, NAT64, 6to4, Teredo) is judged as the IPv4 address it is.
    """
    within = [address, *_embedded(address)]
    if any(
        address in network for address in within for network in allowed if address.version == network.version
    ):
        return True
    return all(
        address.is_global
        and not address.is_multicast
        and (not isinstance(address, IPv6Address) or _embedded(address) or address in _GLOBAL)
        for address in within
    )


def _embedded(address: Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [IPv4Address(int(address) & 0xFFFF_FFFF)]
    if address.sixtofour is not None:
        return [address.sixtofour]
    return list(address.teredo or ())


def read_address(text: str) -> Address | None:
    """The address that the text is, None for a name. A zone (`%eth0`) is left out."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None
