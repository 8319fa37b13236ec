"""HTTP sessions that reach only addresses the operator allows, whatever a name resolves to."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from streams.outbound.addresses import Network, may_be_reached, read_address

HEADER_BYTES_MAX: Final = 8 * 1024

ANYWHERE: Final[tuple[Network, ...]] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
"""For an address that the operator names and no caller chooses: it mostly lies in a private network."""

REQUEST_FAULTS: Final = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""What a request raises that fails; `reason_of` names it."""

_SocketInfo = tuple[int, int, int, str, tuple[object, ...]]


class ForbiddenAddress(OSError):
    """The name stands for an address that may not be called."""


def guarded_session(
    allowed: tuple[Network, ...], *, ca_file: Path | None, timeout_seconds: float, connections_max: int
) -> aiohttp.ClientSession:
    """Returns a session without cookies, proxy or decompression. `allowed`: networks beside public ones."""
    connector = aiohttp.TCPConnector(
        limit=connections_max,
        resolver=_CheckedResolver(allowed),
        use_dns_cache=False,  # each connection goes to an address that was checked for it
        socket_factory=_sockets(allowed),
        ssl=ssl.create_default_context(cafile=None if ca_file is None else str(ca_file)),
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=timeout_seconds),
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=HEADER_BYTES_MAX,
        max_field_size=HEADER_BYTES_MAX,
        trust_env=False,  # a proxy would resolve the name once more
        auto_decompress=False,  # a small answer might unpack to a large one
    )


def reason_of(fault: BaseException) -> str:
    """Returns why a request failed, without URL or answer."""
    cause = fault.os_error if isinstance(fault, aiohttp.ClientConnectorError) else fault
    return str(cause) if isinstance(cause, ForbiddenAddress) else type(fault).__name__


class _CheckedResolver(AbstractResolver):
    """Resolves, and keeps what may be reached; aiohttp connects to one of these very addresses."""

    def __init__(self, allowed: tuple[Network, ...]) -> None:
        self._allowed = allowed
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        hosts = await self._inner.resolve(host, port, family)
        kept = [host_entry for host_entry in hosts if _may_be_reached(host_entry["host"], self._allowed)]
        if hosts and not kept:
            raise ForbiddenAddress("its name stands for an address that is not public")
        return kept

    async def close(self) -> None:
        await self._inner.close()


def _sockets(allowed: tuple[Network, ...]) -> Callable[[_SocketInfo], socket.socket]:
    def opened(info: _SocketInfo) -> socket.socket:
        # The last check: a literal address in a URL is never resolved.
        family, kind, protocol, _, address = info
        if not _may_be_reached(str(address[0]), allowed):
            raise ForbiddenAddress("its address is not public")
        return socket.socket(family, kind, protocol)

    return opened


def _may_be_reached(text: str, allowed: tuple[Network, ...]) -> bool:
    address = read_address(text)
    return address is not None and may_be_reached(address, allowed)
