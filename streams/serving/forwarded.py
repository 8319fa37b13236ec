"""Who asks behind proxies: the address that the last proxy of ours saw.

A forwarding header is anybody's text but for what our own proxies add to its end. So it is read from its end,
for as long as the hop that wrote it is a proxy of ours, and only the header that these are known to write: a
proxy hands on the other one as the caller made it up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, Literal

import structlog

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Header = Literal["x-forwarded-for", "forwarded"]

log = structlog.get_logger("samehand.serving")

HOPS_MAX: Final = 16
"""Proxies of ours in a row. Nobody has as many, and a header of 64 KiB could name thousands."""

_IPV6_PREFIX: Final = 64
"""The network that one subscriber line is given: its holder has all of its addresses."""

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}"
_PAIR: Final = re.compile(rf'({_WORD})=(?:({_WORD})|"((?:[^"\\]|\\.){{0,256}})")')
_NEXT: Final = re.compile(r";|(?<![ \t])[ \t]*+(?:,[ \t]*+|$)")
_NODE: Final = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::\d{1,5})?|([0-9.]{7,15})(?::\d{1,5})?")


class Forwarded:
    """Tells an ASGI application the client that our proxies saw, in place of the proxy."""

    def __init__(self, app: Any, proxies: Sequence[Network], header: Header) -> None:
        self._app = app
        self._proxies = tuple(proxies)
        self._header = header.encode()
        self._told = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["client"] is not None:
            lines = [value.decode("latin-1") for name, value in scope["headers"] if name == self._header]
            if lines and not self._proxies and not self._told:
                self._told = True  # once: anybody can make the header up
                log.warning(
                    "a caller forwards for others, and SAMEHAND_TRUSTED_PROXIES names no proxy: "
                    "if it is one, all who come by it share one limit",
                    header=self._header.decode(),
                )
            seen = client_of(scope["client"][0], lines, self._proxies, self._header.decode())
            scope = {**scope, "client": (seen, 0 if lines else scope["client"][1])}
        await self._app(scope, receive, send)


def client_of(peer: str, lines: Sequence[str], proxies: Sequence[Network], header: str) -> str:
    """Returns the client's address: the last hop that is no proxy of ours.

    Where a proxy of ours says nothing that can be read, it is that proxy: all such callers are one.
    """
    read = _forwarded if header == "forwarded" else _x_forwarded_for
    hop = _address(peer)
    if hop is None:
        return peer
    said = (address for line in reversed(lines) for address in read(line))
    for _ in range(HOPS_MAX):
        if not any(hop in network for network in proxies):
            break
        before = next(said, None)
        if before is None:
            break
        hop = before
    return str(hop)


def network_of(address: str) -> str:
    """What one caller is taken for: an IPv4 address, or the /64 of an IPv6 one; else the text itself."""
    known = _address(address)
    if isinstance(known, IPv6Address):
        return str(ip_network((known, _IPV6_PREFIX), strict=False))
    return str(known) if known is not None else address


def _x_forwarded_for(line: str) -> Iterator[Address | None]:
    """From the end: addresses, and None for what is none, after which nothing can be believed."""
    while line:
        line, _, last = line.rpartition(",")
        yield _address(last.strip(" \t"))


def _forwarded(line: str) -> Iterator[Address | None]:
    """The same of RFC 7239. A line that breaks its grammar has no end that anybody could have added."""
    elements: list[dict[str, str]] = [{}]
    place = 0
    while True:
        pair = _PAIR.match(line, place)
        then = None if pair is None else _NEXT.match(line, pair.end())
        if pair is None or then is None or (name := pair[1].lower()) in elements[-1]:
            yield None
            return
        elements[-1][name] = pair[2] if pair[2] is not None else pair[3]
        place = then.end()
        if not then[0].strip():
            break
        if then[0] != ";":
            elements.append({})
    for element in reversed(elements):
        yield _address(element.get("for", ""))


def _address(text: str) -> Address | None:
    """An address with or without a port, as IPv4 where it is one in IPv6's clothes."""
    match = _NODE.fullmatch(text)
    try:
        known = ip_address((match[1] or match[2]) if match else text.partition("%")[0])
    except ValueError:
        return None
    return known.ipv4_mapped or known if isinstance(known, IPv6Address) else known
